// SPDX-License-Identifier: MIT
/*
 * The sizes of the lists' files. read() does not ask for them, for it is direct; but
 * since Linux 6.5 sendfile() and splice() read through the page cache, direct or not,
 * and end at the size that the last stat() told.
 *
 * A page there holds what was known of it when it was read, and zeros behind that. If
 * the file has grown since, they would be taken for a part of it in the moment
 * between the kernel's taking of a new size and its dropping of pages for that. So no
 * size is told that is larger than what a cached page knows of:
 *
 *	a page is read		its file is noted as partial, then it is read
 *	the list grew		partial files' pages are dropped, then the sizes told
 *
 * Dropping waits for whoever reads such a page, and by that for us: a thread of
 * its own does it, and reads for the page cache are answered without waiting.
 * It also makes the kernel ignore a size that it has asked for before that: the next
 * one counts. Neither is needed of a file that nobody has open, for opening drops
 * what there is.
 */
#include "view/private.h"

#include <errno.h>

#define PAGE_LEN 4096 /* or a part of it */

void sizes_grow(struct view *view, const struct form_place *end)
{
	pthread_mutex_lock(&view->grown.lock);
	view->grown.end = *end;
	view->grown.published = false;
	pthread_mutex_unlock(&view->grown.lock);
}

/* Under the lock. */
static bool publish(struct view *view)
{
	if (!view->grown.published && !view->grown.partial &&
	    !view->grown.dropping) {
		files_grow(&view->files, &view->grown.end);
		view->grown.published = true;
	}
	return view->grown.published;
}

bool sizes_publish(struct view *view)
{
	bool published;

	pthread_mutex_lock(&view->grown.lock);
	published = publish(view);
	pthread_mutex_unlock(&view->grown.lock);
	return published;
}

static uint64_t bit_of(struct view *view, fuse_ino_t ino)
{
	int place = flat_dir_place(&view->files.dir, ino);

	return place < 0 ? 0 : (uint64_t)1 << place;
}

void sizes_will_cache(struct view *view, fuse_ino_t ino, uint64_t offset,
		      size_t len)
{
	pthread_mutex_lock(&view->grown.lock);
	if (offset + len > files_size(&view->files, ino))
		view->grown.partial |= bit_of(view, ino);
	pthread_mutex_unlock(&view->grown.lock);
}

void sizes_opened(struct view *view, fuse_ino_t ino)
{
	int place = flat_dir_place(&view->files.dir, ino);

	pthread_mutex_lock(&view->grown.lock);
	if (place >= 0)
		view->grown.nr_open[place]++;
	pthread_mutex_unlock(&view->grown.lock);
}

void sizes_closed(struct view *view, fuse_ino_t ino)
{
	int place = flat_dir_place(&view->files.dir, ino);

	pthread_mutex_lock(&view->grown.lock);
	if (place >= 0 && --view->grown.nr_open[place] == 0)
		view->grown.partial &= ~bit_of(view, ino);
	pthread_mutex_unlock(&view->grown.lock);
}

/* ---- dropping -------------------------------------------------------------- */

/* Takes over what is to be dropped. */
static uint64_t begin_dropping(struct view *view)
{
	uint64_t files;

	pthread_mutex_lock(&view->grown.lock);
	files = view->grown.partial;
	view->grown.partial = 0;
	view->grown.dropping = true;
	pthread_mutex_unlock(&view->grown.lock);
	return files;
}

static void end_dropping(struct view *view)
{
	pthread_mutex_lock(&view->grown.lock);
	view->grown.dropping = false;
	publish(view);
	pthread_mutex_unlock(&view->grown.lock);
}

/* From the last page on. A kernel that does not know the file has none of it. */
static void drop(struct view *view, fuse_ino_t ino)
{
	uint64_t size = files_size(&view->files, ino);

	(void)fuse_lowlevel_notify_inval_inode(
		view->session, ino, (off_t)(size - size % PAGE_LEN), 0);
}

static int refresh(void *context)
{
	struct view *view = context;
	uint64_t files = begin_dropping(view);

	for (unsigned int i = 0; i < view->files.dir.nr; i++)
		if (files & (uint64_t)1 << i)
			drop(view, FLAT_ROOT_INO + i);
	end_dropping(view);
	return 0;
}

static void finish(void *context, const struct parked *parked, int r)
{
	(void)context;
	(void)r;
	flat_op_getattr(parked->req, parked->ino, NULL);
}

const struct park_ops view_sizes_ops = {
	.refresh = refresh,
	.finish = finish,
};
