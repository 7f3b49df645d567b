// SPDX-License-Identifier: MIT
/*
 * Walking a list: a cursor, a count, and the place of the first error.
 */
#include "log/list.h"

void log_list_init(struct log_list *list, struct bytes bytes,
		   enum endian endian, enum log_bank bank, uint64_t first_index)
{
	*list = (struct log_list){ .bank = bank, .next_index = first_index };
	cursor_init(&list->cursor, bytes, endian);
}

int log_list_next(struct log_list *list, struct log_record *ret_record)
{
	int r;

	if (cursor_remaining(&list->cursor) == 0)
		return LOG_LIST_END;
	r = log_record_parse(&list->cursor, list->bank, &list->error,
			     ret_record);
	if (r < 0) {
		list->error.index = list->next_index;
		return r;
	}
	list->next_index++;
	return 0;
}

size_t log_list_offset(const struct log_list *list)
{
	return cursor_offset(&list->cursor);
}
