// SPDX-License-Identifier: MIT
/*
 * The table of what can be wrong.
 */
#include "service/verdict.h"
#include "base/path.h"
#include "base/util.h"
#include "service/words.h"

#include <errno.h>
#include <inttypes.h>

/* ---- rows ------------------------------------------------------------------ */

static bool is_rejected(const struct facts *f, char *text, size_t size)
{
	snprintf(text, size, "%s", f->verdict);
	return f->rejected;
}

/* A kernel that counts tells of one before a drain has found it. */
static bool has_unnoted_gap(const struct survey *s, char *text, size_t size)
{
	char range[WORDS_RANGE_LEN];

	if (!s->has_boot || !s->counts.has_deleted || s->kernel_error)
		return false;
	snprintf(text, size,
		 "the kernel has deleted records that are not archived: %s; "
		 "'imastage collect' notes the gap",
		 words_of_range(s->boot.end, s->counts.deleted, range));
	return s->counts.deleted > s->boot.end;
}

static bool has_gap(const struct facts *f, char *text, size_t size)
{
	const struct survey *s = &f->survey;
	const struct survey_gap *last;
	char range[WORDS_GAP_LEN];

	if (s->nr_gaps == 0)
		return has_unnoted_gap(s, text, size);
	last = &s->gaps[(s->nr_gaps - 1) % SURVEY_GAPS_MAX];
	snprintf(text, size, "%s of boot %s (%s)%s",
		 words_of_gap(&last->is, range), last->boot, last->is.reason,
		 s->nr_gaps > 1 ? "; and earlier ones" : "");
	return true;
}

/* The kernel has deleted records, and where they should be there is nothing. */
static bool is_archive_missing(const struct facts *f, char *text, size_t size)
{
	const struct source_counts *counts = &f->survey.counts;

	if (f->survey.archive_error != -ENOENT)
		return false;
	snprintf(text, size,
		 "the kernel has deleted %" PRIu64
		 " records, and there is no archive; if it is on another "
		 "file system, mount that",
		 counts->deleted);
	return f->survey.kernel_error == 0 && counts->deleted > 0;
}

static bool is_archive_unreadable(const struct facts *f, char *text,
				  size_t size)
{
	int r = f->survey.archive_error;

	snprintf(text, size, "the archive cannot be read: %s", strerror(-r));
	return r < 0 && (r != -ENOENT || f->archive_named);
}

static bool is_kernel_unreachable(const struct facts *f, char *text,
				  size_t size)
{
	const struct survey *s = &f->survey;

	if (*s->kernel_text)
		snprintf(text, size, "%s", s->kernel_text);
	else
		snprintf(text, size,
			 "the kernel's list cannot be looked at: %s",
			 strerror(-s->kernel_error));
	return s->kernel_error != 0;
}

static bool is_absent(const struct facts *f, enum facts_absence absence,
		      char *text, size_t size)
{
	snprintf(text, size, "%s", f->absence_text);
	return f->absence == absence;
}

static bool is_dead(const struct facts *f, char *text, size_t size)
{
	return is_absent(f, FACTS_DEAD, text, size);
}

static bool is_silent(const struct facts *f, char *text, size_t size)
{
	return is_absent(f, FACTS_SILENT, text, size);
}

static bool is_stalled(const struct facts *f, char *text, size_t size)
{
	const struct facts_job *job = &f->job;

	words_of_stall(job, text, size);
	return facts_is_stalled(f);
}

static bool is_in_trouble(const struct facts *f, char *text, size_t size)
{
	snprintf(text, size, "%s", f->trouble_text);
	return f->trouble != 0 && f->hold == KEEP_HOLD_NONE;
}

static bool is_held(const struct facts *f, enum keep_hold hold, char *text,
		    size_t size)
{
	snprintf(text, size, "%s", f->hold_text);
	return f->hold == hold;
}

static bool is_tpm_silent(const struct facts *f, char *text, size_t size)
{
	return is_held(f, KEEP_HOLD_SILENT, text, size);
}

static bool is_tpm_restarted(const struct facts *f, char *text, size_t size)
{
	return is_held(f, KEEP_HOLD_RESTART, text, size);
}

static bool is_tpm_no_proof(const struct facts *f, char *text, size_t size)
{
	return is_held(f, KEEP_HOLD_UNPROVED, text, size);
}

static bool is_unchecked(const struct facts *f, char *text, size_t size)
{
	snprintf(text, size, "%s", f->check_text);
	return f->check_error != 0;
}

/* One that never was is not missed. */
static bool has_no_quote(const struct facts *f, char *text, size_t size)
{
	snprintf(
		text, size,
		"the keeper's own quotes fail, so what was saved since the last one proves itself to nobody after a reboot: %s",
		f->quote.text);
	return f->quote.error != 0 && !f->quote.off;
}

static bool is_untidy(const struct facts *f, char *text, size_t size)
{
	snprintf(text, size,
		 "segments cannot be compressed or pruned: %s; the log says "
		 "which",
		 strerror(-f->tidy_error));
	return f->tidy_error != 0;
}

static bool has_no_view(const struct facts *f, char *text, size_t size)
{
	snprintf(text, size, "the view is not served: %s; the log says more",
		 strerror(-f->view_error));
	return f->view_error != 0;
}

static bool has_no_metrics(const struct facts *f, char *text, size_t size)
{
	snprintf(text, size, "metrics_file cannot be written: %s",
		 path_strerror(f->metrics_error));
	return f->metrics_error != 0;
}

static bool is_starting(const struct facts *f, char *text, size_t size)
{
	snprintf(text, size, "kernel and archive are being brought together");
	return f->absence == FACTS_PRESENT && !f->reconciled;
}

#define STARTING "keeper.starting"
#define REJECTED "check.rejected"

static const struct row {
	const char *id;
	/* If it is so, true and a sentence in @text. */
	bool (*is)(const struct facts *f, char *text, size_t size);
} rows[] = {
	{ REJECTED, is_rejected },
	{ "gap", has_gap },
	{ "archive.missing", is_archive_missing },
	{ "archive.unreadable", is_archive_unreadable },
	{ "kernel.unreachable", is_kernel_unreachable },
	{ "keeper.dead", is_dead },
	{ "keeper.silent", is_silent },
	{ "job.stalled", is_stalled },
	{ "tpm.silent", is_tpm_silent },
	{ "tpm.restart", is_tpm_restarted },
	{ "tpm.unproved", is_tpm_no_proof },
	{ "drain.failed", is_in_trouble },
	{ "check.failed", is_unchecked },
	{ "quote.failed", has_no_quote },
	{ "tidy.failed", is_untidy },
	{ "view.failed", has_no_view },
	{ "metrics.failed", has_no_metrics },
	{ STARTING, is_starting },
};

_Static_assert(ARRAY_SIZE(rows) <= VERDICT_MAX, "there is room for all");

/* ---- all of them ----------------------------------------------------------- */

void verdict_of(const struct facts *facts, struct verdict *ret_verdict)
{
	struct verdict *v = ret_verdict;

	v->nr = 0;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct verdict_wrong *wrong = &v->wrong[v->nr];

		wrong->id = rows[i].id;
		if (rows[i].is(facts, wrong->text, sizeof(wrong->text)))
			v->nr++;
	}
}

const char *verdict_id(size_t row)
{
	return row < ARRAY_SIZE(rows) ? rows[row].id : NULL;
}

bool verdict_has(const struct verdict *verdict, const char *id)
{
	for (size_t i = 0; i < verdict->nr; i++)
		if (!strcmp(verdict->wrong[i].id, id))
			return true;
	return false;
}

const char *verdict_state(const struct verdict *verdict)
{
	if (verdict->nr == 0)
		return "ok";
	if (verdict_has(verdict, REJECTED))
		return "rejected";
	return verdict->nr == 1 && verdict_has(verdict, STARTING) ? "starting" :
								    "degraded";
}

static void line_of_well(const struct facts *facts, char *to, size_t size)
{
	const struct survey *s = &facts->survey;

	snprintf(
		to, size,
		"ok: %" PRIu64 " records archived, %" PRIu64 " in the kernel%s",
		s->nr_records, s->counts.current + s->counts.staged,
		facts->absence == FACTS_PRESENT ? "" : "; no keeper runs here");
}

void verdict_line(const struct verdict *verdict, const struct facts *facts,
		  char *to, size_t size)
{
	size_t len;

	if (verdict->nr == 0) {
		line_of_well(facts, to, size);
		return;
	}
	len = (size_t)snprintf(to, size, "not ok: ");
	for (size_t i = 0; i < verdict->nr && len < size; i++)
		len += (size_t)snprintf(to + len, size - len, "%s%s",
					i ? ", " : "", verdict->wrong[i].id);
}
