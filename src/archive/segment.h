/* SPDX-License-Identifier: MIT */
/*
 * Segments as files: their names, and reading the bytes of one, compressed or
 * not.
 */
#ifndef ARCHIVE_SEGMENT_H
#define ARCHIVE_SEGMENT_H

#include "archive/row.h"

#include <limits.h>

/* 256 KiB: as far as a frame refers back, in powers of two. */
#define SEGMENT_WINDOW_LOG 18

enum segment_kind {
	SEGMENT_RAW, /* <20 digits>.ima */
	SEGMENT_COMPRESSED, /* .ima.zst */
	SEGMENT_UNCOMMITTED, /* .ima.uncommitted; see uncommitted.c */
	SEGMENT_UNCOMMITTED_COMPRESSED, /* .ima.zst.uncommitted */
	SEGMENT_OTHER, /* not the name of a segment */
};

struct segment_path {
	char text[PATH_MAX];
};

/* Paths of a boot's folder, and of a segment in it. */
struct segment_path segment_folder(const char *dir, int64_t boot);
struct segment_path segment_path(const char *dir, int64_t boot, uint64_t first,
				 enum segment_kind kind);

/* What a file of that name is. *ret_first is set unless it is SEGMENT_OTHER. */
enum segment_kind segment_parse_name(const char *name, uint64_t *ret_first);

/* The boot whose folder has that name: -ENOENT, when it is nobody's. */
int segment_parse_folder(const char *name, int64_t *ret_boot);

/*
 * Reads the bytes that @row says, from a mark on, and nothing behind them.
 * What is compressed must have its frames where the row says, each of the length
 * that the marks say: so no more is ever decompressed than was asked for. A reader takes 1 MiB of memory at
 * most, whatever is in the file.
 */
struct segment_reader {
	const struct io *io;
	const struct say *say;
	struct segment_path path;
	const struct row *row; /* the caller's; must stay */
	int fd; /* -1: none */
	uint64_t offset; /* byte of the segment that is read next */
	struct ZSTD_DCtx_s *zstd; /* owned; NULL for a raw one */
	uint8_t *input; /* owned; what was read of the file */
	size_t input_len, input_used;
	uint64_t input_offset; /* byte of the file behind the input */
	size_t frame; /* that is read */
};

/*
 * @row: with marks, and with frames when it is compressed, both checked.
 * -ENOENT: there is no such file, which is not said: it may have been compressed or pruned.
 */
int segment_reader_open(struct segment_reader *reader, const struct io *io,
			const struct say *say, const char *dir,
			const struct row *row, size_t mark);
void segment_reader_close(struct segment_reader *reader);

/*
 * 1 to @len bytes, 0 at the end of what the row says. -ENODATA: the file ends
 * before; -EBADMSG: it is not what was compressed; both are said.
 */
ssize_t segment_read(struct segment_reader *reader, void *data, size_t len);

/* The same from byte @offset of the segment on, which must be a raw one. */
ssize_t segment_read_at(const struct segment_reader *reader, uint64_t offset,
			void *data, size_t len);

#endif
