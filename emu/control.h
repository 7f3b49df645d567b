/* SPDX-License-Identifier: MIT */
/*
 * The other side of message.h: does what is asked of a running emulator.
 */
#ifndef EMU_CONTROL_H
#define EMU_CONTROL_H

#include "emu/machine.h"

struct control;

/* Listens at @path from now on, with threads of its own. */
int control_start(const char *path, struct machine *machine,
		  struct control **ret_control);

/* Returns when all that was asked is answered. */
void control_stop(struct control *control);

#endif
