// SPDX-License-Identifier: MIT
/*
 * What a kernel lists: the staged records, then the current ones, as one row.
 */
#include "keep/list.h"

#include <errno.h>

static int read_from(struct keep_list *list, bool staged, uint64_t offset)
{
	const struct imastage_reader_options options = {
		.format = IMASTAGE_FORMAT_BINARY,
		.bank = IMASTAGE_SHA1,
		.endian = IMASTAGE_HOST,
	};

	imastage_reader_free(list->reader);
	list->reader = NULL;
	list->staged = staged;
	list->base = offset;
	return imastage_reader_new(source_bytes(list->source, staged, offset),
				   &options, &list->reader);
}

int keep_list_open(struct source *source, enum keep_part part, uint64_t offset,
		   struct keep_list *ret_list)
{
	struct keep_list list = { .source = source, .part = part };
	int r;

	if (part == KEEP_BOTH && !source_abilities(source)->stage)
		list.part = KEEP_CURRENT;
	r = read_from(&list, list.part != KEEP_CURRENT, offset);
	if (r < 0)
		return r;
	*ret_list = list;
	return 0;
}

void keep_list_close(struct keep_list *list)
{
	imastage_reader_free(list->reader);
	list->reader = NULL;
}

int keep_list_next(struct keep_list *list, struct imastage_record *ret_record)
{
	int r = imastage_reader_next(list->reader, ret_record);

	if (r == IMASTAGE_END && list->staged && list->part == KEEP_BOTH) {
		r = read_from(list, false, 0);
		if (r == 0)
			r = imastage_reader_next(list->reader, ret_record);
	}
	if (r == 0 && list->staged)
		list->nr_staged++;
	return r;
}

uint64_t keep_list_offset(const struct keep_list *list)
{
	return list->base + imastage_reader_offset(list->reader);
}

bool keep_is_malformed(int err)
{
	return err == -ENODATA || err == -EBADMSG || err == -EMSGSIZE;
}

int keep_list_any(struct source *source, enum keep_part part)
{
	cleanup_keep_list struct keep_list list = { 0 };
	struct imastage_record record;
	int r = keep_list_open(source, part, 0, &list);

	if (r == 0)
		r = keep_list_next(&list, &record);
	if (r == 0 || keep_is_malformed(r))
		return 1;
	return r == IMASTAGE_END ? 0 : r;
}
