// SPDX-License-Identifier: MIT
/* Opens a token as another program would. See ear_open.h. */
#include "lib/ear_open.h"

#include <openssl/ecdsa.h>
#include <stdlib.h>
#include <string.h>

#define NUMBER_LEN 32

/* base64url without padding, by EVP_DecodeBlock(), which knows the other alphabet. */
static int decode(const char *text, size_t len, unsigned char *ret_bytes)
{
	char block[8192];
	size_t padded = (len + 3) / 4 * 4;
	int nr;

	if (padded >= sizeof(block) || len % 4 == 1)
		return -1;
	for (size_t i = 0; i < len; i++) {
		if (!strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
			    "0123456789-_",
			    text[i]))
			return -1;
		block[i] = text[i] == '-' ? '+' :
			   text[i] == '_' ? '/' :
					    text[i];
	}
	memset(block + len, '=', padded - len);
	nr = EVP_DecodeBlock(ret_bytes, (unsigned char *)block, (int)padded);
	return nr < 0 ? nr : nr - (int)(padded - len);
}

static bool check(const char *data, size_t len, const unsigned char *der,
		  size_t der_len, EVP_PKEY *key)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	bool good = context &&
		    EVP_DigestVerifyInit(context, NULL, EVP_sha256(), NULL,
					 key) == 1 &&
		    EVP_DigestVerify(context, der, der_len,
				     (const unsigned char *)data, len) == 1;

	EVP_MD_CTX_free(context);
	return good;
}

bool ear_is_signed(const char *token, EVP_PKEY *key)
{
	const char *dot = strrchr(token, '.');
	unsigned char raw[256], *der = NULL;
	ECDSA_SIG *signature = ECDSA_SIG_new();
	bool good = false;
	int len;

	if (dot && strcspn(dot + 1, "\n") == 86 &&
	    decode(dot + 1, 86, raw) == 2 * NUMBER_LEN &&
	    ECDSA_SIG_set0(signature, BN_bin2bn(raw, NUMBER_LEN, NULL),
			   BN_bin2bn(raw + NUMBER_LEN, NUMBER_LEN, NULL))) {
		len = i2d_ECDSA_SIG(signature, &der);
		good = len > 0 && check(token, (size_t)(dot - token), der,
					(size_t)len, key);
	}
	OPENSSL_free(der);
	ECDSA_SIG_free(signature);
	return good;
}

struct json_object *ear_part(const char *token, int part)
{
	unsigned char bytes[8192];
	int len;

	while (part-- > 0)
		token = strchr(token, '.') + 1;
	len = decode(token, strcspn(token, "."), bytes);
	if (len < 0)
		return NULL;
	bytes[len] = '\0';
	return json_tokener_parse((const char *)bytes);
}
