/* SPDX-License-Identifier: MIT */
/*
 * An imasim of a test's own: mounted on a new folder, with a socket beside it.
 *
 *	struct emulator emulator;
 *
 *	emulator_start(&emulator, "--profile", "7.2", NULL);
 *	emulator_ask(&emulator, "load", "1", "100", NULL);
 *	... emulator.dir ...
 *	emulator_stop(&emulator);
 *
 * IMASIM, its path, is given to the compiler (meson.build). Where FUSE cannot be
 * mounted, a test is to be skipped: see emulator_missing().
 */
#ifndef LIB_EMULATOR_H
#define LIB_EMULATOR_H

#include <stdbool.h>
#include <stddef.h>

struct emulator {
	char home[64]; /* a folder that is removed in the end */
	char dir[80]; /* in it: what /sys/kernel/security/ima is */
	char socket[80];
};

/* What an emulator needs and is not there; NULL: all is. */
const char *emulator_missing(void);

/* A setup for a test that needs one: skips it, with a word on what is missing. */
int emulator_needed(void **state);

/* A test that needs one; a setup cannot skip by itself, so that is another test. */
void emulator_skip(void **state);
/* clang-format off */
#define WITH_EMULATOR(test) { #test, emulator_missing() ? emulator_skip : (test), NULL, NULL, NULL }
/* clang-format on */

/* Options of `imasim run`, up to NULL. Fails the test if it does not start. */
void emulator_start(struct emulator *ret_emulator, ...)
	__attribute__((sentinel));

/* A verb and its words, up to NULL. Returns its exit status. */
int emulator_ask(const struct emulator *emulator, ...)
	__attribute__((sentinel));

/* @nr records that @seed makes: others for another seed. */
void emulator_load(const struct emulator *emulator, unsigned int seed,
		   unsigned int nr);

/* As emulator_ask(), one word; what it prints is in @ret_text, terminated. Fails the test if it does. */
void emulator_read(const struct emulator *emulator, const char *verb,
		   char *ret_text, size_t room);

void emulator_stop(struct emulator *emulator);

/*
 * Kills the programs that are ways to the TPM ("cmd:exec ..."), and waits until they are
 * dead: they are all children that a test has. What TSS says of it is not heard.
 */
void emulator_kill_ways(void);

#endif
