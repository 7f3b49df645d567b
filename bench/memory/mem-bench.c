// SPDX-License-Identifier: MIT
/*
 * mem-bench RUN DIR NUMBER...: what measurement records and digests of deleted
 * ones cost the kernel it runs in, in memory and time. bench/memory/run boots the
 * kernels and gathers what it prints, one JSON object a line.
 *
 *	extended N	memory of N records that really extend the TPM, then of N
 *			others with the TPM's driver taken away, which leaves
 *			the TPM unextended and all else as it was
 *	sizes N...	until each N were recorded: add, account memory, read
 *			the files of the banks, delete what can be deleted,
 *			account memory, time adding
 *	latency ROUNDS N	percentiles of the time that measuring takes on CPU
 *			0: CPU 1 is idle, reads /dev/zero, measures, too,
 *			or deletes N records
 *	snapshot N	how long N snapshots take, and measuring tasks wait
 *	load FROM N	makes and deletes N records, numbered from FROM
 */
#include "mem-bench.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guest.h"

#define NR_LOADERS 2

bool has_staging(void)
{
	return access(STAGED, F_OK) == 0;
}

long nr_deleted(void)
{
	if (!has_staging())
		return 0;
	return read_number(IMA_DIR "deleted_measurements_count");
}

/* Since boot. */
long nr_ever(void)
{
	return nr_deleted() + nr_current();
}

/* On all CPUs: that they are not in order does not matter. */
void load_records(long nr)
{
	long share = nr / NR_LOADERS;
	int status;

	for (int i = 0; i < NR_LOADERS; i++) {
		if (!fork()) {
			pin(i);
			bench_serial += i * share;
			add_records(share);
			_exit(0);
		}
	}
	for (int i = 0; i < NR_LOADERS; i++)
		if (wait(&status) < 0 || status)
			die("loading");
	bench_serial += NR_LOADERS * share;
	add_records(nr - NR_LOADERS * share);
}

/* Returns the microseconds that deleting took, 0 where there is no staging. */
double delete_all(void)
{
	double us;
	int fd;

	if (!has_staging())
		return 0;
	fd = must_open(STAGED, O_RDWR);
	time_command(fd, "A\n");
	us = time_command(fd, "D\n");
	close(fd);
	return us;
}

static int usage(void)
{
	fprintf(stderr,
		"usage: mem-bench extended|sizes|latency|snapshot|load DIR NUMBER...\n");
	return 2;
}

int main(int argc, char **argv)
{
	const char *run = argc > 3 ? argv[1] : "";
	long last;

	if (argc < 4)
		return usage();

	bench_dir = argv[2];
	last = atol(argv[argc - 1]);
	if (!strcmp(run, "extended")) {
		run_extended(last);
	} else if (!strcmp(run, "sizes")) {
		bench_serial = 1000000;
		run_sizes(argc - 3, argv + 3);
	} else if (!strcmp(run, "latency")) {
		run_latency(atol(argv[3]), last);
	} else if (!strcmp(run, "snapshot")) {
		run_snapshot(last);
	} else if (!strcmp(run, "load")) {
		bench_serial = atol(argv[3]);
		load_records(last);
		delete_all();
	} else {
		return usage();
	}
	return 0;
}
