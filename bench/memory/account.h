/* SPDX-License-Identifier: MIT */
/*
 * How much memory the kernel has taken, in two ways that have to agree.
 *
 * Neither counts what belongs to files and programs: page cache, memory of
 * processes, slabs of inodes, names and the like, which come and go with the
 * files that are measured.
 */
#ifndef BENCH_MEMORY_ACCOUNT_H
#define BENCH_MEMORY_ACCOUNT_H

/**
 * struct account - bytes in use
 * @all: all memory, less what is free
 * @slab_vmalloc: pages of slabs, large allocations of kmalloc(), vmalloc()
 */
struct account {
	double all;
	double slab_vmalloc;
};

struct account account(void);

#endif
