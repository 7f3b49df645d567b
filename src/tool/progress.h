/* SPDX-License-Identifier: MIT */
/*
 * A line on standard error that says how far long work is. It appears after a
 * second, only when standard error is a terminal (or when told so), and is
 * gone before anything else is written there.
 */
#ifndef TOOL_PROGRESS_H
#define TOOL_PROGRESS_H

#include <stdint.h>

enum progress_mode {
	PROGRESS_AUTO,
	PROGRESS_ALWAYS,
	PROGRESS_NEVER
};

void progress_start(enum progress_mode mode);

/* The same for work on something else than records: "files". @what must stay. */
void progress_start_of(enum progress_mode mode, const char *what);

/* @nr_bytes_total: 0 when nobody knows. Cheap enough for every record. */
void progress_update(uint64_t nr_records, uint64_t nr_bytes,
		     uint64_t nr_bytes_total);

void progress_clear(void);

#endif
