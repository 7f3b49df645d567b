/* SPDX-License-Identifier: MIT */
/* Exact, where it is there at all. A warning or a bug ends the program. */
#ifndef USHIM_LINUX_KERNEL_H
#define USHIM_LINUX_KERNEL_H

#include_next <linux/kernel.h>

#include <stdio.h>

#include <linux/limits.h>
#include <linux/log2.h>
#include <linux/types.h>

#include "ushim.h"

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

#define container_of(ptr, type, member) \
	((type *)((char *)(ptr)-offsetof(type, member)))

#define BUG_ON(condition)                                                  \
	do {                                                               \
		if (unlikely(condition))                                   \
			ushim_bug("%s:%d: BUG_ON(%s)", __FILE__, __LINE__, \
				  #condition);                             \
	} while (0)

#define WARN_ON_ONCE(condition)    \
	({                         \
		BUG_ON(condition); \
		false;             \
	})

#endif
