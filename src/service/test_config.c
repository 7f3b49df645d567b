// SPDX-License-Identifier: MIT
/*
 * Configuration: what is understood, and where what is not is refused.
 */
#include "base/bytes.h"
#include "base/file.h"
#include "lib/testing.h"
#include "service/config.h"

#include <errno.h>

static int parse(const char *text, struct config *config,
		 struct config_error *error)
{
	return config_parse(bytes_of_text(text), config, error);
}

static void assert_refused(const char *text, unsigned int line,
			   const char *words)
{
	struct config config = { .leave = 77 };
	struct config_error error;

	assert_int_equal(parse(text, &config, &error), -EINVAL);
	assert_int_equal(config.leave, 77);
	if (!strstr(error.text, words) || error.line != line)
		fail_msg("'%s': line %u: %s", text, error.line, error.text);
}

static char *printed(const struct config *config)
{
	char *text = NULL;
	size_t len;
	FILE *file = open_memstream(&text, &len);

	assert_non_null(file);
	config_print(file, config);
	fclose(file);
	return text;
}

static void assert_same(const struct config *a, const struct config *b)
{
	cleanup_free char *text_a = printed(a), *text_b = printed(b);

	assert_string_equal(text_a, text_b);
}

TEST(nothing_is_the_defaults)
{
	struct config config, defaults;
	struct config_error error;

	config_defaults(&defaults);
	assert_int_equal(parse("", &config, &error), 0);
	assert_same(&config, &defaults);
	assert_int_equal(parse("\n# nothing\n\n  \t\n", &config, &error), 0);
	assert_same(&config, &defaults);
}

TEST(values_are_taken)
{
	struct config config;
	struct config_error error;

	assert_int_equal(
		parse("archive=/a b\n drain_records = 5 \n"
		      "drain_bytes = 8K\r\ninterval=90s\npoll = 1500ms\n"
		      "method = trim\nexclusive = yes\ntpm = none\n"
		      "tpm = none # not a comment",
		      &config, &error),
		-EINVAL);
	assert_int_equal(error.line, 9);
	assert_int_equal(
		parse("archive=/a b\n drain_records = 5 \n"
		      "drain_bytes = 8K\r\ninterval=90s\npoll = 1500ms\n"
		      "method = trim\nexclusive = yes\ntpm = swtpm:host=a,b#c\n"
		      "ak = /a/key\nak_auth = /a/value",
		      &config, &error),
		0);
	assert_string_equal(config.ak, "/a/key");
	assert_string_equal(config.ak_auth, "/a/value");
	assert_string_equal(config.archive, "/a b");
	assert_int_equal(config.drain_records, 5);
	assert_int_equal(config.drain_bytes, 8192);
	assert_int_equal(config.interval, 90000);
	assert_int_equal(config.poll, 1500);
	assert_int_equal(config.method, CONFIG_METHOD_TRIM);
	assert_true(config.exclusive);
	assert_string_equal(config.tpm, "swtpm:host=a,b#c");
}

TEST(what_is_printed_is_read_again)
{
	struct config config, again;
	struct config_error error;
	cleanup_free char *text = NULL;

	assert_int_equal(parse("poll = 1500ms\nview = /v\nretain_age = 30d\n"
			       "drain_bytes = 0\nretain_bytes = 5000001\n"
			       "pressure = none\ninterval = 0\nwait = 0\n"
			       "ak = none",
			       &config, &error),
			 0);
	text = printed(&config);
	assert_int_equal(parse(text, &again, &error), 0);
	assert_same(&config, &again);
}

TEST(what_is_wrong_is_named_with_its_line)
{
	assert_refused("\n\nunknown = 1", 3, "no key 'unknown'");
	assert_refused("drain_recrods = 1", 1, "did you mean 'drain_records'?");
	assert_refused("metrics_file = /run/metrics", 0, "must end in .prom");
	assert_refused("leave 5", 1, "key = value");
	assert_refused("= 5", 1, "key = value");
	assert_refused("leave =", 1, "no value");
	assert_refused("leave = 1\n#\nleave = 1", 3, "line 1");
	assert_refused("leave = -1", 1, "wants a number");
	assert_refused("leave = 1x", 1, "wants a number");
	assert_refused("leave = 18446744073709551616", 1, "wants a number");
	assert_refused("interval = 5 min", 1, "wants a time");
	assert_refused("interval = 999ms", 1, "1s to 366d, or 0");
	assert_refused("interval = 18446744073709551615d", 1, "wants a time");
	assert_refused("poll = 0", 1, "1s to 1h");
	assert_refused("drain_bytes = 1", 1, "4K");
	assert_refused("exclusive = true", 1, "yes or no");
	assert_refused("method = steal", 1, "stage, trim or copy");
	assert_refused("archive = here", 1, "a path from / on");
	assert_refused("archive = none", 1, "a path from / on");
	assert_refused("ak = 0x80000001", 0, "a handle like 0x8101494d");
	assert_refused("ak = here", 0, "a handle like 0x8101494d");
	assert_refused("ak_auth = here", 1, "or none");
	assert_refused("enrolled = none", 1, "a path from / on");
	assert_refused("view = here", 1, "or none");
	assert_refused("pressure = a bit", 1, "some 150ms/2s");
	assert_refused("pressure = some 3s/2s", 1, "some 150ms/2s");
	assert_refused("pressure = some 1s/60s", 1, "some 150ms/2s");
	assert_refused("tpm = \x1b[2J", 1, "control character");
}

TEST(what_does_not_go_together_is_refused)
{
	assert_refused("view_bind = yes", 0, "needs a view");
	assert_refused("leave = 10\ndrain_records = 10", 0, "below");
	assert_refused("control = /a\nmetrics_socket = /a", 0, "the same");
}

TEST(values_are_bounded)
{
	char text[2 * CONFIG_TEXT_MAX];
	struct config config;
	struct config_error error;

	snprintf(text, sizeof(text), "archive = /%0*d", CONFIG_TEXT_MAX - 2, 0);
	assert_int_equal(parse(text, &config, &error), 0);
	snprintf(text, sizeof(text), "archive = /%0*d", CONFIG_TEXT_MAX - 1, 0);
	assert_refused(text, 1, "longer than");
}

TEST(a_restart_is_asked_for_where_it_is_needed)
{
	struct config now, wanted;

	config_defaults(&now);
	config_defaults(&wanted);
	assert_null(config_needs_restart(&now, &wanted));
	wanted.interval = 1;
	assert_null(config_needs_restart(&now, &wanted));
	wanted.segment_size = 1 << 20;
	assert_string_equal(config_needs_restart(&now, &wanted),
			    "segment_size");
}

TEST(pressure_becomes_the_kernels_words)
{
	char trigger[64];

	assert_int_equal(config_pressure_trigger("full 100ms/1s", trigger,
						 sizeof(trigger)),
			 0);
	assert_string_equal(trigger, "full 100000 1000000");
}

TEST(a_file_that_is_named_must_be_there)
{
	struct config config;
	struct config_error error;

	assert_int_equal(config_read("/nonexistent", &config, &error), -ENOENT);
	assert_string_equal(error.text, "No such file or directory");
}

/* Lines "#key = value" without the first character; all others dropped. */
static void uncomment(char *text)
{
	char *to = text;

	for (char *line = text; *line;) {
		size_t len = strcspn(line, "\n");
		size_t key =
			1 + strspn(line + 1, "abcdefghijklmnopqrstuvwxyz_");

		if (line[0] == '#' && key > 1 && line[key] == ' ' &&
		    line[key + 1] == '=') {
			memmove(to, line + 1, len);
			to += len;
		}
		line += len + (line[len] != '\0');
	}
	*to = '\0';
}

/* The file that is shipped says what the defaults are, of every key. */
TEST(the_shipped_file_is_the_defaults)
{
	cleanup_free uint8_t *data = NULL;
	cleanup_free char *text = NULL, *lines = NULL;
	struct config config, defaults;
	struct config_error error;
	size_t len, nr = 0;

	assert_int_equal(file_read(TEST_DATA "/../packaging/imastaged.conf",
				   CONFIG_FILE_MAX, &data, &len),
			 0);
	assert_int_equal(config_parse(bytes_of(data, len), &config, &error), 0);
	text = strndup((char *)data, len);
	assert_non_null(text);
	uncomment(text);
	assert_int_equal(parse(text, &config, &error), 0);
	config_defaults(&defaults);
	assert_same(&config, &defaults);
	lines = printed(&defaults);
	for (const char *c = lines; *c; c++)
		nr += *c == '\n';
	for (const char *c = text; *c; c++)
		nr -= *c == '\n';
	assert_int_equal(nr, 0);
}

TEST_MAIN(cmocka_unit_test(nothing_is_the_defaults),
	  cmocka_unit_test(values_are_taken),
	  cmocka_unit_test(what_is_printed_is_read_again),
	  cmocka_unit_test(what_is_wrong_is_named_with_its_line),
	  cmocka_unit_test(what_does_not_go_together_is_refused),
	  cmocka_unit_test(values_are_bounded),
	  cmocka_unit_test(a_restart_is_asked_for_where_it_is_needed),
	  cmocka_unit_test(pressure_becomes_the_kernels_words),
	  cmocka_unit_test(a_file_that_is_named_must_be_there),
	  cmocka_unit_test(the_shipped_file_is_the_defaults))
