// SPDX-License-Identifier: MIT
/*
 * The texts of enrolment, as tables.
 */
#include "evidence/enroll.h"
#include "base/util.h"

#define REQUEST(kind, name, min, max) \
	MESSAGE_MEMBER(struct enroll_request, kind, name, min, max)
#define CHALLENGE(kind, name, min, max) \
	MESSAGE_MEMBER(struct enroll_challenge, kind, name, min, max)
#define ANSWER(kind, name, min, max) \
	MESSAGE_MEMBER(struct enroll_answer, kind, name, min, max)

static const struct message_member request_members[] = {
	REQUEST(MESSAGE_BASE64, ek_pub, 1, ENROLL_PUBLIC_MAX),
	REQUEST(MESSAGE_BASE64, ek_certificate, 0, ENROLL_CERTIFICATE_MAX),
	REQUEST(MESSAGE_BASE64, ak_pub, 1, ENROLL_PUBLIC_MAX),
	REQUEST(MESSAGE_HEX, ak_qualified_name, 1, EVIDENCE_NAME_MAX),
	REQUEST(MESSAGE_TEXT, host, 0, ENROLL_HOST_MAX),
};

static const struct message_member challenge_members[] = {
	CHALLENGE(MESSAGE_TEXT, machine, 1, EVIDENCE_ID_MAX),
	CHALLENGE(MESSAGE_TEXT, verifier, 1, EVIDENCE_ID_MAX),
	CHALLENGE(MESSAGE_BASE64, credential, 1, ENROLL_CREDENTIAL_MAX),
	CHALLENGE(MESSAGE_BASE64, secret, 1, ENROLL_ENCRYPTED_MAX),
};

static const struct message_member answer_members[] = {
	ANSWER(MESSAGE_TEXT, machine, 1, EVIDENCE_ID_MAX),
	ANSWER(MESSAGE_BASE64, secret, 1, ENROLL_SECRET_MAX),
};

#define DEFINE_MESSAGE(what)                                         \
	static const struct message_form what##_form = {             \
		"enroll-" #what "-1", what##_members,                \
		ARRAY_SIZE(what##_members)                           \
	};                                                           \
	int enroll_##what##_parse(struct imastage_bytes text,        \
				  struct enroll_##what *ret_##what,  \
				  struct evidence_error *ret_error)  \
	{                                                            \
		return message_parse(&what##_form, text, ret_##what, \
				     ret_error);                     \
	}                                                            \
	int enroll_##what##_write(const struct enroll_##what *what,  \
				  struct imastage_buffer *text)      \
	{                                                            \
		return message_write(&what##_form, what, text);      \
	}

DEFINE_MESSAGE(request)
DEFINE_MESSAGE(challenge)
DEFINE_MESSAGE(answer)
