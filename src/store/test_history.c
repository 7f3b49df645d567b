// SPDX-License-Identifier: MIT
/*
 * History judged again: what changes by another policy, what is lost, what was never kept.
 */
#include "base/bytes.h"
#include "lib/storing.h"
#include "lib/testing.h"
#include "log/buffer.h"
#include "store/db.h"
#include "store/file.h"
#include "store/history.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <sys/stat.h>

#define NOW 1000000
#define STRAY "m.boot-9.0-3.00112233445566778899aabbccddeeff.evidence"

static char folder[] = "/tmp/imastage-history-XXXXXX";
static char path[64], kept_path[80];
static struct store *store;
static struct made_machine machine;
static struct verify_verdict verdict;
static struct imastage_buffer file;
static struct policy *then, *now; /* owned */
static struct history history;
static uint64_t day;

static void open_store(bool keep)
{
	const struct store_options options = { .path = path,
					       .create = true,
					       .keep = keep };

	store_close(store);
	assert_int_equal(store_open(&options, &store), 0);
}

static int begin(void **state)
{
	(void)state;
	strcpy(folder + sizeof(folder) - 7, "XXXXXX");
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/s.db", folder);
	snprintf(kept_path, sizeof(kept_path), "%s.evidence", path);
	then = NULL;
	now = NULL;
	day = NOW;
	store = NULL;
	open_store(true);
	made_machine_init(&machine);
	assert_int_equal(storing_add(store, &machine, "m", NOW), 0);
	return 0;
}

static void remove_all(const char *of)
{
	DIR *dir = opendir(of);
	struct dirent *entry;
	char all[512];

	if (!dir)
		return;
	while ((entry = readdir(dir)) != NULL) {
		snprintf(all, sizeof(all), "%s/%s", of, entry->d_name);
		if (strcmp(entry->d_name, ".") && strcmp(entry->d_name, "..") &&
		    unlink(all) < 0)
			remove_all(all);
	}
	closedir(dir);
	rmdir(of);
}

static int end(void **state)
{
	(void)state;
	assert_int_equal(store_check(store), 0);
	store_close(store);
	made_machine_fini(&machine);
	policy_free(then);
	policy_free(now);
	free(file.data);
	memset(&file, 0, sizeof(file));
	remove_all(folder);
	return 0;
}

/* ---- policies ------------------------------------------------------------------- */

/* The digest of a file of made_machine_measure(). */
static void name_file(unsigned int number, char ret_path[32],
		      uint8_t ret_digest[32])
{
	snprintf(ret_path, 32, "/usr/bin/%u", number);
	assert_int_equal(EVP_Digest(ret_path, strlen(ret_path), ret_digest,
				    NULL, EVP_sha256(), NULL),
			 1);
}

static void add_file(struct policy_builder *builder, enum policy_space space,
		     unsigned int number, uint32_t package)
{
	char name[32];
	uint8_t digest[32];
	struct policy_entry entry = { .space = space,
				      .alg = POLICY_SHA256,
				      .package = package };

	name_file(number, name, digest);
	entry.name = bytes_of_text(name);
	entry.digest = bytes_of(digest, sizeof(digest));
	assert_int_equal(policy_add(builder, &entry), 0);
}

/* Files 1 to @nr; @denied (0: none) is denied, and the package of all retires. */
static struct policy *make(unsigned int nr, unsigned int denied,
			   uint64_t retires)
{
	const struct policy_package is = { bytes_of_text("coreutils"),
					   bytes_of_text("9.1"), retires };
	const struct policy_package why = { .name = bytes_of_text("CVE-1") };
	struct policy_builder *builder;
	struct policy *policy;
	uint32_t package;

	assert_int_equal(policy_builder_new(&builder), 0);
	assert_int_equal(policy_add_package(builder, &is, &package), 0);
	for (unsigned int i = 1; i <= nr; i++)
		add_file(builder, POLICY_FILES, i, package);
	assert_int_equal(policy_add_package(builder, &why, &package), 0);
	if (denied > 0)
		add_file(builder, POLICY_DENIED, denied, package);
	assert_int_equal(policy_finish(builder, NULL, &policy), 0);
	policy_builder_free(builder);
	return policy;
}

/* ---- rounds ----------------------------------------------------------------------- */

static ssize_t read_left(void *context, void *data, size_t len)
{
	struct imastage_bytes *left = context;
	struct imastage_bytes piece = bytes_first(*left, len);

	if (piece.len > 0)
		memcpy(data, piece.data, piece.len);
	*left = bytes_skip(*left, piece.len);
	return (ssize_t)piece.len;
}

static void judge(enum verify_result wanted)
{
	const struct verify_request policies = {
		.asked = { .nr = 1, .of = { { 0x000b, 0x7ff } } },
		.list_pcrs = 1u << 10,
		.policy = then,
		.now = day,
	};
	struct imastage_bytes left = bytes_of(file.data, file.len);
	const struct imastage_source source = { read_left, &left };

	assert_int_equal(store_verify_file(store, source, NULL, &policies, day,
					   &verdict),
			 0);
	assert_int_equal(verdict.result, wanted);
	assert_true(verdict.proved);
}

static void one_round(struct made_machine *of, const char *id, bool reverify,
		      enum verify_result wanted)
{
	const struct store_ask ask = { .machine = id,
				       .seconds = 60,
				       .reverify = reverify };
	struct challenge challenge;
	bool booted;

	assert_int_equal(store_challenge(store, &ask, day, &challenge), 0);
	storing_quote(of, &challenge);
	booted = challenge.resets != of->quote.clock.resets;
	made_machine_pack(of, booted ? 0 : challenge.from, NULL, &file);
	judge(wanted);
}

/* So many rounds, each but the first with two files more. */
static void rounds(unsigned int nr, enum verify_result wanted)
{
	for (unsigned int i = 0; i < nr; i++) {
		if (i > 0)
			made_machine_measure(&machine, 2);
		one_round(&machine, "m", false, wanted);
	}
}

static void again_of(const char *id, enum verify_result wanted)
{
	const struct verify_request policies = { .list_pcrs = 1u << 10,
						 .policy = now };

	assert_int_equal(store_reverify(store, id, &policies, NULL, &history),
			 0);
	assert_int_equal(history.result, wanted);
	assert_string_equal(history.machine, id);
}

static void again(enum verify_result wanted)
{
	again_of("m", wanted);
}

static void expect_changes(uint64_t refused, uint64_t warned, uint64_t approved)
{
	assert_int_equal(history.changes.nr_of[CHANGE_REFUSED], refused);
	assert_int_equal(history.changes.nr_of[CHANGE_WARNED], warned);
	assert_int_equal(history.changes.nr_of[CHANGE_APPROVED], approved);
}

static const struct change *change(enum change_kind kind, size_t at)
{
	assert_true(at < history.changes.nr_changes[kind]);
	return &history.changes.of[kind][at];
}

static void expect_file(const struct change *is, unsigned int number)
{
	char name[32];
	uint8_t digest[32];

	name_file(number, name, digest);
	assert_int_equal(is->path_len, strlen(name));
	assert_memory_equal(is->path, name, is->path_len);
	assert_int_equal(is->digest_len, 32);
	assert_memory_equal(is->digest, digest, 32);
	assert_string_equal(is->algorithm, "sha256");
}

static void expect_place(const struct change_place *is, uint32_t boot,
			 uint64_t index)
{
	assert_int_equal(is->resets, boot);
	assert_int_equal(is->index, index);
}

/* ---- what changes -------------------------------------------------------------------- */

TEST(a_digest_that_is_denied_later)
{
	const struct change *is;

	then = make(9, 0, 0);
	now = make(9, 5, 0);
	rounds(3, VERIFY_WARNED);
	again(VERIFY_REJECTED);
	assert_int_equal(history.before, VERIFY_WARNED);
	assert_int_equal(history.nr_rounds, 3);
	assert_int_equal(history.nr_records, 8);
	assert_int_equal(history.changes.nr_records, 8);
	assert_int_equal(history.nr_losses + history.nr_holes, 0);
	expect_changes(1, 0, 0);
	is = change(CHANGE_REFUSED, 0);
	expect_file(is, 5);
	assert_int_equal(is->now.outcome, POLICY_IS_DENIED);
	assert_int_equal(is->before.outcome, POLICY_BY_DIGEST);
	assert_string_equal(is->package, "coreutils 9.1");
	assert_string_equal(is->text, "CVE-1");
	expect_place(&is->first, machine.quote.clock.resets, 5);
	assert_int_equal(history.verdict.nr_of[VERIFY_FILE_DENIED], 1);
	assert_false(verify_has(&history.verdict, VERIFY_POLICY_CHANGED));
}

TEST(the_same_policy_changes_nothing)
{
	then = make(9, 4, 0);
	now = make(9, 4, 0);
	one_round(&machine, "m", false, VERIFY_WARNED);
	made_machine_measure(&machine, 2);
	one_round(&machine, "m", false, VERIFY_REJECTED);
	again(VERIFY_REJECTED);
	assert_int_equal(history.before, VERIFY_REJECTED);
	expect_changes(0, 0, 0);
}

TEST(what_is_approved_later)
{
	then = make(1, 0, 0);
	now = make(9, 0, 0);
	rounds(2, VERIFY_REJECTED);
	again(VERIFY_WARNED);
	assert_int_equal(history.before, VERIFY_REJECTED);
	expect_changes(0, 0, 4);
	expect_file(change(CHANGE_APPROVED, 0), 2);
	assert_int_equal(change(CHANGE_APPROVED, 0)->before.outcome,
			 POLICY_UNLISTED);
	/* What was wrong in the boot is not carried into another judgement. */
	assert_int_equal(history.verdict.nr_of[VERIFY_FILE_UNLISTED], 0);
}

TEST(what_no_policy_judged)
{
	now = make(3, 0, 0);
	rounds(2, VERIFY_WARNED);
	again(VERIFY_REJECTED);
	expect_changes(2, 0, 0);
	assert_int_equal(history.changes.nr_unjudged, 6);
	assert_false(change(CHANGE_REFUSED, 0)->before.judged);
	assert_true(change(CHANGE_REFUSED, 0)->before.known);
}

/* A file that is measured in each boot is one change. */
TEST(a_file_of_two_boots)
{
	uint32_t boot = machine.quote.clock.resets;

	then = make(9, 0, 0);
	now = make(9, 2, 0);
	one_round(&machine, "m", false, VERIFY_WARNED);
	made_machine_boot(&machine);
	one_round(&machine, "m", false, VERIFY_WARNED);
	again(VERIFY_REJECTED);
	expect_changes(2, 0, 0);
	assert_int_equal(history.changes.nr_changes[CHANGE_REFUSED], 1);
	assert_int_equal(change(CHANGE_REFUSED, 0)->nr, 2);
	expect_place(&change(CHANGE_REFUSED, 0)->first, boot, 2);
	expect_place(&change(CHANGE_REFUSED, 0)->last, boot + 1, 2);
	assert_int_equal(history.nr_holes, 0);
}

TEST(more_changes_than_are_shown)
{
	then = make(100, 0, 0);
	now = make(1, 0, 0);
	made_machine_measure(&machine, 90);
	one_round(&machine, "m", false, VERIFY_WARNED);
	again(VERIFY_REJECTED);
	expect_changes(92, 0, 0);
	assert_int_equal(history.changes.nr_changes[CHANGE_REFUSED],
			 CHANGES_MAX);
	assert_true(history.verdict.nr_reasons <= VERIFY_REASONS_MAX);
}

/* It was good on the day that it was measured. */
TEST(what_retires_does_by_the_day_of_the_round)
{
	then = make(9, 0, 0);
	now = make(9, 0, NOW + 1000);
	one_round(&machine, "m", false, VERIFY_WARNED);
	day = NOW + 2000;
	made_machine_measure(&machine, 1);
	one_round(&machine, "m", false, VERIFY_WARNED);
	again(VERIFY_REJECTED);
	expect_changes(1, 0, 0);
	expect_file(change(CHANGE_REFUSED, 0), 4);
	assert_int_equal(change(CHANGE_REFUSED, 0)->now.outcome,
			 POLICY_RETIRED);
}

TEST(history_of_the_keeper)
{
	struct manifest manifest;

	then = make(9, 0, 0);
	now = make(9, 1, 0);
	manifest = made_machine_quote_history(&machine, 0, 4);
	made_machine_pack(&machine, 0, &manifest, &file);
	judge(VERIFY_WARNED);
	made_machine_measure(&machine, 2);
	one_round(&machine, "m", false, VERIFY_WARNED);
	again(VERIFY_REJECTED);
	assert_int_equal(history.nr_rounds, 2);
	expect_changes(1, 0, 0);
}

TEST(from_record_0_again)
{
	then = make(9, 0, 0);
	now = make(9, 2, 0);
	rounds(2, VERIFY_WARNED);
	one_round(&machine, "m", true, VERIFY_WARNED);
	again(VERIFY_REJECTED);
	assert_int_equal(history.nr_rounds, 3);
	assert_int_equal(history.nr_holes, 0);
	expect_changes(2, 0, 0);
}

TEST(two_machines)
{
	struct made_machine other;

	then = make(9, 0, 0);
	now = make(9, 5, 0);
	made_machine_init(&other);
	assert_int_equal(storing_add(store, &other, "n", NOW), 0);
	rounds(2, VERIFY_WARNED);
	one_round(&other, "n", false, VERIFY_WARNED);
	made_machine_measure(&machine, 1);
	one_round(&machine, "m", false, VERIFY_WARNED);
	again_of("n", VERIFY_WARNED);
	assert_int_equal(history.nr_rounds, 1);
	again_of("m", VERIFY_REJECTED);
	assert_int_equal(history.nr_rounds, 3);
	made_machine_fini(&other);
}

/* ---- what is lost --------------------------------------------------------------------- */

static void path_of_kept(unsigned int nr, char ret_path[512])
{
	struct store_kept kept = { 0 };

	for (unsigned int i = 0; i <= nr; i++)
		assert_int_equal(store_next_kept(store, "m", kept.id, &kept),
				 0);
	snprintf(ret_path, 512, "%s/%s", kept_path, kept.name);
	free(kept.outcomes.data);
}

static void expect_loss(enum history_loss_kind kind)
{
	again(VERIFY_NONE);
	assert_int_equal(history.nr_losses, 1);
	assert_int_equal(history.losses[0].kind, kind);
	assert_int_equal(history.nr_rounds, 2);
	assert_non_null(strstr(history.losses[0].name, ".0-3."));
	assert_int_equal(history.changes.nr_records, 2); /* of the other one */
}

static void flip(const char *of, off_t at)
{
	int fd = open(of, O_RDWR);
	uint8_t byte;

	assert_true(fd >= 0);
	assert_int_equal(pread(fd, &byte, 1, at), 1);
	byte ^= 1;
	assert_int_equal(pwrite(fd, &byte, 1, at), 1);
	close(fd);
}

TEST(a_file_that_was_changed)
{
	struct stat attr;
	char of[512];

	then = make(9, 0, 0);
	now = make(9, 0, 0);
	rounds(2, VERIFY_WARNED);
	again(VERIFY_WARNED);
	path_of_kept(0, of);
	assert_int_equal(stat(of, &attr), 0);
	for (off_t at = 0; at < attr.st_size; at += 61) {
		flip(of, at);
		expect_loss(HISTORY_CHANGED);
		flip(of, at);
	}
	again(VERIFY_WARNED);
	assert_int_equal(truncate(of, attr.st_size + 512), 0);
	expect_loss(HISTORY_CHANGED);
	assert_int_equal(truncate(of, attr.st_size - 512), 0);
	expect_loss(HISTORY_CHANGED);
	assert_int_equal(truncate(of, 0), 0);
	expect_loss(HISTORY_CHANGED);
}

TEST(a_file_that_is_missing)
{
	char of[512], away[600];

	then = make(9, 0, 0);
	now = make(9, 0, 0);
	rounds(2, VERIFY_WARNED);
	path_of_kept(0, of);
	snprintf(away, sizeof(away), "%s.away", of);
	assert_int_equal(rename(of, away), 0);
	expect_loss(HISTORY_MISSING);
	assert_int_equal(symlink(away, of), 0);
	expect_loss(HISTORY_NO_FILE);
	assert_int_equal(unlink(of), 0);
	assert_int_equal(mkdir(of, 0700), 0);
	expect_loss(HISTORY_NO_FILE);
	assert_int_equal(rmdir(of), 0);
	assert_int_equal(mkfifo(of, 0600), 0);
	expect_loss(HISTORY_NO_FILE);
	assert_int_equal(unlink(of), 0);
	assert_int_equal(rename(away, of), 0);
	again(VERIFY_WARNED);
}

/* Refused is worse than lost. */
TEST(a_loss_beside_what_is_refused)
{
	char of[512];

	then = make(9, 0, 0);
	now = make(9, 5, 0);
	rounds(2, VERIFY_WARNED);
	path_of_kept(0, of);
	assert_int_equal(unlink(of), 0);
	again(VERIFY_REJECTED);
	assert_int_equal(history.nr_losses, 1);
}

/* One file in the place of another is not what its verdict is about. */
TEST(files_that_changed_places)
{
	char a[512], b[512], c[600];

	then = make(9, 0, 0);
	now = make(9, 0, 0);
	rounds(2, VERIFY_WARNED);
	path_of_kept(0, a);
	path_of_kept(1, b);
	snprintf(c, sizeof(c), "%s/c", kept_path);
	assert_int_equal(rename(a, c) + rename(b, a) + rename(c, b), 0);
	again(VERIFY_NONE);
	assert_int_equal(history.nr_losses, 2);
	assert_int_equal(history.changes.nr_records, 0);
}

static void with_sqlite(const char *text)
{
	assert_int_equal(sqlite3_exec(store->db, text, NULL, NULL, NULL),
			 SQLITE_OK);
}

TEST(a_row_that_was_changed)
{
	then = make(9, 0, 0);
	now = make(9, 0, 0);
	rounds(2, VERIFY_WARNED);
	with_sqlite("UPDATE kept SET resets = 77 WHERE id = 1");
	again(VERIFY_NONE);
	assert_int_equal(history.losses[0].kind, HISTORY_UNPROVED);
	with_sqlite("UPDATE kept SET resets = 5, outcomes = NULL");
	again(VERIFY_WARNED);
	assert_int_equal(history.changes.nr_unknown, 6);
	with_sqlite("UPDATE kept SET checkpoint = NULL WHERE id = 2");
	again(VERIFY_NONE);
	assert_int_equal(history.losses[0].kind, HISTORY_UNCHAINED);
}

/* A checkpoint that the verifier's key signed, of another store. */
TEST(a_checkpoint_that_is_not_of_the_chain)
{
	then = make(9, 0, 0);
	now = make(9, 0, 0);
	rounds(3, VERIFY_WARNED);
	with_sqlite("UPDATE checkpoints SET sha256 = zeroblob(32) "
		    "WHERE sequence = 1");
	again(VERIFY_NONE);
	assert_int_equal(history.nr_losses, 1);
	assert_int_equal(history.losses[0].kind, HISTORY_UNCHAINED);
	assert_int_equal(history.nr_rounds, 3);
}

/* ---- what is not kept ------------------------------------------------------------------ */

TEST(rounds_before_keeping_began)
{
	uint32_t boot = machine.quote.clock.resets;

	then = make(20, 0, 0);
	now = make(20, 0, 0);
	open_store(false);
	one_round(&machine, "m", false, VERIFY_WARNED);
	again(VERIFY_NONE);
	assert_int_equal(history.nr_rounds, 0);
	open_store(true);
	made_machine_measure(&machine, 2);
	one_round(&machine, "m", false, VERIFY_WARNED);
	again(VERIFY_WARNED);
	assert_int_equal(history.nr_holes, 1);
	assert_false(history.holes[0].has_from);
	expect_place(&history.holes[0].to, boot, 4);
	/* In the middle, and at the end. */
	open_store(false);
	made_machine_measure(&machine, 1);
	one_round(&machine, "m", false, VERIFY_WARNED);
	again(VERIFY_WARNED);
	assert_int_equal(history.nr_holes, 2);
	expect_place(&history.holes[1].from, boot, 6);
	expect_place(&history.holes[1].to, boot, 7);
	open_store(true);
	made_machine_boot(&machine);
	one_round(&machine, "m", false, VERIFY_WARNED);
	again(VERIFY_WARNED);
	assert_int_equal(history.nr_holes, 2);
	expect_place(&history.holes[1].to, boot, 7);
}

/* Whoever is well but for a hole is not accepted. */
TEST(a_round_without_records_is_no_hole)
{
	then = make(9, 0, 0);
	now = make(9, 0, 0);
	rounds(1, VERIFY_WARNED);
	one_round(&machine, "m", false, VERIFY_WARNED);
	made_machine_measure(&machine, 1);
	one_round(&machine, "m", false, VERIFY_WARNED);
	one_round(&machine, "m", false, VERIFY_WARNED);
	again(VERIFY_WARNED);
	assert_int_equal(history.nr_rounds, 2);
	assert_int_equal(history.nr_holes, 0);
}

TEST(strays_are_named)
{
	struct history_strays strays = { 0 };
	char all[600];

	then = make(9, 0, 0);
	rounds(1, VERIFY_WARNED);
	assert_int_equal(store_find_strays(store, &strays), 0);
	assert_int_equal(strays.nr, 0);
	snprintf(all, sizeof(all), "%s/%s", kept_path, STRAY);
	assert_int_equal(symlink("/etc/passwd", all), 0);
	assert_int_equal(store_find_strays(store, &strays), 0);
	assert_int_equal(strays.nr, 1);
	assert_string_equal(strays.names[0], STRAY);
	snprintf(all, sizeof(all), "%s/new/%s", kept_path, STRAY);
	close(open(all, O_CREAT | O_WRONLY, 0600));
	assert_int_equal(store_find_strays(store, &strays), 0);
	assert_int_equal(strays.nr, 0); /* somebody is at it */
}

/* ---- and nothing else ------------------------------------------------------------------- */

static void get_checkpoint(struct imastage_buffer *envelope)
{
	assert_int_equal(store_get_checkpoint(store, "m", envelope), 0);
}

TEST(nothing_in_the_store_changes)
{
	const struct store_ask ask = { .machine = "m", .seconds = 60 };
	struct imastage_buffer a = { 0 }, b = { 0 };
	struct store_verdict last = { 0 };
	struct challenge challenge;

	then = make(9, 0, 0);
	now = make(9, 2, 0);
	rounds(2, VERIFY_WARNED);
	assert_int_equal(store_challenge(store, &ask, day, &challenge), 0);
	get_checkpoint(&a);
	again(VERIFY_REJECTED);
	get_checkpoint(&b);
	assert_int_equal(a.len, b.len);
	assert_memory_equal(a.data, b.data, a.len);
	assert_int_equal(store_last_verdict(store, "m", 0, &last), 0);
	assert_int_equal(last.id, 2);
	made_machine_measure(&machine, 1);
	storing_quote(&machine, &challenge);
	made_machine_pack(&machine, challenge.from, NULL, &file);
	judge(VERIFY_WARNED);
	free(a.data);
	free(b.data);
	free(last.reasons.data);
}

TEST(a_machine_that_is_barred)
{
	struct store_machine is;

	then = make(9, 0, 0);
	now = make(9, 0, 0);
	rounds(1, VERIFY_WARNED);
	machine.quote.clock.resets--;
	{
		const struct store_ask ask = { .machine = "m", .seconds = 60 };
		struct challenge challenge;

		assert_int_equal(store_challenge(store, &ask, day, &challenge),
				 0);
		storing_quote(&machine, &challenge);
		assert_true(storing_judge(store, &machine, &challenge, day,
					  &verdict) >= 0);
	}
	assert_int_equal(store_get_machine(store, "m", &is), 0);
	assert_true(*is.barred);
	again(VERIFY_REJECTED);
	assert_true(verify_has(&history.verdict, VERIFY_MACHINE_BARRED));
}

static bool never(void *context, size_t len)
{
	(void)context;
	(void)len;
	return false;
}

static void count(void *context)
{
	++*(unsigned int *)context;
}

TEST(it_can_be_ended)
{
	const struct verify_request policies = { .list_pcrs = 1u << 10 };
	const struct history_watch watch = { .go_on = never };
	unsigned int nr = 0;
	const struct history_watch counting = { .round = count,
						.context = &nr };

	rounds(2, VERIFY_WARNED);
	assert_int_equal(store_reverify(store, "m", &policies, &watch,
					&history),
			 -EINTR);
	assert_int_equal(history.result, VERIFY_NONE);
	assert_int_equal(
		store_reverify(store, "m", &policies, &counting, &history), 0);
	assert_int_equal(nr, 2);
	assert_int_equal(store_reverify(store, "x", &policies, NULL, &history),
			 STORE_UNKNOWN);
	assert_int_equal(history.result, VERIFY_NONE);
}

#define ONE(test) cmocka_unit_test_setup_teardown(test, begin, end)

TEST_MAIN(ONE(a_digest_that_is_denied_later), ONE(what_is_approved_later),
	  ONE(what_no_policy_judged), ONE(a_file_of_two_boots),
	  ONE(more_changes_than_are_shown),
	  ONE(what_retires_does_by_the_day_of_the_round),
	  ONE(history_of_the_keeper), ONE(from_record_0_again),
	  ONE(two_machines), ONE(a_file_that_was_changed),
	  ONE(a_file_that_is_missing), ONE(a_loss_beside_what_is_refused),
	  ONE(files_that_changed_places), ONE(a_row_that_was_changed),
	  ONE(a_checkpoint_that_is_not_of_the_chain),
	  ONE(rounds_before_keeping_began),
	  ONE(a_round_without_records_is_no_hole), ONE(strays_are_named),
	  ONE(nothing_in_the_store_changes), ONE(a_machine_that_is_barred),
	  ONE(it_can_be_ended), ONE(the_same_policy_changes_nothing))
