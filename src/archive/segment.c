// SPDX-License-Identifier: MIT
/*
 * Names of segments, and reading one.
 */
#include "archive/segment.h"
#include "archive/marks.h"
#include "base/util.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <zstd.h>

#define INPUT_LEN ((size_t)16 << 10)

#define FIRST_DIGITS 20
#define BOOT_DIGITS_MIN 8
#define BOOT_DIGITS_MAX 18

static const char *const suffixes[] = {
	[SEGMENT_RAW] = ".ima",
	[SEGMENT_COMPRESSED] = ".ima.zst",
	[SEGMENT_UNCOMMITTED] = ".ima.uncommitted",
	[SEGMENT_UNCOMMITTED_COMPRESSED] = ".ima.zst.uncommitted",
};

/* ---- names ----------------------------------------------------------------- */

struct segment_path segment_folder(const char *dir, int64_t boot)
{
	struct segment_path path;

	snprintf(path.text, sizeof(path.text), "%s/%08" PRId64, dir, boot);
	return path;
}

struct segment_path segment_path(const char *dir, int64_t boot, uint64_t first,
				 enum segment_kind kind)
{
	struct segment_path path;

	snprintf(path.text, sizeof(path.text),
		 "%s/%08" PRId64 "/%020" PRIu64 "%s", dir, boot, first,
		 suffixes[kind]);
	return path;
}

/* The number that @nr characters of @text say; false unless all are digits. */
static bool parse_digits(const char *text, size_t nr, uint64_t *ret_number)
{
	uint64_t number = 0;

	for (size_t i = 0; i < nr; i++) {
		if (!isdigit((unsigned char)text[i]) ||
		    __builtin_mul_overflow(number, 10, &number) ||
		    __builtin_add_overflow(number, (uint64_t)(text[i] - '0'),
					   &number))
			return false;
	}
	*ret_number = number;
	return true;
}

enum segment_kind segment_parse_name(const char *name, uint64_t *ret_first)
{
	uint64_t first;

	if (strnlen(name, FIRST_DIGITS) < FIRST_DIGITS ||
	    !parse_digits(name, FIRST_DIGITS, &first))
		return SEGMENT_OTHER;
	for (enum segment_kind kind = SEGMENT_RAW; kind < SEGMENT_OTHER; kind++)
		if (!strcmp(name + FIRST_DIGITS, suffixes[kind])) {
			*ret_first = first;
			return kind;
		}
	return SEGMENT_OTHER;
}

int segment_parse_folder(const char *name, int64_t *ret_boot)
{
	size_t len = strlen(name);
	uint64_t boot;

	if (len < BOOT_DIGITS_MIN || len > BOOT_DIGITS_MAX ||
	    (len > BOOT_DIGITS_MIN && name[0] == '0') ||
	    !parse_digits(name, len, &boot) || boot == 0)
		return -ENOENT;
	*ret_boot = (int64_t)boot;
	return 0;
}

/* ---- reading --------------------------------------------------------------- */

static int open_zstd(struct segment_reader *reader, size_t mark)
{
	reader->frame = mark;
	reader->input_offset = frame_get(&reader->row->frames, mark);
	reader->input = malloc(INPUT_LEN);
	reader->zstd = ZSTD_createDCtx();
	if (!reader->input || !reader->zstd)
		return -ENOMEM;
	return ZSTD_isError(ZSTD_DCtx_setParameter(
		       reader->zstd, ZSTD_d_windowLogMax, SEGMENT_WINDOW_LOG)) ?
		       -EINVAL :
		       0;
}

int segment_reader_open(struct segment_reader *reader, const struct io *io,
			const struct say *say, const char *dir,
			const struct row *row, size_t mark)
{
	const struct archive_segment *is = &row->is;
	int r = 0;

	*reader = (struct segment_reader){
		.io = io,
		.say = say,
		.path = segment_path(dir, is->boot, is->first,
				     is->compressed ? SEGMENT_COMPRESSED :
						      SEGMENT_RAW),
		.row = row,
		.offset = mark_get(&row->marks, mark).binary,
	};
	reader->fd = io_open(io, reader->path.text, O_RDONLY, 0);
	if (reader->fd < 0)
		r = reader->fd;
	else if (is->compressed)
		r = open_zstd(reader, mark);
	if (r < 0 && r != -ENOENT)
		say_errno(say, r, "%s", reader->path.text);
	if (r < 0)
		segment_reader_close(reader);
	return r;
}

void segment_reader_close(struct segment_reader *reader)
{
	if (reader->fd >= 0)
		io_close(reader->io, reader->fd);
	reader->fd = -1;
	ZSTD_freeDCtx(reader->zstd);
	reader->zstd = NULL;
	free(reader->input);
	reader->input = NULL;
}

static int damaged(const struct segment_reader *reader, int r, uint64_t offset,
		   const char *reason)
{
	say(reader->say, SAY_ERROR, "%s: byte %" PRIu64 ": %s",
	    reader->path.text, offset, reason);
	return r;
}

static int failed(const struct segment_reader *reader, int r, uint64_t offset)
{
	return say_errno(reader->say, r, "%s: byte %" PRIu64, reader->path.text,
			 offset);
}

ssize_t segment_read_at(const struct segment_reader *reader, uint64_t offset,
			void *data, size_t len)
{
	uint64_t left = reader->row->is.bytes - offset;
	ssize_t n;

	if (len > left)
		len = (size_t)left;
	if (len == 0)
		return 0;
	n = io_pread(reader->io, reader->fd, data, len, offset);
	if (n < 0)
		return failed(reader, (int)n, offset);
	if (n == 0)
		return damaged(reader, -ENODATA, offset,
			       "the file ends before its segment does");
	return n;
}

static ssize_t read_raw(struct segment_reader *reader, void *data, size_t len)
{
	ssize_t n = segment_read_at(reader, reader->offset, data, len);

	if (n > 0)
		reader->offset += (uint64_t)n;
	return n;
}

/* Where the frame that is read ends, in the segment and in the file. */
static uint64_t frame_end(const struct segment_reader *reader)
{
	const struct row *row = reader->row;

	return reader->frame + 1 < marks_nr(&row->marks) ?
		       mark_get(&row->marks, reader->frame + 1).binary :
		       row->is.bytes;
}

static uint64_t frame_end_in_file(const struct segment_reader *reader)
{
	const struct row *row = reader->row;

	return reader->frame + 1 < marks_nr(&row->marks) ?
		       frame_get(&row->frames, reader->frame + 1) :
		       row->is.stored_bytes;
}

static uint64_t place_in_file(const struct segment_reader *reader)
{
	return reader->input_offset - reader->input_len + reader->input_used;
}

/* Reads on in the file, up to the end of the frame. */
static int fill(struct segment_reader *reader)
{
	uint64_t left = frame_end_in_file(reader) - reader->input_offset;
	ssize_t n;

	if (reader->input_used < reader->input_len)
		return 0;
	if (left == 0)
		return damaged(reader, -EBADMSG, reader->input_offset,
			       "a frame does not end where the index says");
	n = io_pread(reader->io, reader->fd, reader->input,
		     left < INPUT_LEN ? (size_t)left : INPUT_LEN,
		     reader->input_offset);
	if (n < 0)
		return failed(reader, (int)n, reader->input_offset);
	if (n == 0)
		return damaged(reader, -ENODATA, reader->input_offset,
			       "the file ends before its segment does");
	reader->input_len = (size_t)n;
	reader->input_used = 0;
	reader->input_offset += (uint64_t)n;
	return 0;
}

/* A frame is over: it must have been the one that the index says. */
static int end_frame(struct segment_reader *reader)
{
	if (reader->offset != frame_end(reader) ||
	    place_in_file(reader) != frame_end_in_file(reader))
		return damaged(reader, -EBADMSG, place_in_file(reader),
			       "a frame ends before the index says");
	reader->frame++;
	return 0;
}

/* One step of decompression; may give nothing. */
static int decompress(struct segment_reader *reader, ZSTD_outBuffer *out)
{
	ZSTD_inBuffer in = { reader->input, reader->input_len,
			     reader->input_used };
	size_t before = out->pos, result;

	result = ZSTD_decompressStream(reader->zstd, out, &in);
	if (ZSTD_isError(result))
		return damaged(reader, -EBADMSG, place_in_file(reader),
			       ZSTD_getErrorName(result));
	reader->input_used = in.pos;
	reader->offset += out->pos - before;
	return result == 0 ? end_frame(reader) : 0;
}

/*
 * Asked for as much as its frame has and no more, the decoder is made to look
 * for the frame's end as well, for with room for nothing it still reads it.
 */
static ssize_t read_zstd(struct segment_reader *reader, void *data, size_t len)
{
	ZSTD_outBuffer out = { data, len, 0 };
	size_t frame = reader->frame;
	int r = 0;

	if (out.size > frame_end(reader) - reader->offset)
		out.size = frame_end(reader) - reader->offset;
	while (r == 0 && reader->frame == frame &&
	       (out.pos < out.size || reader->offset == frame_end(reader))) {
		r = fill(reader);
		if (r == 0)
			r = decompress(reader, &out);
	}
	return r < 0 ? r : (ssize_t)out.pos;
}

ssize_t segment_read(struct segment_reader *reader, void *data, size_t len)
{
	if (!reader->zstd)
		return read_raw(reader, data, len);
	if (len == 0 || reader->offset == reader->row->is.bytes)
		return 0;
	return read_zstd(reader, data, len);
}
