/* SPDX-License-Identifier: MIT */
/*
 * The view, served by threads of the agent: see view.h. For the mode in which the
 * agent has the kernel's list to itself it is the only way; else a process of its own,
 * `imastage mount`, outlives restarts of the agent.
 */
#ifndef AGENT_VIEWER_H
#define AGENT_VIEWER_H

#include "service/config.h"
#include "source/source.h"

struct viewer;

/*
 * Mounts and serves what the configuration says. @source is borrowed. What fails is
 * said; draining does not depend on it.
 */
int viewer_start(const struct config *config, struct source *source,
		 struct viewer **ret_viewer);

/* Unmounts. NULL is fine. */
void viewer_stop(struct viewer *viewer);

#endif
