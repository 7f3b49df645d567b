/* SPDX-License-Identifier: MIT */
/*
 * Measuring: files, buffers, and a load of records of files that there are not.
 */
#ifndef EMU_MEASURE_H
#define EMU_MEASURE_H

#include <limits.h>

#include "emu/machine.h"

/* What a file is called in this process. */
int measure_name(int fd, char ret_name[PATH_MAX]);

/*
 * The file @fd, under the name that it has for this process, or a violation of it.
 * 0, or an error of kernel_measure().
 */
int measure_file(struct machine *machine, int fd, bool violation);

/**
 * struct measure_end - whether what takes long is to end before it is done
 * @is_over: asked now and then
 * @context: for it
 */
struct measure_end {
	bool (*is_over)(void *context);
	void *context;
};

/*
 * What can be read from @fd, as an ima-buf record. -EFBIG: more than 1 MiB; -EINTR if
 * it was over.
 */
int measure_buffer(struct machine *machine, const char *name, int fd,
		   const struct measure_end *end);

/**
 * struct load - records that a seed makes
 * @seed: the same seed, the same records
 * @nr: how many
 * @rate: records a second, 0: as fast as can be
 * @end: when to end before that
 */
struct load {
	uint64_t seed;
	uint64_t nr;
	uint64_t rate;
	struct measure_end end;
};

/* -EINTR if it was over. @ret_nr: records that were added; there may be such already */
int measure_load(struct machine *machine, const struct load *load,
		 uint64_t *ret_nr, double *ret_seconds);

#endif
