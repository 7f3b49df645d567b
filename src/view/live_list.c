// SPDX-License-Identifier: MIT
/* See live_list.h. */
#include "view/live_list.h"

_Static_assert(VIEW_GAP == ARCHIVE_GAP, "answers are passed on");

static int locate(void *list, const struct form *form, uint64_t offset,
		  struct form_place *ret_place)
{
	enum archive_unit unit = form->format == IMASTAGE_FORMAT_ASCII ?
					 ARCHIVE_ASCII :
					 ARCHIVE_BINARY;
	struct archive_place place;
	int r = live_locate(list, unit, form_per_record(form), offset, &place);

	if (r == 0)
		*ret_place = (struct form_place){
			.index = place.index,
			.binary = place.binary,
			.ascii = place.ascii,
		};
	return r;
}

/* A struct view_cursor is a struct live_cursor. */
static int open_cursor(void *list, uint64_t index,
		       struct view_cursor **ret_cursor)
{
	struct live_cursor *cursor;
	int r = live_cursor_open(list, index, &cursor);

	if (r == 0)
		*ret_cursor = (struct view_cursor *)cursor;
	return r;
}

static void close_cursor(struct view_cursor *cursor)
{
	live_cursor_close((struct live_cursor *)cursor);
}

static int each(struct view_cursor *cursor,
		int (*take)(void *context,
			    const struct imastage_record *record),
		void *context)
{
	return live_cursor_each((struct live_cursor *)cursor, take, context);
}

static ssize_t copy(struct view_cursor *cursor, void *data, size_t len)
{
	return live_cursor_copy((struct live_cursor *)cursor, data, len);
}

static ssize_t show(struct view_cursor *cursor, void *data, size_t len)
{
	return live_cursor_show((struct live_cursor *)cursor, data, len);
}

struct view_list live_list(struct live *live)
{
	static const struct view_list_ops ops = {
		.locate = locate,
		.open = open_cursor,
		.close = close_cursor,
		.each = each,
		.copy = copy,
		.show = show,
	};
	struct view_list list = { &ops, live };

	return list;
}
