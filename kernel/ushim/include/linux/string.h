/* SPDX-License-Identifier: MIT */
/* Exact, as far as C's own. */
#ifndef USHIM_LINUX_STRING_H
#define USHIM_LINUX_STRING_H

#include <string.h>

#include <linux/types.h>

#endif
