/* SPDX-License-Identifier: MIT */
/*
 * A software TPM of our own: a process that ends with ours, sockets and state in a
 * folder that nobody else has.
 */
#ifndef EMU_SWTPM_H
#define EMU_SWTPM_H

#include <sys/types.h>

#include "emu/tpm.h"

/* With a name behind it, the path of a socket. */
#define SWTPM_DIR_MAX 90

/**
 * struct swtpm - a process
 * @dir: its folder
 * @ca: folder of the factory that makes it (swtpm_make.h), NULL: it is as swtpm
 *      makes it (borrowed)
 * @pid: of the process that keeps it, 0: none runs
 * @alive: our end of a pair of sockets; closed, by whatever end we come to, it
 *         ends too, and its folder with it
 */
struct swtpm {
	char dir[SWTPM_DIR_MAX];
	const char *ca;
	pid_t pid;
	int alive;
};

/* What went wrong is on stderr. */
int swtpm_init(struct swtpm *swtpm, const char *ca);
void swtpm_fini(struct swtpm *swtpm);

/*
 * TPM2_Startup(CLEAR): PCRs are as at power-on. (STATE): as TPM2_Shutdown(STATE) has
 * saved them. New: it has forgotten everything, and is another TPM. Stopped, it keeps
 * its folder.
 */
int swtpm_start(struct swtpm *swtpm);
int swtpm_start_as_saved(struct swtpm *swtpm);
int swtpm_start_new(struct swtpm *swtpm);
void swtpm_stop(struct swtpm *swtpm);

/*
 * Its state while it runs, and a start from such a state, which PCRs go on from.
 * swtpm_load() comes first, while nothing runs.
 */
int swtpm_save(const struct swtpm *swtpm, struct tpm_state *ret_state);
int swtpm_load(const struct swtpm *swtpm, const struct tpm_state *state);
int swtpm_resume(struct swtpm *swtpm);

/* How TSS finds it. @ret_tcti: at least 128 bytes */
void swtpm_tcti(const struct swtpm *swtpm, char *ret_tcti, size_t room);

#endif
