// SPDX-License-Identifier: MIT
/*
 * Fuzz target for what reads bytes from outside: commands from user space, the
 * trailer from the kernel before. The answer, and that nothing is touched on
 * failure, is compared with another understanding of the same formats.
 *
 * The two lowest bits of the first byte of the input say which:
 *	0	a command to a file of the current list
 *	1	a command to a file of the staged list
 *	2	a trailer
 *	3	a trailer whose checksum is made right, to get behind it
 * and for a trailer, the others:
 *	4	whether digests are taken over
 *	8, 16	IMA's hash
 *	32..128	which allocation fails, 0: none
 */

#include <linux/kernel.h>
#include <linux/limits.h>
#include <linux/string.h>
#include <linux/unaligned.h>
#include <zlib.h>

#include "fixture.h"
#include "reference.h"
#include "tap.h"
#include "ushim.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t len);

static void fuzz_parse(const char *text, size_t len, bool staged)
{
	struct ima_staging_cmd cmd, expected;
	int ret;

	memset(&cmd, 0xa5, sizeof(cmd));
	memset(&expected, 0xa5, sizeof(expected));
	ret = ima_staging_parse(text, len, staged, &cmd);
	must(ret == reference_parse(text, len, staged, &expected), "%d", ret);
	must(cmd.verb == expected.verb, "verb");
	must(cmd.nr == expected.nr, "nr");
	must(cmd.nr_deleted == expected.nr_deleted, "nr_deleted");
}

/* What is there before, which a trailer that is refused must leave alone. */
#define NR_DELETED 77
#define NR_SNAPSHOTS 78
#define NR 79
#define NR_LEFT 80

static const u8 known_digest[FIXTURE_DIGEST_LEN] = "known";

static void fuzz_init(struct fixture *fx, u8 how)
{
	static const int algos[] = { HASH_ALGO_MD5, HASH_ALGO_SHA1,
				     HASH_ALGO_SHA256, HASH_ALGO_SHA512 };

	ushim_ima_hash(algos[how / 8 % 4], 0);
	fixture_init(fx, NULL);
	atomic64_set(&fx->s.nr_deleted, NR_DELETED);
	fx->s.nr_snapshots = NR_SNAPSHOTS;
	must(!ima_digest_set_reserve(&fx->s.digests, 1), "reserve");
	ima_digest_set_add(&fx->s.digests, known_digest, 10);
}

/* How many of @nr entries are not there before, and are not twice. */
static u64 nr_new(const u8 *entries, u64 nr, size_t len)
{
	u64 ret = 0;

	for (u64 i = 0; i < nr; i++) {
		const u8 *entry = entries + i * len;
		bool known = entry[0] == 10 &&
			     !memcmp(entry + 1, known_digest, len - 1);

		for (u64 j = 0; j < i && !known; j++)
			known = !memcmp(entries + j * len, entry, len);
		ret += !known;
	}
	return ret;
}

static void check_digests(struct fixture *fx, const u8 *entries, u64 nr)
{
	size_t len = 1 + hash_digest_size[ima_hash_algo];

	must(fx->s.digests.nr == 1 + nr_new(entries, nr, len), "new digests");
	mutex_lock(&fx->lock);
	for (u64 i = 0; i < nr; i++) {
		const u8 *entry = entries + i * len;

		must(ima_staging_has_digest(&fx->s, entry + 1, entry[0]),
		     "digest %llu", i);
	}
	mutex_unlock(&fx->lock);
}

static bool is_taken(const struct reference_trailer *t, bool wanted)
{
	return wanted && t->hash_algo == (unsigned int)ima_hash_algo &&
	       t->digest_len == (unsigned int)hash_digest_size[ima_hash_algo];
}

static void check_trailer(struct fixture *fx,
			  const struct ima_staging_restored *restored,
			  const struct reference_trailer *t)
{
	must((u64)atomic64_read(&fx->s.nr_deleted) == t->nr_deleted, "deleted");
	must(fx->s.nr_snapshots == t->nr_snapshots, "snapshots");
	must(restored->nr + restored->nr_left == t->nr + t->nr_left, "left");
	check_digests(fx, t->digests, restored->nr);
}

static void fuzz_trailer(const u8 *buf, size_t len, u8 how)
{
	struct ima_staging_restored restored = { NR, NR_LEFT };
	struct reference_trailer t = { NR_DELETED, NR_SNAPSHOTS, NR_LEFT, NR, 0,
				       0,	   NULL };
	unsigned long nth = how / 32, nr_calls;
	bool wanted = how & 4;
	struct fixture fx;
	int ret;

	fuzz_init(&fx, how);
	nr_calls = ushim_slab_calls();
	ushim_slab_fail_at(nth);
	ret = ima_staging_get_trailer(&fx.s, buf, len, wanted, &restored);
	ushim_slab_fail_at(0);
	nr_calls = ushim_slab_calls() - nr_calls;

	must(ret == reference_get_trailer(buf, len, &t), "%d", ret);
	if (ret)
		must(restored.nr == NR, "taken");
	else if (!is_taken(&t, wanted))
		must(!restored.nr, "taken");
	else if (nth && nth <= nr_calls)
		must(restored.nr < t.nr, "taken");
	else
		must(restored.nr == t.nr, "taken");
	if (ret)
		restored.nr = t.nr = 0;
	check_trailer(&fx, &restored, &t);
	fixture_fini(&fx);
}

static void seal(u8 *buf, size_t len)
{
	u64 trailer_len;

	if (len < IMA_STAGING_TRAILER_LEN)
		return;

	trailer_len = get_unaligned_le64(buf + 16);
	if (trailer_len < IMA_STAGING_TRAILER_LEN || trailer_len > len)
		return;
	put_unaligned_le32(0, buf + 12);
	put_unaligned_le32(crc32(0, buf, trailer_len), buf + 12);
}

/* A copy of just that size, so that reading past its end is seen. */
int LLVMFuzzerTestOneInput(const u8 *data, size_t len)
{
	u8 *copy;

	if (!len)
		return 0;

	copy = malloc(len - 1);
	must(copy || len == 1, "no memory");
	if (len > 1)
		memcpy(copy, data + 1, len - 1);
	if (data[0] % 4 == 3)
		seal(copy, len - 1);
	if (data[0] % 4 < 2)
		fuzz_parse((char *)copy, len - 1, data[0] % 4);
	else
		fuzz_trailer(copy, len - 1, data[0]);
	free(copy);
	return 0;
}
