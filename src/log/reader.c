// SPDX-License-Identifier: MIT
/*
 * Reading a list through a window of bounded size.
 *
 * A parser that needs more than the window has is called again when there is
 * more. The window starts with 64 KiB and doubles when one record fills it.
 */
#include "log/reader.h"
#include "base/cursor.h"
#include "log/ascii_run.h"
#include "log/binary.h"
#include "log/buffer.h"
#include "log/template.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#define WINDOW_LEN ((size_t)64 << 10)
#define PATIENT_LEN ((size_t)4 << 10)
#define BYTE_ORDER_MARK "\xef\xbb\xbf"

static bool make_sense(const struct imastage_reader_options *options)
{
	return (unsigned int)options->format <= IMASTAGE_FORMAT_CEL_TLV &&
	       options->detect <= READER_DETECT_ALL &&
	       (unsigned int)options->bank < IMASTAGE_NR_BANKS &&
	       (options->endian == IMASTAGE_LITTLE ||
		options->endian == IMASTAGE_BIG);
}

static int new_reader(const struct imastage_reader_options *options,
		      struct imastage_reader **ret_reader)
{
	struct imastage_reader *reader;

	if (options && !make_sense(options))
		return -EINVAL;
	reader = calloc(1, sizeof(*reader));
	if (!reader)
		return -ENOMEM;
	if (options)
		reader->options = *options;
	reader->options.detect = what_to_detect(&reader->options);
	if (reader->options.max_record_len == 0)
		reader->options.max_record_len = IMASTAGE_RECORD_LEN_MAX;
	reader->index = reader->options.first_index;
	*ret_reader = reader;
	return 0;
}

int imastage_reader_new(struct imastage_source source,
			const struct imastage_reader_options *options,
			struct imastage_reader **ret_reader)
{
	int r = new_reader(options, ret_reader);

	if (r == 0)
		(*ret_reader)->source = source;
	return r;
}

int imastage_reader_new_memory(struct imastage_bytes bytes,
			       const struct imastage_reader_options *options,
			       struct imastage_reader **ret_reader)
{
	int r = new_reader(options, ret_reader);

	if (r < 0)
		return r;
	(*ret_reader)->window = bytes;
	(*ret_reader)->eof = true;
	return 0;
}

/* The descriptor is kept in the context pointer itself. */
static ssize_t read_fd(void *context, void *data, size_t len)
{
	ssize_t n;

	do
		n = read((int)(intptr_t)context, data, len);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : n;
}

int imastage_reader_new_fd(int fd,
			   const struct imastage_reader_options *options,
			   struct imastage_reader **ret_reader)
{
	/* cppcheck-suppress intToPointerCast */
	struct imastage_source source = { read_fd, (void *)(intptr_t)fd };

	return imastage_reader_new(source, options, ret_reader);
}

void imastage_reader_free(struct imastage_reader *reader)
{
	if (!reader)
		return;
	hasher_fini(&reader->hasher);
	free(reader->buffer.data);
	free(reader->data.data);
	free(reader->text.data);
	free(reader);
}

/* Forgets the record returned last. */
static void move_on(struct imastage_reader *reader)
{
	reader->offset += reader->used;
	reader->window = bytes_skip(reader->window, reader->used);
	reader->used = 0;
}

/* How large the window may become for one record. */
static size_t window_limit(const struct imastage_reader *reader)
{
	size_t max = reader->options.max_record_len;

	return max < WINDOW_LEN ? WINDOW_LEN : max;
}

/* Makes room behind the window, by moving it to the front or by growing. */
static int make_room(struct imastage_reader *reader)
{
	struct imastage_buffer *buffer = &reader->buffer;
	size_t limit = window_limit(reader), capacity;

	if (reader->window.len > 0 && reader->window.data != buffer->data)
		memmove(buffer->data, reader->window.data, reader->window.len);
	buffer->len = reader->window.len;
	if (buffer->len == buffer->capacity) {
		capacity = buffer->capacity ? buffer->capacity * 2 : WINDOW_LEN;
		if (buffer->len >= limit)
			return -EMSGSIZE;
		if (buffer_reserve(buffer, capacity < limit ? capacity : limit))
			return -ENOMEM;
	}
	reader->window = bytes_of(buffer->data, buffer->len);
	return 0;
}

/* Reads on once. Sets eof instead when there is nothing more. */
static int read_more(struct imastage_reader *reader)
{
	struct imastage_buffer *buffer = &reader->buffer;
	size_t room;
	ssize_t n;
	int r = make_room(reader);

	if (r < 0)
		return r;
	room = buffer->capacity - buffer->len;
	n = reader->source.read(reader->source.context,
				buffer->data + buffer->len, room);
	if (n < 0)
		return (int)n;
	if ((size_t)n > room)
		return -EINVAL;
	buffer->len += (size_t)n;
	reader->window.len = buffer->len;
	reader->eof = n == 0;
	return 0;
}

/*
 * Reads on before the window is looked at from its start again: a little for a
 * short one, as much again for a long one. So what comes in small pieces is
 * not looked at once for each.
 */
static int read_grown(struct imastage_reader *reader)
{
	size_t len = reader->window.len, grown = 2 * len;
	int r;

	if (grown > window_limit(reader))
		grown = window_limit(reader);

	do
		r = read_more(reader);
	while (r == 0 && !reader->eof && len >= PATIENT_LEN &&
	       reader->window.len < grown);
	return r;
}

/* The same for a record: what tells that a long line of ASCII is whole is new. */
static int read_on(struct imastage_reader *reader)
{
	bool patient = reader->options.format == IMASTAGE_FORMAT_ASCII &&
		       reader->window.len >= PATIENT_LEN;
	size_t old;
	int r;

	do {
		old = reader->window.len;
		r = read_more(reader);
	} while (r == 0 && !reader->eof && patient &&
		 !bytes_contain(bytes_skip(reader->window, old), '\n'));
	return r;
}

static int fail(struct imastage_reader *reader, int r,
		struct imastage_error error)
{
	reader->failed = r;
	reader->error = error;
	reader->error.index = reader->index;
	reader->error.offset += reader->offset;
	return r;
}

/* An error that is not about what the list says, at the window's start. */
static int fail_otherwise(struct imastage_reader *reader, int r)
{
	struct imastage_error error = { 0, 0, "cannot be read" };

	if (r == -EMSGSIZE)
		error.reason = "record is longer than the limit";
	else if (r == -ENOMEM)
		error.reason = "out of memory";
	else if (r == -ENOTSUP)
		error.reason = "the hash algorithm is not there";
	return fail(reader, r, error);
}

/* Text of an editor may have three bytes before it that say that it is UTF-8. */
static int skip_mark(struct imastage_reader *reader)
{
	struct imastage_bytes mark = bytes_of_text(BYTE_ORDER_MARK);
	int r = 0;

	while (r == 0 && !reader->eof && reader->window.len < mark.len &&
	       bytes_equal(reader->window,
			   bytes_first(mark, reader->window.len)))
		r = read_more(reader);
	if (r < 0)
		return fail_otherwise(reader, r);
	if (bytes_equal(bytes_first(reader->window, mark.len), mark))
		reader->used = mark.len;
	move_on(reader);
	return 0;
}

static bool may_have_mark(const struct imastage_reader *reader)
{
	return reader->options.format == IMASTAGE_FORMAT_DETECT ||
	       reader->options.format == IMASTAGE_FORMAT_ASCII ||
	       reader->options.format == IMASTAGE_FORMAT_CEL_JSON;
}

static int detect_format(struct imastage_reader *reader)
{
	struct detected detected = { .error = { 0, 0, NULL } };
	int r;

	for (;;) {
		bool all = reader->eof ||
			   reader->window.len >= window_limit(reader);

		if (reader->window.len == 0 && reader->eof)
			return IMASTAGE_END;
		r = detect(reader->window, reader->eof, &reader->options,
			   &detected);
		if (r == -ENODATA && all)
			return fail_otherwise(reader, -EMSGSIZE);
		if (r == -EBADMSG)
			return fail(reader, r, detected.error);
		if (r != -ENODATA)
			break;
		r = read_grown(reader);
		if (r < 0)
			return fail_otherwise(reader, r);
	}
	reader->options.detect = 0;
	reader->crlf = detected.crlf;
	return r < 0 ? fail_otherwise(reader, r) : 0;
}

/* What the format needs before its first record. */
static int prepare(struct imastage_reader *reader)
{
	int r = 0;

	if (!reader->begun && may_have_mark(reader))
		r = skip_mark(reader);
	reader->begun = true;
	if (r == 0 && reader->options.detect)
		r = detect_format(reader);
	if (r || reader->options.format != IMASTAGE_FORMAT_ASCII ||
	    reader->hasher.banks)
		return r;
	r = hasher_init(&reader->hasher, 1u << reader->options.bank);
	return r < 0 ? fail_otherwise(reader, r) : 0;
}

int reader_parse_binary(struct imastage_reader *reader,
			struct imastage_error *error,
			struct imastage_record *ret_record)
{
	struct cursor cursor;
	int r;

	cursor_init(&cursor, reader->window, reader->options.endian);
	r = binary_parse(&cursor, reader->options.bank, error, ret_record);
	if (r == 0)
		reader->used = cursor_offset(&cursor);
	return r;
}

static int parse(struct imastage_reader *reader, struct imastage_error *error,
		 struct imastage_record *ret_record)
{
	switch (reader->options.format) {
	case IMASTAGE_FORMAT_BINARY:
		return reader_parse_binary(reader, error, ret_record);
	case IMASTAGE_FORMAT_ASCII:
		return reader_parse_ascii(reader, error, ret_record);
	case IMASTAGE_FORMAT_CEL_JSON:
		return reader_parse_cel_json(reader, error, ret_record);
	case IMASTAGE_FORMAT_CEL_TLV:
		return reader_parse_cel_tlv(reader, error, ret_record);
	default:
		return reader_fail(error, 0, -EINVAL, "no such format");
	}
}

/* A log of other content was meant to be a list, or is taken for one. */
static int end(struct imastage_reader *reader)
{
	const struct imastage_error error = {
		0, 0, "no record is of IMA, all are of other content"
	};

	if (reader->left_out.nr == 0 ||
	    reader->index != reader->options.first_index)
		return IMASTAGE_END;
	return fail(reader, -EBADMSG, error);
}

/* One of Linux's own is never an added one. */
static int find_added(struct imastage_reader *reader,
		      struct imastage_record *record)
{
	const struct imastage_template *added =
		templates_find(reader->options.templates, record->name);
	struct imastage_error error = {
		0, 0, "not the number of fields its template was given"
	};

	if (added && added->nr_fields != record->nr_fields) {
		reader->used = 0;
		return fail(reader, -EBADMSG, error);
	}
	record->added = added;
	return 0;
}

/* The parser's answer, for which it has all that it needs, or all there is. */
static int parse_whole(struct imastage_reader *reader,
		       struct imastage_record *ret_record)
{
	int r;

	for (;;) {
		struct imastage_error error = { 0, 0, NULL };
		bool empty = reader->window.len == 0;

		if (empty && reader->eof && !reader->in_array)
			return end(reader);
		r = empty && !reader->eof ? -ENODATA :
					    parse(reader, &error, ret_record);
		if (r == IMASTAGE_END && reader->eof)
			return end(reader);
		if (r == 0 || r == READER_LEFT_OUT)
			return r;
		if ((r != -ENODATA && r != IMASTAGE_END) || reader->eof)
			return fail(reader, r, error);
		r = read_on(reader);
		if (r < 0)
			return fail_otherwise(reader, r);
	}
}

static int next(struct imastage_reader *reader,
		struct imastage_record *ret_record)
{
	int r;

	do {
		move_on(reader);
		r = parse_whole(reader, ret_record);
		if (r != 0 && r != READER_LEFT_OUT)
			return r;
		reader->parsed = true;
		if (reader->used > reader->options.max_record_len) {
			reader->used = 0;
			return fail_otherwise(reader, -EMSGSIZE);
		}
	} while (r == READER_LEFT_OUT);
	if (reader->options.templates) {
		r = find_added(reader, ret_record);
		if (r < 0)
			return r;
	}
	reader->index++;
	return 0;
}

int imastage_reader_next(struct imastage_reader *reader,
			 struct imastage_record *ret_record)
{
	int r;

	if (reader->failed)
		return reader->failed;
	move_on(reader);
	r = prepare(reader);
	return r ? r : next(reader, ret_record);
}

/* Those in the window. Returns what ascii_run() does. */
static int show_window(struct imastage_reader *reader, uint64_t nr_max,
		       void *data, size_t capacity, size_t *ret_len)
{
	struct ascii_run run;
	int r;

	move_on(reader);
	r = ascii_run(&reader->options, reader->window, nr_max, data, capacity,
		      &run);
	reader->used = run.used;
	reader->index += run.nr;
	*ret_len = run.len;
	return r;
}

/* What goes wrong, and longer records, are for imastage_reader_next() to meet. */
static bool read_window(struct imastage_reader *reader)
{
	move_on(reader);
	return !reader->eof && reader->window.len < WINDOW_LEN &&
	       read_more(reader) == 0;
}

size_t imastage_reader_show(struct imastage_reader *reader, uint64_t end,
			    void *data, size_t capacity)
{
	size_t done = 0, len;
	int r;

	if (reader->failed || reader->options.format != IMASTAGE_FORMAT_BINARY)
		return 0;
	do {
		if (reader->index >= end)
			break;
		r = show_window(reader, end - reader->index,
				(uint8_t *)data + done, capacity - done, &len);
		done += len;
	} while (r == -ENODATA && read_window(reader));
	return done;
}

const struct imastage_error *
imastage_reader_error(const struct imastage_reader *reader)
{
	return &reader->error;
}

uint64_t imastage_reader_offset(const struct imastage_reader *reader)
{
	return reader->offset + reader->used;
}

uint64_t imastage_reader_index(const struct imastage_reader *reader)
{
	return reader->index;
}

const struct imastage_left_out *
imastage_reader_left_out(const struct imastage_reader *reader)
{
	return &reader->left_out;
}

const struct imastage_reader_options *
imastage_reader_get_options(const struct imastage_reader *reader)
{
	return &reader->options;
}
