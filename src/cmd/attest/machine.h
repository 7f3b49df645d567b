/* SPDX-License-Identifier: MIT */
/*
 * What verbs about this machine's TPM share: where it is, its attestation key, and the
 * authorization values; as the agent's configuration says, unless options say other.
 *
 *	struct machine machine = { 0 };
 *
 *	... options parsed with { machine_opts, &machine } ...
 *	status = machine_begin(&machine);
 *	if (status == CLI_OK)
 *		status = machine_open_ak(&machine, &ak);
 *	machine_end(&machine);
 */
#ifndef CMD_ATTEST_MACHINE_H
#define CMD_ATTEST_MACHINE_H

#include "service/config.h"
#include "tool/opts.h"
#include "tpm/ak.h"

struct machine_auth {
	size_t len;
	uint8_t value[TPM_AUTH_MAX];
};

/* Zeros at first. What options say stays NULL where they say nothing. */
struct machine {
	const char *config_path, *tpm_name, *ak_name, *ak_auth_path;
	const char *endorsement_path, *owner_path;

	/* after machine_begin(): */
	struct config config;
	struct tpm_ak_place place; /* of the key */
	struct machine_auth ak_auth;
	struct tpm *tpm;
};

/* Their context is a struct machine. */
extern const struct opt machine_opts[];
/* The same without --config, for who has that from elsewhere. */
extern const struct opt machine_tpm_opts[];
/* --owner-auth, for verbs that make something persistent */
extern const struct opt machine_owner_opts[];

/* A view of it. */
struct imastage_bytes machine_auth_of(const struct machine_auth *auth);

/* All return enum cli_status, after a complaint if it is not CLI_OK. */

/* Reads configuration and authorization values. The TPM is asked nothing yet. */
int machine_begin(struct machine *machine);
int machine_open_ak(struct machine *machine, struct tpm_ak *ret_ak);

/*
 * A verb that has to do with the key: parses @opts, with @options, and its own, opens the
 * key and hands it to @use. Returns what that does, or its own status after a complaint.
 */
int machine_use_ak(const struct command *command, const struct opt *opts,
		   void *options, struct machine *machine, int argc,
		   char **argv,
		   int (*use)(void *options, const struct tpm_ak *ak));
/* Complains of what the TPM could not do, @r negative. */
int machine_complain(struct machine *machine, int r);

/* One of all zeros is fine. */
void machine_end(struct machine *machine);

/* "ecc-p256", or of another one "rsa-4096"; with a hash that is not usual, "rsa-2048-sha384". */
#define MACHINE_KIND_MAX 32
void machine_name_kind(const struct tpm_ak *ak,
		       char ret_text[MACHINE_KIND_MAX]);

/* Is it a primary key of the endorsement hierarchy? */
bool machine_is_endorsed(const struct tpm_ak *ak);

#endif
