// SPDX-License-Identifier: MIT
/* Text on its way into a page. See html.h. */
#include "report/html.h"
#include "base/bytes.h"

#include <inttypes.h>
#include <time.h>

static void put(FILE *file, uint8_t c)
{
	switch (c) {
	case '&':
		fputs("&amp;", file);
		break;
	case '<':
		fputs("&lt;", file);
		break;
	case '>':
		fputs("&gt;", file);
		break;
	case '"':
		fputs("&quot;", file);
		break;
	case '\'':
		fputs("&#39;", file);
		break;
	default:
		if (c >= ' ' && c < 0x7f && c != '\\')
			putc(c, file);
		else
			fprintf(file, "\\x%02x", c);
	}
}

void html_bytes(FILE *file, struct imastage_bytes bytes)
{
	for (size_t i = 0; i < bytes.len; i++)
		put(file, bytes.data[i]);
}

void html_line(FILE *file, struct imastage_bytes line)
{
	for (size_t i = 0; i < line.len; i++)
		if (line.data[i] == '\\')
			putc('\\', file);
		else
			put(file, line.data[i]);
}

void html_text(FILE *file, const char *text)
{
	html_bytes(file, bytes_of_text(text));
}

void html_bytes_cut(FILE *file, struct imastage_bytes bytes, size_t max)
{
	html_bytes(file, bytes_first(bytes, max));
	if (bytes.len > max)
		fputs("&hellip;", file);
}

void html_number(FILE *file, uint64_t number)
{
	char digits[24];
	int len = snprintf(digits, sizeof(digits), "%" PRIu64, number);

	for (int i = 0; i < len; i++) {
		if (i > 0 && (len - i) % 3 == 0)
			putc(',', file);
		putc(digits[i], file);
	}
}

void html_time(FILE *file, uint64_t seconds)
{
	time_t time = (time_t)seconds;
	struct tm tm;
	char text[32];

	if (seconds <= UINT32_MAX && gmtime_r(&time, &tm) &&
	    strftime(text, sizeof(text), "%Y-%m-%d %H:%M UTC", &tm) > 0)
		html_text(file, text);
	else
		fprintf(file, "%" PRIu64 " s after 1970", seconds);
}
