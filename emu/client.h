/* SPDX-License-Identifier: MIT */
/*
 * Verbs that ask something of a running emulator.
 */
#ifndef EMU_CLIENT_H
#define EMU_CLIENT_H

#include <stdbool.h>

/*
 * @socket: where it listens, NULL: where it does unless told otherwise
 * @argv: the verb and its arguments
 *
 * Returns an exit status: 0 done, 1 failed, 2 wrong usage; -1: no such verb.
 */
int client_run(const char *socket, int argc, char **argv);

#endif
