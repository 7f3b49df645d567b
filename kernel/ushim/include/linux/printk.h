/* SPDX-License-Identifier: MIT */
/* Custom: the kernel's log is counted, for tests to see, and not shown. */
#ifndef USHIM_LINUX_PRINTK_H
#define USHIM_LINUX_PRINTK_H

#include "ushim.h"

#define KBUILD_MODNAME "ima"

/* Counted every time: that it is shown once is the kernel's doing. */
#define pr_warn_once(fmt, ...) ushim_warn(pr_fmt(fmt), ##__VA_ARGS__)

#endif
