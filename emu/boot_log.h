/* SPDX-License-Identifier: MIT */
/*
 * The firmware that the machine never had: what it extends into PCR 0 to 9 at a hard
 * boot, and its event log, as binary_bios_measurements of Linux shows it
 * (evidence/boot_log.h draws it; crypto-agile, a digest for each bank that is known
 * here). It is the same at each boot.
 */
#ifndef EMU_BOOT_LOG_H
#define EMU_BOOT_LOG_H

#include "emu/tpm.h"

/* All of them into their PCRs. 0, or -EIO. */
int boot_log_extend(struct tpm *tpm);

/* Replaces @path. NULL: none is wanted. What went wrong is on stderr. */
int boot_log_write(struct tpm *tpm, const char *path);

#endif
