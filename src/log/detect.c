// SPDX-License-Identifier: MIT
/*
 * What a list is, by the first record that can tell.
 *
 * The head is read as that of every bank in both byte orders, one after the other. A
 * digest that is right decides, because it cannot be right by accident. Where none is,
 * the reading that got furthest is taken.
 *
 * Time is bounded: a reading looks at each byte of the head a bounded number of times,
 * and no further than at WRONG_MAX records with a wrong digest; there are ten
 * for each of two formats, and heads double up to DECIDE_LEN, or to what holds a whole
 * record.
 */
#include "base/cursor.h"
#include "log/binary.h"
#include "log/reader.h"

#include <errno.h>

/* Records that can tell are looked for in so many bytes, and so many that do not. */
#define DECIDE_LEN ((size_t)1 << 20)
#define WRONG_MAX 64

static size_t skip_space(struct imastage_bytes head)
{
	size_t at = 0;

	while (at < head.len &&
	       (head.data[at] == ' ' || head.data[at] == '\n' ||
		head.data[at] == '\t' || head.data[at] == '\r' ||
		head.data[at] == CEL_JSON_SEPARATOR))
		at++;
	return at;
}

static bool is_json(struct imastage_bytes head)
{
	size_t at = skip_space(head);

	return at < head.len && (head.data[at] == '[' || head.data[at] == '{');
}

/* Type 0, a number of up to 8 bytes, type 1 and the same: see imastage/writer.h. */
static bool is_tlv(struct imastage_bytes head)
{
	struct imastage_bytes number;
	struct cursor c;
	uint8_t type;
	uint32_t len;

	cursor_init(&c, head, IMASTAGE_BIG);
	return cursor_read_u8(&c, &type) == 0 && type == 0 &&
	       cursor_read_u32(&c, &len) == 0 && len > 0 && len <= 8 &&
	       cursor_read_bytes(&c, len, &number) == 0 &&
	       cursor_read_u8(&c, &type) == 0 && type <= 3 &&
	       cursor_read_u32(&c, &len) == 0 && len <= 8;
}

static bool is_text(struct imastage_bytes head)
{
	return head.len > 0 && (head.data[0] == ' ' ||
				(head.data[0] >= '0' && head.data[0] <= '9'));
}

static enum imastage_format likely_format(struct imastage_bytes head)
{
	if (is_json(head))
		return IMASTAGE_FORMAT_CEL_JSON;
	if (is_tlv(head))
		return IMASTAGE_FORMAT_CEL_TLV;
	return is_text(head) ? IMASTAGE_FORMAT_ASCII : IMASTAGE_FORMAT_BINARY;
}

/* ---- one reading ------------------------------------------------------------ */

/* What came of reading the head as @as. */
struct reading {
	struct imastage_reader_options as;
	int end; /* why it went no further; 0: a digest was right */
	uint64_t framed; /* bytes of whole records, and of what is no record */
	bool any; /* there are whole records, or it is an empty list */
	bool crlf;
	struct imastage_error error;
};

/* 1 when @record has the digest of its data. */
static int is_right(struct imastage_hasher *hasher,
		    const struct imastage_record *record)
{
	struct imastage_digests digests;
	int r;

	if (imastage_record_is_violation(record) || record->opaque)
		return 0;
	r = imastage_hasher_template(hasher, record, &digests);
	return r < 0 ? r :
		       imastage_record_check_digest(record, &digests) !=
			       IMASTAGE_DIGEST_DIFFERS;
}

static int read_records(struct imastage_reader *reader,
			struct imastage_hasher *hasher, struct reading *reading)
{
	struct imastage_record record;
	int r, right = 0, nr_wrong = 0;

	while (nr_wrong < WRONG_MAX &&
	       (r = imastage_reader_next(reader, &record)) == 0) {
		reading->any = true;
		right = is_right(hasher, &record);
		if (right)
			break;
		nr_wrong += !imastage_record_is_violation(&record);
	}
	if (nr_wrong == WRONG_MAX)
		r = -EBADMSG;
	if (r == IMASTAGE_END)
		reading->any = true;
	reading->framed = imastage_reader_offset(reader);
	reading->crlf = reader->crlf;
	reading->error = *imastage_reader_error(reader);
	reading->end = right > 0 ? 0 : right < 0 ? right : r;
	return reading->end == -ENOMEM ? -ENOMEM : 0;
}

static int read_head(struct imastage_bytes head, struct reading *reading)
{
	struct imastage_hasher hasher = { 0 };
	struct imastage_reader *reader;
	int r;

	/* What OpenSSL has no algorithm for cannot be told. */
	if (hasher_init(&hasher, 1u << reading->as.bank) < 0) {
		reading->end = -ENOTSUP;
		return 0;
	}
	r = imastage_reader_new_memory(head, &reading->as, &reader);
	if (r == 0) {
		r = read_records(reader, &hasher, reading);
		imastage_reader_free(reader);
	}
	hasher_fini(&hasher);
	return r;
}

/* ---- which of them ------------------------------------------------------------ */

/* A list that is cut off in its first record is told by a PCR that there is. */
static bool seems_cut(struct imastage_bytes head, const struct reading *reading)
{
	struct cursor c;
	uint32_t pcr;

	if (reading->end != -ENODATA)
		return false;
	if (reading->as.format == IMASTAGE_FORMAT_ASCII)
		return reading->error.offset > 0;
	cursor_init(&c, head, reading->as.endian);
	return reading->as.format != IMASTAGE_FORMAT_BINARY ||
	       (cursor_read_u32(&c, &pcr) == 0 && pcr < IMASTAGE_NR_PCRS);
}

/* How much speaks for a reading: whole records, a part of one, a reason. */
static unsigned int rank(struct imastage_bytes head,
			 const struct reading *reading)
{
	if (reading->any)
		return 3;
	if (seems_cut(head, reading))
		return 2;
	return reading->end == -EBADMSG &&
	       (reading->as.format != IMASTAGE_FORMAT_BINARY) &&
	       (reading->as.format != IMASTAGE_FORMAT_ASCII ||
		reading->error.offset > 0);
}

static bool is_better(struct imastage_bytes head, const struct reading *a,
		      const struct reading *b)
{
	unsigned int rank_a = rank(head, a), rank_b = rank(head, b);

	if (rank_a != rank_b)
		return rank_a > rank_b;
	if (a->framed != b->framed)
		return a->framed > b->framed;
	return a->error.offset > b->error.offset;
}

struct detection {
	struct imastage_bytes head;
	bool more; /* some reading met the end of the head */
	struct reading best;
};

/* 1 when it is decided. */
static int try_reading(struct detection *detection,
		       const struct imastage_reader_options *as)
{
	struct reading reading = { .as = *as };
	int r = read_head(detection->head, &reading);

	if (r < 0)
		return r;
	if (reading.end == -ENODATA || reading.end == IMASTAGE_END)
		detection->more = true;
	if (reading.end == 0 ||
	    is_better(detection->head, &reading, &detection->best))
		detection->best = reading;
	return reading.end == 0;
}

/* The bank and order that are given come first, and stay if that is all. */
static int try_all(struct detection *detection,
		   const struct imastage_reader_options *options,
		   enum imastage_format format)
{
	bool banks = options->detect & IMASTAGE_DETECT_BANK;
	bool orders = options->detect & IMASTAGE_DETECT_ENDIAN;
	struct imastage_reader_options as = *options;
	int r = 0;

	as.format = format;
	as.detect = 0;
	as.first_index = 0;
	as.max_record_len = SIZE_MAX; /* the reader will say so */
	for (unsigned int i = 0; i < 2 * IMASTAGE_NR_BANKS && r == 0; i++) {
		if ((i / 2 && !banks) || (i % 2 && !orders))
			continue;
		/* An object that is not whole is not for any other bank. */
		if (i > 0 && format == IMASTAGE_FORMAT_CEL_JSON &&
		    rank(detection->head, &detection->best) == 2)
			break;
		as.bank = (options->bank + i / 2) % IMASTAGE_NR_BANKS;
		as.endian = i % 2 ? 1 - options->endian : options->endian;
		r = try_reading(detection, &as);
	}
	return r;
}

static int try_formats(struct detection *detection,
		       const struct imastage_reader_options *options)
{
	enum imastage_format format = options->format;
	bool formats = options->detect & IMASTAGE_DETECT_FORMAT;
	int r;

	if (formats)
		format = likely_format(detection->head);
	r = try_all(detection, options, format);
	/* A PCR number can have the code of a character: 48 is '0'. */
	if (r == 0 && formats && format != IMASTAGE_FORMAT_BINARY &&
	    rank(detection->head, &detection->best) < 2)
		r = try_all(detection, options, IMASTAGE_FORMAT_BINARY);
	return r;
}

static const char *reason_for(const struct detection *detection)
{
	const uint8_t *data = detection->head.data;

	if (rank(detection->head, &detection->best) > 0)
		return detection->best.error.reason;
	if (detection->head.len > 1 && ((data[0] == 0xff && data[1] == 0xfe) ||
					(data[0] == 0xfe && data[1] == 0xff)))
		return "text in UTF-16; convert it to UTF-8 first";
	return "not a measurement list";
}

unsigned int what_to_detect(const struct imastage_reader_options *options)
{
	if (options->format != IMASTAGE_FORMAT_DETECT)
		return options->detect;
	return options->detect ? options->detect | IMASTAGE_DETECT_FORMAT :
				 READER_DETECT_ALL;
}

int detect(struct imastage_bytes head, bool eof,
	   struct imastage_reader_options *options,
	   struct detected *ret_detected)
{
	struct detection detection = { .head = head };
	int r = try_formats(&detection, options);
	unsigned int found = rank(head, &detection.best);

	if (r < 0)
		return r;
	if (r == 0 && !eof && detection.more &&
	    (found < 3 || head.len < DECIDE_LEN))
		return -ENODATA;
	ret_detected->error = detection.best.error;
	ret_detected->error.reason = reason_for(&detection);
	if (found < 2)
		return -EBADMSG;
	ret_detected->crlf = detection.best.crlf;
	options->format = detection.best.as.format;
	options->bank = detection.best.as.bank;
	options->endian = detection.best.as.endian;
	return 0;
}

int imastage_detect(struct imastage_bytes head,
		    struct imastage_reader_options *options)
{
	struct imastage_reader_options found = *options;
	struct detected detected;
	int r;

	found.detect = what_to_detect(options);
	r = detect(head, true, &found, &detected);
	if (r < 0)
		return r;
	options->format = found.format;
	options->bank = found.bank;
	options->endian = found.endian;
	return 0;
}
