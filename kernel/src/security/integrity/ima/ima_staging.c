// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Staging of the IMA measurement list: the lists, who may touch them, commands.
 *
 * What must hold:
 *  - deleted + staged + current is the number of records since hard boot, and
 *    the records keep their order;
 *  - a command either does all it says or leaves everything as it was. What can
 *    fail comes before the lists are cut;
 *  - a record whose digest is in the set says so (@hashed), until it is deleted;
 *  - who finds the counts of staged and deleted records as before knows that no
 *    record has left the current list in between;
 *  - extend_lock, which every measuring task takes, is held for a number of
 *    steps that does not depend on the length of the list;
 *  - once suspended, the lists do not change: what the next kernel gets is what
 *    the last user space saw.
 *
 * Order of locks: walk_sem, then extend_lock, then count_lock.
 */

#include <linux/errno.h>
#include <linux/limits.h>
#include <linux/prefetch.h>
#include <linux/rculist.h>
#include <linux/sched.h>
#include <linux/string.h>

#include "ima.h"
#include "ima_staging.h"

/* Deleted records whose digests are forgotten under the lock at once. */
#define IMA_STAGING_BATCH	16

/* A number of decimal digits, nothing else, up to @end. */
static int parse_number(const char *text, const char *end, u64 *ret_nr)
{
	u64 nr = 0;

	if (text == end)
		return -EINVAL;

	for (; text < end; text++) {
		unsigned int digit = *text - '0';

		if (digit > 9)
			return -EINVAL;
		/* In a command that is not too long, only at the last digit. */
		if (nr > (U64_MAX - digit) / 10)
			return -ERANGE;
		nr = nr * 10 + digit;
	}

	*ret_nr = nr;
	return 0;
}

static int parse_letter(char letter, bool staged, struct ima_staging_cmd *ret_cmd)
{
	if (!staged)
		return -EINVAL;

	switch (letter) {
	case 'A':
		*ret_cmd = (struct ima_staging_cmd) {
			.verb = IMA_STAGING_STAGE, .nr = U64_MAX,
		};
		return 0;
	case 'S':
		*ret_cmd = (struct ima_staging_cmd) {
			.verb = IMA_STAGING_STAGE_SNAPSHOT,
		};
		return 0;
	case 'D':
		*ret_cmd = (struct ima_staging_cmd) {
			.verb = IMA_STAGING_DELETE,
		};
		return 0;
	default:
		return -EINVAL;
	}
}

/**
 * ima_staging_parse - parse a command
 * @text: what was written, not terminated
 * @len: its length in bytes
 * @staged: the file it was written to is that of the staged list
 * @ret_cmd: the command, untouched on failure
 *
 *	file		text	command
 *	staged		A\n	stage all
 *	staged		N\n	stage the first N records
 *	staged		S\n	stage what is before the last snapshot_aggregate
 *	staged		D\n	delete what is staged
 *	current		N\n	delete the first N records
 *	current		T:N\n	the same, if T records were deleted before
 *
 * Return: 0; -ERANGE if a number exceeds 64 bits, -EINVAL if anything else is
 * wrong with the text.
 */
int ima_staging_parse(const char *text, size_t len, bool staged,
		      struct ima_staging_cmd *ret_cmd)
{
	const char *end, *colon;
	struct ima_staging_cmd cmd = {};
	int ret;

	if (len < IMA_STAGING_CMD_MIN || len > IMA_STAGING_CMD_MAX)
		return -EINVAL;

	end = text + len - 1;
	if (*end != '\n')
		return -EINVAL;

	if (len == 2 && (text[0] < '0' || text[0] > '9'))
		return parse_letter(text[0], staged, ret_cmd);

	cmd.verb = staged ? IMA_STAGING_STAGE : IMA_STAGING_TRIM;
	colon = memchr(text, ':', end - text);
	if (colon) {
		if (staged)
			return -EINVAL;
		cmd.verb = IMA_STAGING_TRIM_GUARDED;
		ret = parse_number(text, colon, &cmd.nr_deleted);
		if (ret)
			return ret;
		text = colon + 1;
	}

	ret = parse_number(text, end, &cmd.nr);
	if (ret)
		return ret;
	if (!cmd.nr)
		return -EINVAL;

	*ret_cmd = cmd;
	return 0;
}

/**
 * ima_staging_init - make a measurement list stageable
 * @s: what to initialize
 * @extend_lock: see struct ima_staging, as for the others
 * @current_list: the list
 * @nr_current: its length in records
 * @len: its length in bytes
 */
void ima_staging_init(struct ima_staging *s, struct mutex *extend_lock,
		      struct list_head *current_list, atomic_long_t *nr_current,
		      unsigned long *len)
{
	memset(s, 0, sizeof(*s));
	s->extend_lock = extend_lock;
	s->current_list = current_list;
	s->nr_current = nr_current;
	s->len = len;
	INIT_LIST_HEAD(&s->staged_list);
	spin_lock_init(&s->count_lock);
	init_rwsem(&s->walk_sem);
	spin_lock_init(&s->access_lock);
}

/**
 * ima_staging_init_digests - say what digests duplicates are found by
 * @s: the measurement list, initialized, without records
 * @hash_algo: IMA's hash, an enum hash_algo
 * @digest_len: bytes of its digests
 * @key: random bytes
 */
void ima_staging_init_digests(struct ima_staging *s, u16 hash_algo,
			      unsigned int digest_len, const siphash_key_t *key)
{
	s->hash_algo = hash_algo;
	ima_digest_set_init(&s->digests, digest_len, key);
}

static void free_list(struct list_head *list)
{
	struct ima_queue_entry *qe, *tmp;

	list_for_each_entry_safe(qe, tmp, list, later) {
		list_del(&qe->later);
		ima_record_free(qe);
		cond_resched();
	}
}

/**
 * ima_staging_fini - free all records and digests
 * @s: the measurement list, which nobody uses any more
 */
void ima_staging_fini(struct ima_staging *s)
{
	free_list(&s->staged_list);
	free_list(s->current_list);
	ima_digest_set_fini(&s->digests);
}

/* The policy knows no others; the kernel before may have had them. */
static bool can_be_hashed(int pcr)
{
	return pcr >= 0 && pcr <= U8_MAX;
}

/**
 * ima_staging_reserve_digest - allocate what adding one digest can take
 * @s: the measurement list, with @s->extend_lock held
 *
 * Return: 0, or -ENOMEM.
 */
int ima_staging_reserve_digest(struct ima_staging *s)
{
	return ima_digest_set_reserve(&s->digests, 1);
}

/**
 * ima_staging_add_digest - let duplicates of a record be found
 * @s: the measurement list, with @s->extend_lock held since
 *     ima_staging_reserve_digest()
 * @qe: the record, of whose digest and PCR there is no other
 */
void ima_staging_add_digest(struct ima_staging *s, struct ima_queue_entry *qe)
{
	if (!can_be_hashed(qe->pcr))
		return;

	ima_digest_set_add(&s->digests, ima_record_digest(qe), qe->pcr);
	qe->hashed = true;
}

/**
 * ima_staging_has_digest - was there such a record?
 * @s: the measurement list, with @s->extend_lock held
 * @digest: its template digest by IMA's hash
 * @pcr: its PCR
 *
 * Return: whether there was, deleted or not.
 */
bool ima_staging_has_digest(struct ima_staging *s, const u8 *digest, int pcr)
{
	return can_be_hashed(pcr) &&
	       ima_digest_set_has(&s->digests, digest, pcr);
}

/**
 * ima_staging_nr_records - count all records since hard boot
 * @s: the measurement list, with @s->extend_lock held
 *
 * Return: how many there were, which is the absolute index of the next one.
 */
u64 ima_staging_nr_records(struct ima_staging *s)
{
	lockdep_assert_held(s->extend_lock);

	return (u64)atomic64_read(&s->nr_deleted) +
	       atomic_long_read(&s->nr_staged) + atomic_long_read(s->nr_current);
}

/**
 * ima_staging_counts - count the records of each list, of one moment
 * @s: the measurement list
 *
 * A record that is being added may or may not be counted. Does not sleep.
 *
 * Return: the counts.
 */
struct ima_staging_counts ima_staging_counts(struct ima_staging *s)
{
	struct ima_staging_counts counts;

	spin_lock(&s->count_lock);
	counts.nr_current = atomic_long_read(s->nr_current);
	counts.nr_staged = atomic_long_read(&s->nr_staged);
	counts.nr_deleted = atomic64_read(&s->nr_deleted);
	spin_unlock(&s->count_lock);
	return counts;
}

/**
 * ima_staging_suspend - freeze both lists, for good
 * @s: the measurement list
 *
 * On return no task is between adding a record and extending the PCR, and no
 * record is added or deleted any more (adding looks at @s->suspended itself).
 */
void ima_staging_suspend(struct ima_staging *s)
{
	mutex_lock(s->extend_lock);
	s->suspended = true;
	mutex_unlock(s->extend_lock);
}

static bool may_write(const struct ima_staging *s, const struct pid *task)
{
	if (s->nr_readers)
		return false;

	return !s->nr_writers || s->writer == task;
}

static int get_access(struct ima_staging *s, struct pid *writer)
{
	int ret = 0;

	spin_lock(&s->access_lock);
	if (writer ? !may_write(s, writer) : s->nr_writers > 0) {
		ret = -EBUSY;
	} else if (writer) {
		s->writer = writer;
		s->nr_writers++;
	} else {
		s->nr_readers++;
	}
	spin_unlock(&s->access_lock);
	return ret;
}

/**
 * ima_staging_open - open one of the lists: many readers or one writing task
 * @s: the measurement list
 * @f: the open file, initialized on success
 * @staged: open the staged list, not the current one
 * @write: commands may be given (the caller has checked capabilities)
 *
 * Both lists are one thing to lock. The task that has one open for writing may
 * open more for writing. To be given back with ima_staging_release(), by anyone.
 *
 * Return: 0; -EBUSY if another open file stands against it.
 */
int ima_staging_open(struct ima_staging *s, struct ima_staging_file *f,
		     bool staged, bool write)
{
	struct pid *opener = write ? get_task_pid(current, PIDTYPE_PID) : NULL;
	int ret;

	ret = get_access(s, opener);
	if (ret) {
		put_pid(opener);
		return ret;
	}

	*f = (struct ima_staging_file) {
		.staging = s,
		.opener = opener,
		.staged = staged,
		.generation = READ_ONCE(s->generation),
	};
	return 0;
}

/**
 * ima_staging_release - close what ima_staging_open() opened
 * @f: the open file
 */
void ima_staging_release(struct ima_staging_file *f)
{
	struct ima_staging *s = f->staging;

	spin_lock(&s->access_lock);
	if (!f->opener)
		s->nr_readers--;
	else if (!--s->nr_writers)
		s->writer = NULL;
	spin_unlock(&s->access_lock);
	put_pid(f->opener);
}

static struct list_head *list_of(struct ima_staging_file *f)
{
	return f->staged ? &f->staging->staged_list : f->staging->current_list;
}

/* The record behind @node, NULL at the end. Records may be appended meanwhile. */
static struct ima_queue_entry *record_after(struct list_head *head,
					    struct list_head *node)
{
	struct list_head *next = rcu_dereference_raw(list_next_rcu(node));

	return next == head ? NULL :
			      list_entry(next, struct ima_queue_entry, later);
}

/**
 * ima_staging_next - go on to the next record
 * @f: the open file, between ima_staging_start() and ima_staging_stop(), with a
 *     cursor
 *
 * Return: the record, owned by the list; NULL at the end, where the cursor stays
 * on the last one.
 */
struct ima_queue_entry *ima_staging_next(struct ima_staging_file *f)
{
	struct ima_queue_entry *qe = record_after(list_of(f), &f->cursor->later);

	if (qe) {
		f->cursor = qe;
		f->index++;
	}
	return qe;
}

static void rewind_cursor(struct ima_staging_file *f)
{
	f->cursor = record_after(list_of(f), list_of(f));
	f->index = 0;
	f->generation = READ_ONCE(f->staging->generation);
}

/**
 * ima_staging_start - find a record, cheaply if it is at the cursor or behind
 * @f: the open file
 * @pos: number of the record in its list, from 0
 *
 * Nothing is cut from the lists until ima_staging_stop(), to be called whatever
 * was found.
 *
 * Return: the record, owned by the list, which the cursor is now on; NULL past
 * the end.
 */
struct ima_queue_entry *ima_staging_start(struct ima_staging_file *f, u64 pos)
{
	down_read(&f->staging->walk_sem);
	if (!f->cursor || pos < f->index || ima_staging_moved(f))
		rewind_cursor(f);
	if (!f->cursor)
		return NULL;

	while (f->index < pos) {
		if (!ima_staging_next(f))
			return NULL;
		cond_resched();
	}
	return f->cursor;
}

/**
 * ima_staging_stop - let go of the lists after ima_staging_start()
 * @f: the open file, which keeps its cursor
 */
void ima_staging_stop(struct ima_staging_file *f)
{
	up_read(&f->staging->walk_sem);
}

/**
 * ima_staging_moved - were the lists cut since the cursor was set?
 * @f: the open file
 *
 * Return: true if the cursor, and anything buffered up to it, is of the past.
 */
bool ima_staging_moved(const struct ima_staging_file *f)
{
	return f->generation != READ_ONCE(f->staging->generation);
}

/*
 * The record behind which to cut the first @nr off, and the bytes of those as
 * serialized. There are at least so many, and only the caller cuts.
 */
static struct ima_queue_entry *find_cut(struct ima_staging *s, u64 nr,
					unsigned long *ret_len)
{
	struct ima_queue_entry *qe = NULL;
	struct list_head *node = s->current_list;
	unsigned long len = 0;

	while (nr--) {
		qe = record_after(s->current_list, node);
		len += ima_binary_runtime_size(qe->template_desc,
					       qe->template_data_len);
		node = &qe->later;
		cond_resched();
	}

	/* The neighbours that a cut writes to, while nobody waits for it. */
	prefetchw(s->current_list->next);
	prefetchw(READ_ONCE(qe->later.next));
	*ret_len = len;
	return qe;
}

/* A record that is cut off, or all of them are. The caller counts them. */
static void cut_current(struct ima_staging *s, struct ima_queue_entry *last,
			struct list_head *to)
{
	lockdep_assert_held(s->extend_lock);

	if (last)
		list_cut_position(to, s->current_list, &last->later);
	else
		list_splice_init(s->current_list, to);
	WRITE_ONCE(s->generation, s->generation + 1);
}

/* Nobody sees one count changed and another not. */
static void count_staged(struct ima_staging *s, long nr)
{
	lockdep_assert_held(s->extend_lock);

	spin_lock(&s->count_lock);
	atomic_long_sub(nr, s->nr_current);
	atomic_long_set(&s->nr_staged, nr);
	spin_unlock(&s->count_lock);
}

/* As count_staged(), for @nr records taken from the count @nr_before. */
static void count_deleted(struct ima_staging *s, atomic_long_t *nr_before,
			  long nr, unsigned long len)
{
	lockdep_assert_held(s->extend_lock);

	spin_lock(&s->count_lock);
	atomic_long_sub(nr, nr_before);
	atomic64_add(nr, &s->nr_deleted);
	spin_unlock(&s->count_lock);
	if (*s->len != ULONG_MAX)
		*s->len -= len;
}

/* How many records are before the last snapshot_aggregate of the current list? */
static u64 nr_before_snapshot(struct ima_staging *s)
{
	struct list_head *node = s->current_list;
	struct ima_queue_entry *qe;
	u64 nr = 0, ret = 0;

	while ((qe = record_after(s->current_list, node))) {
		if (ima_record_is_snapshot(qe))
			ret = nr;
		node = &qe->later;
		nr++;
		cond_resched();
	}
	return ret;
}

static int stage(struct ima_staging *s, u64 nr)
{
	struct ima_queue_entry *last = NULL;
	unsigned long len;
	long nr_current;
	int ret = 0;

	if (atomic_long_read(&s->nr_staged))
		return -EEXIST;

	mutex_lock(s->extend_lock);
	if (nr < (u64)atomic_long_read(s->nr_current)) {
		/* Too few are asked for, and more cannot become fewer. */
		mutex_unlock(s->extend_lock);
		last = find_cut(s, nr, &len);
		mutex_lock(s->extend_lock);
	}

	nr_current = atomic_long_read(s->nr_current);
	if (!nr_current) {
		ret = -ENOENT;
	} else if (s->suspended) {
		ret = -EACCES;
	} else {
		long nr_staged = last ? (long)nr : nr_current;

		s->staged_len = last ? len : *s->len;
		cut_current(s, last, &s->staged_list);
		count_staged(s, nr_staged);
	}
	mutex_unlock(s->extend_lock);
	return ret;
}

static int stage_snapshot(struct ima_staging *s)
{
	u64 nr;

	if (atomic_long_read(&s->nr_staged))
		return -EEXIST;

	nr = nr_before_snapshot(s);
	return nr ? stage(s, nr) : -ENOENT;
}

/* Detached records go to @ret_deleted, for the caller to free. */
static int delete_staged(struct ima_staging *s, struct list_head *ret_deleted)
{
	long nr = atomic_long_read(&s->nr_staged);
	int ret = 0;

	if (!nr)
		return -ENOENT;

	mutex_lock(s->extend_lock);
	if (s->suspended) {
		ret = -ESTALE;
	} else {
		list_splice_init(&s->staged_list, ret_deleted);
		count_deleted(s, &s->nr_staged, nr, s->staged_len);
		WRITE_ONCE(s->generation, s->generation + 1);
	}
	mutex_unlock(s->extend_lock);
	return ret;
}

/*
 * A record is in the list, for everyone to read, a moment before it is counted.
 * Whoever has read it may act on it: wait until it is counted.
 */
static bool has_records(struct ima_staging *s, u64 nr)
{
	bool ret;

	mutex_lock(s->extend_lock);
	ret = nr <= (u64)atomic_long_read(s->nr_current);
	mutex_unlock(s->extend_lock);
	return ret;
}

/* As delete_staged(), for the first records of the current list. */
static int trim(struct ima_staging *s, const struct ima_staging_cmd *cmd,
		struct list_head *ret_deleted)
{
	struct ima_queue_entry *last;
	unsigned long len;
	int ret = 0;

	if (s->flush_digests)
		return -EINVAL;
	if (atomic_long_read(&s->nr_staged))
		return -EEXIST;
	if (cmd->verb == IMA_STAGING_TRIM_GUARDED &&
	    cmd->nr_deleted != (u64)atomic64_read(&s->nr_deleted))
		return -EAGAIN;
	if (!has_records(s, cmd->nr))
		return -ENOENT;

	last = find_cut(s, cmd->nr, &len);
	mutex_lock(s->extend_lock);
	if (s->suspended) {
		ret = -ESTALE;
	} else {
		cut_current(s, last, ret_deleted);
		count_deleted(s, s->nr_current, cmd->nr, len);
	}
	mutex_unlock(s->extend_lock);
	return ret;
}

/* The first records of @from, as many as a batch has, to @ret_batch. */
static void take_batch(struct list_head *from, struct list_head *ret_batch)
{
	struct list_head *node = from;
	int nr = 0;

	while (nr++ < IMA_STAGING_BATCH && node->next != from)
		node = node->next;
	list_cut_position(ret_batch, from, node);
}

/* Let files with records like these be measured again. */
static void forget_digests(struct ima_staging *s, struct list_head *batch)
{
	struct ima_digest_chunk *spare;
	struct ima_queue_entry *qe;

	mutex_lock(s->extend_lock);
	list_for_each_entry(qe, batch, later) {
		if (qe->hashed)
			ima_digest_set_remove(&s->digests,
					      ima_record_digest(qe), qe->pcr);
	}
	spare = ima_digest_set_take_spare(&s->digests);
	mutex_unlock(s->extend_lock);
	ima_digest_chunks_free(spare);
}

static void free_deleted(struct ima_staging *s, struct list_head *deleted)
{
	while (s->flush_digests && !list_empty(deleted)) {
		LIST_HEAD(batch);

		take_batch(deleted, &batch);
		forget_digests(s, &batch);
		free_list(&batch);
	}
	free_list(deleted);
}

/**
 * ima_staging_execute - carry out a command
 * @f: a file open for writing
 * @cmd: the command, as parsed for the kind of file @f is
 *
 * Return: 0, or why nothing was done:
 *  -EINVAL	a trim while digests are flushed
 *  -EEXIST	stage or trim: something is staged
 *  -EAGAIN	guarded trim: another number of records was deleted before
 *  -ENOENT	there are no records, or not so many, to act on
 *  -EACCES	stage: suspended
 *  -ESTALE	delete or trim: suspended; the records will be in the list of the
 *		next kernel
 * in this order.
 */
int ima_staging_execute(struct ima_staging_file *f,
			const struct ima_staging_cmd *cmd)
{
	struct ima_staging *s = f->staging;
	LIST_HEAD(deleted);
	int ret;

	down_write(&s->walk_sem);
	switch (cmd->verb) {
	case IMA_STAGING_STAGE:
		ret = stage(s, cmd->nr);
		break;
	case IMA_STAGING_STAGE_SNAPSHOT:
		ret = stage_snapshot(s);
		break;
	case IMA_STAGING_DELETE:
		ret = delete_staged(s, &deleted);
		break;
	default:
		ret = trim(s, cmd, &deleted);
	}
	up_write(&s->walk_sem);
	free_deleted(s, &deleted);
	return ret;
}
