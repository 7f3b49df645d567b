// SPDX-License-Identifier: MIT
/* See json_line.h. */
#include "service/json_line.h"

#include "base/bytes.h"
#include "base/text.h"
#include "base/util.h"

#include <json-c/json.h>
#include <json-c/json_visit.h>
#include <errno.h>

char *json_line(struct json_object *object)
{
	const char *text = json_object_to_json_string_ext(
		object,
		JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);
	char *line = NULL;
	size_t len;
	FILE *file = text ? open_memstream(&line, &len) : NULL;

	if (!file)
		return NULL;
	text_print_json(file, bytes_of_text(text));
	putc('\n', file);
	if (fclose(file) == 0)
		return line;
	free(line);
	return NULL;
}

static int defuse(struct json_object *value, int flags,
		  struct json_object *parent, const char *key, size_t *index,
		  void *arg)
{
	cleanup_free char *text = NULL;

	(void)flags, (void)parent, (void)key, (void)index, (void)arg;
	if (!json_object_is_type(value, json_type_string))
		return JSON_C_VISIT_RETURN_CONTINUE;
	text = strdup(json_object_get_string(value));
	if (!text)
		return JSON_C_VISIT_RETURN_ERROR;
	text_defuse(text);
	return json_object_set_string(value, text) ?
		       JSON_C_VISIT_RETURN_CONTINUE :
		       JSON_C_VISIT_RETURN_ERROR;
}

int json_defuse(struct json_object *object)
{
	return json_c_visit(object, 0, defuse, NULL) < 0 ? -ENOMEM : 0;
}
