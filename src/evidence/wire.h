/* SPDX-License-Identifier: MIT */
/*
 * What all parsers of this folder share: a place and a reason for what is wrong,
 * numbers, and views of bytes whose length stands before them (TPM2B_*).
 *
 * Every parser takes all of its input or none of it: bytes that are left over are as
 * wrong as bytes that are missing. It allocates nothing, its results are views of the
 * input or numbers, and it costs one pass.
 *
 * Returns 0; -EBADMSG with *ret_error set; or a positive answer that the parser names,
 * for what is sound but something else than was wanted.
 */
#ifndef EVIDENCE_WIRE_H
#define EVIDENCE_WIRE_H

#include "base/cursor.h"

#include <imastage/align.h>

struct evidence_error {
	size_t offset; /* of the byte that is wrong */
	const char *reason; /* a sentence without full stop, static */
};

#define EVIDENCE_OTHER_MAGIC 1 /* not made by a TPM */
#define EVIDENCE_OTHER_TYPE 2 /* sound, but of a kind that is not taken */

struct wire {
	struct cursor cursor;
	struct evidence_error *error;
};

static inline void wire_init(struct wire *wire, struct imastage_bytes bytes,
			     enum imastage_endian endian,
			     struct evidence_error *error)
{
	cursor_init(&wire->cursor, bytes, endian);
	error->offset = 0;
	error->reason = "";
	wire->error = error;
}

static inline int wire_fail_at(struct wire *wire, size_t offset,
			       const char *reason)
{
	wire->error->offset = offset;
	wire->error->reason = reason;
	return -EBADMSG;
}

/* Of what was read last, which was @len bytes long. */
static inline int wire_fail(struct wire *wire, size_t len, const char *reason)
{
	return wire_fail_at(wire, cursor_offset(&wire->cursor) - len, reason);
}

static inline int wire_short(struct wire *wire)
{
	return wire_fail(wire, 0, "ends too early");
}

static inline int wire_end(struct wire *wire)
{
	return cursor_remaining(&wire->cursor) ?
		       wire_fail(wire, 0,
				 "bytes follow that do not belong to it") :
		       0;
}

#define DEFINE_WIRE_READ(bits)                                         \
	static inline int wire_u##bits(struct wire *wire,              \
				       uint##bits##_t *ret_value)      \
	{                                                              \
		int r = cursor_read_u##bits(&wire->cursor, ret_value); \
                                                                       \
		return r < 0 ? wire_short(wire) : 0;                   \
	}

DEFINE_WIRE_READ(8)
DEFINE_WIRE_READ(16)
DEFINE_WIRE_READ(32)
DEFINE_WIRE_READ(64)

static inline int wire_bytes(struct wire *wire, size_t len,
			     struct imastage_bytes *ret_view)
{
	int r = cursor_read_bytes(&wire->cursor, len, ret_view);

	return r < 0 ? wire_short(wire) : 0;
}

/* A u16 length of at most @max, and as many bytes. */
static inline int wire_sized(struct wire *wire, size_t max,
			     struct imastage_bytes *ret_view)
{
	uint16_t len;
	int r = wire_u16(wire, &len);

	if (r < 0)
		return r;
	if (len > max)
		return wire_fail(wire, sizeof(len),
				 "a length is above what it can be");
	return wire_bytes(wire, len, ret_view);
}

/* ---- which PCRs ------------------------------------------------------------ */

/*
 * TPML_PCR_SELECTION, in its order, which is that of the values in a digest. A bank
 * may be one that nobody here knows, or be there twice: who asked compares.
 */
struct evidence_selections {
	size_t nr;
	struct {
		uint16_t alg;
		uint32_t pcrs;
	} of[IMASTAGE_SELECTIONS_MAX];
};

#define EVIDENCE_SELECT_LEN 3 /* bytes of the mask of 24 PCRs */

/* One element: bank, length of the mask, mask. */
static inline int wire_selection(struct wire *wire, uint16_t *ret_alg,
				 uint32_t *ret_pcrs)
{
	struct imastage_bytes mask;
	uint8_t len;
	int r = wire_u16(wire, ret_alg);

	if (r == 0)
		r = wire_u8(wire, &len);
	if (r < 0)
		return r;
	if (len != EVIDENCE_SELECT_LEN)
		return wire_fail(wire, 1, "a mask of PCRs has not 3 bytes");
	r = wire_bytes(wire, len, &mask);
	if (r == 0)
		*ret_pcrs = (uint32_t)mask.data[2] << 16 |
			    (uint32_t)mask.data[1] << 8 | mask.data[0];
	return r;
}

/* Are both the same banks and PCRs, in the same order? */
bool evidence_selections_equal(const struct evidence_selections *a,
			       const struct evidence_selections *b);

#endif
