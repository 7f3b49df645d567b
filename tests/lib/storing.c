// SPDX-License-Identifier: MIT
#include "lib/storing.h"
#include "evidence/attest.h"
#include "lib/testing.h"

int storing_add(struct store *store, const struct made_machine *machine,
		const char *id, uint64_t now)
{
	struct store_machine added = { .trust = STORE_TRUST_AK };
	struct evidence_public key;
	struct evidence_error error;

	snprintf(added.id, sizeof(added.id), "%s", id);
	snprintf(added.trusted, sizeof(added.trusted), "by hand");
	added.ak.len = machine->key.len;
	memcpy(added.ak.data, machine->key.area, machine->key.len);
	assert_int_equal(evidence_public_parse(message_view(&added.ak), &key,
					       &error),
			 0);
	assert_int_equal(evidence_public_name(&key, &added.ak_name), 0);
	return store_add_machine(store, &added, now);
}

void storing_quote(struct made_machine *machine,
		   const struct challenge *challenge)
{
	static uint8_t bound[EVIDENCE_BOUND_LEN]; /* the quote has a view of it */

	assert_int_equal(evidence_bind(message_view(&challenge->nonce),
				       bytes_of_text(challenge->verifier),
				       bytes_of_text(challenge->machine),
				       bound),
			 0);
	made_machine_quote(machine, bytes_of(bound, sizeof(bound)));
}

static int judge(struct store *store, struct made_machine *machine,
		 const struct challenge *challenge, uint64_t now,
		 struct store_round *round, struct verify_verdict *verdict)
{
	struct verify_request request = { 0 };
	struct evidence_attest attest;
	struct evidence_error error;
	uint64_t first;
	int r;

	assert_int_equal(evidence_attest_parse(bytes_of(machine->made.msg,
							machine->made.msg_len),
					       &attest, &error),
			 0);
	r = store_begin(store, attest.qualifying, now, round);
	if (r)
		return r;
	/* As the machine does: it goes on unless it was booted. */
	first = challenge->resets == machine->quote.clock.resets ?
			challenge->from :
			0;
	r = store_request(store, round, first, &request);
	if (r)
		return r;
	assert_int_equal(made_machine_verify(machine, &request, verdict), 0);
	return store_commit(store, round, verdict, now);
}

int storing_judge(struct store *store, struct made_machine *machine,
		  const struct challenge *challenge, uint64_t now,
		  struct verify_verdict *ret_verdict)
{
	struct store_round *round = malloc(sizeof(*round));
	int r;

	assert_non_null(round);
	memset(ret_verdict, 0, sizeof(*ret_verdict));
	r = judge(store, machine, challenge, now, round, ret_verdict);
	free(round);
	return r;
}

int storing_round(struct store *store, struct made_machine *machine,
		  const char *id, uint64_t now,
		  struct verify_verdict *ret_verdict)
{
	const struct store_ask ask = { .machine = id, .seconds = 60 };
	struct challenge challenge;
	int r = store_challenge(store, &ask, now, &challenge);

	if (r)
		return r;
	storing_quote(machine, &challenge);
	return storing_judge(store, machine, &challenge, now, ret_verdict);
}

void storing_make_key(char *template)
{
	struct imastage_buffer pem = { 0 };
	struct dsse_key *key;
	int fd = mkstemp(template);

	assert_true(fd >= 0);
	assert_int_equal(dsse_key_new(&key), 0);
	assert_int_equal(dsse_key_write(key, true, &pem), 0);
	assert_int_equal(write(fd, pem.data, pem.len), pem.len);
	close(fd);
	free(pem.data);
	dsse_key_free(key);
}
