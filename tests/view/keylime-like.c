// SPDX-License-Identifier: MIT
/*
 * keylime-like LIST OUT
 *
 * Reads a measurement list as Keylime's agent does: opens the ASCII file once, for
 * its whole life; at each request seeks to the byte where it ended the last time,
 * reads to the end by read() into a small buffer, and counts lines by their newlines.
 * A request is a line on standard input; the answer is a line with the number of
 * records so far, the byte it is at, and "whole" or "torn", as the list ends
 * with a newline or not. What it read is appended to OUT.
 */
#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

struct reader {
	int list, out;
	off_t offset;
	unsigned long long nr_lines;
	char last; /* byte read */
};

static void take(struct reader *reader, const char *data, ssize_t len)
{
	for (ssize_t i = 0; i < len; i++)
		reader->nr_lines += data[i] == '\n';
	reader->last = data[len - 1];
	reader->offset += len;
	if (write(reader->out, data, (size_t)len) != len)
		err(1, "writing");
}

static void read_on(struct reader *reader)
{
	char data[8192];
	ssize_t n;

	if (lseek(reader->list, reader->offset, SEEK_SET) != reader->offset)
		err(1, "seeking");
	while ((n = read(reader->list, data, sizeof(data))) > 0)
		take(reader, data, n);
	if (n < 0)
		err(1, "reading at byte %lld", (long long)reader->offset);
}

int main(int argc, char **argv)
{
	struct reader reader = { .last = '\n' };
	char line[64];

	if (argc != 3)
		errx(2, "usage: keylime-like LIST OUT");
	reader.list = open(argv[1], O_RDONLY);
	reader.out = open(argv[2], O_WRONLY | O_CREAT | O_TRUNC, 0600);
	if (reader.list < 0 || reader.out < 0)
		err(1, "%s", reader.list < 0 ? argv[1] : argv[2]);
	while (fgets(line, sizeof(line), stdin)) {
		read_on(&reader);
		printf("%llu %lld %s\n", reader.nr_lines,
		       (long long)reader.offset,
		       reader.last == '\n' ? "whole" : "torn");
		fflush(stdout);
	}
	return 0;
}
