// SPDX-License-Identifier: MIT
/*
 * CEL_TLV. A record has no length of its own: it ends with its content.
 */
#include "base/cursor.h"
#include "log/binary.h"
#include "log/cel.h"
#include "log/reader.h"

#include <errno.h>

#define HEAD_LEN 5 /* u8 type, u32 length */

/* ---- writing --------------------------------------------------------------- */

static void put_head(struct out *out, unsigned int type, size_t len)
{
	out_number(out, type, 1, IMASTAGE_BIG);
	out_number(out, len, 4, IMASTAGE_BIG);
}

static void put_number(struct out *out, unsigned int type, uint64_t value)
{
	size_t len = value >> 32 ? 8 : 4;

	put_head(out, type, len);
	out_number(out, value, len, IMASTAGE_BIG);
}

static void put_digests(struct out *out, unsigned int banks,
			const struct imastage_digests *digests)
{
	size_t len = 0;

	for (enum imastage_bank bank = 0; bank < IMASTAGE_NR_BANKS; bank++)
		if (banks & 1u << bank)
			len += HEAD_LEN + imastage_bank_digest_len(bank);
	put_head(out, CEL_DIGESTS, len);
	for (enum imastage_bank bank = 0; bank < IMASTAGE_NR_BANKS; bank++) {
		if (!(banks & 1u << bank))
			continue;
		len = imastage_bank_digest_len(bank);
		put_head(out, imastage_bank_tpm_alg(bank), len);
		out_bytes(out, bytes_of(digests->of[bank], len));
	}
}

void cel_tlv_write(struct out *out, const struct imastage_record *record,
		   uint64_t number, unsigned int banks,
		   const struct imastage_digests *digests)
{
	put_number(out, CEL_RECNUM, number);
	put_number(out, CEL_PCR, record->pcr);
	put_digests(out, banks, digests);
	put_head(out, CEL_IMA_TEMPLATE,
		 2 * HEAD_LEN + record->name.len + record->data.len);
	put_head(out, CEL_IMA_NAME, record->name.len);
	out_bytes(out, record->name);
	put_head(out, CEL_IMA_DATA, record->data.len);
	out_bytes(out, record->data);
}

/* ---- reading --------------------------------------------------------------- */

struct tlv {
	uint8_t type;
	struct cursor value; /* of its bytes; offsets are those of the window */
};

/* -ENODATA when it is not whole. */
static int take_tlv(struct cursor *c, struct tlv *ret_tlv)
{
	struct imastage_bytes view;
	struct tlv tlv;
	uint32_t len;
	int r = cursor_read_u8(c, &tlv.type);

	if (r == 0)
		r = cursor_read_u32(c, &len);
	tlv.value = *c;
	if (r == 0)
		r = cursor_read_bytes(c, len, &view);
	if (r < 0)
		return r;
	tlv.value.bytes.len = cursor_offset(c);
	*ret_tlv = tlv;
	return 0;
}

static struct imastage_bytes rest_of(struct cursor c)
{
	struct imastage_bytes view = { NULL, 0 };

	(void)cursor_read_bytes(&c, cursor_remaining(&c), &view);
	return view;
}

static int read_pcr(struct cursor value, uint32_t *ret_pcr)
{
	size_t len = cursor_remaining(&value);
	uint64_t pcr;

	if (len == 0 || len > 8 || cursor_read_number(&value, len, &pcr) < 0 ||
	    pcr > UINT32_MAX)
		return -EBADMSG;
	*ret_pcr = (uint32_t)pcr;
	return 0;
}

/* Finds the digest of the list's bank. */
static int read_digests(struct cursor c, enum imastage_bank bank,
			struct imastage_error *error,
			struct imastage_bytes *ret_digest)
{
	size_t start = cursor_offset(&c);
	bool found = false;

	while (cursor_remaining(&c) > 0) {
		size_t at = cursor_offset(&c);
		struct tlv tlv;

		if (take_tlv(&c, &tlv) < 0)
			return reader_fail(
				error, at, -EBADMSG,
				"a digest is longer than the digests");
		if (tlv.type != imastage_bank_tpm_alg(bank))
			continue;
		*ret_digest = rest_of(tlv.value);
		if (ret_digest->len != imastage_bank_digest_len(bank))
			return reader_fail(error, at, -EBADMSG,
					   "digest has not its bank's length");
		found = true;
	}
	return found ? 0 :
		       reader_fail(error, start, -EBADMSG,
				   "no digest of the list's bank");
}

static int read_content(struct cursor c, struct imastage_error *error,
			enum imastage_endian endian,
			struct imastage_record *record)
{
	struct tlv name, data;
	size_t start = cursor_offset(&c);
	int r;

	if (take_tlv(&c, &name) < 0 || name.type != CEL_IMA_NAME ||
	    take_tlv(&c, &data) < 0 || data.type != CEL_IMA_DATA ||
	    cursor_remaining(&c) > 0)
		return reader_fail(error, start, -EBADMSG,
				   "content is not a template's name and data");
	r = binary_adopt(rest_of(name.value), rest_of(data.value), endian,
			 error, record);
	if (r < 0)
		error->offset += cursor_offset(&data.value);
	return r;
}

/* What a record has of each type; each is there once, the content last. */
struct parts {
	struct tlv recnum, pcr, digests, content;
	unsigned int seen; /* mask of types, those of content together */
};

#define SEEN_CONTENT (1u << CEL_MANAGEMENT)
#define SEEN_ALL \
	(1u << CEL_RECNUM | 1u << CEL_PCR | 1u << CEL_DIGESTS | SEEN_CONTENT)
#define SEEN_ALL_OF_NV (SEEN_ALL ^ 1u << CEL_PCR ^ 1u << CEL_NV_INDEX)

static int keep_part(struct parts *parts, const struct tlv *tlv)
{
	unsigned int type = tlv->type < CEL_MANAGEMENT ? tlv->type :
							 CEL_MANAGEMENT;

	if (parts->seen & 1u << type)
		return -EBADMSG;
	parts->seen |= 1u << type;
	if (type == CEL_RECNUM)
		parts->recnum = *tlv;
	else if (type == CEL_PCR)
		parts->pcr = *tlv;
	else if (type == CEL_DIGESTS)
		parts->digests = *tlv;
	else if (type == CEL_MANAGEMENT)
		parts->content = *tlv;
	return 0;
}

static int take_parts(struct cursor *c, struct imastage_error *error,
		      struct parts *parts)
{
	while (!(parts->seen & SEEN_CONTENT)) {
		struct cursor start = *c;
		struct tlv tlv = { 0 };
		int r = take_tlv(c, &tlv);

		/* Types are judged before a length is believed. */
		if (r < 0 && cursor_read_u8(&start, &tlv.type) == 0)
			r = keep_part(parts, &tlv) < 0 ? -EBADMSG : -ENODATA;
		else if (r == 0)
			r = keep_part(parts, &tlv);
		if (r == -ENODATA)
			return reader_fail(error, cursor_offset(&start), r,
					   "ends inside a record");
		if (r < 0)
			return reader_fail(error, cursor_offset(&start),
					   -EBADMSG,
					   "a part of a record is there twice");
	}
	return parts->seen == SEEN_ALL || parts->seen == SEEN_ALL_OF_NV ?
		       0 :
		       reader_fail(error, 0, -EBADMSG, "record lacks a part");
}

static int leave_out(struct imastage_reader *reader, const struct parts *parts,
		     uint64_t pcr, struct imastage_error *error)
{
	const char *content = cel_content_name(parts->content.type);

	return cel_leave_out(reader, pcr, bytes_of_text(content), 0, error);
}

/* What the record is for; CEL_NO_PCR for an NV index. */
static int read_place(const struct parts *parts, struct imastage_error *error,
		      uint64_t *ret_pcr)
{
	uint32_t pcr;

	*ret_pcr = CEL_NO_PCR;
	if (parts->seen == SEEN_ALL_OF_NV)
		return 0;
	if (read_pcr(parts->pcr.value, &pcr) < 0)
		return reader_fail(error, cursor_offset(&parts->pcr.value),
				   -EBADMSG, "not a PCR number");
	*ret_pcr = pcr;
	return 0;
}

static int read_ima(struct imastage_reader *reader, const struct parts *parts,
		    uint64_t pcr, struct imastage_error *error,
		    struct imastage_record *record)
{
	int r;

	if (pcr == CEL_NO_PCR)
		return reader_fail(error, 0, -EBADMSG,
				   "is for an NV index, not for a PCR");
	record->pcr = (uint32_t)pcr;
	r = read_digests(parts->digests.value, record->bank, error,
			 &record->digest);
	if (r < 0)
		return r;
	record->digest = cel_read_digest(record->digest);
	r = read_content(parts->content.value, error, reader->options.endian,
			 record);
	return r < 0 ? r : cel_take_ima(reader, record->pcr, 0, error);
}

int reader_parse_cel_tlv(struct imastage_reader *reader,
			 struct imastage_error *error,
			 struct imastage_record *ret_record)
{
	struct imastage_record record = { .bank = reader->options.bank };
	struct parts parts = { .seen = 0 };
	struct cursor c;
	uint64_t pcr = 0;
	int r;

	cursor_init(&c, reader->window, IMASTAGE_BIG);
	r = take_parts(&c, error, &parts);
	if (r == 0)
		r = read_place(&parts, error, &pcr);
	if (r == 0)
		r = parts.content.type == CEL_IMA_TEMPLATE ?
			    read_ima(reader, &parts, pcr, error, &record) :
			    leave_out(reader, &parts, pcr, error);
	if (r < 0)
		return r;
	reader->used = cursor_offset(&c);
	record.raw = bytes_first(reader->window, reader->used);
	*ret_record = record;
	return r;
}
