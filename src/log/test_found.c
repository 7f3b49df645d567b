// SPDX-License-Identifier: MIT
/*
 * Lists as they are found: text that went through editors and pipes, first records
 * that tell nothing, logs of several contents, encodings of others, lists that are
 * cut off before the end of their first record. Each is what it was before, or is
 * refused with a reason that helps.
 */
#include "base/bytes.h"
#include "lib/listbuilder.h"
#include "lib/lists.h"
#include "lib/testing.h"

#include <errno.h>

static const enum imastage_endian orders[] = { IMASTAGE_LITTLE, IMASTAGE_BIG };
static const enum imastage_format formats[] = { IMASTAGE_FORMAT_BINARY,
						IMASTAGE_FORMAT_ASCII,
						IMASTAGE_FORMAT_CEL_JSON,
						IMASTAGE_FORMAT_CEL_TLV };

/* ---- lists -------------------------------------------------------------------- */

static void put(struct imastage_buffer *to, const void *data, size_t len)
{
	struct imastage_sink sink = imastage_sink_buffer(to);

	assert_int_equal(sink.write(sink.context, data, len), 0);
}

static void put_text(struct imastage_buffer *to, const char *text)
{
	put(to, text, strlen(text));
}

static void sign(struct built_record *built, enum imastage_bank bank)
{
	struct imastage_digests digests;
	struct imastage_hasher *hasher;

	assert_int_equal(imastage_hasher_new(1u << bank, &hasher), 0);
	assert_int_equal(
		imastage_hasher_template(hasher, &built->record, &digests), 0);
	memcpy(built->digest, digests.of[bank], imastage_bank_digest_len(bank));
	imastage_hasher_free(hasher);
}

enum kind {
	RIGHT,
	VIOLATION,
	WRONG, /* its digest is another's */
};

/* A record @nr of a template that changes with it; the last fields are often empty. */
static void add_record(struct imastage_buffer *list, enum imastage_bank bank,
		       enum imastage_endian endian, unsigned int nr,
		       enum kind kind)
{
	static const struct {
		const char *name;
		unsigned int nr_fields;
	} templates[] = { { "ima-ng", 2 },
			  { "ima-sig", 3 },
			  { "ima-modsig", 5 },
			  { "d-ng|n-ng|sig|evmsig", 4 } };
	char name[32];
	uint8_t memory[512];
	struct built_record built;
	struct imastage_bytes fields[5] = { bytes_of(
		"sha256:\0"
		"0123456789abcdef0123456789abcdef",
		40) };
	unsigned int which = nr % ARRAY_SIZE(templates);

	snprintf(name, sizeof(name), "/usr/bin/%u", nr);
	fields[1] = bytes_of(name, strlen(name) + 1);
	if (nr % 3 == 1)
		fields[2] = bytes_of("signature", 9);
	build_record_in(&built, endian, bank, 10, templates[which].name, fields,
			templates[which].nr_fields);
	if (kind == RIGHT)
		sign(&built, bank);
	else if (kind == VIOLATION)
		memset(built.digest, 0, sizeof(built.digest));
	put(list, memory, put_record(&built.record, memory, sizeof(memory)));
}

/* @first records of @kind, then @nr that are right. */
static struct imastage_buffer make_list(enum imastage_bank bank,
					enum imastage_endian endian,
					enum kind kind, unsigned int first,
					unsigned int nr)
{
	struct imastage_buffer list = { 0 };

	for (unsigned int i = 0; i < first + nr; i++)
		add_record(&list, bank, endian, i, i < first ? kind : RIGHT);
	return list;
}

static struct imastage_buffer make_as(enum imastage_format format,
				      const struct imastage_buffer *list,
				      enum imastage_bank bank,
				      enum imastage_endian endian)
{
	struct imastage_reader_options from = {
		.format = IMASTAGE_FORMAT_BINARY,
		.bank = bank,
		.endian = endian,
	};
	struct imastage_writer_options to = {
		.format = format,
		.banks = 1u << bank,
		.bank = bank,
		.endian = endian,
	};
	struct imastage_buffer made = { 0 };

	assert_int_equal(convert_list(bytes_of(list->data, list->len), &from,
				      &to, &made),
			 IMASTAGE_END);
	return made;
}

/* Read with nothing given, @text is the binary @list. */
static void assert_reads_as(struct imastage_bytes text,
			    const struct imastage_buffer *list,
			    enum imastage_bank bank,
			    enum imastage_endian endian)
{
	const struct imastage_reader_options from = { .first_index = 0 };
	struct imastage_writer_options to = {
		.format = IMASTAGE_FORMAT_BINARY,
		.bank = bank,
		.endian = endian,
	};
	struct imastage_buffer made = { 0 };

	assert_int_equal(convert_list(text, &from, &to, &made), IMASTAGE_END);
	assert_int_equal(made.len, list->len);
	assert_memory_equal(made.data, list->data, list->len);
	free(made.data);
}

static int read_all(struct imastage_reader *reader, uint64_t *ret_nr)
{
	struct imastage_record record;
	int r;

	*ret_nr = 0;
	while ((r = imastage_reader_next(reader, &record)) == 0)
		++*ret_nr;
	return r;
}

/* ---- text that went through editors and pipes ------------------------------------ */

enum {
	STRIPPED = 1,
	CRLF = 2,
	MARK = 4,
	NO_LAST_NEWLINE = 8,
	EMPTY_LINES = 16,
	ALL_WAYS = 32,
};

static void put_line(struct imastage_buffer *to, struct imastage_bytes line,
		     int ways)
{
	while (ways & STRIPPED && line.len > 0 &&
	       line.data[line.len - 1] == ' ')
		line.len--;
	put(to, line.data, line.len);
	put_text(to, ways & CRLF ? "\r\n" : "\n");
}

static struct imastage_buffer worn(const struct imastage_buffer *text, int ways)
{
	struct imastage_bytes rest = bytes_of(text->data, text->len);
	struct imastage_buffer made = { 0 };

	if (ways & MARK)
		put_text(&made, "\xef\xbb\xbf");
	while (rest.len > 0) {
		size_t end = bytes_find(rest, '\n');

		put_line(&made, bytes_first(rest, end), ways);
		rest = bytes_skip(rest, end + 1);
	}
	if (ways & NO_LAST_NEWLINE)
		made.len -= ways & CRLF ? 2 : 1;
	if (ways & EMPTY_LINES)
		put_text(&made, "\n\r\n");
	return made;
}

TEST(worn_text_is_what_it_was)
{
	for (int ways = 0; ways < ALL_WAYS * 2; ways++) {
		enum imastage_endian endian = orders[ways / ALL_WAYS];
		struct imastage_buffer list = make_list(
			IMASTAGE_SHA256, endian, VIOLATION, ways % 3, 12);
		struct imastage_buffer text = make_as(
			IMASTAGE_FORMAT_ASCII, &list, IMASTAGE_SHA256, endian);
		struct imastage_buffer made = worn(&text, ways % ALL_WAYS);

		assert_reads_as(bytes_of(made.data, made.len), &list,
				IMASTAGE_SHA256, endian);
		free(made.data);
		free(text.data);
		free(list.data);
	}
}

/* Of JSON white space is nothing, and a byte order mark before it no more. */
TEST(worn_json_is_what_it_was)
{
	struct imastage_buffer list =
		make_list(IMASTAGE_SHA1, IMASTAGE_LITTLE, RIGHT, 0, 3);
	struct imastage_buffer text = make_as(IMASTAGE_FORMAT_CEL_JSON, &list,
					      IMASTAGE_SHA1, IMASTAGE_LITTLE);

	for (int ways = 0; ways < ALL_WAYS; ways++) {
		struct imastage_buffer made = worn(&text, ways);

		assert_reads_as(bytes_of(made.data, made.len), &list,
				IMASTAGE_SHA1, IMASTAGE_LITTLE);
		free(made.data);
	}
	free(text.data);
	free(list.data);
}

/* A file name may end in what an editor would have added. */
TEST(what_the_digest_proves_is_not_taken_off)
{
	static const char *const names[] = { "/a\r", "/a\r\n", "/a\n\n", "/a" };
	struct imastage_buffer list = { 0 }, text;
	uint8_t memory[512];

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		struct imastage_bytes fields[] = {
			bytes_of("sha1:\0"
				 "01234567890123456789",
				 26),
			bytes_of(names[i], strlen(names[i]) + 1),
		};
		struct built_record built;

		build_record(&built, IMASTAGE_SHA1, 10, "ima-ng", fields, 2);
		sign(&built, IMASTAGE_SHA1);
		put(&list, memory,
		    put_record(&built.record, memory, sizeof(memory)));
	}
	text = make_as(IMASTAGE_FORMAT_ASCII, &list, IMASTAGE_SHA1,
		       IMASTAGE_LITTLE);
	assert_reads_as(bytes_of(text.data, text.len), &list, IMASTAGE_SHA1,
			IMASTAGE_LITTLE);
	free(text.data);
	free(list.data);
}

/* Whatever a line before it has lost, a record that is proven is one. */
TEST(no_line_takes_a_proven_one)
{
	for (enum kind kind = VIOLATION; kind <= WRONG; kind++) {
		struct imastage_buffer list = { 0 }, text, made;

		for (unsigned int i = 0; i < 24; i++)
			add_record(&list, IMASTAGE_SHA1, IMASTAGE_LITTLE, i,
				   i % 2 ? RIGHT : kind);
		text = make_as(IMASTAGE_FORMAT_ASCII, &list, IMASTAGE_SHA1,
			       IMASTAGE_LITTLE);
		made = worn(&text, STRIPPED);
		assert_reads_as(bytes_of(made.data, made.len), &list,
				IMASTAGE_SHA1, IMASTAGE_LITTLE);
		free(made.data);
		free(text.data);
		free(list.data);
	}
}

/* Nothing says that more than the newline is gone. */
TEST(a_last_line_that_nothing_proves_is_cut_off)
{
	for (enum kind kind = VIOLATION; kind <= WRONG; kind++) {
		struct imastage_buffer list = { 0 }, text;
		struct imastage_reader *reader;
		uint64_t nr;

		add_record(&list, IMASTAGE_SHA1, IMASTAGE_LITTLE, 0, RIGHT);
		add_record(&list, IMASTAGE_SHA1, IMASTAGE_LITTLE, 0, kind);
		text = make_as(IMASTAGE_FORMAT_ASCII, &list, IMASTAGE_SHA1,
			       IMASTAGE_LITTLE);
		assert_int_equal(imastage_reader_new_memory(
					 bytes_of(text.data, text.len - 1),
					 NULL, &reader),
				 0);
		assert_int_equal(read_all(reader, &nr), -ENODATA);
		assert_int_equal(nr, 1);
		assert_string_equal(imastage_reader_error(reader)->reason,
				    "ends inside the fields");
		imastage_reader_free(reader);
		free(text.data);
		free(list.data);
	}
}

/* ---- who decides ------------------------------------------------------------------ */

static void check_decides(enum imastage_bank bank, enum imastage_endian endian,
			  enum kind kind, unsigned int first)
{
	struct imastage_buffer list = make_list(bank, endian, kind, first, 1);

	for (size_t i = 0; i < ARRAY_SIZE(formats); i++) {
		struct imastage_buffer text =
			make_as(formats[i], &list, bank, endian);
		struct imastage_reader_options found = { .first_index = 5 };

		assert_int_equal(imastage_detect(bytes_of(text.data, text.len),
						 &found),
				 0);
		assert_int_equal(found.format, formats[i]);
		assert_int_equal(found.bank, bank);
		assert_int_equal(found.endian, endian);
		assert_int_equal(found.first_index, 5);
		assert_reads_as(bytes_of(text.data, text.len), &list, bank,
				endian);
		free(text.data);
	}
	free(list.data);
}

TEST(the_first_record_that_can_decides)
{
	static const unsigned int before[] = { 0, 1, 2, 40 };

	for (enum imastage_bank bank = 0; bank < IMASTAGE_NR_BANKS; bank++)
		for (size_t i = 0; i < 16; i++)
			check_decides(bank, orders[i % 2],
				      i % 4 < 2 ? VIOLATION : WRONG,
				      before[i / 4]);
	check_decides(IMASTAGE_SM3, IMASTAGE_BIG, VIOLATION, 1500);
}

static void check_told(enum imastage_format format, unsigned int detect)
{
	const struct imastage_reader_options told = {
		.format = detect & IMASTAGE_DETECT_FORMAT ?
				  IMASTAGE_FORMAT_DETECT :
				  format,
		.bank = IMASTAGE_SM3,
		.endian = IMASTAGE_BIG,
		.detect = detect,
	};
	struct imastage_buffer list =
		make_list(IMASTAGE_SM3, IMASTAGE_BIG, VIOLATION, 3, 0);
	struct imastage_buffer text =
		make_as(format, &list, IMASTAGE_SM3, IMASTAGE_BIG);
	const struct imastage_reader_options *found;
	struct imastage_reader *reader;
	uint64_t nr;

	assert_int_equal(imastage_reader_new_memory(
				 bytes_of(text.data, text.len), &told, &reader),
			 0);
	assert_int_equal(read_all(reader, &nr), IMASTAGE_END);
	assert_int_equal(nr, 3);
	found = imastage_reader_get_options(reader);
	assert_int_equal(found->format, format);
	assert_int_equal(found->bank, IMASTAGE_SM3);
	assert_int_equal(found->endian, IMASTAGE_BIG);
	imastage_reader_free(reader);
	free(text.data);
	free(list.data);
}

/* What was told, by a part before or by the caller, is so where no record tells. */
TEST(what_was_told_holds_where_nothing_tells)
{
	for (unsigned int detect = 0; detect < 8; detect++)
		for (size_t i = 0; i < ARRAY_SIZE(formats); i++)
			check_told(formats[i], detect);
}

/* ---- cut off in the first record ----------------------------------------------------- */

static void check_cut(enum imastage_format format, struct imastage_bytes text)
{
	struct imastage_reader *reader;
	uint64_t nr;
	int r;

	assert_int_equal(imastage_reader_new_memory(text, NULL, &reader), 0);
	r = read_all(reader, &nr);
	assert_int_equal(nr, 0);
	assert_int_equal(r, -ENODATA);
	assert_int_equal(imastage_reader_get_options(reader)->format, format);
	assert_int_equal(strncmp(imastage_reader_error(reader)->reason,
				 "ends inside ", 12),
			 0);
	imastage_reader_free(reader);
}

/* Once there is a PCR, which is all that tells. */
TEST(a_list_cut_off_in_its_first_record_is_one)
{
	static const size_t told_by[] = { 4, 3, 1, 15 };

	for (size_t i = 0; i < 2 * ARRAY_SIZE(formats); i++) {
		enum imastage_format format = formats[i / 2];
		struct imastage_buffer list =
			make_list(IMASTAGE_SHA256, orders[i % 2], RIGHT, 0, 1);
		struct imastage_buffer text =
			make_as(format, &list, IMASTAGE_SHA256, orders[i % 2]);
		size_t end = text.len;

		while (format == IMASTAGE_FORMAT_CEL_JSON &&
		       text.data[end - 1] != '}')
			end--;
		for (size_t len = told_by[i / 2]; len + 1 < end; len++)
			check_cut(format, bytes_of(text.data, len));
		free(text.data);
		free(list.data);
	}
}

/* ---- a Canonical Event Log of others ---------------------------------------------------- */

#define DIGEST "1ad666c457d90c85098749a609501d1928d66a57"
#define CONTENT                                                                 \
	"{\"template_name\":\"ima-ng\",\"template_data\":\"2800000073686132353" \
	"63a00d903c6382c0c1f7d1fb599c25b72bcb7791bde21351461e066de22af0b67d8"   \
	"e60f000000626f6f745f61676772656761746500\"}"
#define IMA(pcr, alg, type)                                            \
	"{\"recnum\":0,\"pcr\":" pcr ",\"digests\":[{\"hashAlg\":" alg \
	",\"digest\":\"" DIGEST "\"}],\"content_type\":" type          \
	",\"content\":" CONTENT "}"
#define OTHER(place, type)                                                \
	"{\"recnum\":0," place ",\"digests\":[{\"hashAlg\":\"sha3_512\"," \
	"\"digest\":\"00\"}],\"content_type\":" type ",\"content\":{}}"
#define GOOD IMA("10", "\"sha1\"", "\"ima_template\"")

static const struct {
	const char *text;
	uint64_t nr, nr_left_out;
	uint32_t pcrs;
	const char *content, *reason; /* reason: of a refusal */
} logs[] = {
	{ GOOD, 1, 0, 0, "", NULL },
	{ IMA("10", "4", "7"), 1, 0, 0, "", NULL },
	{ "\x1e" GOOD "\n\x1e" GOOD "\n", 2, 0, 0, "", NULL },
	{ "[" OTHER("\"pcr\":0", "\"pcclient_std\"") "," GOOD "]", 1, 1, 1,
	  "pcclient_std", NULL },
	{ "[" GOOD "," OTHER("\"pcr\":7", "5") "," OTHER("\"pcr\":0", "4") "]",
	  1, 2, 0x81, "pcclient_std", NULL },
	{ OTHER("\"nv_index\":25165824", "\"systemd\"") GOOD, 1, 1, 0,
	  "systemd", NULL },
	{ OTHER("\"pcr\":4000000000", "\"a\\u001bb c\"") GOOD, 1, 1, 0,
	  "a\\u001bb?c", NULL },
	{ OTHER("\"pcr\":11", "99") GOOD, 1, 1, 0x800, "unknown", NULL },
	{ GOOD OTHER("\"pcr\":10", "\"pcclient_std\""), 1, 0, 0, "",
	  "content of type pcclient_std, in a PCR that IMA extends" },
	{ GOOD OTHER("\"pcr\":10", "8"), 1, 0, 0, "",
	  "content of type ima_tlv, in a PCR that IMA extends" },
	{ GOOD OTHER("\"pcr\":10", "\"systemd\""), 1, 0, 0, "",
	  "content other than ima_template, in a PCR that IMA extends" },
	{ OTHER("\"pcr\":10", "\"cel\"") GOOD, 0, 1, 0x400, "cel",
	  "content of IMA, in a PCR that other content has extended" },
	{ OTHER("\"pcr\":0", "5") OTHER("\"pcr\":1", "5"), 0, 2, 3,
	  "pcclient_std", "no record is of IMA, all are of other content" },
	{ OTHER("\"more\":0", "5") GOOD, 0, 0, 0, "", "no PCR number" },
	{ IMA("10", "\"sha3_256\"", "7"), 0, 0, 0, "",
	  "no digest of the list's bank" },
};

static void check_log(size_t i)
{
	const struct imastage_left_out *left_out;
	struct imastage_reader *reader;
	uint64_t nr;
	int r;

	print_message("# %s\n", logs[i].text);
	assert_int_equal(imastage_reader_new_memory(bytes_of_text(logs[i].text),
						    NULL, &reader),
			 0);
	r = read_all(reader, &nr);
	left_out = imastage_reader_left_out(reader);
	assert_int_equal(r, logs[i].reason ? -EBADMSG : IMASTAGE_END);
	if (logs[i].reason)
		assert_string_equal(imastage_reader_error(reader)->reason,
				    logs[i].reason);
	if (nr > 0) {
		assert_int_equal(left_out->nr, logs[i].nr_left_out);
		assert_int_equal(left_out->pcrs, logs[i].pcrs);
		assert_string_equal(left_out->content, logs[i].content);
	}
	assert_int_equal(nr, logs[i].nr);
	imastage_reader_free(reader);
}

TEST(logs_of_other_contents_and_other_writers)
{
	for (size_t i = 0; i < ARRAY_SIZE(logs); i++)
		check_log(i);
}

static void put_tlv(struct imastage_buffer *to, uint8_t type,
		    struct imastage_bytes value)
{
	uint8_t head[5] = { type, 0, 0, (uint8_t)(value.len >> 8),
			    (uint8_t)value.len };

	put(to, head, sizeof(head));
	put(to, value.data, value.len);
}

/* A number in as few bytes as it needs, or in @len. */
static void put_number(struct imastage_buffer *to, uint8_t type, uint64_t value,
		       size_t len)
{
	uint8_t bytes[8];
	size_t least = 1;

	while (least < 8 && value >> (8 * least))
		least++;
	len = len > least ? len : least;
	for (size_t i = 0; i < len; i++)
		bytes[i] = (uint8_t)(value >> (8 * (len - 1 - i)));
	put_tlv(to, type, bytes_of(bytes, len));
}

/* An IMA record as CEL_TLV, of a right digest. */
static void put_cel(struct imastage_buffer *to, uint64_t number,
		    size_t number_len)
{
	struct imastage_bytes fields[] = {
		bytes_of("sha1:\0"
			 "01234567890123456789",
			 26),
		bytes_of("/a", 3),
	};
	struct imastage_buffer digests = { 0 }, content = { 0 };
	struct built_record built;

	build_record(&built, IMASTAGE_SHA1, 10, "ima-ng", fields, 2);
	sign(&built, IMASTAGE_SHA1);
	put_tlv(&digests, 4, bytes_of(built.digest, 20));
	put_tlv(&content, 0, bytes_of_text("ima-ng"));
	put_tlv(&content, 1, built.record.data);
	put_number(to, 0, number, number_len);
	put_number(to, 1, 10, number_len);
	put_tlv(to, 3, bytes_of(digests.data, digests.len));
	put_tlv(to, 7, bytes_of(content.data, content.len));
	free(digests.data);
	free(content.data);
}

static void assert_log_of(const struct imastage_buffer *log, uint64_t expected,
			  uint64_t nr_left_out)
{
	struct imastage_reader *reader;
	uint64_t nr;

	assert_int_equal(imastage_reader_new_memory(
				 bytes_of(log->data, log->len), NULL, &reader),
			 0);
	assert_int_equal(read_all(reader, &nr), IMASTAGE_END);
	assert_int_equal(nr, expected);
	assert_int_equal(imastage_reader_get_options(reader)->format,
			 IMASTAGE_FORMAT_CEL_TLV);
	assert_int_equal(imastage_reader_left_out(reader)->nr, nr_left_out);
	imastage_reader_free(reader);
}

TEST(cel_tlv_of_others)
{
	for (size_t number_len = 1; number_len <= 8; number_len++) {
		struct imastage_buffer log = { 0 };

		for (uint64_t i = 0; i < 300; i++)
			put_cel(&log, i, number_len);
		assert_log_of(&log, 300, 0);
		free(log.data);
	}
}

TEST(cel_tlv_of_other_contents)
{
	struct imastage_buffer log = { 0 };

	put_number(&log, 0, 0, 1);
	put_number(&log, 1, 0, 1); /* PCR 0 */
	put_tlv(&log, 3, bytes_of("\x4\0\0\0\x2xx", 7));
	put_tlv(&log, 5, bytes_of_text("of the firmware"));
	put_cel(&log, 1, 1);
	put_number(&log, 0, 2, 1);
	put_number(&log, 2, 0x1800000, 1); /* an NV index */
	put_tlv(&log, 3, bytes_of("", 0));
	put_tlv(&log, 4, bytes_of_text("of the log itself"));
	put_cel(&log, 3, 1);
	assert_log_of(&log, 2, 2);
	free(log.data);
}

TEST_MAIN(cmocka_unit_test(worn_text_is_what_it_was),
	  cmocka_unit_test(worn_json_is_what_it_was),
	  cmocka_unit_test(what_the_digest_proves_is_not_taken_off),
	  cmocka_unit_test(no_line_takes_a_proven_one),
	  cmocka_unit_test(a_last_line_that_nothing_proves_is_cut_off),
	  cmocka_unit_test(the_first_record_that_can_decides),
	  cmocka_unit_test(what_was_told_holds_where_nothing_tells),
	  cmocka_unit_test(a_list_cut_off_in_its_first_record_is_one),
	  cmocka_unit_test(logs_of_other_contents_and_other_writers),
	  cmocka_unit_test(cel_tlv_of_others),
	  cmocka_unit_test(cel_tlv_of_other_contents))
