// SPDX-License-Identifier: MIT
/*
 * Frames of zstd: whatever is written is read again, bombs and half frames are not.
 */
#include "base/bytes.h"
#include "evidence/frame.h"
#include "lib/lists.h"
#include "lib/testing.h"

#include <errno.h>
#include <zstd.h>

#define MIB ((size_t)1 << 20)

static struct imastage_bytes bytes_of_buffer(const struct imastage_buffer *made)
{
	return bytes_of(made->data, made->len);
}

/* What our writer makes of it, given @step bytes at a time. */
static struct imastage_buffer pack(struct imastage_bytes bytes, size_t step)
{
	struct imastage_buffer made = { 0 };
	struct frame_writer *writer;

	assert_int_equal(frame_writer_new(imastage_sink_buffer(&made), &writer),
			 0);
	while (bytes.len > 0) {
		struct imastage_bytes piece = bytes_first(bytes, step);

		assert_int_equal(
			frame_writer_write(writer, piece.data, piece.len), 0);
		bytes = bytes_skip(bytes, piece.len);
	}
	assert_int_equal(frame_writer_finish(writer), 0);
	frame_writer_free(writer);
	return made;
}

/* What zstd makes of it. */
static struct imastage_buffer pack_by(struct imastage_bytes bytes,
				      int window_log, bool checksum)
{
	struct imastage_buffer made = { 0 };
	ZSTD_CCtx *zstd = ZSTD_createCCtx();

	made.capacity = ZSTD_compressBound(bytes.len);
	made.data = malloc(made.capacity);
	assert_true(zstd && made.data);
	ZSTD_CCtx_setParameter(zstd, ZSTD_c_windowLog, window_log);
	ZSTD_CCtx_setParameter(zstd, ZSTD_c_checksumFlag, checksum);
	made.len = ZSTD_compress2(zstd, made.data, made.capacity, bytes.data,
				  bytes.len);
	assert_false(ZSTD_isError(made.len));
	ZSTD_freeCCtx(zstd);
	return made;
}

struct result {
	ssize_t end; /* what reading ended with */
	uint64_t len; /* bytes that came */
	bool equal; /* they begin as what was expected */
	const char *reason; /* or NULL */
	uint64_t at;
};

static struct result unpack(struct imastage_bytes file, size_t step,
			    struct imastage_bytes expected)
{
	struct slow_source slow = { .rest = file, .step = step };
	struct result result = { .equal = true };
	static uint8_t data[5000];
	struct frame_reader *reader;

	assert_int_equal(frame_reader_new(slow_source(&slow), &reader), 0);
	while ((result.end = frame_reader_read(reader, data, sizeof(data))) >
	       0) {
		size_t n = (size_t)result.end;

		result.equal = result.equal &&
			       bytes_equal(bytes_of(data, n),
					   bytes_first(expected, n));
		expected = bytes_skip(expected, n);
		result.len += n;
	}
	assert_int_equal(frame_reader_read(reader, data, 1), result.end);
	result.reason = frame_reader_refused(reader, &result.at);
	frame_reader_free(reader);
	return result;
}

static void must_come_back(struct imastage_bytes bytes, size_t step)
{
	struct imastage_buffer made = pack(bytes, step);
	struct result result = unpack(bytes_of_buffer(&made), step, bytes);

	assert_int_equal(result.end, 0);
	assert_int_equal(result.len, bytes.len);
	assert_true(result.equal);
	assert_null(result.reason);
	free(made.data);
}

TEST(any_bytes_come_back)
{
	uint32_t seed = 5;
	struct imastage_buffer list =
		random_list(IMASTAGE_SHA1, IMASTAGE_LITTLE, 3000, &seed);

	must_come_back(bytes_of(NULL, 0), 1);
	must_come_back(bytes_of_text("a"), 1);
	must_come_back(bytes_of_buffer(&list), 1000);
	must_come_back(bytes_of_buffer(&list), 1 << 20);
	free(list.data);
}

/* Lists of one violation, time and again, are honest: they pack 5000 times by themselves. */
TEST(what_packs_too_well_comes_back)
{
	cleanup_free uint8_t *bytes = calloc(1, 24 * MIB);
	struct imastage_buffer made;

	assert_non_null(bytes);
	must_come_back(bytes_of(bytes, 24 * MIB), 24 * MIB);
	must_come_back(bytes_of(bytes, 4 * MIB), 100);
	for (size_t i = 0; i < 24 * MIB; i++)
		bytes[i] = (uint8_t)((i % 101) * 7);
	must_come_back(bytes_of(bytes, 24 * MIB), 65536);
	/* What a bomb looks like comes after: at first nothing is dense. */
	for (size_t i = 0; i < 2 * MIB; i++)
		bytes[i] = (uint8_t)(i * i >> 7 ^ i >> 3);
	must_come_back(bytes_of(bytes, 24 * MIB), 512);
	made = pack(bytes_of(bytes, 24 * MIB), 512);
	print_message("# 24 MiB take %zu bytes\n", made.len);
	free(made.data);
}

TEST(what_is_no_frame_is_as_it_is)
{
	static const char *const texts[] = { "", "a", "\x28\xb5\x2f",
					     "\x28\xb5\x2f\xfe", "imastage" };

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct imastage_bytes text = bytes_of_text(texts[i]);
		struct result result = unpack(text, 1, text);

		assert_int_equal(result.end, 0);
		assert_int_equal(result.len, text.len);
		assert_true(result.equal);
	}
}

static void must_refuse(struct imastage_bytes file, const char *reason)
{
	struct result result = unpack(file, 4096, bytes_of(NULL, 0));

	assert_int_equal(result.end, -EBADMSG);
	assert_string_equal(result.reason, reason);
	assert_true(result.at <= file.len);
}

TEST(truncated_at_every_byte)
{
	uint32_t seed = 9;
	struct imastage_buffer list =
		random_list(IMASTAGE_SHA1, IMASTAGE_LITTLE, 20, &seed);
	struct imastage_buffer made = pack(bytes_of_buffer(&list), 100);

	for (size_t len = 4; len < made.len; len++)
		must_refuse(bytes_of(made.data, len), "the frame is cut off");
	free(list.data);
	free(made.data);
}

TEST(bytes_behind_it)
{
	struct imastage_buffer made = pack(bytes_of_text("hello"), 5);
	struct imastage_sink sink = imastage_sink_buffer(&made);
	size_t len = made.len;

	for (size_t step = 1; step < 100; step += 40) {
		struct result result;

		made.len = len;
		assert_int_equal(sink.write(sink.context, "\0", 1), 0);
		result = unpack(bytes_of_buffer(&made), step,
				bytes_of_text("hello"));
		assert_int_equal(result.end, -EBADMSG);
		assert_string_equal(result.reason, "bytes follow the frame");
		assert_int_equal(result.at, len);
		assert_int_equal(result.len, 5);
	}
	/* A second frame is as bad as any other. */
	made.len = len;
	assert_int_equal(sink.write(sink.context, made.data, len), 0);
	must_refuse(bytes_of_buffer(&made), "bytes follow the frame");
	free(made.data);
}

TEST(bombs)
{
	cleanup_free uint8_t *zeros = calloc(1, 64 * MIB);
	struct imastage_buffer bomb, far;
	struct result result;

	assert_non_null(zeros);
	bomb = pack_by(bytes_of(zeros, 64 * MIB), 23, true);
	result = unpack(bytes_of_buffer(&bomb), 4096, bytes_of(NULL, 0));
	assert_int_equal(result.end, -EBADMSG);
	assert_string_equal(result.reason, "the frame is packed too well");
	assert_true(result.len <= FRAME_SLACK + FRAME_RATIO * bomb.len);
	print_message("# a bomb of %zu bytes: %llu bytes came of it\n",
		      bomb.len, (unsigned long long)result.len);
	far = pack_by(bytes_of(zeros, 64 * MIB), 24, true);
	must_refuse(bytes_of_buffer(&far), "the frame's window is above 8 MiB");
	free(bomb.data);
	free(far.data);
}

TEST(damage)
{
	struct imastage_buffer made = pack_by(bytes_of_text("hello"), 10, true);
	static const char dictionary[] =
		"\x28\xb5\x2f\xfd\x21\x07\x05\x29\0\0hello";

	made.data[made.len - 1] ^= 1;
	must_refuse(bytes_of_buffer(&made), "the frame's checksum is wrong");
	made.data[4] |= 8; /* a reserved bit */
	must_refuse(bytes_of_buffer(&made), "the frame is damaged");
	must_refuse(bytes_of(dictionary, sizeof(dictionary) - 1),
		    "the frame needs a dictionary");
	free(made.data);
}

static int put_limited(void *context, const void *data, size_t len)
{
	size_t *left = context;

	(void)data;
	if (len > *left)
		return -ENOSPC;
	*left -= len;
	return 0;
}

TEST(errors_are_passed_on)
{
	struct imastage_buffer made = pack(bytes_of_text("hello"), 5);
	size_t left = 10;
	const struct imastage_sink sink = { put_limited, &left };
	struct frame_writer *writer;

	for (size_t len = 0; len <= made.len; len++) {
		struct slow_source slow = { .rest = { made.data, len },
					    .step = 100,
					    .error = -EIO };
		struct frame_reader *reader;
		uint8_t data[100];
		uint64_t at;
		ssize_t n;

		assert_int_equal(frame_reader_new(slow_source(&slow), &reader),
				 0);
		while ((n = frame_reader_read(reader, data, 100)) > 0)
			;
		assert_int_equal(n, -EIO);
		assert_null(frame_reader_refused(reader, &at));
		frame_reader_free(reader);
	}
	assert_int_equal(frame_writer_new(sink, &writer), 0);
	assert_int_equal(frame_writer_write(writer, "hello", 5), 0);
	assert_int_equal(frame_writer_finish(writer), -ENOSPC);
	frame_writer_free(writer);
	free(made.data);
}

TEST_MAIN(cmocka_unit_test(any_bytes_come_back),
	  cmocka_unit_test(what_packs_too_well_comes_back),
	  cmocka_unit_test(what_is_no_frame_is_as_it_is),
	  cmocka_unit_test(truncated_at_every_byte),
	  cmocka_unit_test(bytes_behind_it), cmocka_unit_test(bombs),
	  cmocka_unit_test(damage), cmocka_unit_test(errors_are_passed_on))
