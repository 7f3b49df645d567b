/* SPDX-License-Identifier: MIT */
/*
 * The verbs of imasim: run, and those that ask a running one for something. Each
 * returns enum cli_status; argv[0] is its whole name.
 */
#ifndef EMU_VERBS_H
#define EMU_VERBS_H

#include "tool/opts.h"

#define SOCKET_PATH_MAX 108

int verb_run(int argc, char **argv);

/* Whichever of the others argv[0] names. */
int verb_ask(int argc, char **argv);

/* --socket, for all of them; needs no context. */
extern const struct opt socket_opts[];

/* NULL, after a complaint, if nobody knows. @room: for one made here */
const char *socket_path(char room[SOCKET_PATH_MAX]);

#endif
