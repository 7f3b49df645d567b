/* SPDX-License-Identifier: MIT */
/*
 * Measuring: files, buffers, and a load of records of files that there are not.
 */
#ifndef EMU_MEASURE_H
#define EMU_MEASURE_H

#include "emu/machine.h"

/*
 * The file @fd, under the name that it has for this process, or a violation of it.
 * 0, or an error of kernel_measure().
 */
int measure_file(struct machine *machine, int fd, bool violation);

/* What can be read from @fd, as an ima-buf record. -EFBIG: more than 1 MiB */
int measure_buffer(struct machine *machine, const char *name, int fd);

/**
 * struct load - records that a seed makes
 * @seed: the same seed, the same records
 * @nr: how many
 * @rate: records a second, 0: as fast as can be
 * @stop: looked at now and then (atomic)
 */
struct load {
	uint64_t seed;
	uint64_t nr;
	uint64_t rate;
	const bool *stop;
};

/* @ret_nr: records that were added; there may be such already */
int measure_load(struct machine *machine, const struct load *load,
		 uint64_t *ret_nr, double *ret_seconds);

#endif
