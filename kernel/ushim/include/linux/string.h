/* SPDX-License-Identifier: MIT */
/* Exact. As in the kernel, copying no bytes from NULL is allowed. */
#ifndef USHIM_LINUX_STRING_H
#define USHIM_LINUX_STRING_H

#include <errno.h>
#include <string.h>

#include <linux/types.h>

static inline void *ushim_memcpy(void *to, const void *from, size_t len)
{
	return len ? memcpy(to, from, len) : to;
}

#define memcpy(to, from, len) ushim_memcpy(to, from, len)

/* Where the first byte is that is not @c; NULL: all are. */
static inline void *memchr_inv(const void *start, int c, size_t len)
{
	const u8 *p = start;

	for (; len; len--, p++) {
		if (*p != (u8)c)
			return (void *)p;
	}
	return NULL;
}

static inline ssize_t strscpy(char *to, const char *from, size_t room)
{
	for (size_t i = 0; i < room; i++) {
		to[i] = from[i];
		if (!to[i])
			return i;
	}
	if (room)
		to[room - 1] = '\0';
	return -E2BIG;
}

#endif
