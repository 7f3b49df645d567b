// SPDX-License-Identifier: MIT
/*
 * What hostile input costs: memory, counted as it is allocated, and bytes that are
 * looked at, counted where they are; never time. Each bound is the one that the header
 * of the parser states. What is compressed costs what it is decompressed to, which comes
 * in pieces: that is the bound of what reads it, and of zstd's window.
 *
 * Not here, because it cannot be long: answers of TPMs (TSS unmarshals them into structs of
 * fixed size), marks of an archive (as many as records, see archive/row.h).
 */
#include "archive/store.h"
#include "base/bytes.h"
#include "base/hex.h"
#include "list/inflate.h"
#include "evidence/boot_log.h"
#include "evidence/challenge.h"
#include "evidence/container.h"
#include "evidence/enroll.h"
#include "evidence/frame.h"
#include "lib/alloc_count.h"
#include "lib/lists.h"
#include "lib/testing.h"
#include "log/binary.h"
#include "log/pcr_file.h"
#include "service/ask.h"
#include "service/config.h"
#include "service/request.h"

#include <errno.h>
#include <json-c/json.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

#define LEN ((size_t)256 << 10)

/* ---- steps ---------------------------------------------------------------------- */

/* Bytes that were hashed, decoded, or looked at for fields. */
static uint64_t steps;

int __real_imastage_hasher_template(struct imastage_hasher *hasher,
				    const struct imastage_record *record,
				    struct imastage_digests *ret_digests);
int __real_hex_decode(struct imastage_bytes text, size_t capacity,
		      uint8_t *ret_data, size_t *ret_len);
int __real_binary_adopt(struct imastage_bytes name, struct imastage_bytes data,
			enum imastage_endian endian,
			struct imastage_error *error,
			struct imastage_record *record);
int __real_binary_parse(struct cursor *cursor, enum imastage_bank bank,
			struct imastage_error *error,
			struct imastage_record *ret_record);
int __real_json_text_members(struct imastage_bytes text,
			     const char *const *keys, size_t nr,
			     struct imastage_bytes *ret_values);
int __wrap_imastage_hasher_template(struct imastage_hasher *hasher,
				    const struct imastage_record *record,
				    struct imastage_digests *ret_digests);
int __wrap_hex_decode(struct imastage_bytes text, size_t capacity,
		      uint8_t *ret_data, size_t *ret_len);
int __wrap_binary_adopt(struct imastage_bytes name, struct imastage_bytes data,
			enum imastage_endian endian,
			struct imastage_error *error,
			struct imastage_record *record);
int __wrap_binary_parse(struct cursor *cursor, enum imastage_bank bank,
			struct imastage_error *error,
			struct imastage_record *ret_record);
int __wrap_json_text_members(struct imastage_bytes text,
			     const char *const *keys, size_t nr,
			     struct imastage_bytes *ret_values);

int __wrap_imastage_hasher_template(struct imastage_hasher *hasher,
				    const struct imastage_record *record,
				    struct imastage_digests *ret_digests)
{
	steps += record->data.len;
	return __real_imastage_hasher_template(hasher, record, ret_digests);
}

int __wrap_hex_decode(struct imastage_bytes text, size_t capacity,
		      uint8_t *ret_data, size_t *ret_len)
{
	steps += text.len;
	return __real_hex_decode(text, capacity, ret_data, ret_len);
}

int __wrap_binary_adopt(struct imastage_bytes name, struct imastage_bytes data,
			enum imastage_endian endian,
			struct imastage_error *error,
			struct imastage_record *record)
{
	steps += data.len;
	return __real_binary_adopt(name, data, endian, error, record);
}

int __wrap_binary_parse(struct cursor *cursor, enum imastage_bank bank,
			struct imastage_error *error,
			struct imastage_record *ret_record)
{
	size_t start = cursor_offset(cursor);
	int r = __real_binary_parse(cursor, bank, error, ret_record);

	steps += cursor_offset(cursor) - start;
	return r;
}

int __wrap_json_text_members(struct imastage_bytes text,
			     const char *const *keys, size_t nr,
			     struct imastage_bytes *ret_values)
{
	steps += text.len;
	return __real_json_text_members(text, keys, nr, ret_values);
}

/* ---- hostile lists --------------------------------------------------------------- */

#define RECORD                                                              \
	"{\"recnum\":0,\"pcr\":10,\"digests\":[{\"hashAlg\":\"sha1\","      \
	"\"digest\":\"1111111111111111111111111111111111111111\"}],"        \
	"\"content_type\":\"ima_template\",\"content\":{\"template_name\":" \
	"\"d\",\"template_data\":\"0100000041\"}"
#define OTHER                                                              \
	"{\"recnum\":0,\"pcr\":0,\"digests\":[],\"content_type\":\"cel\"," \
	"\"content\":{}}"
#define HEAD "10 1111111111111111111111111111111111111111 "
#define CUSTOM "d-ng|n-ng|sig|sig|sig|sig|sig|sig"
#define TLV_HEAD "\0\0\0\0\1\0\1\0\0\0\1\x0a"

/* clang-format off */
#define TEXT(text) { (const uint8_t *)(text), sizeof(text) - 1 }
/* clang-format on */

/* A list: @head, then @each until it is LEN bytes long, then @tail. */
static const struct {
	const char *name;
	struct imastage_bytes head, each, tail;
} lists[] = {
	{ "a number in each two bytes", TEXT(RECORD ",\"a\":["), TEXT("0,"),
	  TEXT("0]}") },
	{ "an object in each three bytes", TEXT(RECORD ",\"a\":["), TEXT("{},"),
	  TEXT("0]}") },
	{ "as deep as it goes", TEXT(RECORD ",\"a\":["), TEXT("[[[[[[]]]]]],"),
	  TEXT("0]}") },
	{ "many members", TEXT(RECORD), TEXT(",\"a\":0"), TEXT("}") },
	{ "many digests",
	  TEXT("{\"pcr\":10,\"content_type\":7,\"content\":{},\"digests\":["),
	  TEXT("{},"), TEXT("{}]}") },
	{ "a long name",
	  TEXT("{\"pcr\":10,\"digests\":[{\"hashAlg\":4,\"digest\":"
	       "\"1111111111111111111111111111111111111111\"}],"
	       "\"content_type\":7,\"content\":{\"template_name\":\""),
	  TEXT("a"), TEXT("\"}}") },
	{ "long data of empty fields",
	  TEXT("{\"pcr\":10,\"digests\":[{\"hashAlg\":4,\"digest\":"
	       "\"1111111111111111111111111111111111111111\"}],"
	       "\"content_type\":7,\"content\":{\"template_name\":\"a\","
	       "\"template_data\":\""),
	  TEXT("00000000"), TEXT("\"}}") },
	{ "objects that are short", TEXT("["), TEXT(RECORD "},"),
	  TEXT(RECORD "}]") },
	{ "other content", TEXT("["), TEXT(OTHER ","), TEXT(RECORD "}]") },
	{ "an object without end", TEXT("{\"a\":\""), TEXT("}"), TEXT("") },
	{ "white space", TEXT("["), TEXT(" "), TEXT(RECORD "}]") },
	{ "separators", TEXT(""), TEXT("\x1e"), TEXT("{}") },
	{ "short lines", TEXT(""), TEXT(HEAD "ima-ng s:22 /a\n"), TEXT("") },
	{ "short lines that lack a field", TEXT(""),
	  TEXT(HEAD "ima-sig s:22 /a\r\n"), TEXT("") },
	{ "lines with all fields of any shape", TEXT(""),
	  TEXT(HEAD CUSTOM
	       " s:22 ab ab ab ab ab ab ab ab ab ab ab ab ab ab\r\n"),
	  TEXT("") },
	{ "lines of a template that is not known", TEXT(""),
	  TEXT(HEAD "ima-new sha256:22 ab 12 ab 34 ab 56 78 ab\n"), TEXT("") },
	{ "the same with fields of any kind", TEXT(""),
	  TEXT(HEAD "ima-new 1 2 3 4 5 6 7 8 10 20 30 40 50 60 70\n"),
	  TEXT("") },
	{ "violations", TEXT(""),
	  TEXT("10 0000000000000000000000000000000000000000 ima-sig s:00 /a \n"),
	  TEXT("") },
	{ "a name of newlines", TEXT(HEAD "ima-ng s:22 /a"), TEXT("\n"),
	  TEXT("b") },
	{ "names of newlines", TEXT(""),
	  TEXT(HEAD "ima-ng s:22 /a\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n"),
	  TEXT(HEAD "ima-ng s:22 /a\n") },
	{ "a line without end", TEXT(HEAD "ima-ng s:22 /a"), TEXT("b"),
	  TEXT("") },
	{ "a digest without end", TEXT("10 "), TEXT("1"), TEXT("") },
	{ "empty lines", TEXT(HEAD "ima-ng s:22 /a\n"), TEXT("\n"), TEXT("") },
	{ "parts of nothing", TEXT(TLV_HEAD "\3\0\x10\0\0"), TEXT("\4\0\0\0\0"),
	  TEXT("\7\0\0\0\0") },
	{ "other contents of nothing", TEXT(""),
	  TEXT("\0\0\0\0\1\0\1\0\0\0\1\0\3\0\0\0\0\5\0\0\0\0"), TEXT("") },
	{ "a template of empty fields",
	  TEXT("\x0a\0\0\0"
	       "11111111111111111111"
	       "\1\0\0\0d\0\0\x10\0"),
	  TEXT("\0\0\0\0"), TEXT("") },
	{ "records of nothing", TEXT(""),
	  TEXT("\x0a\0\0\0"
	       "11111111111111111111"
	       "\1\0\0\0d\0\0\0\0"),
	  TEXT("") },
	{ "nothing", TEXT(""), TEXT("\0"), TEXT("") },
#undef TEXT
};

static struct imastage_buffer make(size_t i)
{
	struct imastage_buffer made = { 0 };
	struct imastage_sink sink = imastage_sink_buffer(&made);

	sink.write(sink.context, lists[i].head.data, lists[i].head.len);
	while (made.len < LEN)
		sink.write(sink.context, lists[i].each.data, lists[i].each.len);
	sink.write(sink.context, lists[i].tail.data, lists[i].tail.len);
	return made;
}

static void read_all(struct imastage_source source)
{
	struct imastage_reader *reader;
	struct imastage_record record;

	assert_int_equal(imastage_reader_new(source, NULL, &reader), 0);
	while (imastage_reader_next(reader, &record) == 0)
		;
	imastage_reader_free(reader);
}

/* imastage/reader.h: "What it costs" */
static void check_list(size_t i, size_t step)
{
	struct imastage_buffer made = make(i);
	struct slow_source slow = { .rest = bytes_of(made.data, made.len),
				    .step = step };
	size_t peak;

	steps = 0;
	alloc_count_start();
	read_all(slow_source(&slow));
	peak = alloc_count_peak();
	print_message("# %s: %zu bytes of memory and %.1f steps for each\n",
		      lists[i].name, peak / made.len,
		      (double)steps / (double)made.len);
	assert_true(peak <= (size_t)256 * 1024 + 4 * made.len);
	assert_true(steps <= 600 * made.len);
	free(made.data);
}

TEST(lists_of_any_format)
{
	for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
		check_list(i, 4096);
		check_list(i, LEN);
	}
}

/* ---- what is compressed -------------------------------------------------------------- */

struct packed {
	struct imastage_bytes rest;
	struct inflate *inflate;
};

static struct packed packed;

static ssize_t read_rest(int fd, void *data, size_t len)
{
	struct imastage_bytes piece = bytes_first(packed.rest, len);

	(void)fd;
	if (piece.len > 0)
		memcpy(data, piece.data, piece.len);
	packed.rest = bytes_skip(packed.rest, piece.len);
	return (ssize_t)piece.len;
}

static ssize_t read_inflated(void *context, void *data, size_t len)
{
	(void)context;
	return inflate_read(packed.inflate, 0, data, len);
}

/* @text, as small as zstd makes it, with a window of 2^@window_log bytes. */
static struct imastage_bytes compress(struct imastage_bytes text,
				      int window_log)
{
	size_t capacity = ZSTD_compressBound(text.len), len;
	void *data = malloc(capacity);
	ZSTD_CCtx *zstd = ZSTD_createCCtx();

	assert_true(data && zstd);
	ZSTD_CCtx_setParameter(zstd, ZSTD_c_windowLog, window_log);
	len = ZSTD_compress2(zstd, data, capacity, text.data, text.len);
	assert_false(ZSTD_isError(len));
	ZSTD_freeCCtx(zstd);
	return bytes_of(data, len);
}

/* 24 MiB of one object, which is more than a record may have. */
static struct imastage_bytes bomb(int window_log)
{
	const char *head = RECORD ",\"a\":[";
	size_t len = (size_t)24 << 20;
	cleanup_free char *text = malloc(len);
	struct imastage_bytes made;

	assert_non_null(text);
	memcpy(text, head, strlen(head));
	for (size_t i = strlen(head); i < len; i++)
		text[i] = i % 2 ? '0' : ',';
	made = compress(bytes_of(text, len), window_log);
	assert_true(made.len < len / 1000);
	return made;
}

/* A list of 2 kB takes what its longest record may, and zstd's window. */
TEST(a_list_that_is_compressed)
{
	const struct imastage_source source = { read_inflated, NULL };
	struct imastage_bytes made = bomb(23);
	size_t peak;

	packed.rest = made;
	alloc_count_start();
	assert_int_equal(inflate_new(read_rest, &packed.inflate), 0);
	read_all(source);
	inflate_free(packed.inflate);
	peak = alloc_count_peak();
	print_message("# %zu bytes: %zu KiB of memory\n", made.len, peak >> 10);
	assert_true(peak <= ((size_t)9 << 20) + 2 * IMASTAGE_RECORD_LEN_MAX);
	free((void *)(uintptr_t)made.data);
}

static ssize_t inflate_all(struct imastage_bytes file, size_t *ret_peak)
{
	static uint8_t data[4096];
	ssize_t n;

	packed.rest = file;
	alloc_count_start();
	assert_int_equal(inflate_new(read_rest, &packed.inflate), 0);
	do
		n = inflate_read(packed.inflate, 0, data, sizeof(data));
	while (n > 0);
	inflate_free(packed.inflate);
	*ret_peak = alloc_count_peak();
	return n;
}

/* cli/inflate.h */
TEST(what_is_decompressed)
{
	struct imastage_bytes good = bomb(23), far = bomb(24);
	size_t peak;

	assert_int_equal(inflate_all(good, &peak), 0);
	assert_true(peak <= (size_t)9 << 20);
	assert_int_equal(inflate_all(far, &peak), -EFBIG);
	assert_true(peak <= (size_t)1 << 20);
	free((void *)(uintptr_t)good.data);
	free((void *)(uintptr_t)far.data);
}

static void write_file(const char *path, struct imastage_bytes bytes)
{
	FILE *file = fopen(path, "we");

	assert_non_null(file);
	assert_int_equal(fwrite(bytes.data, 1, bytes.len, file), bytes.len);
	assert_int_equal(fclose(file), 0);
}

/* A segment of an archive that says to be @bytes long. What ends reading it. */
static ssize_t read_segment(const char *dir, uint64_t bytes, uint64_t stored,
			    size_t *ret_peak)
{
	static uint8_t data[4096];
	struct row row = {
		.is = { .boot = 1,
			.count = 1,
			.bytes = bytes,
			.stored_bytes = stored,
			.compressed = true },
	};
	struct segment_reader reader;
	struct mark mark = { 0, 0 };
	ssize_t n;

	assert_int_equal(marks_put(&row.marks, &mark), 0);
	assert_int_equal(frames_put(&row.frames, 0), 0);
	alloc_count_start();
	assert_int_equal(segment_reader_open(&reader, &io_system, NULL, dir,
					     &row, 0),
			 0);
	do
		n = segment_read(&reader, data, sizeof(data));
	while (n > 0);
	segment_reader_close(&reader);
	*ret_peak = alloc_count_peak();
	row_fini(&row);
	return n;
}

/* archive/segment.h */
TEST(segments_of_an_archive)
{
	char dir[] = "/tmp/imastage-test-bounds-XXXXXX";
	struct segment_path folder, path;
	struct imastage_bytes made = bomb(SEGMENT_WINDOW_LOG);
	size_t peak;

	assert_non_null(mkdtemp(dir));
	folder = segment_folder(dir, 1);
	path = segment_path(dir, 1, 0, SEGMENT_COMPRESSED);
	assert_int_equal(mkdir(folder.text, 0700), 0);
	write_file(path.text, made);
	assert_int_equal(read_segment(dir, (uint64_t)24 << 20, made.len, &peak),
			 0);
	assert_true(peak <= (size_t)1 << 20);
	assert_true(read_segment(dir, 1000, made.len, &peak) < 0);
	assert_true(peak <= (size_t)1 << 20);
	free((void *)(uintptr_t)made.data);
	assert_int_equal(unlink(path.text), 0);
	assert_int_equal(rmdir(folder.text), 0);
	assert_int_equal(rmdir(dir), 0);
}

/* ---- all threads of a check ------------------------------------------------------------ */

/* Records of one MiB, as long as anybody reads them. */
struct long_records {
	struct imastage_bytes record;
	size_t used;
	unsigned int nr;
};

static ssize_t read_long(void *context, void *data, size_t len)
{
	struct long_records *records = context;
	struct imastage_bytes piece =
		bytes_first(bytes_skip(records->record, records->used), len);

	if (records->nr == 0)
		return 0;
	memcpy(data, piece.data, piece.len);
	records->used += piece.len;
	if (records->used == records->record.len) {
		records->used = 0;
		records->nr--;
	}
	return (ssize_t)piece.len;
}

/* imastage/check.h */
TEST(long_records_on_many_threads)
{
	static const uint8_t head[] = "\x0a\0\0\0"
				      "11111111111111111111"
				      "\1\0\0\0d\0\0\x10\0";
	const struct imastage_check_options options = {
		.nr_threads = IMASTAGE_THREADS_MAX,
	};
	struct imastage_reader_options binary = {
		.format = IMASTAGE_FORMAT_BINARY
	};
	size_t len = sizeof(head) - 1 + ((size_t)1 << 20), peak;
	cleanup_free uint8_t *record = calloc(1, len);
	struct long_records records = { { record, len }, 0, 100 };
	struct imastage_source source = { read_long, &records };
	struct imastage_summary summary;
	struct imastage_reader *reader;
	struct imastage_replay *replay;

	assert_non_null(record);
	memcpy(record, head, sizeof(head) - 1);
	alloc_count_start();
	assert_int_equal(imastage_reader_new(source, &binary, &reader), 0);
	assert_int_equal(imastage_replay_new(1, 1u << 10, &replay), 0);
	assert_int_equal(
		imastage_check(reader, replay, NULL, &options, &summary), 0);
	assert_int_equal(summary.nr_records, 100);
	imastage_replay_free(replay);
	imastage_reader_free(reader);
	peak = alloc_count_peak();
	print_message("# %zu KiB of memory\n", peak >> 10);
	assert_true(peak <= ((size_t)32 << 20) + 6 * len +
				    IMASTAGE_THREADS_MAX * ((size_t)1 << 20));
}

/* ---- what is short -------------------------------------------------------------------- */

static struct imastage_buffer repeat(const char *head, const char *each,
				     const char *tail, size_t len)
{
	struct imastage_buffer made = { 0 };
	struct imastage_sink sink = imastage_sink_buffer(&made);

	sink.write(sink.context, head, strlen(head));
	while (made.len + strlen(each) + strlen(tail) <= len)
		sink.write(sink.context, each, strlen(each));
	sink.write(sink.context, tail, strlen(tail));
	return made;
}

/* Values of PCRs, configurations: no memory at all. */
TEST(what_needs_no_memory)
{
	struct imastage_buffer pcrs = repeat(
		"",
		"PCR-10: 11 11 11 11 11 11 11 11 11 11 11 11 11 11 11 11 11 11 11 11\n",
		"", LEN);
	struct imastage_buffer keys =
		repeat("", "# a comment\n", "x\n", CONFIG_FILE_MAX);
	static struct pcr_values values;
	struct config_error error;
	struct config config;
	size_t line;

	alloc_count_start();
	assert_int_equal(pcr_file_parse(bytes_of(pcrs.data, pcrs.len),
					IMASTAGE_SHA1, &values, &line),
			 0);
	assert_int_equal(config_parse(bytes_of(keys.data, keys.len), &config,
				      &error),
			 -EINVAL);
	assert_int_equal(alloc_count_peak(), 0);
	free(pcrs.data);
	free(keys.data);
}

/* Messages, whatever they have in them: no memory, either, and a few looks at each byte. */
TEST(messages)
{
	static const char *const eaches[] = { "AAAA", "\\/", "\",\"a\":\"" };
	static struct enroll_request request;
	static struct challenge challenge;
	struct evidence_error error;

	for (size_t i = 0; i < ARRAY_SIZE(eaches); i++) {
		struct imastage_buffer text = repeat(
			"{\"imastage\":\"enroll-request-1\",\"ek_pub\":\"",
			eaches[i], "\"}", MESSAGE_LEN_MAX - 100);

		alloc_count_start();
		steps = 0;
		assert_int_equal(
			enroll_request_parse(bytes_of(text.data, text.len),
					     &request, &error),
			-EBADMSG);
		assert_int_equal(challenge_parse(bytes_of(text.data, text.len),
						 &challenge, &error),
				 -EBADMSG);
		assert_int_equal(alloc_count_peak(), 0);
		assert_true(steps <= 4 * text.len);
		free(text.data);
	}
}

static void check_answer(const char *head, const char *each, const char *tail,
			 size_t len)
{
	struct imastage_buffer made = repeat(head, each, tail, len);
	struct json_object *object;
	size_t peak;

	alloc_count_start();
	object = ask_parse((const char *)made.data, made.len);
	peak = alloc_count_peak();
	print_message("# %zu bytes, %s: %zu KiB of memory\n", made.len,
		      object ? "taken" : "refused", peak >> 10);
	assert_true(peak <= ((size_t)2 << 20) + 40 * made.len);
	json_object_put(object);
	free(made.data);
}

/* service/ask.h; what a client may send is never longer than a page. */
TEST(requests_and_answers)
{
	static const size_t lens[] = { 3000, 4096, 64 << 10, 1 << 20 };

	for (size_t i = 0; i < ARRAY_SIZE(lens); i++) {
		check_answer("{\"a\":[", "{},", "0]}", lens[i]);
		check_answer("{\"a\":[", "[],", "0]}", lens[i]);
		check_answer("{\"a\":[", "0,", "0]}", lens[i]);
		check_answer("{\"a\":[", "[[[[[[]]]]]],", "0]}", lens[i]);
		check_answer("{\"a\":[", "\"\",", "0]}", lens[i]);
		check_answer("{\"a\":[", "1,2,3,4,\"aaaaaaaaaaaa\",", "0]}",
			     lens[i]);
		check_answer("{\"a\":[",
			     "{\"a\":\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
			     "aaaaaaaaaaaaaaaaaaaaaaaa\"},",
			     "0]}", lens[i]);
		check_answer("{\"a\":\"", "a", "\"}", lens[i]);
		check_answer("{\"a\":\"", "\\u00e9", "\"}", lens[i]);
	}
}

/* imastage/replay.h; whatever it says, a state has all values of five banks at most. */
TEST(saved_replays)
{
	struct imastage_buffer saved = { 0 };
	struct imastage_replay *replay, *loaded;

	assert_int_equal(imastage_replay_new(imastage_banks_available(),
					     (1u << IMASTAGE_NR_PCRS) - 1,
					     &replay),
			 0);
	assert_int_equal(
		imastage_replay_save(replay, imastage_sink_buffer(&saved)), 0);
	alloc_count_start();
	assert_int_equal(imastage_replay_load(bytes_of(saved.data, saved.len),
					      NULL, &loaded),
			 0);
	imastage_replay_free(loaded);
	print_message("# %zu bytes: %zu KiB of memory\n", saved.len,
		      alloc_count_peak() >> 10);
	assert_true(alloc_count_peak() <= (size_t)64 << 10);
	imastage_replay_free(replay);
	free(saved.data);
}

/* ---- evidence -------------------------------------------------------------------------- */

#define EVIDENCE_LEN ((size_t)24 << 20)

/* Records of noise, or zeros, which zstd makes nothing of. */
static int put_records(void *context, struct imastage_sink sink)
{
	const bool *noise = context;
	static uint8_t data[65536];
	uint32_t seed = 3;
	int r = 0;

	for (size_t len = 0; r == 0 && len < EVIDENCE_LEN;
	     len += sizeof(data)) {
		for (size_t i = 0; i < sizeof(data); i++)
			data[i] = *noise ?
					  (uint8_t)((seed = seed * 69069 + 1) >>
						    24) :
					  0;
		r = sink.write(sink.context, data, sizeof(data));
	}
	return r;
}

static int forget(void *context, const void *data, size_t len)
{
	(void)context;
	(void)data;
	(void)len;
	return 0;
}

static int make_evidence(struct imastage_sink sink, bool pack, bool noise)
{
	static uint8_t bytes[CONTAINER_PCRS_MAX];
	const struct container_stream records = { put_records, &noise };
	const struct container_small small = {
		.manifest = { .banks = 1, .kernel = "6.12" },
		.msg = bytes_of(bytes, CONTAINER_MSG_MAX),
		.sig = bytes_of(bytes, CONTAINER_SIG_MAX),
		.pcrs = bytes_of(bytes, CONTAINER_PCRS_MAX),
		.ak = bytes_of(bytes, CONTAINER_AK_MAX),
	};

	return container_write(sink, pack, &small, NULL, &records);
}

/* What ends reading it, and the bytes of streams that came. */
static int read_evidence(struct imastage_bytes file, uint64_t *ret_len)
{
	struct slow_source slow = { .rest = file, .step = 4096 };
	static uint8_t data[4096];
	struct imastage_source source;
	struct container *container;
	struct container_small small;
	enum container_part part;
	uint64_t len;
	ssize_t n;
	int r;

	*ret_len = 0;
	assert_int_equal(container_new(slow_source(&slow), 0, &container), 0);
	source = container_source(container);
	r = container_small(container, &small);
	while (r == 0 && (r = container_next(container, &part, &len)) == 0)
		while ((n = source.read(source.context, data, sizeof(data))) >
		       0)
			*ret_len += (uint64_t)n;
	container_free(container);
	return r;
}

static void check_evidence(bool pack, bool noise)
{
	const struct imastage_sink nowhere = { forget, NULL };
	struct imastage_buffer made = { 0 };
	size_t most = pack ? CONTAINER_MEMORY_MAX : CONTAINER_PLAIN_MEMORY_MAX;
	size_t writing, reading;
	uint64_t len;

	alloc_count_start();
	assert_int_equal(make_evidence(nowhere, pack, noise), 0);
	writing = alloc_count_peak();
	assert_int_equal(
		make_evidence(imastage_sink_buffer(&made), pack, noise), 0);
	alloc_count_start();
	assert_int_equal(read_evidence(bytes_of(made.data, made.len), &len),
			 CONTAINER_END);
	reading = alloc_count_peak();
	print_message("# %zu bytes: %zu KiB to write, %zu KiB to read\n",
		      made.len, writing >> 10, reading >> 10);
	assert_int_equal(len, EVIDENCE_LEN);
	assert_true(writing <= most && reading <= most);
	free(made.data);
}

/* evidence/container.h */
TEST(evidence_of_any_length)
{
	check_evidence(false, true);
	check_evidence(true, true);
	check_evidence(true, false);
}

/* evidence/frame.h; a frame with the largest window that there may be, of nothing. */
TEST(evidence_that_is_a_bomb)
{
	struct imastage_buffer plain = { 0 };
	struct imastage_bytes good, far;
	uint64_t len;
	size_t peak;

	assert_int_equal(
		make_evidence(imastage_sink_buffer(&plain), false, false), 0);
	good = compress(bytes_of(plain.data, plain.len), 23);
	far = compress(bytes_of(plain.data, plain.len), 24);
	alloc_count_start();
	assert_int_equal(read_evidence(good, &len), -EBADMSG);
	peak = alloc_count_peak();
	print_message("# %zu bytes: %zu KiB of memory, %zu KiB came\n",
		      good.len, peak >> 10, (size_t)len >> 10);
	assert_true(peak <= CONTAINER_MEMORY_MAX);
	assert_true(len <= FRAME_SLACK + FRAME_RATIO * good.len);
	alloc_count_start();
	assert_int_equal(read_evidence(far, &len), -EBADMSG);
	assert_true(alloc_count_peak() <= (size_t)1 << 20);
	free((void *)(uintptr_t)good.data);
	free((void *)(uintptr_t)far.data);
	free(plain.data);
}

/* Events that extend a PCR and nothing else, for as long as somebody reads. */
static ssize_t read_events(void *context, void *data, size_t len)
{
	static const uint8_t event[32] = { 7, 0, 0, 0, 4 };
	uint64_t *nr = context;

	for (size_t i = 0; i < len; i++)
		((uint8_t *)data)[i] = event[(*nr + i) % sizeof(event)];
	*nr += len;
	return (ssize_t)len;
}

/* evidence/boot_log.h */
TEST(boot_logs)
{
	uint64_t nr = 0;
	const struct imastage_source source = { read_events, &nr };
	struct evidence_error error;
	struct boot_log log;

	alloc_count_start();
	assert_int_equal(boot_log_replay(source, &log, &error), -EBADMSG);
	assert_true(alloc_count_peak() <= 4096);
	assert_int_equal(error.offset, BOOT_LOG_LEN_MAX);
	assert_true(nr <= BOOT_LOG_LEN_MAX + 4096);
}

TEST_MAIN(cmocka_unit_test(lists_of_any_format),
	  cmocka_unit_test(a_list_that_is_compressed),
	  cmocka_unit_test(what_is_decompressed),
	  cmocka_unit_test(segments_of_an_archive),
	  cmocka_unit_test(long_records_on_many_threads),
	  cmocka_unit_test(what_needs_no_memory), cmocka_unit_test(messages),
	  cmocka_unit_test(requests_and_answers),
	  cmocka_unit_test(saved_replays),
	  cmocka_unit_test(evidence_of_any_length),
	  cmocka_unit_test(evidence_that_is_a_bomb),
	  cmocka_unit_test(boot_logs))
