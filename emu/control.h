/* SPDX-License-Identifier: MIT */
/*
 * The other side of message.h: listens to those who ask something of a running
 * emulator.
 */
#ifndef EMU_CONTROL_H
#define EMU_CONTROL_H

#include "emu/answer.h"

struct control;

/* Listens at @path from now on, with threads of its own. @answerer is borrowed. */
int control_start(const char *path, struct answerer *answerer,
		  struct control **ret_control);

/*
 * Returns when all that was asked is answered. False: something does not end, such as
 * the reading of a file that has no end; then nothing that it uses may go away, and
 * the process has to.
 */
bool control_stop(struct control *control);

#endif
