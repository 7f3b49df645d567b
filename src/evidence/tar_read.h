/* SPDX-License-Identifier: MIT */
/*
 * Reads a tar that tar_write.h could have written, and no other: regular files with the
 * names of a table, in its order, each at most once; every header field as drawn in tar.h;
 * zeros where there are to be zeros; two blocks of zeros, and then the end.
 *
 *	tar_reader_init(&reader, source, members, nr);
 *	while ((r = tar_reader_next(&reader, &member, &size)) == 0)
 *		while ((n = tar_reader_read(&reader, data, sizeof(data))) > 0)
 *			use(data, n);
 *	if (r < 0)
 *		complain(reader.error);
 *
 * A size is compared with what the table allows before a byte of the member is read. Each
 * byte is read once and by nobody twice; no memory is allocated.
 *
 * -EBADMSG: refused, with place and reason in reader.error. Another negative errno is that
 * of the source, reader.error.reason is NULL then. What has failed stays so.
 */
#ifndef EVIDENCE_TAR_READ_H
#define EVIDENCE_TAR_READ_H

#include "evidence/tar.h"

struct tar_member {
	const char *name;
	uint64_t size_max;
	bool optional;
};

struct tar_error {
	uint64_t offset; /* byte of the tar */
	const char *member; /* of the table; NULL when it is none of these */
	const char *reason; /* a sentence without full stop, static */
};

struct tar_reader {
	struct imastage_source source;
	const struct tar_member *members; /* the table, not owned */
	size_t nr_members;
	size_t next; /* the first of the table that may still come */
	const struct tar_member *current; /* NULL: none has come */
	uint64_t offset; /* bytes taken from the source */
	uint64_t left; /* bytes of the member that were not read */
	size_t padding; /* behind them, if they were not read either */
	int failed;
	bool ended;
	struct tar_error error;
};

void tar_reader_init(struct tar_reader *reader, struct imastage_source source,
		     const struct tar_member *members, size_t nr_members);

#define TAR_END 1

/*
 * The next member: its place in the table and its bytes. What was not read of the one
 * before is read and forgotten. TAR_END: that was all, nothing is behind it, and nothing
 * was missing.
 */
int tar_reader_next(struct tar_reader *reader, size_t *ret_member,
		    uint64_t *ret_size);

/* Bytes of the member, 1 to @len; 0 at its end. */
ssize_t tar_reader_read(struct tar_reader *reader, void *data, size_t len);

#endif
