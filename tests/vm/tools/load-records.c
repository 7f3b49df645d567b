// SPDX-License-Identifier: MIT
/*
 * load-records DIR COUNT [NAME]: makes COUNT records quickly. Each is a new small
 * file in DIR that is read once and removed, so that the policy has to measure
 * files that root reads there. Prints the microseconds that one took.
 *
 * Names and contents repeat over runs with the same NAME only.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static void die(const char *what)
{
	fprintf(stderr, "load-records: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void write_file(const char *path, const char *text)
{
	int fd = open(path, O_CREAT | O_WRONLY | O_TRUNC | O_CLOEXEC, 0600);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		die(path);
	close(fd);
}

/* The kernel measures on open, before anybody reads. */
static void measure_file(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		die(path);
	close(fd);
}

static double now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1e6 + t.tv_nsec / 1e3;
}

int main(int argc, char **argv)
{
	long count = argc > 2 ? atol(argv[2]) : 0;
	const char *name = argc > 3 ? argv[3] : "load";
	double start = now_us();
	char path[256], text[64];

	if (argc < 3 || argc > 4 || count <= 0) {
		fprintf(stderr, "usage: load-records DIR COUNT [NAME]\n");
		return 2;
	}

	for (long i = 0; i < count; i++) {
		snprintf(path, sizeof(path), "%s/%s-%ld", argv[1], name, i);
		snprintf(text, sizeof(text), "%s %ld\n", name, i);
		write_file(path, text);
		measure_file(path);
		unlink(path);
	}

	printf("%.2f\n", (now_us() - start) / count);
	return 0;
}
