// SPDX-License-Identifier: MIT
/*
 * PCR values of tpm2_quote, as drawn in pcrs.h.
 */
#include "evidence/pcrs.h"
#include "log/buffer.h"
#include "log/hash.h"

#include <errno.h>

#define PLACES 16 /* for selections */
#define VALUES_EACH 8 /* in a list */
#define PLACE_LEN 8
#define LIST_LEN (4 + VALUES_EACH * (2 + IMASTAGE_DIGEST_MAX))

/* Where the next value belongs. */
struct next {
	size_t selection;
	unsigned int pcr;
};

/* ---- selections ------------------------------------------------------------ */

static int check_bank(struct wire *wire,
		      const struct evidence_selections *selections, size_t nr)
{
	enum imastage_bank bank;

	if (imastage_bank_by_tpm_alg(selections->of[nr].alg, &bank) < 0)
		return wire_fail(wire, PLACE_LEN, "a bank is not known");
	for (size_t i = 0; i < nr; i++)
		if (selections->of[i].alg == selections->of[nr].alg)
			return wire_fail(wire, PLACE_LEN,
					 "a bank is there twice");
	return 0;
}

static int parse_place(struct wire *wire,
		       struct evidence_selections *selections, size_t i,
		       bool used)
{
	struct imastage_bytes rest;
	int r;

	if (!used)
		return wire_bytes(wire, PLACE_LEN, &rest);
	r = wire_selection(wire, &selections->of[i].alg,
			   &selections->of[i].pcrs);
	if (r == 0)
		r = wire_bytes(wire, 2, &rest);
	if (r == 0 && rest.data[0])
		return wire_fail(wire, 2, "there are no PCRs above 23");
	return r < 0 ? r : check_bank(wire, selections, i);
}

static int parse_selections(struct wire *wire,
			    struct evidence_selections *selections)
{
	uint32_t nr;
	int r = wire_u32(wire, &nr);

	if (r == 0 && nr > PLACES)
		return wire_fail(wire, sizeof(nr),
				 "more selections than there is room for");
	for (uint32_t i = 0; r == 0 && i < PLACES; i++)
		r = parse_place(wire, selections, i, i < nr);
	if (r == 0)
		selections->nr = nr;
	return r;
}

/* ---- values ---------------------------------------------------------------- */

/* Moves on to a PCR that is selected. False: there is none left. */
static bool find_next(const struct evidence_selections *selections,
		      struct next *next)
{
	for (; next->selection < selections->nr;
	     next->selection++, next->pcr = 0)
		for (; next->pcr < IMASTAGE_NR_PCRS; next->pcr++)
			if (selections->of[next->selection].pcrs &
			    1u << next->pcr)
				return true;
	return false;
}

static int parse_value(struct wire *wire, struct evidence_pcrs *pcrs,
		       struct next *next)
{
	const struct evidence_selections *selections = &pcrs->selections;
	struct imastage_bytes value, rest;
	enum imastage_bank bank;
	int r = wire_sized(wire, IMASTAGE_DIGEST_MAX, &value);

	if (r == 0)
		r = wire_bytes(wire, IMASTAGE_DIGEST_MAX - value.len, &rest);
	if (r < 0)
		return r;
	if (!find_next(selections, next) ||
	    imastage_bank_by_tpm_alg(selections->of[next->selection].alg,
				     &bank) < 0)
		return wire_fail(wire, 2 + IMASTAGE_DIGEST_MAX,
				 "more values than PCRs are selected");
	if (pcr_values_set(&pcrs->values, bank, next->pcr, value) < 0)
		return wire_fail(wire, 2 + IMASTAGE_DIGEST_MAX,
				 "a value has not the length of its bank");
	next->pcr++;
	return 0;
}

static int parse_list(struct wire *wire, struct evidence_pcrs *pcrs,
		      struct next *next)
{
	struct imastage_bytes rest;
	uint32_t nr;
	int r = wire_u32(wire, &nr);

	if (r == 0 && (nr < 1 || nr > VALUES_EACH))
		return wire_fail(wire, sizeof(nr),
				 "a list has not 1 to 8 values");
	for (uint32_t i = 0; r == 0 && i < nr; i++)
		r = parse_value(wire, pcrs, next);
	return r < 0 ? r :
		       wire_bytes(wire,
				  (VALUES_EACH - nr) *
					  (2 + IMASTAGE_DIGEST_MAX),
				  &rest);
}

static int parse_lists(struct wire *wire, struct evidence_pcrs *pcrs)
{
	struct next next = { 0 };
	uint32_t nr;
	int r = wire_u32(wire, &nr);

	if (r == 0 &&
	    (uint64_t)nr * LIST_LEN != cursor_remaining(&wire->cursor))
		return wire_fail(wire, sizeof(nr),
				 "lists of another number follow");
	for (uint32_t i = 0; r == 0 && i < nr; i++)
		r = parse_list(wire, pcrs, &next);
	if (r == 0 && find_next(&pcrs->selections, &next))
		return wire_fail(wire, 0,
				 "a PCR that is selected has no value");
	return r;
}

int evidence_pcrs_parse(struct imastage_bytes bytes,
			struct evidence_pcrs *ret_pcrs,
			struct evidence_error *ret_error)
{
	struct evidence_pcrs pcrs = { 0 };
	struct wire wire;
	int r;

	wire_init(&wire, bytes, IMASTAGE_LITTLE, ret_error);
	r = parse_selections(&wire, &pcrs.selections);
	if (r == 0)
		r = parse_lists(&wire, &pcrs);
	if (r == 0)
		*ret_pcrs = pcrs;
	return r;
}

/* ---- writing --------------------------------------------------------------- */

static int put(struct imastage_buffer *bytes, const void *data, size_t len)
{
	return buffer_put(bytes, bytes_of(data, len));
}

static int write_places(const struct evidence_selections *selections,
			struct imastage_buffer *bytes)
{
	int r = buffer_put_u32(bytes, (uint32_t)selections->nr,
			       IMASTAGE_LITTLE);

	for (size_t i = 0; r == 0 && i < PLACES; i++) {
		uint8_t place[PLACE_LEN] = { 0 };

		if (i < selections->nr) {
			uint16_t alg = selections->of[i].alg;
			uint32_t pcrs = selections->of[i].pcrs;

			place[0] = (uint8_t)alg;
			place[1] = (uint8_t)(alg >> 8);
			place[2] = EVIDENCE_SELECT_LEN;
			for (int n = 0; n < EVIDENCE_SELECT_LEN; n++)
				place[3 + n] = (uint8_t)(pcrs >> 8 * n);
		}
		r = put(bytes, place, sizeof(place));
	}
	return r;
}

static int write_value(const struct evidence_pcrs *pcrs,
		       const struct next *next, struct imastage_buffer *bytes)
{
	uint8_t value[2 + IMASTAGE_DIGEST_MAX] = { 0 };
	enum imastage_bank bank;
	size_t len;
	int r = imastage_bank_by_tpm_alg(
		pcrs->selections.of[next->selection].alg, &bank);

	if (r < 0)
		return -EINVAL;
	len = imastage_bank_digest_len(bank);
	value[0] = (uint8_t)len;
	memcpy(value + 2, pcrs->values.of[bank][next->pcr], len);
	return put(bytes, value, sizeof(value));
}

/* As many as there are, up to a list full; none for what remains of it. */
static int write_list(const struct evidence_pcrs *pcrs, struct next *next,
		      uint32_t nr, struct imastage_buffer *bytes)
{
	static const uint8_t none[VALUES_EACH * (2 + IMASTAGE_DIGEST_MAX)];
	int r = buffer_put_u32(bytes, nr, IMASTAGE_LITTLE);

	for (uint32_t i = 0; r == 0 && i < nr; i++, next->pcr++) {
		(void)find_next(&pcrs->selections, next);
		r = write_value(pcrs, next, bytes);
	}
	return r < 0 ? r :
		       put(bytes, none,
			   (VALUES_EACH - nr) * (2 + IMASTAGE_DIGEST_MAX));
}

static uint32_t count_pcrs(const struct evidence_selections *selections)
{
	uint32_t nr = 0;

	for (size_t i = 0; i < selections->nr; i++)
		nr += (uint32_t)__builtin_popcount(
			selections->of[i].pcrs &
			((1u << IMASTAGE_NR_PCRS) - 1));
	return nr;
}

int evidence_pcrs_write(const struct evidence_pcrs *pcrs,
			struct imastage_buffer *bytes)
{
	uint32_t left = count_pcrs(&pcrs->selections);
	struct next next = { 0 };
	int r;

	if (left == 0 || pcrs->selections.nr > PLACES)
		return -EINVAL;
	r = write_places(&pcrs->selections, bytes);
	if (r == 0)
		r = buffer_put_u32(bytes,
				   (left + VALUES_EACH - 1) / VALUES_EACH,
				   IMASTAGE_LITTLE);
	while (r == 0 && left > 0) {
		uint32_t nr = left < VALUES_EACH ? left : VALUES_EACH;

		r = write_list(pcrs, &next, nr, bytes);
		left -= nr;
	}
	return r;
}

/* ---- digest ---------------------------------------------------------------- */

static int hash_values(const struct evidence_pcrs *pcrs, struct hash *hash)
{
	struct next next = { 0 };
	int r = hash_start(hash);

	for (; r == 0 && find_next(&pcrs->selections, &next); next.pcr++) {
		enum imastage_bank bank;

		r = imastage_bank_by_tpm_alg(
			pcrs->selections.of[next.selection].alg, &bank);
		if (r == 0)
			r = hash_update(
				hash, bytes_of(pcrs->values.of[bank][next.pcr],
					       imastage_bank_digest_len(bank)));
	}
	return r;
}

int evidence_pcrs_digest(const struct evidence_pcrs *pcrs,
			 enum imastage_bank hash_bank,
			 uint8_t ret_digest[IMASTAGE_DIGEST_MAX])
{
	struct hash hash;
	int r = hash_init(&hash, hash_bank);

	if (r < 0)
		return r;
	r = hash_values(pcrs, &hash);
	if (r == 0)
		r = hash_end(&hash, ret_digest);
	hash_fini(&hash);
	return r;
}
