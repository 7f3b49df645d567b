// SPDX-License-Identifier: MIT
/*
 * An archive checked by itself: every byte is read, and everything that is
 * written down about it is worked out again.
 *
 * It may be anybody's archive. Memory is that of one segment's marks; a segment
 * costs what its bytes cost; what is found ends the look at a segment, not at the archive.
 */
#include "archive/query.h"
#include "archive/store.h"
#include "base/bytes.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>

#define PROGRESS_STEP ((uint64_t)1 << 20)

struct verify {
	struct archive *archive;
	const struct archive_verify_options *options;
	const struct archive_boot *boot; /* that is looked at */
	unsigned int nr_findings;
	int stopped; /* by a callback */
	uint64_t done, total, told; /* bytes */

	/* What must follow. */
	uint64_t at; /* rows from here on are still to be looked at */
	struct archive_place place;
	bool knows_chain, knows_replay; /* else they are taken from the row */
	uint8_t chain[ARCHIVE_SHA256_LEN];
	struct imastage_replay *replay; /* owned; NULL: not known */
	bool has_passed; /* a gap of unknown size at place */

	/* The segment at hand. */
	struct row row;
	struct segment_path path;
	struct segment_reader segment;
	struct hash hash; /* of the bytes read */
	uint64_t nr, ascii; /* records read, their bytes in ASCII */
	char said[512]; /* the last complaint of what reads segments */
	struct say say; /* that collects it */
};

/* ---- findings -------------------------------------------------------------- */

__attribute__((format(printf, 3, 4))) static int
find(struct verify *verify, uint64_t offset, const char *format, ...)
{
	char text[640];
	const struct archive_finding finding = {
		.boot = verify->boot ? verify->boot->name : NULL,
		.file = verify->path.text,
		.index = verify->place.index + verify->nr,
		.offset = offset,
		.text = text,
	};
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	verify->nr_findings++;
	verify->stopped =
		verify->options->report(verify->options->context, &finding);
	return ARCHIVE_DAMAGED;
}

static void hear(void *context, enum say_level level, const char *text)
{
	struct verify *verify = context;

	(void)level;
	snprintf(verify->said, sizeof(verify->said), "%s", text);
}

/* An error of reading is a finding; one of this machine's is not. */
static int judge(struct verify *verify, int r, const char *text)
{
	switch (r) {
	case -EBADMSG:
	case -ENODATA:
	case -EMSGSIZE:
	case -EINVAL:
	case -ELOOP:
	case -EISDIR:
	case -ENOTSUP:
	case -EIO:
		return find(verify, verify->segment.offset, "%s", text);
	default:
		return r;
	}
}

static int tell(struct verify *verify)
{
	if (!verify->options->progress)
		return 0;
	verify->told = verify->done;
	verify->stopped = verify->options->progress(
		verify->options->context, verify->done, verify->total);
	return verify->stopped ? -ECANCELED : 0;
}

/* ---- the bytes of a segment ------------------------------------------------ */

static ssize_t read_and_hash(void *context, void *data, size_t len)
{
	struct verify *verify = context;
	ssize_t n = segment_read(&verify->segment, data, len);
	int r;

	if (n <= 0)
		return n;
	verify->done += (uint64_t)n;
	r = hash_update(&verify->hash, bytes_of(data, (size_t)n));
	if (r == 0 && verify->done - verify->told >= PROGRESS_STEP)
		r = tell(verify);
	return r < 0 ? r : n;
}

/* Is a mark where the record is that comes next? */
static int check_mark(struct verify *verify, uint64_t offset)
{
	struct mark mark;

	if (verify->nr % ARCHIVE_MARK_RECORDS)
		return 0;
	mark = mark_get(&verify->row.marks, verify->nr / ARCHIVE_MARK_RECORDS);
	if (mark.binary == offset && mark.ascii == verify->ascii)
		return 0;
	return find(verify, offset,
		    "mark %" PRIu64 " is at bytes %" PRIu64 " and %" PRIu64
		    ", the record at %" PRIu64 " and %" PRIu64,
		    verify->nr / ARCHIVE_MARK_RECORDS, mark.binary, mark.ascii,
		    offset, verify->ascii);
}

static int take_record(struct verify *verify,
		       const struct imastage_record *record)
{
	int r = 0;

	if (verify->replay)
		r = imastage_replay_extend(verify->replay, record, NULL);
	if (r < 0)
		return r;
	verify->ascii += record_ascii_len(record);
	verify->nr++;
	return 0;
}

/* What reading said, the reader's reason, or what the error means. */
static int explain(struct verify *verify, const struct imastage_reader *reader,
		   int r)
{
	const struct imastage_error *error = imastage_reader_error(reader);
	const char *text = strerrordesc_np(-r);

	if (verify->said[0])
		text = verify->said;
	else if (error && error->reason)
		text = error->reason;
	return judge(verify, r, text);
}

static int read_record(struct verify *verify, struct imastage_reader *reader)
{
	struct imastage_record record;
	int r = check_mark(verify, imastage_reader_offset(reader));

	if (r != 0)
		return r;
	r = imastage_reader_next(reader, &record);
	if (r == IMASTAGE_END)
		return find(verify, imastage_reader_offset(reader),
			    "the segment ends after %" PRIu64 " of %" PRIu64
			    " records",
			    verify->nr, verify->row.is.count);
	return r < 0 ? explain(verify, reader, r) :
		       take_record(verify, &record);
}

static int read_records(struct verify *verify, struct imastage_reader *reader)
{
	struct imastage_record record;
	int r;

	while (verify->nr < verify->row.is.count) {
		r = read_record(verify, reader);
		if (r != 0)
			return r;
	}
	r = imastage_reader_next(reader, &record);
	if (r == 0)
		return find(verify, imastage_reader_offset(reader),
			    "the segment has more than its %" PRIu64 " records",
			    verify->row.is.count);
	return r < 0 ? explain(verify, reader, r) : 0;
}

static int read_segment(struct verify *verify)
{
	const struct imastage_reader_options options = {
		.format = IMASTAGE_FORMAT_BINARY,
		.bank = IMASTAGE_SHA1,
		.endian = verify->row.is.endian,
	};
	struct imastage_source source = { read_and_hash, verify };
	struct imastage_reader *reader;
	int r = imastage_reader_new(source, &options, &reader);

	verify->nr = verify->ascii = 0;
	verify->said[0] = '\0';
	if (r < 0)
		return r;
	r = hash_start(&verify->hash);
	if (r == 0)
		r = read_records(verify, reader);
	imastage_reader_free(reader);
	return r;
}

/* ---- what is written down about it ----------------------------------------- */

static int check_digest(struct verify *verify)
{
	uint8_t sha256[ARCHIVE_SHA256_LEN];
	int r = hash_end(&verify->hash, sha256);

	if (r < 0 || !memcmp(sha256, verify->row.is.sha256, sizeof(sha256)))
		return r;
	verify->nr = 0;
	return find(
		verify, 0,
		"its bytes are not those that were archived: the SHA-256 is another");
}

static int check_ascii(struct verify *verify)
{
	if (verify->ascii == verify->row.is.ascii)
		return 0;
	return find(verify, 0,
		    "its records are %" PRIu64
		    " bytes in ASCII, and the index says %" PRIu64,
		    verify->ascii, verify->row.is.ascii);
}

static int check_state(struct verify *verify)
{
	struct imastage_buffer state = { 0 };
	const struct imastage_buffer *row = &verify->row.state;
	int r = 0;

	if (verify->replay)
		r = imastage_replay_save(verify->replay,
					 imastage_sink_buffer(&state));
	if (r == 0 && !bytes_equal(bytes_of(state.data, state.len),
				   bytes_of(row->data, row->len)))
		r = find(
			verify, 0,
			"the PCR values that the index has are not those that its records give");
	free(state.data);
	return r;
}

static int check_chain(struct verify *verify)
{
	int r;

	if (!verify->knows_chain)
		return 0;
	r = archive_chain_add(verify->chain, &verify->row.is);
	if (r < 0 ||
	    !memcmp(verify->chain, verify->row.is.chain, sizeof(verify->chain)))
		return r;
	return find(verify, 0,
		    "its chain does not follow from what is before it");
}

/* What can be told from the row alone. */
static int check_row(struct verify *verify)
{
	const struct archive_segment *is = &verify->row.is;
	const char *reason = marks_check(&verify->row);

	if (!reason && is->compressed)
		reason = frames_check(&verify->row);
	if (reason)
		return find(verify, 0, "%s", reason);
	if (is->binary_start != verify->place.binary ||
	    is->ascii_start != verify->place.ascii)
		return find(verify, 0,
			    "the index says that it begins at bytes %" PRIu64
			    " and %" PRIu64 " of the list, which are %" PRIu64
			    " and %" PRIu64,
			    is->binary_start, is->ascii_start,
			    verify->place.binary, verify->place.ascii);
	return 0;
}

/* A sealed segment's file has no more than its row says. */
static int check_size(struct verify *verify)
{
	uint64_t len;
	int r = io_size(verify->archive->options.io, verify->segment.fd, &len);

	if (r < 0)
		return judge(verify, r, strerrordesc_np(-r));
	if (len <= verify->row.is.stored_bytes ||
	    (!verify->row.is.sealed && !verify->row.is.compressed))
		return 0;
	return find(verify, verify->row.is.bytes,
		    "the file has %" PRIu64 " bytes more than it should",
		    len - verify->row.is.stored_bytes);
}

/* ---- one segment ----------------------------------------------------------- */

static int open_file(struct verify *verify)
{
	const struct archive_options *options = &verify->archive->options;

	verify->said[0] = '\0';
	return segment_reader_open(&verify->segment, options->io, &verify->say,
				   options->dir, &verify->row, 0);
}

/*
 * A file that is gone was compressed or pruned meanwhile; then the row is
 * another one, or gone, too: IMASTAGE_END.
 */
static int open_segment(struct verify *verify)
{
	struct row *row = &verify->row;
	uint64_t first = row->is.first;
	bool compressed;
	int r;

	do {
		compressed = row->is.compressed;
		r = open_file(verify);
		if (r != -ENOENT)
			break;
		r = index_segment_at(&verify->archive->index, row->is.boot,
				     first,
				     INDEX_MARKS | INDEX_FRAMES | INDEX_STATE,
				     row);
		if (r < 0)
			return r;
		if (r == IMASTAGE_END || row->is.first != first)
			return IMASTAGE_END;
	} while (compressed != row->is.compressed && !check_row(verify));
	if (r < 0)
		return r;
	return verify->segment.fd >= 0 ? 0 : -ENOENT;
}

static int check_bytes(struct verify *verify)
{
	int r = check_size(verify);

	if (r == 0)
		r = read_segment(verify);
	if (r == 0)
		r = check_digest(verify);
	if (r == 0)
		r = check_ascii(verify);
	if (r == 0 && verify->knows_replay)
		r = check_state(verify);
	return r;
}

/* *ret_pruned: it is not there any more, nor is its row. */
static int check_file(struct verify *verify, bool *ret_pruned)
{
	int r = open_segment(verify);

	*ret_pruned = r == IMASTAGE_END;
	if (*ret_pruned)
		return 0;
	if (r == -ENOENT)
		return find(verify, 0, "there is no such file");
	if (r < 0)
		return judge(verify, r,
			     verify->said[0] ? verify->said :
					       strerrordesc_np(-r));
	r = check_bytes(verify);
	segment_reader_close(&verify->segment);
	return r;
}

/* What follows is checked from here on, whatever was found. */
static int go_on(struct verify *verify, bool damaged)
{
	const struct row *row = &verify->row;
	struct imastage_replay *replay = NULL;
	int r = 0;

	verify->place = place_behind(&row->is);
	verify->nr = 0;
	memcpy(verify->chain, row->is.chain, sizeof(verify->chain));
	verify->knows_chain = true;
	verify->has_passed = false;
	if (!damaged && verify->knows_replay)
		return 0;
	if (row->state.len && !verify->options->end)
		r = imastage_replay_load(bytes_of(row->state.data,
						  row->state.len),
					 NULL, &replay);
	imastage_replay_free(verify->replay);
	verify->replay = replay;
	verify->knows_replay = r == 0 && !verify->options->end;
	return r == -ENOMEM ? r : 0;
}

/* ---- a boot ---------------------------------------------------------------- */

static int begin(struct verify *verify)
{
	struct archive *archive = verify->archive;
	struct index_base base;
	int r = index_get_base(&archive->index, verify->boot->id, &base);

	if (r != 0)
		return r == IMASTAGE_END ? -ESTALE : r;
	imastage_replay_free(verify->replay);
	verify->replay = NULL;
	verify->place = base.place;
	verify->at = base.place.index;
	verify->nr = 0;
	memcpy(verify->chain, base.chain, sizeof(verify->chain));
	verify->knows_chain = true;
	verify->has_passed = false;
	r = verify->options->end ?
		    0 :
		    replay_load(archive, NULL, &base, &verify->replay);
	verify->knows_replay = r == 0 && !verify->options->end;
	free(base.state.data);
	return r == -EBADMSG || r == -ENOTSUP || r == -EINVAL ?
		       find(verify, 0,
			    "the PCR values at the boot's start are no such") :
		       r;
}

static int check_segment(struct verify *verify)
{
	const struct archive_segment *is = &verify->row.is;
	bool pruned = false;
	int r, damaged;

	verify->path =
		segment_path(verify->archive->dir, is->boot, is->first,
			     is->compressed ? SEGMENT_COMPRESSED : SEGMENT_RAW);
	verify->segment.fd = -1;
	verify->segment.offset = 0;
	damaged = r = check_row(verify);
	if (r == 0)
		damaged = r = check_file(verify, &pruned);
	if (pruned)
		return begin(verify);
	if (r >= 0)
		r = check_chain(verify);
	if (r < 0)
		return r;
	return go_on(verify, damaged || r);
}

/* A gap that begins where the last segment ends. */
static int pass_gap(struct verify *verify)
{
	struct archive_gap gap;
	int r = index_next_gap(&verify->archive->index, verify->boot->id,
			       verify->place.index, &gap);

	if (r != 0)
		return r == IMASTAGE_END ? 0 : r;
	if (gap.first != verify->place.index ||
	    (gap.count == 0 && verify->has_passed))
		return 0;
	verify->place = place_behind_gap(&verify->place, &gap);
	verify->has_passed = true;
	imastage_replay_free(verify->replay);
	verify->replay = NULL;
	verify->knows_replay = true;
	return 0;
}

static struct segment_path index_path(const struct verify *verify)
{
	struct segment_path path;

	snprintf(path.text, sizeof(path.text), "%s",
		 verify->archive->index.path);
	return path;
}

/* The row is not of the record that comes next. */
static int check_order(struct verify *verify)
{
	const struct archive_segment *is = &verify->row.is;
	uint64_t expected = verify->place.index;

	verify->path = index_path(verify);
	if (is->first == expected)
		return 0;
	if (is->first < expected)
		return find(verify, 0,
			    "records %" PRIu64 "..%" PRIu64 " are there twice",
			    is->first, expected - 1);
	find(verify, 0, "records %" PRIu64 "..%" PRIu64 " are missing",
	     expected, is->first - 1);
	verify->place = (struct archive_place){ is->first, is->binary_start,
						is->ascii_start };
	verify->knows_chain = verify->knows_replay = false;
	return 0;
}

/* Pruned since the boot's start was read: IMASTAGE_END. */
static int was_pruned(struct verify *verify)
{
	struct index_base base;
	int r;

	if (verify->row.is.first <= verify->place.index)
		return 0;
	r = index_get_base(&verify->archive->index, verify->boot->id, &base);
	if (r != 0)
		return r;
	free(base.state.data);
	return base.place.index > verify->place.index ? IMASTAGE_END : 0;
}

/*
 * The segment before has grown since it was read: IMASTAGE_END. What is there now was
 * put while the rest was checked, and is not looked at.
 */
static int has_grown(struct verify *verify)
{
	struct row row = { 0 };
	int r;

	if (verify->row.is.first <= verify->place.index)
		return 0;
	r = index_segment_at(&verify->archive->index, verify->boot->id,
			     verify->place.index, 0, &row);
	if (r == 0 && row.is.first < verify->place.index &&
	    row_end(&row) > verify->place.index)
		r = IMASTAGE_END;
	else if (r == IMASTAGE_END)
		r = 0;
	row_fini(&row);
	return r;
}

/* Is the row of one that is to be looked at? IMASTAGE_END: nor are those that follow. */
static int is_wanted(const struct verify *verify, bool *ret_wanted)
{
	const struct archive_verify_options *options = verify->options;

	*ret_wanted = !options->end || row_end(&verify->row) > options->from;
	return options->end && verify->row.is.first >= options->end ?
		       IMASTAGE_END :
		       0;
}

/* IMASTAGE_END: there is no more to be looked at. */
static int check_next(struct verify *verify)
{
	bool wanted;
	int r = pass_gap(verify);

	if (r == 0)
		r = was_pruned(verify);
	if (r == IMASTAGE_END) {
		r = begin(verify);
		return r < 0 ? r : 0;
	}
	if (r == 0)
		r = has_grown(verify);
	if (r != 0)
		return r;
	r = is_wanted(verify, &wanted);
	if (r != 0)
		return r;
	verify->at = verify->row.is.first + 1;
	r = check_order(verify);
	if (r == 0)
		r = wanted ? check_segment(verify) : go_on(verify, true);
	return r < 0 ? r : 0;
}

static int check_segments(struct verify *verify)
{
	int r = begin(verify);

	while (r >= 0 && !verify->stopped) {
		r = index_segment_from(&verify->archive->index,
				       verify->boot->id, verify->at,
				       INDEX_MARKS | INDEX_FRAMES | INDEX_STATE,
				       &verify->row);
		if (r == 0)
			r = check_next(verify);
		if (r == IMASTAGE_END)
			return 0;
	}
	return r < 0 ? r : 0;
}

static int check_gap(void *context, const struct archive_gap *gap)
{
	struct verify *verify = context;
	uint64_t last = gap->first + (gap->count ? gap->count - 1 : 0);
	struct row row = { 0 };
	int r = index_segment_at(&verify->archive->index, verify->boot->id,
				 last, 0, &row);
	bool overlaps = r == 0 && row_end(&row) > gap->first &&
			(gap->count || row.is.first < gap->first);

	row_fini(&row);
	if (r < 0 || !overlaps)
		return r < 0 ? r : 0;
	verify->path = index_path(verify);
	find(verify, 0, "records that are there lie in the gap at %" PRIu64,
	     gap->first);
	return verify->stopped;
}

/* What it proves is for who can check a signature: these records have to be there. */
static int check_quote(void *context, const struct archive_quote *quote)
{
	struct verify *verify = context;

	if (quote->end <= verify->boot->end)
		return 0;
	verify->path = index_path(verify);
	find(verify, 0, "a quote proves records that are not there");
	return verify->stopped;
}

static int check_boot(void *context, const struct archive_boot *boot)
{
	struct verify *verify = context;
	int r;

	if (verify->options->boot && verify->options->boot != boot->id)
		return 0;
	verify->boot = boot;
	r = check_segments(verify);
	if (r == 0 && !verify->stopped && !verify->options->end)
		r = archive_each_gap(verify->archive, boot->id, check_gap,
				     verify);
	if (r == 0 && !verify->stopped && !verify->options->end)
		r = archive_each_quote(verify->archive, boot->id, check_quote,
				       verify);
	verify->boot = NULL;
	if (r == -ESTALE) /* pruned, all of it */
		r = 0;
	return r ? r : verify->stopped;
}

/* ---- all of it ------------------------------------------------------------- */

static int add_up(void *context, const struct archive_boot *boot)
{
	struct verify *verify = context;

	if (!verify->options->boot || verify->options->boot == boot->id)
		verify->total += boot->bytes;
	return 0;
}

static int report_index(void *context, const char *text)
{
	struct verify *verify = context;

	find(verify, 0, "%s", text);
	return verify->stopped;
}

static int check_all(struct verify *verify)
{
	struct archive *archive = verify->archive;
	int r = hash_init(&verify->hash, IMASTAGE_SHA256);

	verify->path = index_path(verify);
	if (r == 0 && !verify->options->end)
		r = index_check(&archive->index, report_index, verify);
	if (r >= 0 && !verify->stopped)
		r = archive_each_boot(archive, add_up, verify);
	if (r >= 0 && !verify->stopped)
		r = archive_each_boot(archive, check_boot, verify);
	if (r >= 0 && !verify->stopped)
		r = tell(verify);
	return r;
}

int archive_verify(struct archive *archive,
		   const struct archive_verify_options *options)
{
	struct verify *verify = calloc(1, sizeof(*verify));
	int r;

	if (!verify)
		return -ENOMEM;
	verify->archive = archive;
	verify->options = options;
	verify->segment.fd = -1;
	verify->say = (struct say){ hear, verify };
	r = check_all(verify);
	imastage_replay_free(verify->replay);
	row_fini(&verify->row);
	if (r >= 0 || verify->stopped)
		r = verify->stopped	? verify->stopped :
		    verify->nr_findings ? ARCHIVE_DAMAGED :
					  0;
	free(verify);
	return r;
}
