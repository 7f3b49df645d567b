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
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guest.h"

/* Adding is timed over the last so many records before a size is reached. */
#define NR_TIMED 2000
#define IDLE_SAMPLES 50000
#define MAX_SAMPLES 4000000

static uint64_t samples[MAX_SAMPLES];

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

	drop_caches();
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

static void measure_during(const char *when, long size, void (*work)(void))
{
	int pipe;
	pid_t pid = start_on_cpu1(work, &pipe);
	size_t nr;

	for (nr = 0; nr < MAX_SAMPLES && !has_ended(pipe); nr++)
		samples[nr] = add_record();
	waitpid(pid, NULL, 0);
	close(pipe);
	print_percentiles(when, size, samples, nr);
}

static void latency(long size)
{
	pin(0);
	add_records(size - IDLE_SAMPLES - nr_current());
	for (size_t i = 0; i < IDLE_SAMPLES; i++)
		samples[i] = add_record();
	print_percentiles("idle", size, samples, IDLE_SAMPLES);
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

	bench_dir = argv[2];
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
