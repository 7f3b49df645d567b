// SPDX-License-Identifier: MIT
/*
 * lock_hold SIZE...: for how long do stage, trim and delete hold the lock that
 * measuring tasks wait for? The kernel's own source (kernel/src), compiled in user
 * space (kernel/ushim), with a clock around its lock: what the kernel has no clock
 * for without slowing all locks down.
 *
 * Before each command the processor's caches are emptied: a short list would
 * otherwise be in them and a long one not, while in a machine that has been
 * running for hours neither is.
 *
 * Prints one JSON object a line: the median over ROUNDS of the longest hold.
 */
#include <linux/mutex.h>
#include <linux/sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "fixture.h"
#include "tap.h"

#define ROUNDS 25
#define CACHES_LEN (64UL << 20)

/* mutex_lock() and mutex_unlock() come here by the linker's --wrap. */
void __real_mutex_lock(struct mutex *m);
void __real_mutex_unlock(struct mutex *m);
void __wrap_mutex_lock(struct mutex *m);
void __wrap_mutex_unlock(struct mutex *m);

static double locked_at, longest;

static double now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1e9 + t.tv_nsec;
}

void __wrap_mutex_lock(struct mutex *m)
{
	__real_mutex_lock(m);
	locked_at = now_ns();
}

void __wrap_mutex_unlock(struct mutex *m)
{
	double held = now_ns() - locked_at;

	__real_mutex_unlock(m);
	if (held > longest)
		longest = held;
}

enum command {
	TRIM,
	STAGE_N,
	DELETE,
	STAGE,
	NR_COMMANDS
};

static const char *const names[] = { "trim", "stage half", "delete", "stage" };

static void empty_caches(void)
{
	static char *other;

	if (!other)
		other = malloc(CACHES_LEN);
	must(other, "no memory");
	for (size_t i = 0; i < CACHES_LEN; i += 64)
		other[i]++;
}

static double execute(struct ima_staging_file *f, enum ima_staging_verb verb,
		      u64 nr)
{
	struct ima_staging_cmd cmd = { .verb = verb, .nr = nr };

	empty_caches();
	longest = 0;
	must(!ima_staging_execute(f, &cmd), "verb %d, %llu", verb,
	     (unsigned long long)nr);
	return longest;
}

static void run_round(long size, double ret_held[NR_COMMANDS])
{
	struct ima_staging_file f;
	struct fixture fx;

	fixture_init(&fx, NULL);
	for (long i = 0; i < size; i++)
		must(!fixture_restore(&fx, i), "no memory");

	must(!ima_staging_open(&fx.s, &f, true, true), "open");
	ret_held[TRIM] = execute(&f, IMA_STAGING_TRIM, size / 2);
	ret_held[STAGE_N] = execute(&f, IMA_STAGING_STAGE, size / 4);
	ret_held[DELETE] = execute(&f, IMA_STAGING_DELETE, 0);
	ret_held[STAGE] = execute(&f, IMA_STAGING_STAGE, U64_MAX);
	ima_staging_release(&f);
	fixture_fini(&fx);
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void measure(long size)
{
	double held[NR_COMMANDS][ROUNDS], one[NR_COMMANDS];

	for (int i = 0; i < ROUNDS; i++) {
		run_round(size, one);
		for (int c = 0; c < NR_COMMANDS; c++)
			held[c][i] = one[c];
	}

	for (int c = 0; c < NR_COMMANDS; c++) {
		qsort(held[c], ROUNDS, sizeof(double), compare);
		printf("{\"what\": \"lock held, %s\", \"records\": %ld, \"value\": %.6g, \"unit\": \"ns\"}\n",
		       names[c], size, held[c][ROUNDS / 2]);
	}
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		measure(atol(argv[i]));
	return argc < 2 ? 2 : 0;
}
