// SPDX-License-Identifier: MIT
/*
 * Challenges: made, found again by what a quote carries of them.
 */
#include "store/challenge.h"
#include "base/util.h"
#include "log/buffer.h"
#include "store/chain.h"
#include "store/machine.h"

#include <errno.h>

#define KEPT_SECONDS ((uint64_t)30 * 24 * 3600) /* behind their end */
#define DEFAULT_ALG 0x000b
#define DEFAULT_PCRS 0x7ffu

/* ---- making ---------------------------------------------------------------------- */

static int bind(struct store *store, const struct challenge *challenge,
		uint8_t ret_bound[EVIDENCE_BOUND_LEN])
{
	int r = evidence_bind(message_view(&challenge->nonce),
			      bytes_of_text(challenge->verifier),
			      bytes_of_text(challenge->machine), ret_bound);

	return r < 0 ? say_errno(store->say, r, "a challenge") : 0;
}

static int fill(struct store *store, const struct store_ask *ask, uint64_t now,
		const struct store_round *round, struct challenge *challenge)
{
	const struct checkpoint *checkpoint = &round->checkpoint;
	bool goes_on;

	memset(challenge, 0, sizeof(*challenge));
	snprintf(challenge->machine, sizeof(challenge->machine), "%s",
		 round->machine.id);
	snprintf(challenge->verifier, sizeof(challenge->verifier), "%s",
		 store->verifier);
	challenge->pcrs = ask->pcrs;
	if (ask->pcrs.nr == 0) {
		challenge->pcrs.nr = 1;
		challenge->pcrs.of[0].alg = DEFAULT_ALG;
		challenge->pcrs.of[0].pcrs = DEFAULT_PCRS;
	}
	challenge->expires = now + ask->seconds;
	goes_on = round->has_checkpoint && !ask->reverify &&
		  checkpoint_covers(checkpoint, &challenge->pcrs);
	challenge->from = goes_on ? checkpoint->next : 0;
	challenge->resets = round->has_checkpoint ? checkpoint->clock.resets :
						    0;
	challenge->nonce.len = CHALLENGE_NONCE_LEN;
	return db_random(store, challenge->nonce.data, CHALLENGE_NONCE_LEN);
}

static int put_text(struct store *store, const struct store_ask *ask,
		    uint64_t now, const struct challenge *challenge,
		    const char *text)
{
	uint8_t bound[EVIDENCE_BOUND_LEN];
	struct sqlite3_stmt *query;
	int r = bind(store, challenge, bound);

	query = r == 0 ? db_take(store, QUERY_CHALLENGE_PUT, &r) : NULL;
	if (!query)
		return r;
	sql_bind_bytes(query, 1, bytes_of(bound, sizeof(bound)));
	sql_bind_text(query, 2, challenge->machine);
	sql_bind(query, 3, now);
	sql_bind(query, 4, challenge->expires);
	sql_bind(query, 5, ask->reverify);
	sql_bind_text(query, 6, text);
	return db_finish(store, query);
}

static int put(struct store *store, const struct store_ask *ask, uint64_t now,
	       const struct challenge *challenge)
{
	struct imastage_buffer text = { 0 };
	int r = challenge_write(challenge, &text);

	if (r == 0)
		r = buffer_put(&text, bytes_of("", 1));
	if (r < 0)
		say_errno(store->say, r, "a challenge");
	else
		r = put_text(store, ask, now, challenge,
			     (const char *)text.data);
	free(text.data);
	return r;
}

/* Those that ended long ago, and the oldest of more than there may be. */
static int clean(struct store *store, const char *machine, uint64_t now)
{
	int r;
	struct sqlite3_stmt *query = db_take(store, QUERY_CHALLENGE_PRUNE, &r);

	if (!query)
		return r;
	sql_bind_text(query, 1, machine);
	sql_bind(query, 2, now < KEPT_SECONDS ? 0 : now - KEPT_SECONDS);
	r = db_finish(store, query);
	query = r == 0 ? db_take(store, QUERY_CHALLENGE_LIMIT, &r) : NULL;
	if (!query)
		return r;
	sql_bind_text(query, 1, machine);
	sql_bind(query, 2, STORE_CHALLENGES_MAX - 1);
	return db_finish(store, query);
}

static int make(struct store *store, const struct store_ask *ask, uint64_t now,
		struct store_round *round, struct challenge *challenge)
{
	int r = store_get_machine(store, ask->machine, &round->machine);

	if (r == 0)
		r = chain_last(store, round);
	if (r == 0)
		r = clean(store, round->machine.id, now);
	if (r == 0)
		r = fill(store, ask, now, round, challenge);
	return r ? r : put(store, ask, now, challenge);
}

int store_challenge(struct store *store, const struct store_ask *ask,
		    uint64_t now, struct challenge *ret_challenge)
{
	struct store_round *round = calloc(1, sizeof(*round));
	int r = round ? db_begin(store) : -ENOMEM;

	if (r == 0)
		r = db_end(store, make(store, ask, now, round, ret_challenge));
	free(round);
	return r;
}

/* ---- finding ----------------------------------------------------------------------- */

static int get_row(struct store *store, struct sqlite3_stmt *query,
		   struct store_round *round)
{
	const void *text = sqlite3_column_text(query, 2);
	size_t len = (size_t)sqlite3_column_bytes(query, 2);
	struct evidence_error error;

	if (!text)
		return -ENOMEM;
	if (challenge_parse(bytes_of(text, len), &round->challenge, &error) <
		    0 ||
	    strcmp(round->challenge.verifier, store->verifier))
		return db_damaged(store, "a challenge is none of this store");
	round->has_challenge = true;
	round->reverify = sql_number(query, 1);
	round->state = sqlite3_column_type(query, 3) == SQLITE_NULL ?
			       VERIFY_CHALLENGE_OPEN :
			       VERIFY_CHALLENGE_USED;
	return db_text(store, query, 0, round->machine.id,
		       sizeof(round->machine.id));
}

int challenge_find(struct store *store, struct imastage_bytes bound,
		   struct store_round *round)
{
	int r;
	struct sqlite3_stmt *query = db_take(store, QUERY_CHALLENGE_GET, &r);

	if (!query)
		return r;
	sql_bind_bytes(query, 1, bound);
	r = db_step(store, query);
	if (r == 0)
		r = get_row(store, query, round);
	sqlite3_reset(query);
	return r == DB_END ? STORE_UNKNOWN : r;
}

int challenge_use(struct store *store, const struct challenge *challenge,
		  uint64_t verdict)
{
	uint8_t bound[EVIDENCE_BOUND_LEN];
	struct sqlite3_stmt *query;
	int r = bind(store, challenge, bound);

	query = r == 0 ? db_take(store, QUERY_CHALLENGE_USE, &r) : NULL;
	if (!query)
		return r;
	sql_bind_bytes(query, 1, bytes_of(bound, sizeof(bound)));
	sql_bind(query, 2, verdict);
	r = db_step(store, query);
	if (r == 0)
		return db_finish(store, query);
	return r == DB_END ? STORE_USED : r;
}
