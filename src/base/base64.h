/* SPDX-License-Identifier: MIT */
/*
 * Base64 by RFC 4648, section 4, written, and read strictly: the usual alphabet, padded to groups of
 * four, nothing between or behind them, and no bits set that are not used. So each row
 * of bytes has one text.
 */
#ifndef BASE_BASE64_H
#define BASE_BASE64_H

#include <imastage/bytes.h>

/* Bytes that @len characters are at most. */
#define BASE64_DATA_MAX(len) ((len) / 4 * 3)
/* Characters of @len bytes, without a NUL. */
#define BASE64_LEN(len) (((len) + 2) / 3 * 4)

/* @ret_text: room for BASE64_LEN(bytes.len) characters; no NUL is put behind them. */
void base64_encode(struct imastage_bytes bytes, char *ret_text);

/*
 * @ret_data: room for BASE64_DATA_MAX(text.len). -EINVAL with the first character that
 * is wrong in *ret_at.
 */
int base64_decode(struct imastage_bytes text, uint8_t *ret_data,
		  size_t *ret_len, size_t *ret_at);

#endif
