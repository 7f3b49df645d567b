/* SPDX-License-Identifier: MIT */
/* What a report keeps. */
#ifndef REPORT_PRIVATE_H
#define REPORT_PRIVATE_H

#include "report/report.h"
#include "report/tally.h"

#define SHOWN_LEN_MAX 255
#define REMEDY_LEN_MAX 4096 /* a longer one is no line to be copied */

struct shown {
	struct report_record record; /* whose views are of @bytes */
	bool path_is_cut;
	size_t len;
	uint8_t bytes[];
};

struct shown_list {
	size_t nr;
	struct shown *of[REPORT_SHOWN_MAX]; /* owned */
};

struct report {
	uint64_t nr_of[REPORT_NR_KINDS];
	struct tally outcomes, templates, packages;
	struct tally
		blamed; /* packages of what is refused, guessed ones as well */
	struct shown_list refused, doubtful;
};

#endif
