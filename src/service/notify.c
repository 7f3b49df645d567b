// SPDX-License-Identifier: MIT
/*
 * The other end of sd_notify(3), whose protocol is documented there: not worth
 * a library in a process that has the rights of this one.
 */
#include "service/notify.h"
#include "base/text.h"
#include "base/util.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>

#define TEXT_MAX 512

static struct sockaddr_un address;
static socklen_t address_len; /* 0: there is nobody to tell */
static uint64_t watchdog_ms;

/* Ours alone: WATCHDOG_PID names another process when it is not for us. */
static void init_watchdog(void)
{
	const char *usec = getenv("WATCHDOG_USEC");
	const char *pid = getenv("WATCHDOG_PID");

	if (usec && (!pid || strtol(pid, NULL, 10) == (long)getpid()))
		watchdog_ms = strtoull(usec, NULL, 10) / 1000 / 2;
	unsetenv("WATCHDOG_USEC");
	unsetenv("WATCHDOG_PID");
}

void notify_init(void)
{
	const char *path = getenv("NOTIFY_SOCKET");
	size_t len = path ? strlen(path) : 0;

	init_watchdog();
	if (len == 0 || len >= sizeof(address.sun_path) ||
	    (path[0] != '/' && path[0] != '@'))
		return;
	address.sun_family = AF_UNIX;
	memcpy(address.sun_path, path, len);
	if (path[0] == '@')
		address.sun_path[0] = '\0';
	address_len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);
	unsetenv("NOTIFY_SOCKET");
}

void notify(const char *state)
{
	cleanup_close int fd = -1;

	if (!address_len)
		return;
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	/* A manager that does not listen is no reason to do anything else. */
	(void)!sendto(fd, state, strlen(state), MSG_NOSIGNAL | MSG_DONTWAIT,
		      (const struct sockaddr *)&address, address_len);
}

void notify_status(const char *format, ...)
{
	char text[TEXT_MAX] = "STATUS=";
	size_t len = strlen(text);
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text + len, sizeof(text) - len, format, arguments);
	va_end(arguments);
	text_defuse(text + len);
	notify(text);
}

uint64_t notify_watchdog_ms(void)
{
	return watchdog_ms;
}
