// SPDX-License-Identifier: MIT
/*
 * A frame of zstd, bounded.
 *
 * Whatever is written is read again: where data packs so well that a reader would refuse
 * it (a list of nothing but violations of one file does), the writer ends blocks early. A
 * block has four bytes at least, so one of DENSE_LEN is packed FRAME_RATIO / 2 times at
 * most. What zstd holds back in between is a block of 128 KiB, which FRAME_SLACK covers.
 */
#include "evidence/frame.h"
#include "base/bytes.h"

#include <errno.h>
#include <stdlib.h>
#include <zstd.h>
#include <zstd_errors.h>

#define ROOM ((size_t)64 << 10)
#define LEVEL 3
#define DENSE_LEN ((size_t)2 << 10)

/* ---- reading ---------------------------------------------------------------- */

struct frame_reader {
	struct imastage_source source;
	uint8_t head[4]; /* the first bytes of the file */
	size_t head_len, head_used;
	bool begun; /* they were looked at */
	ZSTD_DCtx *zstd; /* NULL: not packed */
	uint8_t *room; /* owned, ROOM bytes */
	ZSTD_inBuffer in; /* what of room was not used yet */
	bool whole; /* the frame has ended */
	uint64_t before; /* bytes of the file before room */
	uint64_t made; /* bytes that came out */
	int failed;
	const char *refused;
	uint64_t refused_at;
};

int frame_reader_new(struct imastage_source source,
		     struct frame_reader **ret_reader)
{
	struct frame_reader *reader = calloc(1, sizeof(*reader));

	if (!reader)
		return -ENOMEM;
	reader->source = source;
	*ret_reader = reader;
	return 0;
}

void frame_reader_free(struct frame_reader *reader)
{
	if (!reader)
		return;
	ZSTD_freeDCtx(reader->zstd);
	free(reader->room);
	free(reader);
}

const char *frame_reader_refused(const struct frame_reader *reader,
				 uint64_t *ret_offset)
{
	if (reader->refused)
		*ret_offset = reader->refused_at;
	return reader->refused;
}

static uint64_t used(const struct frame_reader *reader)
{
	return reader->before + reader->in.pos;
}

static int refuse(struct frame_reader *reader, const char *reason)
{
	reader->refused = reason;
	reader->refused_at = used(reader);
	return -EBADMSG;
}

static ssize_t take(struct frame_reader *reader, void *data, size_t len)
{
	return reader->source.read(reader->source.context, data, len);
}

static int start_zstd(struct frame_reader *reader)
{
	reader->zstd = ZSTD_createDCtx();
	reader->room = malloc(ROOM);
	if (!reader->zstd || !reader->room)
		return -ENOMEM;
	ZSTD_DCtx_setParameter(reader->zstd, ZSTD_d_windowLogMax,
			       FRAME_WINDOW_LOG_MAX);
	memcpy(reader->room, reader->head, reader->head_len);
	reader->in = (ZSTD_inBuffer){ reader->room, reader->head_len, 0 };
	return 0;
}

static int begin(struct frame_reader *reader)
{
	static const uint8_t magic[] = { 0x28, 0xb5, 0x2f, 0xfd };
	ssize_t n = 1;

	while (n > 0 && reader->head_len < sizeof(reader->head)) {
		n = take(reader, reader->head + reader->head_len,
			 sizeof(reader->head) - reader->head_len);
		if (n < 0)
			return (int)n;
		reader->head_len += (size_t)n;
	}
	reader->begun = true;
	if (!bytes_equal(bytes_of(reader->head, reader->head_len),
			 bytes_of(magic, sizeof(magic))))
		return 0;
	return start_zstd(reader);
}

static ssize_t read_plain(struct frame_reader *reader, void *data, size_t len)
{
	size_t left = reader->head_len - reader->head_used;

	if (left == 0)
		return take(reader, data, len);
	len = len < left ? len : left;
	memcpy(data, reader->head + reader->head_used, len);
	reader->head_used += len;
	return (ssize_t)len;
}

static int refuse_zstd(struct frame_reader *reader, size_t r)
{
	switch (ZSTD_getErrorCode(r)) {
	case ZSTD_error_memory_allocation:
		return -ENOMEM;
	case ZSTD_error_frameParameter_windowTooLarge:
		return refuse(reader, "the frame's window is above 8 MiB");
	case ZSTD_error_dictionary_wrong:
		return refuse(reader, "the frame needs a dictionary");
	case ZSTD_error_checksum_wrong:
		return refuse(reader, "the frame's checksum is wrong");
	default:
		return refuse(reader, "the frame is damaged");
	}
}

/* Bytes for the next step. 0: the file has ended. */
static ssize_t refill(struct frame_reader *reader)
{
	ssize_t n = take(reader, reader->room, ROOM);

	if (n < 0)
		return n;
	reader->before += reader->in.size;
	reader->in = (ZSTD_inBuffer){ reader->room, (size_t)n, 0 };
	return n;
}

/* The frame is whole: 0 when nothing is behind it. */
static ssize_t end(struct frame_reader *reader)
{
	ssize_t n = 1;

	if (reader->in.pos == reader->in.size)
		n = refill(reader);
	return n > 0 ? refuse(reader, "bytes follow the frame") : n;
}

static int step(struct frame_reader *reader, ZSTD_outBuffer *out)
{
	size_t r = ZSTD_decompressStream(reader->zstd, out, &reader->in);

	if (ZSTD_isError(r))
		return refuse_zstd(reader, r);
	reader->whole = r == 0;
	if (reader->made + out->pos > FRAME_SLACK + FRAME_RATIO * used(reader))
		return refuse(reader, "the frame is packed too well");
	return 0;
}

static ssize_t read_packed(struct frame_reader *reader, void *data, size_t len)
{
	ZSTD_outBuffer out = { data, len, 0 };

	while (out.pos == 0) {
		bool used_up = reader->in.pos == reader->in.size;
		ssize_t n;
		int r;

		if (reader->whole)
			return end(reader);
		r = step(reader, &out);
		if (r < 0)
			return r;
		if (out.pos > 0 || !used_up || reader->whole)
			continue;
		n = refill(reader);
		if (n <= 0)
			return n < 0 ? n :
				       refuse(reader, "the frame is cut off");
	}
	reader->made += out.pos;
	return (ssize_t)out.pos;
}

ssize_t frame_reader_read(void *context, void *data, size_t len)
{
	struct frame_reader *reader = context;
	ssize_t n = reader->failed;

	if (n == 0 && !reader->begun)
		n = begin(reader);
	if (n == 0 && len > 0)
		n = reader->zstd ? read_packed(reader, data, len) :
				   read_plain(reader, data, len);
	if (n < 0)
		reader->failed = (int)n;
	return n;
}

/* ---- writing ---------------------------------------------------------------- */

struct frame_writer {
	struct imastage_sink sink;
	ZSTD_CCtx *zstd;
	uint64_t taken, made;
	uint8_t room[ROOM];
};

int frame_writer_new(struct imastage_sink sink,
		     struct frame_writer **ret_writer)
{
	struct frame_writer *writer = calloc(1, sizeof(*writer));

	if (!writer)
		return -ENOMEM;
	writer->sink = sink;
	writer->zstd = ZSTD_createCCtx();
	if (!writer->zstd) {
		free(writer);
		return -ENOMEM;
	}
	ZSTD_CCtx_setParameter(writer->zstd, ZSTD_c_compressionLevel, LEVEL);
	ZSTD_CCtx_setParameter(writer->zstd, ZSTD_c_checksumFlag, 1);
	*ret_writer = writer;
	return 0;
}

void frame_writer_free(struct frame_writer *writer)
{
	if (!writer)
		return;
	ZSTD_freeCCtx(writer->zstd);
	free(writer);
}

static int press(struct frame_writer *writer, struct imastage_bytes bytes,
		 ZSTD_EndDirective how)
{
	ZSTD_inBuffer in = { bytes.data, bytes.len, 0 };
	size_t left;
	int r = 0;

	do {
		ZSTD_outBuffer out = { writer->room, ROOM, 0 };

		left = ZSTD_compressStream2(writer->zstd, &out, &in, how);
		if (ZSTD_isError(left))
			return -EIO;
		if (out.pos > 0)
			r = writer->sink.write(writer->sink.context,
					       writer->room, out.pos);
		if (r < 0)
			return r;
		writer->made += out.pos;
	} while (how == ZSTD_e_continue ? in.pos < in.size : left > 0);
	writer->taken += bytes.len;
	return 0;
}

/* Would a reader soon find it packed too well? */
static bool is_dense(const struct frame_writer *writer)
{
	return writer->taken > FRAME_SLACK / 2 + FRAME_RATIO / 2 * writer->made;
}

int frame_writer_write(void *context, const void *data, size_t len)
{
	struct frame_writer *writer = context;
	struct imastage_bytes rest = bytes_of(data, len);

	while (rest.len > 0) {
		bool dense = is_dense(writer);
		struct imastage_bytes piece =
			bytes_first(rest, dense ? DENSE_LEN : ROOM);
		int r = press(writer, piece,
			      dense ? ZSTD_e_flush : ZSTD_e_continue);

		if (r < 0)
			return r;
		rest = bytes_skip(rest, piece.len);
	}
	return 0;
}

int frame_writer_finish(struct frame_writer *writer)
{
	return press(writer, bytes_of(NULL, 0), ZSTD_e_end);
}
