/* SPDX-License-Identifier: MIT */
/*
 * JSON of any length, taken off its front value by value, by RFC 8259 to the letter: UTF-8 without
 * a mark, no name twice in an object, however it is written, no lone surrogate,
 * nothing behind the end. What is skipped is looked at as strictly.
 *
 *	r = json_pull_open(&pull, '{');
 *	while (r == 0 && (r = json_pull_member(&pull, &name)) == 1)
 *		r = bytes_equal_text(name, "a") ? json_pull_number(&pull, &a) :
 *						  json_pull_skip(&pull);
 *	if (r == 0)
 *		r = json_pull_end(&pull);
 *
 * All return -EBADMSG with @reason and @error_at, or -ENOMEM. Memory is 16 bytes for each
 * name of objects that are open, and the longest string that has escapes.
 */
#ifndef BASE_JSON_PULL_H
#define BASE_JSON_PULL_H

#include <imastage/bytes.h>

#define JSON_PULL_DEPTH_MAX 32
#define JSON_PULL_LEN_MAX ((size_t)1 << 30) /* of a text */

struct json_pull_name; /* of a member */

struct json_pull {
	struct imastage_bytes text;
	size_t at;
	size_t value_at; /* where the last value begins */
	size_t depth;
	bool fresh; /* nothing was taken of the innermost one yet */
	char closing[JSON_PULL_DEPTH_MAX];
	size_t first_name[JSON_PULL_DEPTH_MAX];
	struct json_pull_name *names; /* owned, of all that are open */
	size_t nr_names, capacity;
	size_t names_max; /* at a time; 0: any number */
	uint8_t *decoded; /* owned, the last string that has escapes */
	size_t decoded_capacity;

	size_t error_at;
	const char *reason; /* a sentence without full stop, static */
};

/* -EBADMSG: a text that is too long. @text must stay. */
int json_pull_init(struct json_pull *ret_pull, struct imastage_bytes text);
void json_pull_fini(struct json_pull *pull);

/* What the next value begins with: one of {["-0123456789tfn, or 0. */
char json_pull_peek(const struct json_pull *pull);

/* @bracket: '{' or '[' */
int json_pull_open(struct json_pull *pull, char bracket);

/* 1: a value follows; 0: the object or array is over. *ret_name is as a string is. */
int json_pull_member(struct json_pull *pull, struct imastage_bytes *ret_name);
int json_pull_element(struct json_pull *pull);

/* The view is valid until the next call. */
int json_pull_string(struct json_pull *pull, struct imastage_bytes *ret_string);
/* A whole number without a sign. */
int json_pull_number(struct json_pull *pull, uint64_t *ret_number);
int json_pull_word(struct json_pull *pull, const char *word);
int json_pull_skip(struct json_pull *pull);
int json_pull_end(struct json_pull *pull);

/* For a value that is not what it has to be: -EBADMSG, at the last value. */
int json_pull_refuse(struct json_pull *pull, const char *reason);

#endif
