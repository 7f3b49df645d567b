/* SPDX-License-Identifier: MIT */
/*
 * imastaged: when to do what. The doing is keeper.h's, on a thread of its own;
 * this thread waits for signals, sockets, memory pressure and time.
 *
 * It looks at the kernel's counts, which nobody can wait for, at intervals: as
 * often as it takes to see a threshold about when it is reached, at the rate at which
 * the list grew last, and never less often than `poll` says.
 */
#ifndef AGENT_AGENT_H
#define AGENT_AGENT_H

#include "service/config.h"

/*
 * Runs until SIGTERM or SIGINT. @path: of the configuration, for reading it again;
 * NULL is the usual one. Returns 0 or what kept it from starting; all was said.
 * All signals that it takes must be blocked, agent_block_signals().
 */
int agent_run(const struct config *config, const char *path);

void agent_block_signals(void);

#endif
