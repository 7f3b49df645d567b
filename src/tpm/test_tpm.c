// SPDX-License-Identifier: MIT
/*
 * A TPM: the software TPM of an emulator, through boots and while it is extended;
 * and TPMs that lie, whose answers are bytes written here.
 */
#include "tpm/esys.h"
#include "tpm/tpm.h"

#include "base/util.h"
#include "lib/emulator.h"
#include "lib/testing.h"

#include <imastage/imastage.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>

static struct emulator machine;
static bool is_there;

/* A program that stands for a TPM may end first. */
static int start(void **state)
{
	(void)state;
	setenv("TSS2_LOG", "all+NONE", 1);
	signal(SIGPIPE, SIG_IGN);
	alarm(300); /* a TPM that says nothing would be waited for */
	is_there = !emulator_missing() &&
		   system("command -v swtpm >/dev/null") == 0;
	if (is_there)
		emulator_start(&machine, "--tpm", "swtpm", NULL);
	return 0;
}

static int stop(void **state)
{
	(void)state;
	if (is_there)
		emulator_stop(&machine);
	return 0;
}

static int need_machine(void **state)
{
	int r = emulator_needed(state);

	if (!is_there) {
		print_message("# missing swtpm\n");
		skip();
	}
	return r;
}

static struct tpm *open_tpm(void)
{
	struct tpm *tpm = NULL;
	char tcti[256];

	snprintf(tcti, sizeof(tcti), "cmd:exec %s --socket %s tpm", IMASIM,
		 machine.socket);
	assert_int_equal(tpm_open(tcti, NULL, &tpm), 0);
	assert_int_equal(tpm_connect(tpm), 0);
	return tpm;
}

#define ALL_BANKS                                                              \
	(1U << IMASTAGE_SHA1 | 1U << IMASTAGE_SHA256 | 1U << IMASTAGE_SHA384 | \
	 1U << IMASTAGE_SHA512)

/* ---- a real one ---------------------------------------------------------- */

static struct tpm_identity identity_of(struct tpm *tpm)
{
	struct tpm_identity identity;

	assert_int_equal(tpm_identify(tpm, &identity), 0);
	return identity;
}

static void machine_does(const char *verb)
{
	assert_int_equal(emulator_ask(&machine, verb, NULL), 0);
}

static void assert_counts(const struct tpm_identity *identity, uint32_t reset,
			  uint32_t restart)
{
	assert_int_equal(identity->reset, reset);
	assert_int_equal(identity->restart, restart);
}

static bool is_same_ek(const struct tpm_identity *a,
		       const struct tpm_identity *b)
{
	return a->ek_len == b->ek_len && !memcmp(a->ek, b->ek, a->ek_len);
}

TEST(tells_boots_apart)
{
	struct tpm *tpm = open_tpm();
	struct tpm_identity first = identity_of(tpm), now;

	/* sha256 and its digest */
	assert_int_equal(first.ek_len, 34);
	machine_does("kexec");
	now = identity_of(tpm);
	assert_memory_equal(&now, &first, sizeof(now));
	machine_does("reboot");
	now = identity_of(tpm);
	assert_counts(&now, first.reset + 1, 0);
	assert_true(is_same_ek(&now, &first));
	machine_does("suspend-to-ram");
	machine_does("hibernate");
	now = identity_of(tpm);
	assert_counts(&now, first.reset + 1, 2);
	machine_does("tpm-clear");
	now = identity_of(tpm);
	assert_counts(&now, 0, 0);
	assert_true(is_same_ek(&now, &first));
	tpm_close(tpm);
}

TEST(tells_tpms_apart)
{
	struct tpm *tpm = open_tpm(), *other;
	struct tpm_identity first, now;

	machine_does("tpm-new");
	machine_does("reboot");
	first = identity_of(tpm);
	machine_does("tpm-new");
	now = identity_of(tpm);
	assert_counts(&now, first.reset - 1, 0);
	assert_int_equal(now.ek_len, 34);
	assert_false(is_same_ek(&now, &first));
	/* Its counts may be equal. */
	machine_does("reboot");
	tpm_close(tpm);
	tpm = open_tpm();
	now = identity_of(tpm);
	assert_counts(&now, first.reset, first.restart);
	assert_false(is_same_ek(&now, &first));
	/* Whoever asks is told the same, and nothing of it is left in the TPM. */
	for (int i = 0; i < 5; i++) {
		other = open_tpm();
		first = identity_of(other);
		assert_true(is_same_ek(&now, &first));
		tpm_close(other);
	}
	tpm_close(tpm);
}

/* To a TPM of its own. */
static void change_endorsement_auth(const char *from, const char *to)
{
	TPM2B_AUTH old = { .size = (uint16_t)strlen(from) };
	TPM2B_AUTH new = { .size = (uint16_t)strlen(to) };
	struct tpm_esys link;
	char tcti[256];

	memcpy(old.buffer, from, old.size);
	memcpy(new.buffer, to, new.size);
	snprintf(tcti, sizeof(tcti), "cmd:exec %s --socket %s tpm", IMASIM,
		 machine.socket);
	assert_int_equal(tpm_esys_open(tcti, &link), 0);
	assert_int_equal(
		Esys_TR_SetAuth(link.esys, ESYS_TR_RH_ENDORSEMENT, &old), 0);
	assert_int_equal(
		Esys_HierarchyChangeAuth(link.esys, ESYS_TR_RH_ENDORSEMENT,
					 ESYS_TR_PASSWORD, ESYS_TR_NONE,
					 ESYS_TR_NONE, &new),
		0);
	tpm_esys_close(&link);
}

TEST(does_without_an_endorsement_key_that_is_locked_away)
{
	struct tpm *tpm = open_tpm();
	struct tpm_identity identity;

	change_endorsement_auth("", "secret");
	identity = identity_of(tpm);
	assert_int_equal(identity.ek_len, 0);
	change_endorsement_auth("secret", "");
	tpm_close(tpm);
}

TEST(finds_the_way_again)
{
	struct tpm *tpm = open_tpm();
	struct imastage_digests values;
	struct tpm_identity identity;
	char text[TPM_TROUBLE_MAX];

	tpm_trouble(tpm, text);
	assert_string_equal(text, "");
	emulator_kill_ways();
	assert_int_equal(tpm_identify(tpm, &identity), -EIO);
	tpm_trouble(tpm, text);
	assert_non_null(strstr(text, "tpm: clock: tcti:"));
	identity_of(tpm);
	tpm_trouble(tpm, text);
	assert_string_equal(text, "");
	emulator_kill_ways();
	assert_int_equal(tpm_read_pcrs(tpm, 1, 10, &values), -EIO);
	assert_int_equal(tpm_read_pcrs(tpm, 1, 10, &values), 0);
	tpm_close(tpm);
}

/* What imasim says it has extended: "sha256:10=HEX", a line for each bank. */
static void assert_is_pcr(const char *text, enum imastage_bank bank,
			  const uint8_t *value)
{
	char line[192];
	int len = snprintf(line, sizeof(line),
			   "%s:10=", imastage_bank_name(bank));

	for (size_t i = 0; i < imastage_bank_digest_len(bank); i++)
		len += snprintf(line + len, sizeof(line) - (size_t)len, "%02x",
				value[i]);
	assert_non_null(strstr(text, line));
}

TEST(reads_all_banks)
{
	struct imastage_digests values;
	struct tpm *tpm = open_tpm();
	char text[1024];

	assert_int_equal(tpm_banks(tpm), ALL_BANKS);
	emulator_load(&machine, 1, 10);
	assert_int_equal(tpm_read_pcrs(tpm, ALL_BANKS, 10, &values), 0);
	emulator_read(&machine, "pcrs", text, sizeof(text));
	for (int bank = IMASTAGE_SHA1; bank <= IMASTAGE_SHA512; bank++)
		assert_is_pcr(text, bank, values.of[bank]);
	tpm_close(tpm);
}

TEST(reads_other_pcrs_and_some_banks)
{
	struct imastage_digests values, none = { 0 };
	struct tpm *tpm = open_tpm();

	memset(&values, 0xaa, sizeof(values));
	assert_int_equal(tpm_read_pcrs(tpm, 1U << IMASTAGE_SHA256, 23, &values),
			 0);
	assert_memory_equal(&values, &none, sizeof(none));
	assert_int_equal(tpm_read_pcrs(tpm, 1U << IMASTAGE_SHA384, 17, &values),
			 0);
	assert_int_equal(values.of[IMASTAGE_SHA384][47], 0xff);
	assert_int_equal(tpm_read_pcrs(tpm, 0, 10, &values), -EINVAL);
	assert_int_equal(tpm_read_pcrs(tpm, 1U << 31, 10, &values), -EINVAL);
	assert_int_equal(tpm_read_pcrs(tpm, 1, 24, &values), -EINVAL);
	assert_int_equal(tpm_read_pcrs(tpm, 1U << IMASTAGE_SM3, 10, &values),
			 -ENOENT);
	tpm_close(tpm);
}

static bool holds(const struct imastage_replay *replay,
		  const struct imastage_digests *values)
{
	for (int bank = IMASTAGE_SHA1; bank <= IMASTAGE_SHA512; bank++) {
		struct imastage_bytes value =
			imastage_replay_value(replay, bank, 10);

		if (memcmp(value.data, values->of[bank], value.len) != 0)
			return false;
	}
	return true;
}

/* Is there a record after which all banks were as they were read? */
static bool was_one_moment(const struct imastage_digests *values)
{
	struct imastage_replay *replay;
	struct imastage_reader *reader;
	struct imastage_record record;
	bool found = false;
	char path[160];
	int fd;

	snprintf(path, sizeof(path), "%s/binary_runtime_measurements",
		 machine.dir);
	fd = open(path, O_RDONLY);
	assert_return_code(fd, errno);
	assert_int_equal(imastage_reader_new_fd(fd, NULL, &reader), 0);
	assert_int_equal(imastage_replay_new(ALL_BANKS, 1U << 10, &replay), 0);
	while (!found && imastage_reader_next(reader, &record) == 0) {
		assert_int_equal(imastage_replay_extend(replay, &record, NULL),
				 0);
		found = holds(replay, values);
	}
	imastage_replay_free(replay);
	imastage_reader_free(reader);
	close(fd);
	return found;
}

/* Values of different moments would be of no use to anyone. */
TEST(reads_one_moment_while_records_arrive)
{
	struct imastage_digests values[20];
	struct tpm *tpm = open_tpm();
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		emulator_load(&machine, 77, 2000);
		_exit(0);
	}
	for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
		assert_int_equal(tpm_read_pcrs(tpm, ALL_BANKS, 10, &values[i]),
				 0);
		usleep(2000);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	for (size_t i = 0; i < ARRAY_SIZE(values); i++)
		assert_true(was_one_moment(&values[i]));
	tpm_close(tpm);
}

static int try(const char *tcti, char ret_text[TPM_TROUBLE_MAX])
{
	struct tpm *tpm;
	int r;

	assert_int_equal(tpm_open(tcti, NULL, &tpm), 0);
	r = tpm_connect(tpm);
	tpm_trouble(tpm, ret_text);
	tpm_close(tpm);
	return r;
}

TEST(says_when_there_is_none)
{
	char text[TPM_TROUBLE_MAX];
	struct tpm *tpm;

	assert_int_equal(tpm_open("none", NULL, &tpm), -ENODEV);
	if (access("/dev/tpmrm0", F_OK) < 0) {
		assert_int_equal(try(NULL, text), -ENODEV);
		assert_int_equal(try("auto", text), -ENODEV);
		assert_string_equal(text, "/dev/tpmrm0: there is no TPM");
	}
	assert_int_equal(try("", text), -EIO);
	assert_int_equal(try("nonsense:", text), -EIO);
	assert_int_equal(try("cmd:exit 1", text), -EIO);
}

/* The device, errno in words, and what to do. */
TEST(says_what_is_wrong_with_a_device)
{
	static const char *const names[] = { "/does/not/exist",
					     "device:/does/not/exist" };
	char text[TPM_TROUBLE_MAX];

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		assert_int_equal(try(names[i], text), -EIO);
		assert_string_equal(
			text,
			"device:/does/not/exist: No such file or directory; load its driver, or name another one");
	}
	/* One that can be opened, and is none. */
	assert_int_equal(try("/dev/full", text), -EIO);
	assert_non_null(strstr(text, "device:/dev/full: "));
	assert_non_null(strstr(text, "tcti:"));
}

/* ---- those that lie ------------------------------------------------------ */

/* Bytes as text: hex digits, spaces between as one likes. */
static void put_hex(FILE *file, const char *hex)
{
	unsigned int byte;
	int len;

	while (sscanf(hex, " %2x%n", &byte, &len) == 1) {
		fputc((int)byte, file);
		hex += len;
	}
}

/* An answer of success: a header in front of @hex. */
static void put_answer(FILE *file, const char *hex)
{
	size_t digits = 0;

	for (const char *at = hex; *at; at++)
		digits += *at != ' ';
	fprintf(file, "%c%c%c%c%c%c%c%c%c%c", 0x80, 1, 0, 0, 0,
		(int)(10 + digits / 2), 0, 0, 0, 0);
	put_hex(file, hex);
}

/* Banks sha1 and sha256 with all PCRs. */
#define TWO_BANKS               \
	"00 00000005 00000002 " \
	"0004 03 ffffff "       \
	"000b 03 ffffff"

#define D20 "0014 0102030405060708090a0b0c0d0e0f1011121314 "
#define D32                                     \
	"0020 0102030405060708090a0b0c0d0e0f10" \
	"1112131415161718191a1b1c1d1e1f20 "
#define SHA1_10 "0004 03 000400 "
#define SHA256_10 "000b 03 000400 "
#define BOTH_10 "00000002 " SHA1_10 SHA256_10

/* tpm_read_pcrs() of a TPM that answers so, one after the other. */
static int read_from(const char *const *answers, size_t nr)
{
	char path[] = "/tmp/imastage-test-tpm-XXXXXX", tcti[64];
	int fd = mkstemp(path), r;
	FILE *file = fdopen(fd, "w");
	struct imastage_digests values;
	struct tpm *tpm;

	assert_non_null(file);
	put_answer(file, TWO_BANKS);
	for (size_t i = 0; i < nr; i++)
		put_answer(file, answers[i]);
	assert_int_equal(fclose(file), 0);

	/* It stays for the commands that come when there is no answer left. */
	snprintf(tcti, sizeof(tcti), "cmd:cat %s; cat >/dev/null", path);
	assert_int_equal(tpm_open(tcti, NULL, &tpm), 0);
	r = tpm_read_pcrs(tpm, 3, 10, &values);
	tpm_close(tpm);
	unlink(path);
	return r;
}

static int read_one(const char *answer)
{
	return read_from(&answer, 1);
}

TEST(takes_good_answers)
{
	static const char *const in_two[] = {
		"00000007 00000001 " SHA1_10 "00000001 " D20,
		"00000007 00000001 " SHA256_10 "00000001 " D32,
	};

	assert_int_equal(read_one("00000007 " BOTH_10 "00000002 " D20 D32), 0);
	assert_int_equal(read_from(in_two, 2), 0);
}

TEST(begins_anew_when_pcrs_change)
{
	static const char *const moving[] = {
		"00000007 00000001 " SHA1_10 "00000001 " D20,
		"00000008 00000001 " SHA256_10 "00000001 " D32,
		"00000009 00000001 " SHA1_10 "00000001 " D20,
		"00000009 00000001 " SHA256_10 "00000001 " D32,
	};
	const char *never[128];

	assert_int_equal(read_from(moving, 4), 0);
	for (size_t i = 0; i < ARRAY_SIZE(never); i++)
		never[i] = moving[i % 2];
	assert_int_equal(read_from(never, ARRAY_SIZE(never)), -EAGAIN);
}

TEST(refuses_bad_answers)
{
	static const char *const bad[] = {
		/* nothing, or of nothing */
		"00000007 00000000 00000000",
		"00000007 00000001 0004 03 000000 00000000",
		/* values that do not go with the selection */
		"00000007 " BOTH_10 "00000001 " D20,
		"00000007 00000001 " SHA1_10 "00000002 " D20 D32,
		"00000007 00000001 " SHA1_10 "00000001 " D32,
		"00000007 " BOTH_10 "00000002 " D32 D20,
		"00000007 00000001 " SHA1_10 "00000001 0000",
		/* what was not asked for */
		"00000007 00000001 0004 03 000200 00000001 " D20,
		"00000007 00000001 0004 03 000600 00000002 " D20 D20,
		"00000007 00000001 000c 03 000400 00000001 " D32,
		"00000007 00000001 ffff 03 000400 00000001 " D20,
		"00000007 00000002 " SHA1_10 SHA1_10 "00000002 " D20 D20,
	};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		int r = read_one(bad[i]);

		if (r != -EBADMSG)
			print_message("# %s\n", bad[i]);
		assert_int_equal(r, -EBADMSG);
	}
}

/* Here it is TSS that sees it. */
TEST(refuses_what_is_no_answer)
{
	static const char *const bad[] = {
		"",
		"00",
		"00000007 00000002 " SHA1_10,
		"00000007 ffffffff " SHA1_10 "00000001 " D20,
		"00000007 00000001 0004 ff 000400 00000001 " D20,
		"00000007 " BOTH_10 "ffffffff " D20 D32,
		"00000007 00000001 " SHA1_10 "00000001 ffff 01",
	};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		int r = read_one(bad[i]);

		if (r != -EIO && r != -EBADMSG)
			print_message("# %s\n", bad[i]);
		assert_true(r == -EIO || r == -EBADMSG);
	}
}

/*
 * Sizes in an answer's header that are larger than TSS has room for are not tried
 * with a program: libtss2-tcti-cmd 3.2 writes them all to where there is no room.
 */
TEST(refuses_tpms_that_are_none)
{
	static const char *const bad[] = {
		"device:/dev/zero",
		"device:/dev/null",
		"device:/dev/full",
		"cmd:cat /dev/zero",
		"cmd:cat", /* the command is its own answer */
		"cmd:printf '\\200\\1\\0\\0\\0\\12\\0\\0\\1\\1'; cat >/dev/null",
		"cmd:printf '\\200\\1\\0\\0\\0\\13\\0\\0\\0\\0'",
		"cmd:printf '\\200'",
		"cmd:true",
	};
	char text[TPM_TROUBLE_MAX];

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		int r = try(bad[i], text);

		assert_true(r == -EIO || r == -EBADMSG);
	}
}

#define ON_MACHINE(test) cmocka_unit_test_setup(test, need_machine)

TEST_MAIN_WITH(start, stop, ON_MACHINE(tells_boots_apart),
	       ON_MACHINE(tells_tpms_apart),
	       ON_MACHINE(does_without_an_endorsement_key_that_is_locked_away),
	       ON_MACHINE(finds_the_way_again), ON_MACHINE(reads_all_banks),
	       ON_MACHINE(reads_other_pcrs_and_some_banks),
	       ON_MACHINE(reads_one_moment_while_records_arrive),
	       cmocka_unit_test(says_when_there_is_none),
	       cmocka_unit_test(says_what_is_wrong_with_a_device),
	       cmocka_unit_test(takes_good_answers),
	       cmocka_unit_test(begins_anew_when_pcrs_change),
	       cmocka_unit_test(refuses_bad_answers),
	       cmocka_unit_test(refuses_what_is_no_answer),
	       cmocka_unit_test(refuses_tpms_that_are_none))
