/* SPDX-License-Identifier: MIT */
/*
 * Who this machine is, and to whom: what `imastage enroll answer` keeps, and what binds
 * quotes to a verifier. One line of JSON, as evidence/message.h has it, in a file of
 * mode 0600 that the configuration names (enrolled):
 *
 *	{"imastage":"enrolled-1","machine":TEXT,"verifier":TEXT,"ak_name":HEX}
 *
 * It is no secret, and nothing is believed because of it: the verifier knows who it
 * enrolled.
 */
#ifndef ATTEST_ENROLLED_H
#define ATTEST_ENROLLED_H

#include "evidence/message.h"
#include "evidence/public.h"
#include "evidence/qualifying.h"

struct enrolled {
	char machine[EVIDENCE_ID_MAX + 1];
	char verifier[EVIDENCE_ID_MAX + 1];
	/* name of the attestation key that was enrolled */
	MESSAGE_BYTES(EVIDENCE_NAME_MAX) ak_name;
};

/* -ENOENT: not enrolled; -EBADMSG with *ret_error; or the errno of reading the file. */
int enrolled_read(const char *path, struct enrolled *ret_enrolled,
		  struct evidence_error *ret_error);

/* Replaces what was there. -EINVAL for what could not be read again; path_strerror(). */
int enrolled_write(const char *path, const struct enrolled *enrolled);

#endif
