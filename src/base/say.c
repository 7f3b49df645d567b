// SPDX-License-Identifier: MIT
/*
 * Messages of libraries.
 */
#include "base/say.h"

#include <stdarg.h>
#include <stdio.h>

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
