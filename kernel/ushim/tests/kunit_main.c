// SPDX-License-Identifier: MIT
/* Runs the KUnit suites that are linked in, once with each hash IMA may have. */

#include <kunit/test.h>
#include <linux/hash_info.h>
#include <linux/sched.h>

struct hash {
	const char *name;
	int algo;
	int idx;
};

static const struct hash hashes[] = {
	{ "sha256", HASH_ALGO_SHA256, 1 }, { "sha1", HASH_ALGO_SHA1, 0 },
	{ "md5", HASH_ALGO_MD5, 1 },	   { "sha384", HASH_ALGO_SHA384, 1 },
	{ "sha512", HASH_ALGO_SHA512, 0 },
};

static const char *start(int round)
{
	ushim_ima_hash(hashes[round].algo, hashes[round].idx);
	return hashes[round].name;
}

int main(void)
{
	/* Be a task before anyone counts them. */
	(void)current;

	return ushim_kunit_run(ARRAY_SIZE(hashes), start) ? 1 : 0;
}
