// SPDX-License-Identifier: MIT
/*
 * Signatures in the attribute security.ima.
 *
 *	field -> header -> what is signed: the digest, or the hash of type, algorithm, digest
 *	                              \-> each key of its id
 */
#include "policy/file_signature.h"
#include "base/cursor.h"
#include "base/util.h"
#include "policy/hash_algo.h"
#include "policy/keys_private.h"
#include "policy/signed_digest.h"

#define FILE_ID_MAX (2 + EVP_MAX_MD_SIZE)
#define VERITY "verity:"
#define IMA "ima:"

static const char *const outcomes[] = {
	[FILE_SIGNATURE_GOOD] = "good",
	[FILE_SIGNATURE_WEAK] = "weak",
	[FILE_SIGNATURE_ABSENT] = "absent",
	[FILE_SIGNATURE_MALFORMED] = "malformed",
	[FILE_SIGNATURE_UNSUPPORTED] = "unsupported",
	[FILE_SIGNATURE_OTHER_DIGEST] = "other-digest",
	[FILE_SIGNATURE_UNKNOWN_KEY] = "unknown-key",
	[FILE_SIGNATURE_WRONG] = "wrong",
	[FILE_SIGNATURE_METADATA] = "metadata",
};

static const char *const kinds[] = {
	[FILE_SIGNATURE_NONE] = "none",
	[FILE_SIGNATURE_IMA] = "IMA",
	[FILE_SIGNATURE_EVM] = "EVM portable",
	[FILE_SIGNATURE_VERITY] = "fs-verity",
	[FILE_SIGNATURE_MODSIG] = "appended",
};

const char *file_signature_outcome_name(enum file_signature_outcome outcome)
{
	return outcomes[outcome];
}

const char *file_signature_kind_name(enum file_signature_kind kind)
{
	return kinds[kind];
}

/* ---- the header ------------------------------------------------------------------ */

/* The kernel's enum evm_ima_xattr_type. */
static const struct {
	uint8_t type;
	enum file_signature_kind kind;
	bool version_2;
} types[] = {
	{ 3, FILE_SIGNATURE_IMA, true },
	{ 5, FILE_SIGNATURE_EVM, true },
	{ 6, FILE_SIGNATURE_VERITY, false },
};

static int set_kind(uint8_t type, struct file_signature *signature)
{
	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		if (types[i].type != type)
			continue;
		signature->kind = types[i].kind;
		return signature->version == 3 || (signature->version == 2 &&
						   types[i].version_2) ?
			       0 :
			       -ENOTSUP;
	}
	return -ENOTSUP;
}

int file_signature_parse(struct imastage_bytes field,
			 struct file_signature *ret_signature)
{
	struct file_signature signature = { 0 };
	struct cursor cursor;
	uint16_t len;
	uint8_t type;
	int r;

	cursor_init(&cursor, field, IMASTAGE_BIG);
	if (cursor_read_u8(&cursor, &type) < 0 ||
	    cursor_read_u8(&cursor, &signature.version) < 0)
		return -EBADMSG;
	r = set_kind(type, &signature);
	if (r < 0)
		return r;
	if (cursor_read_u8(&cursor, &signature.hash) < 0 ||
	    cursor_read_u32(&cursor, &signature.key_id) < 0 ||
	    cursor_read_u16(&cursor, &len) < 0 || len == 0 ||
	    cursor_read_bytes(&cursor, len, &signature.signature) < 0 ||
	    cursor_remaining(&cursor) > 0)
		return -EBADMSG;
	*ret_signature = signature;
	return 0;
}

/* ---- what is signed --------------------------------------------------------------- */

/* The record's digest. */
struct digest {
	bool verity;
	const struct hash_algo *algo;
	struct imastage_bytes bytes;
};

static bool take_prefix(struct imastage_bytes *text, const char *prefix)
{
	size_t len = strlen(prefix);

	if (!bytes_equal_text(bytes_first(*text, len), prefix))
		return false;
	*text = bytes_skip(*text, len);
	return true;
}

static bool read_digest(struct imastage_bytes algorithm,
			struct imastage_bytes bytes, struct digest *ret_digest)
{
	ret_digest->verity = take_prefix(&algorithm, VERITY);
	if (!ret_digest->verity)
		(void)take_prefix(&algorithm, IMA);
	ret_digest->algo = hash_algo_by_name(algorithm);
	ret_digest->bytes = bytes;
	return ret_digest->algo && ret_digest->algo->len == bytes.len;
}

/* Is it a signature over a digest of this kind? */
static bool fits(const struct file_signature *signature,
		 const struct digest *digest)
{
	return signature->hash == digest->algo->number &&
	       (signature->kind == FILE_SIGNATURE_VERITY) == digest->verity;
}

/* struct ima_file_id of the kernel, hashed. */
static int hash_file_id(uint8_t type, const struct digest *digest,
			uint8_t ret_hash[EVP_MAX_MD_SIZE])
{
	uint8_t id[FILE_ID_MAX] = { type, digest->algo->number };

	memcpy(id + 2, digest->bytes.data, digest->bytes.len);
	return EVP_Digest(id, 2 + digest->bytes.len, ret_hash, NULL,
			  digest->algo->md(), NULL) == 1 ?
		       0 :
		       -ENOMEM;
}

/* ---- who signed it ----------------------------------------------------------------- */

static int try_keys(const struct policy_keys *keys,
		    const struct file_signature *signature,
		    const struct hash_algo *algo, struct imastage_bytes hash,
		    struct file_signature_result *result)
{
	struct policy_keys_walk walk = policy_keys_walk_of(keys);
	const struct policy_key *key;
	int r = 0;

	result->outcome = FILE_SIGNATURE_UNKNOWN_KEY;
	while (r == 0 && (key = policy_keys_next(&walk))) {
		if (!policy_key_has_id(key, signature->key_id))
			continue;
		result->outcome = FILE_SIGNATURE_WRONG;
		r = signed_digest_check(key->key, algo, hash,
					signature->signature);
	}
	if (r <= 0)
		return r;
	result->outcome = algo->weak ? FILE_SIGNATURE_WEAK :
				       FILE_SIGNATURE_GOOD;
	result->learnt = walk.learnt;
	return 0;
}

static int check(const struct policy_keys *keys, uint8_t type,
		 const struct file_signature *signature,
		 const struct digest *digest,
		 struct file_signature_result *result)
{
	uint8_t hash[EVP_MAX_MD_SIZE];
	struct imastage_bytes is_signed = digest->bytes;
	int r = 0;

	if (signature->version == 3) {
		r = hash_file_id(type, digest, hash);
		is_signed = bytes_of(hash, digest->algo->len);
	}
	if (r == 0)
		r = try_keys(keys, signature, digest->algo, is_signed, result);
	if (r == 0 && signature->kind == FILE_SIGNATURE_EVM &&
	    result->outcome == FILE_SIGNATURE_WRONG)
		result->outcome = FILE_SIGNATURE_METADATA;
	return r;
}

/* What is known without any key; 1: nothing yet. */
static int look(struct imastage_bytes field,
		struct file_signature *ret_signature,
		enum file_signature_outcome *ret_outcome)
{
	int r = field.len > 0 ? file_signature_parse(field, ret_signature) : 0;

	*ret_outcome = field.len == 0 ? FILE_SIGNATURE_ABSENT :
		       r == -EBADMSG  ? FILE_SIGNATURE_MALFORMED :
					FILE_SIGNATURE_UNSUPPORTED;
	return field.len > 0 && r == 0;
}

int file_signature_check(const struct policy_keys *keys,
			 struct imastage_bytes field,
			 struct imastage_bytes algorithm,
			 struct imastage_bytes digest_bytes,
			 struct file_signature_result *ret_result)
{
	struct file_signature_result result = { 0 };
	struct file_signature signature;
	struct digest digest;
	int r = 0;

	if (look(field, &signature, &result.outcome)) {
		result.kind = signature.kind;
		result.key_id = signature.key_id;
		if (!hash_algo_by_number(signature.hash))
			result.outcome = FILE_SIGNATURE_UNSUPPORTED;
		else if (!read_digest(algorithm, digest_bytes, &digest) ||
			 !fits(&signature, &digest))
			result.outcome = FILE_SIGNATURE_OTHER_DIGEST;
		else
			r = check(keys, field.data[0], &signature, &digest,
				  &result);
	}
	if (r == 0)
		*ret_result = result;
	return r;
}
