/* SPDX-License-Identifier: MIT */
/*
 * Binary test data as text that people can read and compare:
 *
 *	# a comment, to the end of the line
 *	0a000000 07000000	hex digits, white space between bytes is free
 *	"ima-sig"		characters; there is no escape for a quote
 */
#ifndef LIB_HEXFILE_H
#define LIB_HEXFILE_H

#include "base/bytes.h"

/*
 * Reads the file @path. The caller frees *ret_data. -EINVAL when it is not of
 * that form, -EFBIG above 16 MiB, or the error of reading it.
 */
int hexfile_read(const char *path, uint8_t **ret_data, size_t *ret_len);

/* The same from memory. *ret_data must have room for text.len bytes. */
int hexfile_parse(struct imastage_bytes text, uint8_t *ret_data,
		  size_t *ret_len);

#endif
