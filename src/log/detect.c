// SPDX-License-Identifier: MIT
/*
 * What a list is, by its first record.
 *
 * JSON and ASCII cannot be taken for anything else. A binary list is read as
 * that of every bank in both byte orders; the first digest that is right
 * decides, because it cannot be right by accident. Only without one does it
 * matter which framing fits.
 */
#include "base/cursor.h"
#include "log/binary.h"
#include "log/reader.h"

#include <errno.h>

#define NO_BANK IMASTAGE_NR_BANKS

static size_t skip_space(struct imastage_bytes head)
{
	size_t at = 0;

	while (at < head.len &&
	       (head.data[at] == ' ' || head.data[at] == '\n' ||
		head.data[at] == '\t' || head.data[at] == '\r'))
		at++;
	return at;
}

static bool is_json(struct imastage_bytes head)
{
	size_t at = skip_space(head);

	return at < head.len && (head.data[at] == '[' || head.data[at] == '{');
}

/* Type 0, a length of 4 or 8, the number, type 1: see imastage/writer.h. */
static bool is_tlv(struct imastage_bytes head)
{
	struct imastage_bytes number;
	struct cursor c;
	uint8_t type;
	uint32_t len;

	cursor_init(&c, head, IMASTAGE_BIG);
	return cursor_read_u8(&c, &type) == 0 && type == 0 &&
	       cursor_read_u32(&c, &len) == 0 && (len == 4 || len == 8) &&
	       cursor_read_bytes(&c, len, &number) == 0 &&
	       cursor_read_u8(&c, &type) == 0 && type == 1 &&
	       cursor_read_u32(&c, &len) == 0 && len <= 8;
}

/* Does @record have the digest of its data? */
static bool is_right(const struct imastage_record *record)
{
	struct imastage_hasher hasher;
	struct imastage_digests digests;
	int r;

	if (imastage_record_is_violation(record) ||
	    hasher_init(&hasher, 1u << record->bank) < 0)
		return false;
	r = imastage_hasher_template(&hasher, record, &digests);
	if (r == 0)
		r = imastage_record_check_digest(record, &digests);
	hasher_fini(&hasher);
	return r == 0 || r == IMASTAGE_DIGEST_PADDED;
}

/* One record of @head, read as @options say, by the parser of that format. */
static int try_reading(struct imastage_bytes head,
		       const struct imastage_reader_options *options,
		       struct imastage_reader **ret_reader,
		       struct imastage_record *ret_record)
{
	int r = imastage_reader_new_memory(head, options, ret_reader);

	if (r < 0)
		return r;
	return imastage_reader_next(*ret_reader, ret_record);
}

struct finding {
	bool more; /* a longer head would tell more */
	enum imastage_bank framed_bank; /* whose framing fits, or NO_BANK */
	enum imastage_endian framed_endian;
};

/* 1 when the first digest is right; else what was found is in *finding. */
static int try_options(struct imastage_bytes head,
		       const struct imastage_reader_options *options,
		       struct finding *finding)
{
	struct imastage_reader *reader = NULL;
	struct imastage_record record;
	int r = try_reading(head, options, &reader, &record);
	bool right = r == 0 && is_right(&record);

	imastage_reader_free(reader);
	if (right)
		return 1;
	if (r == -ENOMEM)
		return r;
	if (r == -ENODATA)
		finding->more = true;
	/* An empty array of CEL_JSON ends at once, and is a list. */
	if (r >= 0 && finding->framed_bank == NO_BANK) {
		finding->framed_bank = options->bank;
		finding->framed_endian = options->endian;
	}
	return 0;
}

static int decide(struct imastage_reader_options *options,
		  const struct finding *finding, bool eof)
{
	if (!eof && (finding->more || finding->framed_bank != NO_BANK))
		return -ENODATA;
	if (finding->framed_bank == NO_BANK)
		return -EBADMSG;
	options->bank = finding->framed_bank;
	options->endian = finding->framed_endian;
	return 0;
}

/* Sets bank and byte order of a list of options->format. */
static int try_all(struct imastage_bytes head, bool eof,
		   struct imastage_reader_options *options)
{
	struct finding finding = { false, NO_BANK, IMASTAGE_LITTLE };
	const enum imastage_endian orders[] = { IMASTAGE_LITTLE, IMASTAGE_BIG };

	for (size_t i = 0; i < 2 * IMASTAGE_NR_BANKS; i++) {
		int r;

		options->bank = (enum imastage_bank)(i / 2);
		options->endian = orders[i % 2];
		r = try_options(head, options, &finding);
		if (r)
			return r < 0 ? r : 0;
	}
	return decide(options, &finding, eof);
}

int detect(struct imastage_bytes head, bool eof,
	   struct imastage_reader_options *ret_options)
{
	struct imastage_reader_options options = *ret_options;
	size_t max_record_len = options.max_record_len;
	bool text = head.len > 0 &&
		    (head.data[0] == ' ' ||
		     (head.data[0] >= '0' && head.data[0] <= '9'));
	int r;

	/* Too long a record is one, too: the reader will say so. */
	options.max_record_len = SIZE_MAX;
	if (is_json(head))
		options.format = IMASTAGE_FORMAT_CEL_JSON;
	else if (is_tlv(head))
		options.format = IMASTAGE_FORMAT_CEL_TLV;
	else if (text)
		options.format = IMASTAGE_FORMAT_ASCII;
	else
		options.format = IMASTAGE_FORMAT_BINARY;
	r = try_all(head, eof, &options);
	/* A PCR number can have the code of a character: 48 is '0'. */
	if (r == -EBADMSG && options.format != IMASTAGE_FORMAT_BINARY) {
		options.format = IMASTAGE_FORMAT_BINARY;
		r = try_all(head, eof, &options);
	}
	options.max_record_len = max_record_len;
	if (r == 0)
		*ret_options = options;
	return r;
}

int imastage_detect(struct imastage_bytes head,
		    struct imastage_reader_options *ret_options)
{
	int r = detect(head, true, ret_options);

	return r == -ENODATA ? -EBADMSG : r;
}
