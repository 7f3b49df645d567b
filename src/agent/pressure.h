/* SPDX-License-Identifier: MIT */
/*
 * Pressure stall information: the kernel tells when tasks wait for memory.
 */
#ifndef AGENT_PRESSURE_H
#define AGENT_PRESSURE_H

#define PRESSURE_PATH "/proc/pressure/memory"

/* What to say after the text of -EINVAL. */
#define PRESSURE_HINT \
	"; without CAP_SYS_RESOURCE its window must be a multiple of 2s"

/*
 * @pressure: as in the configuration. Returns a descriptor that has EPOLLPRI once
 * for each window in which tasks were stalled for so long. -EOPNOTSUPP, -ENOENT:
 * this kernel tells nothing; -EPERM, -EACCES: not to us; -EINVAL: not in such a
 * window, see PRESSURE_HINT.
 */
int pressure_open(const char *pressure);

#endif
