// SPDX-License-Identifier: MIT
/*
 * Bound qualifying data, as drawn in qualifying.h.
 */
#include "evidence/qualifying.h"
#include "base/bytes.h"
#include "log/hash.h"

#include <errno.h>

static const char domain[] = "imastage-quote-1"; /* with the NUL that ends it */

static int hash_sized(struct hash *hash, struct imastage_bytes bytes)
{
	const uint8_t len[2] = { (uint8_t)bytes.len,
				 (uint8_t)(bytes.len >> 8) };
	int r = hash_update(hash, bytes_of(len, sizeof(len)));

	return r < 0 ? r : hash_update(hash, bytes);
}

static bool has_len(struct imastage_bytes bytes, size_t min, size_t max)
{
	return bytes.len >= min && bytes.len <= max;
}

int evidence_bind(struct imastage_bytes nonce, struct imastage_bytes verifier,
		  struct imastage_bytes machine,
		  uint8_t ret_data[EVIDENCE_BOUND_LEN])
{
	struct hash hash;
	int r;

	if (!has_len(nonce, EVIDENCE_NONCE_MIN, EVIDENCE_NONCE_MAX) ||
	    !has_len(verifier, 1, EVIDENCE_ID_MAX) ||
	    !has_len(machine, 1, EVIDENCE_ID_MAX))
		return -EINVAL;
	r = hash_init(&hash, IMASTAGE_SHA256);
	if (r < 0)
		return r;
	r = hash_start(&hash);
	if (r == 0)
		r = hash_update(&hash, bytes_of(domain, sizeof(domain)));
	if (r == 0)
		r = hash_sized(&hash, nonce);
	if (r == 0)
		r = hash_sized(&hash, verifier);
	if (r == 0)
		r = hash_sized(&hash, machine);
	if (r == 0)
		r = hash_end(&hash, ret_data);
	hash_fini(&hash);
	return r;
}
