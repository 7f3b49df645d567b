// SPDX-License-Identifier: MIT
/*
 * Checks 10 and 12: what a record says, before it is extended.
 *
 * The name of a template is not in the template digest, so whoever hands over the list
 * can write another one, and so give the same bytes another meaning. A record whose first
 * two fields read as digest and path, as in all templates of Linux, is therefore
 * judged by these two, whatever it is called.
 */
#include "log/hash.h"
#include "log/record.h"
#include "verify/private.h"

#include <imastage/snapshot.h>

#define NAME_OLD "ima" /* has no lengths and so no such fields */

/* What a record says was measured. */
struct reading {
	struct imastage_bytes path;
	struct imastage_bytes algorithm; /* "sha256"; empty: of 20 bytes alone */
	struct imastage_bytes digest;
};

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
			  struct reading *ret_reading)
{
	return imastage_record_event_name(record, &ret_reading->path) == 0 &&
	       imastage_record_file_digest(record, &ret_reading->algorithm,
					   &ret_reading->digest) == 0;
}

/* By its first two fields. */
static bool read_strictly(const struct imastage_record *record,
			  struct reading *ret_reading)
{
	struct imastage_bytes digest, path, label;
	struct imastage_fields fields;

	imastage_fields_init(&fields, record);
	if (bytes_equal_text(record->name, NAME_OLD) ||
	    imastage_fields_next(&fields, &digest) < 0 ||
	    imastage_fields_next(&fields, &path) < 0 ||
	    record_split_digest(digest, &label, &ret_reading->digest) < 0)
		return false;
	if (label.len < 2 || ret_reading->digest.len == 0 || path.len == 0 ||
	    path.data[path.len - 1] != '\0')
		return false;
	ret_reading->algorithm = bytes_first(label, label.len - 1);
	ret_reading->path = bytes_first(path, path.len - 1);
	return true;
}

/* Is the strict reading what its template says, as of nearly all records? */
static bool begins_with_both(const struct imastage_record *record)
{
	static const char both[] = "d-ng|n-ng";
	struct imastage_bytes format = imastage_record_format(record);

	return bytes_equal_text(bytes_first(format, sizeof(both) - 1), both) &&
	       (format.len == sizeof(both) - 1 ||
		format.data[sizeof(both) - 1] == '|');
}

static bool same_reading(const struct reading *a, const struct reading *b)
{
	return bytes_equal(a->path, b->path) &&
	       bytes_equal(a->algorithm, b->algorithm) &&
	       bytes_equal(a->digest, b->digest);
}

static bool read_both(struct verify_run *run,
		      const struct imastage_record *record,
		      const struct verify_where *where,
		      struct reading *ret_reading)
{
	struct reading declared;
	bool is_strict = read_strictly(record, ret_reading);

	if (is_strict && begins_with_both(record))
		return true;
	if (!read_declared(record, &declared))
		return is_strict;
	if (is_strict && !same_reading(&declared, ret_reading))
		verify_add(run->verdict, VERIFY_LOG_RELABELLED, where,
			   "its first fields read as another file");
	if (!is_strict)
		*ret_reading = declared;
	return true;
}

/* False: there is nothing to be read. */
static bool read_record(struct verify_run *run,
			const struct imastage_record *record,
			const struct verify_where *where,
			struct reading *ret_reading)
{
	if (!read_both(run, record, where, ret_reading))
		return false;
	ret_reading->algorithm = without_prefix(ret_reading->algorithm, "ima:");
	return true;
}

/* ---- buffers --------------------------------------------------------------- */

static bool is_hash_of(const struct reading *reading,
		       struct imastage_bytes buffer)
{
	uint8_t digest[IMASTAGE_DIGEST_MAX];
	enum imastage_bank bank;
	struct hash hash;
	int r;

	if (imastage_bank_by_name(reading->algorithm, &bank) < 0 ||
	    hash_init(&hash, bank) < 0)
		return false;
	r = hash_two(&hash, buffer, bytes_of(NULL, 0), digest);
	hash_fini(&hash);
	return r == 0 &&
	       bytes_equal(reading->digest,
			   bytes_of(digest, imastage_bank_digest_len(bank)));
}

/*
 * Is it a measured buffer, and not a file? A signature that is called a buffer is
 * not what the digest is over.
 */
static bool check_buffer(struct verify_run *run,
			 const struct imastage_record *record,
			 const struct verify_where *where,
			 const struct reading *reading)
{
	struct imastage_bytes buffer;

	/* Path and digest are two fields already. */
	if (record->nr_fields < 3 ||
	    imastage_record_find(record, "buf", &buffer) < 0)
		return false;
	if (is_hash_of(reading, buffer))
		return true;
	verify_add(run->verdict, VERIFY_LOG_RELABELLED, where,
		   "its digest is not that of its buffer");
	return false;
}

/* ---- aggregates ------------------------------------------------------------ */

static bool is_boot_aggregate(const struct reading *reading)
{
	return bytes_equal_text(reading->path, "boot_aggregate") ||
	       bytes_equal_text(reading->path, "boot_aggregate_late");
}

/* ima_calc_boot_aggregate() of Linux: PCR 0 to 7 by sha1, 0 to 9 by all others. */
static uint32_t aggregate_pcrs(enum imastage_bank bank)
{
	return bank == IMASTAGE_SHA1 ? 0xff : VERIFY_BOOT_PCRS;
}

static int aggregate(const struct pcr_values *values, enum imastage_bank bank,
		     uint8_t ret_digest[IMASTAGE_DIGEST_MAX])
{
	struct hash hash;
	int r = hash_init(&hash, bank);

	if (r < 0)
		return r;
	r = hash_start(&hash);
	for (unsigned int pcr = 0; r == 0 && aggregate_pcrs(bank) >> pcr; pcr++)
		r = hash_update(&hash, verify_value(values, bank, pcr));
	if (r == 0)
		r = hash_end(&hash, ret_digest);
	hash_fini(&hash);
	return r;
}

static int compare_aggregate(struct verify_run *run, enum imastage_bank bank,
			     const struct verify_where *where,
			     const struct reading *reading)
{
	uint8_t digest[IMASTAGE_DIGEST_MAX];
	int r = aggregate(&run->pcrs.values, bank, digest);

	if (r == 0 &&
	    !bytes_equal(reading->digest,
			 bytes_of(digest, imastage_bank_digest_len(bank))))
		verify_say(run->verdict, VERIFY_BOOT_AGGREGATE, where);
	return r;
}

static int check_aggregate(struct verify_run *run,
			   const struct verify_where *where,
			   const struct reading *reading)
{
	enum imastage_bank bank = IMASTAGE_SHA1;
	int r = reading->algorithm.len == 0 ?
			0 :
			imastage_bank_by_name(reading->algorithm, &bank);

	if (run->began)
		verify_say(run->verdict, VERIFY_BOOT_KEXEC, where);
	if (bytes_are_all(reading->digest, 0)) {
		verify_say(run->verdict, VERIFY_BOOT_NO_TPM, where);
		return 0;
	}
	if (bank == IMASTAGE_SHA1)
		verify_say(run->verdict, VERIFY_BOOT_WEAK, where);
	if (!run->has_values)
		return 0;
	if (r < 0 || (run->pcrs.values.set[bank] & aggregate_pcrs(bank)) !=
			     aggregate_pcrs(bank)) {
		verify_add(run->verdict, VERIFY_BOOT_UNQUOTED, where,
			   "those of its bank, %s",
			   r < 0 ? "an unknown one" : imastage_bank_name(bank));
		return 0;
	}
	return compare_aggregate(run, bank, where, reading);
}

static void check_snapshot(struct verify_run *run,
			   const struct imastage_record *record,
			   const struct verify_where *where)
{
	struct imastage_snapshot snapshot;
	enum imastage_bank bank;

	if (imastage_snapshot_parse(record, &snapshot) < 0)
		verify_add(run->verdict, VERIFY_LOG_SNAPSHOT, where,
			   "its text is not of the form");
	else if (imastage_snapshot_compare(&snapshot, run->replay, &bank))
		verify_add(run->verdict, VERIFY_LOG_SNAPSHOT, where,
			   "PCR %u of the bank %s", snapshot.pcr,
			   imastage_bank_name(bank));
}

/* ---- files ----------------------------------------------------------------- */

static bool is_weak(const struct reading *reading)
{
	return reading->algorithm.len == 0 ||
	       bytes_equal_text(reading->algorithm, "sha1") ||
	       bytes_equal_text(reading->algorithm, "md5");
}

static int judge_file(struct verify_run *run, const struct verify_where *where,
		      const struct reading *reading)
{
	const struct verify_files *files = run->request->files;
	int r;

	if (!files)
		return 0;
	if (is_weak(reading)) {
		verify_say(run->verdict, VERIFY_FILE_WEAK, where);
		return 0;
	}
	r = files->judge(files->context, reading->path, reading->algorithm,
			 reading->digest);
	if (r > 0)
		verify_say(run->verdict,
			   r == VERIFY_UNLISTED ? VERIFY_FILE_UNLISTED :
						  VERIFY_FILE_DIGEST,
			   where);
	return r < 0 ? r : 0;
}

static int judge_buffer(struct verify_run *run,
			const struct imastage_record *record,
			const struct verify_where *where)
{
	if (imastage_record_is_snapshot(record))
		check_snapshot(run, record, where);
	else if (run->request->files)
		verify_say(run->verdict, VERIFY_FILE_UNJUDGED, where);
	return 0;
}

/* ---- a record -------------------------------------------------------------- */

/* What the list shows of a violation, nothing proves: it decides nothing. */
static bool is_violation(struct verify_run *run,
			 const struct imastage_record *record,
			 const struct verify_where *where)
{
	if (!imastage_record_is_violation(record))
		return false;
	verify_say(run->verdict, VERIFY_LOG_VIOLATION, where);
	return true;
}

/* IMA begins with it, and so does the PCR. */
static void check_first(struct verify_run *run, bool is_aggregate,
			const struct verify_where *where)
{
	if (imastage_replay_nr_records(run->replay) == 0)
		run->begins_anew = is_aggregate;
	if (!run->began && !run->request->from_snapshot && !is_aggregate)
		verify_say(run->verdict, VERIFY_BOOT_AGGREGATE_MISSING, where);
}

static int judge(struct verify_run *run, const struct imastage_record *record,
		 const struct verify_where *where,
		 const struct reading *reading)
{
	if (check_buffer(run, record, where, reading))
		return judge_buffer(run, record, where);
	if (is_boot_aggregate(reading))
		return check_aggregate(run, where, reading);
	return judge_file(run, where, reading);
}

int verify_check_record(struct verify_run *run,
			const struct imastage_record *record,
			const struct verify_where *where)
{
	bool violation = is_violation(run, record, where);
	struct reading reading = { 0 };
	bool readable = !violation && !record->opaque &&
			read_record(run, record, where, &reading);
	int r = 0;

	check_first(run, readable && is_boot_aggregate(&reading), where);
	if (readable)
		r = judge(run, record, where, &reading);
	else if (!violation && !record->opaque && run->request->files)
		verify_say(run->verdict, VERIFY_FILE_UNREADABLE, where);
	run->began = true;
	return r;
}
