// SPDX-License-Identifier: MIT
/*
 * From an evidence file to a round of its machine.
 */
#include "store/file.h"

#include <errno.h>
#include <stdlib.h>

/* A verdict without a round. */
#define JUDGED 1

struct stored {
	struct store *store;
	uint64_t now;
	struct verify_file *file; /* owned */
	const struct container_small *small;
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
	int r = evidence_attest_parse(stored->small->msg, &attest, &error);

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
	int r = evidence_public_parse(stored->small->ak, &key, &error);

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
	bool history = stored->small->manifest.kind == MANIFEST_HISTORY;
	int r = history ? begin_history(stored) : begin_live(stored);

	if (r)
		return r;
	stored->request.history = history;
	r = store_request(stored->store, &stored->round,
			  stored->small->manifest.first, &stored->request);
	return r == STORE_OTHER_START ? refuse_start(stored) : r;
}

/* ---- what comes of it ------------------------------------------------------- */

/* A verdict that was not committed is void. */
static int commit(struct stored *stored)
{
	int r = store_commit(stored->store, &stored->round, stored->verdict,
			     stored->now);

	if (r == STORE_CHANGED)
		return -EAGAIN;
	if (r == STORE_USED)
		refuse(stored, VERIFY_QUOTE_USED, "by another verification");
	else if (r == STORE_UNKNOWN)
		refuse(stored, VERIFY_AK_OTHER,
		       "the machine was removed, or enrolled again");
	return r < 0 ? r : 0;
}

static int run(struct stored *stored)
{
	int r = verify_file_open(stored->file, &stored->small);

	if (r == VERIFY_FILE_REFUSED) {
		verify_file_refuse(stored->file, stored->verdict);
		return 0;
	}
	if (r == 0)
		r = begin(stored);
	if (r == JUDGED)
		return 0;
	if (r == 0)
		r = verify_file_run(stored->file, &stored->request,
				    stored->verdict);
	return r < 0 ? r : commit(stored);
}

int store_verify_file(struct store *store, struct imastage_source source,
		      const struct verify_request *policies, uint64_t now,
		      struct verify_verdict *ret_verdict)
{
	struct stored *stored = calloc(1, sizeof(*stored));
	int r = -ENOMEM;

	memset(ret_verdict, 0, sizeof(*ret_verdict));
	if (stored) {
		stored->store = store;
		stored->now = now;
		stored->request = *policies;
		stored->verdict = ret_verdict;
		r = verify_file_new(source, 0, &stored->file);
	}
	if (r == 0) {
		r = run(stored);
		verify_file_free(stored->file);
	}
	if (r < 0) {
		ret_verdict->result = VERIFY_NONE;
		ret_verdict->proved = false;
	}
	free(stored);
	return r;
}
