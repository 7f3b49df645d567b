// SPDX-License-Identifier: MIT
/*
 * Records in a nameless file. What is in the buffer is read from there, so that
 * reading never writes.
 */
#include "archive/spool.h"
#include "archive/counter.h"
#include "archive/marks.h"
#include "base/bytes.h"
#include "log/buffer.h"

#include <errno.h>
#include <stdlib.h>

#define BUFFER_LEN ((size_t)64 << 10)

struct spool {
	const struct io *io;
	int fd;
	struct archive_place start, end;
	enum imastage_endian endian; /* of all records */
	uint64_t flushed; /* bytes in the file */
	uint8_t *buffer; /* owned, BUFFER_LEN bytes: what follows them */
	size_t buffered;
	struct archive_place *marks; /* owned; of every 256th record */
	size_t nr_marks, marks_capacity;
};

/* ---- making ---------------------------------------------------------------- */

void spool_free(struct spool *spool)
{
	if (!spool)
		return;
	if (spool->fd >= 0)
		io_close(spool->io, spool->fd);
	free(spool->marks);
	free(spool->buffer);
	free(spool);
}

int spool_new(const struct io *io, const char *dir,
	      const struct archive_place *start, struct spool **ret_spool)
{
	struct spool *spool = calloc(1, sizeof(*spool));
	int r;

	if (!spool)
		return -ENOMEM;
	spool->io = io ? io : &io_system;
	spool->start = spool->end = *start;
	spool->fd = io_open(spool->io, dir, O_RDWR | O_TMPFILE, 0600);
	r = spool->fd < 0 ? spool->fd : 0;
	spool->buffer = malloc(BUFFER_LEN);
	if (r == 0 && !spool->buffer)
		r = -ENOMEM;
	if (r < 0)
		spool_free(spool);
	else
		*ret_spool = spool;
	return r;
}

struct archive_place spool_start(const struct spool *spool)
{
	return spool->start;
}

struct archive_place spool_end(const struct spool *spool)
{
	return spool->end;
}

/* ---- putting --------------------------------------------------------------- */

static int put_mark(struct spool *spool)
{
	if ((spool->end.index - spool->start.index) % ARCHIVE_MARK_RECORDS)
		return 0;
	if (spool->nr_marks == spool->marks_capacity) {
		size_t capacity = 2 * spool->marks_capacity + 16;
		struct archive_place *marks =
			reallocarray(spool->marks, capacity, sizeof(*marks));

		if (!marks)
			return -ENOMEM;
		spool->marks = marks;
		spool->marks_capacity = capacity;
	}
	spool->marks[spool->nr_marks++] = spool->end;
	return 0;
}

static int append(struct spool *spool, const uint8_t *data, size_t len)
{
	int r = io_write_full(spool->io, spool->fd, data, len, spool->flushed);

	if (r == 0)
		spool->flushed += len;
	return r;
}

static int flush(struct spool *spool)
{
	int r = append(spool, spool->buffer, spool->buffered);

	if (r == 0)
		spool->buffered = 0;
	return r;
}

static int put_long(struct spool *spool, const struct imastage_record *record,
		    size_t len)
{
	uint8_t *data = malloc(len);
	int r;

	if (!data)
		return -ENOMEM;
	record_write(record, data);
	r = append(spool, data, len);
	free(data);
	return r;
}

static int put_bytes(struct spool *spool, const struct imastage_record *record,
		     size_t len)
{
	int r = 0;

	if (len > BUFFER_LEN - spool->buffered)
		r = flush(spool);
	if (r == 0 && len > BUFFER_LEN)
		return put_long(spool, record, len);
	if (r < 0)
		return r;
	record_write(record, spool->buffer + spool->buffered);
	spool->buffered += len;
	return 0;
}

int spool_put(struct spool *spool, const struct imastage_record *record)
{
	size_t len;
	int r = record_binary_len(record, &len);

	if (r == 0 && spool->end.index == spool->start.index)
		spool->endian = record->endian;
	if (r == 0 && spool->endian != record->endian)
		r = -EINVAL;
	if (r == 0)
		r = put_mark(spool);
	if (r == 0)
		r = put_bytes(spool, record, len);
	if (r < 0)
		return r;
	spool->end.index++;
	spool->end.binary += len;
	spool->end.ascii += record_ascii_len(record);
	return 0;
}

/* ---- finding --------------------------------------------------------------- */

int spool_locate(const struct spool *spool, enum archive_unit unit,
		 uint64_t per_record, uint64_t offset,
		 struct archive_place *ret_place)
{
	const struct position position = { unit, per_record };
	size_t low = 0, high = spool->nr_marks ? spool->nr_marks - 1 : 0;

	if (position_of(&position, &spool->start) > offset)
		return -ESTALE;
	while (low < high) {
		size_t middle = low + (high - low + 1) / 2;

		if (position_of(&position, &spool->marks[middle]) <= offset)
			low = middle;
		else
			high = middle - 1;
	}
	*ret_place = spool->nr_marks ? spool->marks[low] : spool->start;
	return 0;
}

/* ---- reading --------------------------------------------------------------- */

struct spool_cursor {
	struct spool *spool;
	uint64_t index; /* of the next record */
	uint64_t at; /* the record that is read next */
	uint64_t offset; /* its byte */
	uint64_t read; /* byte that the reader gets next */
	struct imastage_reader *reader; /* owned; NULL: none */
};

void spool_cursor_close(struct spool_cursor *cursor)
{
	if (!cursor)
		return;
	imastage_reader_free(cursor->reader);
	free(cursor);
}

uint64_t spool_cursor_index(const struct spool_cursor *cursor)
{
	return cursor->index;
}

int spool_cursor_open(struct spool *spool, uint64_t index,
		      struct spool_cursor **ret_cursor)
{
	struct archive_place mark = spool->start;
	struct spool_cursor *cursor;

	if (index < spool->start.index || index > spool->end.index)
		return -ERANGE;
	cursor = calloc(1, sizeof(*cursor));
	if (!cursor)
		return -ENOMEM;
	(void)spool_locate(spool, ARCHIVE_INDEX, 0, index, &mark);
	cursor->spool = spool;
	cursor->index = index;
	cursor->at = mark.index;
	cursor->offset = mark.binary - spool->start.binary;
	*ret_cursor = cursor;
	return 0;
}

static ssize_t read_spool(void *context, void *data, size_t len)
{
	struct spool_cursor *cursor = context;
	const struct spool *spool = cursor->spool;
	ssize_t n;

	if (cursor->read < spool->flushed) {
		uint64_t left = spool->flushed - cursor->read;

		n = io_pread(spool->io, spool->fd, data,
			     len < left ? len : (size_t)left, cursor->read);
		if (n == 0)
			n = -EIO;
	} else {
		size_t used = (size_t)(cursor->read - spool->flushed);
		struct imastage_bytes rest = bytes_first(
			bytes_skip(bytes_of(spool->buffer, spool->buffered),
				   used),
			len);

		if (rest.len)
			memcpy(data, rest.data, rest.len);
		n = (ssize_t)rest.len;
	}
	if (n > 0)
		cursor->read += (uint64_t)n;
	return n;
}

/* A reader that has met the end is of no use when there is more. */
static int open_reader(struct spool_cursor *cursor)
{
	const struct imastage_reader_options options = {
		.format = IMASTAGE_FORMAT_BINARY,
		.bank = IMASTAGE_SHA1,
		.endian = cursor->spool->endian,
		.first_index = cursor->at,
	};
	struct imastage_source source = { read_spool, cursor };

	imastage_reader_free(cursor->reader);
	cursor->reader = NULL;
	cursor->read = cursor->offset;
	return imastage_reader_new(source, &options, &cursor->reader);
}

/* Reads the record at cursor->at. */
static int read_one(struct spool_cursor *cursor, struct imastage_record *record)
{
	int r = cursor->reader ? imastage_reader_next(cursor->reader, record) :
				 IMASTAGE_END;

	if (r != IMASTAGE_END)
		return r;
	r = open_reader(cursor);
	if (r == 0)
		r = imastage_reader_next(cursor->reader, record);
	return r == IMASTAGE_END ? -EIO : r;
}

int spool_cursor_next(struct spool_cursor *cursor,
		      struct imastage_record *ret_record)
{
	struct imastage_record record;

	if (cursor->index == cursor->spool->end.index)
		return IMASTAGE_END;
	do {
		int r = read_one(cursor, &record);

		if (r < 0)
			return r;
		cursor->at++;
		cursor->offset += record.raw.len;
	} while (cursor->at <= cursor->index);
	cursor->index++;
	*ret_record = record;
	return 0;
}
