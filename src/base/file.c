// SPDX-License-Identifier: MIT
/*
 * Reading files to their end, whatever stat() says about their size.
 */
#include "base/file.h"
#include "base/util.h"

#include <errno.h>
#include <fcntl.h>

#define FIRST_CAPACITY ((size_t)1 << 16)

/* Reads until the end of file or until @capacity bytes are there. */
static int fill(int fd, size_t capacity, uint8_t *data, size_t *len)
{
	while (*len < capacity) {
		ssize_t n = read(fd, data + *len, capacity - *len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		*len += (size_t)n;
	}
	return 0;
}

/* One byte more than @max_len is asked for, to see that there is more. */
static size_t next_capacity(size_t capacity, size_t max_len)
{
	size_t limit = max_len < SIZE_MAX ? max_len + 1 : max_len;

	if (capacity == 0)
		return limit < FIRST_CAPACITY ? limit : FIRST_CAPACITY;
	return capacity > limit / 2 ? limit : capacity * 2;
}

int file_read(const char *path, size_t max_len, uint8_t **ret_data,
	      size_t *ret_len)
{
	cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC);
	cleanup_free uint8_t *data = NULL;
	size_t capacity = 0, len = 0;

	if (fd < 0)
		return -errno;
	do {
		uint8_t *grown;
		int r;

		capacity = next_capacity(capacity, max_len);
		grown = realloc(data, capacity);
		if (!grown)
			return -ENOMEM;
		data = grown;
		r = fill(fd, capacity, data, &len);
		if (r < 0)
			return r;
		if (len > max_len)
			return -EFBIG;
	} while (len == capacity);

	*ret_data = data;
	*ret_len = len;
	data = NULL;
	return 0;
}
