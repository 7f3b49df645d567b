/* SPDX-License-Identifier: MIT */
/*
 * Walks a measurement list in memory, record by record.
 *
 * A list can come in several pieces, as it does when parts were staged and
 * saved one after the other: @first_index then is the index of the piece's
 * first record. A record never spans two pieces.
 */
#ifndef LOG_LIST_H
#define LOG_LIST_H

#include "log/record.h"

#define LOG_LIST_END 1 /* log_list_next(): there is no further record */

struct log_list {
	struct cursor cursor;
	enum log_bank bank; /* of the digests in this list */
	uint64_t next_index; /* of the record at the cursor */
	struct log_error error; /* set once log_list_next() has failed */
};

void log_list_init(struct log_list *list, struct bytes bytes,
		   enum endian endian, enum log_bank bank,
		   uint64_t first_index);

/*
 * Returns 0 with the next record, LOG_LIST_END after the last one, or the
 * error of log_record_parse(), again at every further call.
 */
int log_list_next(struct log_list *list, struct log_record *ret_record);

/* Byte offset of the record that the next call will return. */
size_t log_list_offset(const struct log_list *list);

#endif
