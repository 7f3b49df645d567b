/* SPDX-License-Identifier: MIT */
/*
 * The image of a policy from the inside. All numbers are little-endian; docs/format-policy.md
 * draws it.
 *
 * An image that was made here is right. One that is mapped from a file may hold anything: its head
 * and its texts are checked when it is opened, everything else where it is looked at, so
 * that opening does not depend on the size.
 */
#ifndef POLICY_IMAGE_H
#define POLICY_IMAGE_H

#include "policy/exclude.h"
#include "policy/policy.h"

#include <endian.h>

#define IMAGE_MAGIC "imastage-policy1"
#define IMAGE_MAGIC_LEN 16
#define IMAGE_HEAD_LEN 256
#define IMAGE_ENTRY_LEN 8 /* of an entry without name and digests */
#define IMAGE_EXCLUDED_AT 3 /* in an entry: enum policy_excluded */
#define IMAGE_DIGEST_LEN 4 /* of a digest without its bytes */
#define IMAGE_PACKAGE_LEN 16
#define IMAGE_SLOT_LEN 8
/* Excludes that take too many steps are asked so often; then none is asked. */
#define IMAGE_TIRED_MAX 1000
#define IMAGE_PROBES_MAX 128 /* slots that are looked at for one name */
#define IMAGE_PACKAGES_MAX ((uint32_t)1 << 24)

enum image_section {
	IMAGE_TEXTS,
	IMAGE_PACKAGES,
	IMAGE_WORDS, /* names and versions of packages */
	IMAGE_SLOTS,
	IMAGE_ENTRIES,
	IMAGE_NR_SECTIONS
};

/* Switches, as bits. */
#define IMAGE_VIOLATIONS_WARN 1u
#define IMAGE_WEAK_ALLOWED 2u
#define IMAGE_REQUIRE_BOTH 4u
#define IMAGE_WITHHELD_WARN 8u
#define IMAGE_SWITCHES 15u

/* Where things are in the head. */
#define HEAD_LEN_AT 16
#define HEAD_HASH_AT 24
#define HEAD_SEED_AT 56
#define HEAD_SWITCHES_AT 64
#define HEAD_ZERO_AT 68
#define HEAD_DIGESTS_AT 72
#define HEAD_NAMES_AT 80 /* u64 for each space but POLICY_WITHHELD */
#define HEAD_TEXTS_AT 112 /* u32 for each kind */
#define HEAD_WITHHELD_AT 124 /* u32; it was zero before there was that space */
#define HEAD_SECTIONS_AT 128 /* u64 offset and length for each */
#define HEAD_END (HEAD_SECTIONS_AT + 16 * IMAGE_NR_SECTIONS)

struct policy {
	struct imastage_bytes image;
	uint8_t *owned; /* of malloc(); or NULL, and it is mapped */
	struct imastage_bytes sections[IMAGE_NR_SECTIONS];
	uint64_t seed;
	uint64_t nr_digests, nr_names[POLICY_NR_SPACES];
	struct policy_switches switches;
	struct imastage_bytes *texts[POLICY_NR_TEXTS]; /* owned */
	size_t nr_texts[POLICY_NR_TEXTS];
	struct policy_exclude **excludes; /* owned, as many as texts */
};

static inline uint32_t image_u16(const uint8_t *at)
{
	return at[0] | (uint32_t)at[1] << 8;
}

static inline uint32_t image_u32(const uint8_t *at)
{
	uint32_t value;

	memcpy(&value, at, sizeof(value));
	return le32toh(value);
}

static inline uint64_t image_u64(const uint8_t *at)
{
	uint64_t value;

	memcpy(&value, at, sizeof(value));
	return le64toh(value);
}

static inline void image_set_u32(uint8_t *at, uint32_t value)
{
	value = htole32(value);
	memcpy(at, &value, sizeof(value));
}

static inline void image_set_u64(uint8_t *at, uint64_t value)
{
	value = htole64(value);
	memcpy(at, &value, sizeof(value));
}

static inline size_t image_pad(size_t len)
{
	return (len + 3) & ~(size_t)3;
}

/* A number for the name, of 64 bits: the slot and the slot's mark. */
static inline uint64_t image_hash(uint64_t seed, enum policy_space space,
				  struct imastage_bytes name)
{
	const uint64_t odd = UINT64_C(0x9fb21c651e98df25);
	uint64_t hash = seed ^ (name.len << 8 | space), word;
	const uint8_t *at = name.data;
	size_t left = name.len;

	for (; left >= sizeof(word); left -= sizeof(word)) {
		memcpy(&word, at, sizeof(word));
		hash = (hash ^ le64toh(word)) * odd;
		hash ^= hash >> 29;
		at += sizeof(word);
	}
	word = 0;
	if (left > 0)
		memcpy(&word, at, left);
	hash = (hash ^ le64toh(word)) * odd;
	hash ^= hash >> 32;
	hash *= odd;
	return hash ^ hash >> 29;
}

/* The slot that a name's search begins at. */
static inline uint64_t image_slot(uint64_t hash, uint64_t nr_slots)
{
	return ((hash & UINT32_MAX) * nr_slots) >> 32;
}

/* Was that text added? */
bool policy_builder_has_text(const struct policy_builder *builder,
			     enum policy_text kind, struct imastage_bytes text);

/*
 * 1: an exclude takes @path; 0: none; EXCLUDE_TIRED: they were not all asked, because
 * *nr_tired, which counts those that took too many steps, has reached IMAGE_TIRED_MAX. -ENOMEM.
 */
int policy_excludes(const struct policy *policy, struct imastage_bytes path,
		    unsigned int *nr_tired);

/*
 * Reads head and texts of policy->image, and compiles the excludes. -EBADMSG with where and
 * why; -ENOMEM. Whatever it returns, policy_free() releases it.
 */
int policy_adopt(struct policy *policy, struct policy_error *ret_error);

#endif
