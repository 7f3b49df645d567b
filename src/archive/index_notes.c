// SPDX-License-Identifier: MIT
/*
 * The small tables of the index: gaps, what is pending, notes, holds, quotes.
 */
#include "archive/query.h"
#include "base/bytes.h"

#include <errno.h>
#include <stdlib.h>

static int finish(struct index *index, struct sqlite3_stmt *query)
{
	int r = query_step(index, query);

	query_give(index, query);
	return r == IMASTAGE_END ? 0 : r;
}

/* ---- gaps ------------------------------------------------------------------ */

static int get_gap(struct index *index, struct sqlite3_stmt *query,
		   struct archive_gap *gap)
{
	*gap = (struct archive_gap){
		.boot = (int64_t)sql_number(query, 0),
		.first = sql_number(query, 1),
		.count = sql_number(query, 2),
		.created = (int64_t)sql_number(query, 3),
	};
	if (gap->first > INT64_MAX / 4 || gap->count > INT64_MAX / 4)
		return query_damaged(index, "a gap is out of range");
	return query_text(index, query, 4, gap->reason, sizeof(gap->reason));
}

int index_next_gap(struct index *index, int64_t boot, uint64_t at,
		   struct archive_gap *ret_gap)
{
	int r;
	struct sqlite3_stmt *query = query_take(index, QUERY_GAP_NEXT, &r);
	struct archive_gap gap;

	if (!query)
		return r;
	sql_bind(query, 1, (uint64_t)boot);
	sql_bind(query, 2, at < INT64_MAX ? at : INT64_MAX);
	r = query_step(index, query);
	if (r == 0)
		r = get_gap(index, query, &gap);
	query_give(index, query);
	if (r == 0)
		*ret_gap = gap;
	return r;
}

int index_put_gap(struct index *index, const struct archive_gap *gap)
{
	int r;
	struct sqlite3_stmt *query = query_take(index, QUERY_GAP_PUT, &r);

	if (!query)
		return r;
	sql_bind(query, 1, (uint64_t)gap->boot);
	sql_bind(query, 2, gap->first);
	sql_bind(query, 3, gap->count);
	sql_bind(query, 4, (uint64_t)gap->created);
	sql_bind_text(query, 5, gap->reason);
	return finish(index, query);
}

int index_remove_gaps(struct index *index, int64_t boot, uint64_t before)
{
	int r;
	struct sqlite3_stmt *query = query_take(index, QUERY_GAPS_REMOVE, &r);

	if (!query)
		return r;
	sql_bind(query, 1, (uint64_t)boot);
	sql_bind(query, 2, before);
	return finish(index, query);
}

/* ---- what is pending ------------------------------------------------------- */

int index_set_pending(struct index *index,
		      const struct archive_pending *pending)
{
	enum query which = pending ? QUERY_PENDING_SET : QUERY_PENDING_CLEAR;
	int r;
	struct sqlite3_stmt *query = query_take(index, which, &r);

	if (!query)
		return r;
	if (pending) {
		sql_bind(query, 1, pending->first);
		sql_bind(query, 2, pending->count);
		sql_bind(query, 3, pending->method);
	}
	return finish(index, query);
}

/* Of one that is not known, the least is taken for granted. */
static enum archive_method method_of(uint64_t number)
{
	return number == ARCHIVE_STAGED || number == ARCHIVE_TRIM ?
		       (enum archive_method)number :
		       ARCHIVE_COPIED;
}

int index_get_pending(struct index *index, struct archive_pending *ret_pending)
{
	int r;
	struct sqlite3_stmt *query = query_take(index, QUERY_PENDING_GET, &r);

	if (!query)
		return r;
	r = query_step(index, query);
	if (r == 0)
		*ret_pending = (struct archive_pending){
			.first = sql_number(query, 0),
			.count = sql_number(query, 1),
			.method = method_of(sql_number(query, 2)),
		};
	query_give(index, query);
	return r;
}

/* ---- notes ----------------------------------------------------------------- */

int index_set_note(struct index *index, const char *key, const char *value)
{
	enum query which = value ? QUERY_NOTE_SET : QUERY_NOTE_CLEAR;
	int r;
	struct sqlite3_stmt *query = query_take(index, which, &r);

	if (!query)
		return r;
	sql_bind_text(query, 1, key);
	if (value)
		sql_bind_text(query, 2, value);
	return finish(index, query);
}

int index_get_note(struct index *index, const char *key,
		   char ret_value[ARCHIVE_VALUE_MAX])
{
	int r;
	struct sqlite3_stmt *query = query_take(index, QUERY_NOTE_GET, &r);

	if (!query)
		return r;
	sql_bind_text(query, 1, key);
	r = query_step(index, query);
	if (r == 0)
		r = query_text(index, query, 0, ret_value, ARCHIVE_VALUE_MAX);
	query_give(index, query);
	return r;
}

/* ---- holds ----------------------------------------------------------------- */

int index_put_hold(struct index *index, const struct archive_hold *hold)
{
	int r;
	struct sqlite3_stmt *query = query_take(index, QUERY_HOLD_PUT, &r);

	if (!query)
		return r;
	sql_bind_text(query, 1, hold->name);
	sql_bind(query, 2, (uint64_t)hold->boot);
	sql_bind(query, 3, hold->from);
	sql_bind(query, 4, (uint64_t)hold->changed);
	return finish(index, query);
}

int index_remove_hold(struct index *index, const char *name)
{
	int r, removed;
	struct sqlite3_stmt *query = query_take(index, QUERY_HOLD_REMOVE, &r);

	if (!query)
		return r;
	sql_bind_text(query, 1, name);
	removed = query_step(index, query);
	r = removed == 0 ? query_step(index, query) : removed;
	query_give(index, query);
	return removed == 0 && r == IMASTAGE_END ? 0 : r;
}

static int find_hold(struct index *index, enum query which, const char *after,
		     struct archive_hold *ret_hold)
{
	int r;
	struct sqlite3_stmt *query = query_take(index, which, &r);
	struct archive_hold hold = { 0 };

	if (!query)
		return r;
	if (after)
		sql_bind_text(query, 1, after);
	r = query_step(index, query);
	if (r == 0) {
		hold.boot = (int64_t)sql_number(query, 1);
		hold.from = sql_number(query, 2);
		hold.changed = (int64_t)sql_number(query, 3);
		r = query_text(index, query, 0, hold.name, sizeof(hold.name));
	}
	query_give(index, query);
	if (r == 0)
		*ret_hold = hold;
	return r;
}

int index_next_hold(struct index *index, const char *after,
		    struct archive_hold *ret_hold)
{
	return find_hold(index, QUERY_HOLD_NEXT, after, ret_hold);
}

int index_oldest_hold(struct index *index, struct archive_hold *ret_hold)
{
	return find_hold(index, QUERY_HOLD_OLDEST, NULL, ret_hold);
}

/* ---- quotes ---------------------------------------------------------------- */

int index_add_quote(struct index *index, const struct archive_quote *quote)
{
	int r;
	struct sqlite3_stmt *query = query_take(index, QUERY_QUOTE_ADD, &r);

	if (!query)
		return r;
	sql_bind(query, 1, (uint64_t)quote->boot);
	sql_bind(query, 2, quote->chained);
	sql_bind_bytes(query, 3, bytes_of(quote->chain, sizeof(quote->chain)));
	sql_bind(query, 4, quote->end);
	sql_bind(query, 5, (uint64_t)quote->created);
	sql_bind_bytes(query, 6, quote->msg);
	sql_bind_bytes(query, 7, quote->sig);
	sql_bind_bytes(query, 8, quote->pcrs);
	sql_bind_bytes(query, 9, quote->ak);
	return finish(index, query);
}

int index_thin_quotes(struct index *index, int64_t boot)
{
	int r;
	struct sqlite3_stmt *query = query_take(index, QUERY_QUOTES_THIN, &r);

	if (!query)
		return r;
	sql_bind(query, 1, (uint64_t)boot);
	sql_bind(query, 2, ARCHIVE_QUOTES_MAX - 2);
	return finish(index, query);
}

/* Its bytes, which are those of anybody: only their number is looked at. */
static int get_part(struct index *index, struct sqlite3_stmt *query, int at,
		    struct imastage_buffer *buffer, struct imastage_bytes *part)
{
	int len = sqlite3_column_bytes(query, at), r;

	if (len <= 0 || (size_t)len > ARCHIVE_QUOTE_PART_MAX)
		return query_damaged(index,
				     "a part of a quote is empty or too long");
	r = query_blob(query, at, buffer);
	if (r == 0)
		*part = bytes_of(buffer->data, buffer->len);
	return r;
}

static int get_quote(struct index *index, struct sqlite3_stmt *query,
		     struct index_quote *quote)
{
	struct archive_quote *is = &quote->is;
	int r;

	quote->id = (int64_t)sql_number(query, 0);
	is->chained = sql_number(query, 1);
	is->end = sql_number(query, 3);
	is->created = (int64_t)sql_number(query, 4);
	if (is->chained > is->end || is->end > INT64_MAX / 4)
		return query_damaged(index,
				     "a quote is of records that cannot be");
	r = query_sha256(index, query, 2, is->chain);
	if (r == 0)
		r = get_part(index, query, 5, &quote->msg, &is->msg);
	if (r == 0)
		r = get_part(index, query, 6, &quote->sig, &is->sig);
	if (r == 0)
		r = get_part(index, query, 7, &quote->pcrs, &is->pcrs);
	if (r == 0)
		r = get_part(index, query, 8, &quote->ak, &is->ak);
	return r;
}

int index_next_quote(struct index *index, int64_t boot,
		     struct index_quote *quote)
{
	int r;
	struct sqlite3_stmt *query = query_take(index, QUERY_QUOTE_NEXT, &r);

	if (!query)
		return r;
	sql_bind(query, 1, (uint64_t)boot);
	sql_bind(query, 2, (uint64_t)quote->id);
	r = query_step(index, query);
	if (r == 0)
		r = get_quote(index, query, quote);
	query_give(index, query);
	quote->is.boot = boot;
	return r;
}

void index_quote_fini(struct index_quote *quote)
{
	free(quote->msg.data);
	free(quote->sig.data);
	free(quote->pcrs.data);
	free(quote->ak.data);
}
