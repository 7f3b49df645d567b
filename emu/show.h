/* SPDX-License-Identifier: MIT */
/*
 * Records as the files of the lists show them, byte for byte as the kernel does.
 */
#ifndef EMU_SHOW_H
#define EMU_SHOW_H

#include "emu/banks.h"
#include "emu/out.h"

struct ima_queue_entry;

/* Both append one record to @out, with the digest of @bank. 0, or -EIO. */
int show_binary(const struct ima_queue_entry *qe, const struct tpm_bank *bank,
		struct out *out);
int show_ascii(const struct ima_queue_entry *qe, const struct tpm_bank *bank,
	       struct out *out);

#endif
