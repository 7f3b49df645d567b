/* SPDX-License-Identifier: MIT */
/*
 * A measurement list as the kernel has one, and how the kernel appends to it; and
 * a log of all that was ever appended, which is the naive model that tests
 * compare with: record k is log->rows[k], for ever.
 *
 * All of a record follows from its id and whether it is a violation: template
 * and fields (some empty, some of a snapshot_aggregate, some of one that only
 * looks like it), PCR (some that no digest can be kept of) and digests. Two ids
 * in a row have the same digest, but not the same PCR.
 */
#ifndef USHIM_TESTS_FIXTURE_H
#define USHIM_TESTS_FIXTURE_H

#include <linux/mutex.h>

#include "ima.h"
#include "ima_staging.h"

/* No digest is longer. */
#define FIXTURE_DIGEST_LEN 64

/**
 * struct log_row - a record
 * @id: what it measures
 * @violation: its digests are all zeros
 * @hashed: duplicates of it are found by its digest
 * @nr_deleted: records deleted before it was appended
 */
struct log_row {
	u32 id;
	bool violation;
	bool hashed;
	u64 nr_deleted;
};

/**
 * struct log - all records of a boot
 * @rows: by absolute index (written under the list's lock, before the record can
 *	  be seen)
 * @nr: how many (the same)
 * @max: room
 */
struct log {
	struct log_row *rows;
	u64 nr;
	u64 max;
};

struct fixture {
	struct mutex lock; /* extend_lock of @s */
	struct list_head list;
	atomic_long_t nr;
	unsigned long len;
	struct ima_staging s;
	struct log *log;
	unsigned int pause_us; /* between linking and counting a record */
};

void log_init(struct log *log, u64 max);
void log_fini(struct log *log);

void fixture_init(struct fixture *fx, struct log *log);
void fixture_fini(struct fixture *fx);
u64 fixture_blocks(const struct fixture *fx, u64 nr_records);
bool fixture_is_known(struct fixture *fx, u32 id);
int fixture_append(struct fixture *fx, u32 id, bool violation);
int fixture_restore(struct fixture *fx, struct log_row *row, bool digests);
void fixture_check(struct fixture *fx, u64 nr_deleted, u64 nr_staged);

bool id_is_snapshot(u32 id);
bool id_can_be_known(u32 id);
int id_pcr(u32 id);
void id_digest(u32 id, u8 ret_digest[FIXTURE_DIGEST_LEN]);
u32 digest_id(const u8 *digest, int pcr);

u32 record_id(const struct ima_queue_entry *qe);
void record_check(struct fixture *fx, const struct ima_queue_entry *qe,
		  u64 index);

#endif
