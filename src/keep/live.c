// SPDX-License-Identifier: MIT
/*
 * Reading the list that is partly archived and partly spooled. See live.h.
 */
#include "keep/live_private.h"

#include "base/util.h"

#include <errno.h>

/* However many read, who has something to add gets in between. */
static void init_lock(pthread_rwlock_t *lock)
{
	pthread_rwlockattr_t attr;

	pthread_rwlockattr_init(&attr);
	pthread_rwlockattr_setkind_np(
		&attr, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
	pthread_rwlock_init(lock, &attr);
	pthread_rwlockattr_destroy(&attr);
}

int live_new(const struct live_options *options, struct live **ret_live)
{
	struct live *live = calloc(1, sizeof(*live));

	if (!live)
		return -ENOMEM;
	live->options = *options;
	if (!live->options.boot_id)
		live->options.boot_id = KEEP_BOOT_ID_PATH;
	if (!live->options.io)
		live->options.io = &io_system;
	pthread_mutex_init(&live->refreshing, NULL);
	init_lock(&live->lock);
	*ret_live = live;
	return 0;
}

void live_free(struct live *live)
{
	if (!live)
		return;
	live_spool_unref(live->spool);
	pthread_rwlock_destroy(&live->lock);
	pthread_mutex_destroy(&live->refreshing);
	free(live);
}

void live_spool_unref(struct live_spool *spool)
{
	if (!spool || atomic_fetch_sub(&spool->refs, 1) > 1)
		return;
	spool_free(spool->spool);
	free(spool);
}

int live_boot(struct live *live, struct archive_boot *ret_boot)
{
	int r = -ENOENT;

	pthread_rwlock_rdlock(&live->lock);
	if (live->has_boot) {
		*ret_boot = live->boot;
		r = 0;
	}
	pthread_rwlock_unlock(&live->lock);
	return r;
}

/* ---- places ---------------------------------------------------------------- */

/* Behind all that is archived and spooled. Under the lock. */
static int end_place(struct live *live, struct archive_place *ret_place)
{
	struct archive_place place;
	int r;

	if (!live->has_boot)
		return -ENOENT;
	r = archive_end_place(live->options.archive, live->boot.id, &place);
	if (r < 0)
		return r;
	if (live->spool && spool_end(live->spool->spool).index > place.index)
		place = spool_end(live->spool->spool);
	*ret_place = place;
	return 0;
}

int live_end_place(struct live *live, struct archive_place *ret_place)
{
	int r;

	pthread_rwlock_rdlock(&live->lock);
	r = end_place(live, ret_place);
	pthread_rwlock_unlock(&live->lock);
	return r;
}

static uint64_t offset_of(const struct archive_place *place,
			  enum archive_unit unit, uint64_t per_record)
{
	if (unit == ARCHIVE_INDEX)
		return place->index;
	return (unit == ARCHIVE_BINARY ? place->binary : place->ascii) +
	       place->index * per_record;
}

static int locate(struct live *live, enum archive_unit unit,
		  uint64_t per_record, uint64_t offset,
		  struct archive_place *ret_place)
{
	struct archive_place start;

	if (!live->has_boot)
		return -ENOENT;
	if (live->spool) {
		start = spool_start(live->spool->spool);
		if (offset >= offset_of(&start, unit, per_record))
			return spool_locate(live->spool->spool, unit,
					    per_record, offset, ret_place);
	}
	return archive_locate(live->options.archive, live->boot.id, unit,
			      per_record, offset, ret_place);
}

int live_locate(struct live *live, enum archive_unit unit, uint64_t per_record,
		uint64_t offset, struct archive_place *ret_place)
{
	int r;

	pthread_rwlock_rdlock(&live->lock);
	r = locate(live, unit, per_record, offset, ret_place);
	pthread_rwlock_unlock(&live->lock);
	return r;
}

/* ---- cursors --------------------------------------------------------------- */

/* Reads the archive, or a spool, or has still to find out which. */
struct live_cursor {
	struct live *live;
	int64_t boot;
	uint64_t next; /* index of the next record */
	struct archive_cursor *archived;
	struct live_spool *spool; /* counted */
	struct spool_cursor *spooled;
	struct archive_gap gap;
};

static void leave_archive(struct live_cursor *cursor)
{
	archive_cursor_close(cursor->archived);
	cursor->archived = NULL;
}

static void leave_spool(struct live_cursor *cursor)
{
	if (cursor->spooled)
		spool_cursor_close(cursor->spooled);
	live_spool_unref(cursor->spool);
	cursor->spooled = NULL;
	cursor->spool = NULL;
}

static int enter_spool(struct live_cursor *cursor)
{
	struct live_spool *spool = cursor->live->spool;
	int r = spool_cursor_open(spool->spool, cursor->next, &cursor->spooled);

	if (r < 0)
		return r;
	atomic_fetch_add(&spool->refs, 1);
	cursor->spool = spool;
	return 0;
}

/* The spool that is in use has the next record. */
static bool is_spooled(const struct live_cursor *cursor)
{
	const struct live_spool *spool = cursor->live->spool;

	return spool && cursor->next >= spool_start(spool->spool).index &&
	       cursor->next < spool_end(spool->spool).index;
}

/* Returns IMASTAGE_END when there is nothing more, neither here nor there. */
static int next_archived(struct live_cursor *cursor,
			 struct imastage_record *ret_record)
{
	int r = archive_cursor_next(cursor->archived, ret_record);

	cursor->next = archive_cursor_index(cursor->archived);
	if (r == ARCHIVE_GAP)
		cursor->gap = *archive_cursor_gap(cursor->archived);
	if (r != IMASTAGE_END || !is_spooled(cursor))
		return r;
	leave_archive(cursor);
	r = enter_spool(cursor);
	if (r == 0)
		r = spool_cursor_next(cursor->spooled, ret_record);
	if (r == 0)
		cursor->next++;
	return r;
}

/* Wherever the next record is, or will be. */
static int enter(struct live_cursor *cursor)
{
	const struct live_spool *spool = cursor->live->spool;

	if (is_spooled(cursor) ||
	    (spool && cursor->next == spool_end(spool->spool).index))
		return enter_spool(cursor);
	return archive_cursor_open(cursor->live->options.archive, cursor->boot,
				   cursor->next, &cursor->archived);
}

/* What follows a spool that was dropped is archived, or in another one. */
static int next_spooled(struct live_cursor *cursor,
			struct imastage_record *ret_record)
{
	int r = spool_cursor_next(cursor->spooled, ret_record);

	if (r == IMASTAGE_END && cursor->spool != cursor->live->spool) {
		leave_spool(cursor);
		r = enter(cursor);
		if (r < 0)
			return r;
		if (cursor->archived)
			return next_archived(cursor, ret_record);
		r = spool_cursor_next(cursor->spooled, ret_record);
	}
	if (r == 0)
		cursor->next++;
	return r;
}

/* A cursor that could not go on (no memory) may be asked again. */
static int next_anywhere(struct live_cursor *cursor,
			 struct imastage_record *ret_record)
{
	int r = cursor->spooled || cursor->archived ? 0 : enter(cursor);

	if (r < 0)
		return r;
	return cursor->spooled ? next_spooled(cursor, ret_record) :
				 next_archived(cursor, ret_record);
}

int live_cursor_next(struct live_cursor *cursor,
		     struct imastage_record *ret_record)
{
	struct live *live = cursor->live;
	int r;

	pthread_rwlock_rdlock(&live->lock);
	if (live->boot.id != cursor->boot)
		r = -ESTALE;
	else
		r = next_anywhere(cursor, ret_record);
	pthread_rwlock_unlock(&live->lock);
	return r;
}

/* Records read under one lock: others wait for no more than that. */
#define BATCH 32

/* Up to so many. */
static int take_batch(struct live_cursor *cursor,
		      int (*take)(void *context,
				  const struct imastage_record *record),
		      void *context)
{
	struct live *live = cursor->live;
	struct imastage_record record;
	int r = 0;

	pthread_rwlock_rdlock(&live->lock);
	if (live->boot.id != cursor->boot)
		r = -ESTALE;
	for (int i = 0; i < BATCH && r == 0; i++) {
		r = next_anywhere(cursor, &record);
		if (r == 0)
			r = take(context, &record);
	}
	pthread_rwlock_unlock(&live->lock);
	return r;
}

int live_cursor_each(struct live_cursor *cursor,
		     int (*take)(void *context,
				 const struct imastage_record *record),
		     void *context)
{
	int r;

	do
		r = take_batch(cursor, take, context);
	while (r == 0);
	return r;
}

static ssize_t copy_archived(struct live_cursor *cursor, void *data, size_t len)
{
	ssize_t n = 0;

	if (cursor->archived)
		n = archive_cursor_copy(cursor->archived, data, len);
	if (n > 0)
		cursor->next = archive_cursor_index(cursor->archived);
	return n;
}

/* By @from, unless its list is gone. */
static ssize_t read_bytes(struct live_cursor *cursor,
			  ssize_t (*from)(struct live_cursor *cursor,
					  void *data, size_t len),
			  void *data, size_t len)
{
	struct live *live = cursor->live;
	ssize_t n;

	pthread_rwlock_rdlock(&live->lock);
	n = live->boot.id == cursor->boot ? from(cursor, data, len) : -ESTALE;
	pthread_rwlock_unlock(&live->lock);
	return n;
}

ssize_t live_cursor_copy(struct live_cursor *cursor, void *data, size_t len)
{
	return read_bytes(cursor, copy_archived, data, len);
}

static ssize_t show_archived(struct live_cursor *cursor, void *data, size_t len)
{
	size_t n;

	if (!cursor->archived)
		return 0;
	n = archive_cursor_show(cursor->archived, data, len);
	cursor->next = archive_cursor_index(cursor->archived);
	return (ssize_t)n;
}

ssize_t live_cursor_show(struct live_cursor *cursor, void *data, size_t len)
{
	return read_bytes(cursor, show_archived, data, len);
}

static int open_cursor(struct live_cursor *cursor)
{
	if (!cursor->live->has_boot)
		return -ENOENT;
	cursor->boot = cursor->live->boot.id;
	return enter(cursor);
}

int live_cursor_open(struct live *live, uint64_t index,
		     struct live_cursor **ret_cursor)
{
	struct live_cursor *cursor = calloc(1, sizeof(*cursor));
	int r;

	if (!cursor)
		return -ENOMEM;
	cursor->live = live;
	cursor->next = index;
	pthread_rwlock_rdlock(&live->lock);
	r = open_cursor(cursor);
	pthread_rwlock_unlock(&live->lock);
	if (r < 0) {
		free(cursor);
		return r;
	}
	*ret_cursor = cursor;
	return 0;
}

uint64_t live_cursor_index(const struct live_cursor *cursor)
{
	return cursor->next;
}

const struct archive_gap *live_cursor_gap(const struct live_cursor *cursor)
{
	return &cursor->gap;
}

void live_cursor_close(struct live_cursor *cursor)
{
	if (!cursor)
		return;
	leave_archive(cursor);
	leave_spool(cursor);
	free(cursor);
}
