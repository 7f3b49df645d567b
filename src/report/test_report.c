// SPDX-License-Identifier: MIT
/*
 * A page has the same tags whatever names are in it, and bounds what it shows.
 */
#include "base/bytes.h"
#include "lib/reporting.h"
#include "lib/testing.h"
#include "report/html.h"
#include "report/tally.h"

#include <errno.h>
#include <stdlib.h>

static char *page_of(struct imastage_bytes text)
{
	char *page = NULL;
	size_t len = 0;
	FILE *file = open_memstream(&page, &len);

	assert_non_null(file);
	assert_int_equal(reporting_write(text, file), 0);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(strlen(page), len);
	return page;
}

/* Leaves the tags alone, and outside of them what is not text: '&' that begins no reference. */
static void strip(char *page)
{
	bool in_tag = false;
	char *to = page;

	for (const char *from = page; *from; from++) {
		if (*from == '<')
			in_tag = true;
		if (in_tag)
			*to++ = *from;
		if (*from == '>')
			in_tag = false;
	}
	*to = '\0';
}

static void assert_same_tags(struct imastage_bytes text)
{
	char *plain = page_of(bytes_of_text("x"));
	char *page = page_of(text);

	strip(plain);
	strip(page);
	assert_string_equal(page, plain);
	free(page);
	free(plain);
}

TEST(names_are_no_tags)
{
	static const char *const names[] = {
		"<script>document.title='x'</script>",
		"</code></td></tr></table><h1>Accepted",
		"\"><svg onload=alert(1)>",
		"' onmouseover='x",
		"-->]]></style></title><b>",
		"&lt;b&gt;&#60;b&#62;",
		"\xe2\x80\xae\xc2\x85\xf0\x9f\x98\x80",
		"\x1b[2J\r\n\t\\x3cb\\x3e",
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		assert_same_tags(bytes_of_text(names[i]));
}

TEST(any_byte_is_shown_as_ascii)
{
	uint8_t bytes[255];
	char *page;

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i + 1);
	assert_same_tags(bytes_of(bytes, sizeof(bytes)));
	page = page_of(bytes_of(bytes, sizeof(bytes)));
	for (const char *c = page; *c; c++)
		assert_true(*c == '\n' || (*c >= ' ' && *c < 0x7f));
	assert_non_null(strstr(page, "\\x01\\x02"));
	assert_non_null(strstr(page, "\\x5c"));
	assert_non_null(strstr(page, "\\xfe\\xff"));
	assert_non_null(strstr(page, "&lt;=&gt;?@A"));
	free(page);
}

TEST(says_the_worst_first)
{
	char *page = page_of(bytes_of_text("/usr/bin/env"));
	char *heading = strstr(page, "<h1>");

	assert_non_null(heading);
	assert_int_equal(strncmp(heading, "<h1>Rejected: ", 14), 0);
	assert_true(strstr(page, "tag bad\">failure") <
		    strstr(page, "tag doubt\">warning"));
	assert_true(strstr(page, "tag doubt\">warning") <
		    strstr(page, "tag none\">note"));
	free(page);
}

TEST(shows_so_many_and_counts_all)
{
	struct report *report;
	struct verify_verdict verdict = { .result = VERIFY_REJECTED };
	const struct report_about about = {
		.machine = bytes_of_text("m"),
		.result = VERIFY_REJECTED,
		.verdicts = &verdict,
		.nr_verdicts = 1,
	};
	struct report_record record = {
		.kind = REPORT_REFUSED,
		.outcome = "not listed",
		.template_name = bytes_of_text("ima-ng"),
		.path = bytes_of_text("/x"),
	};
	char *page = NULL;
	size_t len;
	FILE *file;

	assert_int_equal(report_new(&report), 0);
	for (record.index = 0; record.index < 12345; record.index++)
		assert_int_equal(report_add(report, &record), 0);
	file = open_memstream(&page, &len);
	assert_int_equal(report_write(report, &about, file), 0);
	fclose(file);
	assert_non_null(strstr(page, "Refused: 12,345, the first 500 of them"));
	assert_non_null(strstr(page, "<td class=\"nr\">499</td>"));
	assert_null(strstr(page, "<td class=\"nr\">500</td>"));
	free(page);
	report_free(report);
}

/* ---- what would approve a record ------------------------------------------------ */

static void fill(void *context, size_t nr, struct report_record *record)
{
	const char *line = context;

	record->package = bytes_of_text("tool:amd64 1-1");
	record->guess = nr == 1 ? "no other has files there" : NULL;
	record->advice = nr == 2 ? "ask \"somebody\"" : NULL;
	if (nr < 2)
		record->remedies[0] = bytes_of_text(line);
	if (nr == 1)
		record->remedies[1] = bytes_of_text("another");
}

static char *filled_page(const char *line)
{
	struct report_record record = {
		.kind = REPORT_REFUSED,
		.outcome = "unlisted",
		.template_name = bytes_of_text("ima-ng"),
		.path = bytes_of_text("/x"),
	};
	struct report_about about = { .machine = bytes_of_text("m") };
	struct report *report;
	char *page = NULL;
	size_t len;
	FILE *file = open_memstream(&page, &len);

	assert_int_equal(report_new(&report), 0);
	for (record.index = 0; record.index < 3; record.index++)
		assert_int_equal(report_add(report, &record), 0);
	assert_int_equal(report_fill(report, fill, (void *)(uintptr_t)line), 0);
	assert_int_equal(report_write(report, &about, file), 0);
	fclose(file);
	report_free(report);
	return page;
}

static size_t times(const char *page, const char *text)
{
	size_t nr = 0;

	while ((page = strstr(page, text))) {
		page += strlen(text);
		nr++;
	}
	return nr;
}

TEST(lines_are_as_they_are_to_be_copied)
{
	char *page = filled_page("update $'/a\\x0a\\\\' && \"<b>\"  x");

	assert_int_equal(
		times(page,
		      "<code class=\"line\">update $&#39;/a\\x0a\\\\&#39; "
		      "&amp;&amp; &quot;&lt;b&gt;&quot;  x</code>"),
		2);
	assert_int_equal(
		times(page, "<p>or</p><code class=\"line\">another</code>"), 1);
	free(page);
}

TEST(a_guess_is_called_one_and_advice_is_no_line)
{
	char *page = filled_page("line");

	assert_int_equal(times(page, ">package tool:amd64 1-1<"), 2);
	assert_int_equal(times(page, ">perhaps of package tool:amd64 1-1: no "
				     "other has files there<"),
			 1);
	assert_int_equal(times(page, "<summary>What to do</summary>ask "
				     "&quot;somebody&quot;</details>"),
			 1);
	assert_int_equal(times(page, "class=\"line\""), 3);
	assert_int_equal(times(page, "Refused, by the package it may be of"),
			 1);
	assert_int_equal(times(page, "<code>tool:amd64 1-1</code></th>"
				     "<td class=\"nr\">3</td>"),
			 1);
	free(page);
}

TEST(a_line_that_is_too_long_is_not_cut)
{
	char line[5001];
	char *page;

	memset(line, 'a', sizeof(line) - 1);
	line[sizeof(line) - 1] = '\0';
	page = filled_page(line);
	assert_int_equal(times(page, "aaaa"), 0);
	line[4096] = '\0';
	free(page);
	page = filled_page(line);
	assert_int_equal(times(page, line), 2);
	free(page);
}

TEST(a_full_disk_is_an_error)
{
	FILE *file = fopen("/dev/full", "w");

	assert_non_null(file);
	setvbuf(file, NULL, _IONBF, 0);
	assert_int_equal(reporting_write(bytes_of_text("x"), file), -EIO);
	fclose(file);
}

/* ---- counts ------------------------------------------------------------------ */

TEST(counts_a_bounded_number_of_names)
{
	struct tally *tally = calloc(1, sizeof(*tally));
	uint64_t all = 0;
	char name[16];

	assert_non_null(tally);
	for (int i = 0; i < 1000; i++) {
		int len = snprintf(name, sizeof(name), "name %d", i);

		for (int j = 0; j <= i % 7; j++)
			tally_count(tally, bytes_of(name, (size_t)len), i % 2);
		all += (uint64_t)(i % 7 + 1);
	}
	assert_int_equal(tally->nr_rows, TALLY_NAMES_MAX);
	tally_sort(tally);
	for (size_t i = 0; i < tally->nr_rows; i++) {
		const struct tally_row *row = &tally->rows[i];

		assert_true(i == 0 || row->nr <= tally->rows[i - 1].nr);
		all -= row->nr;
	}
	assert_int_equal(all, tally->nr_others);
	free(tally);
}

TEST(long_names_are_cut_and_empty_ones_counted)
{
	struct tally *tally = calloc(1, sizeof(*tally));
	uint8_t name[TALLY_NAME_LEN_MAX + 1] = { 0 };

	assert_non_null(tally);
	tally_count(tally, bytes_of(name, sizeof(name)), 0);
	tally_count(tally, bytes_of(name, TALLY_NAME_LEN_MAX), 0);
	tally_count(tally, bytes_of(NULL, 0), 0);
	assert_int_equal(tally->nr_rows, 2);
	assert_int_equal(tally->rows[0].nr, 2);
	assert_int_equal(tally->rows[1].name_len, 0);
	free(tally);
}

TEST(parts_make_a_whole)
{
	struct report *report, *part;
	struct report_record record = {
		.kind = REPORT_DOUBTFUL,
		.outcome = "violation",
		.template_name = bytes_of_text("ima-ng"),
		.path = bytes_of_text("/x"),
	};
	struct report_about about = { .machine = bytes_of_text("m") };
	char *page = NULL;
	size_t len;
	FILE *file = open_memstream(&page, &len);

	assert_int_equal(report_new(&report), 0);
	assert_int_equal(report_new(&part), 0);
	for (int round = 0; round < 3; round++) {
		for (record.index = 0; record.index < 400; record.index++)
			assert_int_equal(report_add(part, &record), 0);
		report_merge(report, part);
	}
	assert_int_equal(report_add(part, &record), 0);
	report_clear(part);
	report_merge(report, part);
	assert_int_equal(report_write(report, &about, file), 0);
	fclose(file);
	assert_non_null(strstr(page, "In doubt: 1,200, the first 500 of them"));
	assert_non_null(strstr(page, "Nothing proves these records"));
	free(page);
	report_free(part);
	report_free(report);
}

/* ---- text ---------------------------------------------------------------------- */

static void assert_shown(void (*put)(FILE *, uint64_t), uint64_t number,
			 const char *wanted)
{
	char *text = NULL;
	size_t len;
	FILE *file = open_memstream(&text, &len);

	assert_non_null(file);
	put(file, number);
	fclose(file);
	assert_string_equal(text, wanted);
	free(text);
}

TEST(numbers_and_times_are_readable)
{
	assert_shown(html_number, 0, "0");
	assert_shown(html_number, 999, "999");
	assert_shown(html_number, 1000, "1,000");
	assert_shown(html_number, UINT64_MAX, "18,446,744,073,709,551,615");
	assert_shown(html_time, 1796095395, "2026-12-01 03:23 UTC");
	assert_shown(html_time, UINT64_MAX,
		     "18446744073709551615 s after 1970");
}

TEST_MAIN(cmocka_unit_test(names_are_no_tags),
	  cmocka_unit_test(any_byte_is_shown_as_ascii),
	  cmocka_unit_test(says_the_worst_first),
	  cmocka_unit_test(shows_so_many_and_counts_all),
	  cmocka_unit_test(lines_are_as_they_are_to_be_copied),
	  cmocka_unit_test(a_guess_is_called_one_and_advice_is_no_line),
	  cmocka_unit_test(a_line_that_is_too_long_is_not_cut),
	  cmocka_unit_test(a_full_disk_is_an_error),
	  cmocka_unit_test(counts_a_bounded_number_of_names),
	  cmocka_unit_test(long_names_are_cut_and_empty_ones_counted),
	  cmocka_unit_test(parts_make_a_whole),
	  cmocka_unit_test(numbers_and_times_are_readable))
