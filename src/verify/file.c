// SPDX-License-Identifier: MIT
/*
 * Check 1, and the way of an evidence file through the others.
 */
#include "verify/file.h"

#include <errno.h>
#include <stdlib.h>

#define RECORD_LEN_MAX ((size_t)16 << 20)

struct verify_file {
	struct container *container; /* owned */
	struct container_small small; /* views of the container */
	struct imastage_reader *reader; /* owned; of records.ima */
	uint64_t offset; /* of the record at hand, in records.ima */
	struct verify_boot_log boot_log;
	struct verify_verdict *verdict; /* of verify_file_run() */
	const struct verify_request *request;
};

int verify_file_new(struct imastage_source source, uint64_t records_max,
		    struct verify_file **ret_file)
{
	struct verify_file *file = calloc(1, sizeof(*file));
	int r = file ? container_new(source, records_max, &file->container) :
		       -ENOMEM;

	if (r == 0)
		*ret_file = file;
	else
		free(file);
	return r;
}

void verify_file_free(struct verify_file *file)
{
	if (!file)
		return;
	imastage_reader_free(file->reader);
	container_free(file->container);
	free(file);
}

/* ---- the container --------------------------------------------------------- */

/* Is it the file that is wrong, and not that it could not be read? */
static bool is_refused(const struct verify_file *file)
{
	return container_error(file->container)->reason != NULL;
}

static enum verify_id id_of(const struct container_error *error)
{
	if (error->in_frame)
		return VERIFY_CONTAINER_FRAME;
	return error->member && !strcmp(error->member, "manifest.json") ?
		       VERIFY_CONTAINER_MANIFEST :
		       VERIFY_CONTAINER_FORM;
}

static void add_refusal(struct verify_file *file,
			struct verify_verdict *verdict)
{
	const struct container_error *error = container_error(file->container);
	const struct verify_where where = { .has_byte = true,
					    .byte = error->offset };

	verify_add(verdict, id_of(error), &where, "%s%s%s",
		   error->member ? error->member : "",
		   error->member ? ": " : "", error->reason);
	verify_reject(verdict);
}

int verify_file_open(struct verify_file *file,
		     const struct container_small **ret_small)
{
	int r = container_small(file->container, &file->small);

	if (r < 0)
		return is_refused(file) ? VERIFY_FILE_REFUSED : r;
	*ret_small = &file->small;
	return 0;
}

void verify_file_refuse(struct verify_file *file,
			struct verify_verdict *ret_verdict)
{
	memset(ret_verdict, 0, sizeof(*ret_verdict));
	add_refusal(file, ret_verdict);
}

/* ---- the manifest ---------------------------------------------------------- */

static unsigned int quoted_banks(const struct evidence_attest *attest)
{
	unsigned int banks = 0;
	enum imastage_bank bank;

	for (size_t i = 0; i < attest->selections.nr; i++)
		if (imastage_bank_by_tpm_alg(attest->selections.of[i].alg,
					     &bank) == 0)
			banks |= 1u << bank;
	return banks;
}

static void contradict(struct verify_file *file, enum verify_id id,
		       unsigned long long said, unsigned long long found)
{
	verify_add(file->verdict, id, NULL, "%llu there, %llu here", said,
		   found);
	verify_reject(file->verdict);
}

/* Hints decide nothing, but a machine that lies in them lies. */
static void check_counts(struct verify_file *file)
{
	const struct manifest *manifest = &file->small.manifest;
	const struct verify_verdict *verdict = file->verdict;
	uint64_t next = verdict->next_index;

	if (manifest->first != file->request->first_index)
		contradict(file, VERIFY_MANIFEST_FIRST, manifest->first,
			   file->request->first_index);
	if (!verdict->proved)
		return;
	if (manifest->records != next - verdict->first_index)
		contradict(file, VERIFY_MANIFEST_RECORDS, manifest->records,
			   next - verdict->first_index);
	else if (manifest->excess != verdict->nr_excess)
		contradict(file, VERIFY_MANIFEST_RECORDS, manifest->excess,
			   verdict->nr_excess);
	else if (manifest->has_chain && manifest->chained > next)
		contradict(file, VERIFY_MANIFEST_RECORDS, manifest->chained,
			   next);
}

static void check_manifest(struct verify_file *file)
{
	const struct manifest *manifest = &file->small.manifest;
	struct evidence_attest attest;
	struct evidence_error error;

	check_counts(file);
	if ((manifest->kind == MANIFEST_HISTORY) != file->request->history) {
		verify_say(file->verdict, VERIFY_MANIFEST_KIND, NULL);
		verify_reject(file->verdict);
	}
	if (evidence_attest_parse(file->small.msg, &attest, &error) == 0 &&
	    quoted_banks(&attest) != manifest->banks)
		contradict(file, VERIFY_MANIFEST_BANKS, manifest->banks,
			   quoted_banks(&attest));
}

/* ---- the streams ----------------------------------------------------------- */

static int next_record(void *context, struct imastage_record *ret_record,
		       struct imastage_error *ret_place)
{
	struct verify_file *file = context;
	int r;

	ret_place->offset = imastage_reader_offset(file->reader);
	r = imastage_reader_next(file->reader, ret_record);
	if (r >= 0)
		return r;
	*ret_place = *imastage_reader_error(file->reader);
	if (!is_refused(file))
		return r;
	ret_place->reason = "the evidence file is damaged here";
	return -EBADMSG;
}

static int run_list(struct verify_file *file, bool has_boot_log)
{
	const struct imastage_reader_options options = {
		.format = IMASTAGE_FORMAT_BINARY,
		.bank = IMASTAGE_SHA1,
		.endian = IMASTAGE_LITTLE,
		.first_index = file->request->first_index,
		.max_record_len = RECORD_LEN_MAX,
	};
	const struct manifest *manifest = &file->small.manifest;
	const struct verify_chain chain = { manifest->chain,
					    manifest->chained };
	const struct verify_evidence evidence = {
		.msg = file->small.msg,
		.sig = file->small.sig,
		.pcrs = file->small.pcrs,
		.ak = file->small.ak,
		.chain = manifest->has_chain ? &chain : NULL,
		.boot_log = has_boot_log ? &file->boot_log : NULL,
	};
	const struct verify_list list = { next_record, file };
	int r = imastage_reader_new(container_source(file->container), &options,
				    &file->reader);

	return r < 0 ? r :
		       verify_quote(file->request, &evidence, list,
				    file->verdict);
}

/* A log that the container cuts off is said by what the container says next. */
static int read_boot_log(struct verify_file *file)
{
	int r = verify_read_boot_log(container_source(file->container),
				     file->request, &file->boot_log);

	return r < 0 && is_refused(file) ? 0 : r;
}

/* All parts, until the container has come to its end or is refused. */
static int run_parts(struct verify_file *file)
{
	bool has_boot_log = false;
	enum container_part part;
	uint64_t len;
	int r;

	while ((r = container_next(file->container, &part, &len)) == 0) {
		if (part == CONTAINER_BOOT_LOG)
			r = read_boot_log(file);
		else
			r = run_list(file, has_boot_log);
		has_boot_log = true;
		if (r < 0)
			return r;
	}
	return r;
}

int verify_file_run(struct verify_file *file,
		    const struct verify_request *request,
		    struct verify_verdict *ret_verdict)
{
	int r;

	memset(ret_verdict, 0, sizeof(*ret_verdict));
	file->request = request;
	file->verdict = ret_verdict;
	r = run_parts(file);
	if (r < 0 && !is_refused(file)) {
		ret_verdict->result = VERIFY_NONE;
		ret_verdict->proved = false;
		return r;
	}
	check_manifest(file);
	if (r < 0)
		add_refusal(file, ret_verdict);
	return 0;
}
