// SPDX-License-Identifier: MIT
/*
 * One thread that waits and decides, one that works (worker.h), and those of the
 * view when there is one.
 */
#include "agent/agent.h"
#include "agent/control.h"
#include "agent/log.h"
#include "agent/metrics.h"
#include "agent/metrics_file.h"
#include "agent/pressure.h"
#include "agent/quoter.h"
#include "agent/schedule.h"
#include "agent/viewer.h"
#include "agent/worker.h"
#include "base/path.h"
#include "base/util.h"
#include "service/config_look.h"
#include "service/keeper.h"
#include "service/notify.h"
#include "service/status.h"
#include "service/verdict.h"
#include "service/words.h"

#include <json-c/json.h>
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>

#define CHECK_RETRY_MS (60 * 1000) /* after a check that could not be done */
#define SAMPLE_MS 1000 /* between two looks at a job */
#define METRICS_MS (60 * 1000) /* a metrics file is never older, while we run */

struct agent {
	struct config config;
	const char *path; /* of it, or NULL */
	struct loop loop;
	struct control *control;
	struct worker *worker;
	struct viewer *viewer; /* NULL: none */
	struct quoter *quoter; /* NULL: there is no TPM */
	struct metrics_file *metrics_file;
	int view_error;
	uint64_t metrics_at; /* when it is written again at the latest */
	struct watch worker_watch, signals, pressure;
	struct schedule schedule;
	struct facts facts; /* the worker's, as of its last job */
	struct job job; /* at hand, JOB_NONE: none */
	uint64_t begun; /* when */
	uint64_t sampled; /* when it was last seen whether it gets on, */
	uint64_t used; /* by what its thread had used then */
	bool stalled;
	bool asked; /* somebody waits for it */
	bool ready; /* the service manager knows that we are */
	bool reread; /* the configuration, once the worker is idle */
	bool stopping; /* read by other threads */
	uint64_t watchdog_at;
	char status[256]; /* as told last */

	struct keeper *keeper; /* the worker's */
};

static bool stopping(void *context)
{
	return __atomic_load_n(&((struct agent *)context)->stopping,
			       __ATOMIC_RELAXED);
}

/* ---- the worker's side ----------------------------------------------------- */

static int start_keeper(void *context)
{
	struct agent *agent = context;
	struct keeper_options options = {
		.config = &agent->config,
		.say = &log_say,
		.stop = stopping,
		.context = agent,
		.stays = true,
	};

	return keeper_open(&options, &agent->keeper);
}

static void stop_keeper(void *context)
{
	struct agent *agent = context;

	if (stopping(agent))
		keeper_leave(agent->keeper);
	keeper_close(agent->keeper);
}

static void work(void *context, struct job *job)
{
	keeper_do(((struct agent *)context)->keeper, job);
}

/* ---- how we are ------------------------------------------------------------ */

/*
 * A job gets on as long as its thread uses the processor. Time counts that we see
 * pass: not a suspension, nor when we were stopped ourselves.
 */
static void sample_job(struct agent *agent)
{
	struct facts_job *job = &agent->facts.job;
	uint64_t now = loop_now(), used = worker_used(agent->worker);
	uint64_t passed = now - agent->sampled;

	job->kind = agent->job.kind;
	job->limit_ms = agent->config.stall_limit;
	job->age_ms = now - agent->begun;
	job->still_ms += passed < 2 * SAMPLE_MS ? passed : 2 * SAMPLE_MS;
	if (job->kind == JOB_NONE || used != agent->used)
		job->still_ms = 0;
	agent->sampled = now;
	agent->used = used;
}

/* With what the keeper does not know. */
static const struct facts *facts_now(struct agent *agent)
{
	sample_job(agent);
	if (agent->metrics_file)
		agent->facts.metrics_error =
			metrics_file_error(agent->metrics_file);
	quoter_tell(agent->quoter, &agent->facts);
	return &agent->facts;
}

static struct json_object *agent_json(struct agent *agent)
{
	struct json_object *object = json_object_new_object();
	struct verdict verdict;

	verdict_of(&agent->facts, &verdict);
	survey_put_text(object, "state", verdict_state(&verdict));
	survey_put_number(object, "pid", (uint64_t)getpid());
	survey_put_text(object, "version", IMASTAGE_VERSION);
	if (agent->viewer)
		survey_put_text(object, "view", agent->config.view);
	return object;
}

static struct json_object *status(void *context)
{
	struct agent *agent = context;
	struct json_object *object = status_json(facts_now(agent));

	json_object_object_add(object, "agent", agent_json(agent));
	return object;
}

static bool busy(void *context)
{
	return ((struct agent *)context)->job.kind != JOB_NONE;
}

static bool is_stalled(void *context, char *ret_text)
{
	const struct facts *facts = facts_now(context);

	words_of_stall(&facts->job, ret_text, JOB_TEXT_MAX);
	return facts_is_stalled(facts);
}

static int metrics(void *context, char **ret_text, size_t *ret_len)
{
	return metrics_text(facts_now(context), ret_text, ret_len);
}

static void write_metrics(struct agent *agent)
{
	agent->metrics_at = LOOP_NEVER;
	if (!*agent->config.metrics_file)
		return;
	metrics_file_write(agent->metrics_file, agent->config.metrics_file,
			   facts_now(agent));
	agent->metrics_at = loop_now() + METRICS_MS;
}

/* To the service manager and the metrics file, when it is another one than before. */
static void tell_status(struct agent *agent)
{
	const struct facts *f = facts_now(agent);
	char text[sizeof(agent->status)];
	struct verdict verdict;

	verdict_of(f, &verdict);
	if (verdict.nr)
		snprintf(text, sizeof(text), "%s: %s: %.200s",
			 verdict_state(&verdict), verdict.wrong[0].id,
			 verdict.wrong[0].text);
	else
		snprintf(text, sizeof(text),
			 "boot %s: %" PRIu64 " records archived",
			 f->survey.has_boot ? f->survey.boot.name : "none",
			 f->survey.boot.nr_records);
	if (!strcmp(text, agent->status))
		return;
	strcpy(agent->status, text);
	notify_status("%s", text);
	write_metrics(agent);
}

/*
 * Whoever waits is told. The watchdog is not kept from its word: to kill us would
 * end no task that waits for a disk, save nothing, and take away the one who tells.
 */
static void watch_job(struct agent *agent)
{
	char text[JOB_TEXT_MAX];
	bool stalled = is_stalled(agent, text);

	if (stalled)
		control_stalled(agent->control, text);
	if (stalled == agent->stalled)
		return;
	agent->stalled = stalled;
	if (stalled)
		log_line(SAY_ERROR, "%s", text);
	else
		log_line(SAY_NOTICE, "that is over: the worker gets on");
	tell_status(agent);
}

/* ---- configuration --------------------------------------------------------- */

static void apply(struct agent *agent, const struct config *config)
{
	agent->config = *config;
	keeper_configure(agent->keeper, config);
	schedule_adapt(&agent->schedule, config, loop_now());
	quoter_adapt(agent->quoter, config, loop_now());
}

static void note_finding(void *context, enum config_finding finding,
			 const char *text)
{
	if (finding == CONFIG_WRONG)
		snprintf(context, JOB_TEXT_MAX, "%s", text);
	else
		log_line(SAY_NOTICE, "%s", text);
}

/* What keeps @wanted from taking the place of what there is. */
static int judge_config(const struct agent *agent, const struct config *wanted,
			char *ret_error)
{
	const char *key = config_needs_restart(&agent->config, wanted);

	if (key) {
		snprintf(ret_error, JOB_TEXT_MAX,
			 "%s can only be changed by a restart", key);
		return -EINVAL;
	}
	return config_look(wanted, note_finding, ret_error) == CONFIG_WRONG ?
		       -EINVAL :
		       0;
}

/* The worker must be idle. */
static int reload(void *context, char *ret_error)
{
	struct agent *agent = context;
	struct config wanted;
	struct config_error error;
	int r = config_read(agent->path, &wanted, &error);

	if (r < 0)
		snprintf(ret_error, JOB_TEXT_MAX, "%s:%u: %.400s",
			 agent->path ? agent->path : CONFIG_PATH, error.line,
			 error.text);
	else
		r = judge_config(agent, &wanted, ret_error);
	if (r < 0) {
		log_line(SAY_ERROR, "%s; nothing was changed", ret_error);
		return -EINVAL;
	}
	apply(agent, &wanted);
	log_line(SAY_NOTICE, "the configuration was read again");
	return 0;
}

/* Reads the configuration again as soon as no job goes by the old one, and drains. */
static void hang_up(struct agent *agent)
{
	notify("RELOADING=1");
	agent->reread = true;
}

static void reread(struct agent *agent)
{
	char error[JOB_TEXT_MAX];

	agent->reread = false;
	(void)reload(agent, error);
	schedule_want(&agent->schedule, "SIGHUP");
	notify("READY=1");
}

/* ---- jobs ------------------------------------------------------------------ */

static void begin(struct agent *agent, const struct job *job, bool asked)
{
	agent->job = *job;
	agent->asked = asked;
	agent->begun = agent->sampled = loop_now();
	agent->facts.job = (struct facts_job){ .kind = job->kind };
	worker_begin(agent->worker, job);
}

static bool choose(struct agent *agent, uint64_t now, struct job *job)
{
	struct schedule *s = &agent->schedule;
	const char *reason = schedule_due(s, now);

	*job = (struct job){ .kind = JOB_NONE };
	if (reason) {
		job->kind = JOB_DRAIN;
		snprintf(job->reason, sizeof(job->reason), "%s", reason);
	} else if (now >= s->look_at) {
		job->kind = JOB_COUNT;
	} else if (quoter_job(agent->quoter, job)) {
		return true;
	} else if (now >= s->check_at && agent->facts.reconciled) {
		job->kind = JOB_CHECK;
	} else if (now >= s->tidy_at) {
		job->kind = JOB_TIDY;
	}
	return job->kind != JOB_NONE;
}

static void begin_next(struct agent *agent)
{
	uint64_t now = loop_now();
	struct job job;

	if (agent->job.kind != JOB_NONE || agent->stopping)
		return;
	if (agent->reread)
		reread(agent);
	if (!agent->ready) {
		job = (struct job){ .kind = JOB_RECONCILE };
		begin(agent, &job, false);
	} else if (control_next(agent->control, &job)) {
		begin(agent, &job, true);
	} else if (choose(agent, now, &job)) {
		begin(agent, &job, false);
	}
}

static uint64_t in(uint64_t ms)
{
	return ms ? loop_now() + ms : SCHEDULE_NEVER;
}

/* What follows from it for the next ones. */
static void schedule_job(struct agent *agent, const struct job *job)
{
	struct schedule *s = &agent->schedule;
	const struct facts *f = &agent->facts;
	uint64_t now = loop_now();

	switch (job->kind) {
	case JOB_RECONCILE:
		if (job->result < 0)
			schedule_want(s, "start");
		schedule_drained(s, &agent->config, job->result < 0,
				 f->nr_waiting, now);
		s->look_at = now;
		s->drain_at = now;
		break;
	case JOB_QUOTE:
		quoter_done(agent->quoter, job, now);
		break;
	case JOB_TRIM:
		s->look_at = now;
		break;
	case JOB_DRAIN:
	case JOB_FLUSH:
		schedule_drained(s, &agent->config, job->result < 0,
				 f->nr_waiting, now);
		if (job->result == 0)
			s->tidy_at = now;
		write_metrics(agent);
		break;
	case JOB_COUNT:
		if (job->result < 0)
			schedule_blind(s, &agent->config, now);
		else
			schedule_look(s, &agent->config, f->nr_waiting,
				      f->mean_len, now);
		break;
	case JOB_CHECK:
		s->check_at =
			in(job->result < 0 && agent->config.check_interval >
						      CHECK_RETRY_MS ?
				   CHECK_RETRY_MS :
				   agent->config.check_interval);
		write_metrics(agent);
		break;
	case JOB_TIDY:
		/* What could not be compressed is tried again later. */
		s->tidy_at = job->records && job->result == 0 ?
				     now :
				     in(60 * 60 * 1000);
		break;
	default:
		break;
	}
}

static void become_ready(struct agent *agent)
{
	agent->ready = true;
	if (*agent->config.view)
		agent->view_error = viewer_start(&agent->config,
						 keeper_source(agent->keeper),
						 &agent->viewer);
	agent->facts.view_error = agent->view_error;
	write_metrics(agent);
	notify("READY=1");
}

static void finish(void *context, uint32_t events)
{
	struct agent *agent = context;
	struct job job;

	(void)events;
	if (!worker_take(agent->worker, &job))
		return;
	agent->facts = *keeper_facts(agent->keeper);
	agent->facts.view_error = agent->view_error;
	agent->job.kind = JOB_NONE;
	watch_job(agent);
	schedule_job(agent, &job);
	if (agent->asked)
		control_done(agent->control, &job);
	tell_status(agent);
	if (!agent->ready)
		become_ready(agent);
}

/* ---- what happens ---------------------------------------------------------- */

static void stop(struct agent *agent, int signal)
{
	if (agent->stopping)
		return;
	log_line(SAY_INFO, "%s: ending", strsignal(signal));
	notify("STOPPING=1");
	__atomic_store_n(&agent->stopping, true, __ATOMIC_RELAXED);
}

static void signaled(void *context, uint32_t events)
{
	struct agent *agent = context;
	struct signalfd_siginfo info;

	(void)events;
	if (read(agent->signals.fd, &info, sizeof(info)) != sizeof(info))
		return;
	if (info.ssi_signo == SIGHUP)
		hang_up(agent);
	else if (info.ssi_signo == SIGUSR1)
		write_metrics(agent);
	else
		stop(agent, (int)info.ssi_signo);
}

static void pressed(void *context, uint32_t events)
{
	struct agent *agent = context;

	if (events & EPOLLERR) {
		log_line(SAY_WARNING, "memory pressure is no longer told");
		loop_remove(&agent->loop, &agent->pressure);
		return;
	}
	schedule_want(&agent->schedule, "pressure");
}

/* ---- from start to end ----------------------------------------------------- */

static void fill_signals(sigset_t *set)
{
	sigemptyset(set);
	sigaddset(set, SIGTERM);
	sigaddset(set, SIGINT);
	sigaddset(set, SIGHUP);
	sigaddset(set, SIGUSR1);
}

void agent_block_signals(void)
{
	sigset_t set;

	fill_signals(&set);
	sigprocmask(SIG_BLOCK, &set, NULL);
}

static int watch_signals(struct agent *agent)
{
	sigset_t set;
	int fd;

	fill_signals(&set);
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (fd < 0)
		return -errno;
	agent->signals = (struct watch){ fd, signaled, agent };
	return loop_add(&agent->loop, &agent->signals, EPOLLIN);
}

/* Draining goes on without. */
static void watch_pressure(struct agent *agent)
{
	int fd;

	if (!*agent->config.pressure)
		return;
	fd = pressure_open(agent->config.pressure);
	if (fd < 0) {
		log_line(SAY_NOTICE,
			 "memory pressure is not told here (%s): %s%s",
			 PRESSURE_PATH, strerror(-fd),
			 fd == -EINVAL ? PRESSURE_HINT : "");
		return;
	}
	agent->pressure = (struct watch){ fd, pressed, agent };
	if (loop_add(&agent->loop, &agent->pressure, EPOLLPRI) < 0)
		log_line(SAY_NOTICE, "memory pressure cannot be waited for");
}

static int start_worker(struct agent *agent)
{
	struct worker_options options = {
		.start = start_keeper,
		.stop = stop_keeper,
		.work = work,
		.context = agent,
	};
	int r = worker_new(&options, &agent->worker);

	if (r < 0)
		return r;
	agent->worker_watch =
		(struct watch){ worker_fd(agent->worker), finish, agent };
	return loop_add(&agent->loop, &agent->worker_watch, EPOLLIN);
}

static int start(struct agent *agent)
{
	struct control_hooks hooks = { busy,	is_stalled, status,
				       metrics, reload,	    agent };
	int r = watch_signals(agent);

	if (r == 0)
		r = metrics_file_new(&agent->loop, &agent->metrics_file);

	if (r == 0)
		r = start_worker(agent);
	if (r == 0)
		r = control_new(&agent->loop, &agent->config, &hooks,
				&agent->control);
	if (r == 0)
		r = quoter_new(&agent->loop, &agent->config, &agent->quoter);
	if (r == -ENODEV) /* there is none to ask */
		r = 0;
	if (r == 0)
		watch_pressure(agent);
	schedule_init(&agent->schedule, &agent->config, loop_now());
	return r;
}

static uint64_t tick(struct agent *agent)
{
	uint64_t now = loop_now(), next = control_tick(agent->control, now);

	if (now >= agent->watchdog_at) {
		notify("WATCHDOG=1");
		agent->watchdog_at = in(notify_watchdog_ms());
	}
	if (now >= agent->metrics_at)
		write_metrics(agent);
	if (agent->watchdog_at < next)
		next = agent->watchdog_at;
	if (agent->metrics_at < next)
		next = agent->metrics_at;
	if (agent->job.kind != JOB_NONE && now + SAMPLE_MS < next)
		next = now + SAMPLE_MS;
	if (agent->job.kind == JOB_NONE &&
	    schedule_next(&agent->schedule) < next)
		next = schedule_next(&agent->schedule);
	if (quoter_next(agent->quoter, &agent->facts) < next)
		next = quoter_next(agent->quoter, &agent->facts);
	return next;
}

static int serve(struct agent *agent)
{
	int r = 0;

	while (!agent->stopping || agent->job.kind != JOB_NONE) {
		begin_next(agent);
		if (!agent->stopping)
			quoter_look(agent->quoter, &agent->facts, loop_now());
		if (agent->job.kind != JOB_NONE)
			watch_job(agent);
		r = loop_wait(&agent->loop, tick(agent));
		if (r < 0 && r != -EINTR)
			return r;
	}
	return 0;
}

static void fini(struct agent *agent)
{
	control_free(agent->control);
	viewer_stop(agent->viewer);
	quoter_free(agent->quoter);
	worker_free(agent->worker);
	metrics_file_free(agent->metrics_file);
	if (agent->signals.fd >= 0)
		close(agent->signals.fd);
	if (agent->pressure.fd >= 0)
		close(agent->pressure.fd);
	loop_fini(&agent->loop);
}

int agent_run(const struct config *config, const char *path)
{
	struct agent *agent = calloc(1, sizeof(*agent));
	int r;

	if (!agent)
		return -ENOMEM;
	agent->config = *config;
	agent->path = path;
	agent->signals.fd = -1;
	agent->pressure.fd = -1;
	agent->watchdog_at = in(notify_watchdog_ms());
	agent->metrics_at = LOOP_NEVER;
	r = loop_init(&agent->loop);
	if (r < 0) {
		free(agent);
		return r;
	}
	r = start(agent);
	if (r == 0)
		r = serve(agent);
	fini(agent);
	free(agent);
	return r;
}
