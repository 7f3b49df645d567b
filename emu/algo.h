/* SPDX-License-Identifier: MIT */
/*
 * Hash algorithms, by the names and numbers that the kernel and the TPM have for
 * them, and hashing by libcrypto.
 */
#ifndef EMU_ALGO_H
#define EMU_ALGO_H

#include <stddef.h>
#include <stdint.h>

#define ALGO_DIGEST_MAX 64
#define ALGO_SHA1_LEN 20

/**
 * struct algo - a hash algorithm
 * @name: as the kernel names it, in files and records
 * @provided_as: as libcrypto names it
 * @kernel_id: enum hash_algo of <linux/hash_info.h>
 * @tpm_id: TPM_ALG_ID
 * @digest_len: bytes
 */
struct algo {
	const char *name;
	const char *provided_as;
	uint16_t kernel_id;
	uint16_t tpm_id;
	unsigned int digest_len;
};

/* A piece of what is hashed. */
struct algo_part {
	const void *data;
	size_t len;
};

/* Each returns NULL for one that is not known. */
const struct algo *algo_by_name(const char *name);
const struct algo *algo_by_tpm_id(uint16_t tpm_id);

/* sha1 is there in any case: files without a suffix show it. */
const struct algo *algo_sha1(void);

/* Both return 0, or -EIO when libcrypto fails, -errno when reading does. */
int algo_hash(const struct algo *algo, const struct algo_part *parts,
	      size_t nr_parts, uint8_t ret_digest[ALGO_DIGEST_MAX]);
int algo_hash_file(const struct algo *algo, int fd,
		   uint8_t ret_digest[ALGO_DIGEST_MAX]);

#endif
