/* SPDX-License-Identifier: MIT */
/*
 * A report of a verdict: one HTML file for people, which needs no other file, no network
 * and no script.
 *
 *	struct report *report;
 *	int r = report_new(&report);
 *
 *	... report_add(report, &record) for each record that was judged ...
 *	report_write(report, &about, file);
 *	report_free(report);
 *
 * Whatever a machine has put into its list, its names stay text in their place: they are
 * shown as on a terminal (base/text.h), with HTML's own characters as references. The
 * page allows itself nothing but its own style sheet (Content-Security-Policy).
 *
 * Memory is bounded: counts are kept of NAMES_MAX names each, and REPORT_SHOWN_MAX
 * records; the page says how many more there were.
 */
#ifndef REPORT_REPORT_H
#define REPORT_REPORT_H

#include "verify/reason.h"

#define REPORT_SHOWN_MAX 500
#define REPORT_REMEDIES_MAX 2

/* The worst first. */
enum report_kind {
	REPORT_REFUSED,
	REPORT_DOUBTFUL,
	REPORT_UNJUDGED, /* no policy was given */
	REPORT_ALLOWED,
	REPORT_NR_KINDS
};

/* Views are copied. */
struct report_record {
	uint64_t index; /* since hard boot */
	enum report_kind kind;
	const char *outcome; /* a short name of it: "not listed" */
	struct imastage_bytes template_name;
	struct imastage_bytes path;
	const char *algorithm; /* of the file's digest; NULL: there is none */
	struct imastage_bytes digest;
	/* Package and version, as the policy has them; empty: not known. */
	struct imastage_bytes package;
	const char *guess; /* why it may be of that package; NULL: it is */
	/* Lines that would approve it, in printable ASCII; empty: there are no more. */
	struct imastage_bytes remedies[REPORT_REMEDIES_MAX];
	const char *advice; /* what to do where there is no such line; or NULL */
};

/* A verification of the same machine. */
struct report_round {
	uint64_t made; /* seconds since 1970 */
	enum verify_result result;
	bool proved;
	uint32_t resets; /* of its boot */
	uint64_t first, next;
};

struct report_event {
	unsigned int pcr;
	const char *kind; /* "EV_SEPARATOR" */
	struct imastage_bytes text; /* what it says */
};

/* A line of what the verdict rests on. */
struct report_basis {
	const char *name; /* "record policy" */
	struct imastage_bytes value;
};

struct report_about {
	struct imastage_bytes machine; /* id, or name of its key */
	uint64_t made; /* seconds since 1970 */
	enum verify_result result; /* of all verdicts together */
	const struct verify_verdict *verdicts;
	char *const *names; /* of the files that they are of */
	size_t nr_verdicts;
	const struct report_round *rounds; /* before, the oldest first */
	size_t nr_rounds;
	const struct report_event *events; /* of the boot */
	size_t nr_events;
	const struct report_basis *basis;
	size_t nr_basis;
};

struct report;

/* -ENOMEM. To be freed by report_free(). */
int report_new(struct report **ret_report);
void report_free(struct report *report); /* NULL is fine */

/* -ENOMEM, and the record is not in the report. */
int report_add(struct report *report, const struct report_record *record);

/* Moves all that @from has seen behind what @report has; @from is empty then. */
void report_merge(struct report *report, struct report *from);

/* @report is as a new one. */
void report_clear(struct report *report);

/*
 * Lets @fill complete each record that was refused and is shown, before the report is written: what
 * only a look at all of the policy tells. @nr counts from 0. -ENOMEM.
 */
typedef void (*report_fill_function)(void *context, size_t nr,
				     struct report_record *record);
int report_fill(struct report *report, report_fill_function fill,
		void *context);

/* Once, at the end. Returns 0, -EIO when @file does not take it, or an error of OpenSSL. */
int report_write(struct report *report, const struct report_about *about,
		 FILE *file);

#endif
