// SPDX-License-Identifier: MIT
/*
 * Qualifying data, as drawn in qualifying.h.
 */
#include "evidence/qualifying.h"
#include "base/bytes.h"
#include "log/hash.h"

#include <errno.h>

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

/* What is hashed, one of two forms. */
struct data {
	struct imastage_bytes domain; /* with the NUL that ends it */
	struct imastage_bytes sized[3];
	size_t nr_sized;
	struct imastage_bytes rest;
};

static int hash_data(struct hash *hash, const struct data *data)
{
	int r = hash_start(hash);

	if (r == 0)
		r = hash_update(hash, data->domain);
	for (size_t i = 0; r == 0 && i < data->nr_sized; i++)
		r = hash_sized(hash, data->sized[i]);
	return r < 0 ? r : hash_update(hash, data->rest);
}

static int bind_data(const struct data *data,
		     uint8_t ret_data[EVIDENCE_BOUND_LEN])
{
	struct hash hash;
	int r = hash_init(&hash, IMASTAGE_SHA256);

	if (r < 0)
		return r;
	r = hash_data(&hash, data);
	if (r == 0)
		r = hash_end(&hash, ret_data);
	hash_fini(&hash);
	return r;
}

int evidence_bind(struct imastage_bytes nonce, struct imastage_bytes verifier,
		  struct imastage_bytes machine,
		  uint8_t ret_data[EVIDENCE_BOUND_LEN])
{
	static const char domain[] = "imastage-quote-1";
	const struct data data = {
		.domain = bytes_of(domain, sizeof(domain)),
		.sized = { nonce, verifier, machine },
		.nr_sized = 3,
	};

	if (!has_len(nonce, EVIDENCE_NONCE_MIN, EVIDENCE_NONCE_MAX) ||
	    !has_len(verifier, 1, EVIDENCE_ID_MAX) ||
	    !has_len(machine, 1, EVIDENCE_ID_MAX))
		return -EINVAL;
	return bind_data(&data, ret_data);
}

int evidence_bind_chain(const uint8_t chain[EVIDENCE_CHAIN_LEN],
			uint64_t chained, uint8_t ret_data[EVIDENCE_BOUND_LEN])
{
	static const char domain[] = "imastage-archive-1";
	uint8_t rest[EVIDENCE_CHAIN_LEN + 8];
	const struct data data = {
		.domain = bytes_of(domain, sizeof(domain)),
		.rest = bytes_of(rest, sizeof(rest)),
	};

	memcpy(rest, chain, EVIDENCE_CHAIN_LEN);
	for (unsigned int i = 0; i < 8; i++)
		rest[EVIDENCE_CHAIN_LEN + i] = (uint8_t)(chained >> 8 * i);
	return bind_data(&data, ret_data);
}
