// SPDX-License-Identifier: MIT
/*
 * A TPM: the software TPM of an emulator, through boots and while it is extended;
 * and TPMs that lie, whose answers are bytes written here.
 */
#include "tpm/tpm.h"

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

	snprintf(tcti, sizeof(tcti), "cmd:%s --socket %s tpm", IMASIM,
		 machine.socket);
	assert_int_equal(tpm_open(tcti, NULL, &tpm), 0);
	return tpm;
}

#define ALL_BANKS                                                              \
	(1U << IMASTAGE_SHA1 | 1U << IMASTAGE_SHA256 | 1U << IMASTAGE_SHA384 | \
	 1U << IMASTAGE_SHA512)

/* ---- a real one ---------------------------------------------------------- */

TEST(tells_boots_apart)
{
	struct tpm *tpm = open_tpm();
	uint32_t first, reset, restart;

	assert_int_equal(tpm_reset_count(tpm, &first, &restart), 0);
	assert_int_equal(restart, 0);
	assert_int_equal(emulator_ask(&machine, "kexec", NULL), 0);
	assert_int_equal(tpm_reset_count(tpm, &reset, &restart), 0);
	assert_int_equal(reset, first);
	assert_int_equal(emulator_ask(&machine, "reboot", NULL), 0);
	assert_int_equal(tpm_reset_count(tpm, &reset, &restart), 0);
	assert_int_equal(reset, first + 1);
	assert_int_equal(restart, 0);
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

TEST(says_when_there_is_none)
{
	struct tpm *tpm;

	assert_int_equal(tpm_open("none", NULL, &tpm), -ENODEV);
	if (access("/dev/tpmrm0", F_OK) < 0) {
		assert_int_equal(tpm_open(NULL, NULL, &tpm), -ENODEV);
		assert_int_equal(tpm_open("auto", NULL, &tpm), -ENODEV);
	}
	assert_int_equal(tpm_open("", NULL, &tpm), -EIO);
	assert_int_equal(tpm_open("nonsense:", NULL, &tpm), -EIO);
	assert_int_equal(tpm_open("device:/does/not/exist", NULL, &tpm), -EIO);
	assert_int_equal(tpm_open("cmd:exit 1", NULL, &tpm), -EIO);
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
	struct tpm *tpm;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		int r = tpm_open(bad[i], NULL, &tpm);

		assert_true(r == -EIO || r == -EBADMSG);
	}
}

#define ON_MACHINE(test) cmocka_unit_test_setup(test, need_machine)

TEST_MAIN_WITH(start, stop, ON_MACHINE(tells_boots_apart),
	       ON_MACHINE(reads_all_banks),
	       ON_MACHINE(reads_other_pcrs_and_some_banks),
	       ON_MACHINE(reads_one_moment_while_records_arrive),
	       cmocka_unit_test(says_when_there_is_none),
	       cmocka_unit_test(takes_good_answers),
	       cmocka_unit_test(begins_anew_when_pcrs_change),
	       cmocka_unit_test(refuses_bad_answers),
	       cmocka_unit_test(refuses_what_is_no_answer),
	       cmocka_unit_test(refuses_tpms_that_are_none))
