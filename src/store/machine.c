// SPDX-License-Identifier: MIT
/*
 * Machines: who they are, how they came to be trusted, what was decided about them.
 */
#include "store/machine.h"
#include "base/hex.h"
#include "base/util.h"
#include "log/buffer.h"
#include "store/keep.h"
#include "verify/checkpoint_text.h"

#include <errno.h>

const char *store_trust_name(enum store_trust trust)
{
	static const char *const names[STORE_NR_TRUST] = {
		[STORE_EK_CERTIFICATE] = "ek-certificate",
		[STORE_EK_PINNED] = "ek-pinned",
		[STORE_TRUST_AK] = "trust-ak",
	};

	return names[trust];
}

/* ---- rows ----------------------------------------------------------------------- */

static int get_name(struct store *store, struct sqlite3_stmt *query, int at,
		    struct evidence_name *ret_name)
{
	return db_copy(store, query, at, sizeof(ret_name->bytes),
		       ret_name->bytes, &ret_name->len);
}

int machine_parts(struct store *store, struct sqlite3_stmt *query, int at,
		  struct store_machine *machine)
{
	uint64_t trust = sql_number(query, at + 1);
	int r = db_text(store, query, at, machine->host, sizeof(machine->host));

	if (r == 0 && trust >= STORE_NR_TRUST)
		r = db_damaged(store, "a machine is trusted in no known way");
	machine->trust = (enum store_trust)trust;
	if (r == 0)
		r = db_text(store, query, at + 2, machine->trusted,
			    sizeof(machine->trusted));
	if (r == 0)
		r = db_copy(store, query, at + 3, sizeof(machine->ak.data),
			    machine->ak.data, &machine->ak.len);
	if (r == 0)
		r = get_name(store, query, at + 4, &machine->ak_name);
	if (r == 0)
		r = get_name(store, query, at + 5, &machine->ak_qualified);
	return r < 0 ? r : get_name(store, query, at + 6, &machine->ek_name);
}

void machine_bind_parts(struct sqlite3_stmt *query,
			const struct store_machine *machine)
{
	sql_bind_text(query, 2, machine->host);
	sql_bind(query, 3, machine->trust);
	sql_bind_text(query, 4, machine->trusted);
	sql_bind_bytes(query, 5, message_view(&machine->ak));
	sql_bind_bytes(query, 6, name_bytes(&machine->ak_name));
	sql_bind_bytes(query, 7, name_bytes(&machine->ak_qualified));
	sql_bind_bytes(query, 8, name_bytes(&machine->ek_name));
}

static int get_carried(struct store *store, struct sqlite3_stmt *query, int at,
		       struct verify_carried *carried)
{
	const void *text = sqlite3_column_text(query, at);
	size_t len = (size_t)sqlite3_column_bytes(query, at);

	if (!text)
		return -ENOMEM;
	return carried_parse(bytes_of(text, len), carried) < 0 ?
		       db_damaged(store, "reasons are not of their form") :
		       0;
}

static int get_row(struct store *store, struct sqlite3_stmt *query,
		   struct store_machine *ret_machine)
{
	struct store_machine *machine = ret_machine;
	int r;

	memset(machine, 0, sizeof(*machine));
	r = db_text(store, query, 0, machine->id, sizeof(machine->id));
	if (r == 0)
		r = machine_parts(store, query, 1, machine);
	machine->added = sql_number(query, 8);
	if (r == 0)
		r = db_text(store, query, 9, machine->barred,
			    sizeof(machine->barred));
	machine->fresh = sql_number(query, 10);
	machine->carried.resets = (uint32_t)sql_number(query, 11);
	return r < 0 ? r : get_carried(store, query, 12, &machine->carried);
}

static int get(struct store *store, struct sqlite3_stmt *query,
	       struct store_machine *ret_machine)
{
	int r = db_step(store, query);

	if (r == 0)
		r = get_row(store, query, ret_machine);
	sqlite3_reset(query);
	return r == DB_END ? STORE_UNKNOWN : r;
}

int machine_put(struct store *store, const struct store_machine *machine)
{
	struct imastage_buffer carried = { 0 };
	struct sqlite3_stmt *query;
	int r = carried_write(&machine->carried, &carried);

	if (r == 0)
		r = buffer_put(&carried, bytes_of("", 1));
	query = r == 0 ? db_take(store, QUERY_MACHINE_PUT, &r) : NULL;
	if (query) {
		sql_bind_text(query, 1, machine->id);
		machine_bind_parts(query, machine);
		sql_bind(query, 9, machine->added);
		sql_bind_text(query, 10, machine->barred);
		sql_bind(query, 11, machine->fresh);
		sql_bind(query, 12, machine->carried.resets);
		sql_bind_text(query, 13, (const char *)carried.data);
		r = db_finish(store, query);
	}
	free(carried.data);
	return r;
}

/* ---- finding ---------------------------------------------------------------------- */

static int get_by_text(struct store *store, enum query which, const char *text,
		       struct store_machine *ret_machine)
{
	int r;
	struct sqlite3_stmt *query = db_take(store, which, &r);

	if (!query)
		return r;
	sql_bind_text(query, 1, text);
	return get(store, query, ret_machine);
}

static int get_by_name(struct store *store, enum query which,
		       const struct evidence_name *name,
		       struct store_machine *ret_machine)
{
	int r;
	struct sqlite3_stmt *query = db_take(store, which, &r);

	if (!query)
		return r;
	sql_bind_bytes(query, 1, name_bytes(name));
	return get(store, query, ret_machine);
}

int store_get_machine(struct store *store, const char *id,
		      struct store_machine *ret_machine)
{
	return get_by_text(store, QUERY_MACHINE_GET, id, ret_machine);
}

int store_next_machine(struct store *store, const char *after,
		       struct store_machine *ret_machine)
{
	return get_by_text(store, QUERY_MACHINE_NEXT, after, ret_machine);
}

int store_find_machine(struct store *store, const struct evidence_name *ak_name,
		       struct store_machine *ret_machine)
{
	return get_by_name(store, QUERY_MACHINE_BY_AK, ak_name, ret_machine);
}

int machine_by_ek(struct store *store, const struct evidence_name *ek_name,
		  struct store_machine *ret_machine)
{
	return get_by_name(store, QUERY_MACHINE_BY_EK, ek_name, ret_machine);
}

/* ---- changing ---------------------------------------------------------------------- */

int decision_put(struct store *store, const char *machine, const char *what,
		 const char *reason, uint64_t now)
{
	int r;
	struct sqlite3_stmt *query = db_take(store, QUERY_DECISION_PUT, &r);

	if (!query)
		return r;
	sql_bind(query, 1, now);
	sql_bind(query, 2, getuid());
	sql_bind_text(query, 3, machine);
	sql_bind_text(query, 4, what);
	sql_bind_text(query, 5, reason);
	return db_finish(store, query);
}

int machine_name(struct store *store, struct store_machine *machine)
{
	uint8_t random[STORE_ID_LEN / 2];
	int r = db_random(store, random, sizeof(random));

	if (r == 0)
		hex_encode(bytes_of(random, sizeof(random)), machine->id);
	return r;
}

static int add(struct store *store, struct store_machine *machine, uint64_t now)
{
	struct store_machine *known = malloc(sizeof(*known));
	int r = -ENOMEM;

	if (known)
		r = store_get_machine(store, machine->id, known);
	if (r == STORE_UNKNOWN)
		r = store_find_machine(store, &machine->ak_name, known);
	free(known);
	if (r != STORE_UNKNOWN)
		return r < 0 ? r : STORE_EXISTS;
	machine->added = now;
	machine->fresh = true;
	r = machine_put(store, machine);
	return r < 0 ? r :
		       decision_put(store, machine->id, "add",
				    store_trust_name(machine->trust), now);
}

int store_add_machine(struct store *store, struct store_machine *machine,
		      uint64_t now)
{
	int r = *machine->id ? 0 : machine_name(store, machine);

	if (r == 0)
		r = db_begin(store);
	return r < 0 ? r : db_end(store, add(store, machine, now));
}

static int remove_rows(struct store *store, enum query which, const char *id)
{
	int r;
	struct sqlite3_stmt *query = db_take(store, which, &r);

	if (!query)
		return r;
	sql_bind_text(query, 1, id);
	return db_finish(store, query);
}

static int remove_all(struct store *store, const char *id)
{
	static const enum query queries[] = {
		QUERY_MACHINE_REMOVE,	 QUERY_ENROLMENT_REMOVE,
		QUERY_CHALLENGES_REMOVE, QUERY_CHECKPOINTS_REMOVE,
		QUERY_VERDICTS_REMOVE,	 QUERY_KEPT_REMOVE,
	};
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(queries); i++)
		r = remove_rows(store, queries[i], id);
	return r;
}

static int remove_known(struct store *store, const char *id, const char *reason,
			uint64_t now)
{
	struct store_machine *machine = malloc(sizeof(*machine));
	int r = machine ? store_get_machine(store, id, machine) : -ENOMEM;

	free(machine);
	if (r == 0)
		r = remove_all(store, id);
	return r ? r : decision_put(store, id, "remove", reason, now);
}

int store_remove_machine(struct store *store, const char *id,
			 const char *reason, uint64_t now)
{
	int r = db_begin(store);

	if (r == 0)
		r = db_end(store, remove_known(store, id, reason, now));
	return r ? r : kept_forget(store, id);
}

static int readmit(struct store *store, const char *id, const char *reason,
		   uint64_t now)
{
	struct store_machine *machine = malloc(sizeof(*machine));
	int r = machine ? store_get_machine(store, id, machine) : -ENOMEM;

	if (r == 0) {
		*machine->barred = '\0';
		machine->fresh = true;
		memset(&machine->carried, 0, sizeof(machine->carried));
		r = machine_put(store, machine);
	}
	free(machine);
	return r ? r : decision_put(store, id, "readmit", reason, now);
}

int store_readmit_machine(struct store *store, const char *id,
			  const char *reason, uint64_t now)
{
	int r = db_begin(store);

	return r < 0 ? r : db_end(store, readmit(store, id, reason, now));
}
