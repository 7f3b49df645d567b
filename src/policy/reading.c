// SPDX-License-Identifier: MIT
/*
 * Records, read by their first two fields or, where these are something else, as their
 * template says.
 */
#include "policy/reading.h"
#include "log/hash.h"
#include "log/record.h"
#include "log/template.h"

#include <errno.h>

#define NAME_OLD "ima" /* has no lengths and so no such fields */

static struct imastage_bytes without_prefix(struct imastage_bytes text,
					    const char *prefix)
{
	size_t len = strlen(prefix);

	return bytes_equal_text(bytes_first(text, len), prefix) ?
		       bytes_skip(text, len) :
		       text;
}

/* As its template says. */
static bool read_declared(const struct imastage_record *record,
			  struct policy_reading *reading)
{
	return imastage_record_event_name(record, &reading->path) == 0 &&
	       imastage_record_file_digest(record, &reading->algorithm,
					   &reading->digest) == 0;
}

/* By its first two fields. */
static bool read_strictly(const struct imastage_record *record,
			  struct policy_reading *reading)
{
	struct imastage_bytes digest, path, label;
	struct imastage_fields fields;

	imastage_fields_init(&fields, record);
	if (bytes_equal_text(record->name, NAME_OLD) ||
	    imastage_fields_next(&fields, &digest) < 0 ||
	    imastage_fields_next(&fields, &path) < 0 ||
	    record_split_digest(digest, &label, &reading->digest) < 0)
		return false;
	if (label.len < 2 || reading->digest.len == 0 || path.len == 0 ||
	    path.data[path.len - 1] != '\0')
		return false;
	reading->algorithm = bytes_first(label, label.len - 1);
	reading->path = bytes_first(path, path.len - 1);
	return true;
}

/* Is the strict reading what a template of Linux says, as of nearly all records? */
static bool is_usual(const struct imastage_record *record)
{
	static const char both[] = "d-ng|n-ng";
	const struct log_template *template =
		record->added ? NULL : log_template_by_name(record->name);

	return template && template->format.len >= sizeof(both) - 1 &&
	       memcmp(template->format.data, both, sizeof(both) - 1) == 0 &&
	       (template->format.len == sizeof(both) - 1 ||
		template->format.data[sizeof(both) - 1] == '|');
}

static bool same_reading(const struct policy_reading *a,
			 const struct policy_reading *b)
{
	return bytes_equal(a->path, b->path) &&
	       bytes_equal(a->algorithm, b->algorithm) &&
	       bytes_equal(a->digest, b->digest);
}

static bool read_both(const struct imastage_record *record,
		      struct policy_reading *reading)
{
	struct policy_reading declared = { 0 };
	bool is_strict = read_strictly(record, reading);

	reading->usual = is_strict && is_usual(record);
	if (reading->usual)
		return true;
	if (!read_declared(record, &declared))
		return is_strict;
	if (is_strict && !same_reading(&declared, reading))
		reading->relabelled = "its first fields read as another file";
	if (!is_strict)
		*reading = declared;
	return true;
}

/* ---- buffers --------------------------------------------------------------- */

/* 1: @buffer hashes to the digest. */
static int is_hash_of(const struct policy_reading *reading,
		      struct imastage_bytes buffer)
{
	uint8_t digest[IMASTAGE_DIGEST_MAX];
	enum imastage_bank bank;
	struct hash hash;
	int r;

	if (imastage_bank_by_name(reading->algorithm, &bank) < 0)
		return 0;
	r = hash_init(&hash, bank);
	if (r < 0)
		return r == -ENOTSUP ? 0 : r;
	r = hash_two(&hash, buffer, bytes_of(NULL, 0), digest);
	hash_fini(&hash);
	return r < 0 ? r :
		       bytes_equal(reading->digest,
				   bytes_of(digest,
					    imastage_bank_digest_len(bank)));
}

/*
 * Is it a measured buffer, and not a file? A signature that is called a buffer is
 * not what the digest is over.
 */
static int look_for_buffer(const struct imastage_record *record,
			   struct policy_reading *reading)
{
	int r;

	/* Path and digest are two fields already. */
	if (record->nr_fields < 3 ||
	    imastage_record_find(record, "buf", &reading->buffer) < 0)
		return 0;
	r = is_hash_of(reading, reading->buffer);
	reading->is_buffer = r == 1;
	reading->calls_itself_buffer = r == 0;
	if (r == 0)
		reading->relabelled = "its digest is not that of its buffer";
	return r < 0 ? r : 0;
}

/* ---- form ------------------------------------------------------------------ */

/* The bytes of "n-ng" end with a NUL, and there is no other one. */
static bool ends_with_nul(const struct imastage_record *record)
{
	struct imastage_bytes name;

	return imastage_record_find(record, "n-ng", &name) < 0 ||
	       (name.len > 0 && bytes_find(name, '\0') == name.len - 1);
}

static const char *wrong_form(const struct imastage_record *record,
			      const struct policy_reading *reading)
{
	if (!reading->usual && !imastage_record_is_known(record))
		return "its template is not known";
	if ((!reading->usual && !ends_with_nul(record)) ||
	    bytes_contain(reading->path, '\0'))
		return "its path has a NUL inside, or does not end with one";
	if (reading->algorithm.len > 0 && !reading->has_alg)
		return "its digest is of no algorithm that is known, or not "
		       "of its length";
	return reading->has_alg ? NULL : "its digest is not of its length";
}

static void look_at_algorithm(struct policy_reading *reading)
{
	if (reading->algorithm.len == 0) {
		reading->alg = POLICY_SHA1;
		reading->has_alg = true;
	} else
		reading->has_alg = policy_algorithm_by_name(reading->algorithm,
							    &reading->alg) == 0;
	if (reading->has_alg)
		reading->has_alg = policy_algorithm_len(reading->alg) ==
				   reading->digest.len;
}

int policy_read_record(const struct imastage_record *record,
		       struct policy_reading *ret_reading)
{
	*ret_reading = (struct policy_reading){ 0 };
	ret_reading->readable = read_both(record, ret_reading);
	if (!ret_reading->readable)
		return 0;
	ret_reading->algorithm = without_prefix(ret_reading->algorithm, "ima:");
	return look_for_buffer(record, ret_reading);
}

void policy_check_form(const struct imastage_record *record,
		       struct policy_reading *reading)
{
	reading->malformed = "it has no path and digest";
	if (!reading->readable)
		return;
	look_at_algorithm(reading);
	reading->malformed = wrong_form(record, reading);
}

bool policy_is_boot_aggregate(const struct policy_reading *reading)
{
	return !reading->is_buffer &&
	       (bytes_equal_text(reading->path, "boot_aggregate") ||
		bytes_equal_text(reading->path, "boot_aggregate_late"));
}
