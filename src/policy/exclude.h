/* SPDX-License-Identifier: MIT */
/*
 * Excluded paths: regular expressions as re.match() of Python 3.11 has them, where the
 * expression has to match at the start of the path and may end before its end.
 *
 * PCRE2 matches them. What the two read differently is rewritten, and what Python refuses or
 * only PCRE2 knows is refused: verbs, \Q, \K, POSIX classes, recursion, callouts, flags. Each is
 * compiled by itself, so no expression can change the meaning of another one.
 *
 * Matching is bounded: by EXCLUDE_STEPS_MAX of PCRE2's steps. A path for which that is not enough
 * is not excluded; nor is one that is longer than a path can be, or no UTF-8.
 */
#ifndef POLICY_EXCLUDE_H
#define POLICY_EXCLUDE_H

#include "policy/policy.h"

#define EXCLUDE_STEPS_MAX 10000
#define EXCLUDE_PATH_MAX 4096

struct policy_exclude;

/* -EBADMSG: it is none, with the byte of @pattern and the reason; -ENOMEM. */
int policy_exclude_new(struct imastage_bytes pattern,
		       struct policy_exclude **ret_exclude,
		       struct policy_error *ret_error);
void policy_exclude_free(struct policy_exclude *exclude);

#define EXCLUDE_TIRED 2

/*
 * 1: @path is excluded, 0: it is not; EXCLUDE_TIRED: nor is it, because the steps did
 * not suffice. -ENOMEM.
 */
int policy_exclude_match(const struct policy_exclude *exclude,
			 struct imastage_bytes path);

/*
 * What every excluded path begins with, as far as that can be told; may be empty. The view
 * is of the exclude. *ret_whole: nothing else decides, as of "/tmp/" or "/tmp/.*".
 */
struct imastage_bytes
policy_exclude_prefix(const struct policy_exclude *exclude, bool *ret_whole);

#endif
