// SPDX-License-Identifier: MIT
/*
 * Conversions. Golden lists have NAME.ascii beside NAME.hex, printed by a real
 * kernel (kernel-*) or by an implementation of its own, and one has its CEL
 * forms: each must be made of the other, byte for byte. Random lists go there
 * and back.
 */
#include "base/bytes.h"
#include "base/file.h"
#include "lib/listbuilder.h"
#include "lib/lists.h"
#include "lib/testing.h"
#include "log/ascii.h"

#include <dirent.h>
#include <errno.h>

#define GOLDEN TEST_DATA "/golden/"
#define FILE_LEN_MAX ((size_t)1 << 20)

static const enum imastage_endian orders[] = { IMASTAGE_LITTLE, IMASTAGE_BIG };

static struct imastage_bytes read_hex(const char *name)
{
	char path[400];
	uint8_t *data;
	size_t len;

	snprintf(path, sizeof(path), GOLDEN "%s.hex", name);
	assert_int_equal(hexfile_read(path, &data, &len), 0);
	return bytes_of(data, len);
}

static struct imastage_bytes read_text(const char *name)
{
	char path[400];
	uint8_t *data;
	size_t len;

	snprintf(path, sizeof(path), GOLDEN "%s", name);
	assert_int_equal(file_read(path, FILE_LEN_MAX, &data, &len), 0);
	return bytes_of(data, len);
}

static void release(struct imastage_bytes bytes)
{
	free((void *)(uintptr_t)bytes.data);
}

static void assert_converts(struct imastage_bytes list,
			    const struct imastage_reader_options *from,
			    const struct imastage_writer_options *to,
			    struct imastage_bytes expected)
{
	struct imastage_buffer made = { 0 };

	assert_int_equal(convert_list(list, from, to, &made), IMASTAGE_END);
	assert_int_equal(made.len, expected.len);
	assert_true(bytes_equal(bytes_of(made.data, made.len), expected));
	free(made.data);
}

/* Bank and order of a golden list, as its .expect file says. */
static struct imastage_reader_options options_of(const char *name)
{
	struct imastage_reader_options options = {
		.format = IMASTAGE_FORMAT_BINARY
	};
	char path[400], line[200], bank[16], order[16];
	FILE *file;

	snprintf(path, sizeof(path), GOLDEN "%s.expect", name);
	file = fopen(path, "re");
	assert_non_null(file);
	while (fgets(line, sizeof(line), file)) {
		if (sscanf(line, "list-bank %15s", bank) == 1)
			assert_int_equal(
				imastage_bank_by_name(bytes_of_text(bank),
						      &options.bank),
				0);
		if (sscanf(line, "order %15s", order) == 1)
			options.endian = orders[!strcmp(order, "big")];
	}
	fclose(file);
	return options;
}

static void check_ascii(const char *name)
{
	struct imastage_reader_options binary = options_of(name),
				       ascii = binary;
	struct imastage_writer_options to_ascii = {
		.format = IMASTAGE_FORMAT_ASCII,
		.bank = binary.bank,
	};
	struct imastage_writer_options to_binary = {
		.format = IMASTAGE_FORMAT_BINARY,
		.bank = binary.bank,
		.endian = binary.endian,
	};
	struct imastage_bytes list = read_hex(name), text;
	char path[300];

	print_message("# %s\n", name);
	snprintf(path, sizeof(path), "%s.ascii", name);
	text = read_text(path);
	ascii.format = IMASTAGE_FORMAT_ASCII;
	assert_converts(list, &binary, &to_ascii, text);
	assert_converts(text, &ascii, &to_binary, list);
	assert_converts(text, &ascii, &to_ascii, text);
	assert_converts(list, &binary, &to_binary, list);
	release(list);
	release(text);
}

TEST(ascii_is_what_the_kernel_prints)
{
	DIR *dir = opendir(GOLDEN);
	struct dirent *entry;
	int nr = 0;

	assert_non_null(dir);
	while ((entry = readdir(dir))) {
		char *dot = strrchr(entry->d_name, '.');

		if (!dot || strcmp(dot, ".ascii"))
			continue;
		*dot = '\0';
		check_ascii(entry->d_name);
		nr++;
	}
	closedir(dir);
	assert_true(nr >= 15);
}

/* The kernel's own files of four banks, made from that of one. */
TEST(a_list_of_one_bank_gives_those_of_the_others)
{
	struct imastage_reader_options from = options_of("kernel-banks-sha1");
	struct imastage_bytes list = read_hex("kernel-banks-sha1");

	for (enum imastage_bank bank = 0; bank <= IMASTAGE_SHA512; bank++) {
		struct imastage_writer_options to = {
			.format = IMASTAGE_FORMAT_BINARY, .bank = bank
		};
		struct imastage_bytes expected;
		char name[64];

		snprintf(name, sizeof(name), "kernel-banks-%s",
			 imastage_bank_name(bank));
		expected = read_hex(name);
		assert_converts(list, &from, &to, expected);
		release(expected);
		snprintf(name, sizeof(name), "kernel-banks-%s.ascii",
			 imastage_bank_name(bank));
		expected = read_text(name);
		to.format = IMASTAGE_FORMAT_ASCII;
		assert_converts(list, &from, &to, expected);
		release(expected);
	}
	release(list);
}

static void check_cel(enum imastage_format format, struct imastage_bytes cel)
{
	struct imastage_reader_options binary = {
		.format = IMASTAGE_FORMAT_BINARY
	};
	struct imastage_reader_options from = { .format = format };
	struct imastage_writer_options to = {
		.format = format,
		.banks = 1u << IMASTAGE_SHA1 | 1u << IMASTAGE_SHA256,
	};
	struct imastage_writer_options to_binary = {
		.format = IMASTAGE_FORMAT_BINARY
	};

	for (enum imastage_bank bank = 0; bank <= IMASTAGE_SHA256; bank++) {
		struct imastage_bytes list =
			read_hex(bank ? "mixed-sha256" : "mixed-sha1");

		binary.bank = from.bank = to_binary.bank = bank;
		assert_converts(list, &binary, &to, cel);
		assert_converts(cel, &from, &to_binary, list);
		assert_converts(cel, &from, &to, cel);
		release(list);
	}
}

TEST(cel_is_what_others_make)
{
	struct imastage_bytes json = read_text("mixed.cel-json");
	struct imastage_bytes tlv = read_hex("mixed.cel-tlv");

	check_cel(IMASTAGE_FORMAT_CEL_JSON, json);
	check_cel(IMASTAGE_FORMAT_CEL_TLV, tlv);
	release(json);
	release(tlv);
}

/* As tpm2-tss' FAPI calls the data, without an array, with alg numbers. */
TEST(cel_json_comes_in_variants)
{
	static const char text[] =
		" {\"pcr\": 10, \"recnum\": 7, \"extra\": [{\"}\": \"\\\"}\"}],\n"
		"\"digests\": [{\"hashAlg\": 11, \"digest\": \"00\"},\n"
		"  {\"hashAlg\": 4, \"digest\":"
		" \"0101010101010101010101010101010101010101\"}],\n"
		"\"content_type\": \"ima_template\", \"content\": {\n"
		"  \"template_name\": \"d-ng\\u00ff\", \"template_value\":"
		" \"0200000041420000000000000000\"} }\n\n";
	struct imastage_reader_options options = {
		.format = IMASTAGE_FORMAT_CEL_JSON
	};
	struct imastage_reader *reader;
	struct imastage_record record;
	struct imastage_bytes field;

	assert_int_equal(imastage_reader_new_memory(bytes_of_text(text),
						    &options, &reader),
			 0);
	assert_int_equal(imastage_reader_next(reader, &record), 0);
	assert_true(bytes_equal_text(record.name, "d-ng\xff"));
	assert_int_equal(record.nr_fields, 3);
	assert_int_equal(imastage_record_field(&record, 0, &field), 0);
	assert_true(bytes_equal_text(field, "AB"));
	assert_int_equal(imastage_reader_next(reader, &record), IMASTAGE_END);
	imastage_reader_free(reader);
}

/* Violations of tpm2-tss have the digest that a PCR is extended with. */
TEST(cel_has_violations_of_ones)
{
	static const char text[] =
		"{\"recnum\":0,\"pcr\":10,\"digests\":[{\"hashAlg\":\"sha1\","
		"\"digest\":\"ffffffffffffffffffffffffffffffffffffffff\"}],"
		"\"content_type\":\"ima_template\",\"content\":{"
		"\"template_name\":\"d\",\"template_data\":\"00000000\"}}";
	static const uint8_t tlv[] =
		"\0\0\0\0\x04\0\0\0\0" /* record 0 */
		"\x01\0\0\0\x04\0\0\0\x0a" /* PCR 10 */
		"\x03\0\0\0\x19\x04\0\0\0\x14" /* a digest of sha1 */
		"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"
		"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"
		"\x07\0\0\0\x0f\0\0\0\0\x01"
		"d\x01\0\0\0\x04\0\0\0";
	const struct imastage_bytes lists[] = { bytes_of_text(text),
						bytes_of(tlv, sizeof(tlv)) };
	const enum imastage_format formats[] = { IMASTAGE_FORMAT_CEL_JSON,
						 IMASTAGE_FORMAT_CEL_TLV };

	for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
		struct imastage_reader_options options = { .format =
								   formats[i] };
		struct imastage_reader *reader;
		struct imastage_record record;

		assert_int_equal(imastage_reader_new_memory(lists[i], &options,
							    &reader),
				 0);
		assert_int_equal(imastage_reader_next(reader, &record), 0);
		assert_int_equal(record.digest.len, 20);
		assert_true(imastage_record_is_violation(&record));
		assert_int_equal(imastage_reader_next(reader, &record),
				 IMASTAGE_END);
		imastage_reader_free(reader);
	}
}

/* Binary to @format and back to the same bytes. */
static void check_round_trip(struct imastage_bytes list,
			     const struct imastage_reader_options *binary,
			     enum imastage_format format)
{
	struct imastage_writer_options there = { .format = format,
						 .banks = 1u << binary->bank,
						 .bank = binary->bank };
	struct imastage_writer_options back = { .format =
							IMASTAGE_FORMAT_BINARY,
						.bank = binary->bank,
						.endian = binary->endian };
	struct imastage_reader_options other = *binary;
	struct imastage_buffer made = { 0 };

	other.format = format;
	assert_int_equal(convert_list(list, binary, &there, &made),
			 IMASTAGE_END);
	assert_converts(bytes_of(made.data, made.len), &other, &back, list);
	free(made.data);
}

TEST(random_lists_go_there_and_back)
{
	uint32_t seed = 5;

	for (int i = 0; i < 100; i++) {
		struct imastage_reader_options binary = {
			.format = IMASTAGE_FORMAT_BINARY,
			.bank = next_random(&seed, IMASTAGE_NR_BANKS),
			.endian = orders[next_random(&seed, 2)],
		};
		struct imastage_buffer list =
			random_list(binary.bank, binary.endian,
				    next_random(&seed, 30), &seed);
		struct imastage_bytes bytes = bytes_of(list.data, list.len);

		check_round_trip(bytes, &binary, IMASTAGE_FORMAT_ASCII);
		check_round_trip(bytes, &binary, IMASTAGE_FORMAT_CEL_JSON);
		check_round_trip(bytes, &binary, IMASTAGE_FORMAT_CEL_TLV);
		free(list.data);
	}
}

static void check_length(const struct imastage_record *record,
			 struct imastage_writer *writer,
			 struct imastage_buffer *line)
{
	line->len = 0;
	assert_int_equal(imastage_writer_put(writer, record), 0);
	assert_int_equal(ascii_len(record, record->digest.len), line->len);
}

/* What is told of a line without rendering it: any template, shown or not. */
TEST(lengths_are_those_of_the_lines)
{
	static const uint32_t pcrs[] = { 0, 9, 10, 99, 100, 4711, UINT32_MAX };
	const struct imastage_writer_options options = {
		.format = IMASTAGE_FORMAT_ASCII,
		.bank = IMASTAGE_SHA256,
		.bare = true,
	};
	struct imastage_buffer line = { 0 };
	struct imastage_writer *writer;
	struct built_record built;
	uint32_t seed = 7;

	assert_int_equal(imastage_writer_new(imastage_sink_buffer(&line),
					     &options, &writer),
			 0);
	for (int i = 0; i < 3000; i++) {
		build_random_record(&built, IMASTAGE_SHA256, &seed);
		built.record.pcr = pcrs[next_random(&seed, ARRAY_SIZE(pcrs))];
		check_length(&built.record, writer, &line);
	}
	imastage_writer_free(writer);
	free(line.data);
}

/* To memory of @len bytes and not one more, which the sanitizer watches. */
static ssize_t put_to(struct imastage_writer *writer,
		      const struct imastage_record *record, size_t len,
		      const struct imastage_buffer *line)
{
	uint8_t *data = malloc(len ? len : 1);
	ssize_t n = imastage_writer_put_to(writer, record, data, len);

	assert_non_null(data);
	if (n >= 0) {
		assert_int_equal(n, line->len);
		assert_memory_equal(data, line->data, line->len);
	}
	free(data);
	return n;
}

/* In any format: the same bytes as a sink gets, or that there is no room. */
TEST(what_is_written_to_memory_is_the_same)
{
	static const enum imastage_format formats[] = {
		IMASTAGE_FORMAT_ASCII, IMASTAGE_FORMAT_BINARY
	};
	struct imastage_buffer line = { 0 };
	uint32_t seed = 8;

	for (int i = 0; i < 600; i++) {
		const struct imastage_writer_options options = {
			.format = formats[i % 2],
			.bank = IMASTAGE_SHA256,
			.bare = true,
		};
		struct imastage_writer *writer;
		struct built_record built;
		size_t room;

		build_random_record(&built, IMASTAGE_SHA256, &seed);
		line.len = 0;
		assert_int_equal(
			imastage_writer_new(imastage_sink_buffer(&line),
					    &options, &writer),
			0);
		assert_int_equal(imastage_writer_put(writer, &built.record), 0);
		room = line.len + 2 + next_random(&seed, 6000);
		assert_int_equal(put_to(writer, &built.record, room, &line),
				 line.len);
		room = next_random(&seed, (uint32_t)line.len);
		assert_int_equal(put_to(writer, &built.record, room, &line),
				 -ENOBUFS);
		room = line.len;
		line.len = 0;
		assert_int_equal(imastage_writer_put(writer, &built.record), 0);
		assert_int_equal(line.len, room);
		imastage_writer_free(writer);
	}
	free(line.data);
}

TEST(the_other_byte_order_and_back)
{
	struct imastage_writer_options big = { .format = IMASTAGE_FORMAT_BINARY,
					       .endian = IMASTAGE_BIG };
	struct imastage_writer_options little = {
		.format = IMASTAGE_FORMAT_BINARY
	};
	struct imastage_reader_options from = {
		.format = IMASTAGE_FORMAT_BINARY
	};
	struct imastage_bytes list = read_hex("mixed-sha1");
	struct imastage_buffer made = { 0 };

	assert_int_equal(convert_list(list, &from, &big, &made), IMASTAGE_END);
	assert_int_equal(made.len, list.len);
	assert_false(bytes_equal(bytes_of(made.data, made.len), list));
	from.endian = IMASTAGE_BIG;
	assert_converts(bytes_of(made.data, made.len), &from, &little, list);
	free(made.data);
	release(list);
}

TEST(what_ascii_cannot_show_is_refused)
{
	struct imastage_writer_options ascii = {
		.format = IMASTAGE_FORMAT_ASCII
	};
	const struct imastage_bytes named[] = { bytes_of("sha256:\0d", 9),
						bytes_of("n\0", 2) };
	const struct imastage_bytes colonless[] = { bytes_of("sha256\0d", 8),
						    bytes_of("n\0", 2) };
	const struct imastage_bytes unended[] = { bytes_of("sha256:", 7),
						  bytes_of("n\0", 2) };
	static const struct {
		const char *template;
		int which, result;
	} cases[] = { { "ima-ng", 0, 0 },
		      { "d-ng|n-ng", 0, 0 },
		      { "d-ng|uuid", 0, -EBADMSG },
		      { "d-ng", 0, -EBADMSG },
		      { "something", 0, -EBADMSG },
		      { "ima-ng", 1, -EBADMSG },
		      { "ima-ng", 2, -EBADMSG },
		      { "d-ng|n-ng|", 0, -EBADMSG },
		      { "d-ng|n-ng|n", 0, -EBADMSG } };
	const struct imastage_bytes *fields[] = { named, colonless, unended };

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct imastage_buffer text = { 0 };
		struct imastage_writer *writer;
		struct built_record built;

		build_record(&built, IMASTAGE_SHA1, 10, cases[i].template,
			     fields[cases[i].which], 2);
		assert_int_equal(
			imastage_writer_new(imastage_sink_buffer(&text), &ascii,
					    &writer),
			0);
		assert_int_equal(imastage_writer_put(writer, &built.record),
				 cases[i].result);
		assert_int_equal(text.len > 0, cases[i].result == 0);
		imastage_writer_free(writer);
		free(text.data);
	}
}

/* The kernel's: text up to its NUL, and digits of all from the second byte behind ':'. */
TEST(a_label_that_goes_on_behind_its_colon)
{
	static const struct imastage_writer_options ascii = {
		.format = IMASTAGE_FORMAT_ASCII
	};
	static char digest[1000], line[8000], name[] = "n";
	struct imastage_bytes fields[] = { bytes_of(digest, sizeof(digest)),
					   bytes_of(name, sizeof(name)) };
	struct imastage_buffer text = { 0 };
	struct imastage_writer *writer;
	struct built_record built;
	int len;

	memset(digest, 'x', sizeof(digest) - 1);
	digest[1] = ':';
	build_record(&built, IMASTAGE_SHA1, 10, "ima-ng", fields, 2);
	len = snprintf(line, sizeof(line), "10 %040d ima-ng %s", 0, digest);
	memset(line + 3, '1', 40);
	for (size_t i = 3; i < sizeof(digest); i++)
		len += sprintf(line + len, "%02x", digest[i]);
	len += sprintf(line + len, " n\n");
	assert_int_equal(imastage_writer_new(imastage_sink_buffer(&text),
					     &ascii, &writer),
			 0);
	assert_int_equal(imastage_writer_put(writer, &built.record), 0);
	assert_int_equal(text.len, len);
	assert_memory_equal(text.data, line, text.len);
	assert_int_equal(put_to(writer, &built.record, text.len, &text), len);
	for (size_t room = 0; room < text.len; room += 97)
		assert_int_equal(put_to(writer, &built.record, room, &text),
				 -ENOBUFS);
	imastage_writer_free(writer);
	free(text.data);
}

TEST(options_without_sense_are_refused)
{
	struct imastage_buffer text = { 0 };
	struct imastage_sink sink = imastage_sink_buffer(&text);
	struct imastage_writer *writer;
	static const struct imastage_writer_options bad[] = {
		{ .format = IMASTAGE_FORMAT_DETECT },
		{ .format = IMASTAGE_FORMAT_CEL_TLV + 1 },
		{ .format = IMASTAGE_FORMAT_CEL_TLV, .banks = 0 },
		{ .format = IMASTAGE_FORMAT_CEL_JSON, .banks = 1u << 17 },
		{ .format = IMASTAGE_FORMAT_BINARY, .bank = IMASTAGE_NR_BANKS },
		{ .format = IMASTAGE_FORMAT_BINARY, .endian = 2 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(imastage_writer_new(sink, &bad[i], &writer),
				 -EINVAL);
}

static int refuse(void *context, const void *data, size_t len)
{
	(void)context;
	(void)data;
	(void)len;
	return -ENOSPC;
}

TEST(errors_of_a_sink_are_forwarded)
{
	struct imastage_writer_options options = {
		.format = IMASTAGE_FORMAT_BINARY
	};
	struct imastage_sink sink = { refuse, NULL };
	const struct imastage_bytes fields[] = { bytes_of("d", 1),
						 bytes_of("n", 1) };
	struct imastage_writer *writer;
	struct built_record built;

	build_record(&built, IMASTAGE_SHA1, 10, "ima-ng", fields, 2);
	assert_int_equal(imastage_writer_new(sink, &options, &writer), 0);
	assert_int_equal(imastage_writer_put(writer, &built.record), -ENOSPC);
	assert_int_equal(imastage_writer_put(writer, &built.record), -ENOSPC);
	assert_int_equal(imastage_writer_finish(writer), -ENOSPC);
	imastage_writer_free(writer);
}

TEST_MAIN(cmocka_unit_test(ascii_is_what_the_kernel_prints),
	  cmocka_unit_test(a_list_of_one_bank_gives_those_of_the_others),
	  cmocka_unit_test(cel_is_what_others_make),
	  cmocka_unit_test(cel_json_comes_in_variants),
	  cmocka_unit_test(cel_has_violations_of_ones),
	  cmocka_unit_test(random_lists_go_there_and_back),
	  cmocka_unit_test(lengths_are_those_of_the_lines),
	  cmocka_unit_test(what_is_written_to_memory_is_the_same),
	  cmocka_unit_test(the_other_byte_order_and_back),
	  cmocka_unit_test(what_ascii_cannot_show_is_refused),
	  cmocka_unit_test(a_label_that_goes_on_behind_its_colon),
	  cmocka_unit_test(options_without_sense_are_refused),
	  cmocka_unit_test(errors_of_a_sink_are_forwarded))
