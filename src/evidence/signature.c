// SPDX-License-Identifier: MIT
/*
 * TPMT_SIGNATURE, as drawn in signature.h.
 */
#include "evidence/signature.h"

static int parse_ecdsa(struct wire *wire, struct evidence_signature *signature)
{
	int r = wire_sized(wire, EVIDENCE_ECC_LEN_MAX, &signature->r);

	return r < 0 ? r :
		       wire_sized(wire, EVIDENCE_ECC_LEN_MAX, &signature->s);
}

static int parse_scheme(struct wire *wire, struct evidence_signature *signature)
{
	int r = wire_u16(wire, &signature->scheme);

	if (r < 0)
		return r;
	switch (signature->scheme) {
	case EVIDENCE_ALG_RSASSA:
	case EVIDENCE_ALG_RSAPSS:
	case EVIDENCE_ALG_ECDSA:
		return wire_u16(wire, &signature->hash);
	default:
		wire_fail(wire, 2, "the scheme is not RSASSA, RSAPSS or ECDSA");
		return EVIDENCE_OTHER_TYPE;
	}
}

int evidence_signature_parse(struct imastage_bytes bytes,
			     struct evidence_signature *ret_signature,
			     struct evidence_error *ret_error)
{
	struct evidence_signature signature = { 0 };
	struct wire wire;
	int r;

	wire_init(&wire, bytes, IMASTAGE_BIG, ret_error);
	r = parse_scheme(&wire, &signature);
	if (r == 0 && signature.scheme == EVIDENCE_ALG_ECDSA)
		r = parse_ecdsa(&wire, &signature);
	else if (r == 0)
		r = wire_sized(&wire, EVIDENCE_RSA_LEN_MAX, &signature.rsa);
	if (r == 0)
		r = wire_end(&wire);
	if (r >= 0)
		*ret_signature = signature;
	return r;
}
