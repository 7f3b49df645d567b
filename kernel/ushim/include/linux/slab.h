/* SPDX-License-Identifier: MIT */
/*
 * Custom: malloc(), but counted, and able to fail on request (ushim.h). Must not
 * be used in atomic context, whatever the flags say.
 */
#ifndef USHIM_LINUX_SLAB_H
#define USHIM_LINUX_SLAB_H

#include <linux/overflow.h>
#include <linux/types.h>

#define GFP_KERNEL 0U

void *kmalloc(size_t size, gfp_t flags);
void *kzalloc(size_t size, gfp_t flags);
void *kcalloc(size_t nr, size_t size, gfp_t flags);
void kfree(const void *block);

#endif
