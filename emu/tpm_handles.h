/* SPDX-License-Identifier: MIT */
/*
 * Which client of the TPM has made what is in it: transient objects and sessions.
 * It is read off the commands and their answers, which may be anything.
 *
 * A handle means one thing at a time, and what was last made under it. So a handle
 * that the TPM has given up without being asked belongs to its old owner until it is
 * used again, and flushing it then does nothing.
 */
#ifndef EMU_TPM_HANDLES_H
#define EMU_TPM_HANDLES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* More than any TPM holds at once: some objects, at most 64 sessions of a kind. */
#define TPM_HANDLES_MAX 256

/**
 * struct tpm_handles - all of them; zeros are none
 * @nr: how many
 * @of: handle and owner, each handle once
 */
struct tpm_handles {
	unsigned int nr;
	struct tpm_handle {
		uint32_t handle;
		const void *owner;
	} of[TPM_HANDLES_MAX];
};

/* @owner has sent @command, and @answer was given. */
void tpm_handles_note(struct tpm_handles *handles, const void *owner,
		      const uint8_t *command, size_t command_len,
		      const uint8_t *answer, size_t answer_len);

/* Takes one of @owner's out of the table. False: there is none. */
bool tpm_handles_take(struct tpm_handles *handles, const void *owner,
		      uint32_t *ret_handle);

#endif
