// SPDX-License-Identifier: MIT
/*
 * The only place of this folder that knows OpenSSL. One context per bank is
 * kept, so that no hash allocates.
 */
#include "log/hasher.h"

#include <errno.h>
#include <openssl/evp.h>

static int add_bank(struct log_hasher *hasher, enum log_bank bank)
{
	hasher->md[bank] = EVP_MD_fetch(NULL, log_bank_name(bank), NULL);
	if (!hasher->md[bank])
		return -ENOTSUP;
	hasher->context[bank] = EVP_MD_CTX_new();
	if (!hasher->context[bank])
		return -ENOMEM;
	hasher->banks |= 1u << bank;
	return 0;
}

int log_hasher_init(struct log_hasher *ret_hasher, unsigned int banks)
{
	struct log_hasher hasher = { 0 };

	for (enum log_bank bank = 0; bank < LOG_NR_BANKS; bank++) {
		int r = banks & 1u << bank ? add_bank(&hasher, bank) : 0;

		if (r < 0) {
			log_hasher_fini(&hasher);
			return r;
		}
	}
	*ret_hasher = hasher;
	return 0;
}

void log_hasher_fini(struct log_hasher *hasher)
{
	for (enum log_bank bank = 0; bank < LOG_NR_BANKS; bank++) {
		EVP_MD_CTX_free(hasher->context[bank]);
		EVP_MD_free(hasher->md[bank]);
	}
	*hasher = (struct log_hasher){ 0 };
}

int log_hasher_hash(struct log_hasher *hasher, enum log_bank bank,
		    struct bytes first, struct bytes second,
		    uint8_t *ret_digest)
{
	EVP_MD_CTX *context = hasher->context[bank];

	if (EVP_DigestInit_ex2(context, hasher->md[bank], NULL) != 1 ||
	    EVP_DigestUpdate(context, first.data, first.len) != 1 ||
	    EVP_DigestUpdate(context, second.data, second.len) != 1 ||
	    EVP_DigestFinal_ex(context, ret_digest, NULL) != 1)
		return -EIO;
	return 0;
}

/*
 * What is hashed: the data; for template "ima" the file's digest and the event
 * name padded with zeros, without the length between them.
 *
 * @padded: LOG_OLD_NAME_PADDED bytes that *ret_second may look at
 */
static int hashed_parts(const struct log_record *record, uint8_t *padded,
			struct bytes *ret_first, struct bytes *ret_second)
{
	struct bytes digest, name;
	struct writer writer;
	int r;

	if (!log_template_is_old(record->name)) {
		*ret_first = record->data;
		*ret_second = bytes_of(NULL, 0);
		return 0;
	}
	memset(padded, 0, LOG_OLD_NAME_PADDED);
	writer_init(&writer, padded, LOG_OLD_NAME_PADDED, record->endian);
	r = log_record_field(record, 0, &digest);
	if (r == 0)
		r = log_record_field(record, 1, &name);
	if (r == 0)
		r = writer_put_bytes(&writer, name);
	if (r < 0)
		return r;
	*ret_first = digest;
	*ret_second = bytes_of(padded, LOG_OLD_NAME_PADDED);
	return 0;
}

int log_hasher_template(struct log_hasher *hasher,
			const struct log_record *record,
			struct log_digests *ret_digests)
{
	uint8_t padded[LOG_OLD_NAME_PADDED];
	struct bytes first, second;
	struct log_digests digests = { 0 };
	int r;

	r = hashed_parts(record, padded, &first, &second);
	for (enum log_bank bank = 0; bank < LOG_NR_BANKS && r == 0; bank++)
		if (hasher->banks & 1u << bank)
			r = log_hasher_hash(hasher, bank, first, second,
					    digests.of[bank]);
	if (r == 0)
		*ret_digests = digests;
	return r;
}

int log_record_check_digest(const struct log_record *record, enum log_bank bank,
			    const struct log_digests *digests)
{
	if (log_record_is_violation(record))
		return 0;
	if (memcmp(record->digest.data, digests->of[bank], record->digest.len))
		return LOG_DIGEST_DIFFERS;
	return 0;
}
