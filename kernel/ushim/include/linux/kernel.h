/* SPDX-License-Identifier: MIT */
/* Exact, where it is there at all. A bug ends the program. */
#ifndef USHIM_LINUX_KERNEL_H
#define USHIM_LINUX_KERNEL_H

#include_next <linux/kernel.h>

#include <stdarg.h>
#include <stdio.h>

#include <linux/limits.h>
#include <linux/log2.h>
#include <linux/types.h>

#include "ushim.h"

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

/* clang-format off */
#define container_of(ptr, type, member) \
	((type *)((char *)(ptr) - offsetof(type, member)))
/* clang-format on */

#define sizeof_field(type, member) sizeof(((type *)0)->member)

#define min_t(type, a, b)                              \
	({                                             \
		type ushim_a = (a);                    \
		type ushim_b = (b);                    \
		ushim_a < ushim_b ? ushim_a : ushim_b; \
	})

/* Of one type, or else it does not compile. */
#define max(a, b)                                                             \
	({                                                                    \
		typeof(a) ushim_a = (a);                                      \
		typeof(b) ushim_b = (b);                                      \
		_Static_assert(__builtin_types_compatible_p(typeof(ushim_a),  \
							    typeof(ushim_b)), \
			       "max() of different types");                   \
		ushim_a > ushim_b ? ushim_a : ushim_b;                        \
	})

#define BUG_ON(condition)                                                  \
	do {                                                               \
		if (unlikely(condition))                                   \
			ushim_bug("%s:%d: BUG_ON(%s)", __FILE__, __LINE__, \
				  #condition);                             \
	} while (0)

/* Returns how much was written, not how much there was to write. */
__printf(3, 4) static inline int scnprintf(char *buf, size_t room,
					   const char *fmt, ...)
{
	va_list ap;
	int len;

	va_start(ap, fmt);
	len = vsnprintf(buf, room, fmt, ap);
	va_end(ap);
	if ((size_t)len < room)
		return len;
	return room ? room - 1 : 0;
}

static inline char *bin2hex(char *to, const void *from, size_t len)
{
	const u8 *p = from;

	for (; len; len--, p++) {
		*to++ = "0123456789abcdef"[*p >> 4];
		*to++ = "0123456789abcdef"[*p & 15];
	}
	return to;
}

#endif
