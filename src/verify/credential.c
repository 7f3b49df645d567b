// SPDX-License-Identifier: MIT
/*
 * Credentials, step by step as a TPM undoes them.
 */
#include "verify/credential.h"
#include "base/bytes.h"
#include "base/writer.h"
#include "evidence/pkey.h"

#include <errno.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>

#define ALG_AES 0x0006
#define ALG_CFB 0x0043
#define AES_KEY_MAX 32
#define ECC_LEN_MAX 48

static const char identity[] = "IDENTITY"; /* with its NUL */

struct making {
	const struct evidence_public *ek;
	const struct evidence_name *name;
	const EVP_MD *md; /* of the EK's name */
	size_t md_len;
	EVP_PKEY *pkey; /* owned */
	uint8_t seed[IMASTAGE_DIGEST_MAX];
};

static const EVP_MD *md_of(enum imastage_bank bank)
{
	switch (bank) {
	case IMASTAGE_SHA256:
		return EVP_sha256();
	case IMASTAGE_SHA384:
		return EVP_sha384();
	case IMASTAGE_SHA512:
		return EVP_sha512();
	default:
		return NULL;
	}
}

static bool is_ek(const struct evidence_public *ek)
{
	const uint32_t wanted = EVIDENCE_FIXED_TPM | EVIDENCE_FIXED_PARENT |
				EVIDENCE_RESTRICTED | EVIDENCE_DECRYPT;

	return (ek->attributes & (wanted | EVIDENCE_SIGN)) == wanted &&
	       ek->symmetric == ALG_AES && ek->symmetric_mode == ALG_CFB &&
	       (ek->symmetric_bits == 128 || ek->symmetric_bits == 256);
}

/* ---- keys from keys ------------------------------------------------------------- */

static int hmac(const struct making *making, struct imastage_bytes key,
		struct imastage_bytes data, uint8_t ret_mac[EVP_MAX_MD_SIZE])
{
	return HMAC(making->md, key.data, (int)key.len, data.data, data.len,
		    ret_mac, NULL) ?
		       0 :
		       -EIO;
}

/*
 * KDFa, for no more than one round: of the seed, with @label and @context.
 *	u32 counter, label with its NUL, context, u32 bits
 */
static int kdfa(const struct making *making, const char *label,
		struct imastage_bytes context, size_t len,
		uint8_t ret_key[EVP_MAX_MD_SIZE])
{
	uint8_t data[16 + 16 + EVIDENCE_NAME_MAX];
	struct writer writer;

	writer_init(&writer, data, sizeof(data), IMASTAGE_BIG);
	(void)writer_put_u32(&writer, 1);
	(void)writer_put_bytes(&writer, bytes_of(label, strlen(label) + 1));
	(void)writer_put_bytes(&writer, context);
	if (writer_put_u32(&writer, (uint32_t)(8 * len)) < 0)
		return -EIO;
	return hmac(making, bytes_of(making->seed, making->md_len),
		    writer_bytes(&writer), ret_key);
}

/* ---- the seed, by RSA -------------------------------------------------------------- */

static bool set_oaep(const struct making *making, EVP_PKEY_CTX *context)
{
	char *label = OPENSSL_memdup(identity, sizeof(identity));

	if (!label || EVP_PKEY_encrypt_init(context) != 1 ||
	    EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_OAEP_PADDING) !=
		    1 ||
	    EVP_PKEY_CTX_set_rsa_oaep_md(context, making->md) != 1 ||
	    EVP_PKEY_CTX_set_rsa_mgf1_md(context, making->md) != 1 ||
	    EVP_PKEY_CTX_set0_rsa_oaep_label(context, label,
					     sizeof(identity)) != 1) {
		OPENSSL_free(label);
		return false;
	}
	return true;
}

static int share_by_rsa(struct making *making, struct writer *secret)
{
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(making->pkey, NULL);
	uint8_t sealed[EVIDENCE_RSA_LEN_MAX];
	size_t len = sizeof(sealed);
	int r = -EIO;

	if (context &&
	    RAND_priv_bytes(making->seed, (int)making->md_len) == 1 &&
	    set_oaep(making, context) &&
	    EVP_PKEY_encrypt(context, sealed, &len, making->seed,
			     making->md_len) == 1)
		r = writer_put_bytes(secret, bytes_of(sealed, len));
	EVP_PKEY_CTX_free(context);
	return r;
}

/* ---- the seed, by ECDH ---------------------------------------------------------------- */

struct point {
	size_t len; /* of a coordinate */
	uint8_t bytes[1 + 2 * ECC_LEN_MAX]; /* 4, x, y */
};

static struct imastage_bytes x_of(const struct point *point)
{
	return bytes_of(point->bytes + 1, point->len);
}

static struct imastage_bytes y_of(const struct point *point)
{
	return bytes_of(point->bytes + 1 + point->len, point->len);
}

static int get_point(EVP_PKEY *key, struct point *ret_point)
{
	size_t len;

	if (EVP_PKEY_get_octet_string_param(
		    key, OSSL_PKEY_PARAM_PUB_KEY, ret_point->bytes,
		    sizeof(ret_point->bytes), &len) != 1 ||
	    len % 2 != 1 || ret_point->bytes[0] != 4)
		return -EIO;
	ret_point->len = len / 2;
	return 0;
}

static EVP_PKEY *new_key(const struct making *making)
{
	return EVP_EC_gen(making->ek->curve == EVIDENCE_P384 ? "P-384" :
							       "P-256");
}

static int derive(EVP_PKEY *own, EVP_PKEY *peer, size_t len,
		  uint8_t ret_shared[ECC_LEN_MAX])
{
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(own, NULL);
	size_t got = ECC_LEN_MAX;
	int r = -EIO;

	if (context && EVP_PKEY_derive_init(context) == 1 &&
	    EVP_PKEY_derive_set_peer(context, peer) == 1 &&
	    EVP_PKEY_derive(context, ret_shared, &got) == 1 && got == len)
		r = 0;
	EVP_PKEY_CTX_free(context);
	return r;
}

/*
 * KDFe, for one round: u32 counter, shared x, label with its NUL, x of the key made for
 * it, x of the EK.
 */
static int kdfe(struct making *making, struct imastage_bytes shared,
		const struct point *own, const struct point *peer)
{
	uint8_t data[4 + sizeof(identity) + 3 * ECC_LEN_MAX];
	struct writer writer;

	writer_init(&writer, data, sizeof(data), IMASTAGE_BIG);
	(void)writer_put_u32(&writer, 1);
	(void)writer_put_bytes(&writer, shared);
	(void)writer_put_bytes(&writer, bytes_of(identity, sizeof(identity)));
	(void)writer_put_bytes(&writer, x_of(own));
	if (writer_put_bytes(&writer, x_of(peer)) < 0)
		return -EIO;
	return EVP_Digest(data, writer.len, making->seed, NULL, making->md,
			  NULL) == 1 ?
		       0 :
		       -EIO;
}

static int put_u16(struct writer *writer, size_t number)
{
	const uint8_t bytes[2] = { (uint8_t)(number >> 8), (uint8_t)number };

	return writer_put_bytes(writer, bytes_of(bytes, sizeof(bytes)));
}

static int put_sized(struct writer *writer, struct imastage_bytes bytes)
{
	int r = put_u16(writer, bytes.len);

	return r < 0 ? r : writer_put_bytes(writer, bytes);
}

static int share_with(struct making *making, EVP_PKEY *own,
		      struct writer *secret)
{
	uint8_t shared[ECC_LEN_MAX];
	struct point mine, theirs;
	int r = get_point(own, &mine);

	if (r == 0)
		r = get_point(making->pkey, &theirs);
	if (r == 0)
		r = derive(own, making->pkey, mine.len, shared);
	if (r == 0)
		r = kdfe(making, bytes_of(shared, mine.len), &mine, &theirs);
	OPENSSL_cleanse(shared, sizeof(shared));
	if (r == 0)
		r = put_sized(secret, x_of(&mine));
	return r < 0 ? r : put_sized(secret, y_of(&mine));
}

static int share_by_ecdh(struct making *making, struct writer *secret)
{
	EVP_PKEY *own = new_key(making);
	int r = own ? share_with(making, own, secret) : -EIO;

	EVP_PKEY_free(own);
	return r;
}

/* ---- the credential ------------------------------------------------------------------------ */

/* AES-CFB, with an IV of zeros: each key is used once. */
static int hide(const struct making *making, struct imastage_bytes plain,
		uint8_t *ret_hidden)
{
	const uint8_t iv[16] = { 0 };
	uint8_t key[EVP_MAX_MD_SIZE];
	EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
	size_t key_len = making->ek->symmetric_bits / 8u;
	int r = -ENOMEM, len;

	if (context)
		r = kdfa(making, "STORAGE",
			 bytes_of(making->name->bytes, making->name->len),
			 key_len, key);
	if (r == 0 &&
	    (EVP_EncryptInit_ex(context,
				key_len == AES_KEY_MAX ? EVP_aes_256_cfb128() :
							 EVP_aes_128_cfb128(),
				NULL, key, iv) != 1 ||
	     EVP_EncryptUpdate(context, ret_hidden, &len, plain.data,
			       (int)plain.len) != 1))
		r = -EIO;
	OPENSSL_cleanse(key, sizeof(key));
	EVP_CIPHER_CTX_free(context);
	return r;
}

/* Over what is hidden, and the name. */
static int bind(const struct making *making, struct imastage_bytes hidden,
		uint8_t ret_mac[EVP_MAX_MD_SIZE])
{
	uint8_t data[2 + CREDENTIAL_SECRET_LEN + EVIDENCE_NAME_MAX];
	uint8_t key[EVP_MAX_MD_SIZE];
	struct writer writer;
	int r = kdfa(making, "INTEGRITY", bytes_of(NULL, 0), making->md_len,
		     key);

	writer_init(&writer, data, sizeof(data), IMASTAGE_BIG);
	(void)writer_put_bytes(&writer, hidden);
	if (r == 0)
		r = writer_put_bytes(&writer, bytes_of(making->name->bytes,
						       making->name->len));
	if (r == 0)
		r = hmac(making, bytes_of(key, making->md_len),
			 writer_bytes(&writer), ret_mac);
	OPENSSL_cleanse(key, sizeof(key));
	return r;
}

/* u16, and of so many bytes: u16, HMAC; what is hidden: u16, secret. */
static int put_credential(const struct making *making,
			  struct imastage_bytes secret,
			  struct writer *credential)
{
	uint8_t plain[2 + CREDENTIAL_SECRET_LEN], hidden[sizeof(plain)];
	uint8_t mac[EVP_MAX_MD_SIZE];
	struct writer writer;
	int r;

	writer_init(&writer, plain, sizeof(plain), IMASTAGE_BIG);
	r = put_sized(&writer, secret);
	if (r == 0)
		r = hide(making, writer_bytes(&writer), hidden);
	OPENSSL_cleanse(plain, sizeof(plain));
	if (r == 0)
		r = bind(making, bytes_of(hidden, writer.len), mac);
	if (r == 0)
		r = put_u16(credential, 2 + making->md_len + writer.len);
	if (r == 0)
		r = put_sized(credential, bytes_of(mac, making->md_len));
	return r < 0 ? r :
		       writer_put_bytes(credential,
					bytes_of(hidden, writer.len));
}

static int put_secret(struct making *making, struct writer *secret)
{
	uint8_t data[ENROLL_ENCRYPTED_MAX];
	struct writer inner;
	int r;

	writer_init(&inner, data, sizeof(data), IMASTAGE_BIG);
	r = making->ek->type == EVIDENCE_ALG_RSA ?
		    share_by_rsa(making, &inner) :
		    share_by_ecdh(making, &inner);
	return r < 0 ? r : put_sized(secret, writer_bytes(&inner));
}

static int make(struct making *making, struct imastage_bytes secret,
		struct enroll_challenge *challenge)
{
	struct writer writer;
	int r;

	writer_init(&writer, challenge->secret.data,
		    sizeof(challenge->secret.data), IMASTAGE_BIG);
	r = put_secret(making, &writer);
	challenge->secret.len = writer.len;
	writer_init(&writer, challenge->credential.data,
		    sizeof(challenge->credential.data), IMASTAGE_BIG);
	if (r == 0)
		r = put_credential(making, secret, &writer);
	challenge->credential.len = writer.len;
	return r == -ENOBUFS ? -EIO : r;
}

int credential_make(const struct evidence_public *ek,
		    const struct evidence_name *name,
		    struct imastage_bytes secret,
		    struct enroll_challenge *ret_challenge)
{
	struct making making = { .ek = ek,
				 .name = name,
				 .md = md_of(ek->name_hash) };
	int r;

	if (secret.len != CREDENTIAL_SECRET_LEN || !making.md || !is_ek(ek))
		return CREDENTIAL_NO_EK;
	making.md_len = imastage_bank_digest_len(ek->name_hash);
	making.pkey = evidence_pkey(ek);
	if (!making.pkey)
		return CREDENTIAL_NO_EK;
	r = make(&making, secret, ret_challenge);
	EVP_PKEY_free(making.pkey);
	OPENSSL_cleanse(making.seed, sizeof(making.seed));
	ERR_clear_error();
	return r;
}
