/* SPDX-License-Identifier: MIT */
/*
 * Bytes as hexadecimal text. Written in lower case, read in either.
 */
#ifndef BASE_HEX_H
#define BASE_HEX_H

#include "base/bytes.h"

/* Characters of hex_encode()'s result, with the NUL that ends it. */
#define HEX_TEXT_LEN(len) (2 * (len) + 1)

/* @ret_text: HEX_TEXT_LEN(bytes.len) characters, owned by the caller */
void hex_encode(struct imastage_bytes bytes, char *ret_text);

/*
 * @text must be hex digits and nothing else, an even number of them.
 * Returns -EINVAL when it is not, -ENOBUFS when the result needs more than
 * @capacity bytes. *ret_data may be overwritten in part on failure,
 * *ret_len is not.
 */
int hex_decode(struct imastage_bytes text, size_t capacity, uint8_t *ret_data,
	       size_t *ret_len);

#endif
