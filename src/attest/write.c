// SPDX-License-Identifier: MIT
/*
 * The evidence file of a quote and its records.
 */
#include "attest/attest.h"

#include "base/bytes.h"
#include "base/util.h"

#include <errno.h>
#include <sys/utsname.h>
#include <time.h>

struct stream {
	struct attest_records *records;
	uint64_t first, end;
	const struct withheld_prefixes *withhold;
	unsigned int banks; /* of the quote */
	uint64_t nr_withheld;
	struct imastage_sink sink;
	struct imastage_hasher *hasher; /* for records that are withheld */
	struct imastage_writer
		*writer; /* for records that are not little-endian */
};

static int put_converted(struct stream *stream,
			 const struct imastage_record *record)
{
	const struct imastage_writer_options options = {
		.format = IMASTAGE_FORMAT_BINARY,
		.bank = IMASTAGE_SHA1,
		.endian = IMASTAGE_LITTLE,
	};
	int r = 0;

	if (!stream->writer)
		r = imastage_writer_new(stream->sink, &options,
					&stream->writer);
	return r < 0 ? r : imastage_writer_put(stream->writer, record);
}

static int put_withheld(struct stream *stream,
			const struct imastage_record *record)
{
	int r = 0;

	if (!stream->hasher)
		r = imastage_hasher_new(stream->banks | 1u << IMASTAGE_SHA1,
					&stream->hasher);
	stream->nr_withheld++;
	return r < 0 ? r :
		       withheld_write(stream->hasher, stream->banks, record,
				      stream->sink);
}

static int put_record(void *context, const struct imastage_record *record)
{
	struct stream *stream = context;

	if (withheld_wants(stream->withhold, record))
		return put_withheld(stream, record);
	return record->endian == IMASTAGE_LITTLE ?
		       stream->sink.write(stream->sink.context,
					  record->raw.data, record->raw.len) :
		       put_converted(stream, record);
}

static int write_records(void *context, struct imastage_sink sink)
{
	struct stream *stream = context;
	int r;

	stream->sink = sink;
	stream->nr_withheld = 0;
	r = attest_records_each(stream->records, stream->first, stream->end,
				put_record, stream);
	if (r == 0 && stream->writer)
		r = imastage_writer_finish(stream->writer);
	imastage_writer_free(stream->writer);
	stream->writer = NULL;
	return r;
}

static int write_bytes(void *context, struct imastage_sink sink)
{
	const struct imastage_bytes *bytes = context;

	return sink.write(sink.context, bytes->data, bytes->len);
}

static unsigned int banks_of(const struct evidence_selections *selections)
{
	unsigned int banks = 0;
	enum imastage_bank bank;

	for (size_t i = 0; i < selections->nr; i++)
		if (imastage_bank_by_tpm_alg(selections->of[i].alg, &bank) == 0)
			banks |= 1u << bank;
	return banks;
}

/* These are hints, so a kernel's name that cannot be written is not. */
static void name_kernel(char ret_name[MANIFEST_KERNEL_MAX + 1])
{
	struct utsname names;

	snprintf(ret_name, MANIFEST_KERNEL_MAX + 1, "%.*s", MANIFEST_KERNEL_MAX,
		 uname(&names) == 0 && *names.release ? names.release :
							"unknown");
	for (char *at = ret_name; *at; at++)
		if (*at <= ' ' || *at > '~')
			*at = '_';
}

static void fill_manifest(const struct attest_evidence *evidence,
			  const struct attest_file *file,
			  struct manifest *manifest)
{
	*manifest = (struct manifest){
		.kind = file->kind,
		.first = file->first,
		.records = file->nr_records,
		.excess = file->nr_excess,
		.banks = banks_of(&evidence->pcrs.selections),
		.order = IMASTAGE_HOST,
		.time = (uint64_t)time(NULL),
	};
	name_kernel(manifest->kernel);
	if (!file->chain)
		return;
	manifest->has_chain = true;
	memcpy(manifest->chain, file->chain->value, sizeof(manifest->chain));
	manifest->chained = file->chain->chained;
}

static int write_file(const struct attest_evidence *evidence,
		      struct attest_file *file, struct stream *stream,
		      struct imastage_bytes pcrs, struct imastage_sink sink)
{
	struct container_stream records = { write_records, stream };
	struct container_stream boot_log = { write_bytes, &file->boot_log };
	struct container_small small = {
		.msg = tpm_quote_msg(&evidence->quote),
		.sig = tpm_quote_sig(&evidence->quote),
		.pcrs = pcrs,
		.ak = bytes_of(evidence->ak, evidence->ak_len),
	};

	fill_manifest(evidence, file, &small.manifest);
	return container_write(sink, file->pack, &small,
			       file->boot_log.len ? &boot_log : NULL, &records);
}

int attest_write(struct attest_records *records,
		 const struct attest_evidence *evidence,
		 struct attest_file *file, struct imastage_sink sink)
{
	struct attest_extent extent = attest_records_extent(records);
	struct stream stream = {
		.records = records,
		.first = file->first,
		.end = file->excess ? extent.end : evidence->end,
		.withhold = &file->withhold,
		.banks = banks_of(&evidence->pcrs.selections)
	};
	struct imastage_buffer pcrs = { 0 };
	int r;

	if (file->first > evidence->end)
		return -ERANGE;
	file->nr_records = evidence->end - file->first;
	file->nr_excess = stream.end - evidence->end;
	r = evidence_pcrs_write(&evidence->pcrs, &pcrs);
	if (r == 0)
		r = write_file(evidence, file, &stream,
			       bytes_of(pcrs.data, pcrs.len), sink);
	file->nr_withheld = stream.nr_withheld;
	imastage_hasher_free(stream.hasher);
	free(pcrs.data);
	return r;
}
