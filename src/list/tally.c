// SPDX-License-Identifier: MIT
/*
 * Counting by name and finding duplicates in bounded memory.
 */
#include "list/tally.h"
#include "base/bytes.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>

#define FIRST_SLOTS 1024
#define CHUNK_LEN ((size_t)1 << 16)

/* ---- names ----------------------------------------------------------------- */

struct tally_chunk {
	struct tally_chunk *next;
	size_t len;
	size_t capacity;
	uint8_t data[];
};

__extension__ typedef unsigned __int128 product;

/* Both halves of a product depend on all bits of its factors, one of them secret. */
static uint64_t mix(uint64_t a, uint64_t b)
{
	product whole = (product)a * b;

	return (uint64_t)whole ^ (uint64_t)(whole >> 64);
}

/*
 * Names are chosen by whoever makes a list; two secret keys keep them from
 * colliding.
 */
static uint64_t hash_name(struct imastage_bytes name)
{
	static uint64_t keys[2];
	uint64_t hash;

	if (!keys[0] && getrandom(keys, sizeof(keys), 0) < 0)
		keys[0] = (uint64_t)(uintptr_t)&hash;
	hash = keys[0] ^ name.len;
	while (name.len > 0) {
		struct imastage_bytes piece = bytes_first(name, 8);
		uint64_t word = 0;

		memcpy(&word, piece.data, piece.len);
		hash = mix(hash ^ word, keys[1] | 1);
		name = bytes_skip(name, piece.len);
	}
	return mix(hash, keys[0] | 1);
}

static struct tally_entry *find(const struct tally *tally, uint64_t hash,
				struct imastage_bytes name)
{
	size_t mask = tally->nr_slots - 1, at = (size_t)hash & mask;

	while (tally->slots[at].nr_records > 0 &&
	       (tally->slots[at].hash != hash ||
		!bytes_equal(tally->slots[at].name, name)))
		at = (at + 1) & mask;
	return &tally->slots[at];
}

/* Twice the slots. With the limit reached the tally is full instead. */
static int grow(struct tally *tally)
{
	struct tally bigger = *tally;

	bigger.nr_slots = tally->nr_slots ? 2 * tally->nr_slots : FIRST_SLOTS;
	if (bigger.nr_slots * sizeof(*bigger.slots) + tally->names_len >
	    tally->memory_max) {
		tally->is_full = true;
		return 0;
	}
	bigger.slots = calloc(bigger.nr_slots, sizeof(*bigger.slots));
	if (!bigger.slots)
		return -ENOMEM;
	for (size_t i = 0; i < tally->nr_slots; i++)
		if (tally->slots[i].nr_records > 0)
			*find(&bigger, tally->slots[i].hash,
			      tally->slots[i].name) = tally->slots[i];
	free(tally->slots);
	*tally = bigger;
	return 0;
}

static uint8_t *keep_name(struct tally *tally, struct imastage_bytes name)
{
	struct tally_chunk *chunk = tally->chunks;

	if (!chunk || name.len > chunk->capacity - chunk->len) {
		size_t capacity = name.len > CHUNK_LEN ? name.len : CHUNK_LEN;

		chunk = malloc(sizeof(*chunk) + capacity);
		if (!chunk)
			return NULL;
		chunk->next = tally->chunks;
		chunk->len = 0;
		chunk->capacity = capacity;
		tally->chunks = chunk;
		tally->names_len += capacity;
	}
	if (name.len > 0)
		memcpy(chunk->data + chunk->len, name.data, name.len);
	chunk->len += name.len;
	return chunk->data + chunk->len - name.len;
}

static bool has_room(const struct tally *tally, size_t name_len)
{
	return !tally->is_full && tally->nr_slots * sizeof(*tally->slots) +
						  tally->names_len + name_len <=
					  tally->memory_max;
}

static int add_entry(struct tally *tally, struct tally_entry *entry,
		     uint64_t hash, struct imastage_bytes name)
{
	uint8_t *kept = keep_name(tally, name);

	if (!kept)
		return -ENOMEM;
	entry->name = bytes_of(kept, name.len);
	entry->hash = hash;
	tally->nr++;
	return 0;
}

int tally_add(struct tally *tally, struct imastage_bytes name,
	      uint64_t nr_bytes)
{
	uint64_t hash = hash_name(name);
	struct tally_entry *entry;
	int r = 0;

	if (tally->nr >= tally->nr_slots / 4 * 3 && !tally->is_full)
		r = grow(tally);
	if (r < 0)
		return r;
	entry = tally->nr_slots ? find(tally, hash, name) : NULL;
	if (!entry || (entry->nr_records == 0 && !has_room(tally, name.len))) {
		tally->nr_left_out++;
		return 0;
	}
	if (entry->nr_records == 0)
		r = add_entry(tally, entry, hash, name);
	if (r < 0)
		return r;
	entry->nr_records++;
	entry->nr_bytes += nr_bytes;
	return 0;
}

void tally_fini(struct tally *tally)
{
	while (tally->chunks) {
		struct tally_chunk *next = tally->chunks->next;

		free(tally->chunks);
		tally->chunks = next;
	}
	free(tally->slots);
}

bool tally_fewer_records(const struct tally_entry *a,
			 const struct tally_entry *b)
{
	return a->nr_records < b->nr_records;
}

bool tally_fewer_bytes(const struct tally_entry *a, const struct tally_entry *b)
{
	return a->nr_bytes < b->nr_bytes;
}

/* Equal ones by name, so that the order does not depend on the key. */
static bool is_behind(bool (*less)(const struct tally_entry *a,
				   const struct tally_entry *b),
		      const struct tally_entry *a, const struct tally_entry *b)
{
	size_t len = a->name.len < b->name.len ? a->name.len : b->name.len;
	int order = len ? memcmp(a->name.data, b->name.data, len) : 0;

	if (less(a, b) || less(b, a))
		return less(a, b);
	return order ? order > 0 : a->name.len > b->name.len;
}

size_t tally_top(const struct tally *tally,
		 bool (*less)(const struct tally_entry *a,
			      const struct tally_entry *b),
		 size_t max, const struct tally_entry **ret_top)
{
	size_t nr = 0;

	for (size_t i = 0; i < tally->nr_slots; i++) {
		const struct tally_entry *entry = &tally->slots[i];
		size_t at = nr;

		if (entry->nr_records == 0 || max == 0)
			continue;
		if (nr == max && !is_behind(less, ret_top[nr - 1], entry))
			continue;
		if (nr < max)
			nr++;
		else
			at = nr - 1;
		for (; at > 0 && is_behind(less, ret_top[at - 1], entry); at--)
			ret_top[at] = ret_top[at - 1];
		ret_top[at] = entry;
	}
	return nr;
}

/* ---- duplicates ------------------------------------------------------------ */

static const uint8_t nothing[16];

static uint8_t *find_slot(const struct seen *seen, const uint8_t key[16])
{
	size_t mask = seen->nr_slots - 1;
	uint64_t hash;
	size_t at;

	memcpy(&hash, key, sizeof(hash));
	for (at = (size_t)hash & mask; memcmp(seen->slots[at], nothing, 16) &&
				       memcmp(seen->slots[at], key, 16);
	     at = (at + 1) & mask)
		;
	return seen->slots[at];
}

static int grow_seen(struct seen *seen)
{
	struct seen bigger = *seen;

	bigger.nr_slots = seen->nr_slots ? 2 * seen->nr_slots : FIRST_SLOTS;
	if (bigger.nr_slots * sizeof(*bigger.slots) > seen->memory_max) {
		seen->is_full = seen->nr + 1 >= seen->nr_slots / 8 * 7;
		return 0;
	}
	bigger.slots = calloc(bigger.nr_slots, sizeof(*bigger.slots));
	if (!bigger.slots)
		return -ENOMEM;
	for (size_t i = 0; i < seen->nr_slots; i++)
		if (memcmp(seen->slots[i], nothing, 16) != 0)
			memcpy(find_slot(&bigger, seen->slots[i]),
			       seen->slots[i], 16);
	free(seen->slots);
	*seen = bigger;
	return 0;
}

int seen_add(struct seen *seen, struct imastage_bytes digest, uint32_t pcr)
{
	uint8_t key[16] = { 0 }, *slot;
	int r = 0;

	memcpy(key, digest.data, digest.len < 16 ? digest.len : 16);
	for (size_t i = 0; i < sizeof(pcr); i++)
		key[12 + i] ^= (uint8_t)(pcr >> 8 * i);
	if (!memcmp(key, nothing, sizeof(key)))
		key[15] = 1;
	if (seen->nr >= seen->nr_slots / 4 * 3 && !seen->is_full)
		r = grow_seen(seen);
	if (r < 0)
		return r;
	if (!seen->nr_slots) {
		seen->nr_left_out++;
		return 0;
	}
	slot = find_slot(seen, key);
	if (!memcmp(slot, key, sizeof(key)))
		return SEEN_BEFORE;
	if (seen->is_full) {
		seen->nr_left_out++;
		return 0;
	}
	memcpy(slot, key, sizeof(key));
	seen->nr++;
	return 0;
}

void seen_fini(struct seen *seen)
{
	free(seen->slots);
}
