// SPDX-License-Identifier: MIT
/*
 * From an evidence file to a round of its machine.
 */
#include "store/file.h"
#include "store/keep.h"

#include <errno.h>
#include <stdlib.h>

/* A verdict without a round. */
#define JUDGED 1

struct stored {
	struct store *store;
	uint64_t now;
	const struct store_again *again;

	/* One or the other. */
	struct imastage_source source;
	struct verify_file *file; /* owned */
	const struct store_parts *parts;
	struct keeping *keeping; /* owned; of the file; NULL: nothing is kept */

	struct imastage_bytes msg, ak;
	uint64_t first;
	bool history;
	struct store_round round;
	struct verify_request request;
	struct verify_verdict *verdict;
};

static int refuse(struct stored *stored, enum verify_id id, const char *text)
{
	verify_add(stored->verdict, id, NULL, "%s", text);
	verify_reject(stored->verdict);
	return JUDGED;
}

/* ---- whose it is ----------------------------------------------------------- */

static int begin_live(struct stored *stored)
{
	struct evidence_attest attest;
	struct evidence_error error;
	int r = evidence_attest_parse(stored->msg, &attest, &error);

	if (r)
		return refuse(stored,
			      r == EVIDENCE_OTHER_MAGIC ? VERIFY_QUOTE_MAGIC :
			      r == EVIDENCE_OTHER_TYPE	? VERIFY_QUOTE_TYPE :
							  VERIFY_QUOTE_FORM,
			      error.reason);
	r = store_begin(stored->store, attest.qualifying, stored->now,
			&stored->round);
	return r == STORE_UNKNOWN ?
		       refuse(stored, VERIFY_QUOTE_NONCE,
			      "it answers no challenge of this verifier") :
		       r;
}

/* The key in the file names the machine; what is verified with is the enrolled one. */
static int begin_history(struct stored *stored)
{
	struct store_machine *machine = &stored->round.machine;
	struct evidence_public key;
	struct evidence_error error;
	struct evidence_name name;
	char id[sizeof(machine->id)];
	int r = evidence_public_parse(stored->ak, &key, &error);

	if (r)
		return refuse(stored, VERIFY_AK_FORM, error.reason);
	r = evidence_public_name(&key, &name);
	if (r == 0)
		r = store_find_machine(stored->store, &name, machine);
	if (r == 0) {
		memcpy(id, machine->id, sizeof(id));
		r = store_begin_history(stored->store, id, &stored->round);
	}
	return r == STORE_UNKNOWN ? refuse(stored, VERIFY_AK_OTHER,
					   "no machine of this store has it") :
				    r;
}

/* A challenge that is not good any more says where the list should have begun, no more. */
static int refuse_start(struct stored *stored)
{
	switch (stored->round.state) {
	case VERIFY_CHALLENGE_USED:
		return refuse(stored, VERIFY_QUOTE_USED, "");
	case VERIFY_CHALLENGE_EXPIRED:
		return refuse(stored, VERIFY_QUOTE_EXPIRED, "");
	default:
		return refuse(stored, VERIFY_MANIFEST_FIRST,
			      "ask from record 0, or for a new challenge");
	}
}

static int begin(struct stored *stored)
{
	int r = stored->history ? begin_history(stored) : begin_live(stored);

	if (r)
		return r;
	stored->request.history = stored->history;
	r = store_request(stored->store, &stored->round, stored->first,
			  &stored->request);
	return r == STORE_OTHER_START ? refuse_start(stored) : r;
}

/* ---- what comes of it ------------------------------------------------------- */

/* The file is there before the verdict that names it. */
static int keep_and_commit(struct stored *stored)
{
	struct keeping *keeping =
		kept_wants(stored->verdict) ? stored->keeping : NULL;
	int r = 0;

	if (keeping)
		r = kept_file(keeping, &stored->round, stored->verdict);
	if (r < 0)
		return r;
	r = round_commit(stored->store, &stored->round, stored->verdict,
			 keeping, stored->now);
	if (!keeping)
		return r;
	kept_end(keeping, r);
	stored->keeping = NULL;
	return r;
}

/* A verdict that was not committed is void. */
static int commit(struct stored *stored)
{
	int r = keep_and_commit(stored);

	if (r == STORE_CHANGED)
		return -EAGAIN;
	if (r == STORE_USED)
		refuse(stored, VERIFY_QUOTE_USED, "by another verification");
	else if (r == STORE_UNKNOWN)
		refuse(stored, VERIFY_AK_OTHER,
		       "the machine was removed, or enrolled again");
	return r < 0 ? r : 0;
}

/* ---- reading it ------------------------------------------------------------- */

static int open_file(struct stored *stored)
{
	const struct container_small *small;
	int r = verify_file_new(stored->source, 0, &stored->file);

	if (r == 0)
		r = verify_file_open(stored->file, &small);
	if (r == VERIFY_FILE_REFUSED) {
		verify_file_refuse(stored->file, stored->verdict);
		return JUDGED;
	}
	if (r < 0)
		return r;
	stored->msg = small->msg;
	stored->ak = small->ak;
	stored->first = small->manifest.first;
	stored->history = small->manifest.kind == MANIFEST_HISTORY;
	return 0;
}

static void close_file(struct stored *stored)
{
	verify_file_free(stored->file);
	stored->file = NULL;
}

static int verify(struct stored *stored)
{
	const struct store_parts *parts = stored->parts;

	return parts ? verify_quote(&stored->request, parts->evidence,
				    parts->list, stored->verdict) :
		       verify_file_run(stored->file, &stored->request,
				       stored->verdict);
}

/* The second time it may be another file: the verdict is about what was read then. */
static int explain(struct stored *stored)
{
	const struct store_again *again = stored->again;
	int r = 0;

	if (!again || !verify_has(stored->verdict, VERIFY_LOG_REPLAY) ||
	    again->begin(again->context) < 0)
		return 0;
	if (stored->keeping)
		r = kept_again(stored->keeping);
	if (r < 0)
		return r;
	if (!stored->parts) {
		close_file(stored);
		memset(stored->verdict, 0, sizeof(*stored->verdict));
		r = open_file(stored);
	}
	stored->request.explain = true;
	return r ? r : verify(stored);
}

static int run(struct stored *stored)
{
	int r = stored->parts ? 0 : open_file(stored);

	if (r == 0)
		r = begin(stored);
	if (r == 0 && stored->keeping)
		kept_watch(stored->keeping, &stored->request);
	if (r == 0)
		r = verify(stored);
	if (r == 0)
		r = explain(stored);
	if (r == JUDGED)
		return 0;
	return r < 0 ? r : commit(stored);
}

static int judge(struct stored *stored)
{
	struct verify_verdict *verdict = stored->verdict;
	int r;

	memset(verdict, 0, sizeof(*verdict));
	r = run(stored);
	close_file(stored);
	kept_end(stored->keeping, 1);
	if (r < 0) {
		verdict->result = VERIFY_NONE;
		verdict->proved = false;
	}
	return r;
}

/* Large. */
static struct stored *new_stored(struct store *store,
				 const struct store_again *again,
				 const struct verify_request *policies,
				 uint64_t now, struct verify_verdict *verdict)
{
	struct stored *stored = calloc(1, sizeof(*stored));

	if (!stored) {
		memset(verdict, 0, sizeof(*verdict));
		return NULL;
	}
	stored->store = store;
	stored->again = again;
	stored->request = *policies;
	stored->now = now;
	stored->verdict = verdict;
	return stored;
}

static int begin_source(struct stored *stored, struct imastage_source source)
{
	int r = 0;

	stored->source = source;
	if (stored->store->keeps)
		r = kept_new(stored->store, source, &stored->keeping);
	if (r < 0)
		memset(stored->verdict, 0, sizeof(*stored->verdict));
	else if (stored->keeping)
		stored->source = kept_source(stored->keeping);
	return r;
}

int store_verify_file(struct store *store, struct imastage_source source,
		      const struct store_again *again,
		      const struct verify_request *policies, uint64_t now,
		      struct verify_verdict *ret_verdict)
{
	struct stored *stored =
		new_stored(store, again, policies, now, ret_verdict);
	int r = -ENOMEM;

	if (stored)
		r = begin_source(stored, source);
	if (r == 0)
		r = judge(stored);
	free(stored);
	return r;
}

int store_verify_parts(struct store *store, const struct store_parts *parts,
		       const struct store_again *again,
		       const struct verify_request *policies, uint64_t now,
		       struct verify_verdict *ret_verdict)
{
	struct stored *stored =
		new_stored(store, again, policies, now, ret_verdict);
	int r = -ENOMEM;

	if (stored) {
		stored->parts = parts;
		stored->msg = parts->evidence->msg;
		stored->first = parts->first;
		r = judge(stored);
	}
	free(stored);
	return r;
}
