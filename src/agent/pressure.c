// SPDX-License-Identifier: MIT
/*
 * See Documentation/accounting/psi.rst of the kernel.
 */
#include "agent/pressure.h"
#include "service/config.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

int pressure_open(const char *pressure)
{
	char trigger[64];
	int fd, r = config_pressure_trigger(pressure, trigger, sizeof(trigger));

	if (r < 0)
		return r;
	fd = open(PRESSURE_PATH, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	/* The NUL belongs to it. */
	if (write(fd, trigger, strlen(trigger) + 1) < 0) {
		r = -errno;
		close(fd);
		return r;
	}
	return fd;
}
