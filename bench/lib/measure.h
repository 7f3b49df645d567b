/* SPDX-License-Identifier: MIT */
/*
 * What programs that measure themselves share: time, and their peak memory.
 */
#ifndef BENCH_MEASURE_H
#define BENCH_MEASURE_H

#include "base/util.h"

#include <err.h>
#include <time.h>

/* Seconds, from an arbitrary start. */
static inline double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

/* Seconds of processor time that this program has had, in all threads and the kernel. */
static inline double used(void)
{
	struct timespec time;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
	return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

/*
 * From VmHWM: getrusage() would tell the peak of whoever started this, too,
 * should that be higher.
 */
static inline long peak_kib(void)
{
	cleanup_fclose FILE *file = fopen("/proc/self/status", "re");
	char line[256];
	long peak = 0;

	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, "VmHWM: %ld", &peak) == 1)
			return peak;
	errx(1, "no VmHWM in /proc/self/status");
}

#endif
