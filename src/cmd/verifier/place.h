/* SPDX-License-Identifier: MIT */
/*
 * What verbs of a verifier share: where its store and its keys are, and files of messages.
 *
 *	struct verifier_place place = { 0 };
 *
 *	... options parsed with { verifier_opts, &place } ...
 *	status = verifier_open(&place, false, &store);
 */
#ifndef CMD_VERIFIER_PLACE_H
#define CMD_VERIFIER_PLACE_H

#include "store/store.h"
#include "tool/opts.h"

#define VERIFIER_STORE "/var/lib/imastage-verifier/store.db"

/* Zeros at first. */
struct verifier_place {
	const char *store, *key;
	const char *accepted[DSSE_KEYS_MAX - 1];
	size_t nr_accepted;
};

/* --store, --key, --accept-key; the context is a struct verifier_place. */
extern const struct opt verifier_opts[];

/* Complains. */
extern const struct say verifier_say;

/* All return enum cli_status, after a complaint if it is not CLI_OK. */

/* @create: makes it where it is not there. */
int verifier_open(const struct verifier_place *place, bool create,
		  struct store **ret_store);

/* To a file of a message, whole or not at all; NULL and "-": standard output. */
int verifier_write(const char *path, struct imastage_bytes bytes);

/* What a function of the store answered, or why it failed, which was said. 0 is CLI_OK. */
int verifier_answer(int r, const char *machine);

/* Seconds since 1970. */
uint64_t verifier_now(void);

/* The only argument: @what it is. */
int verifier_argument(char **args, const char *what, const char **ret_value);

#endif
