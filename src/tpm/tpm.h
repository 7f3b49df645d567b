/* SPDX-License-Identifier: MIT */
/*
 * A TPM 2.0, and what the keeper asks of it; what verifiers want is in ak.h, quote.h and
 * credential.h. This folder is the only place that knows TSS.
 *
 * Any thread may call any of this; one command at a time goes to the TPM. Nothing
 * in an answer is believed: sizes, counts and selections are checked against what
 * was asked for.
 *
 * (The TCTI "cmd" of tpm2-tss 3.2 is not up to a program that answers with more than
 * 4096 bytes; `imasim tpm` never does. Name no program that you do not trust.)
 *
 * TSS itself prints to standard error unless TSS2_LOG is "all+NONE", and a TCTI of
 * kind "cmd" raises SIGPIPE when its program has ended: both are for main() to see to.
 * How long a TPM is waited for is the TCTI's business: the kernel's driver gives up
 * on one that is silent, other TCTIs do not. So nobody should hold what others wait
 * for while he asks.
 */
#ifndef TPM_TPM_H
#define TPM_TPM_H

#include "base/say.h"

#include <imastage/digest.h>
#include <stdbool.h>

struct tpm;

/* Does TSS know such a way to a TPM? Nothing is opened; a path may be that of a device. */
bool tpm_is_tcti(const char *tcti);

/*
 * @tcti: as TSS names it ("device:/dev/tpmrm0", "cmd:imasim tpm"), a device's path;
 *	NULL or "auto": /dev/tpmrm0 where it is; "none"
 * @log: borrowed; NULL: silence. A failure is said when it begins, not each time
 *
 * Asks nothing yet: a TPM that is silent or not there is looked for again with each
 * question. -ENODEV: "none", so there is never one; -ENOMEM.
 */
int tpm_open(const char *tcti, const struct say *log, struct tpm **ret_tpm);
void tpm_close(struct tpm *tpm);

/*
 * Every question can fail so:
 * -ENODEV	"auto", and there is none
 * -EIO		it does not answer
 * -EBADMSG	its answer is none
 * or, where it refuses, as tpm_esys_errno() has it.
 */

/* Finds out whether it answers. */
int tpm_connect(struct tpm *tpm);

/* What failed last, with the device: "device:/dev/tpmrm0: ..."; "": nothing. */
#define TPM_TROUBLE_MAX 640
void tpm_trouble(struct tpm *tpm, char ret_text[TPM_TROUBLE_MAX]);

/*
 * Authorization values of hierarchies, for keys that are made or made again; without this
 * they are empty. -EINVAL: longer than that.
 */
#define TPM_AUTH_MAX 32
int tpm_set_auths(struct tpm *tpm, struct imastage_bytes owner,
		  struct imastage_bytes endorsement);

#define TPM_NAME_MAX 68

/* Which TPM it is, and in which of its lives. */
struct tpm_identity {
	/* How often it was reset, which every hard boot does and kexec does not;
	 * TPM2_Clear sets it to 0. */
	uint32_t reset;
	/* How often it went on without one, by resume from suspension. */
	uint32_t restart;
	/* Name of the endorsement key, of 0 bytes where it is not to be had. */
	uint8_t ek_len;
	uint8_t ek[TPM_NAME_MAX];
};

/* The endorsement key is asked for when anything else says that it may be another. */
int tpm_identify(struct tpm *tpm, struct tpm_identity *ret_identity);

/* Banks with PCRs, those that libimastage knows, as a mask. 0: not connected yet. */
unsigned int tpm_banks(const struct tpm *tpm);

/*
 * The values of @pcr in each of @banks, all of one moment: read in as few commands
 * as the TPM can do with, again if PCRs changed between them. -ENOENT: there is no
 * such bank; -EAGAIN: they changed each time; -EINVAL.
 */
int tpm_read_pcrs(struct tpm *tpm, unsigned int banks, unsigned int pcr,
		  struct imastage_digests *ret_values);

#endif
