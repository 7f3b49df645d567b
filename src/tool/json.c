// SPDX-License-Identifier: MIT
/*
 * Writing JSON as it goes.
 */
#include "tool/json.h"
#include "base/bytes.h"
#include "base/text.h"

#include <inttypes.h>

#define REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */

static void begin(struct json *json, const char *name)
{
	if (json->comma)
		putc_unlocked(',', json->file);
	json->comma = true;
	if (!name)
		return;
	putc_unlocked('"', json->file);
	fputs_unlocked(name, json->file);
	fputs_unlocked("\":", json->file);
}

void json_start(struct json *json, FILE *file, char bracket)
{
	json->file = file;
	json->comma = false;
	putc_unlocked(bracket, file);
}

void json_end(struct json *json, char bracket)
{
	putc_unlocked(bracket, json->file);
	putc_unlocked('\n', json->file);
}

void json_open(struct json *json, const char *name, char bracket)
{
	begin(json, name);
	putc_unlocked(bracket, json->file);
	json->comma = false;
}

void json_close(struct json *json, char bracket)
{
	putc_unlocked(bracket, json->file);
	json->comma = true;
}

void json_number(struct json *json, const char *name, uint64_t number)
{
	begin(json, name);
	fprintf(json->file, "%" PRIu64, number);
}

void json_boolean(struct json *json, const char *name, bool value)
{
	begin(json, name);
	fputs_unlocked(value ? "true" : "false", json->file);
}

/* How much of @bytes needs no escape: printable ASCII is most of all names. */
static size_t plain_len(struct imastage_bytes bytes)
{
	size_t len = 0;

	while (len < bytes.len && bytes.data[len] >= ' ' &&
	       bytes.data[len] < 0x7f && bytes.data[len] != '"' &&
	       bytes.data[len] != '\\')
		len++;
	return len;
}

/*
 * One character of UTF-8, escaped where JSON cannot hold it as it is, or where a terminal
 * would obey it: a program that reads JSON gets the same either way.
 */
static void put_character(FILE *file, struct imastage_bytes character)
{
	uint8_t c = character.data[0];

	if (c == '"' || c == '\\')
		fprintf(file, "\\%c", c);
	else
		text_print_json(file, character);
}

static void put_string(FILE *file, struct imastage_bytes bytes)
{
	putc_unlocked('"', file);
	while (bytes.len > 0) {
		size_t len = plain_len(bytes);

		if (len > 0)
			fwrite_unlocked(bytes.data, 1, len, file);
		else if ((len = text_utf8_len(bytes)) > 0)
			put_character(file, bytes_first(bytes, len));
		else
			fputs(REPLACEMENT, file);
		bytes = bytes_skip(bytes, len ? len : 1);
	}
	putc_unlocked('"', file);
}

void json_newline(struct json *json)
{
	if (json->comma)
		putc_unlocked(',', json->file);
	json->comma = false;
	putc_unlocked('\n', json->file);
}

static void begin_named(struct json *json, struct imastage_bytes name)
{
	begin(json, NULL);
	put_string(json->file, name);
	putc_unlocked(':', json->file);
}

void json_open_named(struct json *json, struct imastage_bytes name,
		     char bracket)
{
	begin_named(json, name);
	putc_unlocked(bracket, json->file);
	json->comma = false;
}

void json_text_named(struct json *json, struct imastage_bytes name,
		     struct imastage_bytes text)
{
	begin_named(json, name);
	put_string(json->file, text);
}

void json_plain(struct json *json, const char *name, const char *value)
{
	begin(json, name);
	fputs_unlocked(value, json->file);
}

void json_text(struct json *json, const char *name, const char *text)
{
	begin(json, name);
	put_string(json->file, bytes_of_text(text));
}

void json_hex(struct json *json, const char *name, struct imastage_bytes bytes)
{
	begin(json, name);
	putc_unlocked('"', json->file);
	text_print_hex(json->file, bytes);
	putc_unlocked('"', json->file);
}

void json_bytes(struct json *json, const char *name,
		struct imastage_bytes bytes)
{
	char hex_name[64];

	begin(json, name);
	put_string(json->file, bytes);
	if (text_is_utf8(bytes))
		return;
	snprintf(hex_name, sizeof(hex_name), "%s_hex", name);
	json_hex(json, hex_name, bytes);
}
