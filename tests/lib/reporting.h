/* SPDX-License-Identifier: MIT */
/*
 * Reports with one text in all places where a machine's own words go.
 */
#ifndef TESTS_REPORTING_H
#define TESTS_REPORTING_H

#include "report/report.h"

#define REPORTING_RECORDS \
	40 /* and as many outcomes and packages as there are kinds */

/* A rejected machine with @text as each name; the page goes to @file. */
int reporting_write(struct imastage_bytes text, FILE *file);

/* The same with a line of its own that would approve each file. */
int reporting_write_line(struct imastage_bytes text, struct imastage_bytes line,
			 FILE *file);

#endif
