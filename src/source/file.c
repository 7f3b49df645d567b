// SPDX-License-Identifier: MIT
/*
 * The small files beside the lists, and their names. See private.h.
 */
#include "source/private.h"

#include "base/bytes.h"
#include "base/util.h"

#include <errno.h>
#include <fcntl.h>
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

/*
 * By one read(): each makes the text anew, so that a second one for the end could
 * find a further digit there.
 */
static ssize_t read_once(const char *path, char *text, size_t size)
{
	cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return -errno;
	do
		n = read(fd, text, size);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : n;
}

int source_read_number(const struct source *source, const char *name,
		       uint64_t *ret_number)
{
	char path[PATH_MAX], text[NUMBER_LEN_MAX + 1];
	ssize_t n = source_path(source, name, path, sizeof(path));

	if (n == 0)
		n = read_once(path, text, sizeof(text));
	if (n < 0)
		return (int)n;
	return n > NUMBER_LEN_MAX ?
		       -EBADMSG :
		       parse_number(bytes_of(text, (size_t)n), ret_number);
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
	struct source_counts before = { 0 }, after = { 0 };
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
