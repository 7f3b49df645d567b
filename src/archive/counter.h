/* SPDX-License-Identifier: MIT */
/*
 * How long a record is: in the kernel's sha1 binary list, and in its ASCII
 * list.
 */
#ifndef ARCHIVE_COUNTER_H
#define ARCHIVE_COUNTER_H

#include <imastage/imastage.h>

/* Of its line, which is one without fields when it cannot be shown. */
uint64_t record_ascii_len(const struct imastage_record *record);

/* Of its binary form. -EINVAL when it is not from the list of bank sha1. */
int record_binary_len(const struct imastage_record *record, size_t *ret_len);

/* Writes its binary form, which is that long. */
void record_write(const struct imastage_record *record, uint8_t *ret_data);

#endif
