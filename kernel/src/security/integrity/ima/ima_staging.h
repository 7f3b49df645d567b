/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Staging of the IMA measurement list.
 *
 * The measurement list is a chain of parts:
 *
 *	 deleted          staged             current
 *	|--------------|------------------|--------------------->  measuring
 *	 gone from      set aside, read,    what measuring tasks   tasks append
 *	 memory         then deleted        append to              here
 *
 * One writer at a time moves the two borders to the right; many readers may
 * look on while there is no writer. Measuring tasks never wait for either: all
 * they share with a writer is the lock of the list (@extend_lock), which a
 * writer holds for a constant number of steps, however long the list is.
 *
 * Duplicates are found by a set of the digests of all records, in which those of
 * deleted ones stay. So deleting has nothing to save, needs no memory, and cannot
 * fail half way.
 *
 * These files are written so that the same source compiles in the kernel and in
 * user space. They know nothing of securityfs (ima_staging_fs.c does), nor of the
 * TPM (ima_snapshot.c does).
 */
#ifndef _SECURITY_IMA_STAGING_H
#define _SECURITY_IMA_STAGING_H

#include <linux/atomic.h>
#include <linux/kernel.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/pid.h>
#include <linux/rwsem.h>
#include <linux/spinlock.h>
#include <linux/types.h>

#include "ima_digest_set.h"

struct ima_queue_entry;

/* A command is at most the largest 64-bit number and a newline. */
#define IMA_STAGING_CMD_MIN	2
#define IMA_STAGING_CMD_MAX	21

/**
 * enum ima_staging_verb - what a command asks for
 * @IMA_STAGING_STAGE: set the first @nr records of the current list aside
 * @IMA_STAGING_STAGE_SNAPSHOT: set aside what is before the last snapshot_aggregate
 * @IMA_STAGING_DELETE: delete what is staged
 * @IMA_STAGING_TRIM: delete the first @nr records of the current list
 * @IMA_STAGING_TRIM_GUARDED: the same, if @nr_deleted records were deleted before
 */
enum ima_staging_verb {
	IMA_STAGING_STAGE,
	IMA_STAGING_STAGE_SNAPSHOT,
	IMA_STAGING_DELETE,
	IMA_STAGING_TRIM,
	IMA_STAGING_TRIM_GUARDED,
};

/**
 * struct ima_staging_cmd - a parsed command
 * @verb: what to do
 * @nr: records to act on; U64_MAX: all of them (stage only)
 * @nr_deleted: what a guarded trim expects to have been deleted before
 */
struct ima_staging_cmd {
	enum ima_staging_verb verb;
	u64 nr;
	u64 nr_deleted;
};

/**
 * struct ima_staging_counts - how many records there are where
 * @nr_current: in the current list
 * @nr_staged: in the staged one
 * @nr_deleted: deleted since hard boot
 */
struct ima_staging_counts {
	long nr_current;
	long nr_staged;
	s64 nr_deleted;
};

/**
 * struct ima_staging - a measurement list that can be staged
 *
 * What is borrowed belongs to the code that measures, and was there before
 * staging.
 */
struct ima_staging {
	/** @extend_lock: under which measuring tasks append (borrowed) */
	struct mutex *extend_lock;
	/**
	 * @current_list: what they append to (borrowed; appending and cutting
	 * under @extend_lock, walking under @walk_sem)
	 */
	struct list_head *current_list;
	/** @nr_current: records in it (borrowed; set under @extend_lock) */
	atomic_long_t *nr_current;
	/**
	 * @len: bytes of all records not yet deleted, as serialized for kexec;
	 * ULONG_MAX: nobody counts (borrowed; under @extend_lock)
	 */
	unsigned long *len;
	/**
	 * @flush_digests: forget those of deleted records (set at boot). What the
	 * kernel before handed on is not of records of this one, and stays
	 */
	bool flush_digests;
	/** @hash_algo: by which algorithm the digests are (set at boot) */
	u16 hash_algo;
	/**
	 * @digests: those by which duplicates are found, of deleted records and of
	 * the others (under @extend_lock)
	 */
	struct ima_digest_set digests;

	/**
	 * @staged_list: what is set aside (cutting under @extend_lock and
	 * @walk_sem, walking under @walk_sem)
	 */
	struct list_head staged_list;
	/** @nr_staged: records in it (set under @extend_lock) */
	atomic_long_t nr_staged;
	/** @staged_len: their bytes as serialized (under @extend_lock) */
	unsigned long staged_len;
	/** @nr_deleted: since hard boot (set under @extend_lock) */
	atomic64_t nr_deleted;
	/** @nr_snapshots: attempted since hard boot (under @extend_lock) */
	u64 nr_snapshots;
	/**
	 * @count_lock: held while a cut moves records from one count to another,
	 * and while @nr_staged or @nr_deleted is read for user space
	 */
	spinlock_t count_lock;
	/**
	 * @suspended: nothing is measured or cut any more: the next kernel is
	 * about to get both lists (set under @extend_lock, never cleared)
	 */
	bool suspended;

	/**
	 * @walk_sem: held for reading while walking a list to show it, for
	 * writing while cutting. Never taken by measuring tasks
	 */
	struct rw_semaphore walk_sem;
	/**
	 * @generation: counts the cuts, tells a cursor of before from one of
	 * after (set under @walk_sem, read anywhere)
	 */
	unsigned long generation;

	/** @access_lock: protects the three below */
	spinlock_t access_lock;
	/** @nr_readers: open files that only read */
	unsigned int nr_readers;
	/** @nr_writers: open files that may write, opened by @writer */
	unsigned int nr_writers;
	/** @writer: whose open files may write (referenced by those files) */
	struct pid *writer;
};

/**
 * struct ima_staging_restored - digests that the kernel before has left
 * @nr: taken into the set
 * @nr_left: known to that kernel, but not taken over
 */
struct ima_staging_restored {
	u64 nr;
	u64 nr_left;
};

/**
 * struct ima_staging_file - one open file on one of the two lists
 * @staging: the measurement list it belongs to
 * @opener: the task that opened it for writing (reference held), NULL: reader
 * @staged: shows the staged list, not the current one
 * @cursor: the record that was shown last, NULL: none
 * @index: its number in the list, from 0
 * @generation: the generation of the lists in which @cursor is valid
 *
 * Whoever closes the file last gives back what it holds, be it the task that
 * opened it or not. The cursor belongs to the task that reads; the caller lets
 * only one at a time do so (seq_file's lock).
 */
struct ima_staging_file {
	struct ima_staging *staging;
	struct pid *opener;
	bool staged;
	struct ima_queue_entry *cursor;
	u64 index;
	unsigned long generation;
};

int ima_staging_parse(const char *text, size_t len, bool staged,
		      struct ima_staging_cmd *ret_cmd);

void ima_staging_init(struct ima_staging *s, struct mutex *extend_lock,
		      struct list_head *current_list, atomic_long_t *nr_current,
		      unsigned long *len);
void ima_staging_init_digests(struct ima_staging *s, u16 hash_algo,
			      unsigned int digest_len,
			      const siphash_key_t *key);
void ima_staging_fini(struct ima_staging *s);
void ima_staging_suspend(struct ima_staging *s);

int ima_staging_reserve_digest(struct ima_staging *s);
void ima_staging_add_digest(struct ima_staging *s, struct ima_queue_entry *qe);
bool ima_staging_has_digest(struct ima_staging *s, const u8 *digest, int pcr);
u64 ima_staging_nr_records(struct ima_staging *s);
struct ima_staging_counts ima_staging_counts(struct ima_staging *s);

int ima_staging_open(struct ima_staging *s, struct ima_staging_file *f,
		     bool staged, bool write);
void ima_staging_release(struct ima_staging_file *f);
int ima_staging_execute(struct ima_staging_file *f,
			const struct ima_staging_cmd *cmd);

struct ima_queue_entry *ima_staging_start(struct ima_staging_file *f, u64 pos);
struct ima_queue_entry *ima_staging_next(struct ima_staging_file *f);
void ima_staging_stop(struct ima_staging_file *f);
bool ima_staging_moved(const struct ima_staging_file *f);

/*
 * What the next kernel gets to know beyond the records: a trailer behind them,
 * in the same kexec segment. All numbers are little-endian.
 *
 *	offset	bytes
 *	0	8	magic "IMASTAGE"
 *	8	4	version, 1
 *	12	4	CRC-32 (IEEE 802.3) of the whole trailer, this field taken as 0
 *	16	8	length of the trailer, from the magic on
 *	24	8	records deleted since hard boot
 *	32	8	snapshots attempted since hard boot
 *	40	8	digests of deleted records that did not fit
 *	48	8	digests of deleted records that follow (n)
 *	56	2	their algorithm, an enum hash_algo of <uapi/linux/hash_info.h>
 *	58	2	length of a digest (d)
 *	60	4	0
 *	64		n times: PCR (1 byte), digest (d bytes)
 *	64+n*(1+d)	whatever later versions append; version 1 ignores it
 *
 * A kernel that does not know it does not look behind the records.
 */
#define IMA_STAGING_TRAILER_LEN	64

size_t ima_staging_digests_len(const struct ima_staging *s);
size_t ima_staging_put_trailer(struct ima_staging *s, u8 *ret_buf, size_t room,
			       bool digests);
int ima_staging_get_trailer(struct ima_staging *s, const void *buf, size_t len,
			    bool digests, struct ima_staging_restored *ret);

#endif /* _SECURITY_IMA_STAGING_H */
