// SPDX-License-Identifier: MIT
/*
 * Tars of known members: what is written is read, and nothing else is.
 */
#include "base/bytes.h"
#include "evidence/tar_read.h"
#include "evidence/tar_write.h"
#include "lib/lists.h"
#include "lib/testing.h"

#include <errno.h>

static const struct tar_member members[] = {
	{ "a", 0, false },
	{ "b", 3000, false },
	{ "c", 4, true },
	{ "d", TAR_SIZE_MAX, false },
};

#define BLOCK TAR_BLOCK_LEN
#define AT_B BLOCK /* the header of b; a has no bytes */
#define AT_C (AT_B + BLOCK + 2 * BLOCK)
#define AT_D (AT_C + BLOCK + BLOCK)
#define AT_END (AT_D + BLOCK + BLOCK)
#define LEN (AT_END + 2 * BLOCK)

static uint8_t b[600];

static void put(struct tar_writer *writer, const char *name, const void *data,
		size_t len)
{
	assert_int_equal(tar_writer_member(writer, name, len), 0);
	for (size_t i = 0; i < len; i += 7)
		assert_int_equal(tar_writer_put(writer,
						(const uint8_t *)data + i,
						len - i < 7 ? len - i : 7),
				 0);
}

/* a, b with 600 bytes, c with 4, d with 1; *ret_tar has LEN bytes. */
static void make(uint8_t ret_tar[LEN])
{
	struct imastage_buffer made = { 0 };
	struct tar_writer writer;

	memset(b, 0xbb, sizeof(b));
	tar_writer_init(&writer, imastage_sink_buffer(&made));
	put(&writer, "a", "", 0);
	put(&writer, "b", b, sizeof(b));
	put(&writer, "c", "cccc", 4);
	put(&writer, "d", "d", 1);
	assert_int_equal(tar_writer_finish(&writer), 0);
	assert_int_equal(made.len, LEN);
	memcpy(ret_tar, made.data, LEN);
	free(made.data);
}

/* Reads all of it. What ended that, with *ret_error. */
static int read_tar(struct imastage_bytes tar, size_t step, size_t ret_sizes[4],
		    struct tar_error *ret_error)
{
	struct slow_source slow = { .rest = tar, .step = step };
	struct tar_reader reader;
	uint8_t data[100];
	uint64_t size;
	size_t member;
	ssize_t n;
	int r;

	memset(ret_sizes, 0, 4 * sizeof(*ret_sizes));
	tar_reader_init(&reader, slow_source(&slow), members, 4);
	while ((r = tar_reader_next(&reader, &member, &size)) == 0)
		while ((n = tar_reader_read(&reader, data, sizeof(data))) > 0)
			ret_sizes[member] += (size_t)n;
	*ret_error = reader.error;
	assert_int_equal(tar_reader_next(&reader, &member, &size), r);
	return r;
}

static void must_refuse(struct imastage_bytes tar, uint64_t offset,
			const char *member, const char *reason)
{
	struct tar_error error;
	size_t sizes[4];

	assert_int_equal(read_tar(tar, 4096, sizes, &error), -EBADMSG);
	assert_string_equal(error.reason, reason);
	assert_int_equal(error.offset, offset);
	if (member)
		assert_string_equal(error.member, member);
	else
		assert_null(error.member);
}

TEST(what_is_written_is_read)
{
	static const size_t steps[] = { 1, 3, 511, 512, 4096 };
	struct tar_error error;
	uint8_t tar[LEN];
	size_t sizes[4];

	make(tar);
	for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
		assert_int_equal(read_tar(bytes_of(tar, LEN), steps[i], sizes,
					  &error),
				 TAR_END);
		assert_int_equal(sizes[1], 600);
		assert_int_equal(sizes[2], 4);
		assert_int_equal(sizes[3], 1);
	}
}

/* As GNU tar writes it since version 1.35: both numbers, or none of them. */
TEST(without_numbers_of_a_device)
{
	struct tar_error error;
	uint8_t tar[LEN];
	size_t sizes[4];

	make(tar);
	memset(tar + AT_B + TAR_DEVICE, 0, TAR_DEVICE_LEN);
	tar_header_sum(tar + AT_B);
	assert_int_equal(read_tar(bytes_of(tar, LEN), 4096, sizes, &error),
			 TAR_END);
	assert_int_equal(sizes[1], 600);
	memcpy(tar + AT_B + TAR_DEVICE, "0000000", 8);
	tar_header_sum(tar + AT_B);
	must_refuse(bytes_of(tar, LEN), AT_B + TAR_DEVICE + 8, "b",
		    "the minor number is not 0");
}

TEST(what_is_not_read_is_passed_over)
{
	struct slow_source slow = { .step = 100 };
	struct tar_reader reader;
	uint8_t tar[LEN], data[4];
	uint64_t size;
	size_t member;

	make(tar);
	slow.rest = bytes_of(tar, LEN);
	tar_reader_init(&reader, slow_source(&slow), members, 4);
	for (size_t i = 0; i < 4; i++) {
		assert_int_equal(tar_reader_next(&reader, &member, &size), 0);
		assert_int_equal(member, i);
	}
	assert_int_equal(tar_reader_read(&reader, data, 4), 1);
	assert_int_equal(data[0], 'd');
	assert_int_equal(tar_reader_next(&reader, &member, &size), TAR_END);
}

TEST(truncated_at_every_byte)
{
	struct tar_error error;
	uint8_t tar[LEN];
	size_t sizes[4];

	make(tar);
	for (size_t len = 0; len < LEN; len++) {
		assert_int_equal(read_tar(bytes_of(tar, len), 4096, sizes,
					  &error),
				 -EBADMSG);
		assert_int_equal(error.offset, len);
		assert_string_equal(error.reason, "the file ends too early");
	}
}

/* Each bit of it counts, but for the contents. */
TEST(every_bit_altered)
{
	struct tar_error error;
	uint8_t tar[LEN];
	size_t sizes[4];

	make(tar);
	for (size_t at = 0; at < LEN; at++) {
		bool content =
			(at >= AT_B + BLOCK && at < AT_B + BLOCK + 600) ||
			(at >= AT_C + BLOCK && at < AT_C + BLOCK + 4) ||
			at == AT_D + BLOCK;

		for (unsigned int bit = 0; bit < 8; bit++) {
			tar[at] ^= (uint8_t)(1u << bit);
			assert_int_equal(read_tar(bytes_of(tar, LEN), 4096,
						  sizes, &error),
					 content ? TAR_END : -EBADMSG);
			tar[at] ^= (uint8_t)(1u << bit);
		}
	}
}

/* With the header's checksum right. */
static void alter(size_t header, size_t at, const char *text, size_t len,
		  const char *member, const char *reason)
{
	uint8_t tar[LEN];

	make(tar);
	memcpy(tar + header + at, text, len);
	tar_header_sum(tar + header);
	must_refuse(bytes_of(tar, LEN), header + at, member, reason);
}

#define ALTER(at, text, member, reason) \
	alter(AT_B, at, text, sizeof(text) - 1, member, reason)

TEST(each_field_of_a_header)
{
	for (size_t i = 0; i < tar_nr_fields; i++)
		alter(AT_B, tar_fields[i].offset, "7", 1, "b",
		      tar_fields[i].otherwise);
	ALTER(100, "0000755", "b", "the mode is not 0644");
	ALTER(100, "0004644", "b", "the mode is not 0644");
	ALTER(108, "0001750", "b", "the uid is not 0");
	ALTER(265, "root", "b", "it has a user name");
	ALTER(345, "..", "b", "it has a name prefix");
	ALTER(257, "ustar  ", NULL, "it is not a ustar header");
	ALTER(257, "\0\0\0\0\0\0\0", NULL, "it is not a ustar header");
}

/* Links, devices, folders, pipes, GNU's and pax's own: all but a regular file. */
TEST(kinds_of_members)
{
	for (unsigned int type = 0; type < 256; type++) {
		const char byte = (char)type;

		if (byte != '0')
			alter(AT_B, 156, &byte, 1, "b",
			      "it is not a regular file");
	}
}

TEST(names)
{
	static const char *const names[] = {
		"/b",
		"./b",
		"../b",
		"b/",
		"B",
		"bb",
		"b ",
		"..",
		"b\n",
		".",
		"/etc/b",
		"a/../b",
		"e",
		"\xff",
		"././@LongLink",
		"./././@PaxHeader",
	};
	static const char text[] = "the name is no member's";

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		uint8_t tar[LEN];

		make(tar);
		tar_header_make(names[i], 600, tar + AT_B);
		must_refuse(bytes_of(tar, LEN), AT_B, NULL, text);
	}
	alter(AT_B, 0, "\0", 1, NULL, text);
	alter(AT_B, 0, "b\0b", 3, NULL, text);
}

TEST(sizes)
{
	static const char octal[] = "the size is not 11 octal digits";
	static const char large[] = "the member is larger than it may be";

	ALTER(124, "00000005671\0", "b", large); /* 3001 */
	ALTER(124, "77777777777\0", "b", large);
	ALTER(124, "777777777777", "b", octal);
	ALTER(124, "\x80\0\0\0\0\0\0\0\0\0\x02\x58", "b", octal); /* base-256 */
	ALTER(124, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", "b",
	      octal);
	ALTER(124, "       1130\0", "b", octal);
	ALTER(124, "1130\0\0\0\0\0\0\0\0", "b", octal);
	ALTER(124, "0000000113 \0", "b", octal);
	ALTER(124, "-0000000001\0", "b", octal);
	ALTER(124, "00000001138\0", "b", octal);
	ALTER(124, "00000001130 ", "b", octal);
}

/* A size that lies makes contents of headers, or headers of contents. */
TEST(sizes_that_lie)
{
	uint8_t tar[LEN];

	make(tar);
	tar_header_make("b", 100, tar + AT_B);
	must_refuse(bytes_of(tar, LEN), AT_B + BLOCK + 100, "b",
		    "bytes behind the member are not zeros");
	tar_header_make("b", 512, tar + AT_B);
	must_refuse(bytes_of(tar, LEN), AT_B + 2 * BLOCK + tar_magic.offset,
		    NULL, "it is not a ustar header");
	/* What b swallows is missing: c may be, d may not. */
	tar_header_make("b", 2570, tar + AT_B);
	must_refuse(bytes_of(tar, LEN), AT_END, "d",
		    "the member is missing here");
	/* Up to 8 GiB that are not there. */
	make(tar);
	tar_header_make("d", TAR_SIZE_MAX, tar + AT_D);
	must_refuse(bytes_of(tar, LEN), LEN, "d", "the file ends too early");
}

/* Tars of these members, by their letters, each as long as it may be without bytes. */
static void order(const char *letters, size_t at, const char *member,
		  const char *reason)
{
	struct imastage_buffer made = { 0 };
	struct tar_error error;
	struct tar_writer writer;
	size_t sizes[4];
	int r;

	tar_writer_init(&writer, imastage_sink_buffer(&made));
	for (const char *letter = letters; *letter; letter++) {
		const char name[] = { *letter, '\0' };

		assert_int_equal(tar_writer_member(&writer, name, 0), 0);
	}
	assert_int_equal(tar_writer_finish(&writer), 0);
	r = read_tar(bytes_of(made.data, made.len), 4096, sizes, &error);
	assert_int_equal(r, reason ? -EBADMSG : TAR_END);
	if (reason) {
		assert_string_equal(error.reason, reason);
		assert_string_equal(error.member, member);
		assert_int_equal(error.offset, at * BLOCK);
	}
	free(made.data);
}

TEST(order_and_number)
{
	static const char missing[] = "the member is missing here";
	static const char again[] =
		"the member is there twice, or out of order";

	order("abcd", 0, NULL, NULL);
	order("abd", 0, NULL, NULL);
	order("", 0, "a", missing);
	order("bcd", 0, "a", missing);
	order("acd", 1, "b", missing);
	order("abc", 3, "d", missing);
	order("aabcd", 1, "a", again);
	order("abbcd", 2, "b", again);
	order("abccd", 3, "c", again);
	order("abcdd", 4, "d", again);
	order("abdc", 3, "c", again);
	order("abcda", 4, "a", again);
}

TEST(the_end)
{
	uint8_t tar[LEN + 1] = { 0 };

	make(tar);
	must_refuse(bytes_of(tar, LEN + 1), LEN, NULL, "bytes follow the end");
	tar[LEN - 1] = 1;
	must_refuse(bytes_of(tar, LEN), LEN - 1, NULL,
		    "the second block of the end is not zeros");
	/* One block of zeros alone, then a member. */
	make(tar);
	tar_header_make("d", 0, tar + AT_END + BLOCK);
	must_refuse(bytes_of(tar, LEN), AT_END + BLOCK, NULL,
		    "the second block of the end is not zeros");
}

TEST(errors_of_the_source_are_passed_on)
{
	for (size_t len = 0; len <= LEN; len += 100) {
		struct slow_source slow = { .step = 512, .error = -EIO };
		struct tar_reader reader;
		uint8_t tar[LEN];
		uint64_t size;
		size_t member;
		int r;

		make(tar);
		slow.rest = bytes_of(tar, len < LEN ? len : LEN);
		tar_reader_init(&reader, slow_source(&slow), members, 4);
		do
			r = tar_reader_next(&reader, &member, &size);
		while (r == 0);
		assert_int_equal(r, -EIO);
		assert_null(reader.error.reason);
	}
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

TEST(what_a_writer_refuses)
{
	char name[TAR_NAME_MAX + 2] = { 0 };
	size_t left = 2 * BLOCK;
	const struct imastage_sink sink = { put_limited, &left };
	struct tar_writer writer;

	memset(name, 'n', TAR_NAME_MAX + 1);
	tar_writer_init(&writer, sink);
	assert_int_equal(tar_writer_member(&writer, name, 1), -ENAMETOOLONG);
	assert_int_equal(tar_writer_member(&writer, "a", TAR_SIZE_MAX + 1),
			 -EFBIG);
	name[TAR_NAME_MAX] = '\0';
	assert_int_equal(tar_writer_member(&writer, name, TAR_SIZE_MAX), 0);
	assert_int_equal(left, BLOCK);
	assert_int_equal(tar_writer_put(&writer, b, 500), 0);
	assert_int_equal(tar_writer_member(&writer, "b", 0), -EINVAL);
	assert_int_equal(tar_writer_finish(&writer), -EINVAL);
	assert_int_equal(tar_writer_put(&writer, b, 13), -ENOSPC);
	tar_writer_init(&writer, sink);
	left = 3 * BLOCK;
	assert_int_equal(tar_writer_member(&writer, "a", 5), 0);
	assert_int_equal(tar_writer_put(&writer, b, 6), -EINVAL);
	assert_int_equal(tar_writer_put(&writer, b, 5), 0);
	assert_int_equal(left, BLOCK);
	assert_int_equal(tar_writer_finish(&writer), -ENOSPC);
}

TEST_MAIN(cmocka_unit_test(what_is_written_is_read),
	  cmocka_unit_test(without_numbers_of_a_device),
	  cmocka_unit_test(what_is_not_read_is_passed_over),
	  cmocka_unit_test(truncated_at_every_byte),
	  cmocka_unit_test(every_bit_altered),
	  cmocka_unit_test(each_field_of_a_header),
	  cmocka_unit_test(kinds_of_members), cmocka_unit_test(names),
	  cmocka_unit_test(sizes), cmocka_unit_test(sizes_that_lie),
	  cmocka_unit_test(order_and_number), cmocka_unit_test(the_end),
	  cmocka_unit_test(errors_of_the_source_are_passed_on),
	  cmocka_unit_test(what_a_writer_refuses))
