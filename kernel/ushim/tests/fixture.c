// SPDX-License-Identifier: MIT
/*
 * The measuring side, as the kernel's ima_queue.c does it: look for a duplicate
 * and append, in one go under the lock.
 */

#include <unistd.h>

#include <linux/errno.h>
#include <linux/overflow.h>
#include <linux/rculist.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/unaligned.h>

#include "fixture.h"
#include "tap.h"

#define NR_FIELDS 3
#define ID_ROOM 64

static struct ima_template_desc sig_desc = { "ima-sig", "", NR_FIELDS };
static struct ima_template_desc buf_desc = { "ima-buf", "", NR_FIELDS };
/* On the kernel's command line, ima_template_fmt= makes one without a name. */
static struct ima_template_desc fmt_desc = { "", "d-ng|n-ng|sig", NR_FIELDS };

static const char snapshot_text[] = "Snapshot_Attempt_Count=1;Records=2;";

void log_init(struct log *log, u64 max)
{
	*log = (struct log){ .max = max };
	log->rows = calloc(max, sizeof(*log->rows));
	must(log->rows, "no memory");
}

void log_fini(struct log *log)
{
	free(log->rows);
}

void fixture_init(struct fixture *fx, struct log *log)
{
	static const siphash_key_t key = { { 1, 2 } };

	memset(fx, 0, sizeof(*fx));
	mutex_init(&fx->lock);
	INIT_LIST_HEAD(&fx->list);
	ima_staging_init(&fx->s, &fx->lock, &fx->list, &fx->nr, &fx->len);
	ima_staging_init_digests(&fx->s, ima_hash_algo,
				 hash_digest_size[ima_hash_algo], &key);
	fx->log = log;
}

void fixture_fini(struct fixture *fx)
{
	ima_staging_fini(&fx->s);
	mutex_destroy(&fx->lock);
}

/* Blocks of memory that so many records and all digests take. */
u64 fixture_blocks(const struct fixture *fx, u64 nr_records)
{
	const struct ima_digest_set *set = &fx->s.digests;

	return nr_records + set->nr_chunks + set->nr_segments +
	       (set->segments ? 1 : 0);
}

bool id_is_snapshot(u32 id)
{
	return id % 37 == 5;
}

/* Of those that do not fit into a byte, the lowest byte is the PCR of its twin. */
int id_pcr(u32 id)
{
	return id % 41 == 7 ? 256 + 10 + !(id % 2) : 10 + id % 2;
}

bool id_can_be_known(u32 id)
{
	return id_pcr(id) <= U8_MAX;
}

static void put_number(u8 *ret_digest, u8 fill, size_t len, u32 number)
{
	memset(ret_digest, fill, len);
	put_unaligned_le32(number, ret_digest + len - sizeof(number));
}

/* By IMA's hash. */
void id_digest(u32 id, u8 ret_digest[FIXTURE_DIGEST_LEN])
{
	put_number(ret_digest, 0x5a, hash_digest_size[ima_hash_algo], id / 2);
}

/* By sha1, which may be another hash. */
static void id_sha1(u32 id, u8 ret_digest[FIXTURE_DIGEST_LEN])
{
	bool same = ima_sha1_idx == ima_hash_algo_idx;

	put_number(ret_digest, same ? 0x5a : 0xa5, SHA1_DIGEST_SIZE, id / 2);
}

/* The other way round, if there is such an id. */
u32 digest_id(const u8 *digest, int pcr)
{
	size_t len = hash_digest_size[ima_hash_algo];
	u32 id = 2 * get_unaligned_le32(digest + len - 4) + (pcr - 10);
	u8 expected[FIXTURE_DIGEST_LEN];

	id_digest(id, expected);
	must(id_pcr(id) == pcr && !memcmp(digest, expected, len),
	     "the digest of no id");
	return id;
}

static void set_field(struct ima_field_data *field, const char *data, u32 len)
{
	field->data = (u8 *)data;
	field->len = len;
}

/* The first has the id and a length that depends on it, so that sums tell. */
static struct ima_template_desc *fields_of(u32 id, u8 room[ID_ROOM],
					   struct ima_field_data *ret)
{
	static const char name[] = "snapshot_aggregate";

	memset(room, id, ID_ROOM);
	put_unaligned_le32(id, room);
	set_field(&ret[0], (char *)room, sizeof(id) + id % 61);
	set_field(&ret[1], name, sizeof(name) - !(id % 3));
	set_field(&ret[2], NULL, 0);
	switch (id % 37) {
	case 5:
		set_field(&ret[1], name, sizeof(name));
		set_field(&ret[2], snapshot_text, sizeof(snapshot_text) - 1);
		return &buf_desc;
	case 6:
		set_field(&ret[2], "Snapshot_Attempt", 16);
		return &buf_desc;
	case 7:
		return &fmt_desc;
	default:
		return &sig_desc;
	}
}

static struct ima_template_entry *entry_alloc(struct ima_template_desc *desc)
{
	struct ima_template_entry *entry;

	entry = kzalloc(struct_size(entry, template_data, NR_FIELDS),
			GFP_KERNEL);
	if (!entry)
		return NULL;

	entry->template_desc = desc;
	entry->digests = kcalloc(2, sizeof(*entry->digests), GFP_KERNEL);
	if (!entry->digests) {
		ima_free_template_entry(entry);
		return NULL;
	}
	return entry;
}

/* As in the kernel, a field that is empty has no data. */
static bool put_field(struct ima_template_entry *entry, int i,
		      const struct ima_field_data *field)
{
	u8 *data = field->len ? kmalloc(field->len, GFP_KERNEL) : NULL;

	if (field->len && !data)
		return false;

	memcpy(data, field->data, field->len);
	entry->template_data[i].data = data;
	entry->template_data[i].len = field->len;
	entry->template_data_len += sizeof(field->len) + field->len;
	return true;
}

static struct ima_template_entry *entry_new(u32 id, bool violation)
{
	struct ima_field_data fields[NR_FIELDS];
	struct ima_template_entry *entry;
	u8 room[ID_ROOM];

	entry = entry_alloc(fields_of(id, room, fields));
	if (!entry)
		return NULL;

	entry->pcr = id_pcr(id);
	for (int i = 0; i < NR_FIELDS; i++) {
		if (!put_field(entry, i, &fields[i])) {
			ima_free_template_entry(entry);
			return NULL;
		}
	}
	if (!violation) {
		id_sha1(id, entry->digests[ima_sha1_idx].digest);
		id_digest(id, entry->digests[ima_hash_algo_idx].digest);
	}
	return entry;
}

static bool is_known(struct fixture *fx, u32 id)
{
	u8 digest[FIXTURE_DIGEST_LEN];

	lockdep_assert_held(&fx->lock);
	id_digest(id, digest);
	return ima_staging_has_digest(&fx->s, digest, id_pcr(id));
}

/* Would a duplicate of it be found? */
bool fixture_is_known(struct fixture *fx, u32 id)
{
	bool ret;

	mutex_lock(&fx->lock);
	ret = is_known(fx, id);
	mutex_unlock(&fx->lock);
	return ret;
}

static int queue(struct fixture *fx, struct ima_template_entry *entry,
		 bool hashed)
{
	struct ima_queue_entry *qe;

	if (ima_staging_reserve_digest(&fx->s))
		return -ENOMEM;
	qe = ima_record_new(entry);
	if (!qe)
		return -ENOMEM;

	list_add_tail_rcu(&qe->later, &fx->list);
	if (fx->pause_us)
		usleep(fx->pause_us);
	atomic_long_inc(&fx->nr);
	if (hashed)
		ima_staging_add_digest(&fx->s, qe);
	fx->len += ima_binary_runtime_size(entry->template_desc,
					   entry->template_data_len);
	return 0;
}

static int append_locked(struct fixture *fx, struct ima_template_entry *entry,
			 u32 id, bool violation)
{
	struct log *log = fx->log;
	int ret;

	/* No record is counted twice or not at all, whoever holds the lock. */
	must(ima_staging_nr_records(&fx->s) == log->nr, "records counted");
	if (fx->s.suspended)
		return -EACCES;
	if (!violation && is_known(fx, id))
		return -EEXIST;
	if (log->nr == log->max)
		return -ENOSPC;

	log->rows[log->nr] = (struct log_row){
		.id = id,
		.violation = violation,
		.hashed = !violation && id_can_be_known(id),
		.nr_deleted = atomic64_read(&fx->s.nr_deleted),
	};
	ret = queue(fx, entry, !violation);
	if (!ret)
		log->nr++;
	return ret;
}

/* A violation is a duplicate of nothing. */
int fixture_append(struct fixture *fx, u32 id, bool violation)
{
	struct ima_template_entry *entry = entry_new(id, violation);
	int ret;

	if (!entry)
		return -ENOMEM;

	mutex_lock(&fx->lock);
	ret = append_locked(fx, entry, id, violation);
	mutex_unlock(&fx->lock);
	ima_free_template_entry(entry);
	return ret;
}

/*
 * A record of the kernel before, in the log already. With @digests, duplicates
 * of it are found, if it is the first of its digest.
 */
int fixture_restore(struct fixture *fx, struct log_row *row, bool digests)
{
	struct ima_template_entry *entry = entry_new(row->id, row->violation);
	int ret;

	if (!entry)
		return -ENOMEM;

	mutex_lock(&fx->lock);
	digests = digests && !row->violation && !is_known(fx, row->id);
	row->hashed = digests && id_can_be_known(row->id);
	ret = queue(fx, entry, digests);
	mutex_unlock(&fx->lock);
	ima_free_template_entry(entry);
	return ret;
}

u32 record_id(const struct ima_queue_entry *qe)
{
	union ima_record_view view;

	return get_unaligned_le32(
		ima_record_view(qe, &view)->template_data[0].data);
}

static void check_fields(const struct ima_queue_entry *qe, u32 id)
{
	struct ima_field_data fields[NR_FIELDS];
	struct ima_template_entry *entry;
	union ima_record_view view;
	u8 room[ID_ROOM];
	u32 len = 0;

	entry = ima_record_view(qe, &view);
	must(qe->template_desc == fields_of(id, room, fields), "template");
	for (int i = 0; i < NR_FIELDS; i++) {
		const struct ima_field_data *field = &entry->template_data[i];

		must(field->len == fields[i].len, "length of field %d", i);
		must(!field->len ||
			     !memcmp(field->data, fields[i].data, field->len),
		     "field %d", i);
		len += sizeof(field->len) + field->len;
	}
	must(entry->template_data_len == len && entry->pcr == id_pcr(id) &&
		     qe->template_data_len == len && qe->pcr == id_pcr(id),
	     "record %u", id);
}

static void check_digests(const struct ima_queue_entry *qe,
			  const struct log_row *row)
{
	u8 digest[FIXTURE_DIGEST_LEN] = {}, sha1[FIXTURE_DIGEST_LEN] = {};

	if (!row->violation) {
		id_digest(row->id, digest);
		id_sha1(row->id, sha1);
	}
	must(!memcmp(ima_record_digest(qe), digest,
		     hash_digest_size[ima_hash_algo]),
	     "digest");
	must(!memcmp(ima_record_sha1(qe), sha1, SHA1_DIGEST_SIZE), "sha1");
	must(ima_record_is_violation(qe) == row->violation, "violation");
	must(ima_record_is_snapshot(qe) == id_is_snapshot(row->id), "snapshot");
}

/* @qe is the record of that absolute index. */
void record_check(struct fixture *fx, const struct ima_queue_entry *qe,
		  u64 index)
{
	const struct log_row *row = &fx->log->rows[index];

	must(record_id(qe) == row->id, "record %llu is %u, not %u", index,
	     record_id(qe), row->id);
	check_fields(qe, row->id);
	check_digests(qe, row);
}

static unsigned long check_list(struct fixture *fx, struct list_head *list,
				u64 first, u64 nr)
{
	struct ima_queue_entry *qe;
	unsigned long len = 0;
	u64 i = 0;

	list_for_each_entry(qe, list, later) {
		must(i < nr, "more than %llu records", nr);
		record_check(fx, qe, first + i);
		must(qe->hashed == fx->log->rows[first + i].hashed, "hashed");
		len += ima_binary_runtime_size(qe->template_desc,
					       qe->template_data_len);
		i++;
	}
	must(i == nr, "%llu records instead of %llu", i, nr);
	return len;
}

/*
 * While nobody cuts: lists, counts and lengths are as they must be if so many
 * are deleted and staged.
 */
void fixture_check(struct fixture *fx, u64 nr_deleted, u64 nr_staged)
{
	unsigned long staged_len, current_len;
	u64 nr_current;

	mutex_lock(&fx->lock);
	nr_current = fx->log->nr - nr_deleted - nr_staged;
	must((u64)atomic64_read(&fx->s.nr_deleted) == nr_deleted, "deleted");
	must((u64)atomic_long_read(&fx->s.nr_staged) == nr_staged, "staged");
	must((u64)atomic_long_read(&fx->nr) == nr_current, "current");

	staged_len = check_list(fx, &fx->s.staged_list, nr_deleted, nr_staged);
	current_len =
		check_list(fx, &fx->list, nr_deleted + nr_staged, nr_current);
	must(fx->len == staged_len + current_len, "%lu, not %lu + %lu bytes",
	     fx->len, staged_len, current_len);
	must(!nr_staged || fx->s.staged_len == staged_len,
	     "%lu, not %lu bytes staged", fx->s.staged_len, staged_len);
	mutex_unlock(&fx->lock);
}
