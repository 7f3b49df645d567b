/* SPDX-License-Identifier: MIT */
/*
 * What the readers of a policy's members share.
 */
#ifndef POLICY_READ_PRIVATE_H
#define POLICY_READ_PRIVATE_H

#include "base/hex.h"
#include "base/json_pull.h"
#include "policy/keys.h"
#include "policy/policy.h"

struct reading {
	struct json_pull pull;
	struct policy_builder *builder; /* not owned */
	struct policy_error *error;
	bool said; /* the error is in @error, and not in @pull */
	struct policy_switches switches;
	bool inner; /* this is a text in a text already */
	struct policy_keys *keys; /* owned: are all of them keys? */
	struct imastage_buffer name; /* owned; whose digests are read */
	uint8_t digest[IMASTAGE_DIGEST_MAX];
	size_t digest_len;
};

/* How a member of an object is read. */
struct member {
	const char *name;
	int (*read)(struct reading *reading);
	bool required;
};

/* -EBADMSG, at the value that was read last. */
int refuse(struct reading *reading, const char *reason);

/* @only: members of other names are refused, and not passed over. */
int read_members(struct reading *reading, const struct member *members,
		 size_t nr, bool only);

/* An object of names with arrays of digests. @labelled: digests may name their algorithm. */
int read_space(struct reading *reading, enum policy_space space, bool labelled,
	       uint32_t package);

/* A string that is a digest, which is then in @reading. */
int read_digest(struct reading *reading, bool labelled, uint8_t *ret_alg);
int read_digest_name(struct reading *reading, struct imastage_bytes name,
		     uint8_t *ret_alg);

/* What policy_add() and its like say, said of the value at hand. */
int read_added(struct reading *reading, int r);

/* The text of "verification-keys". */
int read_key_text(struct reading *reading, struct imastage_bytes text);

/* The member "imastage". */
int read_ours(struct reading *reading);

#endif
