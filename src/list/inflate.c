// SPDX-License-Identifier: MIT
/*
 * zstd, where it is.
 */
#include "list/inflate.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>
#include <zstd_errors.h>

#define ROOM ((size_t)128 << 10)
#define WINDOW_LOG_MAX 23

struct inflate {
	ssize_t (*read_fd)(int fd, void *data, size_t len);
	ZSTD_DCtx *zstd; /* NULL until it is needed */
	bool begun; /* the first bytes were looked at */
	bool packed;
	bool whole; /* a frame has ended where we are */
	ZSTD_inBuffer in; /* what of room was not handed on yet */
	uint8_t room[ROOM];
};

int inflate_new(ssize_t (*read_fd)(int fd, void *data, size_t len),
		struct inflate **ret_inflate)
{
	struct inflate *inflate = calloc(1, sizeof(*inflate));

	if (!inflate)
		return -ENOMEM;
	inflate->read_fd = read_fd;
	inflate->in.src = inflate->room;
	*ret_inflate = inflate;
	return 0;
}

void inflate_free(struct inflate *inflate)
{
	if (!inflate)
		return;
	ZSTD_freeDCtx(inflate->zstd);
	free(inflate);
}

void inflate_restart(struct inflate *inflate)
{
	if (!inflate)
		return;
	inflate->begun = false;
	inflate->packed = false;
	inflate->in.pos = 0;
	inflate->in.size = 0;
}

/* Reads more behind what is there. 0: the end. */
static ssize_t read_more(struct inflate *inflate, int fd)
{
	ssize_t n = inflate->read_fd(fd, inflate->room + inflate->in.size,
				     ROOM - inflate->in.size);

	if (n > 0)
		inflate->in.size += (size_t)n;
	return n;
}

static int start_zstd(struct inflate *inflate)
{
	if (!inflate->zstd)
		inflate->zstd = ZSTD_createDCtx();
	if (!inflate->zstd)
		return -ENOMEM;
	ZSTD_DCtx_reset(inflate->zstd, ZSTD_reset_session_only);
	ZSTD_DCtx_setParameter(inflate->zstd, ZSTD_d_windowLogMax,
			       WINDOW_LOG_MAX);
	inflate->packed = true;
	inflate->whole = false;
	return 0;
}

static int begin(struct inflate *inflate, int fd)
{
	static const uint8_t magic[] = { 0x28, 0xb5, 0x2f, 0xfd };
	ssize_t n = 1;

	while (n > 0 && inflate->in.size < sizeof(magic))
		n = read_more(inflate, fd);
	if (n < 0)
		return (int)n;
	inflate->begun = true;
	if (inflate->in.size < sizeof(magic) ||
	    memcmp(inflate->room, magic, sizeof(magic)))
		return 0;
	return start_zstd(inflate);
}

static ssize_t read_plain(struct inflate *inflate, int fd, void *data,
			  size_t len)
{
	size_t left = inflate->in.size - inflate->in.pos;

	if (left == 0)
		return inflate->read_fd(fd, data, len);
	len = len < left ? len : left;
	memcpy(data, inflate->room + inflate->in.pos, len);
	inflate->in.pos += len;
	return (ssize_t)len;
}

static int zstd_error(size_t r)
{
	switch (ZSTD_getErrorCode(r)) {
	case ZSTD_error_memory_allocation:
		return -ENOMEM;
	case ZSTD_error_frameParameter_windowTooLarge:
		return -EFBIG;
	default:
		return -EBADMSG;
	}
}

/* Bytes for the next step; 0: the end. */
static ssize_t refill(struct inflate *inflate, int fd)
{
	inflate->in.pos = 0;
	inflate->in.size = 0;
	return read_more(inflate, fd);
}

/* What is left inside comes first, whether or not there is more to put in. */
static ssize_t read_packed(struct inflate *inflate, int fd, void *data,
			   size_t len)
{
	ZSTD_outBuffer out = { data, len, 0 };

	while (len > 0) {
		bool used_up = inflate->in.pos == inflate->in.size;
		size_t r = 0;
		ssize_t n;

		if (!used_up || !inflate->whole)
			r = ZSTD_decompressStream(inflate->zstd, &out,
						  &inflate->in);
		if (ZSTD_isError(r))
			return zstd_error(r);
		inflate->whole = r == 0;
		if (out.pos > 0)
			break;
		if (!used_up)
			continue;
		n = refill(inflate, fd);
		if (n <= 0)
			return n < 0 || inflate->whole ? n : -ENODATA;
	}
	return (ssize_t)out.pos;
}

ssize_t inflate_read(struct inflate *inflate, int fd, void *data, size_t len)
{
	int r = inflate->begun ? 0 : begin(inflate, fd);

	if (r < 0)
		return r;
	if (inflate->packed)
		return read_packed(inflate, fd, data, len);
	return read_plain(inflate, fd, data, len);
}
