// SPDX-License-Identifier: MIT
/*
 * Keys and quotes as a TPM makes them, written byte by byte.
 */
#include "lib/quotemaker.h"
#include "lib/testing.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/rsa.h>

/* Where bytes are put, big-endian. */
struct out {
	uint8_t *data;
	size_t len, capacity;
};

static void put(struct out *out, const void *data, size_t len)
{
	assert_true(len <= out->capacity - out->len);
	if (len > 0)
		memcpy(out->data + out->len, data, len);
	out->len += len;
}

static void put_number(struct out *out, unsigned int len, uint64_t value)
{
	for (unsigned int i = 0; i < len; i++) {
		uint8_t byte = (uint8_t)(value >> 8 * (len - 1 - i));

		put(out, &byte, 1);
	}
}

static void put_sized(struct out *out, const void *data, size_t len)
{
	put_number(out, 2, len);
	put(out, data, len);
}

static void put_big_number(struct out *out, const BIGNUM *number, int len)
{
	uint8_t bytes[512];

	assert_int_equal(BN_bn2binpad(number, bytes, len), len);
	put_sized(out, bytes, (size_t)len);
}

/* ---- keys ------------------------------------------------------------------ */

static bool is_ecc(enum maker_kind kind)
{
	return kind == MAKER_P256 || kind == MAKER_P384;
}

static int number_len(enum maker_kind kind)
{
	return kind == MAKER_P256 ? 32 : kind == MAKER_P384 ? 48 : 256;
}

static uint16_t scheme_of(enum maker_kind kind)
{
	return is_ecc(kind) ? 0x0018 : kind == MAKER_RSASSA ? 0x0014 : 0x0016;
}

static void put_param(struct out *out, const struct maker_key *key,
		      const char *name)
{
	BIGNUM *number = NULL;

	assert_int_equal(EVP_PKEY_get_bn_param(key->pkey, name, &number), 1);
	put_big_number(out, number, number_len(key->kind));
	BN_free(number);
}

static void put_ecc(struct out *out, const struct maker_key *key)
{
	put_number(out, 2, key->kind == MAKER_P256 ? 0x0003 : 0x0004);
	put_number(out, 2, 0x0010); /* no key derivation */
	put_param(out, key, OSSL_PKEY_PARAM_EC_PUB_X);
	put_param(out, key, OSSL_PKEY_PARAM_EC_PUB_Y);
}

static void put_rsa(struct out *out, const struct maker_key *key)
{
	put_number(out, 2, 2048);
	put_number(out, 4, 0);
	put_param(out, key, OSSL_PKEY_PARAM_RSA_N);
}

static void make_area(struct maker_key *key)
{
	struct out out = { key->area + 2, 0, sizeof(key->area) - 2 };

	put_number(&out, 2, is_ecc(key->kind) ? 0x0023 : 0x0001);
	put_number(&out, 2, 0x000b);
	put_number(&out, 4, 0x00050072);
	put_number(&out, 2, 0); /* no policy */
	put_number(&out, 2, 0x0010); /* nothing symmetric */
	put_number(&out, 2, scheme_of(key->kind));
	put_number(&out, 2, 0x000b);
	if (is_ecc(key->kind))
		put_ecc(&out, key);
	else
		put_rsa(&out, key);
	key->area[0] = (uint8_t)(out.len >> 8);
	key->area[1] = (uint8_t)out.len;
	key->len = out.len + 2;
}

void maker_key_new(enum maker_kind kind, struct maker_key *ret_key)
{
	ret_key->kind = kind;
	if (is_ecc(kind))
		ret_key->pkey =
			EVP_EC_gen(kind == MAKER_P256 ? "P-256" : "P-384");
	else
		ret_key->pkey = EVP_RSA_gen(2048);
	assert_non_null(ret_key->pkey);
	make_area(ret_key);
}

void maker_key_free(struct maker_key *key)
{
	EVP_PKEY_free(key->pkey);
}

/* ---- quotes ---------------------------------------------------------------- */

/* Of the sha256 bank. */
static size_t first_pcr(const struct maker_quote *quote)
{
	return quote->ima_alone ? 10 : 0;
}

static void put_selection(struct out *out, const struct maker_quote *quote)
{
	if (quote->ima_alone)
		put(out, "\x03\x00\x04\x00", 4);
	else
		put(out, "\x03\xff\x07\x00", 4);
}

static void put_digest(struct out *out, const struct maker_quote *quote)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	uint8_t digest[32];

	assert_int_equal(EVP_DigestInit_ex(context, EVP_sha256(), NULL), 1);
	if (quote->sha1)
		assert_int_equal(EVP_DigestUpdate(context, quote->sha1, 20), 1);
	assert_int_equal(EVP_DigestUpdate(context,
					  quote->values[first_pcr(quote)],
					  32 * (MAKER_PCRS - first_pcr(quote))),
			 1);
	assert_int_equal(EVP_DigestFinal_ex(context, digest, NULL), 1);
	EVP_MD_CTX_free(context);
	put_sized(out, digest, sizeof(digest));
}

static void put_msg(struct out *out, const struct maker_quote *quote)
{
	put_number(out, 4, 0xff544347);
	put_number(out, 2, 0x8018);
	put_sized(out, quote->signer.data, quote->signer.len);
	put_sized(out, quote->qualifying.data, quote->qualifying.len);
	put_number(out, 8, quote->clock.clock);
	put_number(out, 4, quote->clock.resets);
	put_number(out, 4, quote->clock.restarts);
	put_number(out, 1, quote->clock.safe);
	put_number(out, 8, quote->firmware);
	put_number(out, 4, quote->sha1 ? 2 : 1);
	if (quote->sha1)
		put(out, "\x00\x04\x03\x00\x04\x00", 6);
	put(out, "\x00\x0b", 2);
	put_selection(out, quote);
	put_digest(out, quote);
}

/* The values in the order of the quote. */
static struct imastage_bytes value_of(const struct maker_quote *quote, size_t i)
{
	if (quote->sha1 && i == 0)
		return bytes_of(quote->sha1, 20);
	i += first_pcr(quote) - (quote->sha1 ? 1 : 0);
	return bytes_of(quote->values[i], 32);
}

static void put_list(struct out *out, const struct maker_quote *quote,
		     size_t first, size_t nr)
{
	static const uint8_t zeros[66 * 8];
	const uint8_t count[4] = { (uint8_t)nr };

	put(out, count, sizeof(count));
	for (size_t i = first; i < first + nr; i++) {
		struct imastage_bytes value = value_of(quote, i);
		const uint8_t len[2] = { (uint8_t)value.len };

		put(out, len, sizeof(len));
		put(out, value.data, value.len);
		put(out, zeros, 64 - value.len);
	}
	put(out, zeros, 66 * (8 - nr));
}

/* Of tpm2-tools: structs as they lie in memory, room for 16 banks. */
static void put_pcrs(struct out *out, const struct maker_quote *quote)
{
	static const uint8_t zeros[15 * 8];
	size_t nr = MAKER_PCRS - first_pcr(quote) + (quote->sha1 ? 1 : 0);
	size_t nr_first = nr < 8 ? nr : 8;

	put(out, quote->sha1 ? "\x02\x00\x00\x00" : "\x01\x00\x00\x00", 4);
	if (quote->sha1)
		put(out, "\x04\x00\x03\x00\x04\x00\x00\x00", 8);
	put(out, "\x0b\x00", 2);
	put_selection(out, quote);
	put(out, "\x00\x00", 2);
	put(out, zeros, sizeof(zeros) - (quote->sha1 ? 8 : 0));
	put(out, nr > 8 ? "\x02\x00\x00\x00" : "\x01\x00\x00\x00", 4);
	put_list(out, quote, 0, nr_first);
	if (nr > 8)
		put_list(out, quote, 8, nr - 8);
}

static size_t sign(const struct maker_key *key, struct imastage_bytes msg,
		   uint8_t *ret_sig, size_t capacity)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	EVP_PKEY_CTX *pkey;
	size_t len = capacity;

	assert_int_equal(EVP_DigestSignInit(context, &pkey, EVP_sha256(), NULL,
					    key->pkey),
			 1);
	if (key->kind == MAKER_RSAPSS)
		assert_int_equal(EVP_PKEY_CTX_set_rsa_padding(
					 pkey, RSA_PKCS1_PSS_PADDING),
				 1);
	assert_int_equal(
		EVP_DigestSign(context, ret_sig, &len, msg.data, msg.len), 1);
	EVP_MD_CTX_free(context);
	return len;
}

static void put_sig(struct out *out, const struct maker_key *key,
		    struct imastage_bytes msg)
{
	uint8_t sig[600];
	const uint8_t *at = sig;
	size_t len = sign(key, msg, sig, sizeof(sig));
	ECDSA_SIG *pair;

	put_number(out, 2, scheme_of(key->kind));
	put_number(out, 2, 0x000b);
	if (!is_ecc(key->kind)) {
		put_sized(out, sig, len);
		return;
	}
	pair = d2i_ECDSA_SIG(NULL, &at, (long)len);
	assert_non_null(pair);
	put_big_number(out, ECDSA_SIG_get0_r(pair), number_len(key->kind));
	put_big_number(out, ECDSA_SIG_get0_s(pair), number_len(key->kind));
	ECDSA_SIG_free(pair);
}

void maker_make(const struct maker_key *key, const struct maker_quote *quote,
		struct made_quote *ret_made)
{
	struct out msg = { ret_made->msg, 0, sizeof(ret_made->msg) };
	struct out sig = { ret_made->sig, 0, sizeof(ret_made->sig) };
	struct out pcrs = { ret_made->pcrs, 0, sizeof(ret_made->pcrs) };

	put_msg(&msg, quote);
	put_sig(&sig, key, bytes_of(msg.data, msg.len));
	put_pcrs(&pcrs, quote);
	ret_made->msg_len = msg.len;
	ret_made->sig_len = sig.len;
	ret_made->pcrs_len = pcrs.len;
}
