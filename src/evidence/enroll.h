/* SPDX-License-Identifier: MIT */
/*
 * Enrolment: three texts that are carried between a machine and its verifier, in any way.
 *
 *	machine		request		these are my EK and my AK
 *	verifier	challenge	open this with both; your id is ...
 *	machine		answer		it says ...
 *
 * Only a TPM that holds the EK opens the credential, and only for the AK whose name is in
 * it. So the answer shows that both keys are in one TPM; the EK's certificate, or an EK
 * that the verifier knows, shows which TPM that is.
 *
 * Request, then challenge, then answer, each one line; BASE64 by RFC 4648, padded:
 *	{"imastage":"enroll-request-1","ek_pub":BASE64,"ek_certificate":BASE64,
 *	"ak_pub":BASE64,"ak_qualified_name":HEX,"host":TEXT}
 *	{"imastage":"enroll-challenge-1","machine":TEXT,"verifier":TEXT,
 *	"credential":BASE64,"secret":BASE64}
 *	{"imastage":"enroll-answer-1","machine":TEXT,"secret":BASE64}
 * Members may come in any order, each is there once, and no other is.
 */
#ifndef EVIDENCE_ENROLL_H
#define EVIDENCE_ENROLL_H

#include "evidence/message.h"
#include "evidence/public.h"
#include "evidence/qualifying.h"

#define ENROLL_PUBLIC_MAX 1024 /* TPM2B_PUBLIC of RSA 4096 has 566 bytes */
#define ENROLL_CERTIFICATE_MAX 8192
#define ENROLL_HOST_MAX 255
#define ENROLL_CREDENTIAL_MAX 256 /* TPM2B_ID_OBJECT has at most 134 */
#define ENROLL_ENCRYPTED_MAX 514 /* TPM2B_ENCRYPTED_SECRET by RSA 4096 */
#define ENROLL_SECRET_MAX 64

struct enroll_request {
	MESSAGE_BYTES(ENROLL_PUBLIC_MAX) ek_pub; /* TPM2B_PUBLIC */
	MESSAGE_BYTES(ENROLL_CERTIFICATE_MAX) ek_certificate; /* DER or empty */
	MESSAGE_BYTES(ENROLL_PUBLIC_MAX) ak_pub; /* TPM2B_PUBLIC */
	MESSAGE_BYTES(EVIDENCE_NAME_MAX) ak_qualified_name;
	char host[ENROLL_HOST_MAX + 1]; /* what it calls itself; may be empty */
};

struct enroll_challenge {
	char machine[EVIDENCE_ID_MAX + 1];
	char verifier[EVIDENCE_ID_MAX + 1];
	MESSAGE_BYTES(ENROLL_CREDENTIAL_MAX) credential; /* TPM2B_ID_OBJECT */
	MESSAGE_BYTES(ENROLL_ENCRYPTED_MAX)
	secret; /* TPM2B_ENCRYPTED_SECRET */
};

struct enroll_answer {
	char machine[EVIDENCE_ID_MAX + 1];
	/* what was in the credential, without a length before it */
	MESSAGE_BYTES(ENROLL_SECRET_MAX) secret;
};

/* As message_parse() and message_write(). */
int enroll_request_parse(struct imastage_bytes text,
			 struct enroll_request *ret_request,
			 struct evidence_error *ret_error);
int enroll_request_write(const struct enroll_request *request,
			 struct imastage_buffer *text);

int enroll_challenge_parse(struct imastage_bytes text,
			   struct enroll_challenge *ret_challenge,
			   struct evidence_error *ret_error);
int enroll_challenge_write(const struct enroll_challenge *challenge,
			   struct imastage_buffer *text);

int enroll_answer_parse(struct imastage_bytes text,
			struct enroll_answer *ret_answer,
			struct evidence_error *ret_error);
int enroll_answer_write(const struct enroll_answer *answer,
			struct imastage_buffer *text);

#endif
