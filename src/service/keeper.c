// SPDX-License-Identifier: MIT
/*
 * Jobs, one after the other. What goes wrong is said when it begins, when it
 * changes and when it is over, and from time to time while it lasts; not each
 * time it is tried again.
 */
#include "service/keeper.h"
#include "base/util.h"
#include "keep/keep.h"
#include "service/ak.h"
#include "service/absence.h"
#include "service/mounts.h"
#include "service/own_quote.h"
#include "service/words.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <time.h>

#define REMIND_MS (10 * 60 * 1000)
#define COMPRESS_AT_ONCE 2 /* segments of one job */
#define MEAN_LEN 110 /* bytes of a record, until some were seen */

struct keeper {
	struct config config;
	struct keeper_options options;
	struct source *source;
	struct archive *archive;
	struct tpm *tpm;
	struct keep *keep;
	struct facts facts;
	struct keep_report report; /* that facts.reconcile is about */
	uint64_t first; /* index of the kernel's first record */
	uint64_t reminded; /* when trouble was last said */
};

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* ---- opening --------------------------------------------------------------- */

static int open_archive(struct keeper *keeper)
{
	const struct keeper_options *how = &keeper->options;
	struct archive_options options = {
		.dir = keeper->config.archive,
		.say = how->say,
		.segment_len = keeper->config.segment_size,
		.existing = how->archive_only,
	};
	char text[JOB_TEXT_MAX];
	int r = how->archive_only ? 0 : mounts_check(options.dir, how->say);

	if (r < 0)
		return r;
	r = how->read_only ? archive_open_reader(&options, &keeper->archive) :
			     archive_open_writer(&options, &keeper->archive);

	if (r == -ENOENT && how->archive_only)
		say(how->say, SAY_ERROR,
		    "%s: there is no archive; imastaged or 'imastage collect' makes one",
		    keeper->config.archive);
	else if (r < 0) {
		words_of_archive(r, keeper->config.archive, text, sizeof(text));
		say(how->say, SAY_ERROR, "%s", text);
	}
	return r;
}

static int open_source(struct keeper *keeper)
{
	struct source_options options = {
		.dir = keeper->config.source,
		.exclusive = keeper->config.exclusive,
		.wait_ms = (unsigned int)keeper->config.wait,
		.say = keeper->options.say,
		.stop = keeper->options.stop,
		.context = keeper->options.context,
	};

	return source_open(&options, &keeper->source);
}

/*
 * Before there is an archive: none is begun for records that are not ours. Who only copies
 * takes nothing from others, but misses what others take.
 */
static int claim_kernel(struct keeper *keeper)
{
	bool copies = keeper->config.method == CONFIG_METHOD_COPY ||
		      source_abilities(keeper->source)->kind ==
			      SOURCE_UNPATCHED;
	char text[JOB_TEXT_MAX];
	int r = keeper->options.leave_gap ?
			0 :
			source_claim(keeper->source, copies);

	if (r == -EBUSY) {
		words_of_claim(keeper->config.source, keeper->config.archive,
			       text, sizeof(text));
		say(keeper->options.say, SAY_ERROR, "%s", text);
	} else if (r < 0) {
		say_errno(keeper->options.say, r, "%s: claiming this kernel",
			  keeper->config.source);
	}
	return r;
}

static int open_kernel(struct keeper *keeper)
{
	int r = open_source(keeper);

	return r == 0 ? claim_kernel(keeper) : r;
}

/*
 * Without one, hard boots are told apart by other signs, and nothing is checked. One
 * that does not answer is waited for.
 */
static int open_tpm(struct keeper *keeper)
{
	const char *tcti = keeper->config.tpm;
	int r = tpm_open(*tcti ? tcti : "none", keeper->options.say,
			 &keeper->tpm);

	return r == -ENODEV ? 0 : r;
}

/* For tests: stands still at a step of a drain, to be killed there or to go on. */
static int stop_at(void *wanted, const char *name)
{
	return strcmp(wanted, name) || kill(getpid(), SIGSTOP) == 0 ? 0 :
								      -errno;
}

static int open_keep(struct keeper *keeper)
{
	char *step = getenv("IMASTAGE_STOP_AT");
	struct keep_options options = {
		.source = keeper->source,
		.archive = keeper->archive,
		.tpm = keeper->tpm,
		.say = keeper->options.say,
		.boot_id = keeper->config.boot_id,
		.aside_dir = keeper->config.archive,
		.step = step ? stop_at : NULL,
		.context = step,
	};

	return keep_new(&options, &keeper->keep);
}

int keeper_open(const struct keeper_options *options,
		struct keeper **ret_keeper)
{
	struct keeper *keeper = calloc(1, sizeof(*keeper));
	int r;

	if (!keeper)
		return -ENOMEM;
	keeper->options = *options;
	keeper->config = *options->config;
	keeper->facts.mean_len = MEAN_LEN;
	keeper->facts.survey.kernel_error = -ENOENT;
	r = options->archive_only ? 0 : open_kernel(keeper);
	if (r == 0)
		r = open_archive(keeper);
	if (r == 0 && !options->archive_only)
		r = open_tpm(keeper);
	if (r == 0 && !options->archive_only)
		r = open_keep(keeper);
	if (r < 0) {
		keeper_close(keeper);
		return r;
	}
	if (options->stays) {
		absence_note(keeper->archive, true);
		mounts_note(keeper->config.archive, options->say);
	}
	*ret_keeper = keeper;
	return 0;
}

void keeper_leave(struct keeper *keeper)
{
	absence_note(keeper->archive, false);
}

void keeper_close(struct keeper *keeper)
{
	if (!keeper)
		return;
	keep_free(keeper->keep);
	tpm_close(keeper->tpm);
	source_close(keeper->source);
	archive_close(keeper->archive);
	free(keeper);
}

void keeper_configure(struct keeper *keeper, const struct config *config)
{
	keeper->config = *config;
}

const struct facts *keeper_facts(const struct keeper *keeper)
{
	return &keeper->facts;
}

struct source *keeper_source(struct keeper *keeper)
{
	return keeper->source;
}

/* ---- what is known --------------------------------------------------------- */

/* Kernels that count say it themselves; of others it follows from what we did. */
static void update_first(struct keeper *keeper, uint64_t nr_deleted)
{
	const struct keep_report *report =
		keeper->keep ? keep_last_report(keeper->keep) : NULL;
	struct facts *facts = &keeper->facts;

	keeper->first += nr_deleted;
	facts->reconciled = report != NULL;
	if (!report || !memcmp(report, &keeper->report, sizeof(*report)))
		return;
	keeper->report = *report;
	keeper->first = report->decision.first;
	words_of_report(report, facts->reconcile, sizeof(facts->reconcile));
}

static void survey(struct keeper *keeper, bool kernel)
{
	struct survey *now = &keeper->facts.survey;
	struct survey before = *now;

	*now = (struct survey){
		.kernel_error = before.kernel_error,
		.counted = before.counted,
		.abilities = before.abilities,
		.counts = before.counts,
		.nr_holders = before.nr_holders,
	};
	memcpy(now->holders, before.holders, sizeof(now->holders));
	if (kernel)
		survey_kernel(now, keeper->source);
	survey_archive(now, keeper->archive);
	if (!now->has_first && keeper->facts.reconciled)
		survey_set_first(now, keeper->archive, keeper->first);
	own_quote_survey(&keeper->facts, keeper->archive);
	if (now->boot.nr_records)
		keeper->facts.mean_len = now->boot.bytes / now->boot.nr_records;
}

/* What stays listed after it was copied does not wait. */
static uint64_t waiting(const struct keeper *keeper)
{
	const struct source_counts *counts = &keeper->facts.survey.counts;
	uint64_t listed = counts->current + counts->staged;
	uint64_t end = archive_end(keeper->archive);

	if (!keeper->facts.copies || !keeper->facts.reconciled)
		return listed;
	return keeper->first + listed > end ? keeper->first + listed - end : 0;
}

static int count(struct keeper *keeper)
{
	struct survey *now = &keeper->facts.survey;

	if (!keeper->source)
		return -EOPNOTSUPP;
	now->abilities = *source_abilities(keeper->source);
	now->kernel_error = source_counts(keeper->source, &now->counts);
	if (now->kernel_error)
		return now->kernel_error;
	now->counted = (int64_t)time(NULL);
	keeper->facts.nr_waiting = waiting(keeper);
	return 0;
}

/* ---- what goes wrong ------------------------------------------------------- */

/* Somebody else's process is no fault of this machine's; a full disk is. */
static enum say_level level_of(int r)
{
	return r == -EBUSY || r == -ESTALE || r == -EACCES ? SAY_WARNING :
							     SAY_ERROR;
}

static void note_trouble(struct keeper *keeper, int r, const char *text)
{
	struct facts *facts = &keeper->facts;
	uint64_t now = now_ms();

	if (facts->trouble == r && !strcmp(facts->trouble_text, text) &&
	    now - keeper->reminded < REMIND_MS)
		return;
	if (!facts->trouble)
		facts->trouble_since = (int64_t)time(NULL);
	facts->trouble = r;
	snprintf(facts->trouble_text, sizeof(facts->trouble_text), "%s", text);
	keeper->reminded = now;
	say(keeper->options.say, level_of(r), "%s", text);
}

static void note_well(struct keeper *keeper)
{
	struct facts *facts = &keeper->facts;

	if (facts->trouble)
		say(keeper->options.say, SAY_NOTICE, "that is over: %s",
		    facts->trouble_text);
	facts->trouble = 0;
	facts->trouble_text[0] = '\0';
}

static void note_hold(struct keeper *keeper)
{
	const struct keep_report *report = keep_last_report(keeper->keep);
	enum keep_hold hold = report ? report->decision.hold : KEEP_HOLD_NONE;
	struct facts *facts = &keeper->facts;
	char trouble[TPM_TROUBLE_MAX] = "";

	facts->hold = hold;
	if (hold == KEEP_HOLD_SILENT && keeper->tpm)
		tpm_trouble(keeper->tpm, trouble);
	words_of_keep_hold(hold, trouble, facts->hold_text,
			   sizeof(facts->hold_text));
}

static bool is_held(int r)
{
	return r == -ETIMEDOUT || r == -EREMCHG;
}

/* @r of a drain or reconciliation. */
static void judge(struct keeper *keeper, struct job *job, int r)
{
	struct source_holder blockers[SURVEY_HOLDERS_MAX] = { 0 };
	size_t nr = 0;

	job->result = r;
	note_hold(keeper);
	if (r == -EINTR) {
		snprintf(job->text, sizeof(job->text), "interrupted");
		return;
	}
	if (r == 0) {
		note_well(keeper);
		return;
	}
	if (r == -EBUSY)
		nr = source_blockers(keeper->source, blockers,
				     SURVEY_HOLDERS_MAX);
	if (is_held(r) && keeper->facts.hold != KEEP_HOLD_NONE)
		snprintf(job->text, sizeof(job->text), "%s",
			 keeper->facts.hold_text);
	else
		words_of_failure(r, blockers, nr, job->text, sizeof(job->text));
	if (r == -EIDRM)
		words_of_lost(archive_lost(keeper->archive), job->text,
			      sizeof(job->text));
	note_trouble(keeper, r, job->text);
	memcpy(keeper->facts.survey.holders, blockers,
	       nr * sizeof(blockers[0]));
	keeper->facts.survey.nr_holders = nr;
}

/* ---- jobs ------------------------------------------------------------------ */

static void do_reconcile(struct keeper *keeper, struct job *job)
{
	struct keep_report report;
	int r = keep_reconcile(keeper->keep, &report);

	update_first(keeper, 0);
	if (r == 0) {
		say(keeper->options.say, SAY_INFO, "%s",
		    keeper->facts.reconcile);
		snprintf(job->text, sizeof(job->text), "%s",
			 keeper->facts.reconcile);
	}
	judge(keeper, job, r);
	survey(keeper, true);
}

/* Why what is wanted is not done, once. */
static void say_copies(const struct keeper *keeper)
{
	if (source_abilities(keeper->source)->kind == SOURCE_TRIM_ONLY)
		say(keeper->options.say, SAY_NOTICE,
		    "this kernel cannot stage (CONFIG_IMA_STAGING is off), it can only delete the first records of its list: the list is copied, and nothing is deleted unless the configuration says method = trim");
	else
		say(keeper->options.say, SAY_NOTICE,
		    "nothing can be deleted from this kernel's list: it is copied");
}

/* It may have been configured to copy before, beside others that do. */
static bool may_delete(struct keeper *keeper)
{
	if (keeper->config.method == CONFIG_METHOD_COPY)
		return false;
	if (keeper->options.leave_gap ||
	    source_abilities(keeper->source)->kind == SOURCE_UNPATCHED ||
	    source_claim(keeper->source, false) == 0)
		return true;
	(void)source_claim(keeper->source, true);
	say(keeper->options.say, SAY_WARNING,
	    "%s: somebody else copies this kernel's list, and would miss what is deleted: the list is copied until that one has ended",
	    keeper->config.source);
	return false;
}

static int drain(struct keeper *keeper, const struct job *job,
		 struct keep_result *result)
{
	bool copies = !may_delete(keeper);
	struct keep_limits limits = {
		.leave = keeper->config.leave,
		.method = keeper->config.method == CONFIG_METHOD_TRIM ?
				  KEEP_TRIM :
				  KEEP_STAGE,
	};
	int r = -EOPNOTSUPP;

	if (job->kind == JOB_FLUSH)
		return keep_flush_before_kexec(keeper->keep,
					       copies ? NULL : &limits, result);
	if (!copies)
		r = keep_drain(keeper->keep, &limits, result);
	if (r != -EOPNOTSUPP) {
		keeper->facts.copies = false;
		return r;
	}
	if (!copies && !keeper->facts.copies)
		say_copies(keeper);
	keeper->facts.copies = true;
	return keep_copy(keeper->keep, result);
}

static void note_drain(struct keeper *keeper, struct job *job, int r,
		       const struct keep_result *result)
{
	struct facts *facts = &keeper->facts;

	job->records = result->nr_saved;
	job->bytes = result->saved_len;
	facts->nr_records += result->nr_saved;
	facts->nr_bytes += result->saved_len;
	facts->drain_ms += job->ms;
	if (r < 0) {
		facts->nr_failed += r != -EINTR;
		return;
	}
	facts->nr_drains++;
	facts->drain = (struct facts_drain){
		.time = (int64_t)time(NULL),
		.records = result->nr_saved,
		.bytes = result->saved_len,
		.ms = job->ms,
	};
	snprintf(facts->drain.reason, sizeof(facts->drain.reason), "%s",
		 job->reason);
	words_of_drain(job, result->nr_deleted, job->text, sizeof(job->text));
	say(keeper->options.say,
	    result->nr_saved || result->nr_deleted ? SAY_INFO : SAY_DEBUG, "%s",
	    job->text);
}

/* Whoever asked is told what is missing of the list, found now or before. */
static void note_gaps(struct keeper *keeper, struct job *job)
{
	const struct survey *s = &keeper->facts.survey;
	uint64_t nr = s->boot.nr_gaps < JOB_GAPS_MAX ? s->boot.nr_gaps :
						       JOB_GAPS_MAX;

	strcpy(job->boot, s->boot.name);
	job->nr_gaps = s->boot.nr_gaps;
	for (uint64_t i = 0; i < nr && nr <= s->nr_gaps; i++)
		job->gaps[i] =
			s->gaps[(s->nr_gaps - nr + i) % SURVEY_GAPS_MAX].is;
}

/* ---- quotes of our own ------------------------------------------------------- */

static void do_quote(struct keeper *keeper, struct job *job)
{
	int r = own_quote_keep(keeper->keep, keeper->archive, job->quote,
			       OWN_QUOTE_NOW, keeper->options.say, job->text);

	job->result = r;
	if (r != -EINTR)
		own_quote_note(&keeper->facts.quote, keeper->options.say, r,
			       job->text);
	(void)count(keeper);
	survey(keeper, false);
}

/*
 * Before a kexec and when the machine goes down: all is saved, so nothing waits for the TPM. One
 * that never made a quote is not missed.
 */
static void quote_flushed(struct keeper *keeper)
{
	struct facts *facts = &keeper->facts;
	struct self_quote *quote = calloc(1, sizeof(*quote));
	char text[JOB_TEXT_MAX] = "";
	int r;

	if (!quote)
		return;
	quote->boot = facts->survey.boot.id;
	quote->chain = facts->chain;
	r = ak_ask_quote(&keeper->config, keeper->tpm, quote, text);
	if (r == 0)
		r = own_quote_keep(keeper->keep, keeper->archive, quote,
				   OWN_QUOTE_BEFORE_KEXEC, keeper->options.say,
				   text);
	if (r == 0 || facts->quote.time)
		own_quote_note(&facts->quote, keeper->options.say, r, text);
	free(quote);
	survey(keeper, false);
}

static void do_drain(struct keeper *keeper, struct job *job)
{
	struct keep_result result = { 0 };
	uint64_t start = now_ms();
	int r = drain(keeper, job, &result);

	job->ms = now_ms() - start;
	update_first(keeper, result.nr_deleted);
	note_drain(keeper, job, r, &result);
	(void)count(keeper);
	judge(keeper, job, r);
	survey(keeper, false);
	if (job->kind == JOB_FLUSH && r == 0 && keeper->tpm &&
	    keeper->config.quote_interval)
		quote_flushed(keeper);
	note_gaps(keeper, job);
}

static void do_check(struct keeper *keeper, struct job *job)
{
	struct facts *facts = &keeper->facts;
	struct keep_check check;
	bool was_rejected = facts->rejected;
	int r = keep_check(keeper->keep, &check);

	job->result = r;
	if (r == -EINTR)
		return;
	facts->check_error = r;
	if (r < 0) {
		words_of_failed_check(r, job->text, sizeof(job->text));
		if (strcmp(facts->check_text, job->text))
			say(keeper->options.say, SAY_WARNING, "%s", job->text);
	}
	snprintf(facts->check_text, sizeof(facts->check_text), "%s",
		 r < 0 ? job->text : "");
	if (r < 0)
		return;
	words_of_check(&check, job->text, sizeof(job->text));
	facts->checked = (int64_t)time(NULL);
	facts->rejected = check.verdict == KEEP_CHECK_MISMATCH;
	if (strcmp(facts->verdict, job->text) || facts->rejected)
		say(keeper->options.say,
		    facts->rejected ? SAY_ERROR :
		    was_rejected    ? SAY_NOTICE :
				      SAY_INFO,
		    "%s", job->text);
	snprintf(facts->verdict, sizeof(facts->verdict), "%s", job->text);
}

static void words_of_trim(const struct keeper *keeper, int r, struct job *job)
{
	char there[WORDS_RANGE_LEN];

	if (r == -EOPNOTSUPP)
		snprintf(
			job->text, sizeof(job->text),
			"this kernel cannot delete exactly so many records (T:N), or the configuration says method = copy: nothing is deleted");
	else if (r == -EEXIST)
		snprintf(
			job->text, sizeof(job->text),
			"records are staged: nothing is deleted; 'imastage collect' saves and deletes them");
	else if (r == -ERANGE)
		snprintf(
			job->text, sizeof(job->text),
			"the kernel's list begins with record %" PRIu64
			", which is not among %s, or does not reach so far: nothing is deleted",
			keeper->first,
			words_of_range(job->from, job->up_to, there));
}

/* A trim that was refused is no trouble of the keeper. */
static void do_trim(struct keeper *keeper, struct job *job)
{
	struct keep_result result = { 0 };
	int r = may_delete(keeper) ? keep_trim(keeper->keep, job->from,
					       job->up_to, &result) :
				     -EOPNOTSUPP;

	update_first(keeper, result.nr_deleted);
	job->deleted = result.nr_deleted;
	job->records = result.nr_saved;
	job->bytes = result.saved_len;
	keeper->facts.nr_records += result.nr_saved;
	keeper->facts.nr_bytes += result.saved_len;
	(void)count(keeper);
	if (r == -EOPNOTSUPP || r == -EEXIST || r == -ERANGE) {
		job->result = r;
		words_of_trim(keeper, r, job);
	} else {
		judge(keeper, job, r);
	}
	if (r == 0)
		snprintf(job->text, sizeof(job->text),
			 "deleted %" PRIu64 " records from the kernel",
			 job->deleted);
	survey(keeper, false);
}

/* "" is the last boot. */
static int find_boot(struct keeper *keeper, const char *name, int64_t *ret_id)
{
	struct archive_boot boot;
	int r;

	*ret_id = 0;
	if (!*name)
		return 0;
	r = archive_find_boot(keeper->archive, name, &boot);
	if (r == 0)
		*ret_id = boot.id;
	return r;
}

static void do_hold(struct keeper *keeper, struct job *job)
{
	int64_t boot;
	int r = find_boot(keeper, job->boot, &boot);

	if (r == 0)
		r = archive_hold(keeper->archive, job->name, boot, job->from,
				 job->by);
	job->result = r;
	if (r < 0)
		words_of_hold(r, job, job->text, sizeof(job->text));
	survey(keeper, false);
}

static void do_release(struct keeper *keeper, struct job *job)
{
	job->result = archive_release(keeper->archive, job->name, job->by);
	if (job->result < 0)
		words_of_hold(job->result, job, job->text, sizeof(job->text));
	survey(keeper, false);
}

static void do_prune(struct keeper *keeper, struct job *job)
{
	job->result = archive_prune(keeper->archive, &job->prune, &job->pruned);
	if (job->result < 0)
		snprintf(job->text, sizeof(job->text), "%s",
			 strerror(-job->result));
	if (job->pruned.nr_segments && !job->prune.dry_run)
		say(keeper->options.say, SAY_NOTICE,
		    "pruned %" PRIu64 " segments with %" PRIu64 " records",
		    job->pruned.nr_segments, job->pruned.nr_records);
	survey(keeper, false);
}

/* records: how many segments were compressed; more may be left. */
static void do_tidy(struct keeper *keeper, struct job *job)
{
	const struct config *c = &keeper->config;
	unsigned int done = 0;
	int r = 0;

	if (c->compress)
		r = archive_compress(keeper->archive, COMPRESS_AT_ONCE, &done);
	job->records = done;
	job->prune = (struct archive_prune_options){
		.max_bytes = c->retain_bytes,
		.max_age = c->retain_age / 1000,
		.keep_boots = (unsigned int)c->retain_boots,
	};
	if (r == 0 && (c->retain_bytes || c->retain_age || c->retain_boots))
		do_prune(keeper, job);
	else
		job->result = r;
	keeper->facts.tidy_error = job->result < 0 ? job->result : 0;
	if (job->result < 0)
		say(keeper->options.say, SAY_ERROR, "segments cannot be %s: %s",
		    r < 0 ? "compressed" : "pruned", strerror(-job->result));
}

static void do_count(struct keeper *keeper, struct job *job)
{
	job->result = count(keeper);
}

static void do_survey(struct keeper *keeper, struct job *job)
{
	(void)job;
	survey(keeper, true);
}

static const struct {
	const char *name;
	void (*work)(struct keeper *keeper, struct job *job);
	bool kernel; /* needs one */
} kinds[JOB_NR_KINDS] = {
	[JOB_NONE] = { "nothing", NULL, false },
	[JOB_RECONCILE] = { "reconcile", do_reconcile, true },
	[JOB_COUNT] = { "count", do_count, true },
	[JOB_SURVEY] = { "survey", do_survey, false },
	[JOB_DRAIN] = { "drain", do_drain, true },
	[JOB_FLUSH] = { "flush", do_drain, true },
	[JOB_QUOTE] = { "quote", do_quote, true },
	[JOB_TRIM] = { "trim", do_trim, true },
	[JOB_CHECK] = { "check", do_check, true },
	[JOB_TIDY] = { "tidy", do_tidy, false },
	[JOB_HOLD] = { "hold", do_hold, false },
	[JOB_RELEASE] = { "release", do_release, false },
	[JOB_PRUNE] = { "prune", do_prune, false },
};

const char *job_name(enum job_kind kind)
{
	return kinds[kind].name;
}

void keeper_do(struct keeper *keeper, struct job *job)
{
	if (kinds[job->kind].kernel && !keeper->keep) {
		job->result = -EOPNOTSUPP;
		snprintf(job->text, sizeof(job->text), "there is no kernel");
	} else if (kinds[job->kind].work) {
		kinds[job->kind].work(keeper, job);
	}
}
