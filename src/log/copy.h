/* SPDX-License-Identifier: MIT */
/*
 * Records that outlive what their reader looks at: copied to memory of the caller's.
 */
#ifndef LOG_COPY_H
#define LOG_COPY_H

#include <imastage/record.h>

/* Bytes that record_copy() puts down. */
size_t record_copy_len(const struct imastage_record *record);

/*
 * Copies all that @record looks at to @at, and has it look there. Of a record that is not in
 * the kernel's binary format, the length of `raw` alone is kept.
 */
void record_copy(struct imastage_record *record, uint8_t *at);

#endif
