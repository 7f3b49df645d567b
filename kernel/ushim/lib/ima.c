// SPDX-License-Identifier: MIT
/* Records as the kernel frees and measures them, and its hashes. */

#include <linux/crc32.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <zlib.h>

#include "ima.h"
#include "ushim.h"

const int hash_digest_size[HASH_ALGO__LAST] = {
	[HASH_ALGO_MD4] = 16,	       [HASH_ALGO_MD5] = 16,
	[HASH_ALGO_SHA1] = 20,	       [HASH_ALGO_RIPE_MD_160] = 20,
	[HASH_ALGO_SHA256] = 32,       [HASH_ALGO_SHA384] = 48,
	[HASH_ALGO_SHA512] = 64,       [HASH_ALGO_SHA224] = 28,
	[HASH_ALGO_RIPE_MD_128] = 16,  [HASH_ALGO_RIPE_MD_256] = 32,
	[HASH_ALGO_RIPE_MD_320] = 40,  [HASH_ALGO_WP_256] = 32,
	[HASH_ALGO_WP_384] = 48,       [HASH_ALGO_WP_512] = 64,
	[HASH_ALGO_TGR_128] = 16,      [HASH_ALGO_TGR_160] = 20,
	[HASH_ALGO_TGR_192] = 24,      [HASH_ALGO_SM3_256] = 32,
	[HASH_ALGO_STREEBOG_256] = 32, [HASH_ALGO_STREEBOG_512] = 64,
};

/* As on most machines: a TPM with banks for both. */
int ima_hash_algo = HASH_ALGO_SHA256;
int ima_hash_algo_idx = 1;
int ima_sha1_idx;

/* Another hash, in that place of the digests. */
void ushim_ima_hash(int algo, int idx)
{
	ima_hash_algo = algo;
	ima_hash_algo_idx = idx;
	ima_sha1_idx = algo == HASH_ALGO_SHA1 ? idx : !idx;
}

void ima_free_template_entry(struct ima_template_entry *entry)
{
	int i;

	for (i = 0; i < entry->template_desc->num_fields; i++)
		kfree(entry->template_data[i].data);
	kfree(entry->digests);
	kfree(entry);
}

/* PCR, digest, length and text of the template's name, length and data. */
unsigned long ima_binary_runtime_size(const struct ima_template_desc *desc,
				      u32 template_data_len)
{
	const char *name = desc->name[0] ? desc->name : desc->fmt;

	ushim_slow();
	return sizeof(u32) + SHA1_DIGEST_SIZE + sizeof(u32) + strlen(name) +
	       sizeof(u32) + template_data_len;
}

u32 crc32_le(u32 crc, const void *buf, size_t len)
{
	return len ? ~crc32(~crc, buf, len) : crc;
}
