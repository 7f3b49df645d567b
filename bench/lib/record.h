/* SPDX-License-Identifier: MIT */
/*
 * The records that lists are measured with: template ima-ng, sha256 files, paths of 60
 * characters, a sha1 digest that is right; in host order.
 */
#ifndef BENCH_RECORD_H
#define BENCH_RECORD_H

#define OPENSSL_SUPPRESS_DEPRECATED
#include <imastage/imastage.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <string.h>

#define BENCH_PATH_LEN 60
#define BENCH_FIELD "sha256:"
#define BENCH_FIELD_LEN (sizeof(BENCH_FIELD) + SHA256_DIGEST_LENGTH)
#define BENCH_DATA_LEN (4 + BENCH_FIELD_LEN + 4 + BENCH_PATH_LEN + 1)
#define BENCH_NAME "ima-ng"
#define BENCH_NAME_LEN (sizeof(BENCH_NAME) - 1)
#define BENCH_RECORD_LEN \
	(4 + SHA_DIGEST_LENGTH + 4 + BENCH_NAME_LEN + 4 + BENCH_DATA_LEN)

static inline uint8_t *bench_put(uint8_t *at, const void *data, size_t len)
{
	return (uint8_t *)memcpy(at, data, len) + len;
}

static inline uint8_t *bench_put_u32(uint8_t *at, size_t value)
{
	uint32_t number = (uint32_t)value;

	return bench_put(at, &number, sizeof(number));
}

/* Template data of record @i. */
static inline void bench_fill_data(uint8_t data[BENCH_DATA_LEN],
				   unsigned long long i)
{
	char path[BENCH_PATH_LEN + 1];
	uint8_t *at = data;

	snprintf(path, sizeof(path), "/usr/lib/%0*llu", BENCH_PATH_LEN - 9, i);
	at = bench_put_u32(at, BENCH_FIELD_LEN);
	at = bench_put(at, BENCH_FIELD, sizeof(BENCH_FIELD));
	SHA256((const uint8_t *)path, BENCH_PATH_LEN, at);
	at = bench_put_u32(at + SHA256_DIGEST_LENGTH, sizeof(path));
	memcpy(at, path, sizeof(path));
}

/* The record of @len bytes of template data, into memory that holds it. Its length. */
static inline size_t bench_put_record(uint8_t *record, const uint8_t *data,
				      size_t len)
{
	uint8_t *at = bench_put_u32(record, IMASTAGE_PCR_IMA);

	SHA1(data, len, at);
	at = bench_put_u32(at + SHA_DIGEST_LENGTH, BENCH_NAME_LEN);
	at = bench_put(at, BENCH_NAME, BENCH_NAME_LEN);
	at = bench_put_u32(at, len);
	at = bench_put(at, data, len);
	return (size_t)(at - record);
}

#endif
