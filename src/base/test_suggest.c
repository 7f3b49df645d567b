// SPDX-License-Identifier: MIT
/*
 * Words that are mistyped, and words that are others.
 */
#include "base/bytes.h"
#include "base/suggest.h"
#include "lib/testing.h"

static const char *const verbs[] = { "status", "collect", "archive",
				     "hold",   "holds",	  "log" };

static void assert_suggests(const char *word, const char *text)
{
	struct suggest suggest = { .word = bytes_of_text(word) };

	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
		suggest_try(&suggest, verbs[i]);
	assert_string_equal(suggest_text(&suggest), text);
}

TEST(mistyped_words_are_known)
{
	assert_suggests("statsu", "; did you mean 'status'?");
	assert_suggests("sttus", "; did you mean 'status'?");
	assert_suggests("colect", "; did you mean 'collect'?");
	assert_suggests("archivee", "; did you mean 'archive'?");
	assert_suggests("stat", "; did you mean 'status'?");
	assert_suggests("lgo", "; did you mean 'log'?");
	assert_suggests("hods", "; did you mean 'holds'?");
}

TEST(others_are_not)
{
	char longest[4 * SUGGEST_WORD_MAX];

	memset(longest, 's', sizeof(longest));
	longest[sizeof(longest) - 1] = '\0';
	assert_suggests("", "");
	assert_suggests("s", "");
	assert_suggests("frobnicate", "");
	assert_suggests("mount", "");
	assert_suggests(longest, "");
}

TEST(a_name_has_its_dashes)
{
	struct suggest suggest = { .word = bytes_of_text("verbos"),
				   .dashes = "--" };

	suggest_try(&suggest, "verbose");
	assert_string_equal(suggest_text(&suggest),
			    "; did you mean '--verbose'?");
}

TEST_MAIN(cmocka_unit_test(mistyped_words_are_known),
	  cmocka_unit_test(others_are_not),
	  cmocka_unit_test(a_name_has_its_dashes))
