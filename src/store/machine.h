/* SPDX-License-Identifier: MIT */
/*
 * Rows of machines, for the other parts of the store.
 */
#ifndef STORE_MACHINE_H
#define STORE_MACHINE_H

#include "store/db.h"

/* Into the table of machines, in the transaction that is open. */
int machine_put(struct store *store, const struct store_machine *machine);

/*
 * Columns @at to @at + 6 of a row, or parameters ?2 to ?8: host, trust, trusted, ak, ak_name,
 * ak_qualified, ek_name.
 */
int machine_parts(struct store *store, struct sqlite3_stmt *query, int at,
		  struct store_machine *machine);
void machine_bind_parts(struct sqlite3_stmt *query,
			const struct store_machine *machine);

/* STORE_UNKNOWN */
int machine_by_ek(struct store *store, const struct evidence_name *ek_name,
		  struct store_machine *ret_machine);

/* Its id is set to a random one. */
int machine_name(struct store *store, struct store_machine *machine);

int decision_put(struct store *store, const char *machine, const char *what,
		 const char *reason, uint64_t now);

static inline struct imastage_bytes name_bytes(const struct evidence_name *name)
{
	return bytes_of(name->bytes, name->len);
}

#endif
