// SPDX-License-Identifier: MIT
/*
 * Compressing sealed segments: each becomes a zstd file with a frame for every
 * mark, so that reading can begin at any of them.
 *
 * The compressed file is written whole, synced, read back and compared; then the
 * row says that it is the one, and only then the raw one is removed. Without the
 * row, the compressed file is one that nobody speaks of.
 */
#include "archive/query.h"
#include "archive/store.h"
#include "base/bytes.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <zstd.h>

#define LEVEL 3
#define CHUNK_LEN ((size_t)64 << 10)

/* One segment on its way. */
struct press {
	struct archive *archive;
	struct row *row;
	struct segment_reader from;
	struct segment_path path; /* of the compressed file */
	int fd;
	uint64_t offset; /* bytes written */
	ZSTD_CCtx *zstd; /* owned */
	uint8_t *input, *output; /* owned, CHUNK_LEN bytes each */
};

static int fail(const struct press *press, int r, const char *what)
{
	return say_errno(press->archive->options.say, r, "%s: %s",
			 press->path.text, what);
}

/* ---- writing --------------------------------------------------------------- */

static int write_output(struct press *press, size_t len)
{
	int r = io_write_full(press->archive->options.io, press->fd,
			      press->output, len, press->offset);

	press->offset += len;
	return r < 0 ? fail(press, r, "writing") : 0;
}

/* Compresses @len bytes of input; @end: they are the frame's last. */
static int press_input(struct press *press, size_t len, bool end)
{
	ZSTD_inBuffer in = { press->input, len, 0 };
	size_t left;

	do {
		ZSTD_outBuffer out = { press->output, CHUNK_LEN, 0 };
		int r;

		left = ZSTD_compressStream2(press->zstd, &out, &in,
					    end ? ZSTD_e_end : ZSTD_e_continue);
		if (ZSTD_isError(left))
			return fail(press, -EIO, ZSTD_getErrorName(left));
		r = write_output(press, out.pos);
		if (r < 0)
			return r;
	} while (end ? left > 0 : in.pos < in.size);
	return 0;
}

/* A frame of the next @len bytes of the segment. */
static int press_frame(struct press *press, uint64_t len)
{
	int r = frames_put(&press->row->frames, press->offset);

	if (r < 0)
		return r;
	if (ZSTD_isError(ZSTD_CCtx_setPledgedSrcSize(press->zstd, len)))
		return -EINVAL;
	while (r == 0 && len > 0) {
		ssize_t n =
			segment_read(&press->from, press->input,
				     len < CHUNK_LEN ? (size_t)len : CHUNK_LEN);

		if (n <= 0)
			return n < 0 ? (int)n : -ENODATA;
		len -= (uint64_t)n;
		r = press_input(press, (size_t)n, len == 0);
	}
	return r;
}

static int press_frames(struct press *press)
{
	const struct imastage_buffer *marks = &press->row->marks;
	size_t nr = marks_nr(marks);
	int r = 0;

	press->row->frames.len = 0;
	for (size_t i = 0; i < nr && r == 0; i++) {
		uint64_t end = i + 1 < nr ? mark_get(marks, i + 1).binary :
					    press->row->is.bytes;

		r = press_frame(press, end - mark_get(marks, i).binary);
	}
	return r;
}

/* ---- reading back ---------------------------------------------------------- */

static int hash_segment(struct press *press, struct segment_reader *reader,
			uint8_t ret_sha256[ARCHIVE_SHA256_LEN])
{
	struct hash hash;
	int r = hash_init(&hash, IMASTAGE_SHA256);
	ssize_t n = 1;

	if (r == 0)
		r = hash_start(&hash);
	while (r == 0 && n > 0) {
		n = segment_read(reader, press->input, CHUNK_LEN);
		r = n < 0 ? (int)n :
			    hash_update(&hash,
					bytes_of(press->input, (size_t)n));
	}
	return r == 0 ? hash_end(&hash, ret_sha256) : r;
}

/* What the device gives, decompressed, is what the segment's digest is of. */
static int check(struct press *press)
{
	struct archive *archive = press->archive;
	uint8_t sha256[ARCHIVE_SHA256_LEN];
	struct segment_reader reader;
	int r = segment_reader_open(&reader, archive->options.io,
				    archive->options.say, archive->dir,
				    press->row, 0);

	if (r < 0)
		return fail(press, r, "reading it back");
	r = hash_segment(press, &reader, sha256);
	segment_reader_close(&reader);
	if (r < 0 || !memcmp(sha256, press->row->is.sha256, sizeof(sha256)))
		return r;
	return fail(press, -EBADMSG,
		    "the segment's bytes are not those that were archived");
}

static int make_safe(struct press *press)
{
	const struct io *io = press->archive->options.io;
	struct segment_path folder =
		segment_folder(press->archive->dir, press->row->is.boot);
	int r = io_sync(io, press->fd);

	if (r == 0)
		r = io_sync_dir(io, folder.text);
	if (r == 0)
		r = io_forget(io, press->fd);
	if (r < 0)
		return fail(press, r, "syncing");
	press->row->is.compressed = true;
	press->row->is.stored_bytes = press->offset;
	return check(press);
}

/* ---- one segment ----------------------------------------------------------- */

static int open_files(struct press *press)
{
	const struct archive_options *options = &press->archive->options;
	int r = segment_reader_open(&press->from, options->io, options->say,
				    options->dir, press->row, 0);

	if (r < 0)
		return r == -ENOENT ?
			       fail(press, r, "there is no raw segment") :
			       r;
	press->fd = io_open(options->io, press->path.text,
			    O_RDWR | O_CREAT | O_TRUNC, 0600);
	if (press->fd < 0)
		return fail(press, press->fd, "making it");
	return store_mend(press->archive, press->path.text, 0600, true);
}

static int init_zstd(struct press *press)
{
	press->input = malloc(CHUNK_LEN);
	press->output = malloc(CHUNK_LEN);
	press->zstd = ZSTD_createCCtx();
	if (!press->input || !press->output || !press->zstd)
		return -ENOMEM;
	if (ZSTD_isError(ZSTD_CCtx_setParameter(
		    press->zstd, ZSTD_c_compressionLevel, LEVEL)) ||
	    ZSTD_isError(ZSTD_CCtx_setParameter(press->zstd, ZSTD_c_windowLog,
						SEGMENT_WINDOW_LOG)) ||
	    ZSTD_isError(ZSTD_CCtx_setParameter(press->zstd,
						ZSTD_c_checksumFlag, 1)))
		return -EINVAL;
	return 0;
}

static void press_fini(struct press *press)
{
	segment_reader_close(&press->from);
	if (press->fd >= 0)
		io_close(press->archive->options.io, press->fd);
	ZSTD_freeCCtx(press->zstd);
	free(press->input);
	free(press->output);
}

static int write_compressed(struct press *press)
{
	const char *reason = marks_check(press->row);
	int r;

	if (reason)
		return query_damaged(&press->archive->index, reason);
	r = open_files(press);
	if (r == 0)
		r = init_zstd(press);
	if (r == 0)
		r = press_frames(press);
	return r == 0 ? make_safe(press) : r;
}

/* The row says which file counts; the other goes. */
static int exchange(struct archive *archive, struct row *row)
{
	struct segment_path raw = segment_path(archive->dir, row->is.boot,
					       row->is.first, SEGMENT_RAW);
	int r = index_begin(&archive->index);

	if (r == 0)
		r = index_put_segment(&archive->index, row);
	r = archive_finish(archive, r);
	if (r < 0)
		return r;
	r = identity_unlink(archive, raw.text);
	if (r < 0)
		say_errno(archive->options.say, r,
			  "%s: is compressed, and cannot be removed", raw.text);
	return 0;
}

static int compress_one(struct archive *archive, struct row *row)
{
	struct press press = {
		.archive = archive,
		.row = row,
		.from = { .fd = -1 },
		.path = segment_path(archive->dir, row->is.boot, row->is.first,
				     SEGMENT_COMPRESSED),
		.fd = -1,
	};
	int r = identity_check(archive);

	if (r < 0)
		return r;
	r = write_compressed(&press);

	press_fini(&press);
	if (r == 0)
		r = exchange(archive, row);
	/* In doubt, the next rollback or start finds out which one it is. */
	if (r < 0 && !archive->doubtful)
		(void)io_unlink(archive->options.io, press.path.text);
	return r;
}

/* One that is damaged is left for others to look at, and passed over. */
int archive_compress(struct archive *archive, unsigned int max,
		     unsigned int *ret_done)
{
	struct row row = { 0 };
	unsigned int done = 0;
	int64_t boot = 0;
	uint64_t at = 0;
	int r = store_idle(archive), bad = 0;

	while (r == 0 && done < max) {
		r = index_segment_to_compress(
			&archive->index, archive->tail.boot, boot, at, &row);
		if (r != 0)
			break;
		boot = row.is.boot;
		at = row_end(&row);
		r = compress_one(archive, &row);
		if (r == 0)
			done++;
		if (r == -EBADMSG || r == -ENODATA || r == -ENOENT) {
			bad = r;
			r = 0;
		}
	}
	row_fini(&row);
	if (ret_done)
		*ret_done = done;
	return r < 0 ? r : bad;
}
