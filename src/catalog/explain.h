/* SPDX-License-Identifier: MIT */
/*
 * What a policy knows of paths and digests, for who asks why files are refused.
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
	EXPLAIN_BY_FOLDER /* no other package has files in the same folder */
};

struct explanation {
	struct policy_entry listed[EXPLAIN_SHOWN]; /* of the path */
	size_t nr_listed;
	struct policy_entry same[EXPLAIN_SHOWN]; /* other paths with the digest */
	size_t nr_same;
	enum explain_guess guess;
	struct policy_package package;
};

/* A file that is asked for, and what is found. */
struct explain_question {
	struct imastage_bytes path;
	uint8_t alg;
	struct imastage_bytes digest; /* may be empty */
	struct explanation found; /* views of the policy */
};

/*
 * Answers all of them. The policy is looked through once, however many there are. -EBADMSG: a compiled
 * policy is damaged; -ENOMEM.
 */
int explain_all(const struct policy *policy, struct explain_question *of,
		size_t nr);

#endif
