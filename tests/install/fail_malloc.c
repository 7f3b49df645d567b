// SPDX-License-Identifier: MIT
/*
 * Preloaded: the FAIL_AT-th allocation of the program fails, and all after it.
 */
#include <errno.h>
#include <stdlib.h>

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t nr, size_t size);
void *__libc_realloc(void *old, size_t size);

static long left = -1;

static int fails(void)
{
	const char *at = left < 0 ? getenv("FAIL_AT") : NULL;

	if (left < 0)
		left = at ? atol(at) : 0;
	if (left > 0)
		left--;
	if (left == 0)
		errno = ENOMEM;
	return left == 0;
}

void *malloc(size_t size)
{
	return fails() ? NULL : __libc_malloc(size);
}

void *calloc(size_t nr, size_t size)
{
	return fails() ? NULL : __libc_calloc(nr, size);
}

void *realloc(void *old, size_t size)
{
	return fails() ? NULL : __libc_realloc(old, size);
}
