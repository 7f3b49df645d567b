// SPDX-License-Identifier: MIT
/*
 * What is listed beside what is archived: byte for byte, both as streams.
 */
#include "keep/private.h"

#include "base/bytes.h"
#include "base/util.h"

#include <errno.h>

int keep_archived_open(struct archive *archive, const struct archive_boot *boot,
		       uint64_t first, struct keep_archived *ret_archived)
{
	struct keep_archived archived = { .next = first,
					  .kept = boot->first,
					  .end = boot->end };
	uint64_t from = first > boot->first ? first : boot->first;
	int r = 0;

	if (from < boot->end)
		r = archive_cursor_open(archive, boot->id, from,
					&archived.cursor);
	if (r < 0)
		return r;
	*ret_archived = archived;
	return 0;
}

void keep_archived_close(struct keep_archived *archived)
{
	archive_cursor_close(archived->cursor);
	archived->cursor = NULL;
}

int keep_archived_is(struct keep_archived *archived,
		     const struct imastage_record *record)
{
	struct imastage_record other;
	uint64_t index = archived->next++;
	int r;

	if (index < archived->kept)
		return 0;
	if (!archived->cursor || index >= archived->end)
		return KEEP_IS_OTHER;
	r = archive_cursor_next(archived->cursor, &other);
	if (r < 0)
		return r;
	if (r > 0)
		return KEEP_IS_OTHER; /* a gap */
	return bytes_equal(other.raw, record->raw) ? 0 : KEEP_IS_OTHER;
}

/* Until the archive ends, the list does, or they differ. */
static int compare(struct keep_list *list, struct keep_archived *archived,
		   struct keep_reading *reading)
{
	struct imastage_record record;
	int r = 0;

	reading->nr_equal = 0;
	reading->content = KEEP_EQUAL;
	while (archived->next < archived->end) {
		r = keep_list_next(list, &record);
		if (r < 0)
			return r;
		if (r == IMASTAGE_END) {
			reading->content = KEEP_SHORTER;
			return 0;
		}
		r = keep_archived_is(archived, &record);
		if (r < 0)
			return r;
		if (r == KEEP_IS_OTHER) {
			reading->content = KEEP_DIFFERS;
			return 0;
		}
		reading->nr_equal++;
	}
	return 0;
}

int keep_read_as(struct source *source, struct archive *archive,
		 const struct archive_boot *boot,
		 struct keep_reading *ret_reading)
{
	cleanup_keep_archived struct keep_archived archived = { 0 };
	cleanup_keep_list struct keep_list list = { 0 };
	int r = keep_archived_open(archive, boot, ret_reading->first,
				   &archived);

	if (r == 0)
		r = keep_list_open(source, KEEP_BOTH, 0, &list);
	return r < 0 ? r : compare(&list, &archived, ret_reading);
}

/* ---- looking for it -------------------------------------------------------- */

#define TRIES_MAX 16 /* places that begin as the list does */

/* The first record of the list, in memory of its own. -ENOENT: it is empty. */
static int copy_first(struct source *source, uint8_t **ret_data,
		      size_t *ret_len)
{
	cleanup_keep_list struct keep_list list = { 0 };
	struct imastage_record record;
	uint8_t *data;
	int r = keep_list_open(source, KEEP_BOTH, 0, &list);

	if (r == 0)
		r = keep_list_next(&list, &record);
	if (r != 0)
		return r < 0 ? r : -ENOENT;
	data = malloc(record.raw.len);
	if (!data)
		return -ENOMEM;
	memcpy(data, record.raw.data, record.raw.len);
	*ret_data = data;
	*ret_len = record.raw.len;
	return 0;
}

/* Is all that is archived from @index on listed? */
static int is_found(struct source *source, struct archive *archive,
		    const struct archive_boot *boot, uint64_t index,
		    uint64_t *ret_index)
{
	struct keep_reading reading = { .first = index };
	int r = keep_read_as(source, archive, boot, &reading);

	if (r == 0 && reading.content == KEEP_EQUAL)
		*ret_index = index;
	return r;
}

int keep_find(struct source *source, struct archive *archive,
	      const struct archive_boot *boot, uint64_t from,
	      uint64_t *ret_index)
{
	cleanup_keep_archived struct keep_archived archived = { 0 };
	struct imastage_record wanted = { 0 };
	cleanup_free uint8_t *first = NULL;
	int r = copy_first(source, &first, &wanted.raw.len), tries = 0;
	uint64_t found = 0;

	if (r == -ENOENT) {
		*ret_index = 0;
		return 0;
	}
	wanted.raw.data = first;
	from = from > boot->first ? from : boot->first;
	if (r == 0)
		r = keep_archived_open(archive, boot, from, &archived);
	while (r == 0 && !found && tries < TRIES_MAX &&
	       archived.next < archived.end) {
		r = keep_archived_is(&archived, &wanted);
		if (r == 0 && ++tries)
			r = is_found(source, archive, boot, archived.next - 1,
				     &found);
		else if (r == KEEP_IS_OTHER)
			r = 0;
	}
	if (r == 0)
		*ret_index = found;
	return r;
}
