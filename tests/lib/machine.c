// SPDX-License-Identifier: MIT
/*
 * A machine for tests of the keeper. See machine.h.
 */
#include "lib/machine.h"

#include "base/file.h"
#include "base/util.h"
#include "keep/private.h"
#include "lib/testing.h"

#include <errno.h>
#include <ftw.h>
#include <inttypes.h>
#include <signal.h>
#include <sys/wait.h>

#define TWIN_MAX ((size_t)256 << 20)

/* ---- the machine ----------------------------------------------------------- */

static void hear(void *context, enum say_level level, const char *text)
{
	struct machine *machine = context;

	if (level <= SAY_ERROR)
		machine->nr_errors++;
	if (machine->talks)
		fprintf(stderr, "# <%d> %s\n", (int)level, text);
}

static void name_paths(struct machine *machine)
{
	strcpy(machine->dir, "/tmp/imastage-test.XXXXXX");
	assert_non_null(mkdtemp(machine->dir));
	snprintf(machine->twin, sizeof(machine->twin), "%s/twin", machine->dir);
	snprintf(machine->boot_id, sizeof(machine->boot_id), "%s/boot-id",
		 machine->dir);
	snprintf(machine->archive, sizeof(machine->archive), "%s/archive",
		 machine->dir);
}

/* @image: of a kernel that was; NULL: none */
static void start_emulator(struct machine *machine, const char *profile,
			   const char *image)
{
	emulator_start(&machine->emulator, "--profile", profile, "--twin",
		       machine->twin, "--boot-id", machine->boot_id, "--tpm",
		       machine->has_tpm ? "swtpm" : "none",
		       image ? "--restore" : NULL, image, NULL);
	snprintf(machine->tcti, sizeof(machine->tcti),
		 "cmd:exec %s --socket %s tpm", IMASIM,
		 machine->emulator.socket);
}

static void prepare(struct machine *machine, bool tpm)
{
	*machine = (struct machine){ .has_tpm = tpm,
				     .seed = 1,
				     .kexec_loaded = "/dev/null" };
	machine->talks = getenv("KEEP_TALKS") != NULL;
	machine->say = (struct say){ hear, machine };
	name_paths(machine);
}

void machine_start_lacking(struct machine *machine, const char *lacks)
{
	prepare(machine, true);
	emulator_start(&machine->emulator, "--profile", "imastage", "--twin",
		       machine->twin, "--boot-id", machine->boot_id, "--tpm",
		       "swtpm", "--hash", "sha1", "--lacks", lacks, NULL);
	snprintf(machine->tcti, sizeof(machine->tcti), "cmd:%s --socket %s tpm",
		 IMASIM, machine->emulator.socket);
}

void machine_start(struct machine *machine, const char *profile, bool tpm)
{
	prepare(machine, tpm);
	emulator_start(&machine->emulator, "--profile", profile, "--twin",
		       machine->twin, "--boot-id", machine->boot_id, "--tpm",
		       tpm ? "swtpm" : "none", NULL);
	snprintf(machine->tcti, sizeof(machine->tcti),
		 "cmd:exec %s --socket %s tpm", IMASIM,
		 machine->emulator.socket);
}

static int remove_one(const char *path, const struct stat *stat, int type,
		      struct FTW *ftw)
{
	(void)stat;
	(void)type;
	(void)ftw;
	return remove(path);
}

void machine_forget(struct machine *machine)
{
	nftw(machine->archive, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

void machine_stop(struct machine *machine)
{
	emulator_stop(&machine->emulator);
	machine_forget(machine);
	unlink(machine->twin);
	unlink(machine->boot_id);
	rmdir(machine->dir);
}

void machine_restart(struct machine *machine, const char *profile)
{
	char image[160];

	snprintf(image, sizeof(image), "%s.image", machine->twin);
	assert_int_equal(emulator_ask(&machine->emulator, "save", image, NULL),
			 0);
	assert_return_code(rmdir(machine->emulator.dir), errno);
	assert_return_code(rmdir(machine->emulator.home), errno);
	start_emulator(machine, profile, image);
	unlink(image);
}

void machine_do(struct machine *machine, const char *verb)
{
	assert_int_equal(emulator_ask(&machine->emulator, verb, NULL), 0);
}

void machine_load(struct machine *machine, unsigned int nr)
{
	char seed_text[16], nr_text[16];

	snprintf(seed_text, sizeof(seed_text), "%u", machine->seed++);
	snprintf(nr_text, sizeof(nr_text), "%u", nr);
	assert_int_equal(emulator_ask(&machine->emulator, "load", seed_text,
				      nr_text, NULL),
			 0);
}

/* ---- an agent -------------------------------------------------------------- */

static int at_step(void *context, const char *name)
{
	struct agent *agent = context;

	if (!agent->step || strcmp(agent->step, name) != 0 ||
	    ++agent->nr_steps != agent->nth)
		return 0;
	return agent->at(agent);
}

int agent_at_kill(struct agent *agent)
{
	(void)agent;
	return raise(SIGKILL);
}

int agent_at_fail(struct agent *agent)
{
	(void)agent;
	return -EIO;
}

static int open_archive(struct agent *agent)
{
	const struct machine *machine = agent->machine;
	const struct archive_options options = {
		.dir = machine->archive,
		.io = machine->io,
		.vfs = machine->vfs,
		.say = &machine->say,
		.segment_len = machine->segment_len,
	};

	return archive_open_writer(&options, &agent->archive);
}

static int open_source(const struct machine *machine,
		       struct source **ret_source)
{
	const struct source_options options = {
		.dir = machine->emulator.dir,
		.exclusive = machine->exclusive,
		.wait_ms = PATIENCE_MS,
		.say = &machine->say,
	};

	return source_open(&options, ret_source);
}

static int open_keep(struct agent *agent)
{
	const struct machine *machine = agent->machine;
	const struct keep_options options = {
		.source = agent->source,
		.archive = agent->archive,
		.tpm = agent->tpm,
		.say = &machine->say,
		.boot_id = machine->boot_id,
		.kexec_loaded = machine->kexec_loaded,
		.aside_dir = machine->archive,
		.io = machine->io,
		.step = at_step,
		.context = agent,
	};

	return keep_new(&options, &agent->keep);
}

int agent_open(struct machine *machine, struct agent *agent)
{
	int r;

	agent->machine = machine;
	agent->nr_steps = 0;
	agent->source = NULL;
	agent->archive = NULL;
	agent->tpm = NULL;
	agent->keep = NULL;
	r = open_source(machine, &agent->source);
	if (r == 0)
		r = open_archive(agent);
	if (r == 0 && machine->has_tpm)
		r = tpm_open(machine->tcti, &machine->say, &agent->tpm);
	if (r == 0)
		r = open_keep(agent);
	return r;
}

int agent_open_patiently(struct machine *machine, struct agent *agent)
{
	int r;

	for (int i = 0; i < 5000; i++) {
		r = agent_open(machine, agent);
		if (r != -EBUSY)
			break;
		agent_close(agent);
		usleep(1000);
	}
	return r;
}

void agent_close(struct agent *agent)
{
	keep_free(agent->keep);
	if (agent->tpm)
		tpm_close(agent->tpm);
	archive_close(agent->archive);
	source_close(agent->source);
}

static void be_agent(struct machine *machine, const struct agent *like,
		     int (*act)(struct agent *))
{
	struct agent agent = *like;
	int r = agent_open(machine, &agent);

	if (r == 0)
		r = act(&agent);
	agent_close(&agent);
	fflush(NULL);
	_exit(r < 0 ? -r : 0);
}

int machine_run(struct machine *machine, const struct agent *agent,
		int (*act)(struct agent *agent))
{
	pid_t pid = fork();
	int status;

	if (pid == 0)
		be_agent(machine, agent, act);
	assert_true(pid > 0);
	while (waitpid(pid, &status, 0) < 0)
		assert_int_equal(errno, EINTR);
	if (WIFSIGNALED(status))
		return WTERMSIG(status);
	return -WEXITSTATUS(status);
}

/* ---- verifying ------------------------------------------------------------- */

static int report_finding(void *context, const struct archive_finding *finding)
{
	(void)context;
	print_message("# archive: %s: %s, record %" PRIu64 " byte %" PRIu64
		      "\n",
		      finding->file, finding->text, finding->index,
		      finding->offset);
	return 0;
}

static void read_twin(const struct machine *machine, uint8_t **ret_data,
		      size_t *ret_len)
{
	assert_int_equal(file_read(machine->twin, TWIN_MAX, ret_data, ret_len),
			 0);
}

/* A list of records that is to be the twin, from the first one on. */
struct twin {
	uint8_t *data;
	size_t len, at; /* bytes; of the next record */
	uint64_t nr; /* records compared */
};

static void compare_record(struct twin *twin,
			   const struct imastage_record *record)
{
	if (record->raw.len > twin->len - twin->at ||
	    memcmp(record->raw.data, twin->data + twin->at, record->raw.len) !=
		    0)
		fail_msg("record %" PRIu64 " at byte %zu is not the twin's",
			 twin->nr, twin->at);
	twin->at += record->raw.len;
	twin->nr++;
}

static void check_end(const struct twin *twin)
{
	if (twin->at != twin->len)
		fail_msg("%zu bytes of %zu of the twin are there", twin->at,
			 twin->len);
}

static void compare_archived(struct archive *archive, int64_t boot,
			     struct twin *twin)
{
	struct archive_cursor *cursor;
	struct imastage_record record;
	int r;

	assert_int_equal(archive_cursor_open(archive, boot, 0, &cursor), 0);
	while ((r = archive_cursor_next(cursor, &record)) == 0)
		compare_record(twin, &record);
	assert_int_equal(r, IMASTAGE_END);
	archive_cursor_close(cursor);
}

/* What is listed, but its first @skip records. */
static void compare_listed(struct source *source, uint64_t skip,
			   struct twin *twin)
{
	cleanup_keep_list struct keep_list list = { 0 };
	struct imastage_record record;
	int r;

	assert_int_equal(source_begin(source, SOURCE_READ), 0);
	assert_int_equal(keep_list_open(source, KEEP_BOTH, 0, &list), 0);
	while ((r = keep_list_next(&list, &record)) == 0)
		if (skip)
			skip--;
		else
			compare_record(twin, &record);
	assert_int_equal(r, IMASTAGE_END);
	source_end(source);
}

static void compare_live(struct live *live, struct twin *twin)
{
	struct live_cursor *cursor;
	struct imastage_record record;
	struct archive_place end;
	int r;

	assert_int_equal(live_cursor_open(live, 0, &cursor), 0);
	while ((r = live_cursor_next(cursor, &record)) == 0)
		compare_record(twin, &record);
	assert_int_equal(r, IMASTAGE_END);
	assert_int_equal(live_end_place(live, &end), 0);
	assert_int_equal(end.index, live_cursor_index(cursor));
	assert_int_equal(end.index, twin->nr);
	assert_int_equal(end.binary, twin->len);
	live_cursor_close(cursor);
}

/* By what readers of the whole list have. */
static void verify_live(struct machine *machine)
{
	const struct archive_options options = { .dir = machine->archive,
						 .io = machine->io,
						 .vfs = machine->vfs,
						 .say = &machine->say };
	struct live_options live_options = { .boot_id = machine->boot_id,
					     .spool_dir = "/tmp",
					     .say = &machine->say };
	struct twin twin = { 0 };
	struct live *live;

	read_twin(machine, &twin.data, &twin.len);
	assert_int_equal(archive_open_reader(&options, &live_options.archive),
			 0);
	assert_int_equal(open_source(machine, &live_options.source), 0);
	assert_int_equal(live_new(&live_options, &live), 0);
	assert_int_equal(live_refresh(live), 0);
	compare_live(live, &twin);
	check_end(&twin);
	live_free(live);
	archive_close(live_options.archive);
	source_close(live_options.source);
	free(twin.data);
}

/* By the archive's own cursor and the kernel's own files. */
static void verify_parts(struct agent *agent)
{
	const struct keep_report *report = keep_last_report(agent->keep);
	const struct archive_verify_options verify = { .report =
							       report_finding };
	struct archive_boot boot;
	struct twin twin = { 0 };

	read_twin(agent->machine, &twin.data, &twin.len);
	assert_int_equal(archive_last_boot(agent->archive, &boot), 0);
	assert_string_equal(boot.name, report->boot);
	compare_archived(agent->archive, boot.id, &twin);
	assert_int_equal(twin.nr, boot.end);
	compare_listed(agent->source, boot.end - report->decision.first, &twin);
	check_end(&twin);
	assert_int_equal(archive_verify(agent->archive, &verify), 0);
	free(twin.data);
}

static void verify_pcr(struct agent *agent)
{
	struct keep_check check;

	assert_int_equal(keep_check(agent->keep, &check), 0);
	assert_int_equal(check.verdict, agent->machine->has_tpm ?
						KEEP_CHECK_MATCH :
						KEEP_CHECK_UNKNOWN);
	assert_int_equal(check.nr_excess, 0);
}

void machine_verify(struct machine *machine)
{
	struct agent agent = { 0 };
	struct keep_report report;

	assert_int_equal(agent_open_patiently(machine, &agent), 0);
	assert_int_equal(keep_reconcile(agent.keep, &report), 0);
	verify_parts(&agent);
	verify_pcr(&agent);
	agent_close(&agent);
	verify_live(machine);
}
