// SPDX-License-Identifier: MIT
/*
 * Fuzz target for the set of digests: any order of adding, removing, reserving,
 * giving back and copying, compared with a table of counts. There are few digests,
 * so that most are there many times, and in both the first and the last chunk of
 * a bucket.
 *
 * The input:
 *	1 byte	length of a digest (% 5), and (128) where digests differ
 *	2 bytes	which allocation fails, 0: none
 *	then for each step
 *	1 byte	what (% 8), and the PCR (8, 16)
 *	2 bytes	from which digest on, how many
 */

#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/log2.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "ima_digest_set.h"
#include "tap.h"
#include "ushim.h"

#define NR_NUMBERS 256
#define NR_PCRS 4
#define NR_DIGESTS (NR_NUMBERS * NR_PCRS)
#define MAX_LEN 64
/* Of all digests, so many are looked up after each step. */
#define NR_LOOKED_UP 32
#define CHUNK_LEN 512
#define BUCKET_DIGESTS 48

int LLVMFuzzerTestOneInput(const u8 *data, size_t len);

/**
 * struct model - what should be
 * @set: what is
 * @back: digests differ in the last byte, not in the first
 * @hash: of each number
 * @count: how often each digest is there, by number and PCR
 * @nr: how many there are
 * @peak: how many there were at most
 * @nr_bytes: allocated before
 * @nr_blocks: allocated before
 * @fails_at: number of the allocation that fails
 * @next: the first digest to look up after the next step
 */
struct model {
	struct ima_digest_set set;
	bool back;
	u64 hash[NR_NUMBERS];
	u32 count[NR_DIGESTS];
	u64 nr;
	u64 peak;
	size_t nr_bytes;
	long nr_blocks;
	unsigned long fails_at;
	unsigned int next;
};

static void put_digest(const struct model *m, u8 number, u8 digest[MAX_LEN])
{
	memset(digest, 0x5a, MAX_LEN);
	digest[m->back ? m->set.digest_len - 1 : 0] = number;
}

/* Digest @i, and its PCR. */
static bool has(const struct model *m, unsigned int i)
{
	u8 digest[MAX_LEN];

	put_digest(m, i / NR_PCRS, digest);
	return ima_digest_set_has(&m->set, digest, i % NR_PCRS);
}

/* The number of an entry as it is copied: PCR, digest. */
static unsigned int entry_number(const struct model *m, const u8 *entry)
{
	u8 number = entry[m->back ? m->set.digest_len : 1];
	u8 digest[MAX_LEN];

	put_digest(m, number, digest);
	must(entry[0] < NR_PCRS &&
		     !memcmp(entry + 1, digest, m->set.digest_len),
	     "the digest of nothing");
	return number * NR_PCRS + entry[0];
}

/* Linear hashing, from the end of the smaller table. */
static unsigned long bucket_of(const struct model *m, unsigned int i)
{
	u64 hash = m->hash[i / NR_PCRS];
	unsigned long small = rounddown_pow_of_two(m->set.nr_buckets);
	unsigned long bucket = hash % (2 * small);

	return bucket < m->set.nr_buckets ? bucket : hash % small;
}

/* A copy with room for @len bytes and not one more, to be freed. */
static u8 *copy(const struct model *m, size_t len, u64 *ret_nr)
{
	u8 *buf = malloc(len);

	must(buf || !len, "no memory");
	*ret_nr = ima_digest_set_copy(&m->set, buf, len);
	must(*ret_nr == min_t(u64, m->nr, len / (1 + m->set.digest_len)),
	     "%llu copied", *ret_nr);
	return buf;
}

/* So many digests of a bucket are in as few chunks as there can be. */
static u64 nr_chunks(const struct model *m, u64 nr_digests)
{
	u64 per_chunk =
		(CHUNK_LEN - sizeof(void *) - 2) / (1 + m->set.digest_len);

	return (nr_digests + per_chunk - 1) / per_chunk;
}

/* Just these digests are there, bucket by bucket, in full chunks. */
static void check_contents(const struct model *m)
{
	size_t entry_len = 1 + m->set.digest_len;
	u32 count[NR_DIGESTS] = {};
	u64 nr, nr_used = 0, nr_in = 0;
	unsigned long bucket = 0;
	u8 *buf = copy(m, m->nr * entry_len, &nr);

	for (u64 i = 0; i < nr; i++) {
		unsigned int number = entry_number(m, buf + i * entry_len);
		unsigned long b = bucket_of(m, number);

		count[number]++;
		must(b >= bucket && b < m->set.nr_buckets, "bucket %lu", b);
		if (b != bucket) {
			nr_used += nr_chunks(m, nr_in);
			nr_in = 0;
		}
		bucket = b;
		nr_in++;
	}
	nr_used += nr_chunks(m, nr_in);
	free(buf);
	must(!memcmp(count, m->count, sizeof(count)), "contents");
	must(m->set.nr_chunks == nr_used + m->set.nr_spare,
	     "%lu chunks, not %llu and %lu spare ones", m->set.nr_chunks,
	     nr_used, m->set.nr_spare);
}

static void check_sizes(const struct model *m)
{
	const struct ima_digest_set *set = &m->set;

	must(set->nr == m->nr, "nr");
	must(set->nr_buckets * BUCKET_DIGESTS >= m->nr, "few buckets");
	must(set->nr_buckets <= m->peak / BUCKET_DIGESTS + 1, "many buckets");
	must(ima_digest_set_bytes(set) == ushim_slab_bytes() - m->nr_bytes,
	     "%zu bytes", ima_digest_set_bytes(set));
	must(ushim_slab_live() - m->nr_blocks ==
		     (long)(set->nr_chunks + set->nr_segments) +
			     !!set->segments,
	     "blocks");
}

static void check(struct model *m)
{
	check_sizes(m);
	check_contents(m);
	for (int i = 0; i < NR_LOOKED_UP; i++) {
		must(has(m, m->next) == !!m->count[m->next], "digest %u",
		     m->next);
		m->next = (m->next + 1) % NR_DIGESTS;
	}
}

static void fail_at(struct model *m, unsigned long nth)
{
	m->fails_at = nth ? ushim_slab_calls() + nth : 0;
	ushim_slab_fail_at(nth);
}

/* Fails if an allocation did, and only then. */
static bool reserve(struct model *m, unsigned int nr)
{
	unsigned long nr_calls = ushim_slab_calls();
	int ret = ima_digest_set_reserve(&m->set, nr);
	bool failed = m->fails_at > nr_calls &&
		      m->fails_at <= ushim_slab_calls();

	must(ret == (failed ? -ENOMEM : 0), "reserve: %d", ret);
	return !ret;
}

static void add_one(struct model *m, unsigned int i)
{
	u8 digest[MAX_LEN];

	put_digest(m, i / NR_PCRS, digest);
	ima_digest_set_add(&m->set, digest, i % NR_PCRS);
	m->count[i]++;
	m->nr++;
	m->peak = m->nr > m->peak ? m->nr : m->peak;
	must(has(m, i), "added, but not there");
}

static void remove_one(struct model *m, unsigned int i)
{
	u8 digest[MAX_LEN];
	bool ret;

	put_digest(m, i / NR_PCRS, digest);
	ret = ima_digest_set_remove(&m->set, digest, i % NR_PCRS);
	must(ret == !!m->count[i], "remove");
	if (ret) {
		m->count[i]--;
		m->nr--;
	}
	must(has(m, i) == !!m->count[i], "removed");
}

/* @nr digests from number @first on, or one of them so often. */
static void change(struct model *m, void (*one)(struct model *, unsigned int),
		   u8 pcr, u8 first, unsigned int nr, bool same)
{
	unsigned long nr_calls = ushim_slab_calls();
	long nr_live = ushim_slab_live();

	while (nr--) {
		one(m, first * NR_PCRS + pcr);
		first += !same;
	}
	must(ushim_slab_calls() == nr_calls && ushim_slab_live() == nr_live,
	     "memory was needed");
}

static void copy_some(struct model *m, size_t len)
{
	u32 count[NR_DIGESTS] = {};
	u64 nr;
	u8 *buf = copy(m, len, &nr);

	for (u64 i = 0; i < nr; i++) {
		unsigned int number =
			entry_number(m, buf + i * (1 + m->set.digest_len));

		must(++count[number] <= m->count[number], "digest %u", number);
	}
	free(buf);
}

static void give_back(struct model *m)
{
	ima_digest_chunks_free(ima_digest_set_take_spare(&m->set));
	must(!m->set.nr_spare && !m->set.spare, "spare chunks");
}

static void step(struct model *m, const u8 *input)
{
	u8 what = input[0] % 8, pcr = input[0] / 8 % NR_PCRS, first = input[1];
	unsigned int nr = 1 + input[2] % 64;

	switch (what) {
	case 0:
	case 1:
		if (reserve(m, nr))
			change(m, add_one, pcr, first, nr, what);
		break;
	case 2:
	case 3:
	case 4:
		change(m, remove_one, pcr, first, nr, what == 2);
		break;
	case 5:
		fail_at(m, first);
		reserve(m, nr);
		break;
	case 6:
		give_back(m);
		break;
	default:
		copy_some(m, first * input[2]);
	}
}

static void init(struct model *m, const u8 *input)
{
	static const unsigned int lens[] = { 16, 20, 32, 48, 64 };
	siphash_key_t key = { { input[0], 1 } };
	u8 digest[MAX_LEN];

	m->back = input[0] & 128;
	m->nr_bytes = ushim_slab_bytes();
	m->nr_blocks = ushim_slab_live();
	ima_digest_set_init(&m->set, lens[input[0] % ARRAY_SIZE(lens)], &key);
	for (unsigned int number = 0; number < NR_NUMBERS; number++) {
		put_digest(m, number, digest);
		m->hash[number] = siphash(digest, m->set.digest_len, &key);
	}
	check(m);
	fail_at(m, input[1] << 8 | input[2]);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t len)
{
	struct model m = {};

	if (len < 3)
		return 0;

	init(&m, data);
	for (size_t i = 3; i + 3 <= len; i += 3) {
		step(&m, data + i);
		check(&m);
	}
	for (unsigned int i = 0; i < NR_DIGESTS; i++)
		must(has(&m, i) == !!m.count[i], "digest %u", i);
	fail_at(&m, 0);
	ima_digest_set_fini(&m.set);
	must(ushim_slab_live() == m.nr_blocks, "memory is left");
	return 0;
}
