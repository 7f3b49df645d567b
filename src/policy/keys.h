/* SPDX-License-Identifier: MIT */
/*
 * Public keys that sign files: RSA and NIST curves, as certificates or bare keys.
 *
 * A signature names its key by four bytes, the key id: the last four of the certificate's
 * subject key identifier, or of SHA-1 over the bits of the public key, as the kernel and
 * evmctl calculate them. It is a hint: several keys may have the same one.
 *
 * A certificate is a container for a key here. Whoever gives it vouches for it: neither its
 * issuer nor its dates nor its usage are looked at, as the kernel does not either for keys
 * that are on its keyring already.
 *
 * Keys of a policy serve any number of machines and threads once all are added. Keys that one
 * machine's records bring, and that its policy allows, are for that machine alone: they go into
 * keys of their own, behind which those of the policy stand.
 */
#ifndef POLICY_KEYS_H
#define POLICY_KEYS_H

#include "base/bytes.h"

#include <stdint.h>

#define POLICY_KEYS_MAX 1024
#define POLICY_KEYS_LEN_MAX ((size_t)1 << 20) /* of the text that holds keys */
#define POLICY_RSA_BITS_MIN 2048
#define POLICY_RSA_BITS_MAX 8192

struct policy_keys; /* opaque */

/* @given: those that stand behind, which must stay; or NULL. -ENOMEM. */
int policy_keys_new(const struct policy_keys *given,
		    struct policy_keys **ret_keys);
void policy_keys_free(struct policy_keys *keys);

/*
 * Adds what is in @bytes: PEM with any number of certificates and public keys, or one of
 * either in DER. One that is there already is not added again. All or nothing.
 *
 * -EBADMSG: it is neither, holds no key, or a private one; -ENOTSUP: a key is of another kind
 * or size than those above; -E2BIG: more than POLICY_KEYS_MAX, or POLICY_KEYS_LEN_MAX bytes;
 * -ENOMEM.
 */
int policy_keys_add(struct policy_keys *keys, struct imastage_bytes bytes);

/*
 * Adds a file, or all files of a folder, such as /etc/keys/ima; hidden ones and folders in it
 * are passed over. On failure *ret_name, when not NULL, is the file that it is about, to be
 * freed; and what was added before stays. Else as above, or the errno of reading; -ENOKEY: a
 * folder has no key.
 */
int policy_keys_add_path(struct policy_keys *keys, const char *path,
			 char **ret_name);

/* How many, without those behind. */
size_t policy_keys_count(const struct policy_keys *keys);

/* The id of key @index, below the count. */
uint32_t policy_keys_id(const struct policy_keys *keys, size_t index);

#endif
