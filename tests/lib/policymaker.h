/* SPDX-License-Identifier: MIT */
/*
 * Record policies out of a list: what it has, something else, or nothing.
 */
#ifndef LIB_POLICYMAKER_H
#define LIB_POLICYMAKER_H

#include "policy/policy.h"

enum made_policy {
	MADE_AS_LISTED, /* path and digest of each record */
	MADE_OTHER, /* the same paths with other digests */
	MADE_EMPTY,
	MADE_DAMAGED, /* a compiled one, whose names cannot be read */
};

/* @list: binary, sha1 column. To be freed. */
struct policy *make_policy(struct imastage_bytes list, enum made_policy how);

/* Of Keylime's text, whose members "digests" and "imastage" are given. */
struct policy *make_policy_of(const char *digests, const char *ours);

#endif
