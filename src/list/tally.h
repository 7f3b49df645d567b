/* SPDX-License-Identifier: MIT */
/*
 * Counting by name and finding duplicates in bounded memory. What no longer
 * fits is counted, so that whoever prints the result can say that it is cut.
 */
#ifndef LIST_TALLY_H
#define LIST_TALLY_H

#include <imastage/bytes.h>

struct tally_entry {
	struct imastage_bytes name; /* owned by the tally */
	uint64_t hash;
	uint64_t nr_records;
	uint64_t nr_bytes;
};

/* Start with all zeros but for the limit. */
struct tally {
	size_t memory_max; /* bytes; about, growing needs half as much more */
	struct tally_entry
		*slots; /* open addressing; a free one has no records */
	size_t nr_slots; /* a power of two, or 0 */
	size_t nr; /* names */
	size_t names_len; /* bytes of names */
	struct tally_chunk *chunks; /* memory of names */
	bool is_full;
	uint64_t nr_left_out; /* records of names that did not fit */
};

/* -ENOMEM */
int tally_add(struct tally *tally, struct imastage_bytes name,
	      uint64_t nr_bytes);
void tally_fini(struct tally *tally);

/* The @max largest by @less, the largest first. Returns how many. */
size_t tally_top(const struct tally *tally,
		 bool (*less)(const struct tally_entry *a,
			      const struct tally_entry *b),
		 size_t max, const struct tally_entry **ret_top);

bool tally_fewer_records(const struct tally_entry *a,
			 const struct tally_entry *b);
bool tally_fewer_bytes(const struct tally_entry *a,
		       const struct tally_entry *b);

/* A set of digests: 16 bytes of each, which two by chance never share. */
struct seen {
	size_t memory_max;
	uint8_t (*slots)[16]; /* all zeros is a free one */
	size_t nr_slots;
	size_t nr;
	bool is_full;
	uint64_t nr_left_out;
};

#define SEEN_BEFORE 1

/* 0 when it is new (or does not fit), SEEN_BEFORE, -ENOMEM. */
int seen_add(struct seen *seen, struct imastage_bytes digest, uint32_t pcr);
void seen_fini(struct seen *seen);

#endif
