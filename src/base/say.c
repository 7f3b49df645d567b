// SPDX-License-Identifier: MIT
/*
 * Messages of libraries.
 */
#include "base/say.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define TEXT_MAX 1024

void say(const struct say *say, enum say_level level, const char *format, ...)
{
	char text[TEXT_MAX];
	va_list args;

	if (!say || !say->write)
		return;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	say->write(say->context, level, text);
}

int say_errno(const struct say *say, int r, const char *format, ...)
{
	char text[TEXT_MAX];
	va_list args;
	size_t len;

	if (!say || !say->write)
		return r;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	len = strlen(text);
	snprintf(text + len, sizeof(text) - len, ": %s", strerrordesc_np(-r));
	say->write(say->context, SAY_ERROR, text);
	return r;
}
