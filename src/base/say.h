/* SPDX-License-Identifier: MIT */
/*
 * What a library has to tell. Libraries never print: whoever uses one gives it
 * a struct say, or NULL for silence.
 */
#ifndef BASE_SAY_H
#define BASE_SAY_H

/* As syslog's, so that a journal can be given them as they are. */
enum say_level {
	SAY_ERROR = 3,
	SAY_WARNING = 4,
	SAY_NOTICE = 5,
	SAY_INFO = 6,
	SAY_DEBUG = 7,
};

/*
 * @write gets one message at a time, without a newline, valid for the call. Any
 * thread may call it.
 */
struct say {
	void (*write)(void *context, enum say_level level, const char *text);
	void *context;
};

/* What is longer than 1023 bytes is cut off. @say may be NULL. */
void say(const struct say *say, enum say_level level, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/*
 * Says an error: the text, a colon and what the errno @r (negative) means.
 * Returns @r.
 */
int say_errno(const struct say *say, int r, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif
