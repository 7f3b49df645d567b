// SPDX-License-Identifier: MIT
/*
 * Boot policies: texts that are none, boots that are approved and not, and what is learnt.
 */
#include "base/bytes.h"
#include "lib/testing.h"
#include "policy/boot_learn.h"
#include "policy/boot_policy.h"

#include <errno.h>
#include <openssl/sha.h>

#define HEX_OF(digit)                                                     \
	digit digit digit digit digit digit digit digit digit digit digit \
		digit digit digit digit digit
#define D(digit) HEX_OF(digit) HEX_OF(digit) HEX_OF(digit) HEX_OF(digit)

#define VALUES(pcr, digit) "\"" pcr "\":{\"values\":[\"" D(digit) "\"]}"
#define HEAD(name, by, secure, ima)                                        \
	"{\"name\":\"" name "\",\"approved_by\":\"" by                     \
	"\",\"approved_at\":\"2026-12-01T03:00:00Z\",\"bank\":\"sha256\"," \
	"\"secure_boot\":\"" secure "\",\"ima_policy\":\"" ima "\",\"pcrs\":{"
/* clang-format off */
#define ALL_VALUES \
	VALUES("0", "0") "," VALUES("1", "1") "," VALUES("2", "2") "," \
	VALUES("3", "3") "," VALUES("4", "4") "," VALUES("5", "5") "," \
	VALUES("6", "6") "," VALUES("7", "7") "," VALUES("8", "8") "," \
	VALUES("9", "9") "}}"
/* clang-format on */
#define POLICY(generations) \
	"{\"imastage\":\"boot-policy-1\",\"generations\":[" generations "]}"

static struct boot_policy *policy;
static struct pcr_values quoted;
static struct boot_log boot_log; /* leads to what is quoted */
static struct boot_policy_seen seen;
static struct boot_policy_answer answer;
static struct evidence_error error;

/* PCR n is n n n ... in hexadecimal. */
static int begin(void **state)
{
	(void)state;
	memset(&quoted, 0, sizeof(quoted));
	memset(&boot_log, 0, sizeof(boot_log));
	memset(&seen, 0, sizeof(seen));
	quoted.set[IMASTAGE_SHA256] = BOOT_ALL_PCRS;
	for (unsigned int pcr = 0; pcr < BOOT_PCRS; pcr++)
		memset(quoted.of[IMASTAGE_SHA256][pcr], (int)(pcr * 0x11), 32);
	boot_log.banks = 1u << IMASTAGE_SHA256;
	boot_log.values = quoted;
	return boot_policy_new(&policy);
}

static int end(void **state)
{
	(void)state;
	boot_policy_free(policy);
	return 0;
}

static void add(const char *text)
{
	if (boot_policy_add(policy, bytes_of_text(text), &error) < 0)
		fail_msg("%s at %s", error.reason, text + error.offset);
}

static void judge(bool has_log)
{
	boot_policy_judge(policy, &quoted, has_log ? &boot_log : NULL, &seen,
			  &answer);
}

/* An event whose digest, by SHA-256, is that of @data from @skip on. */
static void see_data(uint32_t pcr, uint32_t kind, struct imastage_bytes data)
{
	uint8_t digest[32];
	struct boot_log_event event = { .pcr = pcr,
					.kind = kind,
					.data = data,
					.data_len = (uint32_t)data.len };

	SHA256(data.data, data.len, digest);
	event.digests[IMASTAGE_SHA256] = bytes_of(digest, sizeof(digest));
	boot_policy_watch(policy, &event, &seen);
}

static void see(uint32_t pcr, uint32_t kind, uint8_t digit)
{
	uint8_t digest[32];
	struct boot_log_event event = { .pcr = pcr, .kind = kind };

	memset(digest, digit * 0x11, sizeof(digest));
	event.digests[IMASTAGE_SHA256] = bytes_of(digest, sizeof(digest));
	boot_policy_watch(policy, &event, &seen);
}

/* ---- values ------------------------------------------------------------------- */

TEST(values_that_are_approved)
{
	add(POLICY(HEAD("old", "me", "any", "command-line") ALL_VALUES));
	judge(false);
	assert_non_null(answer.approved);
	assert_string_equal(answer.approved->name, "old");
	assert_true(answer.approved->command_line);
}

TEST(each_pcr_counts)
{
	add(POLICY(HEAD("old", "me", "any", "records") ALL_VALUES));
	for (unsigned int pcr = 0; pcr < BOOT_PCRS; pcr++) {
		quoted.of[IMASTAGE_SHA256][pcr][31] ^= 1;
		judge(true);
		assert_null(answer.approved);
		assert_int_equal(answer.differs, 1u << pcr);
		quoted.of[IMASTAGE_SHA256][pcr][31] ^= 1;
	}
	quoted.set[IMASTAGE_SHA256] ^= 1u << 9;
	judge(true);
	assert_null(answer.approved);
}

TEST(a_generation_is_approved_by_somebody)
{
	add(POLICY(
		"{\"name\":\"new\",\"approved_by\":\"\",\"approved_at\":\"\","
		"\"bank\":\"sha256\",\"secure_boot\":\"any\","
		"\"ima_policy\":\"records\",\"pcrs\":{" ALL_VALUES));
	judge(false);
	assert_null(answer.approved);
	assert_non_null(answer.nearest);
	assert_int_equal(answer.differs, 0);
	add(POLICY(HEAD("old", "me", "any", "records") ALL_VALUES));
	judge(false);
	assert_string_equal(answer.approved->name, "old");
}

TEST(the_nearest_is_named)
{
	add(POLICY(HEAD("one", "me", "any", "records") ALL_VALUES));
	quoted.of[IMASTAGE_SHA256][4][0] ^= 1;
	quoted.of[IMASTAGE_SHA256][9][0] ^= 1;
	add(POLICY(HEAD("two", "me", "any", "records") VALUES(
		"0",
		"0") ","
		     "\"1\":\"any\",\"2\":\"any\",\"3\":\"any\"," VALUES(
			     "4",
			     "4") ",\"5\":\"any\",\"6\":\"any\",\"7\":\"any\",\"8\":\"any\","
				  "\"9\":\"any\"}}"));
	judge(false);
	assert_null(answer.approved);
	assert_string_equal(answer.nearest->name, "two");
	assert_int_equal(answer.differs, 1u << 4);
	quoted.of[IMASTAGE_SHA256][4][0] ^= 1;
	judge(false);
	assert_string_equal(answer.approved->name, "two");
	assert_int_equal(answer.approved->by_values, 1u << 0 | 1u << 4);
}

/* ---- events ------------------------------------------------------------------- */

#define RULE(kind, digit, required)                          \
	"{\"kind\":\"" kind                                  \
	"\",\"digest\":\"" D(digit) "\","                    \
				    "\"required\":" required \
				    ",\"what\":\"x\"}"
#define APP "0x80000003"
/* clang-format off */
#define WITH_EVENTS(secure) \
	POLICY(HEAD("e", "me", secure, "records") \
	       VALUES("0", "0") ",\"1\":\"any\"," VALUES("2", "2") "," \
	       VALUES("3", "3") ",\"4\":{\"events\":[" \
	       RULE(APP, "c", "true") "," RULE(APP, "a", "true") "," \
	       RULE("0x00000004", "b", "false") "]}," \
	       VALUES("5", "5") "," VALUES("6", "6") "," VALUES("7", "7") "," \
	       VALUES("8", "8") "," VALUES("9", "9") "}}")
/* clang-format on */

TEST(events_that_are_approved)
{
	add(WITH_EVENTS("any"));
	see(4, 0x80000003, 0xa);
	see(4, 0x80000003, 0xc);
	see(4, 4, 0xb);
	see(4, 0x80000003, 0xc);
	see(5, 0x80000003, 0xd);
	see(14, 0x80000003, 0xd);
	judge(true);
	assert_non_null(answer.approved);
	judge(false);
	assert_null(answer.approved);
	assert_true(answer.without_log);
}

TEST(another_event)
{
	add(WITH_EVENTS("any"));
	see(4, 0x80000003, 0xa);
	see(4, 0x80000003, 0xc);
	see(4, 0x80000003, 0xb); /* of another kind */
	judge(true);
	assert_null(answer.approved);
	assert_int_equal(answer.differs, 1u << 4);
}

TEST(a_missing_event)
{
	add(WITH_EVENTS("any"));
	see(4, 0x80000003, 0xa);
	judge(true);
	assert_int_equal(answer.differs, 1u << 4);
}

TEST(events_of_a_log_that_leads_elsewhere)
{
	add(WITH_EVENTS("any"));
	see(4, 0x80000003, 0xa);
	see(4, 0x80000003, 0xc);
	boot_log.values.of[IMASTAGE_SHA256][4][0] ^= 1;
	judge(true);
	assert_int_equal(answer.differs, 1u << 4);
	boot_log.values.of[IMASTAGE_SHA256][4][0] ^= 1;
	boot_log.banks = 1u << IMASTAGE_SHA1;
	judge(true);
	assert_int_equal(answer.differs, 1u << 4);
	boot_log.banks = 1u << IMASTAGE_SHA256;
	judge(true);
	assert_non_null(answer.approved);
}

/* ---- secure boot --------------------------------------------------------------- */

static void see_apps(void)
{
	see(4, 0x80000003, 0xa);
	see(4, 0x80000003, 0xc);
}

TEST(secure_boot_is_on)
{
	add(WITH_EVENTS("on"));
	see_apps();
	see_data(7, BOOT_EVENT_VARIABLE, boot_events_secure_boot(true));
	judge(true);
	assert_non_null(answer.approved);
	boot_log.values.of[IMASTAGE_SHA256][7][0] ^= 1;
	judge(true);
	assert_null(answer.approved);
	assert_true(answer.secure_differs);
}

TEST(secure_boot_is_off)
{
	add(WITH_EVENTS("on"));
	see_apps();
	see_data(7, BOOT_EVENT_VARIABLE, boot_events_secure_boot(false));
	see_data(7, BOOT_EVENT_VARIABLE, boot_events_secure_boot(true));
	judge(true);
	assert_null(answer.approved);
	assert_true(answer.secure_differs);
}

TEST(data_that_is_not_what_was_measured)
{
	struct boot_log_event event = {
		.pcr = 7,
		.kind = BOOT_EVENT_VARIABLE,
		.data = boot_events_secure_boot(true),
	};
	uint8_t digest[32] = { 1 };

	add(WITH_EVENTS("on"));
	see_apps();
	event.digests[IMASTAGE_SHA256] = bytes_of(digest, sizeof(digest));
	boot_policy_watch(policy, &event, &seen);
	judge(true);
	assert_true(answer.secure_differs);
}

/* ---- kexec --------------------------------------------------------------------- */

TEST(kernels_for_kexec)
{
	uint8_t digest[32];

	memset(digest, 0xaa, sizeof(digest));
	add("{\"imastage\":\"boot-policy-1\",\"generations\":[" HEAD(
		"old", "me", "any", "records") ALL_VALUES
	    "],\"kexec\":{\"images\":[\"sha256:" D(
		    "a") "\"],"
			 "\"command_lines\":[\"sha256:" D("b") "\"]}}");
	assert_true(boot_policy_has_image(policy, bytes_of_text("sha256"),
					  bytes_of(digest, 32)));
	assert_false(boot_policy_has_image(policy, bytes_of_text("sha3-256"),
					   bytes_of(digest, 32)));
	assert_false(boot_policy_has_command_line(
		policy, bytes_of_text("sha256"), bytes_of(digest, 32)));
	memset(digest, 0xbb, sizeof(digest));
	assert_true(boot_policy_has_command_line(
		policy, bytes_of_text("sha256"), bytes_of(digest, 32)));
	assert_false(boot_policy_has_image(policy, bytes_of_text("sha256"),
					   bytes_of(digest, 32)));
}

/* ---- texts that are none --------------------------------------------------------- */

/* @from of a good text is replaced. */
static void refuse(const char *good, const char *from, const char *to)
{
	const char *at = strstr(good, from);
	char text[8192];
	struct boot_policy *own;

	assert_non_null(at);
	snprintf(text, sizeof(text), "%.*s%s%s", (int)(at - good), good, to,
		 at + strlen(from));
	assert_int_equal(boot_policy_new(&own), 0);
	if (boot_policy_add(own, bytes_of_text(text), &error) != -EBADMSG)
		fail_msg("taken: %s", text);
	assert_true(error.offset <= strlen(text));
	assert_true(error.reason[0]);
	boot_policy_free(own);
}

TEST(texts_that_are_none)
{
	static const char *const changes[][2] = {
		{ "boot-policy-1", "boot-policy-2" },
		{ "\"imastage\":", "\"imastage2\":" },
		{ "\"imastage\":\"boot-policy-1\",", "" },
		{ "{\"imastage\"", "{\"x\":1,\"imastage\"" },
		{ "{\"imastage\"", "{\"generations\":[],\"imastage\"" },
		{ "\"name\":\"e\"", "\"name\":\"\"" },
		{ "\"name\":\"e\"", "\"name\":1" },
		{ "\"name\":\"e\"", "\"name\":\"\\u0007\"" },
		{ "\"name\":\"e\",", "" },
		{ "\"name\":\"e\"", "\"name\":\"e\",\"name\":\"e\"" },
		{ "\"name\":\"e\"", "\"name\":\"e\",\"n\":\"e\"" },
		{ "2026-12-01T03:00:00Z", "2026-12-01" },
		{ "2026-12-01T03:00:00Z", "" },
		{ "\"approved_by\":\"me\"", "\"approved_by\":\"\"" },
		{ "\"sha256\"", "\"sha1\"" },
		{ "\"sha256\"", "\"sha384\"" },
		{ "\"any\"", "\"maybe\"" },
		{ "\"records\"", "\"any\"" },
		{ "\"records\",\"pcrs\":{\"0\"",
		  "\"command-line\",\"pcrs\":{\"8\":\"any\",\"0\"" },
		{ "\"1\":\"any\"", "\"1\":\"all\"" },
		{ "\"1\":\"any\",", "" },
		{ "\"1\":\"any\"", "\"1\":{}" },
		{ "\"1\":\"any\"", "\"1\":{\"values\":[]}" },
		{ "\"1\":\"any\"", "\"1\":{\"values\":[1]}" },
		{ "\"1\":\"any\"", "\"1\":{\"values\":[\"00\"]}" },
		{ "\"1\":\"any\"", "\"1\":{\"values\":{}}" },
		{ "\"events\":[", "\"values\":[],\"events\":[" },
		{ "\"0x80000003\"", "\"0x8000003\"" },
		{ "\"0x80000003\"", "\"2147483651\"" },
		{ "\"0x80000003\"", "3" },
		{ ":true", ":1" },
		{ "\"what\":\"x\"", "\"what\":1" },
		{ "\"what\":\"x\"", "\"what\":\"x\",\"and\":1" },
		{ "]}", "]}x" },
		{ "\"generations\":[", "\"generations\":[[[[[[[[[[" },
		{ "]}", "],\"kexec\":{\"images\":[]}}" },
	};
	static const char good[] = WITH_EVENTS("any");

	add(good);
	for (size_t i = 0; i < ARRAY_SIZE(changes); i++)
		refuse(good, changes[i][0], changes[i][1]);
	for (size_t len = 0; len < sizeof(good) - 1; len++) {
		struct boot_policy *own;

		assert_int_equal(boot_policy_new(&own), 0);
		assert_int_equal(boot_policy_add(own, bytes_of(good, len),
						 &error),
				 -EBADMSG);
		boot_policy_free(own);
	}
}

TEST(kexec_that_is_none)
{
	static const char good[] =
		"{\"imastage\":\"boot-policy-1\",\"generations\":[" HEAD(
			"old", "me", "any", "records") ALL_VALUES
		"],\"kexec\":{\"images\":[\"sha256:" D("a") "\"]}}";

	add(good);
	refuse(good, "\"sha256:", "\"sha1:");
	refuse(good, "\"sha256:", "\"");
	refuse(good, "\"sha256:", "\"sha256:0");
	refuse(good, "\"images\"", "\"image\"");
	refuse(good, "\"sha256:" D("a") "\"", "");
}

TEST(generations_are_bounded)
{
	static const char one[] =
		POLICY(HEAD("old", "me", "any", "records") ALL_VALUES);

	for (int i = 0; i < BOOT_GENERATIONS_MAX; i++)
		add(one);
	assert_int_equal(boot_policy_count(policy), BOOT_GENERATIONS_MAX);
	assert_int_equal(boot_policy_add(policy, bytes_of_text(one), &error),
			 -EBADMSG);
}

/* ---- learning ----------------------------------------------------------------------- */

static void learn_event(struct boot_learn *learn, uint32_t pcr, uint32_t kind,
			struct imastage_bytes data, size_t skip)
{
	uint8_t digest[32];
	struct boot_log_event event = { .pcr = pcr,
					.kind = kind,
					.data = data,
					.data_len = (uint32_t)data.len };

	SHA256(data.data + skip, data.len - skip, digest);
	event.digests[IMASTAGE_SHA256] = bytes_of(digest, sizeof(digest));
	boot_learn_see(learn, &event);
	boot_policy_watch(policy, &event, &seen);
}

static void learn_boot(struct boot_learn *learn)
{
	learn_event(learn, 7, BOOT_EVENT_VARIABLE,
		    boot_events_secure_boot(true), 0);
	learn_event(learn, 4, BOOT_EVENT_APPLICATION, bytes_of_text("shim"), 0);
	learn_event(learn, 8, BOOT_EVENT_IPL,
		    bytes_of_text("kernel_cmdline: a ima_policy=tcb"), 16);
	learn_event(learn, 8, BOOT_EVENT_IPL,
		    bytes_of_text("grub_cmd: boot \"\n"), 0);
}

/* The text, of the caller. */
static char *write_learnt(const struct boot_learn *learn, const char *by)
{
	const struct boot_approval approval = { "learnt", by,
						*by ? "2026-12-01T03:00:00Z" :
						      "" };
	char *text;
	size_t len;
	FILE *file = open_memstream(&text, &len);

	assert_non_null(file);
	boot_learn_write(learn, &approval, file);
	assert_int_equal(fclose(file), 0);
	return text;
}

static void learn_and_judge(struct boot_learn *learn, const char *by)
{
	const char *reason;
	char *text;

	learn_boot(learn);
	assert_int_equal(boot_learn_check(learn, &quoted, true, &reason), 0);
	text = write_learnt(learn, by);
	add(text);
	free(text);
	/* Events are looked at once the policy is there. */
	memset(&seen, 0, sizeof(seen));
	learn_boot(learn);
	judge(true);
	boot_learn_fini(learn);
}

TEST(what_is_learnt_is_approved)
{
	struct boot_learn learn = { .events = 1u << 4 | 1u << 8,
				    .any = 1u << 1 };

	learn_and_judge(&learn, "me");
	assert_non_null(answer.approved);
	assert_int_equal(answer.approved->by_events, learn.events);
	assert_int_equal(answer.approved->by_values,
			 BOOT_ALL_PCRS & ~learn.events & ~learn.any);
	assert_int_equal(answer.approved->secure, BOOT_SECURE_ON);
	assert_true(answer.approved->command_line);
	see(8, BOOT_EVENT_IPL, 1);
	judge(true);
	assert_null(answer.approved);
}

TEST(what_nobody_approved_is_not)
{
	struct boot_learn learn = { 0 };

	learn_and_judge(&learn, "");
	assert_null(answer.approved);
	assert_int_equal(answer.differs, 0);
}

TEST(what_cannot_be_learnt)
{
	struct boot_learn learn = { .events = 1u << 4 | 1u << 9 };
	const char *reason;

	learn_boot(&learn);
	assert_int_equal(boot_learn_check(&learn, &quoted, false, &reason),
			 -EINVAL);
	assert_int_equal(boot_learn_check(&learn, &quoted, true, &reason),
			 -EINVAL);
	learn_event(&learn, 9, BOOT_EVENT_IPL, bytes_of_text("/vmlinuz"), 0);
	assert_int_equal(boot_learn_check(&learn, &quoted, true, &reason), 0);
	quoted.set[IMASTAGE_SHA256] = 1;
	assert_int_equal(boot_learn_check(&learn, &quoted, true, &reason),
			 -EINVAL);
	boot_learn_fini(&learn);
}

TEST(without_a_log_values_alone_are_learnt)
{
	struct boot_learn learn = { 0 };
	const char *reason;
	char *text;

	assert_int_equal(boot_learn_check(&learn, &quoted, false, &reason), 0);
	text = write_learnt(&learn, "me");
	add(text);
	free(text);
	judge(false);
	assert_non_null(answer.approved);
	assert_int_equal(answer.approved->secure, BOOT_SECURE_ANY);
	assert_false(answer.approved->command_line);
}

TEST(learning_is_bounded)
{
	struct boot_learn learn = { .events = 1u << 4 };
	const char *reason;
	uint32_t i;

	for (i = 0; i <= BOOT_RULES_MAX; i++)
		learn_event(&learn, 4, i, bytes_of_text("x"), 0);
	assert_int_equal(boot_learn_check(&learn, &quoted, true, &reason),
			 -E2BIG);
	boot_learn_fini(&learn);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, begin, end)

TEST_MAIN(CASE(values_that_are_approved), CASE(each_pcr_counts),
	  CASE(a_generation_is_approved_by_somebody),
	  CASE(the_nearest_is_named), CASE(events_that_are_approved),
	  CASE(another_event), CASE(a_missing_event),
	  CASE(events_of_a_log_that_leads_elsewhere), CASE(secure_boot_is_on),
	  CASE(secure_boot_is_off), CASE(data_that_is_not_what_was_measured),
	  CASE(kernels_for_kexec), CASE(texts_that_are_none),
	  CASE(kexec_that_is_none), CASE(generations_are_bounded),
	  CASE(what_is_learnt_is_approved), CASE(what_nobody_approved_is_not),
	  CASE(what_cannot_be_learnt),
	  CASE(without_a_log_values_alone_are_learnt),
	  CASE(learning_is_bounded))
