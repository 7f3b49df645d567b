/* SPDX-License-Identifier: MIT */
/*
 * The verifier's key as a file: PEM, for its owner alone.
 */
#ifndef STORE_KEY_H
#define STORE_KEY_H

#include "base/say.h"
#include "policy/dsse.h"

/*
 * A new private key, whole and on stable storage under its name; what has the name already
 * stays, and that is no error.
 */
int store_make_key(const char *path, const struct say *say_to);

/* -EACCES: it is private, and others may read it. Says what is wrong. */
int store_read_key(const char *path, const struct say *say_to,
		   struct dsse_key **ret_key);

#endif
