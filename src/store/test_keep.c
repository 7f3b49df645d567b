// SPDX-License-Identifier: MIT
/*
 * Evidence that is kept: which, under which names, and what becomes of what a kill leaves.
 */
#include "base/bytes.h"
#include "lib/policymaker.h"
#include "lib/storing.h"
#include "lib/testing.h"
#include "store/db.h"
#include "store/file.h"
#include "store/kept.h"
#include "store/outcomes.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <sys/file.h>
#include <sys/stat.h>

#define NOW 1000000
#define MARK "m.boot-0.0-3.00112233445566778899aabbccddeeff.evidence"
#define RANDOM "00112233445566778899aabbccddeeff"

static char folder[] = "/tmp/imastage-keep-XXXXXX";
static char path[64], kept_path[80], new_path[96];
static char said[4096];
static uint64_t now;
static struct store *store;
static struct made_machine machine;
static struct challenge challenge;
static struct verify_verdict verdict;
static struct imastage_buffer file;
static const struct policy *policy;

static void hear(void *context, enum say_level level, const char *text)
{
	size_t len = strlen(said);

	(void)context;
	(void)level;
	snprintf(said + len, sizeof(said) - len, "%s\n", text);
}

static int open_store(bool keep)
{
	static const struct say say = { hear, NULL };
	const struct store_options options = {
		.path = path, .create = true, .keep = keep, .say = &say
	};

	*said = '\0';
	return store_open(&options, &store);
}

static int begin(void **state)
{
	(void)state;
	strcpy(folder + sizeof(folder) - 7, "XXXXXX");
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/s.db", folder);
	snprintf(kept_path, sizeof(kept_path), "%s.evidence", path);
	snprintf(new_path, sizeof(new_path), "%s/new", kept_path);
	policy = NULL;
	assert_int_equal(open_store(true), 0);
	made_machine_init(&machine);
	now = NOW;
	assert_int_equal(storing_add(store, &machine, "m", NOW), 0);
	return 0;
}

/* Calls @each for each name; returns how many there are. */
static unsigned int names(const char *of,
			  void (*each)(const char *of, const char *name))
{
	DIR *dir = opendir(of);
	struct dirent *entry;
	unsigned int nr = 0;

	if (!dir)
		return 0;
	while ((entry = readdir(dir)) != NULL) {
		if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
			continue;
		nr++;
		if (each)
			each(of, entry->d_name);
	}
	closedir(dir);
	return nr;
}

static void remove_one(const char *of, const char *name)
{
	char all[512];

	snprintf(all, sizeof(all), "%s/%s", of, name);
	if (unlink(all) < 0)
		rmdir(all);
}

static int end(void **state)
{
	(void)state;
	assert_int_equal(store_check(store), 0);
	store_close(store);
	made_machine_fini(&machine);
	free(file.data);
	memset(&file, 0, sizeof(file));
	names(new_path, remove_one);
	names(kept_path, remove_one);
	rmdir(kept_path);
	names(folder, remove_one);
	return rmdir(folder);
}

static ssize_t read_left(void *context, void *data, size_t len)
{
	struct imastage_bytes *left = context;
	struct imastage_bytes piece = bytes_first(*left, len);

	if (piece.len > 0)
		memcpy(data, piece.data, piece.len);
	*left = bytes_skip(*left, piece.len);
	return (ssize_t)piece.len;
}

static int read_again(void *context)
{
	*(struct imastage_bytes *)context = bytes_of(file.data, file.len);
	return 0;
}

static enum verify_result judge(void)
{
	const struct verify_request policies = {
		.asked = { .nr = 1, .of = { { 0x000b, 0x7ff } } },
		.list_pcrs = 1u << 10,
		.policy = policy,
	};
	struct imastage_bytes left = bytes_of(file.data, file.len);
	const struct imastage_source source = { read_left, &left };
	const struct store_again again = { read_again, &left };

	assert_int_equal(store_verify_file(store, source, &again, &policies,
					   now, &verdict),
			 0);
	return verdict.result;
}

static void answer(size_t first)
{
	const struct store_ask is = { .machine = "m", .seconds = 60 };

	assert_int_equal(store_challenge(store, &is, now, &challenge), 0);
	storing_quote(&machine, &challenge);
	made_machine_pack(&machine, first, NULL, &file);
}

static uint64_t nr_kept(void)
{
	struct store_kept_sum sum;

	assert_int_equal(store_sum_kept(store, "m", &sum), 0);
	return sum.nr;
}

/* So many rows, as many files, and nothing on its way. */
static void expect_kept(unsigned int nr)
{
	assert_int_equal(nr_kept(), nr);
	assert_int_equal(names(kept_path, NULL), nr + 1);
	assert_int_equal(names(new_path, NULL), 0);
}

static void expect_mode(const char *of, mode_t mode)
{
	struct stat attr;

	assert_int_equal(lstat(of, &attr), 0);
	assert_int_equal(attr.st_mode & 07777, mode);
}

/* What is there is what was sent. */
static void expect_file(const struct store_kept *kept)
{
	uint8_t data[65536], hash[32];
	char all[512];
	FILE *is;
	size_t len;

	snprintf(all, sizeof(all), "%s/%s", kept_path, kept->name);
	expect_mode(all, 0600);
	is = fopen(all, "r");
	assert_non_null(is);
	len = fread(data, 1, sizeof(data), is);
	fclose(is);
	assert_int_equal(len, file.len);
	assert_int_equal(kept->bytes, file.len);
	assert_memory_equal(data, file.data, len);
	assert_int_equal(EVP_Digest(data, len, hash, NULL, EVP_sha256(), NULL),
			 1);
	assert_memory_equal(hash, kept->sha256, sizeof(hash));
}

/* ---- which, and how ------------------------------------------------------------ */

TEST(what_proves_something_is_kept)
{
	struct store_kept kept = { 0 };

	umask(0);
	answer(0);
	assert_int_equal(judge(), VERIFY_WARNED);
	expect_kept(1);
	expect_mode(kept_path, 0700);
	expect_mode(new_path, 0700);
	assert_int_equal(store_next_kept(store, "m", 0, &kept), 0);
	assert_int_equal(strncmp(kept.name, "m.boot-", 7), 0);
	assert_non_null(strstr(kept.name, ".0-3."));
	expect_file(&kept);
	assert_int_equal(kept.first, 0);
	assert_int_equal(kept.next, 4);
	assert_int_equal(kept.result, VERIFY_WARNED);
	assert_false(kept.has_policy);
	made_machine_measure(&machine, 2);
	answer(4);
	assert_int_equal(judge(), VERIFY_WARNED);
	expect_kept(2);
	assert_int_equal(store_next_kept(store, "m", kept.id, &kept), 0);
	assert_non_null(strstr(kept.name, ".4-5."));
	expect_file(&kept);
	assert_int_equal(store_next_kept(store, "m", kept.id, &kept),
			 STORE_UNKNOWN);
	free(kept.outcomes.data);
	umask(022);
}

TEST(nothing_new_is_not)
{
	answer(0);
	assert_int_equal(judge(), VERIFY_WARNED);
	answer(4);
	assert_int_equal(judge(), VERIFY_WARNED);
	assert_true(verdict.proved);
	expect_kept(1);
}

TEST(what_proves_nothing_is_not)
{
	answer(0);
	file.len--;
	assert_int_equal(judge(), VERIFY_REJECTED);
	expect_kept(0);
	answer(0);
	machine.list[machine.ends[1] + 40] ^= 1;
	made_machine_pack(&machine, 0, NULL, &file);
	assert_int_equal(judge(), VERIFY_REJECTED); /* read twice */
	machine.list[machine.ends[1] + 40] ^= 1;
	expect_kept(0);
	made_machine_pack(&machine, 0, NULL, &file);
	assert_int_equal(judge(), VERIFY_REJECTED);
	assert_true(verify_has(&verdict, VERIFY_QUOTE_USED));
	expect_kept(0);
}

TEST(only_where_it_is_wanted)
{
	store_close(store);
	assert_int_equal(open_store(false), 0);
	answer(0);
	assert_int_equal(judge(), VERIFY_WARNED);
	assert_int_equal(nr_kept(), 0);
}

/* Refused for its files, it is what one wants to judge again. */
TEST(what_a_policy_refuses_is_kept_with_its_outcomes)
{
	struct policy *other =
		make_policy(bytes_of(machine.list, machine.len), MADE_OTHER);
	struct store_kept kept = { 0 };
	struct outcomes_reader reader;
	struct outcome outcome;

	policy = other;
	answer(0);
	assert_int_equal(judge(), VERIFY_REJECTED);
	expect_kept(1);
	assert_int_equal(store_next_kept(store, "m", 0, &kept), 0);
	assert_true(kept.has_policy);
	assert_memory_equal(kept.policy, policy_hash(other), 32);
	reader = (struct outcomes_reader){
		.left = bytes_of(kept.outcomes.data, kept.outcomes.len)
	};
	outcome = outcomes_next(&reader);
	assert_int_equal(outcome.outcome, POLICY_BY_REPLAY);
	assert_int_equal(outcome.level, VERIFY_NOTE);
	for (int i = 0; i < 3; i++) {
		outcome = outcomes_next(&reader);
		assert_int_equal(outcome.outcome, POLICY_DIFFERS);
		assert_int_equal(outcome.level, VERIFY_FAILURE);
	}
	assert_false(outcomes_next(&reader).known);
	free(kept.outcomes.data);
	policy_free(other);
}

TEST(ids_are_any_text)
{
	struct made_machine other;
	struct store_machine is;
	char id[EVIDENCE_ID_MAX + 1];
	struct store_kept kept = { 0 };

	memset(id, '/', sizeof(id) - 1);
	memcpy(id, "../a b", 6);
	id[sizeof(id) - 1] = '\0';
	made_machine_init(&other);
	assert_int_equal(storing_add(store, &other, id, NOW), 0);
	assert_int_equal(store_get_machine(store, id, &is), 0);
	{
		const struct store_ask ask = { .machine = id, .seconds = 60 };

		assert_int_equal(store_challenge(store, &ask, NOW, &challenge),
				 0);
	}
	storing_quote(&other, &challenge);
	made_machine_pack(&other, 0, NULL, &file);
	assert_int_equal(judge(), VERIFY_WARNED);
	assert_int_equal(store_next_kept(store, id, 0, &kept), 0);
	assert_int_equal(strncmp(kept.name, "___a_b____", 10), 0);
	expect_file(&kept);
	free(kept.outcomes.data);
	made_machine_fini(&other);
}

/* ---- what others left ------------------------------------------------------------- */

static void put(const char *of, const char *name)
{
	char all[512];
	int fd;

	snprintf(all, sizeof(all), "%s/%s", of, name);
	fd = open(all, O_WRONLY | O_CREAT, 0600);
	assert_true(fd >= 0);
	close(fd);
}

static bool is_there(const char *of, const char *name)
{
	char all[512];
	struct stat attr;

	snprintf(all, sizeof(all), "%s/%s", of, name);
	return lstat(all, &attr) == 0;
}

static void reopen(void)
{
	store_close(store);
	assert_int_equal(open_store(true), 0);
}

TEST(what_a_kill_left_before_the_commit_goes)
{
	put(new_path, RANDOM);
	put(new_path, MARK);
	put(kept_path, MARK);
	reopen();
	expect_kept(0);
	put(new_path, MARK);
	reopen();
	expect_kept(0);
	assert_string_equal(said, "");
}

TEST(what_a_kill_left_behind_the_commit_stays)
{
	struct store_kept kept = { 0 };

	answer(0);
	assert_int_equal(judge(), VERIFY_WARNED);
	assert_int_equal(store_next_kept(store, "m", 0, &kept), 0);
	put(new_path, kept.name);
	reopen();
	expect_kept(1);
	assert_true(is_there(kept_path, kept.name));
	free(kept.outcomes.data);
}

TEST(what_somebody_is_at_is_left_alone)
{
	char all[512];
	int fd;

	snprintf(all, sizeof(all), "%s/" MARK, new_path);
	put(new_path, MARK);
	put(kept_path, MARK);
	fd = open(all, O_RDONLY);
	assert_int_equal(flock(fd, LOCK_EX), 0);
	reopen();
	assert_true(is_there(kept_path, MARK) && is_there(new_path, MARK));
	close(fd);
	reopen();
	expect_kept(0);
}

TEST(what_is_no_evidence_is_passed_over_by_name)
{
	char all[512];

	snprintf(all, sizeof(all), "%s/" RANDOM, new_path);
	assert_int_equal(symlink("/etc/passwd", all), 0);
	put(new_path, "notes");
	reopen();
	assert_non_null(strstr(said, "new/" RANDOM ": is not evidence"));
	assert_non_null(strstr(said, "new/notes: is not evidence"));
	assert_true(is_there(new_path, "notes") && is_there(new_path, RANDOM));
	answer(0);
	assert_int_equal(judge(), VERIFY_WARNED);
	assert_int_equal(nr_kept(), 1);
}

TEST(a_folder_that_is_none_is_refused)
{
	char elsewhere[80];

	snprintf(elsewhere, sizeof(elsewhere), "%s/elsewhere", folder);
	store_close(store);
	assert_int_equal(rename(kept_path, elsewhere), 0);
	assert_int_equal(symlink("elsewhere", kept_path), 0);
	assert_int_equal(open_store(true), -ELOOP);
	assert_non_null(strstr(said, "s.db.evidence: is no folder"));
	assert_int_equal(unlink(kept_path), 0);
	assert_int_equal(rename(elsewhere, kept_path), 0);
	assert_int_equal(rename(new_path, elsewhere), 0);
	assert_int_equal(symlink("../elsewhere", new_path), 0);
	assert_int_equal(open_store(true), -ELOOP);
	assert_int_equal(unlink(new_path), 0);
	assert_int_equal(rename(elsewhere, new_path), 0);
	assert_int_equal(chmod(kept_path, 0777), 0);
	assert_int_equal(open_store(true), 0);
	expect_mode(kept_path, 0700);
}

/* ---- the life of a store ------------------------------------------------------------ */

TEST(a_machine_goes_with_its_evidence)
{
	answer(0);
	assert_int_equal(judge(), VERIFY_WARNED);
	put(kept_path, "m2.boot-1.0-3." RANDOM ".evidence");
	put(kept_path, "m.notes");
	assert_int_equal(store_remove_machine(store, "m", "sold", NOW), 0);
	assert_int_equal(nr_kept(), 0);
	assert_int_equal(names(kept_path, NULL), 3);
	assert_true(is_there(kept_path, "m.notes"));
	assert_true(is_there(kept_path, "m2.boot-1.0-3." RANDOM ".evidence"));
}

/* Its verdicts stay, and it goes on. */
TEST(evidence_goes_when_it_is_old)
{
	struct store_verdict last = { 0 };
	struct store_kept_sum removed;
	struct store_kept kept = { 0 };

	answer(0);
	assert_int_equal(judge(), VERIFY_WARNED);
	now = NOW + 5000;
	made_machine_measure(&machine, 2);
	answer(4);
	assert_int_equal(judge(), VERIFY_WARNED);
	assert_int_equal(store_forget_kept(store, "m", NOW - 1, "old", now,
					   &removed),
			 0);
	assert_int_equal(removed.nr, 0);
	expect_kept(2);
	put(kept_path, "m.boot-1.0-3." RANDOM ".evidence"); /* of a kill */
	put(kept_path, "m2.boot-1.0-3." RANDOM ".evidence");
	assert_int_equal(
		store_forget_kept(store, "m", NOW, "old", now, &removed), 0);
	assert_int_equal(removed.nr, 1);
	assert_true(removed.bytes > 0);
	assert_int_equal(nr_kept(), 1);
	assert_false(is_there(kept_path, "m.boot-1.0-3." RANDOM ".evidence"));
	assert_int_equal(names(kept_path, remove_one), 3);
	assert_int_equal(store_next_kept(store, "m", 0, &kept), 0);
	assert_int_equal(kept.first, 4);
	free(kept.outcomes.data);
	assert_int_equal(store_last_verdict(store, "m", 0, &last), 0);
	assert_int_equal(last.next, 6);
	free(last.reasons.data);
	assert_int_equal(store_forget_kept(store, "n", NOW, "old", now,
					   &removed),
			 STORE_UNKNOWN);
}

TEST(a_group_keeps_nothing)
{
	struct imastage_bytes left;
	const struct imastage_source source = { read_left, &left };
	const struct verify_request policies = { .list_pcrs = 1u << 10 };

	answer(0);
	left = bytes_of(file.data, file.len);
	assert_int_equal(store_begin_group(store), 0);
	assert_int_equal(store_verify_file(store, source, NULL, &policies, NOW,
					   &verdict),
			 -EINVAL);
	assert_int_equal(verdict.result, VERIFY_NONE);
	assert_int_equal(store_end_group(store), 0);
	expect_kept(0);
	assert_int_equal(judge(), VERIFY_WARNED);
}

/* One that was made before evidence was kept. */
TEST(an_older_store_is_upgraded)
{
	struct sqlite3 *db;

	answer(0);
	store_close(store);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(
		sqlite3_exec(db, "DROP TABLE kept; PRAGMA user_version = 1",
			     NULL, NULL, NULL),
		SQLITE_OK);
	sqlite3_close(db);
	assert_int_equal(open_store(true), 0);
	assert_int_equal(judge(), VERIFY_WARNED);
	expect_kept(1);
	reopen();
	expect_kept(1);
}

#define ONE(test) cmocka_unit_test_setup_teardown(test, begin, end)

TEST_MAIN(ONE(what_proves_something_is_kept), ONE(nothing_new_is_not),
	  ONE(what_proves_nothing_is_not), ONE(only_where_it_is_wanted),
	  ONE(what_a_policy_refuses_is_kept_with_its_outcomes),
	  ONE(ids_are_any_text), ONE(what_a_kill_left_before_the_commit_goes),
	  ONE(what_a_kill_left_behind_the_commit_stays),
	  ONE(what_somebody_is_at_is_left_alone),
	  ONE(what_is_no_evidence_is_passed_over_by_name),
	  ONE(a_folder_that_is_none_is_refused),
	  ONE(a_machine_goes_with_its_evidence),
	  ONE(evidence_goes_when_it_is_old), ONE(a_group_keeps_nothing),
	  ONE(an_older_store_is_upgraded))
