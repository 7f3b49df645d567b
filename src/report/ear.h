/* SPDX-License-Identifier: MIT */
/*
 * A verdict as an EAT Attestation Result (EAR), for programs that know no other form of ours:
 * draft-ietf-rats-ear-04, a JSON Web Token signed by ES256 (RFC 7515, RFC 7518), with the
 * trustworthiness vector of AR4SI (draft-ietf-rats-ar4si):
 *
 *	{"alg":"ES256","kid":"...","typ":"JWT"} . {claims} . signature r || s, all base64url
 *
 *	claim               value
 *	instance-identity   2 the enrolled key signed; 97 another key; 99 no valid quote
 *	executables         2 all records approved; 33 one is not; 96 one is denied;
 *	                    99 the list is not what the TPM was extended with
 *	hardware            2 the boot PCRs are approved; 32 they are not; 99 no valid quote
 *
 * What was not judged, because no policy was given, is left out. A verifier that could not
 * judge claims -1 for each. The status is never better than the worst claim, nor than the
 * verdict.
 */
#ifndef REPORT_EAR_H
#define REPORT_EAR_H

#include "policy/dsse.h"
#include "verify/reason.h"

#define EAR_POLICIES_MAX 8

struct ear {
	const struct verify_verdict *verdict;
	struct imastage_bytes machine; /* id: the name of the submodule */
	struct imastage_bytes nonce; /* of the challenge; empty: there was none */
	uint64_t made; /* seconds since 1970 */
	const char *policies[EAR_POLICIES_MAX]; /* names of policies */
	size_t nr_policies;
	bool judges_files, judges_boot; /* such a policy was given */
};

/*
 * Writes the token and a newline. Returns 0; -EINVAL, @key does not sign; -ENOMEM, -EIO of
 * OpenSSL or @file.
 */
int ear_write(const struct ear *ear, const struct dsse_key *key, FILE *file);

#endif
