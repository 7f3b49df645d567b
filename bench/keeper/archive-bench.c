// SPDX-License-Identifier: MIT
/*
 * What the archive costs, for bench/keeper/run.
 *
 *	archive-bench append DIR LIST CHUNK	puts the records of LIST, a sha1
 *						binary list, into a new archive,
 *						CHUNK records to a commit
 *	archive-bench copy FILE LIST CHUNK	the same bytes to a plain file: read,
 *						written, synced and read back at the same places
 *	archive-bench read DIR			reads all records
 *	archive-bench seek DIR NR		finds and reads NR records, at random
 *	archive-bench compress DIR		compresses all sealed segments
 *	archive-bench verify DIR
 *
 * Each prints a line of JSON: records, bytes, seconds, peak memory in KiB.
 */
#include "archive/archive.h"
#include "base/util.h"
#include "../lib/measure.h"

#include <errno.h>

static void report(unsigned long long nr, unsigned long long bytes,
		   double start)
{
	printf("{\"records\":%llu,\"bytes\":%llu,\"seconds\":%.6f,\"peak_kib\":%ld}\n",
	       nr, bytes, now() - start, peak_kib());
}

static void must(int r, const char *what)
{
	if (r < 0)
		errx(1, "%s: %s", what, strerror(-r));
}

static void print(void *context, enum say_level level, const char *text)
{
	(void)context;
	if (level <= SAY_WARNING)
		warnx("%s", text);
}

static const struct say say_stderr = { print, NULL };

static struct archive *open_archive(const char *dir, bool writes)
{
	const struct archive_options options = { .dir = dir,
						 .say = &say_stderr };
	struct archive *archive;

	must(writes ? archive_open_writer(&options, &archive) :
		      archive_open_reader(&options, &archive),
	     dir);
	return archive;
}

static struct imastage_reader *open_list(const char *path, int *ret_fd)
{
	const struct imastage_reader_options options = {
		.format = IMASTAGE_FORMAT_BINARY,
		.bank = IMASTAGE_SHA1,
		.endian = IMASTAGE_HOST,
	};
	struct imastage_reader *reader;

	*ret_fd = open(path, O_RDONLY | O_CLOEXEC);
	if (*ret_fd < 0)
		err(1, "%s", path);
	must(imastage_reader_new_fd(*ret_fd, &options, &reader), path);
	return reader;
}

/* ---- append ---------------------------------------------------------------- */

static void append(const char *dir, const char *list, unsigned long chunk)
{
	const struct archive_boot key = { .boot_id = "bench" };
	struct archive *archive = open_archive(dir, true);
	cleanup_close int fd = -1;
	struct imastage_reader *reader = open_list(list, &fd);
	struct imastage_record record;
	struct archive_boot boot;
	double start = now();
	int r;

	must(archive_new_boot(archive, &key, &boot), dir);
	while ((r = imastage_reader_next(reader, &record)) == 0) {
		must(archive_put(archive, &record), dir);
		if (archive_end(archive) % chunk == 0)
			must(archive_commit(archive, NULL), dir);
	}
	must(r, list);
	must(archive_commit(archive, NULL), dir);
	report(archive_end(archive), imastage_reader_offset(reader), start);
	imastage_reader_free(reader);
	archive_close(archive);
}

/* ---- the ceiling ----------------------------------------------------------- */

struct copy {
	const char *path;
	int fd;
	uint8_t buffer[256 << 10];
	size_t buffered;
	uint64_t flushed, checked;
};

static void flush(struct copy *copy)
{
	must(io_write_full(&io_system, copy->fd, copy->buffer, copy->buffered,
			   copy->flushed),
	     copy->path);
	copy->flushed += copy->buffered;
	copy->buffered = 0;
}

static void sync_and_read_back(struct copy *copy)
{
	flush(copy);
	must(io_sync(&io_system, copy->fd), copy->path);
	must(io_forget(&io_system, copy->fd), copy->path);
	while (copy->checked < copy->flushed) {
		ssize_t n = io_pread(&io_system, copy->fd, copy->buffer,
				     sizeof(copy->buffer), copy->checked);

		must(n > 0 ? 0 : -EIO, copy->path);
		copy->checked += (uint64_t)n;
	}
}

static void copy_list(const char *path, const char *list, unsigned long chunk)
{
	static struct copy copy;
	cleanup_close int fd = -1;
	struct imastage_reader *reader = open_list(list, &fd);
	struct imastage_record record;
	uint64_t nr = 0;
	double start = now();

	copy.path = path;
	copy.fd = io_open(&io_system, path, O_RDWR | O_CREAT | O_TRUNC, 0600);
	must(copy.fd, path);
	while (imastage_reader_next(reader, &record) == 0) {
		if (record.raw.len > sizeof(copy.buffer) - copy.buffered)
			flush(&copy);
		memcpy(copy.buffer + copy.buffered, record.raw.data,
		       record.raw.len);
		copy.buffered += record.raw.len;
		if (++nr % chunk == 0)
			sync_and_read_back(&copy);
	}
	sync_and_read_back(&copy);
	report(nr, copy.flushed, start);
	imastage_reader_free(reader);
	io_close(&io_system, copy.fd);
}

/* ---- the others ------------------------------------------------------------ */

static void last_boot(struct archive *archive, struct archive_boot *ret_boot)
{
	if (archive_last_boot(archive, ret_boot) != 0)
		errx(1, "the archive is empty");
}

static void read_all(const char *dir)
{
	struct archive *archive = open_archive(dir, false);
	struct archive_cursor *cursor;
	struct imastage_record record;
	struct archive_boot boot;
	unsigned long long bytes = 0;
	double start = now();
	int r;

	last_boot(archive, &boot);
	must(archive_cursor_open(archive, boot.id, boot.first, &cursor), dir);
	while ((r = archive_cursor_next(cursor, &record)) == 0)
		bytes += record.raw.len;
	must(r, dir);
	report(archive_cursor_index(cursor), bytes, start);
	archive_cursor_close(cursor);
	archive_close(archive);
}

static void seek(const char *dir, unsigned long nr)
{
	struct archive *archive = open_archive(dir, false);
	struct archive_place end, place;
	struct imastage_record record;
	struct archive_boot boot;
	double start = now();

	last_boot(archive, &boot);
	must(archive_end_place(archive, boot.id, &end), dir);
	for (unsigned long i = 0; i < nr; i++) {
		uint64_t offset = (uint64_t)(drand48() * (double)end.binary);
		struct archive_cursor *cursor;

		must(archive_locate(archive, boot.id, ARCHIVE_BINARY, 0, offset,
				    &place),
		     dir);
		must(archive_cursor_open(archive, boot.id, place.index,
					 &cursor),
		     dir);
		must(archive_cursor_next(cursor, &record), dir);
		archive_cursor_close(cursor);
	}
	report(nr, 0, start);
	archive_close(archive);
}

static void compress(const char *dir)
{
	struct archive *archive = open_archive(dir, true);
	struct archive_boot before, after;
	double start = now();

	last_boot(archive, &before);
	must(archive_compress(archive, UINT32_MAX, NULL), dir);
	last_boot(archive, &after);
	report(after.end, before.stored_bytes - after.stored_bytes, start);
	archive_close(archive);
}

static int complain(void *context, const struct archive_finding *finding)
{
	(void)context;
	warnx("%s: %s", finding->file, finding->text);
	return 0;
}

static void verify(const char *dir)
{
	const struct archive_verify_options options = { .report = complain };
	struct archive *archive = open_archive(dir, false);
	struct archive_boot boot;
	double start = now();

	last_boot(archive, &boot);
	if (archive_verify(archive, &options) != 0)
		errx(1, "%s: is damaged", dir);
	report(boot.end, boot.bytes, start);
	archive_close(archive);
}

int main(int argc, char **argv)
{
	const char *verb = argc > 2 ? argv[1] : "";

	if (argc == 5 && !strcmp(verb, "append"))
		append(argv[2], argv[3], strtoul(argv[4], NULL, 10));
	else if (argc == 5 && !strcmp(verb, "copy"))
		copy_list(argv[2], argv[3], strtoul(argv[4], NULL, 10));
	else if (argc == 3 && !strcmp(verb, "read"))
		read_all(argv[2]);
	else if (argc == 4 && !strcmp(verb, "seek"))
		seek(argv[2], strtoul(argv[3], NULL, 10));
	else if (argc == 3 && !strcmp(verb, "compress"))
		compress(argv[2]);
	else if (argc == 3 && !strcmp(verb, "verify"))
		verify(argv[2]);
	else
		errx(2, "see the top of archive-bench.c");
	return 0;
}
