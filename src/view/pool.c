// SPDX-License-Identifier: MIT
/* See pool.h. */
#include "view/pool.h"

#include <assert.h>

void pool_init(struct pool *pool)
{
	*pool = (struct pool){ .clock = 0 };
	pthread_mutex_init(&pool->lock, NULL);
}

static void clear(struct pool_slot *slot)
{
	render_free(slot->render);
	*slot = (struct pool_slot){ .render = NULL };
}

void pool_fini(struct pool *pool)
{
	for (size_t i = 0; i < POOL_LEN; i++)
		clear(&pool->slots[i]);
	pthread_mutex_destroy(&pool->lock);
}

static bool shows(const struct pool_slot *slot, uint64_t id,
		  const struct form *form)
{
	return slot->render && slot->list_id == id &&
	       slot->form.format == form->format &&
	       slot->form.bank == form->bank;
}

/* The better of two: free, at the place, unused for longest. */
static struct pool_slot *choose(struct pool *pool, uint64_t id,
				const struct form *form, uint64_t offset)
{
	struct pool_slot *oldest = NULL;

	for (size_t i = 0; i < POOL_LEN; i++) {
		struct pool_slot *slot = &pool->slots[i];

		if (slot->busy)
			continue;
		if (shows(slot, id, form) && render_is_at(slot->render, offset))
			return slot;
		if (!oldest || slot->used < oldest->used)
			oldest = slot;
	}
	return oldest;
}

static struct pool_slot *take(struct pool *pool, uint64_t id,
			      const struct form *form, uint64_t offset)
{
	struct pool_slot *slot;

	pthread_mutex_lock(&pool->lock);
	slot = choose(pool, id, form, offset);
	assert(slot);
	if (!shows(slot, id, form))
		clear(slot);
	slot->list_id = id;
	slot->form = *form;
	slot->busy = true;
	slot->used = ++pool->clock;
	pthread_mutex_unlock(&pool->lock);
	return slot;
}

static void give_back(struct pool *pool, struct pool_slot *slot)
{
	pthread_mutex_lock(&pool->lock);
	slot->busy = false;
	if (slot->forgotten)
		clear(slot);
	pthread_mutex_unlock(&pool->lock);
}

ssize_t pool_read(struct pool *pool, struct view_list list, uint64_t id,
		  const struct form *form, uint64_t offset, void *data,
		  size_t len)
{
	struct pool_slot *slot = take(pool, id, form, offset);
	ssize_t n = 0;

	if (!slot->render)
		n = render_new(list, form, &slot->render);
	if (n == 0)
		n = render_read(slot->render, offset, data, len);
	give_back(pool, slot);
	return n;
}

void pool_forget(struct pool *pool, uint64_t id)
{
	pthread_mutex_lock(&pool->lock);
	for (size_t i = 0; i < POOL_LEN; i++) {
		struct pool_slot *slot = &pool->slots[i];

		if (slot->busy)
			slot->forgotten = slot->list_id == id;
		else if (slot->render && slot->list_id == id)
			clear(slot);
	}
	pthread_mutex_unlock(&pool->lock);
}
