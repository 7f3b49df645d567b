// SPDX-License-Identifier: MIT
/*
 * The small files beside the lists, and their names. See private.h.
 */
#include "source/private.h"

#include "base/file.h"
#include "base/util.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>

/* Digits of the largest number, and what may stand behind them. */
#define NUMBER_LEN_MAX 32

/* Tries to read counts that belong together. */
#define TRIES_MAX 16

int source_path(const struct source *source, const char *name, char *ret_path,
		size_t room)
{
	int len = snprintf(ret_path, room, "%s/%s", source->dir, name);

	return len < 0 || (size_t)len >= room ? -ENAMETOOLONG : 0;
}

static bool begins_with(const char *text, const char *start)
{
	return strncmp(text, start, strlen(start)) == 0;
}

bool source_is_list_name(const char *name)
{
	return begins_with(name, "binary_runtime_measurements") ||
	       begins_with(name, "ascii_runtime_measurements");
}

/* Digits alone, and a newline that may be missing. */
static int parse_number(struct imastage_bytes text, uint64_t *ret_number)
{
	uint64_t number = 0;
	size_t i;

	for (i = 0; i < text.len; i++) {
		unsigned int digit = (unsigned int)text.data[i] - '0';

		if (digit > 9)
			break;
		if (__builtin_mul_overflow(number, 10, &number) ||
		    __builtin_add_overflow(number, digit, &number))
			return -EBADMSG;
	}
	if (i == 0 ||
	    !(i == text.len || (i + 1 == text.len && text.data[i] == '\n')))
		return -EBADMSG;
	*ret_number = number;
	return 0;
}

int source_read_number(const struct source *source, const char *name,
		       uint64_t *ret_number)
{
	cleanup_free uint8_t *text = NULL;
	char path[PATH_MAX];
	size_t len;
	int r = source_path(source, name, path, sizeof(path));

	if (r == 0)
		r = file_read(path, NUMBER_LEN_MAX, &text, &len);
	if (r < 0)
		return r == -EFBIG ? -EBADMSG : r;
	return parse_number(bytes_of(text, len), ret_number);
}

static int read_counts(const struct source *source,
		       struct source_counts *ret_counts)
{
	struct source_counts counts = { 0 };
	bool both = source->abilities.deleted_count;
	int r = 0;

	if (both)
		r = source_read_number(source, "deleted_measurements_count",
				       &counts.deleted);
	if (r == 0 && both)
		r = source_read_number(source, "staged_measurements_count",
				       &counts.staged);
	if (r == 0)
		r = source_read_number(source, "runtime_measurements_count",
				       &counts.current);
	counts.has_deleted = counts.has_staged = both;
	if (r == 0)
		*ret_counts = counts;
	return r;
}

/*
 * Staging and deleting change at least one of two counts, deleted for good, and
 * current only grows but for them. So if both are found again as they were, nothing
 * was staged or deleted while current was read the first time in between: that is
 * the one that belongs to them, not the one that was read last.
 */
int source_counts(struct source *source, struct source_counts *ret_counts)
{
	struct source_counts before, after;
	int r = read_counts(source, &before);

	for (int i = 0; r == 0 && i < TRIES_MAX; i++) {
		r = read_counts(source, &after);
		if (r < 0)
			return r;
		if (before.deleted == after.deleted &&
		    before.staged == after.staged) {
			*ret_counts = before;
			return 0;
		}
		before = after;
	}
	return r < 0 ? r : -EAGAIN;
}
