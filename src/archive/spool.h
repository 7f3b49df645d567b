/* SPDX-License-Identifier: MIT */
/*
 * Records that are not archived yet, in a nameless file: with places and marks
 * as an archive, so that both can be read as one list. Nothing is durable.
 *
 * One thread puts; cursors and spool_locate() may be used by others at the same
 * time when the caller makes sure that no put is under way.
 */
#ifndef ARCHIVE_SPOOL_H
#define ARCHIVE_SPOOL_H

#include "archive/archive.h"

struct spool;
struct spool_cursor;

/* @dir: where the file is made. @start: place of the first record. */
int spool_new(const struct io *io, const char *dir,
	      const struct archive_place *start, struct spool **ret_spool);
void spool_free(struct spool *spool);

/* @record: as for archive_put(). After an error the spool is of no use. */
int spool_put(struct spool *spool, const struct imastage_record *record);

/* Place of the first record, and behind the last. */
struct archive_place spool_start(const struct spool *spool);
struct archive_place spool_end(const struct spool *spool);

/* As archive_locate(). -ESTALE: before the first record. */
int spool_locate(const struct spool *spool, enum archive_unit unit,
		 uint64_t per_record, uint64_t offset,
		 struct archive_place *ret_place);

/* As the archive's. -ERANGE: not a record of the spool, nor its end. */
int spool_cursor_open(struct spool *spool, uint64_t index,
		      struct spool_cursor **ret_cursor);
int spool_cursor_next(struct spool_cursor *cursor,
		      struct imastage_record *ret_record);
uint64_t spool_cursor_index(const struct spool_cursor *cursor);
void spool_cursor_close(struct spool_cursor *cursor);

#endif
