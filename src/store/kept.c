// SPDX-License-Identifier: MIT
/*
 * Rows of rounds that are kept.
 */
#include "log/buffer.h"
#include "store/chain.h"
#include "store/keep.h"
#include "store/machine.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int get_hash(struct store *store, struct sqlite3_stmt *query, int at,
		    uint8_t ret_hash[32], size_t *ret_len)
{
	int r = db_copy(store, query, at, 32, ret_hash, ret_len);

	return r == 0 && *ret_len != 0 && *ret_len != 32 ?
		       db_damaged(store, "a digest is not one of SHA-256") :
		       r;
}

static int get_rest(struct store *store, struct sqlite3_stmt *query,
		    struct store_kept *kept)
{
	size_t len = 0;
	int r = get_hash(store, query, 2, kept->sha256, &len);

	if (r == 0 && len == 0)
		r = db_damaged(store, "evidence is kept without a digest");
	if (r == 0)
		r = get_hash(store, query, 9, kept->policy, &len);
	if (r < 0)
		return r;
	kept->has_policy = len > 0;
	kept->outcomes.len = 0;
	return buffer_put(&kept->outcomes, db_bytes(query, 10));
}

static int get_row(struct store *store, struct sqlite3_stmt *query,
		   struct store_kept *kept)
{
	uint64_t result = sql_number(query, 5);

	kept->id = sql_number(query, 0);
	kept->bytes = sql_number(query, 3);
	kept->made = sql_number(query, 4);
	kept->resets = (uint32_t)sql_number(query, 6);
	kept->first = sql_number(query, 7);
	kept->next = sql_number(query, 8);
	if (result > VERIFY_REJECTED || result == VERIFY_NONE)
		return db_damaged(store, "a verdict is none");
	kept->result = (enum verify_result)result;
	return db_text(store, query, 1, kept->name, sizeof(kept->name));
}

int store_next_kept(struct store *store, const char *machine, uint64_t after,
		    struct store_kept *ret_kept)
{
	int r;
	struct sqlite3_stmt *query = db_take(store, QUERY_KEPT_NEXT, &r);

	if (!query)
		return r;
	sql_bind_text(query, 1, machine);
	sql_bind(query, 2, after);
	r = db_step(store, query);
	if (r == 0)
		r = get_row(store, query, ret_kept);
	if (r == 0)
		r = get_rest(store, query, ret_kept);
	sqlite3_reset(query);
	return r == DB_END ? STORE_UNKNOWN : r;
}

static int sum(struct store *store, struct sqlite3_stmt *query,
	       struct store_kept_sum *ret_sum)
{
	int r = db_step(store, query);
	if (r == 0)
		*ret_sum = (struct store_kept_sum){ sql_number(query, 0),
						    sql_number(query, 1) };
	sqlite3_reset(query);
	return r == DB_END ? 0 : r;
}

int store_sum_kept(struct store *store, const char *machine,
		   struct store_kept_sum *ret_sum)
{
	int r;
	struct sqlite3_stmt *query = db_take(store, QUERY_KEPT_SUM, &r);

	if (!query)
		return r;
	sql_bind_text(query, 1, machine);
	return sum(store, query, ret_sum);
}

/* ---- forgetting ------------------------------------------------------------------------ */

static int sum_before(struct store *store, const char *machine, uint64_t before,
		      struct store_kept_sum *ret_sum)
{
	int r;
	struct sqlite3_stmt *query = db_take(store, QUERY_KEPT_SUM_BEFORE, &r);

	if (!query)
		return r;
	sql_bind_text(query, 1, machine);
	sql_bind(query, 2, before);
	return sum(store, query, ret_sum);
}

static int remove_before(struct store *store, const char *machine,
			 uint64_t before)
{
	int r;
	struct sqlite3_stmt *query =
		db_take(store, QUERY_KEPT_REMOVE_BEFORE, &r);

	if (!query)
		return r;
	sql_bind_text(query, 1, machine);
	sql_bind(query, 2, before);
	return db_finish(store, query);
}

static int forget_rows(struct store *store, const char *machine,
		       uint64_t before, const char *reason, uint64_t now,
		       struct store_kept_sum *ret_removed)
{
	struct store_machine *known = malloc(sizeof(*known));
	int r = known ? store_get_machine(store, machine, known) : -ENOMEM;

	free(known);
	*ret_removed = (struct store_kept_sum){ 0 };
	if (r == 0)
		r = sum_before(store, machine, before, ret_removed);
	if (r || !ret_removed->nr)
		return r;
	r = remove_before(store, machine, before);
	return r < 0 ? r : decision_put(store, machine, "forget", reason, now);
}

int store_forget_kept(struct store *store, const char *machine, uint64_t before,
		      const char *reason, uint64_t now,
		      struct store_kept_sum *ret_removed)
{
	int r = db_begin(store);

	if (r == 0)
		r = db_end(store, forget_rows(store, machine, before, reason,
					      now, ret_removed));
	return r ? r : kept_forget(store, machine);
}

/* ---- as it was then ------------------------------------------------------------------- */

static int get_asked(struct store *store, struct sqlite3_stmt *query,
		     struct evidence_selections *ret_asked)
{
	uint8_t data[KEEP_ASKED_LEN * IMASTAGE_SELECTIONS_MAX];
	const uint8_t *at = data;
	size_t len = 0;
	int r = db_copy(store, query, 2, sizeof(data), data, &len);

	if (r < 0)
		return r;
	if (len % KEEP_ASKED_LEN)
		return db_damaged(store, "PCRs are not of their form");
	ret_asked->nr = len / KEEP_ASKED_LEN;
	for (size_t i = 0; i < ret_asked->nr; i++, at += KEEP_ASKED_LEN) {
		ret_asked->of[i].alg = (uint16_t)(at[0] << 8 | at[1]);
		ret_asked->of[i].pcrs = (uint32_t)at[2] << 24 |
					(uint32_t)at[3] << 16 |
					(uint32_t)at[4] << 8 | at[5];
	}
	return 0;
}

static int get_challenge(struct store *store, struct sqlite3_stmt *query,
			 struct store_round *round)
{
	struct imastage_bytes text = db_bytes(query, 3);
	struct evidence_error error;

	round->has_challenge = text.len > 0;
	round->state = VERIFY_CHALLENGE_OPEN;
	if (!round->has_challenge)
		return 0;
	return challenge_parse(text, &round->challenge, &error) < 0 ?
		       db_damaged(store, "a challenge is none") :
		       0;
}

static int get_machine(struct store *store, struct sqlite3_stmt *query,
		       struct store_machine *machine)
{
	int r = db_copy(store, query, 0, sizeof(machine->ak.data),
			machine->ak.data, &machine->ak.len);

	if (r == 0)
		r = db_copy(store, query, 1,
			    sizeof(machine->ak_qualified.bytes),
			    machine->ak_qualified.bytes,
			    &machine->ak_qualified.len);
	return r < 0 ? r :
		       db_text(store, query, 7, machine->id,
			       sizeof(machine->id));
}

/* The checkpoint that was the newest; of another verifier's it says nothing. */
static int get_checkpoint(struct store *store, struct sqlite3_stmt *query,
			  struct store_round *round)
{
	struct imastage_bytes envelope = db_bytes(query, 6);
	struct evidence_error error;
	int r;

	round->has_checkpoint = sql_number(query, 5);
	if (envelope.len == 0)
		return round->has_checkpoint ? KEPT_UNCHAINED : 0;
	r = checkpoint_open(envelope, &store->keys, &round->checkpoint, &error);
	if (r == 0)
		r = checkpoint_hash(envelope, round->hash);
	if (r > 0 || r == -EBADMSG)
		return KEPT_UNCHAINED;
	round->sequence = round->checkpoint.sequence;
	return r < 0 || strcmp(round->checkpoint.machine, round->machine.id) ?
		       (r < 0 ? r : KEPT_UNCHAINED) :
		       0;
}

static int get_round(struct store *store, struct sqlite3_stmt *query,
		     struct store_round *round,
		     struct evidence_selections *ret_asked)
{
	int r = get_machine(store, query, &round->machine);

	if (r == 0)
		r = get_asked(store, query, ret_asked);
	if (r == 0)
		r = get_challenge(store, query, round);
	round->reverify = sql_number(query, 4);
	return r < 0 ? r : get_checkpoint(store, query, round);
}

int kept_round(struct store *store, uint64_t id, struct store_round *ret_round,
	       struct evidence_selections *ret_asked)
{
	int r;
	struct sqlite3_stmt *query = db_take(store, QUERY_KEPT_ROUND, &r);

	if (!query)
		return r;
	sql_bind(query, 1, id);
	r = db_step(store, query);
	if (r == 0)
		r = get_round(store, query, ret_round, ret_asked);
	sqlite3_reset(query);
	if (r == DB_END)
		return db_damaged(store, "a round is gone");
	if (r == 0 && ret_round->sequence > 0)
		r = chain_knows(store, ret_round->machine.id,
				ret_round->sequence, ret_round->hash);
	return r == STORE_UNKNOWN ? KEPT_UNCHAINED : r;
}
