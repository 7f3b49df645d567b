/* SPDX-License-Identifier: MIT */
/*
 * Small helpers that every module of user space may use: sizes of arrays and
 * the cleanup attributes that release what a scope holds when it is left.
 *
 *	cleanup_free char *text = NULL;
 *	cleanup_close int fd = -1;
 *	cleanup_fclose FILE *file = NULL;
 */
#ifndef BASE_UTIL_H
#define BASE_UTIL_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

#define cleanup_(function) __attribute__((cleanup(function)))
#define cleanup_free cleanup_(util_free_at)
#define cleanup_close cleanup_(util_close_at)
#define cleanup_fclose cleanup_(util_fclose_at)

/* @at: address of a pointer of any type to memory of malloc(), or to NULL */
static inline void util_free_at(void *at)
{
	void *memory;

	memcpy(&memory, at, sizeof(memory));
	free(memory);
}

/* @fd: a descriptor, or a negative number for none */
static inline void util_close_at(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

static inline void util_fclose_at(FILE **file)
{
	if (*file)
		fclose(*file);
}

#endif
