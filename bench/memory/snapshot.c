// SPDX-License-Identifier: MIT
/* How long a snapshot_aggregate takes, and others wait for it. See mem-bench.c. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guest.h"
#include "mem-bench.h"

#define MAX_SAMPLES 100000
#define MAX_SPANS 100
#define NR_IDLE 500
#define NR_READS 200
#define BETWEEN_US 200000

#define PCR "/sys/class/tpm/tpm0/pcr-%s/10"

static const char *const banks[] = { "sha1", "sha256", "sha384", "sha512" };
#define NR_BANKS (sizeof(banks) / sizeof(banks[0]))

struct span {
	uint64_t from, to;
};

/* Shared with the task on CPU 1. */
struct shared {
	size_t nr;
	struct span spans[MAX_SPANS];
};
static struct shared *snapshots;

static size_t nr_snapshots;
static struct span samples[MAX_SAMPLES];
static size_t nr_samples;
static uint64_t lengths[MAX_SAMPLES];

static void sample(void)
{
	uint64_t ns = add_record(), to = now_ns();

	if (nr_samples < MAX_SAMPLES)
		samples[nr_samples++] = (struct span){ to - ns, to };
}

/* Longer than what was waited for by at most the removal of the file. */
static void print_samples(const char *when)
{
	for (size_t i = 0; i < nr_samples; i++)
		lengths[i] = samples[i].to - samples[i].from;
	print_percentiles(when, nr_samples, lengths, nr_samples);
	nr_samples = 0;
}

static void sample_during(void (*work)(void))
{
	int pipe;
	pid_t pid = start_on_cpu1(work, &pipe);

	while (!has_ended(pipe))
		sample();
	waitpid(pid, NULL, 0);
	close(pipe);
}

static void read_pcr(const char *bank)
{
	char path[64], value[256];
	int fd;

	snprintf(path, sizeof(path), PCR, bank);
	fd = must_open(path, O_RDONLY);
	if (read(fd, value, sizeof(value)) <= 0)
		die(path);
	close(fd);
}

static void read_pcrs(void)
{
	for (size_t i = 0; i < NR_READS; i++)
		read_pcr(banks[i % NR_BANKS]);
}

static void time_pcr_read(void)
{
	uint64_t start = now_ns();

	read_pcrs();
	print("read of a PCR", NR_READS, (now_ns() - start) / 1e3 / NR_READS,
	      "us");
}

/* What CPU 1 does. */
static void take_snapshots(void)
{
	for (size_t i = 0; i < nr_snapshots; i++) {
		struct span *span = &snapshots->spans[i];

		usleep(BETWEEN_US);
		span->from = now_ns();
		write_text(IMA_DIR "snapshot", "1\n");
		span->to = now_ns();
	}
}

/* Of the tasks that measured during a snapshot. */
static uint64_t longest_wait(const struct span *span)
{
	uint64_t longest = 0;

	for (size_t i = 0; i < nr_samples; i++) {
		uint64_t wait = samples[i].to - samples[i].from;

		if (samples[i].to > span->from && samples[i].from < span->to &&
		    wait > longest)
			longest = wait;
	}
	return longest;
}

static void print_snapshots(void)
{
	uint64_t waits[MAX_SPANS], whole[MAX_SPANS];

	for (size_t i = 0; i < nr_snapshots; i++) {
		const struct span *span = &snapshots->spans[i];

		waits[i] = longest_wait(span);
		whole[i] = span->to - span->from;
	}
	print_percentiles("whole snapshot", nr_snapshots, whole, nr_snapshots);
	print_percentiles("longest wait per snapshot", nr_snapshots, waits,
			  nr_snapshots);
}

void run_snapshot(long nr)
{
	nr_snapshots = nr < MAX_SPANS ? nr : MAX_SPANS;
	snapshots = mmap(NULL, sizeof(*snapshots), PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (snapshots == MAP_FAILED)
		die("mmap");

	pin(0);
	time_pcr_read();
	for (int i = 0; i < NR_IDLE; i++)
		sample();
	print_samples("measuring, idle");
	sample_during(read_pcrs);
	print_samples("measuring, other CPU reads PCRs");
	sample_during(take_snapshots);
	print_snapshots();
	print_samples("measuring, other CPU takes snapshots");
}
