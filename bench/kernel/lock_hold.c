// SPDX-License-Identifier: MIT
/*
 * lock_hold SIZE...: for how long do stage, trim and delete hold the lock that
 * measuring tasks wait for? The kernel's own source (kernel/src), compiled in user
 * space (kernel/ushim), with a clock around its lock: what the kernel has no clock
 * for without slowing all locks down.
 *
 * Before the lock is taken to check and to cut, the processor's caches are emptied:
 * a short list would otherwise be in them and a long one not, while in a machine
 * that has been running for hours neither is.
 *
 * Prints one JSON object a line, medians over ROUNDS: for how long a command holds
 * the lock to check and to cut, and for how long it is held to forget a batch of
 * digests where those of deleted records are flushed. (That is the 99th percentile
 * of a round's thousands: the longest would say when this process was preempted.)
 */
#include <linux/mutex.h>
#include <linux/sched.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "fixture.h"
#include "tap.h"

#define ROUNDS 25
#define CACHES_LEN (64UL << 20)
#define MAX_HOLDS (1 << 20)

/* mutex_lock() and mutex_unlock() come here by the linker's --wrap. */
void __real_mutex_lock(struct mutex *m);
void __real_mutex_unlock(struct mutex *m);
void __wrap_mutex_lock(struct mutex *m);
void __wrap_mutex_unlock(struct mutex *m);

static double holds[MAX_HOLDS];
static size_t nr_holds, nr_cold;
static double locked_at;

static double now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1e9 + t.tv_nsec;
}

static void empty_caches(void)
{
	static char *other;

	if (!other)
		other = malloc(CACHES_LEN);
	must(other, "no memory");
	for (size_t i = 0; i < CACHES_LEN; i += 64)
		other[i]++;
}

void __wrap_mutex_lock(struct mutex *m)
{
	if (nr_holds < nr_cold)
		empty_caches();
	__real_mutex_lock(m);
	locked_at = now_ns();
}

void __wrap_mutex_unlock(struct mutex *m)
{
	double held = now_ns() - locked_at;

	__real_mutex_unlock(m);
	if (nr_holds < MAX_HOLDS)
		holds[nr_holds++] = held;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Of @nr values, the smallest that @share of them are not above. */
static double quantile(double *values, size_t nr, double share)
{
	qsort(values, nr, sizeof(*values), compare);
	return values[(size_t)ceil(share * nr) - 1];
}

enum held {
	TRIM,
	STAGE_N,
	DELETE,
	STAGE,
	FORGET,
	NR_HELD
};

static const char *const names[] = { "trim", "stage half", "delete", "stage",
				     "forget digests" };

/* A command takes the lock @nr_first times to check and to cut. */
static double execute(struct ima_staging_file *f, enum ima_staging_verb verb,
		      u64 nr, size_t nr_first)
{
	struct ima_staging_cmd cmd = { .verb = verb, .nr = nr };

	nr_cold = nr_first;
	nr_holds = 0;
	must(!ima_staging_execute(f, &cmd), "verb %d, %llu", verb,
	     (unsigned long long)nr);
	return quantile(holds, nr_first, 1);
}

/* A list of records of which each has its digest in the set. */
static void fill(struct fixture *fx, long size)
{
	fixture_init(fx, NULL);
	for (long i = 0; i < size; i++) {
		struct log_row row = { .id = i };

		must(!fixture_restore(fx, &row, true), "no memory");
	}
}

static void run_round(long size, double ret_held[NR_HELD])
{
	struct ima_staging_file f;
	struct fixture fx;

	fill(&fx, size);
	must(!ima_staging_open(&fx.s, &f, true, true), "open");
	ret_held[TRIM] = execute(&f, IMA_STAGING_TRIM, size / 2, 2);
	ret_held[STAGE_N] = execute(&f, IMA_STAGING_STAGE, size / 4, 2);
	ret_held[DELETE] = execute(&f, IMA_STAGING_DELETE, 0, 1);
	ret_held[STAGE] = execute(&f, IMA_STAGING_STAGE, U64_MAX, 1);
	fx.s.flush_digests = true;
	execute(&f, IMA_STAGING_DELETE, 0, 1);
	ret_held[FORGET] = quantile(holds + 1, nr_holds - 1, .99);
	ima_staging_release(&f);
	fixture_fini(&fx);
}

static void measure(long size)
{
	double held[NR_HELD][ROUNDS], one[NR_HELD];

	for (int i = 0; i < ROUNDS; i++) {
		run_round(size, one);
		for (int c = 0; c < NR_HELD; c++)
			held[c][i] = one[c];
	}

	for (int c = 0; c < NR_HELD; c++) {
		printf("{\"what\": \"lock held, %s\", \"records\": %ld, \"value\": %.6g, \"unit\": \"ns\"}\n",
		       names[c], size, quantile(held[c], ROUNDS, .5));
	}
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		measure(atol(argv[i]));
	return argc < 2 ? 2 : 0;
}
