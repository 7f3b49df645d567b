/* SPDX-License-Identifier: MIT */
/*
 * What every other header of libimastage builds on: views of bytes, byte
 * orders, where bytes come from and where they go to.
 */
#ifndef IMASTAGE_BYTES_H
#define IMASTAGE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Everything marked so is exported; nothing else is. */
#define IMASTAGE_API __attribute__((visibility("default")))

/*
 * A view of bytes that somebody else owns. Copying the struct copies the view,
 * never the bytes. @data may be NULL when @len is 0.
 */
struct imastage_bytes {
	const uint8_t *data;
	size_t len;
};

/*
 * Order of the numbers in a list. The kernel writes that of its machine, or
 * little-endian when booted with ima_canonical_fmt.
 */
enum imastage_endian {
	IMASTAGE_LITTLE,
	IMASTAGE_BIG,
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	IMASTAGE_HOST = IMASTAGE_LITTLE,
#else
	IMASTAGE_HOST = IMASTAGE_BIG,
#endif
};

/*
 * Where bytes come from. @read fills @data with 1 to @len bytes and returns
 * how many, 0 at the end, or a negative errno.
 */
struct imastage_source {
	ssize_t (*read)(void *context, void *data, size_t len);
	void *context;
};

/*
 * Where bytes go to. @write takes all of @data and returns 0, or a negative
 * errno, which the function that writes forwards unchanged.
 */
struct imastage_sink {
	int (*write)(void *context, const void *data, size_t len);
	void *context;
};

/* Writes to @file. -EIO, or the errno of fwrite(). Flushing is the caller's. */
IMASTAGE_API struct imastage_sink imastage_sink_file(FILE *file);

/*
 * Memory that grows as it is written to. Start with all zeros; free() @data in
 * the end. Setting @len to 0 forgets the bytes and keeps the memory.
 */
struct imastage_buffer {
	uint8_t *data;
	size_t len;
	size_t capacity;
};

/* Appends to @buffer. -ENOMEM. */
IMASTAGE_API struct imastage_sink
imastage_sink_buffer(struct imastage_buffer *buffer);

#ifdef __cplusplus
}
#endif

#endif
