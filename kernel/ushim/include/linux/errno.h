/* SPDX-License-Identifier: MIT */
/* Exact: the system's own. */
#ifndef USHIM_LINUX_ERRNO_H
#define USHIM_LINUX_ERRNO_H

#include_next <linux/errno.h>

#endif
