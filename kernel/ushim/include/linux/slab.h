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

static inline void *kvmalloc(size_t size, gfp_t flags)
{
	return kmalloc(size, flags);
}

static inline void *kvcalloc(size_t nr, size_t size, gfp_t flags)
{
	return kcalloc(nr, size, flags);
}

static inline void kvfree(const void *block)
{
	kfree(block);
}

#endif
