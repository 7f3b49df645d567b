/* SPDX-License-Identifier: MIT */
/*
 * Whole lists for tests: made at random, converted, taken from golden files.
 */
#ifndef LIB_LISTS_H
#define LIB_LISTS_H

#include <imastage/imastage.h>

/*
 * Reads @list as @from says and writes it to *ret_list, which starts with
 * zeros, as @to says. Returns what ended the reading, IMASTAGE_END when all
 * is well, or the error of writing.
 */
int convert_list(struct imastage_bytes list,
		 const struct imastage_reader_options *from,
		 const struct imastage_writer_options *to,
		 struct imastage_buffer *ret_list);

/*
 * @nr records as the kernel makes them, with right digests of @bank, of many
 * templates, with any bytes in names; binary, in the order @endian. The same for the same *seed.
 */
struct imastage_buffer random_list(enum imastage_bank bank,
				   enum imastage_endian endian, unsigned int nr,
				   uint32_t *seed);

/* A source that gives at most @step bytes of @rest at a time. */
struct slow_source {
	struct imastage_bytes rest;
	size_t step;
	int error; /* given at the end, if not 0 */
};

struct imastage_source slow_source(struct slow_source *source);

#endif
