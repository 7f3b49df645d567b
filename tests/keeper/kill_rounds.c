// SPDX-License-Identifier: MIT
/*
 * kill-rounds [ROUNDS [SEED [PROFILE]]]
 *
 * Keepers are killed (SIGKILL) at random instants while records arrive all the
 * time; now and then there is a kexec or a hard boot. Now and then all is quiet
 * for a moment, and archive and list must be the twin, byte for byte, and replay
 * to PCR 10. What is random comes from SEED, but for the instants.
 */
#include "keep/keep.h"

#include "lib/listbuilder.h"
#include "lib/machine.h"
#include "lib/testing.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>

#define ROUNDS 1000
#define QUIET_EVERY 25 /* rounds */

static unsigned int nr_rounds = ROUNDS;
static uint32_t seed = 1;
static const char *only; /* profile; NULL: all, in shares */

static struct {
	unsigned int kills, kexecs, hard_boots, suspends, verified;
} done;

/* How a kernel of a profile is kept. */
struct way {
	const char *profile;
	bool tpm; /* for keepers, too: Linux 7.2 needs it after kexec */
	bool copies;
	unsigned int share; /* of the rounds, in percent */
};

static const struct way ways[] = {
	{ "imastage", false, false, 55 },
	{ "7.2", true, false, 30 },
	{ "7.2-off", true, false, 5 },
	{ "unpatched", true, true, 10 },
};

/* ---- records that arrive --------------------------------------------------- */

static pid_t load;

static void start_load(struct machine *machine)
{
	char text[16];
	int null;

	if (load > 0 && waitpid(load, NULL, WNOHANG) == 0)
		return;
	snprintf(text, sizeof(text), "%u", machine->seed++);
	load = fork();
	if (load == 0) {
		null = open("/dev/null", O_WRONLY);
		dup2(null, STDOUT_FILENO);
		dup2(null, STDERR_FILENO);
		execl(IMASIM, "imasim", "--socket", machine->emulator.socket,
		      "load", text, "300", "1000", NULL);
		_exit(127);
	}
	assert_true(load > 0);
}

/* It ends by itself; at once, if nothing can be measured any more. */
static void await_load(void)
{
	if (load > 0)
		waitpid(load, NULL, 0);
	load = 0;
}

/* ---- a keeper -------------------------------------------------------------- */

static const struct way *way; /* of this round's machine */

/* Errors are what a kexec in between brings; it goes on as a daemon would. */
static void *keep_once(void *context)
{
	struct keep_limits limits = { .chunk = 1 + next_random(&seed, 60) };
	struct agent *agent = context;
	struct keep_result result;

	limits.leave = next_random(&seed, 4) ? 0 : 10;
	limits.method = next_random(&seed, 2) ? KEEP_TRIM : KEEP_STAGE;
	if (way->copies || next_random(&seed, 8) == 0)
		keep_copy(agent->keep, &result);
	else if (next_random(&seed, 16) == 0)
		keep_flush_before_kexec(agent->keep, &limits, &result);
	else
		keep_drain(agent->keep, &limits, &result);
	usleep(next_random(&seed, 2000));
	return NULL;
}

/*
 * Each time by another thread: where the list stays open, those that opened files are
 * not those that close them, when they are killed.
 */
static void keep_for_ever(struct agent *agent)
{
	pthread_t thread;

	while (pthread_create(&thread, NULL, keep_once, agent) == 0)
		pthread_join(thread, NULL);
}

static pid_t start_keeper(struct machine *machine)
{
	struct agent agent = { 0 };
	uint32_t own = next_random(&seed, UINT32_MAX);
	pid_t pid = fork();
	int r;

	if (pid == 0) {
		/* As in imastaged: the way to the TPM ends with the machine. */
		signal(SIGPIPE, SIG_IGN);
		seed = own;
		machine->has_tpm = way->tpm;
		machine->exclusive = next_random(&seed, 2);
		r = agent_open_patiently(machine, &agent);
		if (r == 0)
			keep_for_ever(&agent);
		fprintf(stderr, "# cannot open what it needs: %s\n",
			strerror(-r));
		_exit(1);
	}
	assert_true(pid > 0);
	return pid;
}

static void kill_keeper(pid_t pid)
{
	int status;

	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	/* One that could not even open what it needs has found a fault. */
	if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGKILL)
		fail_msg("a keeper ended by itself: %#x", (unsigned int)status);
	done.kills++;
}

/*
 * Whoever comes next can write: Linux 7.2's lock can stay with the dead. It takes a
 * moment until FUSE has told of all that the kernel has closed.
 */
static void must_be_free(const struct machine *machine)
{
	char path[160];
	int fd = -1;

	if (way->copies)
		return;
	snprintf(path, sizeof(path), "%s/binary_runtime_measurements",
		 machine->emulator.dir);
	for (int i = 0; i < 5000 && fd < 0; i++) {
		fd = open(path, O_RDWR | O_CLOEXEC);
		if (fd < 0)
			usleep(1000);
	}
	if (fd < 0)
		fail_msg("%s cannot be written to any more: %s", path,
			 strerror(errno));
	close(fd);
}

/* ---- rounds ---------------------------------------------------------------- */

/* What the machine does while the keeper is at it. */
static void happen(struct machine *machine)
{
	switch (next_random(&seed, 60)) {
	case 0:
	case 1:
		machine_do(machine, "kexec");
		done.kexecs++;
		break;
	case 2:
		machine_do(machine, "suspend");
		usleep(next_random(&seed, 5000));
		machine_do(machine, "kexec");
		done.suspends++;
		break;
	case 3:
		machine_do(machine, "reboot");
		done.hard_boots++;
		break;
	default:
		break;
	}
}

static void quiet(struct machine *machine)
{
	await_load();
	machine_verify(machine);
	done.verified++;
}

static void round_of(struct machine *machine)
{
	pid_t keeper;

	start_load(machine);
	keeper = start_keeper(machine);
	usleep(next_random(&seed, 40000));
	happen(machine);
	usleep(next_random(&seed, 10000));
	kill_keeper(keeper);
	must_be_free(machine);
}

static void rounds_of(const struct way *this_way, unsigned int nr)
{
	struct machine machine;

	way = this_way;
	machine_start(&machine, way->profile, true);
	for (unsigned int i = 1; i <= nr; i++) {
		round_of(&machine);
		if (i % QUIET_EVERY == 0 || i == nr)
			quiet(&machine);
	}
	machine_stop(&machine);
}

TEST(killed_at_any_moment_nothing_is_lost)
{
	for (size_t i = 0; i < ARRAY_SIZE(ways); i++) {
		if (!only)
			rounds_of(&ways[i], nr_rounds * ways[i].share / 100);
		else if (!strcmp(only, ways[i].profile))
			rounds_of(&ways[i], nr_rounds);
	}
	print_message(
		"# %u faults injected: %u keepers killed, %u kexecs, %u with suspension, %u hard boots; verified %u times\n",
		done.kills + done.kexecs + done.suspends + done.hard_boots,
		done.kills, done.kexecs, done.suspends, done.hard_boots,
		done.verified);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		WITH_EMULATOR(killed_at_any_moment_nothing_is_lost),
	};

	if (argc > 1)
		nr_rounds = (unsigned int)atoi(argv[1]);
	if (argc > 2)
		seed = (uint32_t)atoi(argv[2]);
	if (argc > 3)
		only = argv[3];
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
