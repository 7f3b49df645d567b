// SPDX-License-Identifier: MIT
/*
 * Template digests. See ima_calc_field_array_hash_tfm() in Linux'
 * security/integrity/ima/ima_crypto.c for what is hashed.
 */
#include "log/digest.h"
#include "base/writer.h"
#include "log/sha_ni.h"
#include "log/template.h"

#include <errno.h>
#include <stdlib.h>

int hasher_make_ready(struct imastage_hasher *hasher, unsigned int banks)
{
	for (enum imastage_bank bank = 0; bank < IMASTAGE_NR_BANKS; bank++) {
		int r;

		if (!(banks & ~hasher->ready & 1u << bank))
			continue;
		r = hash_init(&hasher->hash[bank], bank);
		if (r < 0)
			return r;
		hasher->ready |= 1u << bank;
	}
	return 0;
}

int hasher_init(struct imastage_hasher *ret_hasher, unsigned int banks)
{
	struct imastage_hasher hasher = { .banks = banks };
	int r;

	if (banks == 0 || banks >> IMASTAGE_NR_BANKS)
		return -EINVAL;
	r = hasher_make_ready(&hasher, banks);
	if (r < 0)
		hasher_fini(&hasher);
	else
		*ret_hasher = hasher;
	return r;
}

void hasher_fini(struct imastage_hasher *hasher)
{
	for (enum imastage_bank bank = 0; bank < IMASTAGE_NR_BANKS; bank++)
		if (hasher->ready & 1u << bank)
			hash_fini(&hasher->hash[bank]);
	hasher->banks = 0;
	hasher->ready = 0;
}

int imastage_hasher_new(unsigned int banks, struct imastage_hasher **ret_hasher)
{
	struct imastage_hasher *hasher = malloc(sizeof(*hasher));
	int r;

	if (!hasher)
		return -ENOMEM;
	r = hasher_init(hasher, banks);
	if (r < 0)
		free(hasher);
	else
		*ret_hasher = hasher;
	return r;
}

void imastage_hasher_free(struct imastage_hasher *hasher)
{
	if (!hasher)
		return;
	hasher_fini(hasher);
	free(hasher);
}

/*
 * What is hashed for template "ima": the file's digest and the event name
 * padded with zeros, without the length between them.
 */
static int old_parts(const struct imastage_record *record,
		     uint8_t padded[LOG_OLD_NAME_PADDED],
		     struct imastage_bytes *ret_first,
		     struct imastage_bytes *ret_second)
{
	struct imastage_bytes digest, name;
	struct writer writer;
	int r;

	memset(padded, 0, LOG_OLD_NAME_PADDED);
	writer_init(&writer, padded, LOG_OLD_NAME_PADDED, record->endian);
	r = imastage_record_field(record, 0, &digest);
	if (r == 0)
		r = imastage_record_field(record, 1, &name);
	if (r == 0)
		r = writer_put_bytes(&writer, name);
	if (r < 0)
		return r;
	*ret_first = digest;
	*ret_second = bytes_of(padded, LOG_OLD_NAME_PADDED);
	return 0;
}

/* Hashes of the two views, one after the other, in all banks of the hasher. */
static int hash_all(struct imastage_hasher *hasher, struct imastage_bytes first,
		    struct imastage_bytes second,
		    struct imastage_digests *ret_digests)
{
	unsigned int ni = hasher_ni_banks(hasher, hasher->banks);
	unsigned int banks = hasher->banks & ~ni;
	int r = 0;

	if (ni)
		sha_ni_hash(first, second,
			    hasher_if(ni, IMASTAGE_SHA1,
				      ret_digests->of[IMASTAGE_SHA1]),
			    hasher_if(ni, IMASTAGE_SHA256,
				      ret_digests->of[IMASTAGE_SHA256]));
	for (; banks && r == 0; banks &= banks - 1) {
		int bank = __builtin_ctz(banks);

		r = hash_two(&hasher->hash[bank], first, second,
			     ret_digests->of[bank]);
	}
	return r;
}

int imastage_hasher_template(struct imastage_hasher *hasher,
			     const struct imastage_record *record,
			     struct imastage_digests *ret_digests)
{
	struct imastage_bytes first = record->data, second = { NULL, 0 };
	uint8_t padded[LOG_OLD_NAME_PADDED];
	int r = 0;

	if (record->opaque)
		return -ENODATA;
	if (log_template_is_old(record->name))
		r = old_parts(record, padded, &first, &second);
	return r < 0 ? r : hash_all(hasher, first, second, ret_digests);
}

/* sha1 needs no memory and cannot be missing: see hash.h. */
static bool is_padded(const struct imastage_record *record)
{
	size_t len = imastage_bank_digest_len(IMASTAGE_SHA1);
	struct imastage_hasher hasher;
	struct imastage_digests digests;
	bool same;

	if (record->digest.len <= len ||
	    !bytes_are_all(bytes_skip(record->digest, len), 0) ||
	    hasher_init(&hasher, 1u << IMASTAGE_SHA1) < 0)
		return false;
	same = imastage_hasher_template(&hasher, record, &digests) == 0 &&
	       !memcmp(digests.of[IMASTAGE_SHA1], record->digest.data, len);
	hasher_fini(&hasher);
	return same;
}

int imastage_record_check_digest(const struct imastage_record *record,
				 const struct imastage_digests *digests)
{
	if (!memcmp(record->digest.data, digests->of[record->bank],
		    record->digest.len))
		return 0;
	if (imastage_record_is_violation(record))
		return 0;
	return is_padded(record) ? IMASTAGE_DIGEST_PADDED :
				   IMASTAGE_DIGEST_DIFFERS;
}
