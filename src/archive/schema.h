/* SPDX-License-Identifier: MIT */
/*
 * The tables of the index, as they are made and as they must be found.
 */
#ifndef ARCHIVE_SCHEMA_H
#define ARCHIVE_SCHEMA_H

#include <stddef.h>

#define SCHEMA_APPLICATION_ID 0x494d4152 /* "IMAR" */
#define SCHEMA_VERSION 3

struct schema_table {
	const char *name;
	const char *text;
	int since; /* version of the format that has it first */
};

/* In ascending order of names. */
extern const struct schema_table schema_tables[];
extern const size_t schema_nr_tables;

#endif
