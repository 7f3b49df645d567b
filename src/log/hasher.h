/* SPDX-License-Identifier: MIT */
/*
 * Template digests: the hash of a record's template data, one for each of
 * several banks. The algorithms are fetched from OpenSSL once.
 */
#ifndef LOG_HASHER_H
#define LOG_HASHER_H

#include "log/record.h"

struct log_hasher {
	unsigned int banks; /* mask of those below that are set */
	struct evp_md_st *md[LOG_NR_BANKS]; /* owned */
	struct evp_md_ctx_st *context[LOG_NR_BANKS]; /* owned */
};

/* One digest per bank; only those of the hasher's banks are set. */
struct log_digests {
	uint8_t of[LOG_NR_BANKS][LOG_DIGEST_MAX];
};

/*
 * @banks: mask of the banks wanted, not 0. -ENOTSUP when OpenSSL has no such
 * algorithm, -ENOMEM. After failure there is nothing to be released.
 */
int log_hasher_init(struct log_hasher *ret_hasher, unsigned int banks);
void log_hasher_fini(struct log_hasher *hasher);

/* Hash of the two views, one after the other. -EIO when OpenSSL fails. */
int log_hasher_hash(struct log_hasher *hasher, enum log_bank bank,
		    struct bytes first, struct bytes second,
		    uint8_t *ret_digest);

/*
 * The template digests of @record in all banks of the hasher. Those of a
 * violation are those of its data too, although its record says zeros.
 */
int log_hasher_template(struct log_hasher *hasher,
			const struct log_record *record,
			struct log_digests *ret_digests);

#define LOG_DIGEST_DIFFERS 1

/*
 * Is the digest that the record gives, from the list of @bank, the one that
 * was computed? 0 when it is, or when it is a violation, which gives none;
 * else LOG_DIGEST_DIFFERS.
 */
int log_record_check_digest(const struct log_record *record, enum log_bank bank,
			    const struct log_digests *digests);

#endif
