/* SPDX-License-Identifier: MIT */
/*
 * What the agent says, on standard error: for systemd's journal with the
 * priority in front (sd-daemon(3)), for people with the program's name.
 */
#ifndef AGENT_LOG_H
#define AGENT_LOG_H

#include "base/say.h"

/* Looks whether standard error is the journal. Until then it is not. */
void log_init(void);

/* Lines of a level above this one are not written; at first SAY_INFO. */
void log_set_level(enum say_level level);

/* From any thread: each line is one write. */
void log_line(enum say_level level, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/*
 * The same for libraries. What fails is tried again and again, and says the same
 * each time: of what is said a second time within LOG_REPEAT_MS, nothing is written.
 */
#define LOG_REPEAT_MS (10 * 60 * 1000)
extern const struct say log_say;

#endif
