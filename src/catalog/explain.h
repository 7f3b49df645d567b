/* SPDX-License-Identifier: MIT */
/*
 * What a policy knows of a path and a digest, for who asks why a file is refused.
 */
#ifndef CATALOG_EXPLAIN_H
#define CATALOG_EXPLAIN_H

#include "policy/policy.h"

#define EXPLAIN_SHOWN \
	16 /* entries that are told of each kind; all are counted */

/* How the package came to be known. */
enum explain_guess {
	EXPLAIN_NO_PACKAGE,
	EXPLAIN_BY_PATH, /* the path is listed with it */
	EXPLAIN_BY_MERGED_PATH, /* its other name in a merged folder is */
	EXPLAIN_BY_DIGEST, /* the digest is, under another name */
	EXPLAIN_BY_FOLDER /* each file that is listed in the same folder is of it */
};

struct explanation {
	struct policy_entry listed[EXPLAIN_SHOWN]; /* of the path */
	size_t nr_listed;
	struct policy_entry same[EXPLAIN_SHOWN]; /* other paths with the digest */
	size_t nr_same;
	enum explain_guess guess;
	struct policy_package package;
};

/*
 * @digest may be empty. Views of the policy. All of it is looked through, once. -EBADMSG: a compiled
 * policy is damaged.
 */
int explain_path(const struct policy *policy, struct imastage_bytes path,
		 uint8_t alg, struct imastage_bytes digest,
		 struct explanation *ret_explanation);

#endif
