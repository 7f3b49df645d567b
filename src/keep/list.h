/* SPDX-License-Identifier: MIT */
/*
 * What a kernel lists, staged and current, as one row of records.
 */
#ifndef KEEP_LIST_H
#define KEEP_LIST_H

#include "source/source.h"

#include <imastage/imastage.h>

enum keep_part {
	KEEP_CURRENT,
	KEEP_STAGED,
	KEEP_BOTH
};

struct keep_list {
	struct source *source;
	struct imastage_reader *reader;
	enum keep_part part;
	bool staged; /* what is being read */
	uint64_t nr_staged; /* records read of it */
	uint64_t base; /* offset that reading began at */
};

/* @offset: of the first record, in the (first) list. Inside a session. */
int keep_list_open(struct source *source, enum keep_part part, uint64_t offset,
		   struct keep_list *ret_list);
void keep_list_close(struct keep_list *list);

#define cleanup_keep_list __attribute__((cleanup(keep_list_close)))

/* As imastage_reader_next(). */
int keep_list_next(struct keep_list *list, struct imastage_record *ret_record);

/* Of the next record, in the list that is being read. */
uint64_t keep_list_offset(const struct keep_list *list);

/* Is it the kernel's bytes that are wrong, not the reading of them? */
bool keep_is_malformed(int err);

/* Is there a record? 1 or 0, or an error. */
int keep_list_any(struct source *source, enum keep_part part);

#endif
