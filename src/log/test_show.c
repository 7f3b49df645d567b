// SPDX-License-Identifier: MIT
/*
 * Lines of many records at once are those of one after the other, wherever both take
 * turns; what is not for them is left where it is.
 */
#include "base/bytes.h"
#include "lib/listbuilder.h"
#include "lib/lists.h"
#include "lib/testing.h"

#include <errno.h>

#define NR_RECORDS 600

struct turns {
	struct imastage_reader *reader;
	struct imastage_writer
		*writer; /* to @lines, as the reader's list has them */
	struct imastage_buffer lines;
	uint64_t nr_singly; /* records that were not shown with others */
};

static void begin(struct turns *turns, enum imastage_bank bank)
{
	const struct imastage_writer_options to = {
		.format = IMASTAGE_FORMAT_ASCII,
		.bank = bank,
		.bare = true,
	};

	assert_int_equal(
		imastage_writer_new(imastage_sink_buffer(&turns->lines), &to,
				    &turns->writer),
		0);
}

static void end(struct turns *turns)
{
	imastage_reader_free(turns->reader);
	imastage_writer_free(turns->writer);
	free(turns->lines.data);
}

/* What is shown up to @end, in memory in which the sanitizer sees each step beyond. */
static size_t show(struct turns *turns, uint64_t end, size_t capacity)
{
	struct imastage_sink sink = imastage_sink_buffer(&turns->lines);
	uint8_t *data = malloc(capacity ? capacity : 1);
	size_t n = imastage_reader_show(turns->reader, end, data, capacity);

	assert_true(n <= capacity);
	assert_true(n == 0 || data[n - 1] == '\n');
	assert_int_equal(sink.write(sink.context, data, n), 0);
	free(data);
	return n;
}

/* The next one by itself, as writers do. Returns what ended that. */
static int show_one(struct turns *turns)
{
	struct imastage_record record;
	int r = imastage_reader_next(turns->reader, &record);

	if (r != 0)
		return r;
	turns->nr_singly++;
	return imastage_writer_put(turns->writer, &record);
}

static int take_turns(struct turns *turns, size_t capacity, uint32_t *seed)
{
	int r;

	do {
		while (next_random(seed, 4) &&
		       show(turns, UINT64_MAX,
			    next_random(seed, (uint32_t)capacity)))
			;
		r = show_one(turns);
	} while (r == 0);
	return r;
}

static void check_turns(enum imastage_bank bank, enum imastage_endian endian,
			size_t step, size_t capacity)
{
	const struct imastage_reader_options from = {
		.format = IMASTAGE_FORMAT_BINARY,
		.bank = bank,
		.endian = endian,
	};
	const struct imastage_writer_options to = {
		.format = IMASTAGE_FORMAT_ASCII,
		.bank = bank,
	};
	uint32_t seed = (uint32_t)step;
	struct imastage_buffer list =
		random_list(bank, endian, NR_RECORDS, &seed);
	struct imastage_buffer want = { 0 };
	struct slow_source source = { bytes_of(list.data, list.len), step, 0 };
	struct turns turns = { 0 };

	assert_int_equal(convert_list(source.rest, &from, &to, &want),
			 IMASTAGE_END);
	begin(&turns, bank);
	assert_int_equal(imastage_reader_new(slow_source(&source), &from,
					     &turns.reader),
			 0);
	assert_int_equal(take_turns(&turns, capacity, &seed), IMASTAGE_END);
	assert_int_equal(turns.lines.len, want.len);
	assert_memory_equal(turns.lines.data, want.data, want.len);
	assert_int_equal(imastage_reader_index(turns.reader), NR_RECORDS);
	assert_int_equal(imastage_reader_offset(turns.reader), list.len);
	assert_true(turns.nr_singly < NR_RECORDS);
	end(&turns);
	free(list.data);
	free(want.data);
}

TEST(many_at_once_are_one_after_the_other)
{
	static const size_t steps[] = { 1, 100, 65536, 1 << 20 };

	for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
		check_turns(IMASTAGE_SHA1, IMASTAGE_LITTLE, steps[i], 4000);
		check_turns(IMASTAGE_SHA1, IMASTAGE_BIG, steps[i], 40000);
		check_turns(IMASTAGE_SHA512, IMASTAGE_LITTLE, steps[i], 9000);
	}
}

/* ---- one record, twenty times -------------------------------------------------- */

struct list {
	uint8_t bytes[20 * 1000];
	size_t len;
	size_t record_len;
};

/* Of @template, which has a digest and a name, as many as it takes. */
static struct list list_with(const char *template, unsigned int nr_fields,
			     struct imastage_bytes digest)
{
	const struct imastage_bytes fields[] = {
		digest,
		bytes_of("/bin/sh", sizeof("/bin/sh")),
		bytes_of(NULL, 0),
	};
	struct built_record built;
	struct list list = { .len = 0 };

	build_record(&built, IMASTAGE_SHA1, 10, template, fields, nr_fields);
	for (int i = 0; i < 20; i++)
		list.len += put_record(&built.record, list.bytes + list.len,
				       sizeof(list.bytes) - list.len);
	list.record_len = list.len / 20;
	return list;
}

static struct list list_of(const char *template, unsigned int nr_fields)
{
	static const char digest[] =
		"sha256:\0abcdefghijklmnopqrstuvwxyz012345";

	return list_with(template, nr_fields,
			 bytes_of(digest, sizeof(digest) - 1));
}

static void open_list(struct turns *turns, const struct list *list,
		      const struct imastage_reader_options *from)
{
	begin(turns, IMASTAGE_SHA1);
	assert_int_equal(
		imastage_reader_new_memory(bytes_of(list->bytes, list->len),
					   from, &turns->reader),
		0);
}

static const struct imastage_reader_options sha1_binary = {
	.format = IMASTAGE_FORMAT_BINARY,
	.endian = IMASTAGE_LITTLE,
};

TEST(up_to_an_index)
{
	struct list list = list_of("ima-ng", 2);
	struct turns turns = { 0 };

	open_list(&turns, &list, &sha1_binary);
	assert_int_equal(show(&turns, 0, 4000), 0);
	assert_true(show(&turns, 3, 4000) > 0);
	assert_int_equal(imastage_reader_index(turns.reader), 3);
	assert_int_equal(imastage_reader_offset(turns.reader),
			 3 * list.record_len);
	assert_int_equal(show(&turns, 3, 4000), 0);
	assert_int_equal(show_one(&turns), 0);
	assert_int_equal(show(&turns, 4, 4000), 0);
	assert_true(show(&turns, 100, 4000) > 0);
	assert_int_equal(imastage_reader_index(turns.reader), 20);
	assert_int_equal(show_one(&turns), IMASTAGE_END);
	end(&turns);
}

/*
 * Text behind the last colon is shown as text and as digits: lines that are longer than
 * their records in hex, in memory of any length.
 */
TEST(a_label_that_goes_on_behind_its_colon)
{
	char digest[701];
	struct turns turns = { 0 };
	struct list list;
	uint32_t seed = 3;

	memset(digest, 'x', sizeof(digest) - 1);
	digest[1] = ':';
	digest[sizeof(digest) - 1] = '\0';
	list = list_with("ima-ng", 2, bytes_of(digest, sizeof(digest)));
	open_list(&turns, &list, &sha1_binary);
	assert_int_equal(take_turns(&turns, 9000, &seed), IMASTAGE_END);
	assert_int_equal(imastage_reader_index(turns.reader), 20);
	assert_true(turns.nr_singly < 20);
	end(&turns);
}

/* Nothing is lost, and the reader says what is wrong as if none had been asked for. */
static void check_left_alone(const struct list *list,
			     const struct imastage_reader_options *from, int r)
{
	struct turns turns = { 0 };

	open_list(&turns, list, from);
	assert_int_equal(show(&turns, UINT64_MAX, 4000), 0);
	assert_int_equal(imastage_reader_index(turns.reader), 0);
	assert_int_equal(imastage_reader_offset(turns.reader), 0);
	assert_int_equal(show_one(&turns), r);
	if (r < 0)
		assert_int_equal(show(&turns, UINT64_MAX, 4000), 0);
	end(&turns);
}

TEST(templates_that_are_not_built_in_are_left_alone)
{
	struct list list = list_of("d-ng|n-ng", 2);

	check_left_alone(&list, &sha1_binary, 0);
}

/* The old template's, whose digest of a file looks like a length and a field. */
TEST(the_old_template_is_left_alone)
{
	static const uint8_t digest[20] = { 16 + 4 + 7, 0,    0,   0,	8,
					    0,		0,    0,   'd', 'd',
					    'd',	'd',  'd', 'd', 'd',
					    'd',	4 + 7 };
	const struct imastage_bytes fields[] = {
		bytes_of(digest, sizeof(digest)),
		bytes_of_text("/bin/sh"),
	};
	struct built_record built;
	struct list list;

	build_record(&built, IMASTAGE_SHA1, 10, "ima", fields, 2);
	list.len = put_record(&built.record, list.bytes, sizeof(list.bytes));
	check_left_alone(&list, &sha1_binary, 0);
}

/* What follows would be all there is, for a name of 4 GB. */
TEST(a_length_that_cannot_be_has_nothing_read_for_it)
{
	static uint8_t bytes[1 << 20];
	struct list list = list_of("ima-ng", 2);
	struct slow_source source = { bytes_of(bytes, sizeof(bytes)), 4096, 0 };
	struct turns turns = { 0 };

	memset(bytes, 0xff, sizeof(bytes));
	memcpy(bytes, list.bytes, list.len);
	begin(&turns, IMASTAGE_SHA1);
	assert_int_equal(imastage_reader_new(slow_source(&source), &sha1_binary,
					     &turns.reader),
			 0);
	assert_true(show(&turns, UINT64_MAX, 4000) > 0);
	assert_true(source.rest.len > sizeof(bytes) / 2);
	assert_int_equal(show_one(&turns), -EBADMSG);
	assert_int_equal(imastage_reader_index(turns.reader), 20);
	end(&turns);
}

TEST(what_is_wrong_is_left_alone)
{
	struct imastage_reader_options few = sha1_binary;
	struct list list = list_of("ima-ng", 3);

	check_left_alone(&list, &sha1_binary, -EBADMSG);
	list = list_of("ima-sig", 2);
	check_left_alone(&list, &sha1_binary, -EBADMSG);
	list = list_of("ima-ng", 2);
	few.max_record_len = list.record_len - 1;
	check_left_alone(&list, &few, -EMSGSIZE);
	list.len = list.record_len - 1;
	check_left_alone(&list, &sha1_binary, -ENODATA);
}

TEST(other_formats_are_left_alone)
{
	struct imastage_reader_options from = sha1_binary;
	struct list list = { .len = 0 };

	from.format = IMASTAGE_FORMAT_ASCII;
	check_left_alone(&list, &from, IMASTAGE_END);
}

/* The source fails in the middle: what is before is shown, and the error said once. */
TEST(an_error_of_the_source_is_the_readers)
{
	struct list list = list_of("ima-ng", 2);
	struct slow_source source = {
		bytes_of(list.bytes, list.record_len * 2 + 5), 70, -EIO
	};
	struct turns turns = { 0 };

	begin(&turns, IMASTAGE_SHA1);
	assert_int_equal(imastage_reader_new(slow_source(&source), &sha1_binary,
					     &turns.reader),
			 0);
	assert_true(show(&turns, UINT64_MAX, 4000) > 0);
	assert_int_equal(imastage_reader_index(turns.reader), 2);
	assert_int_equal(show_one(&turns), -EIO);
	assert_int_equal(show(&turns, UINT64_MAX, 4000), 0);
	end(&turns);
}

TEST_MAIN(cmocka_unit_test(many_at_once_are_one_after_the_other),
	  cmocka_unit_test(up_to_an_index),
	  cmocka_unit_test(a_label_that_goes_on_behind_its_colon),
	  cmocka_unit_test(templates_that_are_not_built_in_are_left_alone),
	  cmocka_unit_test(the_old_template_is_left_alone),
	  cmocka_unit_test(a_length_that_cannot_be_has_nothing_read_for_it),
	  cmocka_unit_test(what_is_wrong_is_left_alone),
	  cmocka_unit_test(other_formats_are_left_alone),
	  cmocka_unit_test(an_error_of_the_source_is_the_readers))
