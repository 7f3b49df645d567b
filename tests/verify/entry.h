/* SPDX-License-Identifier: MIT */
/*
 * One piece of evidence on every way into the verifier: the library on bytes in memory, the
 * library on an evidence file, `imastage verify` on the files of tpm2_quote, and on an
 * evidence file. All have to say the same.
 */
#ifndef VERIFY_ENTRY_H
#define VERIFY_ENTRY_H

#include "evidence/manifest.h"
#include "verify/verify.h"

struct entry_evidence {
	struct imastage_bytes msg, sig, pcrs;
	struct imastage_bytes ak; /* in the evidence file */
	struct imastage_bytes list; /* from the request's first index on */
	struct imastage_bytes boot_log; /* of no length: none */
	/* The text of the request's boot policy, for the command. */
	struct imastage_bytes boot_policy;
	/* Of the evidence file; NULL: what an honest machine would say. */
	const struct manifest *manifest;
};

struct entry {
	const char *command; /* NULL: the library alone */
	char folder[64]; /* of files for the command */
};

/* Makes a folder for the command's files. False, if it cannot. */
bool entry_init(struct entry *entry, const char *command);
void entry_fini(struct entry *entry);

/*
 * The verdict of the library on bytes is in *ret_verdict. Returns NULL, or what went wrong
 * or which of the others says something else. @request has no policy for files, and where it
 * has a last quote, the firmware and values of it.
 */
const char *entry_verify(struct entry *entry,
			 const struct verify_request *request,
			 const struct entry_evidence *evidence,
			 struct verify_verdict *ret_verdict);

#endif
