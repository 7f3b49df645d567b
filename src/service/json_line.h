/* SPDX-License-Identifier: MIT */
/*
 * Trees of json-c on their way out. Names in them may be anything (base/text.h).
 */
#ifndef SERVICE_JSON_LINE_H
#define SERVICE_JSON_LINE_H

struct json_object;

/* A line of JSON, its end included, which a terminal can show. To be freed; NULL: no memory. */
char *json_line(struct json_object *object);

/* For text: what a terminal would obey in its strings is '?'. -ENOMEM: not in all of them. */
int json_defuse(struct json_object *object);

#endif
