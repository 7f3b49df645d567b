// SPDX-License-Identifier: MIT
/*
 * Fuzz target: a file that may be compressed. What begins like zstd is refused
 * or decompressed, what does not comes through as it is; and what zstd makes of
 * any bytes comes out as these.
 */
#include "base/bytes.h"
#include "list/inflate.h"
#include "fuzz/promises.h"

#include <errno.h>
#include <stdlib.h>
#include <zstd.h>

#define OUTPUT_MAX ((size_t)1 << 16) /* of a bomb no more is looked at */

static struct imastage_bytes rest; /* of the file */
static size_t piece_len;

static ssize_t read_piece(int fd, void *data, size_t len)
{
	struct imastage_bytes piece =
		bytes_first(rest, len < piece_len ? len : piece_len);

	(void)fd;
	if (piece.len > 0)
		memcpy(data, piece.data, piece.len);
	rest = bytes_skip(rest, piece.len);
	return (ssize_t)piece.len;
}

/* All of it, or OUTPUT_MAX bytes. 0, or what it ended with. */
static ssize_t inflate_all(struct imastage_bytes file, size_t piece,
			   struct imastage_buffer *out)
{
	struct imastage_sink sink = imastage_sink_buffer(out);
	uint8_t data[4096];
	struct inflate *inflate;
	ssize_t n = 0;

	rest = file;
	piece_len = piece;
	must(inflate_new(read_piece, &inflate) == 0);
	while (out->len < OUTPUT_MAX &&
	       (n = inflate_read(inflate, 0, data, sizeof(data))) > 0) {
		must((size_t)n <= sizeof(data));
		must(sink.write(sink.context, data, (size_t)n) == 0);
	}
	inflate_free(inflate);
	return out->len < OUTPUT_MAX ? n : 0;
}

static void check_as_it_is(struct imastage_bytes file)
{
	struct imastage_buffer whole = { 0 }, split = { 0 };
	bool packed = file.len >= 4 &&
		      !memcmp(file.data, "\x28\xb5\x2f\xfd", 4);
	ssize_t r = inflate_all(file, SIZE_MAX, &whole);
	ssize_t s = inflate_all(file, 3, &split);
	struct imastage_bytes a = bytes_of(whole.data, whole.len);
	struct imastage_bytes b = bytes_of(split.data, split.len);
	size_t shorter = a.len < b.len ? a.len : b.len;

	must(r == s);
	/* How much comes before damage is noticed, or is enough, depends on the
	 * pieces. */
	must(r < 0 || shorter >= OUTPUT_MAX || a.len == b.len);
	must(bytes_equal(bytes_first(a, shorter), bytes_first(b, shorter)));
	if (packed)
		must(r == 0 || r == -EBADMSG || r == -ENODATA || r == -EFBIG);
	else
		must(r == 0 &&
		     bytes_equal(bytes_of(whole.data, whole.len), file));
	free(whole.data);
	free(split.data);
}

static void check_packed(struct imastage_bytes file)
{
	size_t capacity = ZSTD_compressBound(file.len);
	struct imastage_buffer out = { 0 };
	uint8_t *packed = malloc(capacity);
	size_t len;

	must(packed != NULL);
	len = ZSTD_compress(packed, capacity, file.data, file.len, 1);
	must(!ZSTD_isError(len));
	must(inflate_all(bytes_of(packed, len), 7, &out) == 0);
	must(bytes_equal(bytes_of(out.data, out.len), file));
	free(packed);
	free(out.data);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	check_as_it_is(bytes_of(data, size));
	if (size < OUTPUT_MAX)
		check_packed(bytes_of(data, size));
	return 0;
}
