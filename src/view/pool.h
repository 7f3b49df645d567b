/* SPDX-License-Identifier: MIT */
/*
 * A fixed number of renderers for any number of readers. A read takes the one
 * that is already where it wants to go on, or else the one that was not used
 * for longest, so that an open file needs no memory of its own: a thousand
 * idle readers cost nothing, and the few that read in a row find their places.
 */
#ifndef VIEW_POOL_H
#define VIEW_POOL_H

#include "view/render.h"

#include <pthread.h>

/*
 * More than threads that read, so that one is always free. Each has a cursor:
 * a descriptor and some ten KiB.
 */
#define POOL_LEN 16

struct pool_slot {
	struct render *render; /* NULL: none yet */
	struct form form; /* of it */
	uint64_t list_id; /* of what it reads */
	uint64_t used; /* when last, in pool.clock */
	bool busy;
	bool forgotten; /* its list is gone: to be freed when it is not busy */
};

struct pool {
	pthread_mutex_t lock; /* protects all below */
	uint64_t clock; /* uses so far */
	struct pool_slot slots[POOL_LEN];
};

void pool_init(struct pool *pool);
void pool_fini(struct pool *pool);

/*
 * As render_read(), by any thread. @id tells lists apart: a renderer is never
 * used for another list than the one it was made for.
 */
ssize_t pool_read(struct pool *pool, struct view_list list, uint64_t id,
		  const struct form *form, uint64_t offset, void *data,
		  size_t len);

/* Frees what belongs to the list @id, once nobody reads it. */
void pool_forget(struct pool *pool, uint64_t id);

#endif
