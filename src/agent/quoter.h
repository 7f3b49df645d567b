/* SPDX-License-Identifier: MIT */
/*
 * When the keeper quotes its own archive, and the thread that asks the TPM.
 *
 * That takes the TPM up to a second, and one that is silent takes for ever: so it is a thread of
 * its own, with a way to the TPM of its own. It holds nothing, and the keeper's thread drains
 * meanwhile; what comes of it is a job like others. (A drain that asks the TPM for its counts
 * still waits its turn there: a TPM does one thing at a time.)
 */
#ifndef AGENT_QUOTER_H
#define AGENT_QUOTER_H

#include "agent/loop.h"
#include "agent/schedule.h"
#include "service/job.h"

struct quoter;

/* Watched by @loop. -ENODEV: there is never a TPM; -ENOMEM, or of making a thread. */
int quoter_new(struct loop *loop, const struct config *config,
	       struct quoter **ret_quoter);
/* NULL is fine. A thread that waits for a TPM is not waited for. */
void quoter_free(struct quoter *quoter);

/* The configuration is another one. */
void quoter_adapt(struct quoter *quoter, const struct config *config,
		  uint64_t now);

/* Asks the TPM if it is time: with what @facts say of the archive. */
void quoter_look(struct quoter *quoter, const struct facts *facts,
		 uint64_t now);

/* When quoter_look() has something to do, as far as is known. */
uint64_t quoter_next(const struct quoter *quoter, const struct facts *facts);

/* True: there is a quote to be kept, in *job. Borrowed until quoter_done(). */
bool quoter_job(struct quoter *quoter, struct job *job);
void quoter_done(struct quoter *quoter, const struct job *job, uint64_t now);

/* Adds what the keeper does not know: why there is none. */
void quoter_tell(const struct quoter *quoter, struct facts *facts);

#endif
