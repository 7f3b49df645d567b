/* SPDX-License-Identifier: MIT */
/*
 * A batch of records on its way through imastage_check(): read, digests
 * computed and compared, extended in each bank, taken account of.
 *
 * A batch owns what its records look at. It holds BATCH_LEN bytes, or one
 * record that is longer. On one thread, batches are of one record, which
 * looks at what its reader has (log/serial.c).
 */
#ifndef LOG_BATCH_H
#define LOG_BATCH_H

#include "log/replay.h"

#include <imastage/check.h>

#define BATCH_RECORDS 256
#define BATCH_LEN ((size_t)64 << 10)

struct batch_record {
	struct imastage_record record; /* looks at the batch's bytes */
	uint64_t offset; /* in the list */
	bool violation;
	bool wanted; /* for one of the PCRs replayed */
	bool snapshot; /* a snapshot_aggregate */
};

struct batch {
	struct batch_record records[BATCH_RECORDS];
	/* Template digests; if followed, after the extends the PCR's values. */
	struct imastage_digests digests[BATCH_RECORDS];
	size_t nr;
	struct imastage_buffer bytes; /* owned */
	uint64_t first_index; /* of the first record */
	struct imastage_summary tally; /* of these records */
};

/* Makes it empty. Memory of a long record is given back. -ENOMEM. */
int batch_reset(struct batch *batch, uint64_t first_index);
void batch_fini(struct batch *batch);

/* Where the next record goes. */
static inline struct batch_record *batch_place(struct batch *batch)
{
	return &batch->records[batch->nr];
}

/* Reads the next record into @place, to be added. As imastage_reader_next(). */
int batch_read(struct imastage_reader *reader,
	       const struct imastage_replay *replay,
	       struct batch_record *place);

/*
 * Adds the record at batch_place(), and copies what it looks at. There must be such a
 * place. -ENOBUFS when there is no room for its bytes, which an empty batch always has;
 * -ENOMEM.
 */
int batch_add(struct batch *batch);
/* Adds it as it is. */
void batch_add_view(struct batch *batch);

/* Computes the template digests, compares those of the list. -EIO. */
int batch_hash(struct batch *batch, struct imastage_hasher *hasher);

/*
 * Extends all banks with all records, and compares snapshots with what stands
 * before them. Record by record, not bank by bank: the
 * chains do not depend on each other, and a processor works on them at once.
 * @hasher, the thread's own, has the replay's banks. @followed: somebody wants to
 * know what the PCR had after each record. -EIO.
 */
int batch_extend(struct batch *batch, struct imastage_replay *replay,
		 struct imastage_hasher *hasher, bool followed);

#endif
