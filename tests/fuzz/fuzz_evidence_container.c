// SPDX-License-Identifier: MIT
/*
 * Fuzz target: an evidence file, as it is and with the checksums of its headers mended, so
 * that what is behind them is reached. In pieces of any length it is the same. What is taken
 * is written again and is the same file then, but for the manifest's spelling, and for the frame.
 */
#include "base/bytes.h"
#include "evidence/container.h"
#include "evidence/frame.h"
#include "evidence/tar.h"
#include "fuzz/promises.h"

#include <errno.h>
#include <stdlib.h>

#define RECORDS_MAX ((uint64_t)16 << 20)

struct bytes_left {
	struct imastage_bytes rest;
	size_t step;
};

static ssize_t read_piece(void *context, void *data, size_t len)
{
	struct bytes_left *left = context;
	struct imastage_bytes piece =
		bytes_first(left->rest, len < left->step ? len : left->step);

	if (piece.len > 0)
		memcpy(data, piece.data, piece.len);
	left->rest = bytes_skip(left->rest, piece.len);
	return (ssize_t)piece.len;
}

struct file {
	struct bytes_left left;
	struct container *container;
	struct container_small small; /* views of the container */
	struct imastage_buffer streams[2];
	bool has[2];
	int end;
};

static void read_stream(struct file *file, enum container_part part,
			uint64_t expected)
{
	struct imastage_source source = container_source(file->container);
	struct imastage_sink sink = imastage_sink_buffer(&file->streams[part]);
	uint8_t data[3000];
	uint64_t sum = 0;
	ssize_t n;

	must(!file->has[part]);
	file->has[part] = true;
	while ((n = source.read(source.context, data, sizeof(data))) > 0) {
		must((size_t)n <= sizeof(data));
		sum += (uint64_t)n;
		must(sink.write(sink.context, data, (size_t)n) == 0);
	}
	must(n == 0 ? sum == expected : sum <= expected);
}

static void check_small(const struct container_small *small)
{
	must(small->msg.len <= CONTAINER_MSG_MAX);
	must(small->sig.len <= CONTAINER_SIG_MAX);
	must(small->pcrs.len <= CONTAINER_PCRS_MAX);
	must(small->ak.len <= CONTAINER_AK_MAX);
	must(small->manifest.banks != 0);
}

/* The error has a place in the file, or in what its frame can hold. */
static void check_end(const struct file *file, size_t len)
{
	const struct container_error *error = container_error(file->container);

	if (file->end == CONTAINER_END) {
		must(file->has[CONTAINER_RECORDS] && !error->reason);
		must(file->small.manifest.bytes ==
		     file->streams[CONTAINER_RECORDS].len);
		return;
	}
	must(file->end == -EBADMSG && error->reason);
	must(error->offset <=
	     (error->in_frame ? len : FRAME_SLACK + FRAME_RATIO * len));
}

static void read_file(struct imastage_bytes bytes, size_t step,
		      struct file *ret_file)
{
	struct imastage_source source = { read_piece, &ret_file->left };
	enum container_part part;
	uint64_t len;

	*ret_file = (struct file){ .left = { bytes, step } };
	must(container_new(source, RECORDS_MAX, &ret_file->container) == 0);
	ret_file->end = container_small(ret_file->container, &ret_file->small);
	if (ret_file->end == 0)
		check_small(&ret_file->small);
	while (ret_file->end == 0) {
		ret_file->end =
			container_next(ret_file->container, &part, &len);
		if (ret_file->end == 0)
			read_stream(ret_file, part, len);
	}
	check_end(ret_file, bytes.len);
}

static void file_fini(struct file *file)
{
	container_free(file->container);
	free(file->streams[0].data);
	free(file->streams[1].data);
}

static struct imastage_bytes stream_of(const struct file *file,
				       enum container_part part)
{
	return bytes_of(file->streams[part].data, file->streams[part].len);
}

/*
 * Does the frame's end depend on how it is read? zstd says that a block is damaged with those
 * around it or before, and how well it is packed is seen between the pieces.
 */
static bool is_by_piece(const struct file *a, const struct file *b)
{
	const struct container_error *error = container_error(a->container);
	const struct container_error *other = container_error(b->container);

	if (!error->in_frame && !other->in_frame)
		return false;
	must(a->end == b->end ||
	     strstr(error->in_frame ? error->reason : other->reason,
		    "packed too well"));
	return true;
}

static void must_equal(const struct file *a, const struct file *b)
{
	const struct container_error *error = container_error(a->container);
	const struct container_error *other = container_error(b->container);

	if (is_by_piece(a, b))
		return;
	must(a->end == b->end && error->reason == other->reason);
	must(error->offset == other->offset && error->member == other->member);
	if (a->end != CONTAINER_END)
		return;
	must(!memcmp(&a->small.manifest, &b->small.manifest,
		     sizeof(a->small.manifest)));
	must(bytes_equal(a->small.msg, b->small.msg));
	must(bytes_equal(a->small.sig, b->small.sig));
	must(bytes_equal(a->small.pcrs, b->small.pcrs));
	must(bytes_equal(a->small.ak, b->small.ak));
	for (int part = 0; part < 2; part++)
		must(a->has[part] == b->has[part] &&
		     bytes_equal(stream_of(a, (enum container_part)part),
				 stream_of(b, (enum container_part)part)));
}

/* ---- writing it again --------------------------------------------------------- */

static int write_stream(void *context, struct imastage_sink sink)
{
	const struct imastage_buffer *stream = context;

	return stream->len ?
		       sink.write(sink.context, stream->data, stream->len) :
		       0;
}

static void write_again(struct file *file, bool pack)
{
	struct container_stream boot_log = {
		write_stream, &file->streams[CONTAINER_BOOT_LOG]
	};
	struct container_stream records = { write_stream,
					    &file->streams[CONTAINER_RECORDS] };
	struct imastage_buffer made = { 0 };
	struct file again;

	must(container_write(imastage_sink_buffer(&made), pack, &file->small,
			     file->has[CONTAINER_BOOT_LOG] ? &boot_log : NULL,
			     &records) == 0);
	read_file(bytes_of(made.data, made.len), SIZE_MAX, &again);
	must_equal(file, &again);
	file_fini(&again);
	free(made.data);
}

static void check(struct imastage_bytes bytes)
{
	struct file whole, split;

	read_file(bytes, SIZE_MAX, &whole);
	read_file(bytes, 7, &split);
	must_equal(&whole, &split);
	if (whole.end == CONTAINER_END) {
		write_again(&whole, false);
		write_again(&whole, true);
	}
	file_fini(&whole);
	file_fini(&split);
}

static void check_mended(struct imastage_bytes bytes)
{
	uint8_t *mended = malloc(bytes.len);

	must(mended != NULL);
	memcpy(mended, bytes.data, bytes.len);
	for (size_t at = 0; bytes.len - at >= TAR_BLOCK_LEN;
	     at += TAR_BLOCK_LEN)
		if (!memcmp(mended + at + tar_magic.offset, TAR_MAGIC,
			    tar_magic.len))
			tar_header_sum(mended + at);
	check(bytes_of(mended, bytes.len));
	free(mended);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	check(bytes_of(data, size));
	if (size >= TAR_BLOCK_LEN)
		check_mended(bytes_of(data, size));
	return 0;
}
