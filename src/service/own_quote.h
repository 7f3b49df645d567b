/* SPDX-License-Identifier: MIT */
/*
 * The keeper's own quotes (attest/self.h), for who has kernel and archive.
 */
#ifndef SERVICE_OWN_QUOTE_H
#define SERVICE_OWN_QUOTE_H

#include "keep/keep.h"
#include "service/job.h"

enum own_quote_when {
	OWN_QUOTE_NOW,
	OWN_QUOTE_BEFORE_KEXEC, /* the word that one is expected stays */
};

/*
 * Keeps @quote. What was listed when the TPM was asked is archived for that, which deletes
 * nothing. As self_quote_keep(), or what copying says; @text (JOB_TEXT_MAX) has it in words.
 */
int own_quote_keep(struct keep *keep, struct archive *archive,
		   const struct self_quote *quote, enum own_quote_when when,
		   const struct say *log, char *text);

/* @r came of the last one: said when it is news. */
void own_quote_note(struct facts_quote *facts, const struct say *log, int r,
		    const char *text);

/* What the next one is made with, and which the last one of this boot was. */
void own_quote_survey(struct facts *facts, struct archive *archive);

#endif
