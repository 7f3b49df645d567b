// SPDX-License-Identifier: MIT
/*
 * The reader: pieces of any size, limits, detection, every truncation in every
 * format, and what ASCII does not tell.
 */
#include "base/bytes.h"
#include "lib/listbuilder.h"
#include "lib/lists.h"
#include "lib/testing.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/wait.h>

static const enum imastage_format formats[] = { IMASTAGE_FORMAT_BINARY,
						IMASTAGE_FORMAT_ASCII,
						IMASTAGE_FORMAT_CEL_JSON,
						IMASTAGE_FORMAT_CEL_TLV };

/* Records @nr as @format, of the sha256 bank. */
static struct imastage_buffer list_as(enum imastage_format format,
				      unsigned int nr, uint32_t seed)
{
	struct imastage_reader_options from = {
		.format = IMASTAGE_FORMAT_BINARY,
		.bank = IMASTAGE_SHA256,
	};
	struct imastage_writer_options to = {
		.format = format,
		.bank = IMASTAGE_SHA256,
		.banks = 1u << IMASTAGE_SHA256,
	};
	struct imastage_buffer list =
		random_list(IMASTAGE_SHA256, IMASTAGE_LITTLE, nr, &seed);
	struct imastage_buffer made = { 0 };

	assert_int_equal(convert_list(bytes_of(list.data, list.len), &from, &to,
				      &made),
			 IMASTAGE_END);
	free(list.data);
	return made;
}

/* Reads to the end; returns its reason and how many records there were. */
static int read_all(struct imastage_reader *reader, uint64_t *ret_nr)
{
	struct imastage_record record;
	int r;

	*ret_nr = 0;
	while ((r = imastage_reader_next(reader, &record)) == 0)
		++*ret_nr;
	return r;
}

TEST(pieces_of_any_size_make_the_same_records)
{
	static const size_t steps[] = { 1, 2, 7, 100, 65535, 65536, 1 << 20 };

	for (size_t i = 0; i < ARRAY_SIZE(formats) * ARRAY_SIZE(steps); i++) {
		struct imastage_reader_options options = {
			.format = formats[i % 4], .bank = IMASTAGE_SHA256
		};
		struct imastage_buffer list = list_as(options.format, 40, 9);
		struct slow_source source = {
			.rest = bytes_of(list.data, list.len),
			.step = steps[i / 4],
		};
		struct imastage_reader *reader;
		uint64_t nr;

		assert_int_equal(imastage_reader_new(slow_source(&source),
						     &options, &reader),
				 0);
		assert_int_equal(read_all(reader, &nr), IMASTAGE_END);
		assert_int_equal(nr, 40);
		assert_int_equal(imastage_reader_index(reader), 40);
		imastage_reader_free(reader);
		free(list.data);
	}
}

/* What the kernel's list would be, cut off after @len bytes. */
static void check_cut(const struct imastage_buffer *list, size_t len,
		      const struct imastage_reader_options *options)
{
	/* On the heap, so that the sanitizer sees any step beyond. */
	uint8_t *copy = malloc(len ? len : 1);
	struct imastage_reader *reader;
	uint64_t nr;
	int r;

	assert_non_null(copy);
	memcpy(copy, list->data, len);
	assert_int_equal(imastage_reader_new_memory(bytes_of(copy, len),
						    options, &reader),
			 0);
	r = read_all(reader, &nr);
	assert_true(nr <= 4 && (nr < 4 || len + 3 >= list->len));
	if (r != IMASTAGE_END) {
		assert_int_equal(r, -ENODATA);
		assert_non_null(imastage_reader_error(reader)->reason);
		assert_int_equal(imastage_reader_error(reader)->index, nr);
		assert_true(imastage_reader_error(reader)->offset <= len);
	}
	imastage_reader_free(reader);
	free(copy);
}

TEST(every_truncation_of_every_format)
{
	for (size_t i = 0; i < ARRAY_SIZE(formats); i++) {
		struct imastage_reader_options options = {
			.format = formats[i], .bank = IMASTAGE_SHA256
		};
		struct imastage_buffer list = list_as(options.format, 4, 3);

		for (size_t len = 0; len < list.len; len++)
			check_cut(&list, len, &options);
		free(list.data);
	}
}

TEST(lists_are_detected)
{
	for (enum imastage_bank bank = 0; bank < IMASTAGE_NR_BANKS; bank++) {
		for (int big = 0; big < 2; big++) {
			struct imastage_reader_options found = { .first_index =
									 77 };
			enum imastage_endian endian = big ? IMASTAGE_BIG :
							    IMASTAGE_LITTLE;
			uint32_t seed = 4;
			struct imastage_buffer list =
				random_list(bank, endian, 3, &seed);

			assert_int_equal(
				imastage_detect(bytes_of(list.data, list.len),
						&found),
				0);
			assert_int_equal(found.format, IMASTAGE_FORMAT_BINARY);
			assert_int_equal(found.bank, bank);
			assert_int_equal(found.endian, endian);
			assert_int_equal(found.first_index, 77);
			free(list.data);
		}
	}
}

/* Byte by byte: nothing is said before enough is there. */
TEST(a_reader_detects_while_it_reads)
{
	for (size_t i = 0; i < ARRAY_SIZE(formats); i++) {
		struct imastage_buffer list = list_as(formats[i], 5, 8);
		struct slow_source source = {
			.rest = bytes_of(list.data, list.len), .step = 1
		};
		const struct imastage_reader_options *options;
		struct imastage_reader *reader;
		uint64_t nr;

		assert_int_equal(imastage_reader_new(slow_source(&source), NULL,
						     &reader),
				 0);
		assert_int_equal(read_all(reader, &nr), IMASTAGE_END);
		assert_int_equal(nr, 5);
		options = imastage_reader_get_options(reader);
		assert_int_equal(options->format, formats[i]);
		assert_int_equal(options->bank, IMASTAGE_SHA256);
		imastage_reader_free(reader);
		free(list.data);
	}
}

TEST(a_long_first_record_is_detected)
{
	static const uint8_t head[] = "\x0a\0\0\0"
				      "11111111111111111111"
				      "\x07\0\0\0ima-buf\x10\0\x20\0"
				      "\x02\0\0\0:\0\x02\0\0\0n\0";
	size_t head_len = sizeof(head) - 1, len = head_len + 4 + 0x200000;
	cleanup_free uint8_t *list = calloc(1, len);
	struct slow_source slow = { { list, len }, 100000, 0 };
	struct imastage_reader *reader;
	struct imastage_record record;

	assert_non_null(list);
	memcpy(list, head, head_len);
	list[head_len + 2] = 0x20;
	assert_int_equal(imastage_reader_new(slow_source(&slow), NULL, &reader),
			 0);
	assert_int_equal(imastage_reader_next(reader, &record), 0);
	assert_int_equal(record.raw.len, len);
	imastage_reader_free(reader);
}

/* clang-format off */
#define TEXT(text) { (const uint8_t *)(text), sizeof(text) - 1 }
/* clang-format on */

TEST(what_is_no_list_is_not_detected)
{
	static const struct {
		struct imastage_bytes text;
		const char *reason;
	} cases[] = {
		{ TEXT("hello world\n"), "not a measurement list" },
		{ TEXT("\n"), "not a measurement list" },
		{ TEXT("\177ELF"), "not a measurement list" },
		{ TEXT("1"), "not a measurement list" },
		{ TEXT("2026-11-28 a log\n"), "not a measurement list" },
		{ TEXT("10 xx"), "no template digest of the list's bank" },
		{ TEXT("{}"), "no record of CEL" },
		{ TEXT("[1]"), "not an array of objects" },
		{ TEXT("\xff\xfe"
		       "1\0"
		       "0\0 \0"),
		  "text in UTF-16; convert it to UTF-8 first" },
	};
	struct imastage_reader_options options = { 0 };
	struct imastage_reader *reader;
	uint64_t nr;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_int_equal(imastage_detect(cases[i].text, &options),
				 -EBADMSG);
		assert_int_equal(imastage_reader_new_memory(cases[i].text, NULL,
							    &reader),
				 0);
		assert_int_equal(read_all(reader, &nr), -EBADMSG);
		assert_string_equal(imastage_reader_error(reader)->reason,
				    cases[i].reason);
		imastage_reader_free(reader);
	}
}

TEST(nothing_is_an_empty_list)
{
	static const struct {
		enum imastage_format format;
		const char *text;
	} cases[] = {
		{ IMASTAGE_FORMAT_DETECT, "" },
		{ IMASTAGE_FORMAT_BINARY, "" },
		{ IMASTAGE_FORMAT_ASCII, "" },
		{ IMASTAGE_FORMAT_CEL_TLV, "" },
		{ IMASTAGE_FORMAT_CEL_JSON, "" },
		{ IMASTAGE_FORMAT_CEL_JSON, "[]\n" },
		{ IMASTAGE_FORMAT_DETECT, " [ ] " },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct imastage_reader_options options = {
			.format = cases[i].format
		};
		struct imastage_reader *reader;
		uint64_t nr;

		assert_int_equal(
			imastage_reader_new_memory(bytes_of_text(cases[i].text),
						   &options, &reader),
			0);
		assert_int_equal(read_all(reader, &nr), IMASTAGE_END);
		assert_int_equal(read_all(reader, &nr), IMASTAGE_END);
		assert_int_equal(nr, 0);
		imastage_reader_free(reader);
	}
}

TEST(options_without_sense_are_refused)
{
	static const struct imastage_reader_options bad[] = {
		{ .format = IMASTAGE_FORMAT_CEL_TLV + 1 },
		{ .bank = IMASTAGE_NR_BANKS },
		{ .endian = 2 },
	};
	struct imastage_reader *reader = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		assert_int_equal(imastage_reader_new_memory(bytes_of(NULL, 0),
							    &bad[i], &reader),
				 -EINVAL);
		assert_int_equal(imastage_reader_new_fd(0, &bad[i], &reader),
				 -EINVAL);
	}
	assert_null(reader);
}

/* An ima-buf record with @len bytes of buf, sha1, without a right digest. */
static struct imastage_buffer long_record(size_t len)
{
	struct imastage_buffer list = { 0 };
	struct imastage_sink sink = imastage_sink_buffer(&list);
	static const uint8_t head[] = "\x0a\0\0\0"
				      "aaaaaaaaaaaaaaaaaaaa"
				      "\7\0\0\0"
				      "ima-buf";
	uint8_t fields[] = "\0\0\0\0"
			   "\3\0\0\0"
			   "s:\0"
			   "\2\0\0\0"
			   "n\0"
			   "\0\0\0\0";
	uint32_t total = (uint32_t)(sizeof(fields) - 1 - 4 + len);
	uint32_t buf_len = (uint32_t)len;
	uint8_t *buf = calloc(1, len);

	assert_non_null(buf);
	memcpy(fields, &total, 4);
	memcpy(fields + sizeof(fields) - 5, &buf_len, 4);
	assert_int_equal(sink.write(sink.context, head, sizeof(head) - 1), 0);
	assert_int_equal(sink.write(sink.context, fields, sizeof(fields) - 1),
			 0);
	assert_int_equal(sink.write(sink.context, buf, len), 0);
	free(buf);
	return list;
}

TEST(records_of_megabytes)
{
	struct imastage_buffer list = long_record(3 << 20);
	struct imastage_reader_options options = {
		.format = IMASTAGE_FORMAT_BINARY
	};
	struct imastage_reader_options ascii = {
		.format = IMASTAGE_FORMAT_ASCII
	};
	struct imastage_writer_options to = { .format = IMASTAGE_FORMAT_ASCII };
	struct imastage_writer_options back = {
		.format = IMASTAGE_FORMAT_BINARY
	};
	struct imastage_buffer text = { 0 }, again = { 0 };
	struct slow_source source = { .rest = bytes_of(list.data, list.len),
				      .step = 4096 };
	struct imastage_reader *reader;
	struct imastage_record record;

	assert_int_equal(imastage_reader_new(slow_source(&source), &options,
					     &reader),
			 0);
	assert_int_equal(imastage_reader_next(reader, &record), 0);
	assert_int_equal(record.raw.len, list.len);
	imastage_reader_free(reader);

	assert_int_equal(convert_list(bytes_of(list.data, list.len), &options,
				      &to, &text),
			 IMASTAGE_END);
	assert_int_equal(convert_list(bytes_of(text.data, text.len), &ascii,
				      &back, &again),
			 IMASTAGE_END);
	assert_true(bytes_equal(bytes_of(again.data, again.len),
				bytes_of(list.data, list.len)));
	free(list.data);
	free(text.data);
	free(again.data);
}

static void check_too_long(struct imastage_reader *reader)
{
	uint64_t nr;

	assert_int_equal(read_all(reader, &nr), -EMSGSIZE);
	assert_int_equal(nr, 0);
	assert_string_equal(imastage_reader_error(reader)->reason,
			    "record is longer than the limit");
	imastage_reader_free(reader);
}

TEST(a_record_above_the_limit_is_refused)
{
	struct imastage_reader_options options = {
		.format = IMASTAGE_FORMAT_BINARY, .max_record_len = 100000
	};
	struct imastage_buffer list = long_record(100000);
	struct imastage_bytes bytes = bytes_of(list.data, list.len);
	struct slow_source source = { .rest = bytes, .step = 1000 };
	struct imastage_reader *reader;
	uint64_t nr;

	assert_int_equal(imastage_reader_new_memory(bytes, &options, &reader),
			 0);
	check_too_long(reader);
	assert_int_equal(imastage_reader_new(slow_source(&source), &options,
					     &reader),
			 0);
	check_too_long(reader);

	options.max_record_len = list.len;
	assert_int_equal(imastage_reader_new_memory(bytes, &options, &reader),
			 0);
	assert_int_equal(read_all(reader, &nr), IMASTAGE_END);
	assert_int_equal(nr, 1);
	imastage_reader_free(reader);
	free(list.data);
}

TEST(errors_of_the_source_are_forwarded)
{
	struct imastage_buffer list = list_as(IMASTAGE_FORMAT_BINARY, 5, 6);
	struct imastage_reader_options options = {
		.format = IMASTAGE_FORMAT_BINARY,
		.bank = IMASTAGE_SHA256,
		.first_index = 1000,
	};
	struct slow_source source = { .rest = bytes_of(list.data, list.len),
				      .step = 9,
				      .error = -EBUSY };
	struct imastage_reader *reader;
	uint64_t nr;

	assert_int_equal(imastage_reader_new(slow_source(&source), &options,
					     &reader),
			 0);
	assert_int_equal(read_all(reader, &nr), -EBUSY);
	assert_int_equal(nr, 5);
	assert_int_equal(imastage_reader_error(reader)->index, 1005);
	assert_int_equal(imastage_reader_error(reader)->offset, list.len);
	assert_int_equal(read_all(reader, &nr), -EBUSY);
	imastage_reader_free(reader);
	free(list.data);
}

TEST(reads_from_a_pipe)
{
	struct imastage_buffer list = list_as(IMASTAGE_FORMAT_ASCII, 300, 2);
	struct imastage_reader *reader;
	int ends[2], status;
	uint64_t nr;
	pid_t child;

	assert_int_equal(pipe(ends), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		close(ends[0]);
		_exit(write(ends[1], list.data, list.len) != (ssize_t)list.len);
	}
	close(ends[1]);
	assert_int_equal(imastage_reader_new_fd(ends[0], NULL, &reader), 0);
	assert_int_equal(read_all(reader, &nr), IMASTAGE_END);
	assert_int_equal(nr, 300);
	assert_int_equal(imastage_reader_offset(reader), list.len);
	imastage_reader_free(reader);
	close(ends[0]);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	free(list.data);
}

/*
 * A violation has no digest to tell where its name ends. Of two readings the
 * first is taken: this is what imastage/reader.h says cannot be told.
 */
TEST(a_violations_name_that_looks_like_a_record)
{
	static const char text[] =
		"10 0000000000000000000000000000000000000000 ima-ng s:00 /a\n"
		"10 5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a ima-ng s:a5 /b\n"
		"10 0000000000000000000000000000000000000000 ima-ng s:00 /c\n"
		"d\n";
	struct imastage_reader_options options = {
		.format = IMASTAGE_FORMAT_ASCII
	};
	static const char *const names[] = { "/a", "/b", "/c\nd" };
	struct imastage_reader *reader;
	struct imastage_record record;
	struct imastage_bytes name;

	assert_int_equal(imastage_reader_new_memory(bytes_of_text(text),
						    &options, &reader),
			 0);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(imastage_reader_next(reader, &record), 0);
		assert_int_equal(imastage_record_event_name(&record, &name), 0);
		assert_true(bytes_equal_text(name, names[i]));
	}
	assert_int_equal(imastage_reader_next(reader, &record), IMASTAGE_END);
	imastage_reader_free(reader);
}

TEST_MAIN(cmocka_unit_test(pieces_of_any_size_make_the_same_records),
	  cmocka_unit_test(every_truncation_of_every_format),
	  cmocka_unit_test(lists_are_detected),
	  cmocka_unit_test(a_reader_detects_while_it_reads),
	  cmocka_unit_test(a_long_first_record_is_detected),
	  cmocka_unit_test(what_is_no_list_is_not_detected),
	  cmocka_unit_test(nothing_is_an_empty_list),
	  cmocka_unit_test(options_without_sense_are_refused),
	  cmocka_unit_test(records_of_megabytes),
	  cmocka_unit_test(a_record_above_the_limit_is_refused),
	  cmocka_unit_test(errors_of_the_source_are_forwarded),
	  cmocka_unit_test(reads_from_a_pipe),
	  cmocka_unit_test(a_violations_name_that_looks_like_a_record))
