/* SPDX-License-Identifier: MIT */
/*
 * A factory of software TPMs: swtpm_setup(8) makes endorsement keys, and a CA of its own
 * (swtpm-localca(8)) certifies them. The folder is made where it is not there; so is the CA,
 * which goes on from run to run. In the folder:
 *
 *	ca.pem				what a verifier is given: its root, and the CA below that
 *					which signs
 *	swtpm-localca-rootca-cert.pem, issuercert.pem	the same as they were made
 *	*key.pem, certserial		what it signs with
 *	swtpm_setup.*, localca.*	what the programs are told, and what they said
 */
#ifndef EMU_SWTPM_MAKE_H
#define EMU_SWTPM_MAKE_H

/*
 * Puts the permanent state of a new TPM in @dir. 0 or a negative errno; what went wrong is on
 * stderr.
 */
int swtpm_make(const char *dir, const char *ca);

#endif
