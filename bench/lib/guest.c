// SPDX-License-Identifier: MIT
/* What the benches that run in a guest share. See guest.h. */
#include "guest.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define BUSY_NS 4000000000ULL

const char *bench_dir;
unsigned long bench_serial;

void die(const char *what)
{
	fprintf(stderr, "bench: %s: %s\n", what, strerror(errno));
	exit(1);
}

void die_of(const char *what)
{
	fprintf(stderr, "bench: %s\n", what);
	exit(1);
}

uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ULL + t.tv_nsec;
}

int must_open(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC, 0600);

	if (fd < 0)
		die(path);
	return fd;
}

long read_number(const char *path)
{
	char text[32] = "";
	int fd = must_open(path, O_RDONLY);

	if (read(fd, text, sizeof(text) - 1) < 0)
		die(path);
	close(fd);
	return atol(text);
}

void write_text(const char *path, const char *text)
{
	int fd = must_open(path, O_WRONLY);

	if (write(fd, text, strlen(text)) < 0)
		die(path);
	close(fd);
}

/* Files, names and inodes that nobody uses, as far as the kernel lets them go. */
void drop_caches(void)
{
	sync();
	write_text("/proc/sys/vm/drop_caches", "3");
}

/* Returns the time of the open() that measures, which is what a task waits for. */
uint64_t add_record(void)
{
	char path[128], text[32];
	uint64_t start, end;
	int fd;

	snprintf(path, sizeof(path), "%s/record-%lu", bench_dir, bench_serial);
	snprintf(text, sizeof(text), "%lu\n", bench_serial++);
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

void add_records(long nr)
{
	while (nr-- > 0)
		add_record();
}

long nr_current(void)
{
	return read_number(IMA_DIR "runtime_measurements_count");
}

/* In seconds, to the end of the file. */
double time_read(int fd)
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
double time_command(int fd, const char *text)
{
	uint64_t start = now_ns();

	if (write(fd, text, strlen(text)) < 0)
		die(text);
	return (now_ns() - start) / 1e3;
}

void pin(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		die("sched_setaffinity");
}

/* The pipe ends when @work does. */
pid_t start_on_cpu1(void (*work)(void), int *ret_pipe)
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

bool has_ended(int pipe)
{
	char byte;

	return read(pipe, &byte, 1) == 0;
}

/* What CPU 1 does when it has to be busy with something else. */
void read_zeros(void)
{
	static char buf[64 * 1024];
	uint64_t end = now_ns() + BUSY_NS;
	int fd = must_open("/dev/zero", O_RDONLY);

	while (now_ns() < end)
		if (read(fd, buf, sizeof(buf)) < 0)
			die("/dev/zero");
}

/* One result, as a line of JSON. */
void print(const char *what, long records, double value, const char *unit)
{
	printf("{\"what\": \"%s\", \"records\": %ld, \"value\": %.6g, \"unit\": \"%s\"}\n",
	       what, records, value, unit);
	fflush(stdout);
}

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* Sorts the samples. */
void print_percentiles(const char *when, long size, uint64_t *samples,
		       size_t nr)
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
