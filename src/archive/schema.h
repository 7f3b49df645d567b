/* SPDX-License-Identifier: MIT */
/*
 * The tables of the index, as they are made and as they must be found.
 */
#ifndef ARCHIVE_SCHEMA_H
#define ARCHIVE_SCHEMA_H

#include <stddef.h>

#define SCHEMA_APPLICATION_ID 0x494d4152 /* "IMAR" */
#define SCHEMA_VERSION 2

struct schema_table {
	const char *name;
	const char *text;
};

/* In ascending order of names. */
extern const struct schema_table schema_tables[];
extern const size_t schema_nr_tables;

/* So many of them there were in version 1: the first ones. */
extern const size_t schema_nr_tables_1;

#endif
