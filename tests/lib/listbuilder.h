/* SPDX-License-Identifier: MIT */
/*
 * Makes records for tests: from parts, or at random from a seed.
 */
#ifndef LIB_LISTBUILDER_H
#define LIB_LISTBUILDER_H

#include <imastage/record.h>

/* Memory for one record; what is built in it stays valid with it. */
struct built_record {
	struct imastage_record record; /* raw is not set */
	uint8_t digest[IMASTAGE_DIGEST_MAX];
	uint8_t data[12288];
};

/*
 * A record in little-endian order with the given fields, for template "ima"
 * the 20 bytes of digest and the name. Its digest is all 0x11.
 */
void build_record(struct built_record *built, enum imastage_bank bank,
		  uint32_t pcr, const char *template,
		  const struct imastage_bytes *fields, unsigned int nr_fields);

/* The same in another byte order. */
void build_record_in(struct built_record *built, enum imastage_endian endian,
		     enum imastage_bank bank, uint32_t pcr,
		     const char *template, const struct imastage_bytes *fields,
		     unsigned int nr_fields);

/* Any template, any lengths, any byte order; the same for the same *seed. */
void build_random_record(struct built_record *built, enum imastage_bank bank,
			 uint32_t *seed);

/*
 * Writes the record in the kernel's binary form and its own byte order: the
 * tests' own, not the library's. Returns its length.
 */
size_t put_record(const struct imastage_record *record, uint8_t *memory,
		  size_t capacity);

/* The next pseudo-random number of the seed, 0 to @limit - 1. */
uint32_t next_random(uint32_t *seed, uint32_t limit);

#endif
