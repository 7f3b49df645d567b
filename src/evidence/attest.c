// SPDX-License-Identifier: MIT
/*
 * TPMS_ATTEST, as drawn in attest.h.
 */
#include "evidence/attest.h"

#define MAGIC 0xff544347u /* 0xff "TCG" */
#define TYPE_QUOTE 0x8018
#define NAME_LEN_MAX (2 + IMASTAGE_DIGEST_MAX)

static int parse_kind(struct wire *wire)
{
	uint32_t magic;
	uint16_t type;
	int r = wire_u32(wire, &magic);

	if (r == 0 && magic != MAGIC) {
		wire_fail(wire, sizeof(magic), "the magic is not a TPM's");
		return EVIDENCE_OTHER_MAGIC;
	}
	if (r == 0)
		r = wire_u16(wire, &type);
	if (r == 0 && type != TYPE_QUOTE) {
		wire_fail(wire, sizeof(type), "it is no quote");
		return EVIDENCE_OTHER_TYPE;
	}
	return r;
}

static int parse_safe(struct wire *wire, bool *ret_safe)
{
	uint8_t safe;
	int r = wire_u8(wire, &safe);

	if (r == 0 && safe > 1)
		return wire_fail(wire, 1, "safe is neither 0 nor 1");
	if (r == 0)
		*ret_safe = safe;
	return r;
}

static int parse_clock(struct wire *wire, struct evidence_clock *ret_clock)
{
	int r = wire_u64(wire, &ret_clock->clock);

	if (r == 0)
		r = wire_u32(wire, &ret_clock->resets);
	if (r == 0)
		r = wire_u32(wire, &ret_clock->restarts);
	return r < 0 ? r : parse_safe(wire, &ret_clock->safe);
}

static int parse_selections(struct wire *wire,
			    struct evidence_selections *ret_selections)
{
	uint32_t nr;
	int r = wire_u32(wire, &nr);

	if (r == 0 && nr > IMASTAGE_SELECTIONS_MAX)
		return wire_fail(wire, sizeof(nr),
				 "more selections than a TPM has banks");
	for (uint32_t i = 0; r == 0 && i < nr; i++)
		r = wire_selection(wire, &ret_selections->of[i].alg,
				   &ret_selections->of[i].pcrs);
	if (r == 0)
		ret_selections->nr = nr;
	return r;
}

static int parse_all(struct wire *wire, struct evidence_attest *attest)
{
	int r = parse_kind(wire);

	if (r == 0)
		r = wire_sized(wire, NAME_LEN_MAX, &attest->signer);
	if (r == 0)
		r = wire_sized(wire, NAME_LEN_MAX, &attest->qualifying);
	if (r == 0)
		r = parse_clock(wire, &attest->clock);
	if (r == 0)
		r = wire_u64(wire, &attest->firmware);
	if (r == 0)
		r = parse_selections(wire, &attest->selections);
	if (r == 0)
		r = wire_sized(wire, IMASTAGE_DIGEST_MAX, &attest->pcr_digest);
	return r ? r : wire_end(wire);
}

int evidence_attest_parse(struct imastage_bytes bytes,
			  struct evidence_attest *ret_attest,
			  struct evidence_error *ret_error)
{
	struct evidence_attest attest = { 0 };
	struct wire wire;
	int r;

	wire_init(&wire, bytes, IMASTAGE_BIG, ret_error);
	r = parse_all(&wire, &attest);
	if (r == 0)
		*ret_attest = attest;
	return r;
}

bool evidence_selections_equal(const struct evidence_selections *a,
			       const struct evidence_selections *b)
{
	for (size_t i = 0; i < a->nr && i < b->nr; i++)
		if (a->of[i].alg != b->of[i].alg ||
		    a->of[i].pcrs != b->of[i].pcrs)
			return false;
	return a->nr == b->nr;
}
