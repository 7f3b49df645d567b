// SPDX-License-Identifier: MIT
/*
 * The store: machines, enrolment, challenges that are good once, rounds that go on from
 * one another, and what ends a machine's good days.
 */
#include "base/bytes.h"
#include "lib/storing.h"
#include "lib/testing.h"
#include "log/buffer.h"

#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define NOW 1000000

static char folder[] = "/tmp/imastage-store-XXXXXX";
static char path[64], key_path[72], said[4096];
static struct store *store;
static struct made_machine machine;
static struct verify_verdict verdict;

static void remember(void *context, enum say_level level, const char *text)
{
	(void)context;
	(void)level;
	snprintf(said, sizeof(said), "%s", text);
}

static const struct say say_to = { remember, NULL };

static struct store_options options(bool create)
{
	return (struct store_options){ .path = path,
				       .create = create,
				       .say = &say_to };
}

static int make_folder(void **state)
{
	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/s.db", folder);
	snprintf(key_path, sizeof(key_path), "%s.key", path);
	return 0;
}

static int remove_folder(void **state)
{
	(void)state;
	return rmdir(folder);
}

static void reopen(void)
{
	const struct store_options is = options(false);

	store_close(store);
	store = NULL;
	assert_int_equal(store_open(&is, &store), 0);
}

static int begin(void **state)
{
	const struct store_options is = options(true);

	(void)state;
	assert_int_equal(store_open(&is, &store), 0);
	made_machine_init(&machine);
	assert_int_equal(storing_add(store, &machine, "m", NOW), 0);
	return 0;
}

static int end(void **state)
{
	static const char *const suffixes[] = { "", "-wal", "-shm", ".key",
						".old" };
	char name[128];

	(void)state;
	assert_int_equal(store_check(store), 0);
	store_close(store);
	store = NULL;
	made_machine_fini(&machine);
	for (size_t i = 0; i < ARRAY_SIZE(suffixes); i++) {
		snprintf(name, sizeof(name), "%s%s", path, suffixes[i]);
		unlink(name);
	}
	return 0;
}

static enum verify_result round_of(void)
{
	assert_int_equal(storing_round(store, &machine, "m", NOW, &verdict), 0);
	return verdict.result;
}

static bool has(enum verify_id id)
{
	return verify_has(&verdict, id);
}

/* ---- the file ---------------------------------------------------------------------- */

TEST(is_made_once)
{
	char id[STORE_ID_LEN + 1];
	struct stat attr;

	snprintf(id, sizeof(id), "%s", store_verifier(store));
	assert_int_equal(strlen(id), STORE_ID_LEN);
	assert_int_equal(stat(path, &attr), 0);
	assert_int_equal(attr.st_mode & 0777, 0600);
	assert_int_equal(stat(key_path, &attr), 0);
	assert_int_equal(attr.st_mode & 0777, 0600);
	reopen();
	assert_string_equal(store_verifier(store), id);
}

static int open_now(void)
{
	const struct store_options is = options(false);
	struct store *another;
	int r = store_open(&is, &another);

	if (r == 0)
		store_close(another);
	return r;
}

static void with_sqlite(const char *text)
{
	struct sqlite3 *db;

	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, text, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
}

TEST(what_is_no_store)
{
	with_sqlite("PRAGMA user_version = 3");
	assert_int_equal(open_now(), -ENOTSUP);
	assert_non_null(strstr(said, "a newer imastage"));
	with_sqlite("PRAGMA user_version = 2; PRAGMA application_id = 7");
	assert_int_equal(open_now(), -EBADMSG);
	assert_non_null(strstr(said, "not the store of a verifier"));
	with_sqlite("PRAGMA application_id = 1229805139; CREATE TABLE a (b)");
	assert_int_equal(open_now(), -EBADMSG);
	with_sqlite("DROP TABLE a; CREATE TRIGGER t AFTER INSERT ON verdicts "
		    "BEGIN DELETE FROM verdicts; END");
	assert_int_equal(open_now(), -EBADMSG);
	with_sqlite("DROP TRIGGER t");
	assert_int_equal(open_now(), 0);
}

static void write_file(const char *name, const char *text)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

TEST(files_that_are_missing_or_none)
{
	struct store_options is = options(false);
	struct store *another;
	char other[128];

	snprintf(other, sizeof(other), "%s.old", path);
	is.path = other;
	assert_int_equal(store_open(&is, &another), -ENOENT);
	write_file(other, "this is a text and no database at all");
	assert_int_equal(store_open(&is, &another), -EBADMSG);
	is.create = true;
	assert_int_equal(store_open(&is, &another), -EBADMSG);
	write_file(other, "");
	is.create = false;
	assert_int_equal(store_open(&is, &another), -ENOENT);
}

TEST(keys_of_others)
{
	struct store_options is = options(false);
	char old[128];
	const char *accepted[] = { old };
	struct store *another;

	assert_int_equal(round_of(), VERIFY_WARNED);
	assert_int_equal(chmod(key_path, 0640), 0);
	assert_int_equal(open_now(), -EACCES);
	assert_int_equal(chmod(key_path, 0600), 0);
	snprintf(old, sizeof(old), "%s.old", path);
	assert_int_equal(rename(key_path, old), 0);
	assert_int_equal(open_now(), -ENOENT);
	is.create = true;
	assert_int_equal(store_open(&is, &another), 0); /* a new key */
	assert_int_equal(storing_round(another, &machine, "m", NOW, &verdict),
			 -EBADMSG);
	assert_non_null(strstr(said, "no accepted key"));
	store_close(another);
	is.accepted = accepted;
	is.nr_accepted = 1;
	assert_int_equal(store_open(&is, &another), 0);
	assert_int_equal(storing_round(another, &machine, "m", NOW, &verdict),
			 0);
	assert_true(verdict.continues);
	store_close(another);
	write_file(key_path, "-----BEGIN PRIVATE KEY-----\n");
	assert_int_equal(open_now(), -EBADMSG);
}

/* ---- machines ------------------------------------------------------------------------ */

TEST(machines_come_and_go)
{
	static struct store_machine found;
	struct made_machine other;

	assert_int_equal(storing_add(store, &machine, "m", NOW), STORE_EXISTS);
	assert_int_equal(storing_add(store, &machine, "n", NOW), STORE_EXISTS);
	made_machine_init(&other);
	assert_int_equal(storing_add(store, &other, "m", NOW), STORE_EXISTS);
	assert_int_equal(storing_add(store, &other, "", NOW), 0);
	assert_int_equal(store_next_machine(store, "", &found), 0);
	assert_int_equal(strlen(found.id), STORE_ID_LEN);
	assert_int_equal(store_next_machine(store, found.id, &found), 0);
	assert_string_equal(found.id, "m");
	assert_int_equal(store_next_machine(store, "m", &found), STORE_UNKNOWN);
	assert_int_equal(round_of(), VERIFY_WARNED);
	assert_int_equal(store_remove_machine(store, "m", "sold", NOW), 0);
	assert_int_equal(store_remove_machine(store, "m", "", NOW),
			 STORE_UNKNOWN);
	assert_int_equal(store_get_machine(store, "m", &found), STORE_UNKNOWN);
	assert_int_equal(storing_round(store, &machine, "m", NOW, &verdict),
			 STORE_UNKNOWN);
	made_machine_fini(&other);
}

static const struct imastage_bytes secret = { (const uint8_t *)"secret", 6 };
static const struct imastage_bytes wrong = { (const uint8_t *)"secreu", 6 };

static struct store_machine candidate(const struct made_machine *of, uint8_t ek)
{
	struct store_machine is = { .trust = STORE_EK_CERTIFICATE,
				    .trusted = "CN=tpm",
				    .ek_name = { 3, { 0, 11, ek } } };
	struct evidence_public public;
	struct evidence_error error;

	is.ak.len = of->key.len;
	memcpy(is.ak.data, of->key.area, of->key.len);
	assert_int_equal(evidence_public_parse(message_view(&is.ak), &public,
					       &error),
			 0);
	assert_int_equal(evidence_public_name(&public, &is.ak_name), 0);
	return is;
}

TEST(enrolment)
{
	static struct store_machine is, found;
	struct made_machine other;

	made_machine_init(&other);
	is = candidate(&other, 1);
	assert_int_equal(store_begin_enrolment(store, &is, secret, NOW), 0);
	assert_int_equal(store_get_machine(store, is.id, &found),
			 STORE_UNKNOWN);
	assert_int_equal(store_end_enrolment(store, "x", secret, NOW, &found),
			 STORE_UNKNOWN);
	assert_int_equal(store_end_enrolment(store, is.id, wrong, NOW, &found),
			 STORE_WRONG);
	assert_int_equal(store_end_enrolment(store, is.id, secret,
					     NOW + STORE_ENROLMENT_SECONDS + 1,
					     &found),
			 STORE_EXPIRED);
	assert_int_equal(store_end_enrolment(store, is.id, secret, NOW, &found),
			 0);
	assert_string_equal(found.trusted, "CN=tpm");
	assert_int_equal(store_end_enrolment(store, is.id, secret, NOW, &found),
			 STORE_UNKNOWN);
	assert_int_equal(storing_round(store, &other, is.id, NOW, &verdict), 0);
	assert_int_equal(verdict.result, VERIFY_WARNED);
	made_machine_fini(&other);
}

/* Reinstalled: a new key in the same TPM is the same machine, and begins anew. */
TEST(enrolled_again)
{
	static struct store_machine first, second, found;
	struct made_machine old, new;

	made_machine_init(&old);
	made_machine_init(&new);
	first = candidate(&old, 1);
	assert_int_equal(store_begin_enrolment(store, &first, secret, NOW), 0);
	assert_int_equal(
		store_end_enrolment(store, first.id, secret, NOW, &found), 0);
	assert_int_equal(storing_round(store, &old, first.id, NOW, &verdict),
			 0);
	second = candidate(&new, 1);
	assert_int_equal(store_begin_enrolment(store, &second, secret, NOW), 0);
	assert_string_equal(second.id, first.id);
	assert_int_equal(
		store_end_enrolment(store, first.id, secret, NOW, &found), 0);
	assert_int_equal(storing_round(store, &new, first.id, NOW, &verdict),
			 0);
	assert_int_equal(verdict.result, VERIFY_WARNED);
	assert_true(has(VERIFY_CLOCK_FIRST));
	assert_int_equal(storing_round(store, &old, first.id, NOW, &verdict),
			 0);
	assert_int_equal(verdict.result, VERIFY_REJECTED);
	/* A key of another machine is not taken from it. */
	second = candidate(&machine, 2);
	assert_int_equal(store_begin_enrolment(store, &second, secret, NOW), 0);
	assert_int_equal(store_end_enrolment(store, second.id, secret, NOW,
					     &found),
			 STORE_EXISTS);
	made_machine_fini(&old);
	made_machine_fini(&new);
}

/* ---- challenges ------------------------------------------------------------------------- */

static const struct store_ask ask_m = { .machine = "m", .seconds = 60 };

TEST(a_challenge_is_good_once)
{
	struct challenge challenge;

	assert_int_equal(store_challenge(store, &ask_m, NOW, &challenge), 0);
	storing_quote(&machine, &challenge);
	assert_int_equal(
		storing_judge(store, &machine, &challenge, NOW, &verdict), 0);
	assert_int_equal(verdict.result, VERIFY_WARNED);
	reopen();
	assert_int_equal(
		storing_judge(store, &machine, &challenge, NOW, &verdict), 0);
	assert_int_equal(verdict.result, VERIFY_REJECTED);
	assert_true(has(VERIFY_QUOTE_USED));
	assert_int_equal(round_of(), VERIFY_WARNED); /* and does no harm */
}

TEST(a_challenge_expires)
{
	struct challenge challenge;

	assert_int_equal(store_challenge(store, &ask_m, NOW, &challenge), 0);
	storing_quote(&machine, &challenge);
	assert_int_equal(storing_judge(store, &machine, &challenge, NOW + 61,
				       &verdict),
			 0);
	assert_true(has(VERIFY_QUOTE_EXPIRED));
	assert_int_equal(verdict.result, VERIFY_REJECTED);
}

TEST(challenges_of_others)
{
	struct challenge challenge;

	assert_int_equal(store_challenge(store, &ask_m, NOW, &challenge), 0);
	snprintf(challenge.verifier, sizeof(challenge.verifier), "another");
	storing_quote(&machine, &challenge);
	assert_int_equal(storing_judge(store, &machine, &challenge, NOW,
				       &verdict),
			 STORE_UNKNOWN);
}

TEST(the_oldest_of_too_many_ends)
{
	struct challenge first, last;

	assert_int_equal(store_challenge(store, &ask_m, NOW - 1, &first), 0);
	for (unsigned int i = 0; i < STORE_CHALLENGES_MAX; i++)
		assert_int_equal(store_challenge(store, &ask_m, NOW, &last), 0);
	storing_quote(&machine, &first);
	assert_int_equal(storing_judge(store, &machine, &first, NOW, &verdict),
			 STORE_UNKNOWN);
	storing_quote(&machine, &last);
	assert_int_equal(storing_judge(store, &machine, &last, NOW, &verdict),
			 0);
}

/* ---- rounds ---------------------------------------------------------------------------------- */

TEST(rounds_go_on)
{
	struct challenge challenge;

	for (unsigned int i = 0; i < 20; i++) {
		assert_int_equal(round_of(), VERIFY_WARNED);
		assert_int_equal(verdict.continues, i > 0);
		assert_int_equal(verdict.next_index, machine.nr);
		assert_true(has(VERIFY_MACHINE_TRUSTED));
		made_machine_measure(&machine, i % 4);
		if (i % 5 == 0)
			reopen();
	}
	assert_int_equal(store_challenge(store, &ask_m, NOW, &challenge), 0);
	assert_int_equal(challenge.from, verdict.next_index);
	assert_int_equal(challenge.resets, machine.quote.clock.resets);
	made_machine_boot(&machine);
	assert_int_equal(round_of(), VERIFY_WARNED);
	assert_int_equal(verdict.first_index, 0);
	assert_false(has(VERIFY_CLOCK_FIRST));
	assert_int_equal(round_of(), VERIFY_WARNED);
	assert_true(verdict.continues);
}

TEST(other_pcrs_begin_anew)
{
	const struct store_ask ask = { .machine = "m",
				       .seconds = 60,
				       .pcrs = { 1, { { 0x000c, 0x400 } } } };
	struct challenge challenge;

	assert_int_equal(round_of(), VERIFY_WARNED);
	assert_int_equal(store_challenge(store, &ask, NOW, &challenge), 0);
	assert_int_equal(challenge.from, 0);
}

/* A list that does not lead to a genuine quote: no later round of this boot is better. */
TEST(lost_records_are_not_forgotten)
{
	struct store_ask ask = ask_m;
	struct challenge challenge;
	uint8_t *byte;

	assert_int_equal(round_of(), VERIFY_WARNED);
	made_machine_measure(&machine, 2);
	byte = &machine.list[machine.ends[4] - 3];
	*byte ^= 1;
	assert_int_equal(round_of(), VERIFY_REJECTED);
	assert_true(has(VERIFY_LOG_REPLAY) && has(VERIFY_LOG_DIGEST));
	*byte ^= 1;
	reopen();
	assert_int_equal(round_of(), VERIFY_REJECTED);
	assert_true(verdict.proved);
	assert_int_equal(round_of(), VERIFY_REJECTED);
	/* All of it is looked at again, and is well. */
	ask.reverify = true;
	assert_int_equal(store_challenge(store, &ask, NOW, &challenge), 0);
	assert_int_equal(challenge.from, 0);
	storing_quote(&machine, &challenge);
	assert_int_equal(
		storing_judge(store, &machine, &challenge, NOW, &verdict), 0);
	assert_int_equal(verdict.result, VERIFY_WARNED);
	assert_int_equal(round_of(), VERIFY_WARNED);
	/* So it is after a boot. */
	made_machine_measure(&machine, 1);
	machine.list[machine.ends[6] - 3] ^= 1;
	assert_int_equal(round_of(), VERIFY_REJECTED);
	made_machine_boot(&machine);
	assert_int_equal(round_of(), VERIFY_WARNED);
}

/* Garbage that anybody can send bars nobody. */
TEST(what_is_not_genuine_leaves_no_trace)
{
	struct challenge challenge;

	assert_int_equal(round_of(), VERIFY_WARNED);
	assert_int_equal(store_challenge(store, &ask_m, NOW, &challenge), 0);
	machine.quote.clock.resets--;
	machine.list[machine.ends[3] - 3] ^= 1;
	storing_quote(&machine, &challenge);
	machine.made.sig[10] ^= 1;
	assert_int_equal(
		storing_judge(store, &machine, &challenge, NOW, &verdict), 0);
	assert_int_equal(verdict.result, VERIFY_REJECTED);
	machine.quote.clock.resets++;
	machine.list[machine.ends[3] - 3] ^= 1;
	assert_int_equal(round_of(), VERIFY_WARNED);
}

TEST(a_clone_is_barred)
{
	struct evidence_clock before = machine.quote.clock;

	for (unsigned int i = 0; i < 5; i++)
		assert_int_equal(round_of(), VERIFY_WARNED);
	machine.quote.clock = before; /* a snapshot is restored */
	assert_int_equal(round_of(), VERIFY_REJECTED);
	assert_true(has(VERIFY_CLOCK_BACK));
	machine.quote.clock.clock += 100000;
	assert_int_equal(round_of(), VERIFY_REJECTED);
	assert_true(has(VERIFY_MACHINE_BARRED));
	made_machine_boot(&machine);
	reopen();
	assert_int_equal(round_of(), VERIFY_REJECTED);
	assert_true(has(VERIFY_MACHINE_BARRED));
	assert_int_equal(store_readmit_machine(store, "x", "", NOW),
			 STORE_UNKNOWN);
	machine.quote.clock = before;
	assert_int_equal(
		store_readmit_machine(store, "m", "restored by me", NOW), 0);
	assert_int_equal(round_of(), VERIFY_WARNED);
	assert_true(has(VERIFY_CLOCK_FIRST));
	assert_int_equal(round_of(), VERIFY_WARNED);
	assert_true(verdict.continues);
}

TEST(other_starts)
{
	static struct store_round round;
	struct verify_request request = { 0 };
	struct challenge challenge;
	uint8_t bound[EVIDENCE_BOUND_LEN];

	assert_int_equal(round_of(), VERIFY_WARNED);
	assert_int_equal(store_challenge(store, &ask_m, NOW, &challenge), 0);
	assert_int_equal(evidence_bind(message_view(&challenge.nonce),
				       bytes_of_text(challenge.verifier),
				       bytes_of_text("m"), bound),
			 0);
	assert_int_equal(store_begin(store, bytes_of(bound, sizeof(bound)), NOW,
				     &round),
			 0);
	assert_int_equal(store_request(store, &round, 3, &request),
			 STORE_OTHER_START);
	assert_int_equal(store_request(store, &round, 5, &request),
			 STORE_OTHER_START);
	assert_int_equal(store_request(store, &round, 4, &request), 0);
	assert_non_null(request.start);
	assert_int_equal(store_request(store, &round, 0, &request), 0);
	assert_null(request.start);
	assert_int_equal(request.known_next, 4);
}

/* ---- two at once ---------------------------------------------------------------------------- */

/* Both have begun with the same challenge: one verdict counts. */
TEST(two_with_one_challenge)
{
	const struct store_options is = options(false);
	static struct store_round mine, theirs;
	struct verify_request request = { 0 };
	struct challenge challenge;
	struct store *other;

	assert_int_equal(store_open(&is, &other), 0);
	assert_int_equal(store_challenge(store, &ask_m, NOW, &challenge), 0);
	storing_quote(&machine, &challenge);
	assert_int_equal(
		store_begin(store, machine.quote.qualifying, NOW, &mine), 0);
	assert_int_equal(
		store_begin(other, machine.quote.qualifying, NOW, &theirs), 0);
	assert_int_equal(store_request(store, &mine, 0, &request), 0);
	assert_int_equal(made_machine_verify(&machine, &request, &verdict), 0);
	assert_int_equal(store_commit(store, &mine, &verdict, NOW), 0);
	assert_int_equal(store_commit(other, &theirs, &verdict, NOW),
			 STORE_CHANGED);
	verdict.proved = false;
	assert_int_equal(
		store_begin(store, machine.quote.qualifying, NOW, &mine), 0);
	mine.state = VERIFY_CHALLENGE_OPEN; /* as if it had been */
	assert_int_equal(store_commit(store, &mine, &verdict, NOW), STORE_USED);
	store_close(other);
}

TEST(removed_or_readmitted_meanwhile)
{
	static struct store_round round;
	struct challenge challenge;

	for (unsigned int i = 0; i < 2; i++) {
		assert_int_equal(round_of(), VERIFY_WARNED);
		assert_int_equal(
			store_challenge(store, &ask_m, NOW, &challenge), 0);
		storing_quote(&machine, &challenge);
		assert_int_equal(store_begin(store, machine.quote.qualifying,
					     NOW, &round),
				 0);
		if (i == 0)
			store_readmit_machine(store, "m", "", NOW);
		else
			store_remove_machine(store, "m", "", NOW);
		assert_int_equal(store_commit(store, &round, &verdict, NOW),
				 i == 0 ? STORE_CHANGED : STORE_UNKNOWN);
	}
}

#define ROUNDS 15

static void be_other_process(void)
{
	const struct store_options is = options(false);
	static struct made_machine mine;
	struct store *own;

	made_machine_init(&mine);
	if (store_open(&is, &own) < 0 || storing_add(own, &mine, "n", NOW))
		_exit(1);
	for (unsigned int i = 0; i < ROUNDS; i++) {
		made_machine_measure(&mine, 1);
		if (storing_round(own, &mine, "n", NOW, &verdict) ||
		    verdict.result != VERIFY_WARNED)
			_exit(2);
	}
	store_close(own);
	made_machine_fini(&mine);
	_exit(0);
}

static unsigned int nr_verdicts(const char *id)
{
	struct store_verdict last = { 0 };
	unsigned int nr = 0;
	int r;

	while ((r = store_last_verdict(store, id, last.id, &last)) == 0)
		nr++;
	assert_int_equal(r, STORE_UNKNOWN);
	free(last.reasons.data);
	return nr;
}

TEST(two_processes)
{
	int status;
	pid_t pid;

	store_close(store); /* SQLite's files are not for children */
	store = NULL;
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		be_other_process();
	reopen();
	for (unsigned int i = 0; i < ROUNDS; i++) {
		made_machine_measure(&machine, 1);
		assert_int_equal(round_of(), VERIFY_WARNED);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(nr_verdicts("m"), ROUNDS);
	assert_int_equal(nr_verdicts("n"), ROUNDS);
}

TEST(a_group_of_rounds)
{
	assert_int_equal(store_begin_group(store), 0);
	for (unsigned int i = 0; i < 5; i++) {
		made_machine_measure(&machine, 1);
		assert_int_equal(round_of(), VERIFY_WARNED);
	}
	assert_int_equal(storing_round(store, &machine, "x", NOW, &verdict),
			 STORE_UNKNOWN);
	assert_int_equal(store_end_group(store), 0);
	reopen();
	assert_int_equal(nr_verdicts("m"), 5);
	assert_int_equal(round_of(), VERIFY_WARNED);
	assert_true(verdict.continues);
}

/* ---- checkpoints ------------------------------------------------------------------------------ */

TEST(which_checkpoint_it_is)
{
	struct imastage_buffer first = { 0 }, second = { 0 }, none = { 0 };
	struct made_machine other;

	assert_int_equal(store_get_checkpoint(store, "m", &none),
			 STORE_UNKNOWN);
	assert_int_equal(round_of(), VERIFY_WARNED);
	assert_int_equal(store_get_checkpoint(store, "m", &first), 0);
	assert_int_equal(store_judge_checkpoint(
				 store, "m", bytes_of(first.data, first.len)),
			 0);
	assert_int_equal(round_of(), VERIFY_WARNED);
	assert_int_equal(store_get_checkpoint(store, "m", &second), 0);
	assert_int_equal(store_judge_checkpoint(
				 store, "m", bytes_of(first.data, first.len)),
			 STORE_OLDER);
	made_machine_init(&other);
	assert_int_equal(storing_add(store, &other, "n", NOW), 0);
	assert_int_equal(store_judge_checkpoint(
				 store, "n", bytes_of(second.data, second.len)),
			 STORE_OTHER_MACHINE);
	assert_int_equal(store_judge_checkpoint(store, "m",
						bytes_of_text("{}")),
			 -EBADMSG);
	made_machine_fini(&other);
	free(first.data);
	free(second.data);
}

/* The same key signed another one with this number, or a later one. */
TEST(forks)
{
	static struct checkpoint fork;
	struct imastage_buffer newest = { 0 }, forged = { 0 };
	const struct dsse_keys keys = { 1, { store_key(store) } };
	struct evidence_error error;

	assert_int_equal(round_of(), VERIFY_WARNED);
	assert_int_equal(store_get_checkpoint(store, "m", &newest), 0);
	assert_int_equal(checkpoint_open(bytes_of(newest.data, newest.len),
					 &keys, &fork, &error),
			 0);
	fork.next++;
	for (unsigned int i = 0; i < 2; i++) {
		forged.len = 0;
		assert_int_equal(
			checkpoint_sign(&fork, store_key(store), &forged), 0);
		assert_int_equal(store_judge_checkpoint(store, "m",
							bytes_of(forged.data,
								 forged.len)),
				 STORE_FORK);
		fork.sequence++;
	}
	free(newest.data);
	free(forged.data);
}

/* What somebody put into the file does not start a round. */
TEST(a_chain_that_is_broken)
{
	static const char *const breaks[] = {
		"UPDATE checkpoints SET sha256 = zeroblob(32) "
		"WHERE sequence = 3",
		"UPDATE checkpoints SET sequence = 4 WHERE sequence = 3",
		"UPDATE checkpoints SET sha256 = zeroblob(32) "
		"WHERE sequence = 2",
		"DELETE FROM checkpoints WHERE sequence = 2",
		"UPDATE checkpoints SET envelope = zeroblob(100) "
		"WHERE sequence = 3",
		"UPDATE checkpoints SET envelope = (SELECT envelope FROM "
		"checkpoints WHERE sequence = 2) WHERE sequence = 3",
	};
	char text[512];

	for (unsigned int i = 0; i < 3; i++)
		assert_int_equal(round_of(), VERIFY_WARNED);
	for (size_t i = 0; i < ARRAY_SIZE(breaks); i++) {
		snprintf(text, sizeof(text),
			 "DROP TABLE IF EXISTS kept; CREATE TABLE kept AS "
			 "SELECT * FROM checkpoints; %s",
			 breaks[i]);
		with_sqlite(text);
		assert_int_equal(storing_round(store, &machine, "m", NOW,
					       &verdict),
				 -EBADMSG);
		with_sqlite("DELETE FROM checkpoints; INSERT INTO checkpoints "
			    "SELECT * FROM kept; DROP TABLE kept");
	}
	assert_int_equal(round_of(), VERIFY_WARNED);
	assert_true(verdict.continues);
}

TEST(verdicts_are_kept)
{
	struct store_verdict last = { 0 };

	assert_int_equal(round_of(), VERIFY_WARNED);
	made_machine_measure(&machine, 2);
	assert_int_equal(round_of(), VERIFY_WARNED);
	verdict.result = VERIFY_NONE; /* changes nothing */
	assert_int_equal(nr_verdicts("m"), 2);
	assert_int_equal(store_last_verdict(store, "m", 0, &last), 0);
	assert_int_equal(last.result, VERIFY_WARNED);
	assert_true(last.proved);
	assert_int_equal(last.first, 4);
	assert_int_equal(last.next, 6);
	assert_int_equal(last.resets, machine.quote.clock.resets);
	assert_non_null(
		memmem(last.reasons.data, last.reasons.len, "boot.policy", 11));
	free(last.reasons.data);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, begin, end)

TEST_MAIN_WITH(make_folder, remove_folder, CASE(is_made_once),
	       CASE(what_is_no_store), CASE(files_that_are_missing_or_none),
	       CASE(keys_of_others), CASE(machines_come_and_go),
	       CASE(enrolment), CASE(enrolled_again),
	       CASE(a_challenge_is_good_once), CASE(a_challenge_expires),
	       CASE(challenges_of_others), CASE(the_oldest_of_too_many_ends),
	       CASE(rounds_go_on), CASE(other_pcrs_begin_anew),
	       CASE(lost_records_are_not_forgotten),
	       CASE(what_is_not_genuine_leaves_no_trace),
	       CASE(a_clone_is_barred), CASE(other_starts),
	       CASE(two_with_one_challenge),
	       CASE(removed_or_readmitted_meanwhile), CASE(two_processes),
	       CASE(a_group_of_rounds), CASE(which_checkpoint_it_is),
	       CASE(forks), CASE(a_chain_that_is_broken),
	       CASE(verdicts_are_kept))
