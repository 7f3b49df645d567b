/* SPDX-License-Identifier: MIT */
/*
 * Writes JSON as it goes, without a tree: a line for each of millions of
 * records. Names of members are the program's own and need no escapes.
 *
 *	json_start(&json, stdout, '{');
 *	json_number(&json, "pcr", 10);
 *	json_open(&json, "fields", '[');
 *	json_close(&json, ']');
 *	json_end(&json, '}');		{"pcr":10,"fields":[]} and a newline
 *
 * Inside an array names are NULL.
 */
#ifndef TOOL_JSON_H
#define TOOL_JSON_H

#include <imastage/bytes.h>

struct json {
	FILE *file;
	bool comma; /* before what comes next */
};

void json_start(struct json *json, FILE *file, char bracket);
void json_end(struct json *json, char bracket);
void json_open(struct json *json, const char *name, char bracket);
void json_close(struct json *json, char bracket);

/* What comes next begins a line: for files that people compare. */
void json_newline(struct json *json);
/* As json_open() for a name that is not the program's own, which is escaped. */
void json_open_named(struct json *json, struct imastage_bytes name,
		     char bracket);
void json_text_named(struct json *json, struct imastage_bytes name,
		     struct imastage_bytes text);
/* A value that the program has written itself. */
void json_plain(struct json *json, const char *name, const char *value);

void json_number(struct json *json, const char *name, uint64_t number);
void json_boolean(struct json *json, const char *name, bool value);
void json_text(struct json *json, const char *name, const char *text);
void json_hex(struct json *json, const char *name, struct imastage_bytes bytes);

/*
 * Bytes that ought to be UTF-8. Those that are not are written as U+FFFD, and
 * a further member, @name with "_hex" behind, has all of them.
 */
void json_bytes(struct json *json, const char *name,
		struct imastage_bytes bytes);

#endif
