/* SPDX-License-Identifier: MIT */
/*
 * Writes a tar as a stream: each member's size has to be known before its bytes are given.
 * No memory is allocated. Headers are drawn in tar.h.
 *
 *	tar_writer_init(&writer, sink);
 *	tar_writer_member(&writer, "a", 3);
 *	tar_writer_put(&writer, "abc", 3);
 *	tar_writer_finish(&writer);
 *
 * What fails has failed for good: the tar is of no use. Errors of the sink are passed on.
 */
#ifndef EVIDENCE_TAR_WRITE_H
#define EVIDENCE_TAR_WRITE_H

#include "evidence/tar.h"

struct tar_writer {
	struct imastage_sink sink;
	uint64_t left; /* bytes of the member that are not given yet */
	size_t padding; /* bytes of zeros behind them */
};

void tar_writer_init(struct tar_writer *writer, struct imastage_sink sink);

/*
 * A member begins; the one before is complete, else -EINVAL. -EFBIG above TAR_SIZE_MAX,
 * -ENAMETOOLONG above TAR_NAME_MAX.
 */
int tar_writer_member(struct tar_writer *writer, const char *name,
		      uint64_t size);

/* -EINVAL when the member has not that much left. */
int tar_writer_put(struct tar_writer *writer, const void *data, size_t len);

/* The end: two blocks of zeros. -EINVAL when the last member is not complete. */
int tar_writer_finish(struct tar_writer *writer);

#endif
