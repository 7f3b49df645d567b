/* SPDX-License-Identifier: MIT */
/*
 * One frame of zstd around a file, or none: both ways, as streams.
 *
 * The first four bytes tell: 28 b5 2f fd is a frame, anything else comes through as it is.
 * Refused are: a window above 8 MiB, a dictionary, more than one frame, bytes behind
 * it, a frame that is cut off, a wrong checksum, and one that is packed too well: at
 * no byte may there be more than FRAME_SLACK + FRAME_RATIO times what was read until then.
 * So reading @n bytes never makes more than that of them, however they were made. What was read
 * until then is a matter of blocks of 128 KiB; our own writer stays below half of it.
 *
 * Memory: a reader has 9 MiB at most, and less than 1 KiB for a file without a frame; a writer
 * 9 MiB, too.
 */
#ifndef EVIDENCE_FRAME_H
#define EVIDENCE_FRAME_H

#include <imastage/bytes.h>

#define FRAME_WINDOW_LOG_MAX 23
#define FRAME_SLACK ((uint64_t)1 << 20)
#define FRAME_RATIO ((uint64_t)1024)

/* ---- reading ---------------------------------------------------------------- */

struct frame_reader;

/* -ENOMEM */
int frame_reader_new(struct imastage_source source,
		     struct frame_reader **ret_reader);
void frame_reader_free(struct frame_reader *reader);

/*
 * Of a struct imastage_source. -EBADMSG: refused, see frame_reader_refused(); -ENOMEM; or
 * the error of the source. What has failed stays so.
 */
ssize_t frame_reader_read(void *reader, void *data, size_t len);

/*
 * Why, and the byte of the packed file up to which it was sound, or up to 64 KiB before that; NULL:
 * it has refused nothing.
 */
const char *frame_reader_refused(const struct frame_reader *reader,
				 uint64_t *ret_offset);

/* ---- writing ---------------------------------------------------------------- */

struct frame_writer;

/* -ENOMEM */
int frame_writer_new(struct imastage_sink sink,
		     struct frame_writer **ret_writer);
void frame_writer_free(struct frame_writer *writer);

/* Of a struct imastage_sink. -EIO when zstd fails, or the error of the sink. */
int frame_writer_write(void *writer, const void *data, size_t len);

/* Ends the frame. */
int frame_writer_finish(struct frame_writer *writer);

#endif
