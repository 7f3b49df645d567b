// SPDX-License-Identifier: MIT
/*
 * late-writer DIR: what do commands get to hear once measuring is suspended?
 *
 * Opens both lists for writing. Goes on in the background then, and makes records
 * until there are no more: a reboot or kexec is under way. Gives each command and
 * tells the kernel log, which is all that outlives it: "late-writer: COMMAND: errno".
 * Started before kexec by a scenario that knows what is staged.
 *
 * Suspended is soon followed by gone. On a machine with one processor a real-time
 * process has it for as long as it wants to, whatever else its host does meanwhile.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define IMA_DIR "/sys/kernel/security/ima/"

static int log_fd;

static int must_open(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC, 0600);

	if (fd < 0) {
		fprintf(stderr, "late-writer: %s: %s\n", path, strerror(errno));
		exit(1);
	}
	return fd;
}

/* Not always permitted beside imasim, whose kexec has to be asked for, and waits. */
static void come_first(void)
{
	struct sched_param lowest = { .sched_priority = 1 };

	if (sched_setscheduler(0, SCHED_FIFO, &lowest))
		fprintf(stderr, "late-writer: not a real-time process: %s\n",
			strerror(errno));
}

static long read_count(const char *name)
{
	char text[32] = "", path[128];
	int fd;

	snprintf(path, sizeof(path), IMA_DIR "%s", name);
	fd = must_open(path, O_RDONLY);
	if (read(fd, text, sizeof(text) - 1) < 0)
		exit(1);
	close(fd);
	return atol(text);
}

static void make_record(const char *dir, long i)
{
	char path[256];
	int fd;

	snprintf(path, sizeof(path), "%s/late.%ld", dir, i);
	fd = must_open(path, O_CREAT | O_WRONLY);
	if (write(fd, path, strlen(path)) < 0)
		exit(1);
	close(fd);
	close(must_open(path, O_RDONLY));
	unlink(path);
}

/* The list always grows by a record unless it is suspended. */
static void await_suspension(const char *dir)
{
	long was, now = read_count("runtime_measurements_count");
	long i = 0;

	do {
		was = now;
		make_record(dir, i++);
		now = read_count("runtime_measurements_count");
	} while (now > was);
}

static void command(int fd, const char *text)
{
	int error = write(fd, text, strlen(text)) < 0 ? errno : 0;
	char line[128];
	int len;

	len = snprintf(line, sizeof(line), "<3>late-writer: %.*s: %s\n",
		       (int)strcspn(text, "\n"), text, strerrorname_np(error));
	if (write(log_fd, line, len) != len)
		exit(1);
}

int main(int argc, char **argv)
{
	int staged, current;
	char guarded[32];

	if (argc != 2)
		return 2;

	log_fd = must_open("/dev/kmsg", O_WRONLY);
	staged =
		must_open(IMA_DIR "binary_runtime_measurements_staged", O_RDWR);
	current = must_open(IMA_DIR "binary_runtime_measurements", O_RDWR);
	snprintf(guarded, sizeof(guarded), "%ld:1\n",
		 read_count("deleted_measurements_count"));

	come_first();
	if (daemon(1, 1)) {
		perror("late-writer: daemon");
		return 1;
	}
	await_suspension(argv[1]);
	command(staged, "D\n");
	command(staged, "A\n");
	command(staged, "1\n");
	command(current, "1\n");
	command(current, guarded);
	pause();
	return 0;
}
