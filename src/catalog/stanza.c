// SPDX-License-Identifier: MIT
/*
 * Fields of Debian's control files. A byte is looked at once.
 */
#include "catalog/stanza.h"

#include <errno.h>
#include <strings.h>

static bool is_space(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static struct imastage_bytes trim(struct imastage_bytes text)
{
	while (text.len && is_space(text.data[0]))
		text = bytes_skip(text, 1);
	while (text.len && is_space(text.data[text.len - 1]))
		text.len--;
	return text;
}

bool stanza_line(struct imastage_bytes *text, struct imastage_bytes *ret_line)
{
	size_t len = bytes_find(*text, '\n');

	if (!text->len)
		return false;
	*ret_line = bytes_first(*text, len);
	*text = bytes_skip(*text, len + 1);
	return true;
}

struct imastage_bytes stanza_word(struct imastage_bytes *line)
{
	struct imastage_bytes word = *line;
	size_t len = 0;

	while (word.len && is_space(word.data[0]))
		word = bytes_skip(word, 1);
	while (len < word.len && !is_space(word.data[len]))
		len++;
	*line = bytes_skip(word, len);
	return bytes_first(word, len);
}

int stanza_next(struct imastage_bytes *text, struct imastage_bytes *ret_stanza)
{
	struct imastage_bytes rest = *text, line, start = { 0 };

	while (stanza_line(&rest, &line)) {
		if (trim(line).len == 0) {
			if (start.len)
				break;
			*text = rest;
			continue;
		}
		if (!start.len)
			start = *text;
		start.len = (size_t)(line.data + line.len - start.data);
	}
	*text = rest;
	*ret_stanza = start;
	return start.len != 0;
}

static bool is_name(struct imastage_bytes text, const char *name)
{
	return text.len == strlen(name) &&
	       !strncasecmp((const char *)text.data, name, text.len);
}

static int take_field(struct imastage_bytes line, const char *const *names,
		      size_t nr, struct imastage_bytes *values,
		      struct imastage_bytes **ret_value)
{
	size_t len = bytes_find(line, ':');

	if (len == 0 || len == line.len)
		return -EBADMSG;
	*ret_value = NULL;
	for (size_t i = 0; i < nr; i++) {
		if (!is_name(bytes_first(line, len), names[i]))
			continue;
		if (values[i].data)
			return -EBADMSG;
		values[i] = bytes_of(line.data + len + 1, line.len - len - 1);
		*ret_value = &values[i];
	}
	return 0;
}

int stanza_fields(struct imastage_bytes stanza, const char *const *names,
		  size_t nr, struct imastage_bytes *ret_values)
{
	struct imastage_bytes line, *value = NULL;
	bool first = true;
	int r = 0;

	for (size_t i = 0; i < nr; i++)
		ret_values[i] = bytes_of(NULL, 0);
	while (r == 0 && stanza_line(&stanza, &line)) {
		bool more = line.len &&
			    (line.data[0] == ' ' || line.data[0] == '\t');

		if (more && first)
			return -EBADMSG;
		first = false;
		if (!more)
			r = take_field(line, names, nr, ret_values, &value);
		else if (value)
			value->len =
				(size_t)(line.data + line.len - value->data);
	}
	for (size_t i = 0; i < nr && r == 0; i++)
		ret_values[i] = trim(ret_values[i]);
	return r;
}
