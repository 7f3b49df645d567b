/* SPDX-License-Identifier: MIT */
/*
 * Template digests: the hash of a record's template data, for several banks at
 * once. For template "ima" it is over the 20 bytes of digest and the event name
 * padded with zeros to 256 bytes, without the length between them.
 *
 * A hasher is for one thread at a time.
 */
#ifndef IMASTAGE_DIGEST_H
#define IMASTAGE_DIGEST_H

#include <imastage/record.h>

#ifdef __cplusplus
extern "C" {
#endif

struct imastage_hasher;

/* One digest per bank; only those of the hasher's banks are set. */
struct imastage_digests {
	uint8_t of[IMASTAGE_NR_BANKS][IMASTAGE_DIGEST_MAX];
};

/*
 * @banks: mask of those wanted, not 0. -EINVAL for a mask of others than
 * banks, -ENOTSUP when OpenSSL has no such algorithm, -ENOMEM.
 */
IMASTAGE_API int imastage_hasher_new(unsigned int banks,
				     struct imastage_hasher **ret_hasher);
IMASTAGE_API void imastage_hasher_free(struct imastage_hasher *hasher);

/*
 * The template digests of @record in all banks of the hasher. Those of a
 * violation are those of its data too, although its record says zeros. -ENODATA
 * for a record that is opaque; -EIO when OpenSSL fails.
 */
IMASTAGE_API int imastage_hasher_template(struct imastage_hasher *hasher,
					  const struct imastage_record *record,
					  struct imastage_digests *ret_digests);

#define IMASTAGE_DIGEST_DIFFERS 1
#define IMASTAGE_DIGEST_PADDED 2

/*
 * Is the digest that the record gives the one that was computed? 0 when it is,
 * or when it is a violation, which gives none. IMASTAGE_DIGEST_PADDED when it is
 * the sha1 digest with zeros behind it: kernels show that in the files of a bank
 * whose hash they lack, such as *_tpm_alg_27. Else IMASTAGE_DIGEST_DIFFERS.
 * @digests must have that of the record's bank.
 */
IMASTAGE_API int
imastage_record_check_digest(const struct imastage_record *record,
			     const struct imastage_digests *digests);

#ifdef __cplusplus
}
#endif

#endif
