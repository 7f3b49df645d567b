// SPDX-License-Identifier: MIT
/* Memory of records and of digests, cost of adding and reading. See mem-bench.c. */
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "account.h"
#include "guest.h"
#include "mem-bench.h"

/*
 * Adding is timed in batches, and the one at the end of the fastest quarter
 * counts: whatever else the host does can only make it slower.
 */
#define NR_BATCHES 20
#define BATCH 250

/* Beyond it, reading costs an unpatched kernel its square. */
#define READ_MAX 30000
#define NR_READS 5

#define TPM_DRIVER "/sys/bus/acpi/drivers/tpm_crb/"

/* Measured are files in the root file system, not those in a tmpfs. */
#define NOT_MEASURED "/tmp"

static const char *const banks[] = { "", "_sha1", "_sha256", "_sha384",
				     "_sha512" };
#define NR_BANKS (sizeof(banks) / sizeof(banks[0]))

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Of a sorted array: 2 is the median, 1 the end of the first quarter. */
static double quarter(double *values, size_t nr, size_t i)
{
	qsort(values, nr, sizeof(*values), compare);
	return values[nr * i / 4];
}

static double time_batch(const char *dir)
{
	const char *was = bench_dir;
	uint64_t start = now_ns();

	bench_dir = dir;
	add_records(BATCH);
	bench_dir = was;
	return (now_ns() - start) / 1e3 / BATCH;
}

/* What a record costs more than the file that it is about, and with it. */
static void time_adding(long size)
{
	double with[NR_BATCHES], without[NR_BATCHES];
	const char *dir = bench_dir;

	for (size_t i = 0; i < NR_BATCHES; i++) {
		with[i] = time_batch(dir);
		without[i] = time_batch(NOT_MEASURED);
	}
	print("add", size, quarter(with, NR_BATCHES, 1), "us");
	print("add, net", size,
	      quarter(with, NR_BATCHES, 1) - quarter(without, NR_BATCHES, 1),
	      "us");
}

static void print_bytes(const char *when, long size, const struct account *from,
			const struct account *to, double nr)
{
	char what[64];

	snprintf(what, sizeof(what), "bytes, %s", when);
	print(what, size, (to->all - from->all) / nr, "bytes");
	snprintf(what, sizeof(what), "slab and vmalloc, %s", when);
	print(what, size, (to->slab_vmalloc - from->slab_vmalloc) / nr,
	      "bytes");
}

static void time_banks(void)
{
	long nr = nr_current();

	for (size_t i = 0; i < NR_BANKS; i++) {
		double us[NR_READS];
		char path[128], what[64];

		snprintf(path, sizeof(path), "%s%s", CURRENT, banks[i]);
		if (access(path, F_OK))
			continue;
		for (size_t j = 0; j < NR_READS; j++) {
			int fd = must_open(path, O_RDONLY);

			us[j] = time_read(fd) * 1e6 / nr;
			close(fd);
		}
		snprintf(what, sizeof(what), "read a record, %s",
			 banks[i][0] ? banks[i] + 1 : "no suffix");
		print(what, nr, quarter(us, NR_READS, 2), "us");
	}
}

/* How it was when so many records had been made, and so many deleted. */
struct point {
	struct account memory;
	long nr_ever, nr_deleted;
};

static struct point point(void)
{
	return (struct point){ account(), nr_ever(), nr_deleted() };
}

static void one_size(long size, const struct point *empty, struct point *before)
{
	struct point now;

	if (size <= nr_ever())
		die_of("a size that is not above the records there are");
	load_records(size - nr_ever());
	now = point();
	print_bytes("live", size, &before->memory, &now.memory,
		    now.nr_ever - before->nr_ever);
	if (nr_current() <= READ_MAX)
		time_banks();

	if (has_staging()) {
		print("delete", size, delete_all(), "us");
		now = point();
		print_bytes("deleted", size, &empty->memory, &now.memory,
			    now.nr_deleted - empty->nr_deleted);
	}
	*before = now;
	time_adding(size);
}

/* Caches of files take their usual size, and what can be deleted is. */
static struct point start(void)
{
	const char *dir = bench_dir;

	bench_dir = NOT_MEASURED;
	add_records(1000);
	bench_dir = dir;
	add_records(100);
	delete_all();
	account();
	return point();
}

void run_sizes(int nr, char **sizes)
{
	struct point empty = start(), before = empty;

	for (int i = 0; i < nr; i++)
		one_size(atol(sizes[i]), &empty, &before);
}

/* IMA keeps the chip, but whatever it asks of it fails at once. */
static void unbind_tpm(void)
{
	glob_t found;

	write_text("/proc/sys/kernel/printk", "1");
	if (glob(TPM_DRIVER "*:*", 0, NULL, &found))
		die(TPM_DRIVER);
	write_text(TPM_DRIVER "unbind", found.gl_pathv[0] + strlen(TPM_DRIVER));
	globfree(&found);
}

void run_extended(long nr)
{
	struct account from = start().memory, to;
	uint64_t began = now_ns();

	add_records(nr);
	print("add, extending", nr, (now_ns() - began) / 1e3 / nr, "us");
	to = account();
	print_bytes("live, extending", nr, &from, &to, nr);

	unbind_tpm();
	from = account();
	add_records(nr);
	to = account();
	print_bytes("live, not extending", nr, &from, &to, nr);
	delete_all();
}
