// SPDX-License-Identifier: MIT
/*
 * The line that shows progress. The clock is read for one call in 1024: a call
 * is a record, of which there are more than a million in a second.
 */
#include "tool/progress.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#define CALLS_PER_LOOK 1024
#define INTERVAL 0.25

static struct {
	bool enabled;
	bool shown;
	unsigned int calls;
	double started;
	double next; /* time of the next line */
	const char *what; /* is counted */
} progress;

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

void progress_start(enum progress_mode mode)
{
	progress_start_of(mode, "records");
}

void progress_start_of(enum progress_mode mode, const char *what)
{
	progress.what = what;
	progress.enabled = mode == PROGRESS_ALWAYS ||
			   (mode == PROGRESS_AUTO && isatty(STDERR_FILENO));
	progress.calls = 0;
	progress.started = now();
	progress.next = progress.started + (mode == PROGRESS_ALWAYS ? 0 : 1);
}

static void show(double time, uint64_t nr_records, uint64_t nr_bytes,
		 uint64_t nr_bytes_total)
{
	double seconds = time - progress.started;

	fprintf(stderr, "\r\033[K%" PRIu64 " %s, %.1f MB", nr_records,
		progress.what, (double)nr_bytes / 1e6);
	if (nr_bytes_total >= nr_bytes && nr_bytes_total > 0)
		fprintf(stderr, " (%.0f %%)",
			100 * (double)nr_bytes / (double)nr_bytes_total);
	if (seconds > 0.5)
		fprintf(stderr, ", %.0f %s/s", (double)nr_records / seconds,
			progress.what);
	fflush(stderr);
	progress.shown = true;
}

void progress_update(uint64_t nr_records, uint64_t nr_bytes,
		     uint64_t nr_bytes_total)
{
	double time;

	if (!progress.enabled || progress.calls++ % CALLS_PER_LOOK)
		return;
	time = now();
	if (time < progress.next)
		return;
	progress.next = time + INTERVAL;
	show(time, nr_records, nr_bytes, nr_bytes_total);
}

void progress_clear(void)
{
	if (progress.shown)
		fputs("\r\033[K", stderr);
	progress.shown = false;
}
