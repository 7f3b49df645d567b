/* SPDX-License-Identifier: MIT */
/*
 * Memory that a program has, at most: of all that it calls, shared libraries
 * included. Counted by the sanitizer where there is one, else by our own malloc().
 */
#ifndef LIB_ALLOC_COUNT_H
#define LIB_ALLOC_COUNT_H

#include <stddef.h>

/* From here on. */
void alloc_count_start(void);

/* The most that there was more than at the start. */
size_t alloc_count_peak(void);

#endif
