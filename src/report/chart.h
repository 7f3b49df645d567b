/* SPDX-License-Identifier: MIT */
/*
 * Pictures in a page, as SVG inside of HTML. What a picture shows is beside it as text, too.
 */
#ifndef REPORT_CHART_H
#define REPORT_CHART_H

#include "report/report.h"
#include "report/tally.h"

/* The classes of the style sheet that kinds and results have. */
const char *chart_kind_class(enum report_kind kind);
const char *chart_result_class(enum verify_result result);

/* A bar of all kinds, each as wide as its share. Nothing for no records at all. */
void chart_shares(FILE *file, const uint64_t nr_of[REPORT_NR_KINDS]);

/* A table with a bar for each name, the first @max of them. @tally is sorted. */
void chart_names(FILE *file, const char *heading, const struct tally *tally,
		 size_t max, bool with_kinds);

/* A column for each round, as high as it has records. */
void chart_rounds(FILE *file, const struct report_round *rounds, size_t nr);

#endif
