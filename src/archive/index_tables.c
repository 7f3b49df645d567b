// SPDX-License-Identifier: MIT
/*
 * The index as tables: one function for each thing that is asked or changed.
 */
#include "archive/query.h"
#include "base/bytes.h"

#include <errno.h>
#include <stdlib.h>

/* Steps a statement that changes something, and gives it. */
static int finish(struct index *index, struct sqlite3_stmt *query)
{
	int r = query_step(index, query);

	query_give(index, query);
	return r == IMASTAGE_END ? 0 : r;
}

/* ---- boots ----------------------------------------------------------------- */

int index_add_boot(struct index *index, const struct archive_boot *key,
		   int64_t now, unsigned int banks, int64_t *ret_id)
{
	int r;
	struct sqlite3_stmt *query = query_take(index, QUERY_BOOT_ADD, &r);

	if (!query)
		return r;
	sql_bind(query, 1, (uint64_t)now);
	if (key->has_reset_count)
		sql_bind(query, 2, key->reset_count);
	sql_bind(query, 3, banks);
	r = finish(index, query);
	if (r == 0)
		*ret_id = sqlite3_last_insert_rowid(index->db);
	return r;
}

static int remove_by_boot(struct index *index, enum query which, int64_t boot)
{
	int r;
	struct sqlite3_stmt *query = query_take(index, which, &r);

	if (!query)
		return r;
	sql_bind(query, 1, (uint64_t)boot);
	return finish(index, query);
}

int index_set_tpm(struct index *index, int64_t boot,
		  const struct archive_boot *key)
{
	int r;
	struct sqlite3_stmt *query = query_take(index, QUERY_TPM_SET, &r);

	if (!query)
		return r;
	sql_bind(query, 1, (uint64_t)boot);
	sql_bind(query, 2, key->reset_count);
	sql_bind(query, 3, key->restart_count);
	if (key->ek_len)
		sql_bind_bytes(query, 4, bytes_of(key->ek, key->ek_len));
	return finish(index, query);
}

int index_remove_boot(struct index *index, int64_t boot)
{
	int r = remove_by_boot(index, QUERY_BOOT_REMOVE, boot);

	if (r == 0)
		r = remove_by_boot(index, QUERY_KERNELS_REMOVE, boot);
	if (r == 0)
		r = remove_by_boot(index, QUERY_TPM_REMOVE, boot);
	if (r == 0)
		r = remove_by_boot(index, QUERY_QUOTES_REMOVE, boot);
	return r == 0 ? index_remove_gaps(index, boot, INT64_MAX) : r;
}

int index_add_kernel(struct index *index, int64_t boot, const char *boot_id,
		     uint64_t first, int64_t now)
{
	int r;
	struct sqlite3_stmt *query = query_take(index, QUERY_KERNEL_ADD, &r);

	if (!query)
		return r;
	sql_bind(query, 1, (uint64_t)boot);
	sql_bind_text(query, 2, boot_id);
	sql_bind(query, 3, first);
	sql_bind(query, 4, (uint64_t)now);
	return finish(index, query);
}

static uint64_t larger(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static int get_ek(struct index *index, struct sqlite3_stmt *query,
		  struct archive_boot *boot)
{
	const void *name = sqlite3_column_blob(query, 15);
	int len = sqlite3_column_bytes(query, 15);

	if (len < 0 || len > (int)sizeof(boot->ek))
		return query_damaged(
			index, "the name of an endorsement key is too long");
	if (!name && len)
		return -ENOMEM;
	boot->ek_len = (uint8_t)len;
	if (len)
		memcpy(boot->ek, name, (size_t)len);
	return 0;
}

static int get_boot(struct index *index, struct sqlite3_stmt *query,
		    struct archive_boot *boot)
{
	uint64_t base = sql_number(query, 3);
	uint64_t end = larger(sql_number(query, 5), sql_number(query, 6));
	bool has_segments = sqlite3_column_type(query, 4) != SQLITE_NULL;
	int r = 0;

	*boot = (struct archive_boot){
		.id = (int64_t)sql_number(query, 0),
		.created = (int64_t)sql_number(query, 1),
		.has_reset_count = sqlite3_column_type(query, 2) != SQLITE_NULL,
		.reset_count = (uint32_t)sql_number(query, 2),
		.end = larger(base, end),
		.bytes = sql_number(query, 7),
		.stored_bytes = sql_number(query, 8),
		.nr_segments = sql_number(query, 9),
		.nr_gaps = sql_number(query, 10),
		.nr_kernels = sql_number(query, 11),
		.nr_records = sql_number(query, 13),
		.has_restart_count = sqlite3_column_type(query, 14) !=
				     SQLITE_NULL,
		.restart_count = (uint32_t)sql_number(query, 14),
	};
	if (boot->id <= 0 || boot->end > INT64_MAX / 4)
		return query_damaged(index, "a boot's number is out of range");
	boot->first = has_segments ? sql_number(query, 4) : boot->end;
	snprintf(boot->name, sizeof(boot->name), "%08lld", (long long)boot->id);
	if (boot->nr_kernels)
		r = query_text(index, query, 12, boot->boot_id,
			       sizeof(boot->boot_id));
	return r == 0 ? get_ek(index, query, boot) : r;
}

int index_next_boot(struct index *index, int64_t at_least,
		    struct archive_boot *ret_boot)
{
	int r;
	struct sqlite3_stmt *query = query_take(index, QUERY_BOOT_NEXT, &r);
	struct archive_boot boot;

	if (!query)
		return r;
	sql_bind(query, 1, (uint64_t)at_least);
	r = query_step(index, query);
	if (r == 0)
		r = get_boot(index, query, &boot);
	query_give(index, query);
	if (r == 0)
		*ret_boot = boot;
	return r;
}

int index_boot_before(struct index *index, int64_t before, int64_t *ret_id)
{
	int r;
	struct sqlite3_stmt *query = query_take(index, QUERY_BOOT_LAST, &r);

	if (!query)
		return r;
	sql_bind(query, 1, (uint64_t)before);
	r = query_step(index, query);
	if (r == 0 && sqlite3_column_type(query, 0) == SQLITE_NULL)
		r = IMASTAGE_END;
	if (r == 0)
		*ret_id = (int64_t)sql_number(query, 0);
	query_give(index, query);
	return r;
}

int index_last_boot(struct index *index, int64_t *ret_id)
{
	return index_boot_before(index, INT64_MAX, ret_id);
}

static int get_base(struct index *index, struct sqlite3_stmt *query,
		    struct index_base *base)
{
	base->place = (struct archive_place){
		sql_number(query, 0),
		sql_number(query, 1),
		sql_number(query, 2),
	};
	base->banks = (unsigned int)sql_number(query, 4);
	if (base->place.index > INT64_MAX / 4 ||
	    base->place.binary > INT64_MAX / 4 ||
	    base->place.ascii > INT64_MAX / 4)
		return query_damaged(index, "a boot's base is out of range");
	return query_sha256(index, query, 3, base->chain);
}

int index_get_base(struct index *index, int64_t boot,
		   struct index_base *ret_base)
{
	int r;
	struct sqlite3_stmt *query = query_take(index, QUERY_BASE_GET, &r);
	struct index_base base = { 0 };

	if (!query)
		return r;
	sql_bind(query, 1, (uint64_t)boot);
	r = query_step(index, query);
	if (r == 0)
		r = get_base(index, query, &base);
	if (r == 0)
		r = query_blob(query, 5, &base.state);
	query_give(index, query);
	if (r == 0)
		*ret_base = base;
	else
		free(base.state.data);
	return r;
}

int index_set_base(struct index *index, int64_t boot,
		   const struct index_base *base)
{
	int r;
	struct sqlite3_stmt *query = query_take(index, QUERY_BASE_SET, &r);

	if (!query)
		return r;
	sql_bind(query, 1, (uint64_t)boot);
	sql_bind(query, 2, base->place.index);
	sql_bind(query, 3, base->place.binary);
	sql_bind(query, 4, base->place.ascii);
	sql_bind_bytes(query, 5, bytes_of(base->chain, sizeof(base->chain)));
	sql_bind_bytes(query, 6, bytes_of(base->state.data, base->state.len));
	return finish(index, query);
}

/* ---- segments -------------------------------------------------------------- */

static void get_numbers(struct sqlite3_stmt *query, struct row *row)
{
	row->id = (int64_t)sql_number(query, 0);
	row->is = (struct archive_segment){
		.boot = (int64_t)sql_number(query, 1),
		.first = sql_number(query, 2),
		.count = sql_number(query, 3),
		.bytes = sql_number(query, 4),
		.ascii = sql_number(query, 5),
		.binary_start = sql_number(query, 6),
		.ascii_start = sql_number(query, 7),
		.endian = sql_number(query, 8) ? IMASTAGE_BIG : IMASTAGE_LITTLE,
		.sealed = sql_number(query, 9) != 0,
		.compressed = sql_number(query, 10) != 0,
		.stored_bytes = sql_number(query, 11),
		.created = (int64_t)sql_number(query, 12),
		.changed = (int64_t)sql_number(query, 13),
	};
}

static int get_row(struct index *index, struct sqlite3_stmt *query,
		   struct row *row)
{
	const char *reason;
	int r;

	get_numbers(query, row);
	reason = row->id > 0 ? row_check(row) : "a segment has no number";
	if (reason)
		return query_damaged(index, reason);
	r = query_sha256(index, query, 14, row->is.sha256);
	if (r == 0)
		r = query_sha256(index, query, 15, row->is.chain);
	if (r == 0)
		r = query_blob(query, 16, &row->marks);
	if (r == 0)
		r = query_blob(query, 17, &row->frames);
	return r == 0 ? query_blob(query, 18, &row->state) : r;
}

/* Steps @query, whose own parameters are bound, and gives it. */
static int find_row(struct index *index, struct sqlite3_stmt *query,
		    uint64_t at, unsigned int parts, struct row *row)
{
	int r;

	sql_bind(query, 2, at < INT64_MAX ? at : INT64_MAX);
	sql_bind(query, 3, parts);
	r = query_step(index, query);
	if (r == 0)
		r = get_row(index, query, row);
	query_give(index, query);
	return r;
}

static int find_segment(struct index *index, enum query which, int64_t boot,
			uint64_t at, unsigned int parts, struct row *row)
{
	int r;
	struct sqlite3_stmt *query = query_take(index, which, &r);

	if (!query)
		return r;
	sql_bind(query, 1, (uint64_t)boot);
	return find_row(index, query, at, parts, row);
}

int index_segment_at(struct index *index, int64_t boot, uint64_t at,
		     unsigned int parts, struct row *row)
{
	return find_segment(index, QUERY_SEGMENT_AT, boot, at, parts, row);
}

int index_segment_from(struct index *index, int64_t boot, uint64_t at,
		       unsigned int parts, struct row *row)
{
	return find_segment(index, QUERY_SEGMENT_FROM, boot, at, parts, row);
}

int index_segment_to_compress(struct index *index, int64_t last, int64_t boot,
			      uint64_t at, struct row *row)
{
	int r;
	struct sqlite3_stmt *query = query_take(index, QUERY_SEGMENT_RAW, &r);

	if (!query)
		return r;
	sql_bind(query, 1, (uint64_t)last);
	sql_bind(query, 4, (uint64_t)boot);
	return find_row(index, query, at, INDEX_MARKS | INDEX_STATE, row);
}

static void bind_row(struct sqlite3_stmt *query, const struct row *row)
{
	const struct archive_segment *is = &row->is;
	const uint64_t numbers[] = {
		(uint64_t)is->boot,
		is->first,
		is->count,
		is->bytes,
		is->ascii,
		is->binary_start,
		is->ascii_start,
		is->endian == IMASTAGE_BIG,
		is->sealed,
		is->compressed,
		is->stored_bytes,
		(uint64_t)is->created,
		(uint64_t)is->changed,
	};

	if (row->id)
		sql_bind(query, 1, (uint64_t)row->id);
	for (int i = 0; i < 13; i++)
		sql_bind(query, 2 + i, numbers[i]);
	sql_bind_bytes(query, 15, bytes_of(is->sha256, sizeof(is->sha256)));
	sql_bind_bytes(query, 16, bytes_of(is->chain, sizeof(is->chain)));
	sql_bind_bytes(query, 17, bytes_of(row->state.data, row->state.len));
	sql_bind_bytes(query, 18, bytes_of(row->marks.data, row->marks.len));
	sql_bind_bytes(query, 19, bytes_of(row->frames.data, row->frames.len));
}

int index_put_segment(struct index *index, struct row *row)
{
	int r;
	struct sqlite3_stmt *query = query_take(index, QUERY_SEGMENT_PUT, &r);

	if (!query)
		return r;
	bind_row(query, row);
	r = finish(index, query);
	if (r == 0)
		row->id = sqlite3_last_insert_rowid(index->db);
	return r;
}

int index_remove_segment(struct index *index, int64_t id)
{
	return remove_by_boot(index, QUERY_SEGMENT_REMOVE, id);
}

int index_stored_bytes(struct index *index, uint64_t *ret_bytes)
{
	int r;
	struct sqlite3_stmt *query = query_take(index, QUERY_STORED_BYTES, &r);

	if (!query)
		return r;
	r = query_step(index, query);
	if (r == 0)
		*ret_bytes = sql_number(query, 0);
	query_give(index, query);
	return r;
}
