// SPDX-License-Identifier: MIT
/*
 * The segment that grows: put, flushed, synced, read back, committed.
 *
 * Everything here may fail at any place. Then the tail is of no use until it is
 * loaded again from what is committed, by archive_rollback().
 */
#include "archive/store.h"
#include "base/bytes.h"
#include "base/util.h"
#include "base/writer.h"
#include "log/template.h"

#include <errno.h>
#include <inttypes.h>

/* ---- loading --------------------------------------------------------------- */

int tail_init(struct tail *tail)
{
	*tail = (struct tail){ .fd = -1 };
	tail->buffer = malloc(TAIL_BUFFER_LEN);
	return tail->buffer ? 0 : -ENOMEM;
}

static void close_segment(struct archive *archive)
{
	struct tail *tail = &archive->tail;

	if (tail->fd >= 0)
		io_close(archive->options.io, tail->fd);
	tail->fd = -1;
	row_fini(&tail->row);
	tail->safe = tail->flushed = 0;
	tail->buffered = 0;
	tail->is_new = false;
}

static void forget(struct archive *archive)
{
	struct tail *tail = &archive->tail;

	close_segment(archive);
	imastage_replay_free(tail->replay);
	tail->replay = NULL;
	tail->boot = 0;
	tail->place = (struct archive_place){ 0 };
}

void tail_fini(struct archive *archive)
{
	forget(archive);
	free(archive->tail.buffer);
	archive->tail.buffer = NULL;
}

int replay_load(struct archive *archive, const struct row *row,
		const struct index_base *base,
		struct imastage_replay **ret_replay)
{
	const struct imastage_buffer *state = row ? &row->state : &base->state;
	const char *reason = "out of memory";
	int r;

	if (!row && base->place.index == 0)
		return imastage_replay_new(
			base->banks, (1u << IMASTAGE_NR_PCRS) - 1, ret_replay);
	*ret_replay = NULL;
	if (state->len == 0)
		return 0;
	r = imastage_replay_load(bytes_of(state->data, state->len), &reason,
				 ret_replay);
	if (r < 0)
		say(archive->options.say, SAY_ERROR,
		    "%s: the state of a replay is wrong: %s",
		    archive->index.path, reason);
	return r;
}

/* The digest of what @hash was given so far, to which more will be given. */
static int digest_so_far(const struct hash *hash,
			 uint8_t ret_sha256[ARCHIVE_SHA256_LEN])
{
	struct hash end;
	int r = hash_init(&end, hash->bank);

	if (r < 0)
		return r;
	r = hash_copy(&end, hash);
	if (r == 0)
		r = hash_end(&end, ret_sha256);
	hash_fini(&end);
	return r;
}

/* Reads the segment again and compares its digest with its row's. */
static int rehash(struct archive *archive)
{
	struct tail *tail = &archive->tail;
	struct segment_path path = segment_path(
		archive->dir, tail->boot, tail->row.is.first, SEGMENT_RAW);
	uint8_t sha256[ARCHIVE_SHA256_LEN] = { 0 };
	uint64_t at = 0;
	int r = hash_start(&tail->safe_hash);

	while (r == 0 && at < tail->row.is.bytes) {
		uint64_t left = tail->row.is.bytes - at;
		ssize_t n = io_pread(
			archive->options.io, tail->fd, tail->buffer,
			left < TAIL_BUFFER_LEN ? (size_t)left : TAIL_BUFFER_LEN,
			at);

		if (n <= 0)
			return say_errno(archive->options.say,
					 n < 0 ? (int)n : -ENODATA,
					 "%s: byte %" PRIu64, path.text, at);
		r = hash_update(&tail->safe_hash,
				bytes_of(tail->buffer, (size_t)n));
		at += (uint64_t)n;
	}
	if (r == 0)
		r = digest_so_far(&tail->safe_hash, sha256);
	if (r < 0 || !memcmp(sha256, tail->row.is.sha256, sizeof(sha256)))
		return r;
	say(archive->options.say, SAY_ERROR,
	    "%s: its %" PRIu64 " bytes are not those that were archived",
	    path.text, tail->row.is.bytes);
	return -EBADMSG;
}

/* What is behind the row's bytes was never committed. */
static int cut_off(struct archive *archive, const char *path)
{
	const struct io *io = archive->options.io;
	struct tail *tail = &archive->tail;
	uint64_t len;
	int r = io_size(io, tail->fd, &len);

	if (r < 0)
		return say_errno(archive->options.say, r, "%s", path);
	if (len < tail->row.is.bytes) {
		say(archive->options.say, SAY_ERROR,
		    "%s: ends at byte %" PRIu64 ", and had %" PRIu64
		    " bytes when it was archived",
		    path, len, tail->row.is.bytes);
		return -EBADMSG;
	}
	if (len == tail->row.is.bytes)
		return 0;
	len -= tail->row.is.bytes;
	if (archive->starts)
		uncommitted_keep_tail(archive, path, tail->fd,
				      tail->row.is.bytes, len);
	say(archive->options.say, SAY_NOTICE,
	    "%s: cutting off %" PRIu64 " bytes that were not committed", path,
	    len);
	r = io_truncate(io, tail->fd, tail->row.is.bytes);
	return r < 0 ? say_errno(archive->options.say, r, "%s", path) : 0;
}

/* The last segment grows on. */
static int load_segment(struct archive *archive)
{
	struct tail *tail = &archive->tail;
	struct segment_path path = segment_path(
		archive->dir, tail->boot, tail->row.is.first, SEGMENT_RAW);
	const char *reason = marks_check(&tail->row);
	int r;

	if (reason) {
		say(archive->options.say, SAY_ERROR, "%s: damaged: %s",
		    archive->index.path, reason);
		return -EBADMSG;
	}
	tail->fd = io_open(archive->options.io, path.text, O_RDWR, 0);
	if (tail->fd < 0)
		return say_errno(archive->options.say,
				 tail->fd == -ENOENT ? -EBADMSG : tail->fd,
				 "%s: cannot be opened", path.text);
	r = cut_off(archive, path.text);
	if (r == 0)
		r = rehash(archive);
	if (r == 0)
		r = hash_copy(&tail->flushed_hash, &tail->safe_hash);
	if (r == 0)
		r = identity_note_tail(archive);
	tail->safe = tail->flushed = tail->row.is.bytes;
	return r;
}

/* chain before the segment: that of the one before it, or the base's */
static int load_chain(struct archive *archive, const struct index_base *base)
{
	struct tail *tail = &archive->tail;
	struct row before = { 0 };
	int r = tail->row.is.first ?
			index_segment_at(&archive->index, tail->boot,
					 tail->row.is.first - 1, 0, &before) :
			IMASTAGE_END;

	if (r >= 0)
		memcpy(tail->chain, r == 0 ? before.is.chain : base->chain,
		       sizeof(tail->chain));
	row_fini(&before);
	return r == IMASTAGE_END ? 0 : r;
}

/* A gap behind the last segment. */
static int load_gap(struct archive *archive)
{
	struct tail *tail = &archive->tail;
	struct archive_gap gap;
	int r = index_next_gap(&archive->index, tail->boot, tail->place.index,
			       &gap);

	if (r != 0)
		return r == IMASTAGE_END ? 0 : r;
	tail->place = place_behind_gap(&tail->place, &gap);
	imastage_replay_free(tail->replay);
	tail->replay = NULL;
	return 0;
}

static int load_rows(struct archive *archive, const struct index_base *base)
{
	struct tail *tail = &archive->tail;
	int r = index_segment_at(&archive->index, tail->boot, INT64_MAX,
				 INDEX_MARKS | INDEX_STATE, &tail->row);
	bool found = r == 0;

	if (r < 0)
		return r;
	tail->banks = base->banks;
	tail->place = found ? place_behind(&tail->row.is) : base->place;
	r = replay_load(archive, found ? &tail->row : NULL, base,
			&tail->replay);
	if (r == 0)
		r = load_gap(archive);
	if (r < 0)
		return r;
	if (found && !tail->row.is.sealed && !tail->row.is.compressed) {
		r = load_chain(archive, base);
		return r == 0 ? load_segment(archive) : r;
	}
	memcpy(tail->chain, found ? tail->row.is.chain : base->chain,
	       sizeof(tail->chain));
	row_fini(&tail->row);
	return 0;
}

int tail_load(struct archive *archive)
{
	struct tail *tail = &archive->tail;
	struct index_base base = { 0 };
	int r;

	forget(archive);
	r = hash_init(&tail->safe_hash, IMASTAGE_SHA256);
	if (r == 0)
		r = hash_init(&tail->flushed_hash, IMASTAGE_SHA256);
	if (r == 0)
		r = index_last_boot(&archive->index, &tail->boot);
	if (r != 0)
		return r == IMASTAGE_END ? 0 : r;
	r = index_get_base(&archive->index, tail->boot, &base);
	if (r == 0)
		r = identity_pin_boot(archive);
	if (r == 0)
		r = load_rows(archive, &base);
	free(base.state.data);
	return r;
}

/* ---- putting --------------------------------------------------------------- */

static int begin_segment(struct archive *archive, enum imastage_endian endian)
{
	struct tail *tail = &archive->tail;
	struct segment_path path = segment_path(archive->dir, tail->boot,
						tail->place.index, SEGMENT_RAW);
	int r = identity_check(archive);

	if (r < 0)
		return r;
	/* Recovery has left no file without a row: one that is there is not ours. */
	tail->fd = io_open(archive->options.io, path.text,
			   O_RDWR | O_CREAT | O_EXCL, 0600);
	if (tail->fd < 0)
		return say_errno(archive->options.say, tail->fd, "%s",
				 path.text);
	tail->is_new = true;
	tail->row.is = (struct archive_segment){
		.boot = tail->boot,
		.first = tail->place.index,
		.binary_start = tail->place.binary,
		.ascii_start = tail->place.ascii,
		.created = store_now(),
		.endian = endian,
	};
	r = store_mend(archive, path.text, 0600, true);
	if (r == 0)
		r = identity_note_tail(archive);
	if (r == 0)
		r = hash_start(&tail->safe_hash);
	return r == 0 ? hash_start(&tail->flushed_hash) : r;
}

/* Writes @bytes behind what the file has. */
static int append(struct archive *archive, struct imastage_bytes bytes)
{
	struct tail *tail = &archive->tail;
	int r = io_write_full(archive->options.io, tail->fd, bytes.data,
			      bytes.len, tail->flushed);

	if (r < 0)
		return say_errno(archive->options.say, r,
				 "%s/%08" PRId64 "/%020" PRIu64
				 ".ima: writing at byte %" PRIu64,
				 archive->dir, tail->boot, tail->row.is.first,
				 tail->flushed);
	tail->flushed += bytes.len;
	r = identity_note_tail(archive);
	return r == 0 ? hash_update(&tail->flushed_hash, bytes) : r;
}

static int flush(struct archive *archive)
{
	struct tail *tail = &archive->tail;
	int r = tail->buffered ? append(archive, bytes_of(tail->buffer,
							  tail->buffered)) :
				 0;

	if (r == 0)
		tail->buffered = 0;
	return r;
}

/* A record that the buffer cannot hold is written by itself. */
static int put_long(struct archive *archive,
		    const struct imastage_record *record, size_t len)
{
	cleanup_free uint8_t *data = malloc(len);

	if (!data)
		return -ENOMEM;
	record_write(record, data);
	return append(archive, bytes_of(data, len));
}

static int put_bytes(struct archive *archive,
		     const struct imastage_record *record, size_t len)
{
	struct tail *tail = &archive->tail;
	int r = 0;

	if (len > TAIL_BUFFER_LEN - tail->buffered)
		r = flush(archive);
	if (r == 0 && len > TAIL_BUFFER_LEN)
		return put_long(archive, record, len);
	if (r < 0)
		return r;
	record_write(record, tail->buffer + tail->buffered);
	tail->buffered += len;
	return 0;
}

static void count(struct tail *tail, size_t len, uint64_t ascii_len)
{
	struct archive_segment *is = &tail->row.is;

	is->count++;
	is->bytes += len;
	is->ascii += ascii_len;
	is->stored_bytes = is->bytes;
	tail->place.index++;
	tail->place.binary += len;
	tail->place.ascii += ascii_len;
}

static int put_mark(struct tail *tail)
{
	const struct mark mark = { tail->row.is.bytes, tail->row.is.ascii };

	return tail->row.is.count % ARCHIVE_MARK_RECORDS ?
		       0 :
		       marks_put(&tail->row.marks, &mark);
}

static int extend(struct tail *tail, const struct imastage_record *record)
{
	int r = tail->replay ?
			imastage_replay_extend(tail->replay, record, NULL) :
			0;

	return r == IMASTAGE_OTHER_PCR ? 0 : r;
}

int tail_put(struct archive *archive, const struct imastage_record *record)
{
	struct tail *tail = &archive->tail;
	size_t len;
	int r = record_binary_len(record, &len);

	if (r == 0 && tail->fd >= 0 && tail->row.is.endian != record->endian)
		r = tail_seal(archive);
	if (r == 0 && tail->fd < 0)
		r = begin_segment(archive, record->endian);
	if (r == 0)
		r = put_mark(tail);
	if (r == 0)
		r = put_bytes(archive, record, len);
	if (r == 0)
		r = extend(tail, record);
	if (r < 0)
		return r;
	count(tail, len, record_ascii_len(record));
	return tail->row.is.bytes < archive->options.segment_len ?
		       0 :
		       tail_seal(archive);
}

/* ---- saving ---------------------------------------------------------------- */

bool tail_is_dirty(const struct archive *archive)
{
	const struct tail *tail = &archive->tail;

	return archive->index.in_transaction ||
	       (tail->fd >= 0 && tail->safe < tail->row.is.bytes);
}

/* Hashes what the device gives from the last safe byte on. */
static int read_back(struct archive *archive)
{
	const struct io *io = archive->options.io;
	struct tail *tail = &archive->tail;
	int r = io_forget(io, tail->fd);

	while (r == 0 && tail->safe < tail->flushed) {
		uint64_t left = tail->flushed - tail->safe;
		ssize_t n = io_pread(io, tail->fd, tail->buffer,
				     left < TAIL_BUFFER_LEN ? (size_t)left :
							      TAIL_BUFFER_LEN,
				     tail->safe);

		if (n <= 0)
			return n < 0 ? (int)n : -EIO;
		tail->safe += (uint64_t)n;
		r = hash_update(&tail->safe_hash,
				bytes_of(tail->buffer, (size_t)n));
	}
	return r;
}

/* Compares what was put with what was read back. */
static int compare(struct tail *tail)
{
	uint8_t put[ARCHIVE_SHA256_LEN];
	int r = digest_so_far(&tail->flushed_hash, put);

	if (r == 0)
		r = digest_so_far(&tail->safe_hash, tail->row.is.sha256);
	if (r == 0 && memcmp(put, tail->row.is.sha256, sizeof(put)) != 0)
		r = -EIO;
	return r;
}

/* From here on the bytes outlive a power loss. */
static int make_safe(struct archive *archive)
{
	const struct io *io = archive->options.io;
	struct tail *tail = &archive->tail;
	struct segment_path folder = segment_folder(archive->dir, tail->boot);
	struct segment_path path = segment_path(
		archive->dir, tail->boot, tail->row.is.first, SEGMENT_RAW);
	int r = io_sync(io, tail->fd);

	if (r == 0 && tail->is_new)
		r = io_sync_dir(io, folder.text);
	if (r < 0)
		return say_errno(archive->options.say, r, "%s: syncing",
				 path.text);
	tail->is_new = false;
	r = read_back(archive);
	if (r == 0)
		r = compare(tail);
	if (r == -EIO)
		say(archive->options.say, SAY_ERROR,
		    "%s: what was written up to byte %" PRIu64
		    " cannot be read back",
		    path.text, tail->flushed);
	return r;
}

int archive_chain_add(uint8_t chain[ARCHIVE_SHA256_LEN],
		      const struct archive_segment *is)
{
	uint8_t message[24 + ARCHIVE_SHA256_LEN];
	struct writer w;
	struct hash hash;
	int r = hash_init(&hash, IMASTAGE_SHA256);

	if (r < 0)
		return r;
	writer_init(&w, message, sizeof(message), IMASTAGE_LITTLE);
	(void)writer_put_u64(&w, is->first);
	(void)writer_put_u64(&w, is->count);
	(void)writer_put_u64(&w, is->bytes);
	(void)writer_put_bytes(&w, bytes_of(is->sha256, sizeof(is->sha256)));
	r = hash_two(&hash, bytes_of(chain, ARCHIVE_SHA256_LEN),
		     writer_bytes(&w), chain);
	hash_fini(&hash);
	return r;
}

static int put_row(struct archive *archive)
{
	struct tail *tail = &archive->tail;
	struct row *row = &tail->row;
	int r;

	row->is.changed = store_now();
	memcpy(row->is.chain, tail->chain, sizeof(tail->chain));
	r = archive_chain_add(row->is.chain, &row->is);
	row->state.len = 0;
	if (r == 0 && tail->replay)
		r = imastage_replay_save(tail->replay,
					 imastage_sink_buffer(&row->state));
	if (r == 0)
		r = index_begin(&archive->index);
	return r == 0 ? index_put_segment(&archive->index, row) : r;
}

static int make_all_safe(struct archive *archive)
{
	int r = flush(archive);

	return r == 0 ? make_safe(archive) : r;
}

static bool is_safe(const struct tail *tail)
{
	return tail->safe == tail->row.is.bytes;
}

int tail_save(struct archive *archive)
{
	struct tail *tail = &archive->tail;
	int r;

	if (tail->fd < 0 || is_safe(tail))
		return 0;
	r = make_all_safe(archive);
	return r == 0 ? put_row(archive) : r;
}

int tail_seal(struct archive *archive)
{
	struct tail *tail = &archive->tail;
	int r;

	if (tail->fd < 0)
		return 0;
	r = is_safe(tail) ? 0 : make_all_safe(archive);
	tail->row.is.sealed = true;
	if (r == 0)
		r = put_row(archive);
	if (r < 0)
		return r;
	memcpy(tail->chain, tail->row.is.chain, sizeof(tail->chain));
	close_segment(archive);
	return 0;
}
