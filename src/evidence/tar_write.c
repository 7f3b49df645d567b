// SPDX-License-Identifier: MIT
/*
 * Writing a tar: header, bytes, zeros up to the next block; two blocks of zeros.
 */
#include "evidence/tar_write.h"

#include <errno.h>
#include <string.h>

static const uint8_t zeros[2 * TAR_BLOCK_LEN];

static int put(const struct tar_writer *writer, const void *data, size_t len)
{
	return len ? writer->sink.write(writer->sink.context, data, len) : 0;
}

void tar_writer_init(struct tar_writer *writer, struct imastage_sink sink)
{
	*writer = (struct tar_writer){ .sink = sink };
}

int tar_writer_member(struct tar_writer *writer, const char *name,
		      uint64_t size)
{
	uint8_t header[TAR_BLOCK_LEN];
	int r;

	if (writer->left > 0)
		return -EINVAL;
	if (size > TAR_SIZE_MAX)
		return -EFBIG;
	if (strlen(name) > TAR_NAME_MAX)
		return -ENAMETOOLONG;
	tar_header_make(name, size, header);
	r = put(writer, header, sizeof(header));
	if (r < 0)
		return r;
	writer->left = size;
	writer->padding = tar_padding(size);
	return 0;
}

int tar_writer_put(struct tar_writer *writer, const void *data, size_t len)
{
	int r;

	if (len > writer->left)
		return -EINVAL;
	r = put(writer, data, len);
	if (r < 0 || len == 0)
		return r;
	writer->left -= len;
	return writer->left > 0 ? 0 : put(writer, zeros, writer->padding);
}

int tar_writer_finish(struct tar_writer *writer)
{
	return writer->left > 0 ? -EINVAL : put(writer, zeros, sizeof(zeros));
}
