// SPDX-License-Identifier: MIT
/*
 * A round: what is known of a machine goes to the verifier, and what came of it back, in
 * one transaction.
 */
#include "base/util.h"
#include "log/buffer.h"
#include "store/chain.h"
#include "store/challenge.h"
#include "store/keep.h"
#include "store/machine.h"
#include "verify/checkpoint_text.h"

#include <errno.h>
#include <inttypes.h>

/* ---- begin -------------------------------------------------------------------------- */

static void set_trusted(struct store_round *round)
{
	snprintf(round->trusted, sizeof(round->trusted), "%s: %s",
		 store_trust_name(round->machine.trust),
		 round->machine.trusted);
}

/* What the checkpoint carries and what the row does, of one boot. */
static void join_carried(struct store_round *round)
{
	struct verify_carried *all = &round->machine.carried;
	const struct verify_carried *more = &round->checkpoint.carried;

	if (!round->has_checkpoint)
		return;
	if (all->nr == 0 || all->resets != more->resets) {
		if (all->nr == 0)
			*all = *more;
		return;
	}
	verify_join_carried(all, more);
}

static int begin_machine(struct store *store, struct store_round *round)
{
	char id[sizeof(round->machine.id)];
	int r;

	memcpy(id, round->machine.id, sizeof(id));
	r = store_get_machine(store, id, &round->machine);
	if (r == 0)
		r = chain_last(store, round);
	if (r == 0) {
		set_trusted(round);
		join_carried(round);
	}
	return r;
}

int store_begin(struct store *store, struct imastage_bytes qualifying,
		uint64_t now, struct store_round *ret_round)
{
	struct store_round *round = ret_round;
	int r;

	memset(round, 0, sizeof(*round));
	r = challenge_find(store, qualifying, round);
	if (r == 0)
		r = begin_machine(store, round);
	if (r == 0 && round->state == VERIFY_CHALLENGE_OPEN &&
	    round->challenge.expires < now)
		round->state = VERIFY_CHALLENGE_EXPIRED;
	return r;
}

int store_begin_history(struct store *store, const char *machine,
			struct store_round *ret_round)
{
	memset(ret_round, 0, sizeof(*ret_round));
	snprintf(ret_round->machine.id, sizeof(ret_round->machine.id), "%s",
		 machine);
	return begin_machine(store, ret_round);
}

/* ---- the request ---------------------------------------------------------------------- */

static void set_challenge(const struct store_round *round,
			  struct verify_request *request)
{
	const struct challenge *challenge = &round->challenge;

	if (!round->has_challenge)
		return;
	request->nonce = message_view(&challenge->nonce);
	request->verifier = bytes_of_text(challenge->verifier);
	request->machine = bytes_of_text(challenge->machine);
	request->asked = challenge->pcrs;
	request->challenge = round->state;
}

static bool may_go_on(const struct store_round *round,
		      const struct verify_request *request, uint64_t first)
{
	return round->has_checkpoint && !round->reverify &&
	       first == round->checkpoint.next &&
	       checkpoint_covers(&round->checkpoint, &request->asked);
}

int store_request(const struct store *store, const struct store_round *round,
		  uint64_t first, struct verify_request *request)
{
	const struct store_machine *machine = &round->machine;
	bool goes_on;

	(void)store;
	set_challenge(round, request);
	goes_on = may_go_on(round, request, first);
	request->ak = message_view(&machine->ak);
	request->qualified_name = name_bytes(&machine->ak_qualified);
	request->trusted = round->trusted;
	request->barred = *machine->barred ? machine->barred : NULL;
	if (round->has_checkpoint)
		checkpoint_apply(&round->checkpoint, goes_on, request);
	request->carried = round->reverify ? NULL : &machine->carried;
	return first == 0 || goes_on ? 0 : STORE_OTHER_START;
}

/* ---- commit ------------------------------------------------------------------------------ */

static int put_verdict(struct store *store, const struct store_round *round,
		       const struct verify_verdict *verdict,
		       const char *reasons, uint64_t now, uint64_t *ret_id)
{
	int r;
	struct sqlite3_stmt *query = db_take(store, QUERY_VERDICT_PUT, &r);

	if (!query)
		return r;
	sql_bind_text(query, 1, round->machine.id);
	sql_bind(query, 2, now);
	sql_bind(query, 3, verdict->result);
	sql_bind(query, 4, verdict->proved);
	sql_bind(query, 5, verdict->clock.resets);
	sql_bind(query, 6, verdict->first_index);
	sql_bind(query, 7, verdict->next_index);
	sql_bind_text(query, 8, reasons);
	r = db_step(store, query);
	if (r == 0)
		*ret_id = sql_number(query, 0);
	return r == 0 ? db_finish(store, query) : r;
}

static int prune_verdicts(struct store *store, const char *machine)
{
	int r;
	struct sqlite3_stmt *query = db_take(store, QUERY_VERDICT_PRUNE, &r);

	if (!query)
		return r;
	sql_bind_text(query, 1, machine);
	sql_bind(query, 2, STORE_VERDICTS_MAX);
	return db_finish(store, query);
}

static int note_verdict(struct store *store, const struct store_round *round,
			const struct verify_verdict *verdict, uint64_t now,
			uint64_t *ret_id)
{
	struct imastage_buffer reasons = { 0 };
	struct verify_carried carried;
	int r;

	verify_carry(verdict, &carried);
	r = carried_write(&carried, &reasons);
	if (r == 0)
		r = buffer_put(&reasons, bytes_of("", 1));
	if (r == 0)
		r = put_verdict(store, round, verdict,
				(const char *)reasons.data, now, ret_id);
	free(reasons.data);
	return r == 0 ? prune_verdicts(store, round->machine.id) : r;
}

/*
 * Counters that went back are the TPM's own word, and no boot mends them. Only a quote that
 * answers a challenge says it: anybody can show an older one.
 */
static void bar(const struct verify_verdict *verdict, uint64_t now,
		struct store_machine *machine)
{
	static const enum verify_id ids[] = {
		VERIFY_CLOCK_RESET,
		VERIFY_CLOCK_RESTART,
		VERIFY_CLOCK_BACK,
		VERIFY_TPM_CLEARED,
	};

	for (size_t i = 0; i < ARRAY_SIZE(ids) && !*machine->barred; i++)
		if (verify_has(verdict, ids[i]))
			snprintf(machine->barred, sizeof(machine->barred),
				 "%s: %s, at %" PRIu64, verify_id_name(ids[i]),
				 verify_id_meaning(ids[i]), now);
}

/*
 * A genuine quote with a whole list that does not lead to it: records were lost or forged,
 * and this boot cannot be judged well any more. A list that was cut off, or was asked for
 * before the machine was booted, says nothing.
 */
static bool is_lasting(const struct verify_verdict *verdict)
{
	static const enum verify_id ids[] = {
		VERIFY_LOG_DIGEST, VERIFY_LOG_EMPTY,	  VERIFY_LOG_REPLAY,
		VERIFY_LOG_PADDED, VERIFY_LOG_LOST,	  VERIFY_TPM_RESTART,
		VERIFY_LOG_FORK,   VERIFY_LOG_RELABELLED, VERIFY_BOOT_CHANGED,
	};

	if (verify_has(verdict, VERIFY_LOG_FORM) ||
	    verify_has(verdict, VERIFY_BOOT_OTHER) ||
	    verify_failed(verdict, VERIFY_CLOCK_FIRST, VERIFY_PCRS_DIGEST))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(ids); i++)
		if (verify_has(verdict, ids[i]))
			return true;
	return false;
}

/* Somebody may have noted something since the round began: that stays, too. */
static void note_carried(const struct store_round *round,
			 const struct verify_verdict *verdict,
			 struct store_machine *machine)
{
	struct verify_carried before = machine->carried;

	if (!verdict->proved && !(round->has_challenge && is_lasting(verdict)))
		return;
	verify_carry(verdict, &machine->carried);
	if (before.resets == machine->carried.resets &&
	    !(round->reverify && verdict->proved))
		verify_join_carried(&machine->carried, &before);
}

static int note_machine(struct store *store, const struct store_round *round,
			const struct verify_verdict *verdict, uint64_t now)
{
	struct store_machine *machine;
	int r;

	if (!verdict->genuine)
		return 0;
	machine = malloc(sizeof(*machine));
	r = machine ? store_get_machine(store, round->machine.id, machine) :
		      -ENOMEM;
	if (r == 0) {
		if (round->has_challenge)
			bar(verdict, now, machine);
		note_carried(round, verdict, machine);
		machine->fresh = machine->fresh && !verdict->proved;
		r = machine_put(store, machine);
	}
	free(machine);
	return r;
}

static int advance(struct store *store, const struct store_round *round,
		   const struct verify_verdict *verdict, uint64_t now)
{
	struct checkpoint *next = malloc(sizeof(*next));
	int r = -ENOMEM;

	if (next)
		r = checkpoint_make(
			round->has_checkpoint ? &round->checkpoint : NULL,
			round->hash, round->machine.id, &round->machine.ak_name,
			verdict, now, next);
	if (r == 0)
		r = chain_extend(store, round, next);
	free(next);
	return r == CHECKPOINT_NOT_PROVED ? 0 : r;
}

/* Is the machine still the one that the round began with? */
static int check_machine(struct store *store, const struct store_round *round)
{
	struct store_machine *now = malloc(sizeof(*now));
	const struct store_machine *then = &round->machine;
	int r = now ? store_get_machine(store, then->id, now) : -ENOMEM;

	if (r == 0 && (now->ak_name.len != then->ak_name.len ||
		       memcmp(now->ak_name.bytes, then->ak_name.bytes,
			      then->ak_name.len)))
		r = STORE_UNKNOWN;
	if (r == 0 &&
	    (now->fresh != then->fresh || strcmp(now->barred, then->barred)))
		r = STORE_CHANGED;
	free(now);
	return r;
}

static int commit(struct store *store, const struct store_round *round,
		  const struct verify_verdict *verdict, struct keeping *keeping,
		  uint64_t now)
{
	bool uses = round->has_challenge &&
		    round->state == VERIFY_CHALLENGE_OPEN;
	uint64_t id = 0;
	int r = check_machine(store, round);

	if (r == 0)
		r = chain_unchanged(store, round);
	if (r == 0)
		r = note_verdict(store, round, verdict, now, &id);
	if (r == 0 && keeping)
		r = kept_note(keeping, round, verdict, now, id);
	if (r == 0 && uses)
		r = challenge_use(store, &round->challenge, id);
	if (r == 0)
		r = advance(store, round, verdict, now);
	return r ? r : note_machine(store, round, verdict, now);
}

int round_commit(struct store *store, const struct store_round *round,
		 const struct verify_verdict *verdict, struct keeping *keeping,
		 uint64_t now)
{
	int r;

	if (verdict->result == VERIFY_NONE || !verdict->is_signed)
		return 0;
	r = db_begin(store);
	return r < 0 ? r :
		       db_end(store,
			      commit(store, round, verdict, keeping, now));
}

int store_commit(struct store *store, const struct store_round *round,
		 const struct verify_verdict *verdict, uint64_t now)
{
	return round_commit(store, round, verdict, NULL, now);
}

/* ---- verdicts ---------------------------------------------------------------------------- */

static int get_verdict(struct sqlite3_stmt *query,
		       struct store_verdict *verdict)
{
	const void *text = sqlite3_column_text(query, 7);
	size_t len = (size_t)sqlite3_column_bytes(query, 7);

	verdict->id = sql_number(query, 0);
	verdict->made = sql_number(query, 1);
	verdict->result = (enum verify_result)sql_number(query, 2);
	verdict->proved = sql_number(query, 3);
	verdict->resets = (uint32_t)sql_number(query, 4);
	verdict->first = sql_number(query, 5);
	verdict->next = sql_number(query, 6);
	verdict->reasons.len = 0;
	return text ? buffer_put(&verdict->reasons, bytes_of(text, len)) :
		      -ENOMEM;
}

int store_last_verdict(struct store *store, const char *machine,
		       uint64_t before, struct store_verdict *ret_verdict)
{
	int r;
	struct sqlite3_stmt *query = db_take(store, QUERY_VERDICT_LAST, &r);

	if (!query)
		return r;
	sql_bind_text(query, 1, machine);
	sql_bind(query, 2, before ? before : INT64_MAX);
	r = db_step(store, query);
	if (r == 0 && sql_number(query, 2) > VERIFY_REJECTED)
		r = db_damaged(store, "a verdict is none");
	if (r == 0)
		r = get_verdict(query, ret_verdict);
	sqlite3_reset(query);
	return r == DB_END ? STORE_UNKNOWN : r;
}
