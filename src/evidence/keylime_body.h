/* SPDX-License-Identifier: MIT */
/*
 * The body of a request to Keylime's verify/evidence, one JSON object:
 *
 *	{"type":"tpm","data":{"quote":"r...","nonce":"...","hash_alg":"sha256",
 *	"tpm_ek":"BASE64","tpm_ak":"BASE64","runtime_policy":"{...}",
 *	"ima_measurement_list":"10 ...\n","mb_log":"BASE64"}}
 *
 * Values are strings, or null as if they were not there. A string means its characters in
 * UTF-8, as an ASCII list has them. Members of other names are passed over, as by Keylime.
 *
 * Memory is at most twice the text and EVIDENCE_KEYLIME_LEN_MAX, and half of that once the
 * text is read.
 */
#ifndef EVIDENCE_KEYLIME_BODY_H
#define EVIDENCE_KEYLIME_BODY_H

#include "evidence/keylime.h"

#define EVIDENCE_BODY_LEN_MAX ((size_t)128 << 20)
#define EVIDENCE_BODY_NAMES_MAX 1024 /* of objects that are open at a time */

struct evidence_keylime_body {
	struct evidence_keylime quote;
	/* Views of @memory, empty where a member is. */
	struct imastage_bytes nonce;
	struct imastage_bytes ak; /* as it was before base64 */
	struct imastage_bytes list; /* ASCII */
	struct imastage_bytes boot_log; /* as it was before base64 */
	struct imastage_bytes runtime_policy; /* a text */
	enum imastage_bank bank; /* hash_alg */
	/* The name of a policy for something else, that says something; or NULL */
	const char *other_policy;
	uint8_t *memory; /* owned */
};

/* A member that Keylime requires is missing, null or empty. */
#define EVIDENCE_BODY_MISSING 3

/*
 * 0; -EBADMSG with a place in @text and a reason; EVIDENCE_BODY_MISSING with the member's
 * name for a reason, and the place of the object that lacks it; -ENOMEM. What is wrong
 * within a string that has escapes has the place of that string.
 */
int evidence_keylime_body_parse(struct imastage_bytes text,
				struct evidence_keylime_body *ret_body,
				struct evidence_error *ret_error);

/* One of all zeros is fine. */
void evidence_keylime_body_fini(struct evidence_keylime_body *body);

#endif
