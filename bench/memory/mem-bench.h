/* SPDX-License-Identifier: MIT */
/* The parts of mem-bench. See mem-bench.c. */
#ifndef BENCH_MEMORY_MEM_BENCH_H
#define BENCH_MEMORY_MEM_BENCH_H

#include <stdbool.h>

bool has_staging(void);
long nr_deleted(void);
long nr_ever(void);
void load_records(long nr);
double delete_all(void);

void run_extended(long nr);
void run_sizes(int nr, char **sizes);
void run_latency(long rounds, long size);
void run_snapshot(long nr);

#endif
