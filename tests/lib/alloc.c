// SPDX-License-Identifier: MIT
/*
 * Memory that runs out.
 */
#include "lib/alloc.h"

#include <errno.h>
#include <malloc.h>
#include <sqlite3.h>
#include <stdlib.h>

static uint64_t countdown; /* allocations until one fails, 0: none does */
static bool stays, failed;

void *__real_malloc(size_t size);
void *__real_calloc(size_t nr, size_t size);
void *__real_realloc(void *memory, size_t size);
void *__real_reallocarray(void *memory, size_t nr, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t nr, size_t size);
void *__wrap_realloc(void *memory, size_t size);
void *__wrap_reallocarray(void *memory, size_t nr, size_t size);

static bool fails(void)
{
	if (failed && stays)
		return true;
	if (countdown == 0 || --countdown > 0)
		return false;
	failed = true;
	return true;
}

static void *no_memory(void)
{
	errno = ENOMEM;
	return NULL;
}

void *__wrap_malloc(size_t size)
{
	return fails() ? no_memory() : __real_malloc(size);
}

void *__wrap_calloc(size_t nr, size_t size)
{
	return fails() ? no_memory() : __real_calloc(nr, size);
}

void *__wrap_realloc(void *memory, size_t size)
{
	return fails() ? no_memory() : __real_realloc(memory, size);
}

void *__wrap_reallocarray(void *memory, size_t nr, size_t size)
{
	return fails() ? no_memory() : __real_reallocarray(memory, nr, size);
}

/* ---- SQLite's -------------------------------------------------------------- */

static void *sqlite_malloc(int size)
{
	return fails() ? NULL : __real_malloc((size_t)size);
}

static void *sqlite_realloc(void *memory, int size)
{
	return fails() ? NULL : __real_realloc(memory, (size_t)size);
}

static int sqlite_size(void *memory)
{
	return (int)malloc_usable_size(memory);
}

static int sqlite_round(int size)
{
	return (size + 7) & ~7;
}

static int sqlite_start(void *context)
{
	(void)context;
	return SQLITE_OK;
}

static void sqlite_stop(void *context)
{
	(void)context;
}

void alloc_init(void)
{
	static const struct sqlite3_mem_methods methods = {
		.xMalloc = sqlite_malloc,
		.xFree = free,
		.xRealloc = sqlite_realloc,
		.xSize = sqlite_size,
		.xRoundup = sqlite_round,
		.xInit = sqlite_start,
		.xShutdown = sqlite_stop,
	};

	if (sqlite3_config(SQLITE_CONFIG_MALLOC, &methods) != SQLITE_OK ||
	    sqlite3_initialize() != SQLITE_OK)
		abort();
}

/* ---- when ------------------------------------------------------------------ */

void alloc_fail(uint64_t nr, bool lasts)
{
	countdown = nr;
	stays = lasts;
	failed = false;
}

bool alloc_stop(void)
{
	bool did = failed;

	alloc_fail(0, false);
	return did;
}
