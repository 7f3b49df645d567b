/* SPDX-License-Identifier: MIT */
/*
 * The whole list of a boot, for readers: what is archived, and behind it what
 * is in the kernel only, as one row of records that grows.
 *
 * What always holds: record k has the same bytes and the same place whenever it
 * is read, whether it was in the kernel then and is archived now. What is only
 * in the kernel is copied to a nameless file (a spool) that is dropped when the
 * archive has overtaken it. Nothing is deleted from the kernel, nothing is
 * written to the archive.
 *
 *	live_refresh(live);
 *	live_cursor_open(live, 0, &cursor);
 *	while ((r = live_cursor_next(cursor, &record)) == 0)
 *		...
 *
 * Any thread may call any of this; a cursor is for one thread at a time. Who
 * reads what is there does not wait for who waits for the kernel.
 *
 * The archive says which boot it is: its keeper must have been brought together
 * with this kernel (keep_reconcile()), else live_refresh() fails with -ESTALE.
 */
#ifndef KEEP_LIVE_H
#define KEEP_LIVE_H

#include "archive/archive.h"
#include "source/source.h"

struct live_options {
	struct archive *archive; /* of a reader; all borrowed */
	struct source *source; /* may be shared with a keeper's thread */
	const char *boot_id; /* path; NULL: KEEP_BOOT_ID_PATH */
	const char *spool_dir; /* where the nameless file is made */
	const struct io *io; /* NULL: io_system */
	const struct say *say; /* NULL: silence */
};

struct live;

/* -ENOMEM. Touches nothing yet. */
int live_new(const struct live_options *options, struct live **ret_live);
/* All its cursors must be closed. */
void live_free(struct live *live);

/*
 * On return the list has at least every record whose PCR extend was over before
 * the call. Nothing new costs reading four small files, on a kernel that counts;
 * what is new costs what it is, and after each drain what is left in the kernel.
 *
 * -EBUSY	a writer has had the list open for as long as the source waits
 * -ESTALE	the archive is not brought together with this kernel: its agent
 *		does not run, or has not got so far
 * -EIO		the archive or the kernel cannot be read, or others of theirs
 * After an error what was there before can be read on.
 */
int live_refresh(struct live *live);

/*
 * The boot whose list it is, as of the last refresh; a hard boot makes it
 * another. -ENOENT: there was no refresh yet.
 */
int live_boot(struct live *live, struct archive_boot *ret_boot);

/* The verbs of archive.h, over all of the list. Before a refresh: -ENOENT. */
int live_end_place(struct live *live, struct archive_place *ret_place);
int live_locate(struct live *live, enum archive_unit unit, uint64_t per_record,
		uint64_t offset, struct archive_place *ret_place);

struct live_cursor;

/* As archive_cursor_open(). */
int live_cursor_open(struct live *live, uint64_t index,
		     struct live_cursor **ret_cursor);
/*
 * As archive_cursor_next(), with ARCHIVE_GAP. -ESTALE also when there was a hard
 * boot since it was opened.
 */
int live_cursor_next(struct live_cursor *cursor,
		     struct imastage_record *ret_record);
/*
 * Gives records to @take one after the other, faster than one by one, until that
 * returns something else than 0, or there is no further one: returns what it did, or
 * what live_cursor_next() would. @take may not call any of this.
 */
int live_cursor_each(struct live_cursor *cursor,
		     int (*take)(void *context,
				 const struct imastage_record *record),
		     void *context);
/* As archive_cursor_copy(): 0 also where the next record is not archived. */
ssize_t live_cursor_copy(struct live_cursor *cursor, void *data, size_t len);
/* As archive_cursor_show(), and the same. -ESTALE. */
ssize_t live_cursor_show(struct live_cursor *cursor, void *data, size_t len);
uint64_t live_cursor_index(const struct live_cursor *cursor);
const struct archive_gap *live_cursor_gap(const struct live_cursor *cursor);
void live_cursor_close(struct live_cursor *cursor);

#endif
