// SPDX-License-Identifier: MIT
/*
 * Counting memory, whoever allocates it.
 */
#include "lib/alloc_count.h"

#include <stdatomic.h>
#include <stdlib.h>

static _Atomic long now, peak;

static void add(long len)
{
	long sum = atomic_fetch_add(&now, len) + len, old = atomic_load(&peak);

	while (sum > old && !atomic_compare_exchange_weak(&peak, &old, sum))
		;
}

size_t alloc_count_peak(void)
{
	long most = atomic_load(&peak);

	return most > 0 ? (size_t)most : 0;
}

static void reset(void)
{
	atomic_store(&now, 0);
	atomic_store(&peak, 0);
}

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)

/* As in the header sanitizer/allocator_interface.h, which comes with clang only. */
size_t __sanitizer_get_allocated_size(const volatile void *memory);
int __sanitizer_install_malloc_and_free_hooks(
	void (*on_malloc)(const volatile void *memory, size_t size),
	void (*on_free)(const volatile void *memory));

static void note_malloc(const volatile void *memory, size_t size)
{
	(void)size;
	add((long)__sanitizer_get_allocated_size(memory));
}

static void note_free(const volatile void *memory)
{
	if (memory)
		add(-(long)__sanitizer_get_allocated_size(memory));
}

void alloc_count_start(void)
{
	static int hooked;

	if (!hooked)
		__sanitizer_install_malloc_and_free_hooks(note_malloc,
							  note_free);
	hooked = 1;
	reset();
}

#else

#include <malloc.h>

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t nr, size_t size);
void *__libc_realloc(void *memory, size_t size);
void __libc_free(void *memory);

static void *noted(void *memory)
{
	if (memory)
		add((long)malloc_usable_size(memory));
	return memory;
}

void *malloc(size_t size)
{
	return noted(__libc_malloc(size));
}

void *calloc(size_t nr, size_t size)
{
	return noted(__libc_calloc(nr, size));
}

/* Both may be there while it is copied. */
void *realloc(void *memory, size_t size)
{
	long old = memory ? (long)malloc_usable_size(memory) : 0;
	void *moved = noted(__libc_realloc(memory, size));

	if (moved)
		add(-old);
	return moved;
}

void free(void *memory)
{
	if (memory)
		add(-(long)malloc_usable_size(memory));
	__libc_free(memory);
}

void alloc_count_start(void)
{
	reset();
}

#endif
