/* SPDX-License-Identifier: MIT */
/*
 * Whole files in memory. Works for files that do not know their own size, as
 * those of securityfs and sysfs.
 */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include "base/bytes.h"

/*
 * Reads @path to its end. Returns -EFBIG when it holds more than @max_len
 * bytes, or the negative errno of what went wrong. The caller frees *ret_data,
 * which is never NULL on success.
 */
int file_read(const char *path, size_t max_len, uint8_t **ret_data,
	      size_t *ret_len);

#endif
