// SPDX-License-Identifier: MIT
/*
 * Which records of a list are wanted.
 */
#include "list/filter.h"
#include "base/bytes.h"
#include "base/hex.h"
#include "base/util.h"
#include "list/input.h"
#include "tool/parse.h"
#include "list/record.h"

#include <ctype.h>
#include <errno.h>
#include <fnmatch.h>

static int add_text(const char **texts, size_t *nr, const char *value)
{
	if (*nr == FILTER_TEXTS_MAX)
		return -E2BIG;
	texts[(*nr)++] = value;
	return 0;
}

static int set_pcr(void *context, const char *value)
{
	return parse_pcrs(bytes_of_text(value),
			  &((struct filter *)context)->pcrs);
}

static int set_template(void *context, const char *value)
{
	struct filter *f = context;

	/* What says what fields a template has is no filter: see input.h. */
	if (strchr(value, '='))
		return input_add_template(value);
	return add_text(f->templates, &f->nr_templates, value);
}

static int set_path(void *context, const char *value)
{
	struct filter *f = context;

	return add_text(f->globs, &f->nr_globs, value);
}

/* An odd number of digits is a prefix, too. */
static int set_digest(void *context, const char *value)
{
	struct filter *f = context;
	struct filter_prefix *prefix = &f->digests[f->nr_digests];
	size_t len = strlen(value);

	if (f->nr_digests == FILTER_TEXTS_MAX)
		return -E2BIG;
	if (len == 0 || len > sizeof(prefix->digits))
		return -EINVAL;
	for (size_t i = 0; i < len; i++) {
		if (!isxdigit((unsigned char)value[i]))
			return -EINVAL;
		prefix->digits[i] = (uint8_t)tolower((unsigned char)value[i]);
	}
	prefix->len = len;
	f->nr_digests++;
	return 0;
}

static int set_index(void *context, const char *value)
{
	struct filter *f = context;

	return parse_range(value, &f->first_index, &f->last_index);
}

static int set_violations(void *context, const char *value)
{
	(void)value;
	((struct filter *)context)->violations = true;
	return 0;
}

const struct opt filter_opts[] = {
	{ .text = "Which records (those for which all of these hold):" },
	{ "pcr", 'p', "PCRS", "for one of these PCRs, like 10 or 0-7,10",
	  set_pcr, WANTED_PCRS },
	{ "template", 0, "NAME", "of this template; may be repeated",
	  set_template, "the name of a template" },
	{ "path", 0, "GLOB",
	  "whose event name matches, '*' any text; may be repeated", set_path,
	  "a pattern" },
	{ "digest", 0, "HEX",
	  "whose template digest or file digest begins so; may\nbe repeated",
	  set_digest, "1 to 128 hex digits" },
	{ "index", 'i', "A..B",
	  "with these indices, A and B included; either may be\nleft out",
	  set_index, WANTED_RANGE },
	{ "violations", 0, NULL, "violations only", set_violations, NULL },
	{ 0 },
};

static bool has_template(const struct filter *f,
			 const struct imastage_record *record)
{
	for (size_t i = 0; i < f->nr_templates; i++)
		if (bytes_equal_text(record->name, f->templates[i]))
			return true;
	return f->nr_templates == 0;
}

static bool begins_so(struct imastage_bytes digest,
		      const struct filter_prefix *prefix)
{
	char digits[HEX_TEXT_LEN(IMASTAGE_DIGEST_MAX)];

	digest = bytes_first(digest, IMASTAGE_DIGEST_MAX);
	if (prefix->len > 2 * digest.len)
		return false;
	hex_encode(digest, digits);
	return !memcmp(digits, prefix->digits, prefix->len);
}

static bool has_digest(const struct filter *f,
		       const struct imastage_record *record)
{
	struct imastage_bytes algorithm, digest = { NULL, 0 };

	if (f->nr_digests == 0)
		return true;
	(void)imastage_record_file_digest(record, &algorithm, &digest);
	for (size_t i = 0; i < f->nr_digests; i++)
		if (begins_so(record->digest, &f->digests[i]) ||
		    begins_so(digest, &f->digests[i]))
			return true;
	return false;
}

static int matches_glob(struct filter *f, const struct imastage_record *record,
			bool *ret_matches)
{
	struct imastage_sink sink = imastage_sink_buffer(&f->name);
	struct imastage_bytes name = record_event_name(record);
	int r;

	f->name.len = 0;
	r = sink.write(sink.context, name.data, name.len);
	if (r == 0)
		r = sink.write(sink.context, "", 1);
	if (r < 0)
		return r;
	*ret_matches = false;
	for (size_t i = 0; i < f->nr_globs && !*ret_matches; i++)
		*ret_matches = fnmatch(f->globs[i], (const char *)f->name.data,
				       0) == 0;
	return 0;
}

int filter_accepts(struct filter *f, const struct imastage_record *record,
		   uint64_t index, bool *ret_accepts)
{
	bool known_pcr = record->pcr < IMASTAGE_NR_PCRS;

	*ret_accepts =
		index >= f->first_index && index <= f->last_index &&
		(!f->pcrs || (known_pcr && f->pcrs & 1u << record->pcr)) &&
		(!f->violations || imastage_record_is_violation(record)) &&
		has_template(f, record) && has_digest(f, record);
	if (*ret_accepts && f->nr_globs > 0)
		return matches_glob(f, record, ret_accepts);
	return 0;
}

bool filter_is_done(const struct filter *f, uint64_t index)
{
	return index >= f->last_index;
}

void filter_fini(struct filter *f)
{
	free(f->name.data);
}
