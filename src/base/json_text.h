/* SPDX-License-Identifier: MIT */
/*
 * JSON from anybody: views of values in the text, for which no memory is allocated.
 * Each function looks at its text once. What is no JSON by RFC 8259 is refused, but for
 * bytes in strings, which may be no UTF-8.
 */
#ifndef BASE_JSON_TEXT_H
#define BASE_JSON_TEXT_H

#include <imastage/bytes.h>

#define JSON_DEPTH_MAX 8 /* of objects and arrays in each other */

/*
 * The values of the members @keys of the object that is all of @text, as views of it,
 * without white space around them; of no length where there is no such member. -EBADMSG
 * when @text is anything else, or one of them is there twice.
 */
int json_text_members(struct imastage_bytes text, const char *const *keys,
		      size_t nr, struct imastage_bytes *ret_values);

/* The same where members of other names are wrong, too. */
int json_text_only(struct imastage_bytes text, const char *const *keys,
		   size_t nr, struct imastage_bytes *ret_values);

/*
 * Takes the next element off the array that is all of *text, which starts with its
 * bracket and is then what is left of it. 1 with the element; 0 at the end; -EBADMSG.
 */
int json_text_element(struct imastage_bytes *text,
		      struct imastage_bytes *ret_element);

/* The whole number that @value is, without a sign. -EBADMSG when it is none. */
int json_text_number(struct imastage_bytes value, uint64_t *ret_number);

/* What the string @value has between its quotes, escapes and all. -EBADMSG. */
int json_text_string(struct imastage_bytes value,
		     struct imastage_bytes *ret_string);

/*
 * The next character of such a string. 1 with its number; 0 at the end; -EBADMSG for
 * one above U+00FF, which nothing here has a use for.
 */
int json_text_character(struct imastage_bytes *string, uint8_t *ret_character);

/*
 * What a tree of @text would weigh, which is JSON: a value or a key 1, an object or array
 * as many more as in JSON_WEIGHT_OF_BRACKETS, for they begin with room for so many. Of json-c's
 * on 64 bits, each takes less than 128 bytes, without the characters of strings.
 */
#define JSON_WEIGHT_OF_BRACKETS 16

size_t json_text_weight(struct imastage_bytes text);

/* Is that string @text, however its characters are written? */
bool json_text_is(struct imastage_bytes string, const char *text);

#endif
