// SPDX-License-Identifier: MIT
/*
 * Enrolment: what waits for the machine to give the secret back, which is kept as its hash.
 */
#include "base/util.h"
#include "store/machine.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>

#define SHA256_LEN 32

static int hash_secret(struct store *store, struct imastage_bytes secret,
		       uint8_t ret_hash[SHA256_LEN])
{
	if (EVP_Digest(secret.data, secret.len, ret_hash, NULL, EVP_sha256(),
		       NULL) == 1)
		return 0;
	return say_errno(store->say, -EIO, "SHA-256");
}

/* A machine whose EK is known keeps its id. */
static int set_id(struct store *store, struct store_machine *machine)
{
	struct store_machine *known = malloc(sizeof(*known));
	int r = known ? STORE_UNKNOWN : -ENOMEM;

	if (known && machine->ek_name.len > 0)
		r = machine_by_ek(store, &machine->ek_name, known);
	if (r == 0)
		memcpy(machine->id, known->id, sizeof(machine->id));
	free(known);
	return r == STORE_UNKNOWN ? machine_name(store, machine) : r;
}

static int prune(struct store *store, uint64_t now)
{
	int r;
	struct sqlite3_stmt *query = db_take(store, QUERY_ENROLMENT_PRUNE, &r);

	if (!query)
		return r;
	sql_bind(query, 1, now);
	return db_finish(store, query);
}

static int put(struct store *store, const struct store_machine *machine,
	       const uint8_t hash[SHA256_LEN], uint64_t expires)
{
	int r;
	struct sqlite3_stmt *query = db_take(store, QUERY_ENROLMENT_PUT, &r);

	if (!query)
		return r;
	sql_bind_text(query, 1, machine->id);
	machine_bind_parts(query, machine);
	sql_bind(query, 9, expires);
	sql_bind_bytes(query, 10, bytes_of(hash, SHA256_LEN));
	return db_finish(store, query);
}

static int begin(struct store *store, struct store_machine *machine,
		 const uint8_t hash[SHA256_LEN], uint64_t now)
{
	int r = prune(store, now);

	if (r == 0)
		r = set_id(store, machine);
	return r < 0 ? r :
		       put(store, machine, hash, now + STORE_ENROLMENT_SECONDS);
}

int store_begin_enrolment(struct store *store, struct store_machine *machine,
			  struct imastage_bytes secret, uint64_t now)
{
	uint8_t hash[SHA256_LEN];
	int r = hash_secret(store, secret, hash);

	if (r == 0)
		r = db_begin(store);
	return r < 0 ? r : db_end(store, begin(store, machine, hash, now));
}

/* ---- the answer ------------------------------------------------------------------- */

static int get_row(struct store *store, struct sqlite3_stmt *query,
		   struct imastage_bytes hash, uint64_t now,
		   struct store_machine *machine)
{
	struct imastage_bytes wanted = db_bytes(query, 9);
	int r;

	if (wanted.len != SHA256_LEN)
		return db_damaged(store, "a digest is not one of SHA-256");
	if (CRYPTO_memcmp(wanted.data, hash.data, SHA256_LEN))
		return STORE_WRONG;
	if (sql_number(query, 8) < now)
		return STORE_EXPIRED;
	r = db_text(store, query, 0, machine->id, sizeof(machine->id));
	return r < 0 ? r : machine_parts(store, query, 1, machine);
}

static int get(struct store *store, const char *id, struct imastage_bytes hash,
	       uint64_t now, struct store_machine *machine)
{
	int r;
	struct sqlite3_stmt *query = db_take(store, QUERY_ENROLMENT_GET, &r);

	if (!query)
		return r;
	sql_bind_text(query, 1, id);
	r = db_step(store, query);
	if (r == 0)
		r = get_row(store, query, hash, now, machine);
	sqlite3_reset(query);
	return r == DB_END ? STORE_UNKNOWN : r;
}

/* Whose key is it now? Its own, or nobody's. */
static int check_free(struct store *store, const struct store_machine *machine)
{
	struct store_machine *known = malloc(sizeof(*known));
	int r = known ? store_find_machine(store, &machine->ak_name, known) :
			-ENOMEM;

	if (r == 0)
		r = strcmp(known->id, machine->id) ? STORE_EXISTS : 0;
	free(known);
	return r == STORE_UNKNOWN ? 0 : r;
}

static int take(struct store *store, struct store_machine *machine,
		uint64_t now)
{
	int r = check_free(store, machine);
	struct sqlite3_stmt *query;

	if (r)
		return r;
	machine->added = now;
	machine->fresh = true;
	r = machine_put(store, machine);
	query = r == 0 ? db_take(store, QUERY_ENROLMENT_REMOVE, &r) : NULL;
	if (!query)
		return r;
	sql_bind_text(query, 1, machine->id);
	r = db_finish(store, query);
	return r < 0 ? r :
		       decision_put(store, machine->id, "enrol",
				    machine->trusted, now);
}

static int finish(struct store *store, const char *id,
		  struct imastage_bytes hash, uint64_t now,
		  struct store_machine *machine)
{
	int r = get(store, id, hash, now, machine);

	return r ? r : take(store, machine, now);
}

int store_end_enrolment(struct store *store, const char *id,
			struct imastage_bytes secret, uint64_t now,
			struct store_machine *ret_machine)
{
	uint8_t hash[SHA256_LEN];
	int r = hash_secret(store, secret, hash);

	memset(ret_machine, 0, sizeof(*ret_machine));
	if (r == 0)
		r = db_begin(store);
	if (r < 0)
		return r;
	return db_end(store, finish(store, id, bytes_of(hash, sizeof(hash)),
				    now, ret_machine));
}
