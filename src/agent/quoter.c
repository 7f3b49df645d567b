// SPDX-License-Identifier: MIT
/*
 * Quotes of our own: at the start, when a segment is full, and from time to time.
 */
#include "agent/quoter.h"
#include "agent/log.h"
#include "agent/worker.h"
#include "base/util.h"
#include "service/ak.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>

#define RETRY_MS (60 * 1000) /* after one that failed */
#define APART \
	60 /* quotes are apart by an interval's part, however fast segments fill */

struct quoter {
	struct config config;
	struct loop *loop;
	struct worker *worker;
	struct watch watch;
	struct tpm *tpm; /* the thread's */
	struct self_quote quote; /* the thread's while busy, then the keeper's */
	bool busy; /* the TPM is asked */
	bool ready; /* there is a quote to be kept */
	uint64_t not_before, at; /* at the latest, if there is anything new */
	bool quoted; /* at least once, with */
	uint64_t nr_segments; /* of the boot then, and */
	int64_t boot;
	uint64_t end; /* behind the last record that was proved */

	bool off;
	int error; /* of asking; 0: none */
	char text[JOB_TEXT_MAX];
};

/* ---- the thread ------------------------------------------------------------ */

static int start(void *context)
{
	(void)context;
	return 0;
}

static void stop(void *context)
{
	struct quoter *quoter = context;

	tpm_close(quoter->tpm);
}

static void ask(void *context, struct job *job)
{
	struct quoter *quoter = context;

	job->text[0] = '\0';
	job->result = ak_ask_quote(&quoter->config, quoter->tpm, &quoter->quote,
				   job->text);
}

/* ---- what came of it ------------------------------------------------------- */

/* A key that is not there is none that fails. */
static void note(struct quoter *quoter, const struct job *job)
{
	bool off = job->result == -ENOKEY || job->result == -ENODEV ||
		   (!quoter->quoted && job->result < 0);

	if (off && strcmp(quoter->text, job->text) != 0)
		log_line(
			SAY_INFO,
			"no quotes of our own are made; 'imastage status' says why");
	else if (job->result < 0 && strcmp(quoter->text, job->text) != 0)
		log_line(SAY_WARNING, "a quote of our own failed: %s",
			 job->text);
	quoter->off = off;
	quoter->error = job->result < 0 ? job->result : 0;
	snprintf(quoter->text, sizeof(quoter->text), "%s", job->text);
}

static uint64_t later(const struct quoter *quoter, bool failed)
{
	uint64_t interval = quoter->config.quote_interval;

	return failed && interval > RETRY_MS ? RETRY_MS : interval;
}

static void asked(void *context, uint32_t events)
{
	struct quoter *quoter = context;
	struct job job;

	(void)events;
	if (!worker_take(quoter->worker, &job))
		return;
	quoter->busy = false;
	note(quoter, &job);
	quoter->ready = job.result == 0;
	if (job.result < 0) {
		uint64_t next = later(quoter, !quoter->off);

		quoter->at = quoter->not_before = loop_now() + next;
	}
}

bool quoter_job(struct quoter *quoter, struct job *job)
{
	if (!quoter || !quoter->ready)
		return false;
	job->kind = JOB_QUOTE;
	job->quote = &quoter->quote;
	return true;
}

void quoter_done(struct quoter *quoter, const struct job *job, uint64_t now)
{
	uint64_t interval = quoter->config.quote_interval;

	quoter->ready = false;
	quoter->quoted = quoter->quoted || job->result == 0;
	quoter->at = now + later(quoter, job->result < 0);
	quoter->not_before = job->result < 0 ? quoter->at :
					       now + interval / APART;
}

static void say_off(struct facts_quote *quote, const char *why)
{
	quote->off = true;
	quote->error = 0;
	snprintf(quote->text, sizeof(quote->text), "%s", why);
}

/* No key, or no TPM that ever made one of this boot. */
static bool is_off(const struct quoter *quoter, const struct facts *facts)
{
	return quoter->off && (quoter->error == -ENOKEY ||
			       quoter->error == -ENODEV || !facts->quote.time);
}

void quoter_tell(const struct quoter *quoter, struct facts *facts)
{
	struct facts_quote *quote = &facts->quote;

	if (!quoter) {
		say_off(quote, "there is no TPM");
	} else if (!quoter->config.quote_interval) {
		say_off(quote, "the configuration has 'quote_interval = 0'");
	} else if (quoter->error && is_off(quoter, facts)) {
		say_off(quote, quoter->text);
	} else if (quoter->error) {
		quote->off = false;
		quote->error = quoter->error;
		snprintf(quote->text, sizeof(quote->text), "%s", quoter->text);
	}
}

/* ---- when ------------------------------------------------------------------ */

/* Behind the last record that is known of, archived or not. */
static uint64_t known_end(const struct survey *survey)
{
	uint64_t end = survey->boot.end,
		 listed = survey->counts.current + survey->counts.staged;

	return survey->has_first && survey->first + listed > end ?
		       survey->first + listed :
		       end;
}

/* A new boot is as a start. */
static bool is_first(const struct quoter *quoter, const struct facts *facts)
{
	return quoter->boot != facts->survey.boot.id;
}

static bool is_segment_full(const struct quoter *quoter,
			    const struct facts *facts)
{
	return facts->survey.boot.nr_segments > quoter->nr_segments;
}

uint64_t quoter_next(const struct quoter *quoter, const struct facts *facts)
{
	uint64_t at = SCHEDULE_NEVER;

	if (!quoter || quoter->busy || quoter->ready ||
	    !quoter->config.quote_interval || !facts->reconciled ||
	    !facts->survey.has_boot)
		return SCHEDULE_NEVER;
	if (is_first(quoter, facts) || is_segment_full(quoter, facts))
		at = quoter->not_before;
	else if (known_end(&facts->survey) > quoter->end || quoter->error)
		at = quoter->at;
	return at > quoter->not_before ? at : quoter->not_before;
}

void quoter_look(struct quoter *quoter, const struct facts *facts, uint64_t now)
{
	const struct job job = { .kind = JOB_QUOTE };
	uint64_t next = quoter_next(quoter, facts);

	if (next == SCHEDULE_NEVER || now < next)
		return;
	quoter->quote = (struct self_quote){
		.boot = facts->survey.boot.id,
		.chain = facts->chain,
	};
	quoter->boot = facts->survey.boot.id;
	quoter->nr_segments = facts->survey.boot.nr_segments;
	quoter->end = known_end(&facts->survey);
	quoter->busy = true;
	worker_begin(quoter->worker, &job);
}

/* ---- from start to end ----------------------------------------------------- */

void quoter_adapt(struct quoter *quoter, const struct config *config,
		  uint64_t now)
{
	if (!quoter)
		return;
	/* The thread reads what a reload cannot change. */
	quoter->config.quote_interval = config->quote_interval;
	if (quoter->at > now + config->quote_interval)
		quoter->at = now + config->quote_interval;
}

static int begin_thread(struct quoter *quoter)
{
	struct worker_options options = {
		.start = start, .stop = stop, .work = ask, .context = quoter
	};
	int r = worker_new(&options, &quoter->worker);

	if (r < 0)
		return r;
	quoter->watch =
		(struct watch){ worker_fd(quoter->worker), asked, quoter };
	return loop_add(quoter->loop, &quoter->watch, EPOLLIN);
}

int quoter_new(struct loop *loop, const struct config *config,
	       struct quoter **ret_quoter)
{
	struct quoter *quoter = calloc(1, sizeof(*quoter));
	int r;

	if (!quoter)
		return -ENOMEM;
	quoter->config = *config;
	quoter->loop = loop;
	r = tpm_open(*config->tpm ? config->tpm : "none", NULL, &quoter->tpm);
	if (r < 0) {
		free(quoter);
		return r;
	}
	r = begin_thread(quoter);
	if (r < 0 && !quoter->worker)
		tpm_close(quoter->tpm);
	if (r < 0) {
		worker_free(quoter->worker);
		free(quoter);
		return r;
	}
	*ret_quoter = quoter;
	return 0;
}

void quoter_free(struct quoter *quoter)
{
	if (!quoter ||
	    quoter->busy) /* the process ends, and the thread with it */
		return;
	worker_free(quoter->worker);
	free(quoter);
}
