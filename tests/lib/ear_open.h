/* SPDX-License-Identifier: MIT */
/*
 * Opens a token as another program would, with OpenSSL's and json-c's own functions alone.
 */
#ifndef TESTS_EAR_OPEN_H
#define TESTS_EAR_OPEN_H

#include <json-c/json.h>
#include <openssl/evp.h>
#include <stdbool.h>

/* Does @key sign all of @token, a JSON Web Token by ES256? */
bool ear_is_signed(const char *token, EVP_PKEY *key);

/* Part 0, the header, or part 1, the claims; to be given back with json_object_put(). */
struct json_object *ear_part(const char *token, int part);

#endif
