// SPDX-License-Identifier: MIT
/*
 * See convert.h.
 */
#include "list/convert.h"
#include "base/bytes.h"
#include "tool/cli.h"
#include "tool/parse.h"
#include "list/record.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

const char convert_formats[] =
	"binary     as the kernel's binary files, in the byte order of "
	"this machine\n"
	"canonical  the same, little-endian\n"
	"ascii      as the kernel's ASCII files\n"
	"json       an object on a line for each record, with all "
	"fields decoded\n"
	"cel-json   Canonical Event Log of the TCG, as JSON\n"
	"cel-tlv    the same as type, length, value\n";

static int set_to(void *context, const char *value)
{
	return list_format_parse(value, &((struct convert *)context)->to);
}

static int set_output(void *context, const char *value)
{
	((struct convert *)context)->path = value;
	return 0;
}

static int set_bank(void *context, const char *value)
{
	return parse_bank(value, &((struct convert *)context)->bank);
}

static int set_banks(void *context, const char *value)
{
	return parse_banks(value, &((struct convert *)context)->banks);
}

static int set_endian(void *context, const char *value)
{
	return parse_endian(value, &((struct convert *)context)->endian);
}

static int set_quiet(void *context, const char *value)
{
	(void)value;
	((struct convert *)context)->quiet = true;
	return 0;
}

const struct opt convert_opts[] = {
	{ .text = "What is written:" },
	{ "to", 0, "FORMAT", LIST_FORMATS, set_to, LIST_FORMATS },
	{ "output", 'o', "FILE",
	  "to FILE, which appears when it is whole (standard\noutput)",
	  set_output, "a file" },
	{ "to-bank", 0, "BANK",
	  "digests of this bank, in binary and ascii (those of\nthe list)",
	  set_bank, WANTED_BANK },
	{ "to-banks", 0, "BANKS",
	  "digests of these, in cel-json and cel-tlv (the same)", set_banks,
	  WANTED_BANKS },
	{ "to-order", 0, "ORDER", "byte order of binary: little, big or host",
	  set_endian, "little, big or host" },
	{ "quiet", 'q', NULL, "do not say what is lost", set_quiet, NULL },
	{ 0 },
};

static bool is_cel(enum list_format format)
{
	return format == LIST_CEL_JSON || format == LIST_CEL_TLV;
}

/* Once the first record has told what the list is. */
static int prepare(struct convert *c, enum imastage_bank list_bank)
{
	enum imastage_bank bank = c->bank < IMASTAGE_NR_BANKS ? c->bank :
								list_bank;
	struct imastage_writer_options options = {
		.format = list_format_library(c->to),
		.banks = c->banks ? c->banks : 1u << bank,
		.bank = bank,
		.endian = c->endian,
		.first_index = c->input_options.first_index,
	};
	int r;

	c->written = is_cel(c->to) ? options.banks : 1u << bank;
	if (c->to == LIST_JSON) {
		c->written = ~0u;
		return 0;
	}
	r = imastage_writer_new(imastage_sink_file(c->output.file), &options,
				&c->writer);
	if (r == 0 && c->to == LIST_ASCII)
		r = imastage_writer_new(imastage_sink_buffer(&c->text),
					&options, &c->echo);
	if (r < 0)
		cli_error("%s", r == -ENOTSUP ? "OpenSSL has no hash for one "
						"of the banks" :
						strerror(-r));
	return r;
}

/* A digest that is not kept must be right, or the result would hide it. */
static int check_digest(struct convert *c, const struct imastage_record *record)
{
	struct imastage_digests digests;
	int r = 0;

	if (c->written & 1u << record->bank)
		return 0;
	if (!c->hasher || c->hasher_bank != record->bank) {
		imastage_hasher_free(c->hasher);
		c->hasher = NULL;
		c->hasher_bank = record->bank;
		r = imastage_hasher_new(1u << record->bank, &c->hasher);
	}
	if (r == 0)
		r = imastage_hasher_template(c->hasher, record, &digests);
	if (r < 0)
		return r;
	return imastage_record_check_digest(record, &digests) ==
			       IMASTAGE_DIGEST_DIFFERS ?
		       -EKEYREJECTED :
		       0;
}

/* Others need the data, which is not there. */
static int check_opaque(const struct convert *c)
{
	return c->to == LIST_ASCII ? 0 : -EBADMSG;
}

static bool is_same(const struct imastage_record *a,
		    const struct imastage_record *b)
{
	return a->pcr == b->pcr && bytes_equal(a->name, b->name) &&
	       bytes_equal(a->data, b->data);
}

/* Does @record come out of its own text? */
static bool reads_back(struct convert *c, const struct imastage_record *record)
{
	struct imastage_reader_options options = {
		.format = IMASTAGE_FORMAT_ASCII,
		.bank = (enum imastage_bank)__builtin_ctz(c->written),
		.endian = record->endian,
		.max_record_len = SIZE_MAX,
		.templates = input_templates(),
	};
	struct imastage_reader *reader;
	struct imastage_record read;
	bool same;

	c->text.len = 0;
	if (imastage_writer_put(c->echo, record) < 0 ||
	    imastage_reader_new_memory(bytes_of(c->text.data, c->text.len),
				       &options, &reader) < 0)
		return false;
	same = imastage_reader_next(reader, &read) == 0 &&
	       read.raw.len == c->text.len && is_same(record, &read);
	imastage_reader_free(reader);
	return same;
}

static void note_losses(struct convert *c, const struct imastage_record *record)
{
	if (c->echo && !reads_back(c, record) && c->nr_lossy++ == 0)
		c->first_lossy = input_index(&c->input);
	if (list_format_library(c->to) == IMASTAGE_FORMAT_BINARY &&
	    record->endian != c->endian)
		c->reordered = true;
}

static int complain(struct convert *c, int r, bool opaque)
{
	uint64_t index = input_index(&c->input);

	if (r == -EKEYREJECTED)
		cli_error("%s: record %" PRIu64
			  ": its digest is not that of its data, which digests "
			  "of another bank would hide; keep bank %s",
			  input_path(&c->input), index,
			  imastage_bank_name(c->hasher_bank));
	else if (r == -EBADMSG)
		cli_error("%s: record %" PRIu64 " cannot be written: %s",
			  input_path(&c->input), index,
			  opaque ? "the fields of its template are not known; "
				   "give them by --template" :
			  c->to == LIST_ASCII ?
				   "the kernel has no text for its template" :
				   "its digest would say violation");
	else if (r != -EPIPE)
		cli_error("%s: %s", c->path ? c->path : "standard output",
			  strerror(-r));
	return r;
}

static int convert_record(struct convert *c,
			  const struct imastage_record *record)
{
	int r = record->opaque ? check_opaque(c) : check_digest(c, record);

	if (r < 0)
		return complain(c, r, record->opaque);
	if (c->writer)
		r = imastage_writer_put(c->writer, record);
	else
		record_print_json(c->output.file, record,
				  input_index(&c->input), RECORD_NO_OFFSET);
	if (r == 0 && ferror(c->output.file))
		r = errno ? -errno : -EIO;
	if (r < 0)
		return complain(c, r, record->opaque);
	note_losses(c, record);
	return 0;
}

static int convert_records(struct convert *c)
{
	struct imastage_record record;
	int r;

	while ((r = input_next(&c->input, &record)) == 0) {
		if (!c->written)
			r = prepare(c, record.bank);
		if (r == 0)
			r = convert_record(c, &record);
		if (r < 0)
			return r;
	}
	if (r == IMASTAGE_END && !c->written)
		r = prepare(c, IMASTAGE_SHA1);
	return r < 0 ? r : 0;
}

static void say_losses(const struct convert *c)
{
	if (c->quiet)
		return;
	if (c->nr_lossy)
		cli_error("note: ASCII does not carry all of %" PRIu64
			  " records, the first is %" PRIu64
			  "; they cannot be read back as they were",
			  c->nr_lossy, c->first_lossy);
	if (c->reordered)
		cli_error("note: the digests are those of the data in the "
			  "list's own byte order; convert it back before it is "
			  "replayed");
}

int convert_run(struct convert *c)
{
	int r = output_open(&c->output, c->path);

	if (r < 0) {
		cli_error("%s: %s", c->path, path_strerror(r));
		return CLI_FAILED;
	}
	r = convert_records(c);
	if (r < 0)
		return r == -EKEYREJECTED ? CLI_REJECTED : CLI_FAILED;
	r = c->writer ? imastage_writer_finish(c->writer) : 0;
	if (r == 0)
		r = output_commit(&c->output);
	if (r < 0) {
		complain(c, r, false);
		return CLI_FAILED;
	}
	say_losses(c);
	return CLI_OK;
}

void convert_fini(struct convert *c)
{
	output_fini(&c->output);
	input_fini(&c->input);
	imastage_writer_free(c->writer);
	imastage_writer_free(c->echo);
	imastage_hasher_free(c->hasher);
	free(c->text.data);
}

int convert_check_options(struct convert *c)
{
	if (c->to == LIST_DETECT)
		return cli_usage("no format given: --to wants " LIST_FORMATS);
	if (c->banks && !is_cel(c->to))
		return cli_usage("--to-banks is for cel-json and cel-tlv");
	if (c->bank < IMASTAGE_NR_BANKS &&
	    (is_cel(c->to) || c->to == LIST_JSON))
		return cli_usage("--to-bank is for binary, canonical and "
				 "ascii");
	if (c->to == LIST_CANONICAL)
		c->endian = IMASTAGE_LITTLE;
	return CLI_OK;
}
