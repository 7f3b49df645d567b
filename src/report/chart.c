// SPDX-License-Identifier: MIT
/* Pictures in a page. See chart.h. */
#include "report/chart.h"
#include "base/bytes.h"
#include "report/html.h"

#include <inttypes.h>

#define ROUNDS_MAX 60 /* columns, the last ones */

const char *chart_kind_class(enum report_kind kind)
{
	static const char *const classes[REPORT_NR_KINDS] = {
		[REPORT_REFUSED] = "bad",
		[REPORT_DOUBTFUL] = "doubt",
		[REPORT_UNJUDGED] = "none",
		[REPORT_ALLOWED] = "good",
	};

	return classes[kind];
}

const char *chart_result_class(enum verify_result result)
{
	switch (result) {
	case VERIFY_ACCEPTED:
		return "good";
	case VERIFY_WARNED:
		return "doubt";
	case VERIFY_REJECTED:
		return "bad";
	default:
		return "none";
	}
}

/* A rectangle in a picture that is 1000 wide. */
static void put_rect(FILE *file, double x, double width, const char *class)
{
	fprintf(file,
		"<rect x=\"%.2f\" width=\"%.2f\" height=\"10\" class=\"%s\"/>",
		x, width, class);
}

static void begin_bar(FILE *file)
{
	fputs("<svg class=\"bar\" viewBox=\"0 0 1000 10\" "
	      "preserveAspectRatio=\"none\" aria-hidden=\"true\">",
	      file);
}

void chart_shares(FILE *file, const uint64_t nr_of[REPORT_NR_KINDS])
{
	double all = 0, x = 0;

	for (int kind = 0; kind < REPORT_NR_KINDS; kind++)
		all += (double)nr_of[kind];
	if (all <= 0)
		return;
	begin_bar(file);
	for (int kind = 0; kind < REPORT_NR_KINDS; kind++) {
		double width = (double)nr_of[kind] / all * 1000;

		put_rect(file, x, width, chart_kind_class(kind));
		x += width;
	}
	fputs("</svg>\n", file);
}

/* ---- names ----------------------------------------------------------------- */

static void put_row(FILE *file, struct imastage_bytes name, uint64_t nr,
		    uint64_t largest, const char *class)
{
	fputs("<tr><th scope=\"row\"><code>", file);
	html_bytes(file, name);
	fputs("</code></th><td class=\"nr\">", file);
	html_number(file, nr);
	fputs("</td><td class=\"wide\">", file);
	begin_bar(file);
	put_rect(file, 0, (double)nr / (double)largest * 1000, class);
	fputs("</svg></td></tr>\n", file);
}

static uint64_t rest_of(const struct tally *tally, size_t max)
{
	uint64_t nr = tally->nr_others;

	for (size_t i = max; i < tally->nr_rows; i++)
		nr += tally->rows[i].nr;
	return nr;
}

void chart_names(FILE *file, const char *heading, const struct tally *tally,
		 size_t max, bool with_kinds)
{
	uint64_t rest = rest_of(tally, max);
	uint64_t largest = rest > 0 ? rest : 1;

	if (tally->nr_rows > 0 && tally->rows[0].nr > largest)
		largest = tally->rows[0].nr;
	fprintf(file, "<table class=\"bars\"><caption>%s</caption>\n", heading);
	for (size_t i = 0; i < tally->nr_rows && i < max; i++) {
		const struct tally_row *row = &tally->rows[i];

		put_row(file,
			row->name_len > 0 ? bytes_of(row->name, row->name_len) :
					    bytes_of_text("(none)"),
			row->nr, largest,
			with_kinds ? chart_kind_class(row->kind) : "plain");
	}
	if (rest > 0)
		put_row(file, bytes_of_text("(all others)"), rest, largest,
			"none");
	fputs("</table>\n", file);
}

/* ---- rounds ---------------------------------------------------------------- */

static uint64_t nr_records(const struct report_round *round)
{
	return round->proved && round->next > round->first ?
		       round->next - round->first :
		       0;
}

static void put_column(FILE *file, size_t place,
		       const struct report_round *round, uint64_t largest)
{
	/* A round without a record can be seen, too. */
	double height = 2 + (double)nr_records(round) / (double)largest * 98;

	fprintf(file,
		"<rect x=\"%zu\" y=\"%.2f\" width=\"8\" height=\"%.2f\" "
		"class=\"%s\"><title>",
		place * 10 + 1, 100 - height, height,
		chart_result_class(round->result));
	html_time(file, round->made);
	fprintf(file, ": %s, %" PRIu64 " records</title></rect>\n",
		verify_result_name(round->result), nr_records(round));
}

void chart_rounds(FILE *file, const struct report_round *rounds, size_t nr)
{
	size_t shown = nr < ROUNDS_MAX ? nr : ROUNDS_MAX;
	uint64_t largest = 1;

	rounds += nr - shown;
	for (size_t i = 0; i < shown; i++)
		if (nr_records(&rounds[i]) > largest)
			largest = nr_records(&rounds[i]);
	fprintf(file,
		"<svg class=\"rounds\" viewBox=\"0 0 %d 100\" "
		"preserveAspectRatio=\"none\" role=\"img\" "
		"aria-label=\"Records proved in each of the last %zu rounds\">\n",
		ROUNDS_MAX * 10, shown);
	for (size_t i = 0; i < shown; i++)
		put_column(file, i, &rounds[i], largest);
	fputs("</svg>\n", file);
}
