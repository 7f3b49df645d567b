// SPDX-License-Identifier: MIT
/*
 * TPM2B_PUBLIC, as drawn in public.h, and the names that follow from it.
 */
#include "evidence/public.h"
#include "log/hash.h"

#define ALG_ECDAA 0x001a
#define ALG_RSAES 0x0015
#define EXPONENT_DEFAULT 65537

static int parse_name_hash(struct wire *wire, struct evidence_public *key)
{
	uint16_t alg;
	int r = wire_u16(wire, &alg);

	if (r == 0 && imastage_bank_by_tpm_alg(alg, &key->name_hash) < 0)
		return wire_fail(wire, sizeof(alg),
				 "its name is by a hash that is not known");
	return r;
}

static int parse_symmetric(struct wire *wire, struct evidence_public *key)
{
	int r = wire_u16(wire, &key->symmetric);

	if (r < 0 || key->symmetric == EVIDENCE_ALG_NULL)
		return r;
	r = wire_u16(wire, &key->symmetric_bits);
	return r < 0 ? r : wire_u16(wire, &key->symmetric_mode);
}

static int parse_scheme(struct wire *wire, struct evidence_public *key)
{
	uint16_t count;
	int r = wire_u16(wire, &key->scheme);

	key->hash = EVIDENCE_ALG_NULL;
	if (r < 0 || key->scheme == EVIDENCE_ALG_NULL ||
	    key->scheme == ALG_RSAES)
		return r;
	r = wire_u16(wire, &key->hash);
	if (r == 0 && key->scheme == ALG_ECDAA)
		r = wire_u16(wire, &count);
	return r;
}

static int parse_rsa(struct wire *wire, struct evidence_public *key)
{
	int r = wire_u16(wire, &key->bits);

	if (r == 0)
		r = wire_u32(wire, &key->exponent);
	if (r == 0 && key->exponent == 0)
		key->exponent = EXPONENT_DEFAULT;
	return r < 0 ? r :
		       wire_sized(wire, EVIDENCE_RSA_LEN_MAX, &key->modulus);
}

static int parse_kdf(struct wire *wire)
{
	uint16_t kdf, hash;
	int r = wire_u16(wire, &kdf);

	return r < 0 || kdf == EVIDENCE_ALG_NULL ? r : wire_u16(wire, &hash);
}

static int parse_ecc(struct wire *wire, struct evidence_public *key)
{
	int r = wire_u16(wire, &key->curve);

	if (r == 0)
		r = parse_kdf(wire);
	if (r == 0)
		r = wire_sized(wire, EVIDENCE_ECC_LEN_MAX, &key->x);
	return r < 0 ? r : wire_sized(wire, EVIDENCE_ECC_LEN_MAX, &key->y);
}

static int parse_type(struct wire *wire, struct evidence_public *key)
{
	int r = wire_u16(wire, &key->type);

	if (r == 0 && key->type != EVIDENCE_ALG_RSA &&
	    key->type != EVIDENCE_ALG_ECC) {
		wire_fail(wire, 2, "the key is neither RSA nor ECC");
		return EVIDENCE_OTHER_TYPE;
	}
	return r;
}

static int parse_area(struct wire *wire, struct evidence_public *key)
{
	int r = parse_type(wire, key);

	if (r == 0)
		r = parse_name_hash(wire, key);
	if (r == 0)
		r = wire_u32(wire, &key->attributes);
	if (r == 0)
		r = wire_sized(wire, IMASTAGE_DIGEST_MAX, &key->policy);
	if (r == 0)
		r = parse_symmetric(wire, key);
	if (r == 0)
		r = parse_scheme(wire, key);
	if (r)
		return r;
	return key->type == EVIDENCE_ALG_RSA ? parse_rsa(wire, key) :
					       parse_ecc(wire, key);
}

static int parse_length(struct wire *wire, struct evidence_public *key)
{
	uint16_t len;
	int r = wire_u16(wire, &len);

	if (r == 0 && len != cursor_remaining(&wire->cursor))
		return wire_fail(wire, sizeof(len),
				 "its length is not that of what follows");
	if (r == 0)
		key->area = bytes_skip(wire->cursor.bytes, sizeof(len));
	return r;
}

int evidence_public_parse(struct imastage_bytes bytes,
			  struct evidence_public *ret_public,
			  struct evidence_error *ret_error)
{
	struct evidence_public key = { 0 };
	struct wire wire;
	int r;

	wire_init(&wire, bytes, IMASTAGE_BIG, ret_error);
	r = parse_length(&wire, &key);
	if (r == 0)
		r = parse_area(&wire, &key);
	if (r == 0)
		r = wire_end(&wire);
	if (r == 0)
		*ret_public = key;
	return r;
}

/* ---- names ----------------------------------------------------------------- */

/* The hash's number, and its value of both views. */
static int make_name(enum imastage_bank bank, struct imastage_bytes first,
		     struct imastage_bytes second,
		     struct evidence_name *ret_name)
{
	uint16_t alg = imastage_bank_tpm_alg(bank);
	struct hash hash;
	int r = hash_init(&hash, bank);

	if (r < 0)
		return r;
	ret_name->bytes[0] = (uint8_t)(alg >> 8);
	ret_name->bytes[1] = (uint8_t)alg;
	ret_name->len = 2 + imastage_bank_digest_len(bank);
	r = hash_two(&hash, first, second, ret_name->bytes + 2);
	hash_fini(&hash);
	return r;
}

int evidence_public_name(const struct evidence_public *key,
			 struct evidence_name *ret_name)
{
	return make_name(key->name_hash, key->area, bytes_of(NULL, 0),
			 ret_name);
}

int evidence_public_qualified(const struct evidence_public *key,
			      struct imastage_bytes parent,
			      struct evidence_name *ret_name)
{
	struct evidence_name name;
	int r = evidence_public_name(key, &name);

	return r < 0 ? r :
		       make_name(key->name_hash, parent,
				 bytes_of(name.bytes, name.len), ret_name);
}

int evidence_public_primary(const struct evidence_public *key,
			    uint32_t hierarchy, struct evidence_name *ret_name)
{
	const uint8_t handle[4] = { (uint8_t)(hierarchy >> 24),
				    (uint8_t)(hierarchy >> 16),
				    (uint8_t)(hierarchy >> 8),
				    (uint8_t)hierarchy };

	return evidence_public_qualified(key, bytes_of(handle, sizeof(handle)),
					 ret_name);
}
