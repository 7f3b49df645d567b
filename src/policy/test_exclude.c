// SPDX-License-Identifier: MIT
/*
 * Excludes: what Python's re.match() answers, what is refused, what is bounded. The answers in
 * the first table are Python's own (3.11).
 */
#include "base/bytes.h"
#include "base/util.h"
#include "lib/testing.h"
#include "policy/exclude.h"

#include <errno.h>

static struct policy_exclude *compiled(const char *pattern)
{
	struct policy_exclude *exclude = NULL;
	struct policy_error error;

	if (policy_exclude_new(bytes_of_text(pattern), &exclude, &error) != 0)
		fail_msg("%s: %s", pattern, error.reason);
	return exclude;
}

static int match(const char *pattern, struct imastage_bytes path)
{
	struct policy_exclude *exclude = compiled(pattern);
	int r = policy_exclude_match(exclude, path);

	policy_exclude_free(exclude);
	return r;
}

static const struct {
	const char *pattern, *path;
	int answer;
} answers[] = {
	{ "/tmp", "/tmpfoo", 1 },
	{ "/tmp/", "/tmpfoo", 0 },
	{ "/tmp$", "/tmpfoo", 0 },
	{ "/tmp$", "/tmp", 1 },
	{ "/tmp$", "/tmp\n", 1 },
	{ "/tmp\\Z", "/tmp\n", 0 },
	{ "/tmp\\Z", "/tmp", 1 },
	{ "tmp", "/tmp", 0 },
	{ "^/tmp", "/tmp/a", 1 },
	{ "/a.b", "/a\nb", 0 },
	{ "/a.*", "/a\nb", 1 },
	{ "/a.*$", "/a\nb", 0 },
	{ "/(?s:a.*)$", "/a\nb", 1 },
	{ "/a.b", "/a\rb", 1 },
	{ "/(a|b)\\1", "/bb", 1 },
	{ "/(a|b)\\1", "/ba", 0 },
	{ "[[:alpha:]]x", "a]x", 1 },
	{ "[[:alpha:]]x", "ax", 0 },
	{ "/a{,2}$", "/aa", 1 },
	{ "/a{,2}$", "/aaa", 0 },
	{ "/a{2}$", "/aa", 1 },
	{ "/a{x}", "/a{x}", 1 },
	{ "/a{}", "/a{}", 1 },
	{ "/\\v", "/\v", 1 },
	{ "/\\v", "/\n", 0 },
	{ "/\\x41", "/A", 1 },
	{ "/\\u0041", "/A", 1 },
	{ "/\\101", "/A", 1 },
	{ "/\\0", "/0", 0 },
	{ "/[\\b]", "/\b", 1 },
	{ "/[^]]", "/]", 0 },
	{ "/[]]", "/]", 1 },
	{ "/(?i:a)B", "/AB", 1 },
	{ "/(?i:a)B", "/Ab", 0 },
	{ "/(?P<one>a)\\1", "/aa", 1 },
	{ "/(?#what)a", "/a", 1 },
	{ "/(?=a)a", "/a", 1 },
	{ "/(?!a).", "/a", 0 },
	{ "/(a)?(?(1)b|c)$", "/ab", 1 },
	{ "/(a)?(?(1)b|c)$", "/c", 1 },
	{ "/(a)?(?(1)b|c)$", "/ac", 0 },
	{ "/a|/b", "/b", 1 },
	{ "/a+?b", "/aab", 1 },
	{ "/caf\xc3\xa9?$", "/caf", 1 },
	{ "/caf.$", "/caf\xc3\xa9", 1 },
	{ "/\\w+$", "/caf\xc3\xa9", 1 },
	{ "/\\d", "/\xd9\xa1", 1 },
	{ "/a\\.b", "/a.b", 1 },
	{ "/a\\.?b", "/ab", 1 },
	{ "/ab*c", "/ac", 1 },
	{ "/ab?", "/a", 1 },
	{ "/ab{0}c", "/ac", 1 },
	{ "/[|]a", "/|a", 1 },
	{ "/(a|b)c", "/bc", 1 },
	{ ".*\\.pyc", "/a.pyc", 1 },
};

TEST(matches_as_python_does)
{
	for (size_t i = 0; i < ARRAY_SIZE(answers); i++)
		if (match(answers[i].pattern, bytes_of_text(answers[i].path)) !=
		    answers[i].answer)
			fail_msg("%s, %s", answers[i].pattern, answers[i].path);
}

TEST(refuses_what_python_refuses_or_does_not_know)
{
	static const struct {
		const char *pattern;
		size_t at;
	} table[] = {
		{ "", 0 },	     { "/a(*ACCEPT)", 2 }, { "(*UTF8)a", 0 },
		{ "/\\Qa\\E", 1 },   { "/\\Kb", 1 },	   { "/\\Ra", 1 },
		{ "/\\h", 1 },	     { "/\\p{L}", 1 },	   { "/\\N{DASH}", 1 },
		{ "/\\C", 1 },	     { "/\\x4", 1 },	   { "/\\x{41}", 1 },
		{ "/(?<a>b)", 1 },   { "/(?'a'b)", 1 },	   { "/(?R)", 1 },
		{ "/(?1)", 1 },	     { "/(?&a)", 1 },	   { "/(?P>a)", 1 },
		{ "/(?|a)", 1 },     { "/(?C)", 1 },	   { "/(?P=a)", 1 },
		{ "(?i)/a", 0 },     { "/(?x:a)", 1 },	   { "/(?-i:a)", 1 },
		{ "/a**", 3 },	     { "*", 0 },	   { "/(*a)", 1 },
		{ "/a|*", 3 },	     { "^*", 1 },	   { "/a{2}{3}", 5 },
		{ "/a)|(.*", 2 },    { "/(a", 3 },	   { "/[a", 1 },
		{ "/\\1", 1 },	     { "/(a\\1)", 3 },	   { "/\\2(a)(b)", 1 },
		{ "/a\\", 2 },	     { "/[\\8]", 2 },	   { "/\\400", 1 },
		{ "/a{999999}", 2 }, { "/\xff", 0 },	   { "/(?(<a>)b)", 1 },
		{ "/(?(R)b)", 1 },   { "/(?#a", 1 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		struct policy_exclude *exclude;
		struct policy_error error;

		if (policy_exclude_new(bytes_of_text(table[i].pattern),
				       &exclude, &error) != -EBADMSG)
			fail_msg("%s is taken", table[i].pattern);
		if (error.offset != table[i].at || !error.reason[0])
			fail_msg("%s: at %zu: %s", table[i].pattern,
				 error.offset, error.reason);
	}
}

/* Each takes more steps than there are stars. */
TEST(ends_what_would_take_forever)
{
	static const char *const patterns[] = { "/(a+)+$", "/(a|aa)+$",
						"/(a|a?)+$", "/(.*.*.*)*$" };
	char path[64];

	memset(path, 'a', sizeof(path));
	path[0] = '/';
	path[sizeof(path) - 1] = '!';
	path[sizeof(path) - 2] = '\n';
	for (size_t i = 0; i < ARRAY_SIZE(patterns); i++)
		assert_int_equal(match(patterns[i],
				       bytes_of(path, sizeof(path))),
				 EXCLUDE_TIRED);
}

TEST(does_not_match_what_is_no_path)
{
	static char path[EXCLUDE_PATH_MAX + 1];

	memset(path, 'a', sizeof(path));
	assert_int_equal(match("a.*", bytes_of(path, EXCLUDE_PATH_MAX)), 1);
	assert_int_equal(match("a.*", bytes_of(path, sizeof(path))), 0);
	assert_int_equal(match("/a.*", bytes_of_text("/a\xff")), 0);
	assert_int_equal(match("/[a-z].*", bytes_of_text("/a\xff")), 0);
	assert_int_equal(match(".*", bytes_of(NULL, 0)), 1);
	assert_int_equal(match("/a.b", bytes_of("/a\0b", 4)), 1);
}

TEST(says_what_all_matches_begin_with)
{
	static const struct {
		const char *pattern, *prefix;
		bool whole;
	} table[] = {
		{ "/tmp", "/tmp", true },
		{ "^/tmp/.*", "/tmp/", true },
		{ "/tmp/.*$", "/tmp/", false },
		{ "/a\\.b[x]", "/a.b", false },
		{ "/tmp|/var", "", false },
		{ "/(tmp|var)", "/", false },
		{ "/[|]b", "/", false },
		{ "/ab*", "/a", false },
		{ "/ab+", "/ab", false },
		{ "/a\xc3\xa9?", "/a", false },
		{ ".*", "", true },
	};
	bool whole;

	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		struct policy_exclude *exclude = compiled(table[i].pattern);

		if (!bytes_equal_text(policy_exclude_prefix(exclude, &whole),
				      table[i].prefix) ||
		    whole != table[i].whole)
			fail_msg("%s", table[i].pattern);
		policy_exclude_free(exclude);
	}
}

TEST_MAIN(cmocka_unit_test(matches_as_python_does),
	  cmocka_unit_test(refuses_what_python_refuses_or_does_not_know),
	  cmocka_unit_test(ends_what_would_take_forever),
	  cmocka_unit_test(does_not_match_what_is_no_path),
	  cmocka_unit_test(says_what_all_matches_begin_with))
