/* SPDX-License-Identifier: MIT */
/*
 * `imasim tpm`: commands of the TPM on standard input, answers on standard output.
 *
 *	client's stdin  --> client --> socket --> imasim --> TPM
 *	client's stdout <-- client <-- socket <-- imasim <--
 *
 * Commands and answers are as the TPM has them: a tag (2 bytes), their own length
 * (4), a code (4), and more, in network order. That length alone tells where one
 * ends: with one that cannot be, there is no going on.
 */
#ifndef EMU_TPM_PIPE_H
#define EMU_TPM_PIPE_H

#include <stdbool.h>

struct tpm;

/*
 * Imasim's side: answers what comes in by @sock until its end. @stop: end (atomic).
 * 0; -EBADMSG: something that is no command; -EIO: the TPM does not answer.
 */
int tpm_pipe_serve(struct tpm *tpm, int sock, const bool *stop);

/* The client's side: until the end of standard input. 0, or as above. */
int tpm_pipe_forward(int sock);

#endif
