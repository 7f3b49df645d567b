/* SPDX-License-Identifier: MIT */
/* Exact: a hint to the processor, by the compiler. */
#ifndef USHIM_LINUX_PREFETCH_H
#define USHIM_LINUX_PREFETCH_H

#define prefetchw(p) __builtin_prefetch((p), 1)

#endif
