/* SPDX-License-Identifier: MIT */
/*
 * A measurement list as the kernel has one, its hash table, and how the kernel
 * appends to it; and a log of all that was ever appended, which is the naive
 * model that tests compare with: record k is log->rows[k], for ever.
 */
#ifndef USHIM_TESTS_FIXTURE_H
#define USHIM_TESTS_FIXTURE_H

#include <linux/mutex.h>

#include "ima.h"
#include "ima_staging.h"

#define FIXTURE_BUCKETS 8
/* Blocks of memory of a record. */
#define FIXTURE_RECORD_BLOCKS 4

/**
 * struct log_row - a record
 * @id: what it measures
 * @hashed: duplicates of it are looked for
 * @nr_deleted: records deleted before it was appended
 */
struct log_row {
	u32 id;
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
	struct hlist_head hash[FIXTURE_BUCKETS];
	struct ima_staging s;
	struct log *log;
	unsigned int pause_us; /* between linking and counting a record */
};

void log_init(struct log *log, u64 max);
void log_fini(struct log *log);

void fixture_init(struct fixture *fx, struct log *log);
void fixture_fini(struct fixture *fx);
u64 fixture_set_blocks(const struct fixture *fx);
bool fixture_is_known(struct fixture *fx, u32 id);
int fixture_append(struct fixture *fx, u32 id, bool hashed);
int fixture_restore(struct fixture *fx, u32 id);
void fixture_check(struct fixture *fx, u64 nr_deleted, u64 nr_staged);

u32 record_id(const struct ima_queue_entry *qe);
void record_check(struct fixture *fx, const struct ima_queue_entry *qe,
		  u64 index);

#endif
