/* SPDX-License-Identifier: MIT */
/*
 * Texts of boot policies for tests: one generation, of values of the sha256 bank.
 */
#ifndef LIB_BOOTMAKER_H
#define LIB_BOOTMAKER_H

#include <imastage/bytes.h>

struct boot_made {
	uint8_t (*values)[32]; /* of PCR 0 to 9 */
	const char *by; /* empty: nobody approved it */
	const char *ima_policy; /* "records", "command-line" */
	bool pcr_4_by_event; /* by one that no log has */
	const char *kexec; /* the member's object; NULL: there is none */
};

/* Ends in a NUL that does not count. */
size_t bootmaker_policy(const struct boot_made *made, char text[4096]);

#endif
