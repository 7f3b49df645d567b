/* SPDX-License-Identifier: MIT */
/*
 * How long a record is: in the kernel's sha1 binary list, and in its ASCII
 * list.
 */
#ifndef ARCHIVE_COUNTER_H
#define ARCHIVE_COUNTER_H

#include <imastage/imastage.h>

struct record_counter {
	struct imastage_writer *writer; /* owned */
	uint64_t len; /* of what was written */
};

/* It must stay where it is. -ENOMEM. */
int record_counter_init(struct record_counter *counter);
void record_counter_fini(struct record_counter *counter);

/* Of its line, which is one without fields when it cannot be shown. */
int record_ascii_len(struct record_counter *counter,
		     const struct imastage_record *record, uint64_t *ret_len);

/* Of its binary form. -EINVAL when it is not from the list of bank sha1. */
int record_binary_len(const struct imastage_record *record, size_t *ret_len);

/* Writes its binary form, which is that long. */
void record_write(const struct imastage_record *record, uint8_t *ret_data);

#endif
