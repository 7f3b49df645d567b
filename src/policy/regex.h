/* SPDX-License-Identifier: MIT */
/*
 * Python's regular expressions, rewritten for PCRE2.
 */
#ifndef POLICY_REGEX_H
#define POLICY_REGEX_H

#include "policy/policy.h"

/*
 * Appends what means in PCRE2, with UTF and UCP, what @pattern means in Python's re for str.
 * -EBADMSG with place and reason for what Python refuses, as far as PCRE2 would not refuse it, too, and
 * for what is not taken; -ENOMEM.
 */
int regex_rewrite(struct imastage_bytes pattern,
		  struct imastage_buffer *rewritten,
		  struct policy_error *ret_error);

/*
 * Appends what each match of @pattern, which was rewritten, begins with, as far as it is plain. *ret_whole: and
 * every text that begins so is matched. -ENOMEM.
 */
int regex_prefix(struct imastage_bytes pattern, struct imastage_buffer *prefix,
		 bool *ret_whole);

#endif
