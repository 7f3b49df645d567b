// SPDX-License-Identifier: MIT
/* A list in memory. See memory_list.h. */
#include "lib/memory_list.h"
#include "base/bytes.h"

#include <errno.h>
#include <stdlib.h>

struct view_cursor {
	struct memory_list *list;
	struct imastage_reader *reader;
	uint64_t index;
	uint64_t generation;
	size_t copied; /* byte up to which it is, in the middle of what can be */
};

static const struct imastage_reader_options sha1_binary = {
	.format = IMASTAGE_FORMAT_BINARY,
	.bank = IMASTAGE_SHA1,
	.endian = IMASTAGE_HOST,
};

static int add_len(void *context, const void *data, size_t len)
{
	struct form_place *end = context;

	(void)data;
	end->ascii += len;
	return 0;
}

/* Remembers where each record begins. Returns how the reading ended. */
static int find_places(struct memory_list *list, struct imastage_reader *reader)
{
	struct form_place end = { 0, 0, 0 };
	struct imastage_sink sink = { add_len, &end };
	struct imastage_writer_options options = {
		.format = IMASTAGE_FORMAT_ASCII,
		.bare = true,
	};
	struct imastage_writer *writer;
	struct imastage_record record;
	int r = imastage_writer_new(sink, &options, &writer);

	if (r < 0)
		return r;
	while ((r = imastage_reader_next(reader, &record)) == 0) {
		list->places[end.index] = end;
		end.binary += record.raw.len;
		(void)imastage_writer_put(writer, &record);
		end.index++;
	}
	list->places[end.index] = end;
	list->nr = end.index;
	imastage_writer_free(writer);
	return r;
}

struct memory_list *memory_list_new(struct imastage_bytes bytes)
{
	struct memory_list *list = calloc(1, sizeof(*list));
	struct imastage_reader *reader;
	int r;

	if (!list ||
	    imastage_reader_new_memory(bytes, &sha1_binary, &reader) < 0)
		abort();
	list->bytes = bytes;
	/* No record is shorter than 29 bytes; one more for the end. */
	list->places = calloc(bytes.len / 29 + 2, sizeof(*list->places));
	if (!list->places)
		abort();
	list->mark_every = 4;
	list->copy_every = 16;
	list->gap = UINT64_MAX;
	r = find_places(list, reader);
	imastage_reader_free(reader);
	if (r != IMASTAGE_END) {
		memory_list_free(list);
		return NULL;
	}
	list->shown = list->nr;
	return list;
}

void memory_list_free(struct memory_list *list)
{
	free(list->places);
	free(list);
}

static int locate(void *context, const struct form *form, uint64_t offset,
		  struct form_place *ret_place)
{
	struct memory_list *list = context;
	uint64_t mark = 0;

	while (mark + list->mark_every <= list->shown &&
	       form_offset(form, &list->places[mark + list->mark_every]) <=
		       offset)
		mark += list->mark_every;
	list->nr_located++;
	*ret_place = list->places[mark];
	return 0;
}

static int open_cursor(void *context, uint64_t index,
		       struct view_cursor **ret_cursor)
{
	struct memory_list *list = context;
	struct view_cursor *cursor = calloc(1, sizeof(*cursor));
	size_t start = (size_t)list->places[index].binary;

	if (!cursor ||
	    imastage_reader_new_memory(bytes_skip(list->bytes, start),
				       &sha1_binary, &cursor->reader) < 0)
		abort();
	cursor->list = list;
	cursor->index = index;
	cursor->generation = list->generation;
	list->nr_open++;
	*ret_cursor = cursor;
	return 0;
}

static void close_cursor(struct view_cursor *cursor)
{
	cursor->list->nr_open--;
	imastage_reader_free(cursor->reader);
	free(cursor);
}

static int next(struct view_cursor *cursor, struct imastage_record *ret_record)
{
	struct memory_list *list = cursor->list;
	int r;

	if (cursor->copied) /* in the middle of a record, perhaps */
		abort();
	if (cursor->generation != list->generation)
		return -ESTALE;
	if (cursor->index == list->gap)
		return VIEW_GAP;
	if (cursor->index == list->shown)
		return IMASTAGE_END;
	list->nr_next++;
	r = imastage_reader_next(cursor->reader, ret_record);
	if (r == 0)
		cursor->index++;
	return r;
}

static int each(struct view_cursor *cursor,
		int (*take)(void *context,
			    const struct imastage_record *record),
		void *context)
{
	struct imastage_record record;
	int r;

	do {
		r = next(cursor, &record);
		if (r == 0)
			r = take(context, &record);
	} while (r == 0);
	return r;
}

/* Goes on reading behind what was copied. */
static void skip_to(struct view_cursor *cursor, uint64_t index)
{
	imastage_reader_free(cursor->reader);
	if (imastage_reader_new_memory(
		    bytes_skip(cursor->list->bytes,
			       (size_t)cursor->list->places[index].binary),
		    &sha1_binary, &cursor->reader) < 0)
		abort();
	cursor->index = index;
	cursor->copied = 0;
}

/* Index of the record up to which the next can be copied. */
static uint64_t copy_end(const struct view_cursor *cursor)
{
	const struct memory_list *list = cursor->list;
	uint64_t end;

	if (list->copy_every == 0 || cursor->index % list->copy_every == 0)
		return cursor->index;
	end = cursor->index + list->copy_every -
	      cursor->index % list->copy_every;
	if (cursor->index <= list->gap && end > list->gap)
		end = list->gap;
	return end < list->shown ? end : list->shown;
}

static ssize_t copy(struct view_cursor *cursor, void *data, size_t len)
{
	const struct form_place *places = cursor->list->places;
	uint64_t end = copy_end(cursor);
	size_t from = cursor->copied ? cursor->copied :
				       (size_t)places[cursor->index].binary;
	size_t n = (size_t)places[end].binary - from;

	if (cursor->generation != cursor->list->generation)
		return -ESTALE;
	if (n > len)
		n = len;
	if (n > 0)
		memcpy(data, cursor->list->bytes.data + from, n);
	cursor->copied = n ? from + n : 0;
	if (n && cursor->copied == places[end].binary)
		skip_to(cursor, end);
	return (ssize_t)n;
}

/* As many as could be copied. */
static ssize_t show(struct view_cursor *cursor, void *data, size_t len)
{
	struct memory_list *list = cursor->list;
	uint64_t end = copy_end(cursor), before;
	size_t n;

	if (cursor->generation != list->generation)
		return -ESTALE;
	before = imastage_reader_index(cursor->reader);
	n = imastage_reader_show(cursor->reader, before + (end - cursor->index),
				 data, len);
	cursor->index += imastage_reader_index(cursor->reader) - before;
	return (ssize_t)n;
}

struct view_list memory_list_view(struct memory_list *list)
{
	static const struct view_list_ops ops = {
		.locate = locate,
		.open = open_cursor,
		.close = close_cursor,
		.each = each,
		.copy = copy,
		.show = show,
	};
	struct view_list view = { &ops, list };

	return view;
}
