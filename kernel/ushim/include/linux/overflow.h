/* SPDX-License-Identifier: MIT */
/* Exact for sizes that do not overflow; one that does ends the program. */
#ifndef USHIM_LINUX_OVERFLOW_H
#define USHIM_LINUX_OVERFLOW_H

#include <linux/types.h>

size_t ushim_struct_size(size_t base, size_t element, size_t nr);

#define struct_size(p, member, nr) \
	ushim_struct_size(sizeof(*(p)), sizeof((p)->member[0]), (nr))

#endif
