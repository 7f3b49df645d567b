// SPDX-License-Identifier: MIT
/*
 * report-sample [TEXT [LINE]]: prints a report with TEXT in all places where a machine's own words
 * go, and \xNN in it as that byte; LINE, as it is, would approve each file.
 */
#include "base/bytes.h"
#include "lib/reporting.h"

#include <stdlib.h>

static size_t unescape(const char *text, uint8_t *ret_bytes, size_t max)
{
	size_t len = 0;

	while (*text && len < max) {
		if (text[0] == '\\' && text[1] == 'x' && text[2] && text[3]) {
			char digits[] = { text[2], text[3], '\0' };

			ret_bytes[len++] = (uint8_t)strtoul(digits, NULL, 16);
			text += 4;
		} else {
			ret_bytes[len++] = (uint8_t)*text++;
		}
	}
	return len;
}

int main(int argc, char **argv)
{
	static uint8_t bytes[4096];
	size_t len = unescape(argc > 1 ? argv[1] : "/usr/bin/true", bytes,
			      sizeof(bytes));

	return reporting_write_line(bytes_of(bytes, len),
				    argc > 2 ? bytes_of_text(argv[2]) :
					       bytes_of(bytes, len),
				    stdout) < 0;
}
