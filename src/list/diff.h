/* SPDX-License-Identifier: MIT */
/*
 * What tells two lists apart. What is compared is what was measured: PCR,
 * template, data, and a digest that is wrong; so a list is the same in every
 * format, byte order and bank.
 *
 * Memory is bounded. Where the lists part, up to DIFF_WINDOW records of each
 * are looked through for where they meet again, and then the longer list goes
 * on until it gets to the DIFF_WINDOW records of the other. A record that is gone in one
 * place and there in another was moved, as far as both are among DIFF_EVENTS
 * differences in a row.
 */
#ifndef LIST_DIFF_H
#define LIST_DIFF_H

#include "list/input.h"

#include "log/hash.h"

#define DIFF_WINDOW 65536
#define DIFF_EVENTS 65536
#define DIFF_BYTES_MAX ((size_t)32 << 20) /* of names that are kept */
#define DIFF_NAME_MAX 4096 /* bytes of a name that are kept */

/* A record, as far as it is kept. */
struct diff_entry {
	uint8_t id[16]; /* equal for equal records */
	uint64_t index;
	uint32_t pcr;
	uint8_t digest[IMASTAGE_DIGEST_MAX];
	size_t digest_len;
	size_t template_len;
	size_t name_len;
	uint8_t text[]; /* template, then event name */
};

struct diff_side {
	struct input input;
	struct diff_entry **window; /* DIFF_WINDOW of them, from @first on */
	size_t first;
	size_t nr;
	size_t bytes; /* of the entries in the window */
	bool at_end;
	uint64_t nr_records;
	struct imastage_hasher *hasher;
	enum imastage_bank hasher_bank;
	struct imastage_writer *writer; /* to little-endian, of this bank: */
	enum imastage_bank writer_bank;
	struct imastage_buffer buffer;
};

enum diff_kind {
	DIFF_REMOVED,
	DIFF_ADDED
};

struct diff_event {
	struct diff_entry *entry; /* owned */
	enum diff_kind kind;
	uint64_t hunk; /* differences between two places where lists meet */
	struct diff_event *partner; /* the same record, or what it became */
	bool moved; /* with @partner: the same record */
};

struct diff_counts {
	uint64_t nr_added;
	uint64_t nr_removed;
	uint64_t nr_changed;
	uint64_t nr_moved;
	bool is_continued; /* all that differs is added behind the end of A */
};

struct diff {
	struct diff_side a;
	struct diff_side b;
	struct hash hash; /* sha256 */
	struct diff_event *events; /* DIFF_EVENTS of them */
	size_t nr_events;
	size_t events_bytes;
	uint64_t hunk;
	struct diff_counts counts;

	/* Says one difference; its result ends the comparison if not 0. */
	int (*report)(void *context, const struct diff_event *event);
	void *context;
};

/* Inputs are to be set before. 0, or negative after a complaint. */
int diff_run(struct diff *diff);
void diff_fini(struct diff *diff);

/* For diff.c: reads until @nr are in the window, or as many as there can be. */
int diff_side_fill(struct diff *diff, struct diff_side *side, size_t nr);
struct diff_entry *diff_side_take(struct diff_side *side);
void diff_side_fini(struct diff_side *side);

static inline struct diff_entry *diff_side_at(const struct diff_side *side,
					      size_t i)
{
	return side->window[(side->first + i) % DIFF_WINDOW];
}

#endif
