/* SPDX-License-Identifier: MIT */
/*
 * What a verifier asks a machine for: one line of JSON, members in any order, each once, and
 * no other.
 *
 *	{"imastage":"challenge-1","machine":TEXT,"verifier":TEXT,"nonce":HEX,
 *	"from":DECIMAL,"resets":DECIMAL,"pcrs":"sha256:0-10","expires":DECIMAL}
 *
 * The quote that answers carries the nonce, bound to both ids (qualifying.h). The list
 * comes from record @from on if the TPM's reset count is @resets still. If the machine was
 * booted since, the list comes from record 0 on.
 */
#ifndef EVIDENCE_CHALLENGE_H
#define EVIDENCE_CHALLENGE_H

#include "evidence/message.h"
#include "evidence/qualifying.h"

#define CHALLENGE_NONCE_LEN 32

struct challenge {
	char machine[EVIDENCE_ID_MAX + 1];
	char verifier[EVIDENCE_ID_MAX + 1];
	MESSAGE_BYTES(CHALLENGE_NONCE_LEN) nonce; /* always all of them */
	uint64_t from; /* index of the next record, since hard boot */
	/* count in the last quote; says nothing when @from is 0 */
	uint64_t resets;
	struct evidence_selections pcrs;
	uint64_t expires; /* in seconds since 1970, by the verifier's clock */
};

/* As message_parse() and message_write(). */
int challenge_parse(struct imastage_bytes text, struct challenge *ret_challenge,
		    struct evidence_error *ret_error);
int challenge_write(const struct challenge *challenge,
		    struct imastage_buffer *text);

#endif
