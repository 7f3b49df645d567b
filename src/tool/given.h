/* SPDX-License-Identifier: MIT */
/*
 * Small files that a program was given: whole in memory, or a complaint that says which one
 * it was and what to do.
 */
#ifndef TOOL_GIVEN_H
#define TOOL_GIVEN_H

#include <stddef.h>
#include <stdint.h>

/*
 * As file_read(). @what: what the file is to be, "challenge". @path may be "-": standard
 * input. Returns enum cli_status.
 */
int given_read(const char *path, const char *what, size_t max_len,
	       uint8_t **ret_data, size_t *ret_len);

/* The complaint alone, for one that was read in another way. Returns CLI_FAILED. */
int given_complain(const char *path, const char *what, size_t max_len, int r);

#endif
