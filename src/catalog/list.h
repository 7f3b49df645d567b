/* SPDX-License-Identifier: MIT */
/*
 * The files of a measurement list, with the digests that it has: what a machine has run, taken for
 * what it may run. Whoever does so has verified the list before.
 */
#ifndef CATALOG_LIST_H
#define CATALOG_LIST_H

#include "catalog/catalog.h"
#include "list/input.h"

struct catalog_list_counts {
	uint64_t nr_records;
	uint64_t nr_files; /* records of files, each of which was found */
	uint64_t nr_withheld; /* of these, the records whose template digests were found */
	uint64_t nr_violations; /* passed over: nobody knows what was in the file */
	uint64_t nr_others; /* passed over: boot_aggregate, buffers, other templates */
};

#define CATALOG_LIST_REFUSED \
	1 /* a record is not what its digest says; it was said */

/* Negative after a complaint of list/input.h, or what found() and tick() returned. */
int catalog_list_read(struct catalog *catalog, struct input *input,
		      struct catalog_list_counts *ret_counts);

#endif
