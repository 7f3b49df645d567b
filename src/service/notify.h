/* SPDX-License-Identifier: MIT */
/*
 * Telling the service manager how we are, sd_notify(3): a datagram to the
 * socket that $NOTIFY_SOCKET names. Without it nothing is told.
 */
#ifndef SERVICE_NOTIFY_H
#define SERVICE_NOTIFY_H

#include <stdint.h>

/* Takes $NOTIFY_SOCKET and $WATCHDOG_USEC out of the environment. */
void notify_init(void);

/* "READY=1", "STOPPING=1". */
void notify(const char *state);

/* A sentence for people; no name in it can tell the manager anything else. */
void notify_status(const char *format, ...)
	__attribute__((format(printf, 1, 2)));

/* How often "WATCHDOG=1" is to be told, in milliseconds; 0: not at all. */
uint64_t notify_watchdog_ms(void);

#endif
