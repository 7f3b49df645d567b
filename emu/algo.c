// SPDX-License-Identifier: MIT
/* Hash algorithms. See algo.h. Each is fetched from libcrypto once and kept. */

#include "emu/algo.h"

#include <errno.h>
#include <linux/hash_info.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "base/util.h"

#define PIECE_LEN (64 * 1024)

/* sha1 comes first. */
static const struct algo algos[] = {
	{ "sha1", "SHA1", HASH_ALGO_SHA1, 0x0004, 20 },
	{ "sha256", "SHA256", HASH_ALGO_SHA256, 0x000b, 32 },
	{ "sha384", "SHA384", HASH_ALGO_SHA384, 0x000c, 48 },
	{ "sha512", "SHA512", HASH_ALGO_SHA512, 0x000d, 64 },
	{ "sm3", "SM3", HASH_ALGO_SM3_256, 0x0012, 32 },
};

static EVP_MD *fetched[ARRAY_SIZE(algos)];
static pthread_once_t once = PTHREAD_ONCE_INIT;

const struct algo *algo_by_name(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(algos); i++) {
		if (!strcmp(algos[i].name, name))
			return &algos[i];
	}
	return NULL;
}

const struct algo *algo_by_tpm_id(uint16_t tpm_id)
{
	for (size_t i = 0; i < ARRAY_SIZE(algos); i++) {
		if (algos[i].tpm_id == tpm_id)
			return &algos[i];
	}
	return NULL;
}

const struct algo *algo_sha1(void)
{
	return &algos[0];
}

static void free_all(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(algos); i++)
		EVP_MD_free(fetched[i]);
}

/* One that this libcrypto does not provide stays NULL, and fails when used. */
static void fetch_all(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(algos); i++)
		fetched[i] = EVP_MD_fetch(NULL, algos[i].provided_as, NULL);
	atexit(free_all);
}

static void free_context(EVP_MD_CTX **context)
{
	EVP_MD_CTX_free(*context);
}

static EVP_MD_CTX *start(const struct algo *algo)
{
	const EVP_MD *md;
	EVP_MD_CTX *context;

	pthread_once(&once, fetch_all);
	md = fetched[algo - algos];
	context = md ? EVP_MD_CTX_new() : NULL;
	if (context && EVP_DigestInit_ex2(context, md, NULL) != 1) {
		EVP_MD_CTX_free(context);
		return NULL;
	}
	return context;
}

static int finish(EVP_MD_CTX *context, uint8_t *ret_digest)
{
	return EVP_DigestFinal_ex(context, ret_digest, NULL) == 1 ? 0 : -EIO;
}

int algo_hash(const struct algo *algo, const struct algo_part *parts,
	      size_t nr_parts, uint8_t ret_digest[ALGO_DIGEST_MAX])
{
	cleanup_(free_context) EVP_MD_CTX *context = start(algo);

	if (!context)
		return -EIO;
	for (size_t i = 0; i < nr_parts; i++) {
		if (EVP_DigestUpdate(context, parts[i].data, parts[i].len) != 1)
			return -EIO;
	}
	return finish(context, ret_digest);
}

/* From the start, whatever the descriptor's position is, which stays. */
int algo_hash_file(const struct algo *algo, int fd,
		   uint8_t ret_digest[ALGO_DIGEST_MAX])
{
	cleanup_(free_context) EVP_MD_CTX *context = start(algo);
	uint8_t piece[PIECE_LEN];
	off_t offset = 0;
	ssize_t len;

	if (!context)
		return -EIO;
	while ((len = pread(fd, piece, sizeof(piece), offset)) > 0) {
		if (EVP_DigestUpdate(context, piece, len) != 1)
			return -EIO;
		offset += len;
	}
	return len < 0 ? -errno : finish(context, ret_digest);
}
