/* SPDX-License-Identifier: MIT */
/*
 * What the keeper asks of a TPM 2.0. Beside esys.h the only place that knows TSS.
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
 * on one that is silent, other TCTIs do not.
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
 * @tcti: as TSS names it ("device:/dev/tpmrm0", "cmd:imasim tpm"); NULL or "auto":
 *	/dev/tpmrm0 where it is; "none"
 * @log: borrowed; NULL: silence
 *
 * -ENODEV: there is none; -EIO: the one that @tcti names does not answer.
 */
int tpm_open(const char *tcti, const struct say *log, struct tpm **ret_tpm);
void tpm_close(struct tpm *tpm);

/*
 * *ret_reset: how often the TPM was reset, which every hard boot does and kexec does
 * not, so that it names a boot. *ret_restart: how often it went on without one, by
 * resume from suspension. -EIO, -EBADMSG.
 */
int tpm_reset_count(struct tpm *tpm, uint32_t *ret_reset,
		    uint32_t *ret_restart);

/* Banks with PCRs, those that libimastage knows, as a mask. */
unsigned int tpm_banks(const struct tpm *tpm);

/*
 * The values of @pcr in each of @banks, all of one moment: read in as few commands
 * as the TPM can do with, again if PCRs changed between them. -ENOENT: there is no
 * such bank; -EAGAIN: they changed each time; -EIO, -EBADMSG, -EINVAL.
 */
int tpm_read_pcrs(struct tpm *tpm, unsigned int banks, unsigned int pcr,
		  struct imastage_digests *ret_values);

#endif
