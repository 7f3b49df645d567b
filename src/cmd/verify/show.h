/* SPDX-License-Identifier: MIT */
/*
 * A verdict in files, for people (--html) and for other programs (--ear).
 */
#ifndef CMD_VERIFY_SHOW_H
#define CMD_VERIFY_SHOW_H

#include "cmd/verify/print.h"
#include "cmd/verify/refused.h"
#include "cmd/verify/verify.h"
#include "report/report.h"

/*
 * What is seen of a verification while it runs. An evidence file may be verified anew, so
 * what was seen of it counts when it is done.
 */
struct show {
	const char *html, *ear; /* paths; NULL: none is wanted */
	struct report *report, *part; /* owned */
	struct verify_watch watch;
	char machine[EVIDENCE_ID_MAX + 1]; /* empty: not known */
	uint8_t nonce[EVIDENCE_NONCE_MAX];
	size_t nonce_len;
	bool judges_files, judges_boot;
	const struct policy *policy; /* whose packages are named; or NULL */
	bool violations_warn;
	struct refused refused; /* by that policy */
	int error; /* negative: something was not noted */
};

/* Has @request watched, if a file is wanted or a policy judges. Returns enum cli_status. */
int show_begin(struct show *show, struct verify_request *request);

/* The evidence file that was begun last is done. */
void show_end_part(struct show *show);

/*
 * Looks up what would approve the records that were refused, once all parts are done. 0, or negative
 * after a complaint.
 */
int show_look_up(struct show *show, const struct verify_options *options);

/*
 * Writes the files. 0, or negative after a complaint: a verdict that was wanted in a file is
 * not there.
 */
int show_write(struct show *show, const struct verify_options *options,
	       const struct verdict_set *set);

void show_fini(struct show *show);

#endif
