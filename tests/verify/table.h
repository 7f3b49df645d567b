/* SPDX-License-Identifier: MIT */
/*
 * A table of cases: lines of columns with tabs between them, of which the first one has
 * their names. What is wrong with it ends the program, as TAP has it.
 */
#ifndef VERIFY_TABLE_H
#define VERIFY_TABLE_H

#include <imastage/bytes.h>
#include <stdio.h>

#define TABLE_LINE_MAX 4096
#define TABLE_COLUMNS_MAX 32

struct table {
	const char *dir;
	FILE *file; /* owned */
	char header[TABLE_LINE_MAX], line[TABLE_LINE_MAX];
	char *names[TABLE_COLUMNS_MAX];
	char *values[TABLE_COLUMNS_MAX]; /* of the line at hand */
};

struct table_file {
	uint8_t *data; /* owned */
	size_t len;
};

_Noreturn void table_bail_out(const char *what, const char *why);

/* Opens DIR/cases.tsv. */
void table_open(struct table *table, const char *dir);
void table_close(struct table *table);

/* The next line. False: there is none. */
bool table_next(struct table *table);
const char *table_column(const struct table *table, const char *name);

/* Is it something else than "-"? */
bool table_is_given(const char *value);

/* DIR/folder/name.hex */
void table_load(const struct table *table, const char *folder, const char *name,
		struct table_file *ret_file);
/* DIR/name as it is, and a NUL behind it. */
void table_load_plain(const struct table *table, const char *name,
		      struct table_file *ret_file);

#endif
