/* SPDX-License-Identifier: MIT */
/*
 * A keeper by its configuration: source, archive and TPM opened, jobs done with
 * them, and what came of it in words. The agent has one on a thread of its own; the
 * command has one for as long as a verb takes when no agent runs.
 */
#ifndef SERVICE_KEEPER_H
#define SERVICE_KEEPER_H

#include "service/config.h"
#include "service/job.h"

struct keeper;

struct keeper_options {
	const struct config *config; /* copied */
	const struct say *say; /* borrowed */
	bool (*stop)(void *context); /* true: wait for nobody; may be NULL */
	void *context;
	bool stays; /* until it is told to end: absence.h */
	bool archive_only; /* for jobs that need no kernel; makes no archive */
	bool read_only; /* besides, for jobs that only look */
	/* Although another keeper has the kernel, whose archive then lacks for good what is taken. */
	bool leave_gap;
};

/*
 * Claims the kernel and takes the archive's lock. Whatever fails has been said with what to
 * do, to @options->say. -EBUSY: another keeper has the kernel or the archive. A TPM that is
 * not there is no error.
 */
int keeper_open(const struct keeper_options *options,
		struct keeper **ret_keeper);
void keeper_close(struct keeper *keeper);

/* We were told to end: nobody is missed. */
void keeper_leave(struct keeper *keeper);

/* Of what can change at once only, see config_needs_restart(). */
void keeper_configure(struct keeper *keeper, const struct config *config);

/* Does *job, and fills in what came of it. */
void keeper_do(struct keeper *keeper, struct job *job);

/* Changed by keeper_do(). */
const struct facts *keeper_facts(const struct keeper *keeper);

/* For a view in the same process; see source.h about threads. May be NULL. */
struct source *keeper_source(struct keeper *keeper);

#endif
