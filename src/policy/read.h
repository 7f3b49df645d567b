/* SPDX-License-Identifier: MIT */
/*
 * Policies from files: Keylime's runtime policy, version 1, as it is or signed (dsse.h); or an
 * image that was compiled.
 */
#ifndef POLICY_READ_H
#define POLICY_READ_H

#include "policy/dsse.h"
#include "policy/policy.h"

#define POLICY_LEN_MAX ((size_t)512 << 20) /* of a text */
#define POLICY_PAYLOAD_TYPE "application/vnd.keylime+json"

/*
 * Reads a text, all or nothing. With keys it has to be signed by one of them; without, it must not be
 * signed, because nobody could tell by whom.
 *
 * -EBADMSG with a reason, and the byte of the text (of the payload, if that is signed);
 * -ENOMEM, -EIO.
 */
int policy_read(struct imastage_bytes text, const struct dsse_keys *keys,
		struct policy **ret_policy, struct policy_error *ret_error);

/*
 * The same of a text that came with the evidence, in base64 or as it is. It would be taken
 * unsigned, so without keys it may be signed by anybody: then *ret_unchecked. Places are those
 * behind base64.
 */
int policy_read_sent(struct imastage_bytes text, const struct dsse_keys *keys,
		     struct policy **ret_policy, bool *ret_unchecked,
		     struct policy_error *ret_error);

/* The same without what is looked up: for what is changed and written again. */
int policy_read_into(struct imastage_bytes text, struct policy_builder *builder,
		     struct policy_error *ret_error);

/*
 * Reads a file of either kind. A compiled one is mapped: nobody may cut it off
 * while it is in use; whoever writes it puts a new one in its place. It was checked when it was
 * compiled, so with @keys it is refused. As above, or the errno of reading.
 */
int policy_open(const char *path, const struct dsse_keys *keys,
		struct policy **ret_policy, struct policy_error *ret_error);

/* An image in memory, of which a copy is made: as policy_open(). */
int policy_open_image(struct imastage_bytes image, struct policy **ret_policy,
		      struct policy_error *ret_error);

#endif
