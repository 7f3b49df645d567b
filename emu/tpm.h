/* SPDX-License-Identifier: MIT */
/*
 * A TPM 2.0: what IMA asks of it, and nothing else. A NULL TPM is none: it has no
 * banks, extending it does nothing.
 *
 * Any thread may call any of this; one command at a time goes to the TPM.
 */
#ifndef EMU_TPM_H
#define EMU_TPM_H

#include <stdbool.h>

#include "emu/algo.h"
#include "emu/out.h"

#define TPM_BANKS_MAX 8
#define TPM_IMA_PCR 10
#define TPM_PACKET_MAX 4096 /* bytes of a command or an answer */

/**
 * struct tpm_bank - a bank of PCRs
 * @tpm_id: its TPM_ALG_ID
 * @digest_len: bytes of a PCR
 * @algo: its algorithm, NULL: not known here
 */
struct tpm_bank {
	uint16_t tpm_id;
	unsigned int digest_len;
	const struct algo *algo;
};

/**
 * struct tpm_state - what a swtpm keeps, as it has it in its files
 * @permanent: what survives a power-off
 * @changing: what does not, PCRs above all
 */
struct tpm_state {
	struct out permanent;
	struct out changing;
};

struct tpm;

/*
 * @which: "none", "swtpm" (one is started, and ends with us), or a TCTI string as
 *	TSS has it
 * @ek_ca: a swtpm that is new is made by the factory of this folder (swtpm_make.h), which
 *	certifies its endorsement keys; NULL: by none (borrowed)
 * @state: what a swtpm is to begin with, NULL or empty: as new
 * @ret_tpm: NULL for "none"
 *
 * Returns a negative errno; what went wrong is on stderr.
 */
int tpm_open(const char *which, const char *ek_ca,
	     const struct tpm_state *state, struct tpm **ret_tpm);
void tpm_close(struct tpm *tpm);

unsigned int tpm_banks(const struct tpm *tpm,
		       const struct tpm_bank **ret_banks);

/* One digest for each bank, in their order. 0, or -EIO. */
int tpm_extend(struct tpm *tpm, unsigned int pcr,
	       const uint8_t (*digests)[ALGO_DIGEST_MAX]);
int tpm_read(struct tpm *tpm, unsigned int pcr, unsigned int bank,
	     uint8_t ret_value[ALGO_DIGEST_MAX]);

/* One that is ours, or none. */
bool tpm_can_restart(const struct tpm *tpm);

/*
 * Off and on again. -EOPNOTSUPP where it cannot be done.
 * restart: as a hard boot does: PCRs are as at start, one more reset
 * hibernate: the same, but for the TPM it goes on: one more restart
 * sleep: as suspend to RAM does: PCRs stay, one more restart
 * replace: another TPM, as it was made
 */
int tpm_restart(struct tpm *tpm);
int tpm_hibernate(struct tpm *tpm);
int tpm_sleep(struct tpm *tpm);
int tpm_replace(struct tpm *tpm);

/* TPM2_Clear: counters of resets and restarts, and the clock, begin anew. */
int tpm_clear(struct tpm *tpm);

/*
 * A command that somebody else has made, and the answer, whatever it says. Only for
 * a TPM. @client stands for who has sent it, until its end: then what it has left in
 * the TPM (transient objects, sessions) is flushed, as /dev/tpmrm0 does, and nothing
 * of others. Returns 0 or -EIO: there was no answer.
 */
int tpm_exchange(struct tpm *tpm, const void *client, const uint8_t *command,
		 size_t len, uint8_t ret_answer[TPM_PACKET_MAX],
		 size_t *ret_len);
void tpm_client_end(struct tpm *tpm, const void *client);

/* Of a swtpm of ours; of another one, and of none, it is empty. */
int tpm_save(struct tpm *tpm, struct tpm_state *ret_state);
/* It is as it was then, PCRs and all. -EOPNOTSUPP; -EINVAL: nothing was saved. */
int tpm_load(struct tpm *tpm, const struct tpm_state *state);
void tpm_state_fini(struct tpm_state *state);

#endif
