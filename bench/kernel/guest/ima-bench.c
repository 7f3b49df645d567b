// SPDX-License-Identifier: MIT
/*
 * ima-bench RUN DIR [SIZE]...: measures the measurement list of the kernel it runs
 * in; bench/kernel boots the kernels and gathers what it prints, one JSON object a
 * line.
 *
 *	growth	for each SIZE: fill the list to it, time adding and reading,
 *		account slabs. On any kernel
 *	commands	for each SIZE: fill the list with so many, trim half, stage
 *		and delete the other half; time all of it, account slabs
 *	latency	percentiles of the time that measuring takes on CPU 0, CPU 1 being
 *		idle, then reading /dev/zero, then staging, reading and deleting
 *		SIZE records, SIZE by SIZE
 *
 * A record is a new small file in DIR, read once and removed; the policy has to
 * measure what root reads there.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define IMA_DIR "/sys/kernel/security/ima/"
#define CURRENT IMA_DIR "binary_runtime_measurements"
#define STAGED CURRENT "_staged"
#define ASCII_STAGED IMA_DIR "ascii_runtime_measurements_staged"

/* Adding is timed over the last so many records before a size is reached. */
#define NR_TIMED 2000
#define IDLE_SAMPLES 50000
#define MAX_SAMPLES 4000000
#define BUSY_NS 4000000000ULL

static const char *dir;
static unsigned long serial;
static uint64_t samples[MAX_SAMPLES];

static void die(const char *what)
{
	fprintf(stderr, "ima-bench: %s: %s\n", what, strerror(errno));
	exit(1);
}

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ULL + t.tv_nsec;
}

static int must_open(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC, 0600);

	if (fd < 0)
		die(path);
	return fd;
}

static long read_number(const char *path)
{
	char text[32] = "";
	int fd = must_open(path, O_RDONLY);

	if (read(fd, text, sizeof(text) - 1) < 0)
		die(path);
	close(fd);
	return atol(text);
}

static void write_text(const char *path, const char *text)
{
	int fd = must_open(path, O_WRONLY);

	if (write(fd, text, strlen(text)) < 0)
		die(path);
	close(fd);
}

/* Returns the time of the open() that measures, which is what a task waits for. */
static uint64_t add_record(void)
{
	char path[128], text[32];
	uint64_t start, end;
	int fd;

	snprintf(path, sizeof(path), "%s/record-%lu", dir, serial);
	snprintf(text, sizeof(text), "%lu\n", serial++);
	fd = must_open(path, O_CREAT | O_WRONLY);
	if (write(fd, text, strlen(text)) < 0)
		die(path);
	close(fd);

	start = now_ns();
	fd = must_open(path, O_RDONLY);
	end = now_ns();
	close(fd);
	unlink(path);
	return end - start;
}

static void add_records(long nr)
{
	while (nr-- > 0)
		add_record();
}

static long nr_current(void)
{
	return read_number(IMA_DIR "runtime_measurements_count");
}

static double add_until(long size)
{
	uint64_t start;

	add_records(size - NR_TIMED - nr_current());
	start = now_ns();
	add_records(size - nr_current());
	return (now_ns() - start) / 1e3 / NR_TIMED;
}

/* Bytes of the pages that slabs occupy, caches of files left aside. */
static double slab_bytes(void)
{
	unsigned long pages_per_slab, nr_slabs;
	double pages = 0;
	char line[512];
	FILE *f;

	sync();
	write_text("/proc/sys/vm/drop_caches", "3");
	f = fopen("/proc/slabinfo", "re");
	if (!f)
		die("/proc/slabinfo");
	while (fgets(line, sizeof(line), f))
		if (sscanf(line,
			   "%*s %*u %*u %*u %*u %lu : %*s %*u %*u %*u : %*s %*u %lu",
			   &pages_per_slab, &nr_slabs) == 2)
			pages += pages_per_slab * nr_slabs;
	fclose(f);
	return pages * sysconf(_SC_PAGESIZE);
}

static double time_read(int fd)
{
	static char buf[256 * 1024];
	uint64_t start = now_ns();
	ssize_t len;

	while ((len = read(fd, buf, sizeof(buf))) > 0)
		;
	if (len < 0)
		die("read");
	return (now_ns() - start) / 1e9;
}

/* In microseconds. */
static double time_command(int fd, const char *text)
{
	uint64_t start = now_ns();

	if (write(fd, text, strlen(text)) < 0)
		die(text);
	return (now_ns() - start) / 1e3;
}

static void print(const char *what, long records, double value,
		  const char *unit)
{
	printf("{\"what\": \"%s\", \"records\": %ld, \"value\": %.6g, \"unit\": \"%s\"}\n",
	       what, records, value, unit);
	fflush(stdout);
}

static void growth(long size, double *slab, long *was)
{
	double us = add_until(size), now;
	int fd;

	now = slab_bytes();
	print("add", size, us, "us");
	print("slab per record, live", size, (now - *slab) / (size - *was),
	      "bytes");
	*slab = now;
	*was = size;
	fd = must_open(CURRENT, O_RDONLY);
	print("read", size, time_read(fd), "s");
	close(fd);
}

static void commands(long size)
{
	long half = size / 2;
	double before, full;
	char text[32];
	int fd;

	before = slab_bytes();
	add_records(size - nr_current());
	full = slab_bytes();
	print("slab per record, filled", size, (full - before) / size, "bytes");

	fd = must_open(CURRENT, O_RDWR);
	snprintf(text, sizeof(text), "%ld\n", half);
	print("trim half", size, time_command(fd, text), "us");
	close(fd);

	fd = must_open(STAGED, O_RDWR);
	print("stage half", size, time_command(fd, "A\n"), "us");
	print("read half, staged", size, time_read(fd), "s");
	print("delete half", size, time_command(fd, "D\n"), "us");
	close(fd);
	print("slab per record, kept", size, (slab_bytes() - before) / size,
	      "bytes");
}

static void pin(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		die("sched_setaffinity");
}

/* What CPU 1 does in the meantime. */
static void collect(void)
{
	int fd = must_open(STAGED, O_RDWR);
	int ascii = must_open(ASCII_STAGED, O_RDWR);

	time_command(fd, "A\n");
	time_read(fd);
	time_read(ascii);
	time_command(fd, "D\n");
}

static void read_zeros(void)
{
	static char buf[64 * 1024];
	uint64_t end = now_ns() + BUSY_NS;
	int fd = must_open("/dev/zero", O_RDONLY);

	while (now_ns() < end)
		if (read(fd, buf, sizeof(buf)) < 0)
			die("/dev/zero");
}

/* The pipe ends when @work does. */
static pid_t start_on_cpu1(void (*work)(void), int *ret_pipe)
{
	int ends[2];
	pid_t pid;

	if (pipe(ends))
		die("pipe");
	pid = fork();
	if (pid) {
		close(ends[1]);
		fcntl(ends[0], F_SETFL, O_NONBLOCK);
		*ret_pipe = ends[0];
		return pid;
	}

	pin(1);
	work();
	_exit(0);
}

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static void print_percentiles(const char *when, long size, size_t nr)
{
	static const struct {
		const char *name;
		double share;
	} points[] = {
		{ "p50", .5 },
		{ "p99", .99 },
		{ "p99.9", .999 },
		{ "max", 1 },
	};
	char what[64];

	qsort(samples, nr, sizeof(*samples), compare);
	for (size_t i = 0; i < sizeof(points) / sizeof(points[0]); i++) {
		size_t at = points[i].share * nr;

		snprintf(what, sizeof(what), "latency %s, %s", points[i].name,
			 when);
		print(what, size, samples[at < nr ? at : nr - 1] / 1e3, "us");
	}
	snprintf(what, sizeof(what), "latency samples, %s", when);
	print(what, size, nr, "1");
}

static bool has_ended(int pipe)
{
	char byte;

	return read(pipe, &byte, 1) == 0;
}

static void measure_during(const char *when, long size, void (*work)(void))
{
	int pipe;
	pid_t pid = start_on_cpu1(work, &pipe);
	size_t nr;

	for (nr = 0; nr < MAX_SAMPLES && !has_ended(pipe); nr++)
		samples[nr] = add_record();
	waitpid(pid, NULL, 0);
	close(pipe);
	print_percentiles(when, size, nr);
}

static void latency(long size)
{
	pin(0);
	add_records(size - IDLE_SAMPLES - nr_current());
	for (size_t i = 0; i < IDLE_SAMPLES; i++)
		samples[i] = add_record();
	print_percentiles("idle", size, IDLE_SAMPLES);
	measure_during("busy", size, read_zeros);
	measure_during("collecting", size, collect);
}

int main(int argc, char **argv)
{
	double slab;
	long was;

	if (argc < 4) {
		fprintf(stderr,
			"usage: ima-bench growth|commands|latency DIR SIZE...\n");
		return 2;
	}

	dir = argv[2];
	slab = slab_bytes();
	was = nr_current();
	for (int i = 3; i < argc; i++) {
		long size = atol(argv[i]);

		if (!strcmp(argv[1], "growth"))
			growth(size, &slab, &was);
		else if (!strcmp(argv[1], "commands"))
			commands(size);
		else
			latency(size);
	}
	return 0;
}
