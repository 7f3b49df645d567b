/* SPDX-License-Identifier: MIT */
/*
 * Keys from the inside, for whoever checks signatures with them.
 */
#ifndef POLICY_KEYS_PRIVATE_H
#define POLICY_KEYS_PRIVATE_H

#include "policy/keys.h"

#include <openssl/x509.h>

struct policy_key {
	EVP_PKEY *key; /* owned */
	X509 *certificate; /* owned; NULL: it came bare */
	uint32_t id; /* of the subject key identifier, when there is one */
	uint32_t bits_id; /* of the public key itself */
	uint8_t identifier[20]; /* SHA-1 of the public key, which @bits_id ends */
};

struct policy_keys {
	const struct policy_keys *given; /* those that stand behind; or NULL */
	size_t nr;
	struct policy_key keys[POLICY_KEYS_MAX];
};

/* A walk over keys and then those behind. */
struct policy_keys_walk {
	const struct policy_keys *keys;
	size_t next;
	bool learnt; /* the last one is not of those behind, where there are such */
};

static inline struct policy_keys_walk
policy_keys_walk_of(const struct policy_keys *keys)
{
	struct policy_keys_walk walk = { keys, 0, keys->given };

	return walk;
}

/* NULL: there are no more. */
static inline const struct policy_key *
policy_keys_next(struct policy_keys_walk *walk)
{
	while (walk->keys && walk->next == walk->keys->nr) {
		walk->keys = walk->keys->given;
		walk->next = 0;
		walk->learnt = walk->keys && walk->keys->given;
	}
	return walk->keys ? &walk->keys->keys[walk->next++] : NULL;
}

static inline bool policy_key_has_id(const struct policy_key *key, uint32_t id)
{
	return key->id == id || key->bits_id == id;
}

#endif
