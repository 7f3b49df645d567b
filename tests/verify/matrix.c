// SPDX-License-Identifier: MIT
/*
 * matrix [COMMAND]
 *
 * Attacks on honest evidence of a made machine, one row for each, on every way into the
 * verifier (entry.h), by COMMAND as well. Prints TAP. "D" must be rejected with the reason
 * that is named; "W" must be a warning for it and no better; "-" is honest, and must not be
 * rejected. The rows are those of docs/threat-model.md; attacks on what a TPM signs are in
 * tests/verify/quote.
 */
#include "base/bytes.h"
#include "lib/bootmaker.h"
#include "lib/listbuilder.h"
#include "lib/roundmaker.h"
#include "lib/testing.h"
#include "verify/entry.h"

#define NR 9 /* records of the honest list */
#define QUOTED 6 /* of these; the others are excess */

struct scene {
	struct made_machine machine;
	struct verify_request request;
	struct pcr_values boot; /* approved */
	struct pcr_values start; /* of a checkpoint */
	struct verify_carried carried;
	uint8_t list[16384];
	size_t len;
	uint8_t boot_log[1024];
	size_t boot_log_len;
	char policy[4096];
	size_t policy_len;
	struct boot_policy *read_policy; /* owned */
	struct manifest manifest;
	bool has_manifest;
};

static const uint8_t nonce[20] = { 1, 2, 3 };
static struct scene scene;

/* ---- honest evidence ----------------------------------------------------------------- */

static void approve_boot(void)
{
	scene.boot.set[IMASTAGE_SHA256] = 0x3ff;
	for (size_t i = 0; i < 10; i++)
		memcpy(scene.boot.of[IMASTAGE_SHA256][i],
		       scene.machine.quote.values[i], 32);
	scene.request.boots = &scene.boot;
	scene.request.nr_boots = 1;
}

static void take_list(size_t first)
{
	size_t offset = first ? scene.machine.ends[first - 1] : 0;

	scene.len = scene.machine.len - offset;
	memcpy(scene.list, scene.machine.list + offset, scene.len);
}

static void quote(void)
{
	made_machine_quote(&scene.machine, bytes_of(nonce, sizeof(nonce)));
}

/* Six records are quoted, three come behind. */
static void begin(void)
{
	memset(&scene, 0, sizeof(scene));
	made_machine_init(&scene.machine);
	scene.request = (struct verify_request){
		.ak = bytes_of(scene.machine.key.area, scene.machine.key.len),
		.nonce = bytes_of(nonce, sizeof(nonce)),
		.asked = { .nr = 1, .of = { { 0x000b, 0x7ff } } },
		.list_pcrs = 1u << IMASTAGE_PCR_IMA,
	};
	approve_boot();
	made_machine_measure(&scene.machine, QUOTED - scene.machine.nr);
	quote();
	made_machine_measure(&scene.machine, NR - QUOTED);
	take_list(0);
}

static void end(void)
{
	boot_policy_free(scene.read_policy);
	made_machine_fini(&scene.machine);
}

/* What a checkpoint says that was made of the last quote. */
static void go_on(bool from_there)
{
	struct verify_request *request = &scene.request;
	const struct maker_quote *last = &scene.machine.quote;

	request->has_last = true;
	request->last = last->clock;
	request->has_firmware = true;
	request->firmware = last->firmware;
	request->known_next = QUOTED;
	scene.start.set[IMASTAGE_SHA256] = 0x7ff;
	for (size_t i = 0; i < 11; i++)
		memcpy(scene.start.of[IMASTAGE_SHA256][i], last->values[i], 32);
	if (!from_there)
		return;
	request->start = &scene.start;
	request->first_index = QUOTED;
}

/* A second round, from the checkpoint on. */
static void next_round(void)
{
	go_on(true);
	quote();
	take_list(QUOTED);
}

static void whole_round(void)
{
	go_on(false);
	quote();
	take_list(0);
}

/* ---- the list --------------------------------------------------------------------------- */

struct span {
	size_t start, end;
};

static struct span span_of(size_t record)
{
	return (struct span){ record ? scene.machine.ends[record - 1] : 0,
			      scene.machine.ends[record] };
}

static void cut_out(size_t start, size_t end)
{
	memmove(scene.list + start, scene.list + end, scene.len - end);
	scene.len -= end - start;
}

static void put_in(size_t at, const uint8_t *bytes, size_t len)
{
	memmove(scene.list + at + len, scene.list + at, scene.len - at);
	memcpy(scene.list + at, bytes, len);
	scene.len += len;
}

static void drop(size_t record)
{
	struct span is = span_of(record);

	cut_out(is.start, is.end);
}

static void repeat(size_t record)
{
	struct span is = span_of(record);
	uint8_t copy[512];

	memcpy(copy, scene.list + is.start, is.end - is.start);
	put_in(is.end, copy, is.end - is.start);
}

/* With the one behind it. */
static void swap(size_t record)
{
	struct span is = span_of(record), next = span_of(record + 1);
	uint8_t copy[512];

	memcpy(copy, scene.list + is.start, is.end - is.start);
	cut_out(is.start, is.end);
	put_in(is.start + next.end - next.start, copy, is.end - is.start);
}

/* A record, rightly made, that was never extended. */
static void insert_for(size_t record, uint32_t pcr, const char *path)
{
	static const uint8_t named[40] = "sha256:";
	const struct imastage_bytes fields[] = {
		bytes_of(named, sizeof(named)),
		bytes_of(path, strlen(path) + 1),
	};
	struct imastage_digests digests;
	struct built_record built;
	uint8_t bytes[512];
	size_t len;

	build_record(&built, IMASTAGE_SHA1, pcr, "ima-ng", fields, 2);
	assert_int_equal(imastage_hasher_template(scene.machine.hasher,
						  &built.record, &digests),
			 0);
	memcpy(built.digest, digests.of[IMASTAGE_SHA1], 20);
	len = put_record(&built.record, bytes, sizeof(bytes));
	put_in(span_of(record).start, bytes, len);
}

static void insert(size_t record)
{
	insert_for(record, 10, "/usr/bin/evil");
}

static void cut_off(size_t record)
{
	scene.len = span_of(record).end - 3;
}

static void flip(size_t record, size_t offset)
{
	scene.list[span_of(record).start + offset] ^= 1;
}

/* ---- rows of the table ------------------------------------------------------------------ */

static void nothing(void)
{
}

/* Fields of a record of ima-ng, by their place in it. */
#define FLIP(name, offset)                     \
	static void flip_##name##_first(void)  \
	{                                      \
		flip(0, offset);               \
	}                                      \
	static void flip_##name##_middle(void) \
	{                                      \
		flip(QUOTED / 2, offset);      \
	}                                      \
	static void flip_##name##_last(void)   \
	{                                      \
		flip(QUOTED - 1, offset);      \
	}                                      \
	static void flip_##name##_excess(void) \
	{                                      \
		flip(QUOTED + 1, offset);      \
	}

FLIP(pcr, 0)
FLIP(digest, 7)
FLIP(name_len, 24)
FLIP(name, 30)
FLIP(data_len, 34)
FLIP(field_len, 38)
FLIP(field, 60)
FLIP(path, 90)

#define DO(what)                        \
	static void what##_first(void)  \
	{                               \
		what(0);                \
	}                               \
	static void what##_middle(void) \
	{                               \
		what(QUOTED / 2);       \
	}                               \
	static void what##_last(void)   \
	{                               \
		what(QUOTED - 1);       \
	}                               \
	static void what##_excess(void) \
	{                               \
		what(QUOTED + 1);       \
	}

DO(drop)
DO(repeat)
DO(swap)
DO(insert)
DO(cut_off)

static void quote_ahead(void)
{
	scene.len = span_of(QUOTED - 2).end;
}

static void other_pcr(void)
{
	insert_for(2, 12, "/usr/bin/evil");
}

static void never_extended(void)
{
	memset(scene.machine.quote.values[10], 0, 32);
	scene.machine.quote.clock.clock++;
	maker_make(&scene.machine.key, &scene.machine.quote,
		   &scene.machine.made);
}

static void four_gigabytes(void)
{
	memset(scene.list + span_of(1).start + 34, 0xff, 4);
}

static void no_fields(void)
{
	memset(scene.list + span_of(1).start + 34, 0, 4);
}

static void host_order(void)
{
	uint8_t *at = scene.list + span_of(1).start;

	for (size_t i = 0; i < 2; i++) {
		uint8_t byte = at[i];

		at[i] = at[3 - i];
		at[3 - i] = byte;
	}
}

static void harmful_path(void)
{
	insert_for(2, 10, "/tmp/\x1b[2J<script>\n\xe2\x80\xae\xff");
}

/* ---- aggregates --------------------------------------------------------------------------- */

static void of_another_boot(void)
{
	scene.machine.quote.values[4][0] ^= 1;
	scene.machine.quote.clock.clock++;
	maker_make(&scene.machine.key, &scene.machine.quote,
		   &scene.machine.made);
}

static void without_aggregate(void)
{
	drop(0);
}

static void another_boot_is_approved(void)
{
	scene.boot.of[IMASTAGE_SHA256][7][3] ^= 1;
}

static void no_boot_is_approved(void)
{
	scene.request.nr_boots = 0;
}

/* Instead of the set of values. */
static void give_policy(const struct boot_made *made)
{
	struct evidence_error error;

	scene.policy_len = bootmaker_policy(made, scene.policy);
	assert_int_equal(boot_policy_new(&scene.read_policy), 0);
	assert_int_equal(
		boot_policy_add(scene.read_policy,
				bytes_of(scene.policy, scene.policy_len),
				&error),
		0);
	scene.request.nr_boots = 0;
	scene.request.boot_policy = scene.read_policy;
}

static void policy_approves(void)
{
	give_policy(&(struct boot_made){ scene.machine.quote.values, "me",
					 "command-line", false, NULL });
}

static void nobody_approved(void)
{
	give_policy(&(struct boot_made){ scene.machine.quote.values, "",
					 "command-line", false, NULL });
}

static void policy_of_another_boot(void)
{
	uint8_t values[10][32];

	memcpy(values, scene.machine.quote.values, sizeof(values));
	values[9][31] ^= 1;
	give_policy(&(struct boot_made){ values, "me", "command-line", false,
					 NULL });
}

static void events_without_a_log(void)
{
	give_policy(&(struct boot_made){ scene.machine.quote.values, "me",
					 "command-line", true, NULL });
}

static void ima_policy_of_records(void)
{
	give_policy(&(struct boot_made){ scene.machine.quote.values, "me",
					 "records", false, NULL });
}

/* ---- the clock, and what happens to a machine ------------------------------------------------ */

static void reset_back(void)
{
	go_on(false);
	scene.machine.quote.clock.resets--;
	quote();
	take_list(0);
}

static void restart_back(void)
{
	scene.machine.quote.clock.restarts = 3;
	quote();
	go_on(false);
	scene.machine.quote.clock.restarts = 2;
	quote();
	take_list(0);
}

static void clock_back(void)
{
	go_on(false);
	scene.machine.quote.clock.clock -= 1500;
	quote();
	take_list(0);
}

static void not_safe(void)
{
	scene.machine.quote.clock.safe = false;
	quote();
}

static void other_firmware(void)
{
	go_on(true);
	scene.machine.quote.firmware++;
	quote();
	take_list(QUOTED);
}

static void suspended(void)
{
	go_on(true);
	scene.machine.quote.clock.restarts++;
	quote();
	take_list(QUOTED);
}

/* The PCR begins anew, and the list is kept. */
static void hibernated(void)
{
	go_on(true);
	scene.machine.quote.clock.restarts++;
	quote();
	memset(scene.machine.quote.values[10], 7, 32);
	maker_make(&scene.machine.key, &scene.machine.quote,
		   &scene.machine.made);
	take_list(QUOTED);
}

static void cleared(void)
{
	go_on(false);
	scene.machine.quote.clock =
		(struct evidence_clock){ .clock = 5, .safe = true };
	quote();
	take_list(0);
}

static void booted_and_old_list(void)
{
	go_on(true);
	take_list(QUOTED);
	scene.machine.quote.clock.resets++;
	quote();
}

static void rebooted(void)
{
	go_on(false);
	made_machine_boot(&scene.machine);
	quote();
	take_list(0);
}

/* Records of one boot, and then those of the next. */
static void spans_two_boots(void)
{
	uint8_t copy[8192];
	size_t len = scene.len;

	memcpy(copy, scene.list, len);
	go_on(false);
	scene.machine.quote.values[4][0] ^=
		1; /* so that they are not the same */
	made_machine_boot(&scene.machine);
	quote();
	take_list(0);
	put_in(0, copy, len);
}

static void lost_at_kexec(void)
{
	uint8_t aggregate[512];
	struct span is = span_of(0);

	memcpy(aggregate, scene.machine.list, is.end);
	go_on(true);
	quote(); /* the records behind the checkpoint are not handed over */
	memcpy(scene.list, aggregate, is.end);
	scene.len = is.end;
}

/* ---- checkpoints ------------------------------------------------------------------------------ */

static void future_index(void)
{
	next_round();
	take_list(QUOTED + 1);
}

static void gap_behind_checkpoint(void)
{
	next_round();
	cut_out(0, span_of(QUOTED).end - span_of(QUOTED).start);
}

static void of_other_values(void)
{
	next_round();
	scene.start.of[IMASTAGE_SHA256][10][5] ^= 1;
}

static void boot_pcr_changed(void)
{
	go_on(true);
	scene.machine.quote.values[4][0] ^= 1;
	quote();
	take_list(QUOTED);
}

/* An earlier round of this boot was rejected. */
static void rejected_before(void)
{
	next_round();
	scene.carried.resets = scene.request.last.resets;
	scene.carried.nr = 1;
	scene.carried.reasons[0].id = VERIFY_LOG_DIGEST;
	scene.request.carried = &scene.carried;
}

static void shorter_than_known(void)
{
	whole_round();
	scene.request.known_next = NR + 1;
}

/* ---- nonces ------------------------------------------------------------------------------------ */

static void answer(const void *data, size_t len)
{
	made_machine_quote(&scene.machine, bytes_of(data, len));
	take_list(0);
}

static void no_nonce(void)
{
	answer(NULL, 0);
}

static void shorter_nonce(void)
{
	answer(nonce, 16);
}

static void padded_nonce(void)
{
	uint8_t padded[24] = { 0 };

	memcpy(padded, nonce, sizeof(nonce));
	answer(padded, sizeof(padded));
}

/* ---- the firmware's log ------------------------------------------------------------------------- */

/* Of SHA-1: there is nothing to be compared with. */
static void log_of_sha1(void)
{
	scene.boot_log[4] = 8;
	scene.boot_log_len = 32;
}

static void log_that_is_cut_off(void)
{
	scene.boot_log[4] = 8;
	scene.boot_log_len = 31;
}

/* Two algorithms, and no events. */
static void log_without_events(void)
{
	static const uint8_t spec[] = {
		0,   0,	  0,   0,   3,	  0,   0,   0, /* PCR 0, EV_NO_ACTION */
		0,   0,	  0,   0,   0,	  0,   0,   0,	 0,   0,
		0,   0,	  0,   0,   0,	  0,   0,   0,	 0,   0,
		33,  0,	  0,   0,   'S',  'p', 'e', 'c', ' ', 'I',
		'D', ' ', 'E', 'v', 'e',  'n', 't', '0', '3', 0,
		0,   0,	  0,   0,   0,	  2,   0,   2, /* sizes */
		1,   0,	  0,   0,   0x0b, 0,   32,  0,	 0,
	};

	memcpy(scene.boot_log, spec, sizeof(spec));
	scene.boot_log_len = sizeof(spec);
}

/* ---- the manifest --------------------------------------------------------------------------------- */

static void describe(void)
{
	scene.manifest = (struct manifest){
		.records = QUOTED,
		.excess = NR - QUOTED,
		.banks = 1u << IMASTAGE_SHA256,
		.kernel = "6.12",
	};
	scene.has_manifest = true;
}

static void fewer_records(void)
{
	describe();
	scene.manifest.records--;
	scene.manifest.excess++;
}

static void other_first(void)
{
	describe();
	scene.manifest.first = 1;
}

static void other_banks(void)
{
	describe();
	scene.manifest.banks = 1u << IMASTAGE_SHA1;
}

/* ---- the table -------------------------------------------------------------------------------------- */

/* All places of a record that is quoted. */
#define QUOTED_AT(row, name, function, id)                            \
	{ row, name ", first", function##_first, 'D', id },           \
		{ row, name ", middle", function##_middle, 'D', id }, \
	{                                                             \
		row, name ", last quoted", function##_last, 'D', id   \
	}

/* clang-format off */
static const struct row {
	const char *row, *name;
	void (*make)(void);
	char expected;
	enum verify_id id;
} table[] = {
	{ "", "honest, with excess", nothing, '-', VERIFY_FILE_POLICY },
	{ "", "honest, from a checkpoint", next_round, '-', VERIFY_FILE_POLICY },
	{ "", "honest, whole again", whole_round, '-', VERIFY_FILE_POLICY },
	{ "", "honest, booted", rebooted, '-', VERIFY_BOOT_TAIL },
	QUOTED_AT("L1", "PCR flipped", flip_pcr, VERIFY_LOG_REPLAY),
	QUOTED_AT("L1", "digest flipped", flip_digest, VERIFY_LOG_DIGEST),
	QUOTED_AT("L1", "length of the name flipped", flip_name_len, VERIFY_LOG_FORM),
	{ "L5", "name flipped, which no digest covers, first", flip_name_first, '-', VERIFY_FILE_POLICY },
	{ "L5", "name flipped, last quoted", flip_name_last, '-', VERIFY_FILE_POLICY },
	{ "L5", "name flipped, middle", flip_name_middle, '-', VERIFY_FILE_POLICY },
	QUOTED_AT("L1", "length of the data flipped", flip_data_len, VERIFY_LOG_REPLAY),
	QUOTED_AT("L1", "length of a field flipped", flip_field_len, VERIFY_LOG_REPLAY),
	QUOTED_AT("L1", "field flipped", flip_field, VERIFY_LOG_DIGEST),
	QUOTED_AT("L1", "path flipped", flip_path, VERIFY_LOG_DIGEST),
	QUOTED_AT("L1", "dropped", drop, VERIFY_LOG_REPLAY),
	QUOTED_AT("L1", "swapped with the next", swap, VERIFY_LOG_REPLAY),
	QUOTED_AT("L1", "inserted before", insert, VERIFY_LOG_REPLAY),
	QUOTED_AT("L1", "cut off", cut_off, VERIFY_LOG_FORM),
	{ "L1", "repeated, first", repeat_first, 'D', VERIFY_LOG_REPLAY },
	{ "L1", "repeated, middle", repeat_middle, 'D', VERIFY_LOG_REPLAY },
	{ "L2", "repeated, last quoted: excess", repeat_last, '-', VERIFY_FILE_POLICY },
	{ "L2", "excess: PCR flipped", flip_pcr_excess, '-', VERIFY_FILE_POLICY },
	{ "L2", "excess: digest flipped", flip_digest_excess, 'W', VERIFY_EXCESS_DIGEST },
	{ "L2", "excess: length of the name flipped", flip_name_len_excess, 'W', VERIFY_EXCESS_FORM },
	{ "L2", "excess: name flipped", flip_name_excess, '-', VERIFY_FILE_POLICY },
	{ "L2", "excess: length of the data flipped", flip_data_len_excess, 'W', VERIFY_EXCESS_FORM },
	{ "L2", "excess: length of a field flipped", flip_field_len_excess, 'W', VERIFY_EXCESS_FORM },
	{ "L2", "excess: field flipped", flip_field_excess, 'W', VERIFY_EXCESS_DIGEST },
	{ "L2", "excess: path flipped", flip_path_excess, 'W', VERIFY_EXCESS_DIGEST },
	{ "L2", "excess: dropped", drop_excess, '-', VERIFY_FILE_POLICY },
	{ "L2", "excess: repeated", repeat_excess, '-', VERIFY_FILE_POLICY },
	{ "L2", "excess: swapped", swap_excess, '-', VERIFY_FILE_POLICY },
	{ "L2", "excess: inserted before", insert_excess, '-', VERIFY_FILE_POLICY },
	{ "L2", "excess: cut off", cut_off_excess, 'W', VERIFY_EXCESS_FORM },
	{ "L2", "the quote is ahead of the list", quote_ahead, 'D', VERIFY_LOG_REPLAY },
	{ "L3", "another number of records is claimed", fewer_records, 'D', VERIFY_MANIFEST_RECORDS },
	{ "L4", "a record for a PCR that is not quoted", other_pcr, 'W', VERIFY_LOG_PCR },
	{ "L7", "a bank that was never extended", never_extended, 'D', VERIFY_LOG_EMPTY },
	{ "L8", "a length of 4 GiB", four_gigabytes, 'D', VERIFY_LOG_FORM },
	{ "L8", "no fields", no_fields, 'D', VERIFY_LOG_FORM },
	{ "L8", "another byte order", host_order, 'D', VERIFY_LOG_REPLAY },
	{ "L9", "the list was lost at a kexec", lost_at_kexec, 'D', VERIFY_LOG_LOST },
	{ "A1", "no boot_aggregate", without_aggregate, 'D', VERIFY_BOOT_AGGREGATE_MISSING },
	{ "A1", "the boot_aggregate of another boot", of_another_boot, 'D', VERIFY_BOOT_AGGREGATE },
	{ "A2", "no boot is approved", no_boot_is_approved, 'W', VERIFY_BOOT_POLICY },
	{ "A2", "another boot is approved", another_boot_is_approved, 'W', VERIFY_BOOT_UNAPPROVED },
	{ "A2", "a boot policy approves it", policy_approves, '-', VERIFY_BOOT_APPROVED },
	{ "A2", "a generation that nobody approved", nobody_approved, 'W', VERIFY_BOOT_UNAPPROVED },
	{ "A2", "a boot policy of another boot", policy_of_another_boot, 'W', VERIFY_BOOT_UNAPPROVED },
	{ "A2", "events are approved, without a log", events_without_a_log, 'W', VERIFY_BOOT_UNAPPROVED },
	{ "P8", "values are approved, IMA's policy is not", nothing, 'W', VERIFY_BOOT_IMA_POLICY },
	{ "P8", "a boot policy that leaves it to records", ima_policy_of_records, 'W', VERIFY_BOOT_IMA_POLICY },
	{ "C1", "resets go back", reset_back, 'D', VERIFY_CLOCK_RESET },
	{ "C1", "restarts go back", restart_back, 'D', VERIFY_CLOCK_RESTART },
	{ "C1", "the clock goes back", clock_back, 'D', VERIFY_CLOCK_BACK },
	{ "C3", "the clock is not safe", not_safe, 'W', VERIFY_CLOCK_UNSAFE },
	{ "C4", "booted, and the old list goes on", booted_and_old_list, 'D', VERIFY_BOOT_OTHER },
	{ "C5", "another firmware of the TPM", other_firmware, 'W', VERIFY_TPM_FIRMWARE },
	{ "C7", "suspended", suspended, '-', VERIFY_FILE_POLICY },
	{ "C7", "hibernated", hibernated, 'D', VERIFY_TPM_RESTART },
	{ "C7", "cleared", cleared, 'D', VERIFY_TPM_CLEARED },
	{ "C7", "a list of two boots", spans_two_boots, 'D', VERIFY_LOG_REPLAY },
	{ "S1", "a checkpoint of a future record", future_index, 'D', VERIFY_LOG_REPLAY },
	{ "S1", "a checkpoint of other values", of_other_values, 'D', VERIFY_LOG_REPLAY },
	{ "S1", "a gap behind the checkpoint", gap_behind_checkpoint, 'D', VERIFY_LOG_REPLAY },
	{ "S2", "fewer records than were verified", shorter_than_known, 'D', VERIFY_LOG_FORK },
	{ "S7", "rejected in an earlier round", rejected_before, 'D', VERIFY_LOG_DIGEST },
	{ "A1", "PCRs of the boot change within it", boot_pcr_changed, 'D', VERIFY_BOOT_CHANGED },
	{ "Q4", "no nonce", no_nonce, 'D', VERIFY_QUOTE_NONCE },
	{ "Q4", "a prefix of the nonce", shorter_nonce, 'D', VERIFY_QUOTE_NONCE },
	{ "Q4", "the nonce with zeros behind", padded_nonce, 'D', VERIFY_QUOTE_NONCE },
	{ "A1", "a firmware's log of another bank", log_of_sha1, 'W', VERIFY_BOOT_LOG_BANK },
	{ "A1", "a firmware's log that is cut off", log_that_is_cut_off, 'D', VERIFY_BOOT_LOG_FORM },
	{ "A1", "a firmware's log without events", log_without_events, 'D', VERIFY_BOOT_LOG_REPLAY },
	{ "E2", "another first record is claimed", other_first, 'D', VERIFY_MANIFEST_FIRST },
	{ "E2", "other banks are claimed", other_banks, 'D', VERIFY_MANIFEST_BANKS },
	{ "E3", "a path that a terminal would obey", harmful_path, 'D', VERIFY_LOG_REPLAY },
};
/* clang-format on */

/* A warning for policies that nobody gave is there in any case. */
static bool is_expected(const struct row *row,
			const struct verify_verdict *verdict)
{
	if (!verify_has(verdict, row->id))
		return false;
	return row->expected == 'D' ? verdict->result == VERIFY_REJECTED :
				      verdict->result == VERIFY_WARNED;
}

static bool run_row(struct entry *entry, const struct row *row)
{
	static struct verify_verdict verdict;
	struct entry_evidence evidence;
	const char *wrong;
	bool good;

	begin();
	row->make();
	evidence = (struct entry_evidence){
		.msg = bytes_of(scene.machine.made.msg,
				scene.machine.made.msg_len),
		.sig = bytes_of(scene.machine.made.sig,
				scene.machine.made.sig_len),
		.pcrs = bytes_of(scene.machine.made.pcrs,
				 scene.machine.made.pcrs_len),
		.ak = scene.request.ak,
		.list = bytes_of(scene.list, scene.len),
		.boot_log = bytes_of(scene.boot_log, scene.boot_log_len),
		.boot_policy = bytes_of(scene.policy, scene.policy_len),
		.manifest = scene.has_manifest ? &scene.manifest : NULL,
	};
	wrong = entry_verify(entry, &scene.request, &evidence, &verdict);
	good = !wrong && is_expected(row, &verdict);
	if (wrong)
		printf("# %s\n", wrong);
	for (size_t i = 0; !good && i < verdict.nr_reasons; i++)
		printf("# %s: %s; %s\n", verify_result_name(verdict.result),
		       verify_id_name(verdict.reasons[i].id),
		       verdict.reasons[i].text);
	end();
	return good;
}

int main(int argc, char **argv)
{
	const size_t nr = sizeof(table) / sizeof(table[0]);
	struct entry entry;
	size_t failed = 0;

	if (!entry_init(&entry, argc > 1 ? argv[1] : NULL))
		return 1;
	printf("1..%zu\n", nr);
	for (size_t i = 0; i < nr; i++) {
		bool good = run_row(&entry, &table[i]);

		failed += !good;
		printf("%s %zu - %s %s\n", good ? "ok" : "not ok", i + 1,
		       table[i].row, table[i].name);
	}
	entry_fini(&entry);
	return failed > 0;
}
