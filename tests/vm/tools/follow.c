// SPDX-License-Identifier: MIT
/*
 * follow [--tcti TCTI] DIR COPY STOP
 *
 * Copies the measurement list in DIR to COPY as it grows, by one descriptor that
 * stays open, until there is a file STOP and nothing new. Says what kind of kernel
 * it is, how often the TPM was reset, and how many bytes it has copied.
 */
#include "base/util.h"
#include "source/source.h"
#include "tpm/tpm.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <time.h>

static void print(void *context, enum say_level level, const char *text)
{
	(void)context, (void)level;
	fprintf(stderr, "follow: %s\n", text);
}

static const struct say printer = { print, NULL };

/* What is new since @offset. Returns how many bytes, or a negative errno. */
static ssize_t copy_new(struct source *source, uint64_t offset, FILE *copy)
{
	static char part[1 << 16];
	struct imastage_source bytes;
	ssize_t n, all = 0;
	int r = source_begin(source, SOURCE_READ);

	if (r < 0)
		return r;
	bytes = source_bytes(source, false, offset);
	while ((n = bytes.read(bytes.context, part, sizeof(part))) > 0) {
		if (fwrite(part, 1, (size_t)n, copy) != (size_t)n) {
			n = -EIO;
			break;
		}
		all += n;
	}
	source_end(source);
	return n < 0 ? n : all;
}

/* One more look after it was told to stop: what came before that is in the copy. */
static int follow(struct source *source, FILE *copy, const char *stop)
{
	const struct timespec pause = { .tv_nsec = 20000000 };
	uint64_t offset = 0;
	bool last = false;

	for (;;) {
		ssize_t n = copy_new(source, offset, copy);

		if (n < 0)
			return (int)n;
		offset += (uint64_t)n;
		if (last)
			break;
		last = access(stop, F_OK) == 0;
		if (!last)
			nanosleep(&pause, NULL);
	}
	printf("bytes %" PRIu64 "\n", offset);
	return fflush(copy) == EOF ? -EIO : 0;
}

static int tell_resets(const char *tcti)
{
	uint32_t resets, restarts;
	struct tpm *tpm;
	int r = tpm_open(tcti, &printer, &tpm);

	if (r == -ENODEV) {
		puts("no TPM");
		return 0;
	}
	if (r < 0)
		return r;
	r = tpm_reset_count(tpm, &resets, &restarts);
	if (r == 0)
		printf("resets %" PRIu32 "\n", resets);
	tpm_close(tpm);
	return r;
}

static int run(const char *tcti, char **argv)
{
	struct source_options options = { .dir = argv[0], .say = &printer };
	cleanup_fclose FILE *copy = fopen(argv[1], "we");
	struct source *source;
	int r = copy ? tell_resets(tcti) : -errno;

	if (r < 0)
		return r;
	r = source_open(&options, &source);
	if (r < 0)
		return r;
	printf("kind %s\n", source_kind_name(source_abilities(source)->kind));
	r = follow(source, copy, argv[2]);
	source_close(source);
	return r;
}

int main(int argc, char **argv)
{
	const char *tcti = NULL;
	int r;

	if (argc > 2 && !strcmp(argv[1], "--tcti")) {
		tcti = argv[2];
		argv += 2;
		argc -= 2;
	}
	if (argc != 4) {
		fputs("usage: follow [--tcti TCTI] DIR COPY STOP\n", stderr);
		return 2;
	}
	r = run(tcti, argv + 1);
	if (r < 0)
		fprintf(stderr, "follow: %s\n", strerror(-r));
	return r < 0;
}
