// SPDX-License-Identifier: MIT
/*
 * The boot as records and a boot policy show it: approved, gone on, started by kexec.
 */
#include "base/bytes.h"
#include "base/hex.h"
#include "lib/bootmaker.h"
#include "lib/policymaker.h"
#include "lib/roundmaker.h"
#include "lib/testing.h"

#include <openssl/sha.h>

static const uint8_t nonce[20] = { 4, 5, 6 };

static struct made_machine machine;
static struct verify_request request;
static struct verify_verdict verdict;
static struct boot_policy *policy;

static int begin(void **state)
{
	(void)state;
	made_machine_init(&machine);
	memset(&request, 0, sizeof(request));
	request.nonce = bytes_of(nonce, sizeof(nonce));
	policy = NULL;
	return 0;
}

static int end(void **state)
{
	(void)state;
	made_machine_fini(&machine);
	boot_policy_free(policy);
	return 0;
}

static enum verify_result judge(void)
{
	made_machine_quote(&machine, bytes_of(nonce, sizeof(nonce)));
	assert_int_equal(made_machine_verify(&machine, &request, &verdict), 0);
	return verdict.result;
}

static bool has(enum verify_id id)
{
	return verify_has(&verdict, id);
}

/* This boot, with @kexec. */
static void approve(const char *ima_policy, const char *kexec)
{
	const struct boot_made made = { machine.quote.values, "me", ima_policy,
					false, kexec };
	struct evidence_error error;
	char text[4096];
	size_t len = bootmaker_policy(&made, text);

	assert_int_equal(boot_policy_new(&policy), 0);
	assert_int_equal(boot_policy_add(policy, bytes_of(text, len), &error),
			 0);
	request.boot_policy = policy;
}

/* ---- approved ------------------------------------------------------------------- */

/* With a policy of the records that there are. */
static enum verify_result judge_all(void)
{
	struct policy *records = make_policy(
		bytes_of(machine.list, machine.len), MADE_AS_LISTED);
	enum verify_result result;

	request.policy = records;
	result = judge();
	request.policy = NULL;
	policy_free(records);
	return result;
}

TEST(with_files_and_boot_it_is_accepted)
{
	approve("command-line", NULL);
	assert_int_equal(judge(), VERIFY_WARNED);
	assert_true(has(VERIFY_FILE_POLICY));
	assert_int_equal(judge_all(), VERIFY_ACCEPTED);
	assert_true(has(VERIFY_BOOT_APPROVED));
	machine.quote.values[9][0] ^= 1; /* another kernel */
	made_machine_boot(&machine);
	assert_int_equal(judge_all(), VERIFY_WARNED);
	assert_true(has(VERIFY_BOOT_UNAPPROVED));
	assert_false(has(VERIFY_BOOT_APPROVED));
}

/* Its digests may be right for all that it has measured, which may be nothing. */
TEST(without_a_policy_of_ima_it_is_not)
{
	approve("records", NULL);
	assert_int_equal(judge_all(), VERIFY_WARNED);
	assert_true(has(VERIFY_BOOT_APPROVED) && has(VERIFY_BOOT_IMA_POLICY));
	made_machine_buffer(&machine, "ima_policy_loaded", "measure");
	assert_int_equal(judge(), VERIFY_WARNED); /* nobody approved that */
	assert_true(has(VERIFY_BOOT_IMA_POLICY));
	assert_int_equal(judge_all(), VERIFY_ACCEPTED);
}

/* Once IMA's policy was judged, a round that goes on from there does not judge it again. */
TEST(a_round_that_goes_on)
{
	static struct verify_verdict first;

	approve("records", NULL);
	assert_int_equal(judge(), VERIFY_WARNED);
	assert_true(has(VERIFY_BOOT_IMA_POLICY));
	first = verdict;
	request.has_last = true;
	request.last = first.clock;
	request.start = &first.pcrs;
	request.first_index = first.next_index;
	made_machine_measure(&machine, 2);
	assert_int_equal(judge(), VERIFY_WARNED);
	assert_true(verdict.proved);
	assert_false(has(VERIFY_BOOT_IMA_POLICY));
}

/* ---- kexec ------------------------------------------------------------------------ */

#define LINE "root=/dev/sda1"

/* An image of 32 bytes of aa, and LINE. */
static void approve_kexec(void)
{
	char hex[2][HEX_TEXT_LEN(32)], text[256];
	uint8_t digest[32];

	memset(digest, 0xaa, sizeof(digest));
	hex_encode(bytes_of(digest, sizeof(digest)), hex[0]);
	SHA256((const uint8_t *)LINE, strlen(LINE), digest);
	hex_encode(bytes_of(digest, sizeof(digest)), hex[1]);
	snprintf(text, sizeof(text),
		 "{\"images\":[\"sha256:%s\"],\"command_lines\":[\"sha256:%s\"]"
		 "}",
		 hex[0], hex[1]);
	approve("command-line", text);
}

static void load_image(uint8_t value)
{
	uint8_t digest[32];

	memset(digest, value, sizeof(digest));
	made_machine_file(&machine, "/boot/vmlinuz", digest);
}

static void load_line(const char *text)
{
	made_machine_buffer(&machine, "kexec-cmdline", text);
}

static void start_kernel(bool approved)
{
	made_machine_aggregate(&machine);
	assert_int_equal(judge(), VERIFY_WARNED);
	assert_int_equal(has(VERIFY_BOOT_KEXEC_APPROVED), approved);
	assert_int_equal(has(VERIFY_BOOT_KEXEC), !approved);
}

TEST(a_kexec_that_is_approved)
{
	approve_kexec();
	load_image(0xaa);
	load_line(LINE);
	start_kernel(true);
}

TEST(another_image)
{
	approve_kexec();
	load_image(0xab);
	load_line(LINE);
	start_kernel(false);
}

TEST(no_image)
{
	approve_kexec();
	load_line(LINE);
	start_kernel(false);
}

TEST(no_command_line)
{
	approve_kexec();
	load_image(0xaa);
	start_kernel(false);
}

/* The last one counts. */
TEST(another_command_line)
{
	approve_kexec();
	load_image(0xaa);
	load_line(LINE);
	load_line(LINE " init=/bin/sh");
	start_kernel(false);
}

TEST(each_kexec_needs_its_own)
{
	approve_kexec();
	load_image(0xaa);
	load_line(LINE);
	start_kernel(true);
	made_machine_aggregate(&machine);
	assert_int_equal(judge(), VERIFY_WARNED);
	assert_true(has(VERIFY_BOOT_KEXEC));
}

/* A checkpoint lies between loading it and starting it. */
static void go_on(unsigned int kexec)
{
	static struct verify_verdict last;

	last = verdict;
	request.has_last = true;
	request.last = last.clock;
	request.start = &last.pcrs;
	request.first_index = last.next_index;
	request.kexec = kexec;
}

TEST(a_kexec_over_two_rounds)
{
	approve_kexec();
	load_image(0xaa);
	assert_int_equal(judge(), VERIFY_WARNED);
	assert_int_equal(verdict.kexec, VERIFY_KEXEC_IMAGE);
	go_on(verdict.kexec);
	load_line(LINE);
	assert_int_equal(judge(), VERIFY_WARNED);
	assert_int_equal(verdict.kexec, VERIFY_KEXEC_IMAGE | VERIFY_KEXEC_LINE);
	go_on(verdict.kexec);
	start_kernel(true);
	assert_true(verdict.proved);
	assert_int_equal(verdict.kexec, 0);
}

TEST(what_is_not_carried_is_not_approved)
{
	approve_kexec();
	load_image(0xaa);
	load_line(LINE);
	assert_int_equal(judge(), VERIFY_WARNED);
	go_on(VERIFY_KEXEC_IMAGE);
	start_kernel(false);
	request.start = NULL; /* from record 0 nothing is carried */
	request.first_index = 0;
	request.kexec = VERIFY_KEXEC_IMAGE | VERIFY_KEXEC_LINE;
	made_machine_boot(&machine);
	start_kernel(false);
}

/* ---- what the kernel measures of itself ------------------------------------------- */

static const char *text_of(uint64_t index)
{
	for (size_t i = 0; i < verdict.nr_reasons; i++)
		if (verdict.reasons[i].id == VERIFY_BOOT_CRITICAL &&
		    verdict.reasons[i].index == index)
			return verdict.reasons[i].text;
	return "";
}

TEST(critical_data)
{
	made_machine_buffer(&machine, "kernel_version", "6.12.48\x1b[2J");
	made_machine_buffer(&machine, "selinux-policy-hash", "\xff\x01");
	made_machine_buffer(&machine, "dm_table_load", "dm_version=4.48.0;");
	made_machine_buffer(&machine, "something_else", "x");
	assert_int_equal(judge(), VERIFY_WARNED);
	assert_int_equal(verdict.nr_of[VERIFY_BOOT_CRITICAL], 3);
	assert_string_equal(text_of(4), "not approved: 6.12.48");
	assert_string_equal(text_of(5), "not approved: ff01");
	assert_string_equal(text_of(6), "not approved: dm_version=4.48.0;");
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, begin, end)

TEST_MAIN(CASE(with_files_and_boot_it_is_accepted),
	  CASE(without_a_policy_of_ima_it_is_not), CASE(a_round_that_goes_on),
	  CASE(a_kexec_that_is_approved), CASE(another_image), CASE(no_image),
	  CASE(no_command_line), CASE(another_command_line),
	  CASE(each_kexec_needs_its_own), CASE(a_kexec_over_two_rounds),
	  CASE(what_is_not_carried_is_not_approved), CASE(critical_data))
