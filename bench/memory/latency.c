// SPDX-License-Identifier: MIT
/* How long measuring tasks wait, and what for. See mem-bench.c. */
#include <sys/wait.h>
#include <unistd.h>

#include "guest.h"
#include "mem-bench.h"

#define MAX_SAMPLES 1000000
#define IDLE_NS 4000000000ULL
#define GROWING_NS 4000000000ULL

/* Far enough for both CPUs to make other records. */
#define OTHER_SERIAL 1000000000UL

/* Those of all rounds, so that there are enough for the last of a thousand. */
struct samples {
	const char *when;
	size_t nr;
	uint64_t ns[MAX_SAMPLES];
};

static struct samples idle = { .when = "idle" };
static struct samples busy = { .when = "busy" };
static struct samples growing = { .when = "growing" };
static struct samples deleting = { .when = "deleting" };

static void sample(struct samples *s)
{
	uint64_t ns = add_record();

	if (s->nr < MAX_SAMPLES)
		s->ns[s->nr++] = ns;
}

static void sample_during(struct samples *s, void (*work)(void))
{
	int pipe;
	pid_t pid = start_on_cpu1(work, &pipe);

	while (!has_ended(pipe))
		sample(s);
	waitpid(pid, NULL, 0);
	close(pipe);
}

static void sample_idle(void)
{
	uint64_t end = now_ns() + IDLE_NS;

	while (now_ns() < end)
		sample(&idle);
}

/* What CPU 1 does meanwhile. */
static void measure_too(void)
{
	uint64_t end = now_ns() + GROWING_NS;

	bench_serial += OTHER_SERIAL;
	while (now_ns() < end)
		add_record();
}

static void delete_long(void)
{
	long nr = nr_current();

	print("delete, measuring", nr, delete_all(), "us");
}

/* All on a list of the same length, and the same digests of deleted records. */
static void one_round(long size)
{
	if (has_staging())
		load_records(size - nr_current());
	sample_idle();
	sample_during(&busy, read_zeros);
	sample_during(&growing, measure_too);
	bench_serial += 2 * OTHER_SERIAL;
	if (has_staging())
		sample_during(&deleting, delete_long);
}

void run_latency(long rounds, long size)
{
	struct samples *all[] = { &idle, &busy, &growing, &deleting };

	while (rounds-- > 0) {
		pin(0);
		one_round(size);
	}
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (all[i]->nr)
			print_percentiles(all[i]->when, size, all[i]->ns,
					  all[i]->nr);
}
