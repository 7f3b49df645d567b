// SPDX-License-Identifier: MIT
/*
 * Allocations: malloc(), counted, failing on request. A block has no header, so
 * that the address sanitizer guards its very ends.
 */

#include <malloc.h>
#include <stdlib.h>

#include <linux/atomic.h>
#include <linux/overflow.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "ushim.h"

static atomic_long_t nr_live;
static atomic_long_t nr_bytes;
static atomic_long_t nr_calls;
static atomic_long_t fail_at;

long ushim_slab_live(void)
{
	return atomic_long_read(&nr_live);
}

size_t ushim_slab_bytes(void)
{
	return atomic_long_read(&nr_bytes);
}

unsigned long ushim_slab_calls(void)
{
	return atomic_long_read(&nr_calls);
}

/* The @nth allocation from now on fails (the next one is the first); 0: none. */
void ushim_slab_fail_at(unsigned long nth)
{
	atomic_long_set(&fail_at,
			nth ? atomic_long_read(&nr_calls) + (long)nth : 0);
}

static void *count_block(void *block)
{
	if (!block)
		ushim_bug("out of memory");
	atomic_long_inc(&nr_live);
	atomic_long_add(malloc_usable_size(block), &nr_bytes);
	return block;
}

static bool fails(void)
{
	might_sleep();
	ushim_slow();
	return atomic_long_inc_return(&nr_calls) == atomic_long_read(&fail_at);
}

void *kmalloc(size_t size, gfp_t flags __maybe_unused)
{
	return fails() ? NULL : count_block(malloc(size));
}

void *kcalloc(size_t nr, size_t size, gfp_t flags __maybe_unused)
{
	return fails() ? NULL : count_block(calloc(nr, size));
}

void *kzalloc(size_t size, gfp_t flags)
{
	return kcalloc(1, size, flags);
}

void kfree(const void *block)
{
	if (!block)
		return;

	might_sleep();
	ushim_slow();
	atomic_long_dec(&nr_live);
	atomic_long_sub(malloc_usable_size((void *)block), &nr_bytes);
	free((void *)block);
}

size_t ushim_struct_size(size_t base, size_t element, size_t nr)
{
	size_t size;

	if (__builtin_mul_overflow(element, nr, &size) ||
	    __builtin_add_overflow(base, size, &size))
		ushim_bug("struct_size() overflows");
	return size;
}
