// SPDX-License-Identifier: MIT
/*
 * The chain of checkpoints. The newest two envelopes are kept, and the hashes of all: so an
 * older one is known for what it is.
 */
#include "store/chain.h"
#include "base/util.h"
#include "log/buffer.h"

#include <errno.h>

/* The number and hash of a row. */
static int get_link(struct store *store, struct sqlite3_stmt *query,
		    uint64_t *ret_sequence,
		    uint8_t ret_hash[CHECKPOINT_HASH_LEN])
{
	uint8_t hash[CHECKPOINT_HASH_LEN];
	size_t len;
	int r = db_copy(store, query, 1, sizeof(hash), hash, &len);

	if (r == 0 && len != sizeof(hash))
		r = db_damaged(store, "a digest is not one of SHA-256");
	if (r < 0)
		return r;
	memcpy(ret_hash, hash, sizeof(hash));
	*ret_sequence = sql_number(query, 0);
	return 0;
}

/* STORE_UNKNOWN: there is none. */
static int get_last(struct store *store, const char *machine,
		    uint64_t *ret_sequence,
		    uint8_t ret_hash[CHECKPOINT_HASH_LEN],
		    struct imastage_buffer *envelope)
{
	int r;
	struct sqlite3_stmt *query = db_take(store, QUERY_CHECKPOINT_LAST, &r);

	if (!query)
		return r;
	sql_bind_text(query, 1, machine);
	r = db_step(store, query);
	if (r == 0)
		r = get_link(store, query, ret_sequence, ret_hash);
	if (r == 0 && envelope)
		r = buffer_put(envelope, db_bytes(query, 2));
	sqlite3_reset(query);
	return r == DB_END ? STORE_UNKNOWN : r;
}

/* The hash of an earlier one. STORE_UNKNOWN */
static int get_hash(struct store *store, const char *machine, uint64_t sequence,
		    uint8_t ret_hash[CHECKPOINT_HASH_LEN])
{
	int r;
	struct sqlite3_stmt *query = db_take(store, QUERY_CHECKPOINT_AT, &r);

	if (!query)
		return r;
	sql_bind_text(query, 1, machine);
	sql_bind(query, 2, sequence);
	r = db_step(store, query);
	if (r == 0)
		r = get_link(store, query, &sequence, ret_hash);
	sqlite3_reset(query);
	return r == DB_END ? STORE_UNKNOWN : r;
}

int chain_knows(struct store *store, const char *machine, uint64_t sequence,
		const uint8_t hash[CHECKPOINT_HASH_LEN])
{
	uint8_t known[CHECKPOINT_HASH_LEN];
	int r = get_hash(store, machine, sequence, known);

	return r == 0 && memcmp(known, hash, sizeof(known)) ? STORE_UNKNOWN : r;
}

static int unsigned_or(struct store *store, int r, const char *machine)
{
	switch (r) {
	case DSSE_UNSIGNED:
		say(store->say, SAY_ERROR,
		    "%s: the checkpoint of machine %s was signed by no accepted key; accept the key that it was signed with",
		    store->path, machine);
		return -EBADMSG;
	case DSSE_OTHER_TYPE:
	case -EBADMSG:
		return db_damaged(store, "a checkpoint is none");
	default:
		return r;
	}
}

static int check_previous(struct store *store,
			  const struct checkpoint *checkpoint)
{
	uint8_t hash[CHECKPOINT_HASH_LEN] = { 0 };
	int r = 0;

	if (checkpoint->sequence > 1)
		r = get_hash(store, checkpoint->machine,
			     checkpoint->sequence - 1, hash);
	if (r < 0)
		return r;
	return r == STORE_UNKNOWN || memcmp(hash, checkpoint->previous,
					    sizeof(hash)) ?
		       db_damaged(store, "the chain of checkpoints is broken") :
		       0;
}

/* Is it the one that its row says, of this machine? */
static int check(struct store *store, struct imastage_bytes envelope,
		 const struct store_round *round)
{
	const struct checkpoint *checkpoint = &round->checkpoint;
	uint8_t hash[CHECKPOINT_HASH_LEN];
	int r = checkpoint_hash(envelope, hash);

	if (r < 0)
		return r;
	if (memcmp(hash, round->hash, sizeof(hash)) ||
	    checkpoint->sequence != round->sequence ||
	    strcmp(checkpoint->machine, round->machine.id))
		return db_damaged(store,
				  "a checkpoint is not where it belongs");
	return check_previous(store, checkpoint);
}

static bool same_key(const struct store_round *round)
{
	const struct evidence_name *a = &round->checkpoint.ak_name;
	const struct evidence_name *b = &round->machine.ak_name;

	return a->len == b->len && !memcmp(a->bytes, b->bytes, a->len);
}

int chain_last(struct store *store, struct store_round *round)
{
	struct imastage_buffer envelope = { 0 };
	struct evidence_error error;
	int r = get_last(store, round->machine.id, &round->sequence,
			 round->hash, &envelope);

	if (r == STORE_UNKNOWN) {
		free(envelope.data);
		round->sequence = 0;
		return 0;
	}
	if (r == 0)
		r = unsigned_or(
			store,
			checkpoint_open(bytes_of(envelope.data, envelope.len),
					&store->keys, &round->checkpoint,
					&error),
			round->machine.id);
	if (r == 0)
		r = check(store, bytes_of(envelope.data, envelope.len), round);
	free(envelope.data);
	round->has_checkpoint = r == 0 && same_key(round) &&
				!round->machine.fresh;
	return r;
}

int chain_unchanged(struct store *store, const struct store_round *round)
{
	uint8_t hash[CHECKPOINT_HASH_LEN];
	uint64_t sequence = 0;
	int r = get_last(store, round->machine.id, &sequence, hash, NULL);

	if (r < 0)
		return r;
	return sequence == round->sequence &&
			       (sequence == 0 ||
				!memcmp(hash, round->hash, sizeof(hash))) ?
		       0 :
		       STORE_CHANGED;
}

/* Of the envelopes before, only the last one may still be of use. */
static int thin(struct store *store, const char *machine, uint64_t sequence)
{
	int r;
	struct sqlite3_stmt *query = db_take(store, QUERY_CHECKPOINT_THIN, &r);

	if (!query)
		return r;
	sql_bind_text(query, 1, machine);
	sql_bind(query, 2, sequence - 1);
	return db_finish(store, query);
}

static int put(struct store *store, const struct checkpoint *checkpoint,
	       struct imastage_bytes envelope)
{
	uint8_t hash[CHECKPOINT_HASH_LEN];
	struct sqlite3_stmt *query;
	int r = checkpoint_hash(envelope, hash);

	query = r == 0 ? db_take(store, QUERY_CHECKPOINT_PUT, &r) : NULL;
	if (!query)
		return r;
	sql_bind_text(query, 1, checkpoint->machine);
	sql_bind(query, 2, checkpoint->sequence);
	sql_bind_bytes(query, 3, bytes_of(hash, sizeof(hash)));
	sql_bind_bytes(query, 4, envelope);
	r = db_finish(store, query);
	return r < 0 ? r :
		       thin(store, checkpoint->machine, checkpoint->sequence);
}

int chain_extend(struct store *store, const struct store_round *round,
		 const struct checkpoint *checkpoint)
{
	struct imastage_buffer envelope = { 0 };
	struct checkpoint *next = malloc(sizeof(*next));
	int r = next ? 0 : -ENOMEM;

	if (next) {
		*next = *checkpoint;
		next->sequence = round->sequence + 1;
		memset(next->previous, 0, sizeof(next->previous));
		if (round->sequence > 0)
			memcpy(next->previous, round->hash,
			       sizeof(next->previous));
		r = checkpoint_sign(next, store->own[0], &envelope);
	}
	if (r < 0)
		say_errno(store->say, r, "a checkpoint");
	else
		r = put(store, next, bytes_of(envelope.data, envelope.len));
	free(envelope.data);
	free(next);
	return r;
}

/* ---- for others ------------------------------------------------------------------- */

int store_get_checkpoint(struct store *store, const char *machine,
			 struct imastage_buffer *envelope)
{
	uint8_t hash[CHECKPOINT_HASH_LEN];
	uint64_t sequence;

	return get_last(store, machine, &sequence, hash, envelope);
}

static int judge(struct store *store, const struct store_machine *machine,
		 const struct checkpoint *checkpoint,
		 const uint8_t hash[CHECKPOINT_HASH_LEN])
{
	uint8_t known[CHECKPOINT_HASH_LEN];
	uint64_t last = 0;
	int r;

	if (strcmp(checkpoint->machine, machine->id) ||
	    checkpoint->ak_name.len != machine->ak_name.len ||
	    memcmp(checkpoint->ak_name.bytes, machine->ak_name.bytes,
		   machine->ak_name.len))
		return STORE_OTHER_MACHINE;
	r = get_hash(store, machine->id, checkpoint->sequence, known);
	if (r < 0)
		return r;
	if (r == STORE_UNKNOWN || memcmp(known, hash, sizeof(known)))
		return STORE_FORK;
	r = get_last(store, machine->id, &last, known, NULL);
	if (r)
		return r;
	return last == checkpoint->sequence ? 0 : STORE_OLDER;
}

int store_judge_checkpoint(struct store *store, const char *machine,
			   struct imastage_bytes envelope)
{
	struct store_round *round = malloc(sizeof(*round));
	uint8_t hash[CHECKPOINT_HASH_LEN];
	struct evidence_error error;
	int r = round ? store_get_machine(store, machine, &round->machine) :
			-ENOMEM;

	if (r == 0) {
		r = checkpoint_open(envelope, &store->keys, &round->checkpoint,
				    &error);
		r = r == DSSE_UNSIGNED	 ? STORE_UNSIGNED :
		    r == DSSE_OTHER_TYPE ? -EBADMSG :
					   r;
	}
	if (r == 0)
		r = checkpoint_hash(envelope, hash);
	if (r == 0)
		r = judge(store, &round->machine, &round->checkpoint, hash);
	free(round);
	return r;
}
