/* SPDX-License-Identifier: MIT */
/*
 * A machine for tests of the keeper: an imasim with a twin of its list, a boot
 * id and, if wanted, a TPM; and an archive that outlives all that happens to it.
 *
 *	machine_start(&machine, "7.2", true);
 *	machine_load(&machine, 100);
 *	machine_run(&machine, drain, &what);	(in a process of its own)
 *	machine_verify(&machine);		(nothing lost, nothing twice)
 *	machine_stop(&machine);
 */
#ifndef LIB_MACHINE_H
#define LIB_MACHINE_H

#include "keep/keep.h"
#include "keep/live.h"
#include "lib/emulator.h"

struct machine {
	struct emulator emulator;
	char dir[64]; /* of its own, for what follows */
	char twin[96], boot_id[96], archive[96], tcti[256];
	const char *kexec_loaded; /* path; at first /dev/null: not to be seen */
	bool has_tpm;
	bool exclusive; /* agents keep the list for themselves */
	bool talks; /* what the keeper says goes to standard error */
	unsigned int seed; /* of the next load */
	const struct io *io; /* under the archive; NULL: the system's */
	const char *vfs; /* of SQLite; NULL: its default */
	uint64_t segment_len; /* 0: the default */
	struct say say; /* counts */
	unsigned int nr_errors; /* messages of SAY_ERROR in this process */
};

/* @profile: of imasim. Fails the test when anything does not work. */
void machine_start(struct machine *machine, const char *profile, bool tpm);
/* The same with a TPM, whose bank of the hash @lacks the kernel does not know. */
void machine_start_lacking(struct machine *machine, const char *lacks);
void machine_stop(struct machine *machine);
void machine_load(struct machine *machine, unsigned int nr);
/* Asks imasim for one word. */
void machine_do(struct machine *machine, const char *verb);
/* A kexec to a kernel of another profile; its twin begins with what it is handed. */
void machine_restart(struct machine *machine, const char *profile);
/* Removes the archive: another one begins. */
void machine_forget(struct machine *machine);

/* A process that keeps: all that imastaged would have open. */
struct agent {
	struct machine *machine;
	struct source *source;
	struct archive *archive;
	struct tpm *tpm;
	struct keep *keep;

	/* At the @nth time (1: the first) that @step is come to, @at is called;
	 * what it returns is the step's answer. */
	const char *step;
	unsigned int nth;
	int (*at)(struct agent *agent);
	unsigned int nr_steps; /* of that name, so far */
};

/* 0 or what opening said. All of *agent but @step, @nth and @at is set. */
int agent_open(struct machine *machine, struct agent *agent);

/*
 * The same after one that was killed: it is dead, but what it had forked to start a
 * program (the TCTI) has its lock until that is executed.
 */
int agent_open_patiently(struct machine *machine, struct agent *agent);
void agent_close(struct agent *agent);

/* What to do at a step. */
int agent_at_kill(struct agent *agent); /* SIGKILL to itself */
int agent_at_fail(struct agent *agent); /* -EIO */

/*
 * Runs @act in a process of its own, in which it opens an agent like *@agent.
 * Returns what @act returned (a negative errno), or the signal that ended it.
 */
int machine_run(struct machine *machine, const struct agent *agent,
		int (*act)(struct agent *agent));

/*
 * What is archived of the last boot, and what is listed behind it, is byte for
 * byte the twin; the archive verifies itself; with a TPM, it replays to PCR 10.
 * Fails the test otherwise. To be called when nothing is being recorded; brings
 * kernel and archive together first.
 */
void machine_verify(struct machine *machine);
#endif
