/* SPDX-License-Identifier: MIT */
/*
 * What can be asked of a running emulator, and the doing of it.
 */
#ifndef EMU_ANSWER_H
#define EMU_ANSWER_H

#include <stdbool.h>

#include "emu/machine.h"
#include "emu/message.h"
#include "emu/setup.h"
#include "emu/watch.h"

/**
 * struct answerer - what answers are about
 * @machine: the machine
 * @setup: how it was set up
 * @watch: what is watched
 * @stop: it is ending (atomic)
 */
struct answerer {
	struct machine *machine;
	const struct setup *setup;
	struct watch *watch;
	bool stop;
};

/*
 * @sock: by which it was asked: what takes long ends when nobody is there any more.
 * Returns the status of @ret_reply, whose text says more of it.
 */
int answer(struct answerer *answerer, const struct message *rq, int sock,
	   struct reply *ret_reply);

#endif
