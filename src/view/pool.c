// SPDX-License-Identifier: MIT
/* See pool.h. */
#include "view/pool.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define NOWHERE UINT64_MAX

void pool_init(struct pool *pool)
{
	*pool = (struct pool){ .clock = 0 };
	pthread_mutex_init(&pool->lock, NULL);
	pthread_cond_init(&pool->given_back, NULL);
}

static void clear(struct pool_slot *slot)
{
	render_free(slot->render);
	free(slot->ahead.data);
	*slot = (struct pool_slot){ .heading = NOWHERE };
}

void pool_fini(struct pool *pool)
{
	for (size_t i = 0; i < POOL_LEN; i++)
		clear(&pool->slots[i]);
	pthread_cond_destroy(&pool->given_back);
	pthread_mutex_destroy(&pool->lock);
}

/* ---- choosing ------------------------------------------------------------ */

static bool shows(const struct pool_slot *slot, uint64_t id,
		  const struct form *form)
{
	return slot->render && slot->list_id == id &&
	       slot->form.format == form->format &&
	       slot->form.bank == form->bank;
}

static bool has_ahead(const struct pool_slot *slot, uint64_t offset)
{
	return offset >= slot->ahead_offset &&
	       offset - slot->ahead_offset < slot->ahead_len;
}

static bool is_at(const struct pool_slot *slot, uint64_t offset)
{
	return has_ahead(slot, offset) || render_is_at(slot->render, offset);
}

/* The better of two: free, at the place, unused for longest. NULL: wait. */
static struct pool_slot *choose(struct pool *pool, uint64_t id,
				const struct form *form, uint64_t offset)
{
	struct pool_slot *oldest = NULL;

	for (size_t i = 0; i < POOL_LEN; i++) {
		struct pool_slot *slot = &pool->slots[i];

		if (shows(slot, id, form) &&
		    (slot->busy ? slot->heading == offset :
				  is_at(slot, offset)))
			return slot->busy ? NULL : slot;
		if (!slot->busy && (!oldest || slot->used < oldest->used))
			oldest = slot;
	}
	assert(oldest);
	return oldest;
}

static struct pool_slot *take(struct pool *pool, uint64_t id,
			      const struct form *form, uint64_t offset)
{
	struct pool_slot *slot;

	pthread_mutex_lock(&pool->lock);
	while (!(slot = choose(pool, id, form, offset)))
		pthread_cond_wait(&pool->given_back, &pool->lock);
	if (!shows(slot, id, form))
		clear(slot);
	slot->list_id = id;
	slot->form = *form;
	slot->busy = true;
	slot->heading = NOWHERE;
	slot->used = ++pool->clock;
	pthread_mutex_unlock(&pool->lock);
	return slot;
}

static void give_back(struct pool *pool, struct pool_slot *slot)
{
	pthread_mutex_lock(&pool->lock);
	if (slot->heading != NOWHERE)
		pthread_cond_broadcast(&pool->given_back);
	slot->heading = NOWHERE;
	slot->busy = false;
	if (slot->forgotten)
		clear(slot);
	pthread_mutex_unlock(&pool->lock);
}

/* Whoever wants to read there waits for it from now on. */
static void head_for(struct pool *pool, struct pool_slot *slot, uint64_t offset,
		     size_t len)
{
	pthread_mutex_lock(&pool->lock);
	slot->heading = offset;
	slot->want = len < POOL_AHEAD_MAX ? len : POOL_AHEAD_MAX;
	pthread_mutex_unlock(&pool->lock);
}

/* ---- reading ------------------------------------------------------------- */

/* What was rendered ahead, from @offset on; all of it changes hands uncopied. */
static size_t take_ahead(struct pool_slot *slot, uint64_t offset,
			 struct pool_buffer *buffer, size_t len)
{
	size_t from, n;

	if (!has_ahead(slot, offset))
		return 0;
	from = (size_t)(offset - slot->ahead_offset);
	n = slot->ahead_len - from;
	if (from == 0 && n <= len && slot->ahead.capacity >= len) {
		struct pool_buffer taken = slot->ahead;

		slot->ahead = *buffer;
		*buffer = taken;
		slot->ahead_len = 0;
		return n;
	}
	n = n < len ? n : len;
	memcpy(buffer->data, slot->ahead.data + from, n);
	return n;
}

static ssize_t read_slot(struct pool_slot *slot, uint64_t offset,
			 struct pool_buffer *buffer, size_t len)
{
	size_t done = take_ahead(slot, offset, buffer, len);
	ssize_t n;

	if (done == len)
		return (ssize_t)done;
	slot->ahead_len = 0;
	n = render_read(slot->render, offset + done, buffer->data + done,
			len - done);
	if (n < 0)
		return done > 0 ? (ssize_t)done : n;
	return (ssize_t)done + n;
}

ssize_t pool_read(struct pool *pool, struct view_list list, uint64_t id,
		  const struct form *form, uint64_t offset,
		  struct pool_buffer *buffer, size_t len,
		  struct pool_slot **ret_slot)
{
	struct pool_slot *slot = take(pool, id, form, offset);
	bool in_a_row = slot->render && is_at(slot, offset);
	ssize_t n = 0;

	*ret_slot = slot;
	if (!slot->render)
		n = render_new(list, form, &slot->render);
	if (n == 0)
		n = read_slot(slot, offset, buffer, len);
	if (in_a_row && n == (ssize_t)len && len >= POOL_AHEAD_MIN)
		head_for(pool, slot, offset + len, len);
	return n;
}

/* ---- ahead --------------------------------------------------------------- */

static bool has_room(struct pool_buffer *buffer, size_t len)
{
	uint8_t *data;

	if (buffer->capacity >= len)
		return true;
	data = realloc(buffer->data, len);
	if (!data)
		return false;
	buffer->data = data;
	buffer->capacity = len;
	return true;
}

/* What cannot be read is found out by who reads it. */
static void render_ahead(struct pool_slot *slot, uint64_t offset, size_t len)
{
	ssize_t n;

	if (has_ahead(slot, offset) || !has_room(&slot->ahead, len))
		return;
	n = render_read(slot->render, offset, slot->ahead.data, len);
	slot->ahead_offset = offset;
	slot->ahead_len = n > 0 ? (size_t)n : 0;
}

void pool_go_on(struct pool *pool, struct pool_slot *slot)
{
	if (slot->heading != NOWHERE)
		render_ahead(slot, slot->heading, slot->want);
	give_back(pool, slot);
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
