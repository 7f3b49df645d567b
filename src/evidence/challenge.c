// SPDX-License-Identifier: MIT
/*
 * A challenge, as a table.
 */
#include "evidence/challenge.h"
#include "base/util.h"

#define CHALLENGE(kind, name, min, max) \
	MESSAGE_MEMBER(struct challenge, kind, name, min, max)

static const struct message_member members[] = {
	CHALLENGE(MESSAGE_TEXT, machine, 1, EVIDENCE_ID_MAX),
	CHALLENGE(MESSAGE_TEXT, verifier, 1, EVIDENCE_ID_MAX),
	CHALLENGE(MESSAGE_HEX, nonce, CHALLENGE_NONCE_LEN, CHALLENGE_NONCE_LEN),
	CHALLENGE(MESSAGE_NUMBER, from, 0, 0),
	CHALLENGE(MESSAGE_NUMBER, resets, 0, 0),
	CHALLENGE(MESSAGE_PCRS, pcrs, 0, 0),
	CHALLENGE(MESSAGE_NUMBER, expires, 0, 0),
};

static const struct message_form form = { "challenge-1", members,
					  ARRAY_SIZE(members) };

int challenge_parse(struct imastage_bytes text, struct challenge *ret_challenge,
		    struct evidence_error *ret_error)
{
	return message_parse(&form, text, ret_challenge, ret_error);
}

int challenge_write(const struct challenge *challenge,
		    struct imastage_buffer *text)
{
	return message_write(&form, challenge, text);
}
