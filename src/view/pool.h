/* SPDX-License-Identifier: MIT */
/*
 * A fixed number of renderers for any number of readers. A read takes the one
 * that is already where it wants to go on, or else the one that was not used
 * for longest, so that an open file needs no memory of its own: a thousand
 * idle readers cost nothing, and the few that read in a row find their places.
 *
 * For who reads in a row, what comes next is rendered while he looks at what he has:
 * by the thread that answered him, which has nothing else to do.
 */
#ifndef VIEW_POOL_H
#define VIEW_POOL_H

#include "view/render.h"

#include <pthread.h>

/*
 * More than threads that read, so that one is always free. Each has a cursor:
 * a descriptor and some ten KiB; and what it has rendered ahead.
 */
#define POOL_LEN 16

/* No more than this is rendered ahead, and nothing for reads of less than that. */
#define POOL_AHEAD_MAX ((size_t)256 << 10)
#define POOL_AHEAD_MIN ((size_t)32 << 10)

/* Bytes of a read: of malloc(), and whose they are changes (see pool_read()). */
struct pool_buffer {
	uint8_t *data;
	size_t capacity;
};

struct pool_slot {
	struct render *render; /* NULL: none yet */
	struct form form; /* of it */
	uint64_t list_id; /* of what it reads */
	uint64_t used; /* when last, in pool.clock */
	bool busy;
	uint64_t heading; /* where it will be, once not busy; UINT64_MAX: not known */
	size_t want; /* bytes that will be read there */
	/* Rendered already: so many bytes from there on, behind which @render is. */
	struct pool_buffer ahead;
	uint64_t ahead_offset;
	size_t ahead_len;
	bool forgotten; /* its list is gone: to be freed when it is not busy */
};

struct pool {
	pthread_mutex_t lock; /* protects all below, but what is a busy slot's */
	pthread_cond_t given_back; /* a slot that was heading somewhere */
	uint64_t clock; /* uses so far */
	struct pool_slot slots[POOL_LEN];
};

void pool_init(struct pool *pool);
void pool_fini(struct pool *pool);

/*
 * As render_read(), by any thread, into @buffer, which must have room for @len bytes
 * and may be another one on return. @id tells lists apart: a renderer is never
 * used for another list than the one it was made for.
 *
 * The slot in *ret_slot has to be given to pool_go_on() by the same thread, once it
 * has handed on what was read.
 */
ssize_t pool_read(struct pool *pool, struct view_list list, uint64_t id,
		  const struct form *form, uint64_t offset,
		  struct pool_buffer *buffer, size_t len,
		  struct pool_slot **ret_slot);

/* Renders what will be read next, if it looks like it. */
void pool_go_on(struct pool *pool, struct pool_slot *slot);

/* Frees what belongs to the list @id, once nobody reads it. */
void pool_forget(struct pool *pool, uint64_t id);

#endif
