// SPDX-License-Identifier: MIT
/*
 * Measurement lists. The digest of each record is compared with its data first, so that no line
 * that was edited approves a file.
 */
#include "catalog/list.h"
#include "base/bytes.h"
#include "evidence/withheld.h"
#include "tool/progress.h"

#include <errno.h>
#include <inttypes.h>

/* A quote may be of any of them. */
#define TEMPLATE_BANKS \
	(1u << IMASTAGE_SHA256 | 1u << IMASTAGE_SHA384 | 1u << IMASTAGE_SHA512)

struct reading {
	struct catalog *catalog;
	struct input *input;
	struct imastage_hasher *hasher; /* for the bank below; NULL: none yet */
	enum imastage_bank bank;
	struct imastage_hasher
		*templates; /* for TEMPLATE_BANKS; NULL: none yet */
	struct catalog_list_counts counts;
};

/* 1: the record has the digest of its data, 0: it has not. */
static int is_proved(struct reading *reading,
		     const struct imastage_record *record)
{
	struct imastage_digests digests;
	int r = 0;

	if (!reading->hasher || reading->bank != record->bank) {
		imastage_hasher_free(reading->hasher);
		reading->hasher = NULL;
		reading->bank = record->bank;
		r = imastage_hasher_new(1u << record->bank, &reading->hasher);
	}
	if (r == 0)
		r = imastage_hasher_template(reading->hasher, record, &digests);
	if (r < 0)
		return r;
	return imastage_record_check_digest(record, &digests) !=
	       IMASTAGE_DIGEST_DIFFERS;
}

/* "sha256", or "ima:sha256"; none for fs-verity's, which is over something else. */
static int parse_algorithm(struct imastage_bytes name, size_t len,
			   enum imastage_bank *ret_bank)
{
	const struct imastage_bytes ima = bytes_of_text("ima:");

	if (bytes_equal(bytes_first(name, ima.len), ima))
		name = bytes_skip(name, ima.len);
	if (name.len == 0 && len == imastage_bank_digest_len(IMASTAGE_SHA1)) {
		*ret_bank = IMASTAGE_SHA1;
		return 0;
	}
	return imastage_bank_by_name(name, ret_bank);
}

static int parse(const struct imastage_record *record,
		 struct catalog_entry *ret_entry)
{
	struct imastage_bytes algorithm, digest, buffer;

	if (record->opaque ||
	    imastage_record_find(record, "buf", &buffer) == 0 ||
	    imastage_record_event_name(record, &ret_entry->path) < 0 ||
	    imastage_record_file_digest(record, &algorithm, &digest) < 0)
		return -ENOENT;
	if (!ret_entry->path.len || ret_entry->path.data[0] != '/' ||
	    parse_algorithm(algorithm, digest.len, &ret_entry->bank) < 0 ||
	    digest.len != imastage_bank_digest_len(ret_entry->bank))
		return -ENOENT;
	ret_entry->digest = digest.data;
	return 0;
}

/* Its name is not needed to know it by. */
static int give_templates(struct reading *reading,
			  const struct imastage_record *record)
{
	struct catalog *catalog = reading->catalog;
	struct imastage_digests digests;
	int r = 0;

	if (!reading->templates)
		r = imastage_hasher_new(TEMPLATE_BANKS, &reading->templates);
	if (r == 0)
		r = imastage_hasher_template(reading->templates, record,
					     &digests);
	for (unsigned int banks = TEMPLATE_BANKS; banks && r == 0;
	     banks &= banks - 1) {
		enum imastage_bank bank =
			(enum imastage_bank)__builtin_ctz(banks);

		r = catalog->found_template(catalog->context, bank,
					    digests.of[bank]);
	}
	reading->counts.nr_files++;
	reading->counts.nr_withheld++;
	return r;
}

/* A name with "." or ".." in it is not the kernel's. */
static int give(struct reading *reading, const struct imastage_record *record,
		const struct catalog_entry *entry)
{
	const struct catalog *catalog = reading->catalog;
	int r;

	if (catalog->withhold && withheld_path(catalog->withhold, entry->path))
		return give_templates(reading, record);
	r = catalog_add(reading->catalog, entry);

	if (r == -EINVAL)
		reading->counts.nr_others++;
	else
		reading->counts.nr_files++;
	return r == -EINVAL ? 0 : r;
}

static int take(struct reading *reading, const struct imastage_record *record)
{
	struct catalog_entry entry = { .kind = CATALOG_FILE };
	int r;

	reading->counts.nr_records++;
	if (imastage_record_is_violation(record)) {
		reading->counts.nr_violations++;
		return 0;
	}
	if (parse(record, &entry) < 0) {
		reading->counts.nr_others++;
		return 0;
	}
	r = is_proved(reading, record);
	if (r > 0)
		return give(reading, record, &entry);
	if (r < 0)
		return say_errno(reading->catalog->say, r, "record %" PRIu64,
				 input_index(reading->input));
	say(reading->catalog->say, SAY_ERROR,
	    "%s: record %" PRIu64
	    ": its digest is not that of its data; the list is refused",
	    input_path(reading->input), input_index(reading->input));
	return CATALOG_LIST_REFUSED;
}

int catalog_list_read(struct catalog *catalog, struct input *input,
		      struct catalog_list_counts *ret_counts)
{
	struct reading reading = { .catalog = catalog, .input = input };
	struct imastage_record record;
	int r = 0;

	while (r == 0) {
		r = input_next(input, &record);
		if (r == 0)
			r = take(&reading, &record);
		else if (r > 0)
			break;
		if (r)
			goto out;
	}
	progress_clear();
	*ret_counts = reading.counts;
	r = 0;
out:
	imastage_hasher_free(reading.hasher);
	imastage_hasher_free(reading.templates);
	return r;
}
