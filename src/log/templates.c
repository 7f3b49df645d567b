// SPDX-License-Identifier: MIT
/*
 * Templates that are added to those of Linux.
 */
#include "log/template.h"
#include "base/util.h"

#include <errno.h>
#include <stdlib.h>

struct imastage_templates {
	struct imastage_template *of[IMASTAGE_TEMPLATES_MAX]; /* owned */
	size_t nr;
};

static const struct {
	const char *name;
	enum field_kind kind;
	unsigned int number_len;
} kinds[] = {
	{ "text", FIELD_TEXT, 0 },	     { "hex", FIELD_HEX, 0 },
	{ "u8", FIELD_NUMBER, 1 },	     { "u16", FIELD_NUMBER, 2 },
	{ "u32", FIELD_NUMBER, 4 },	     { "u64", FIELD_NUMBER, 8 },
	{ "digest", FIELD_NAMED_DIGEST, 0 },
};

int imastage_templates_new(struct imastage_templates **ret)
{
	struct imastage_templates *templates = calloc(1, sizeof(*templates));

	if (!templates)
		return -ENOMEM;
	*ret = templates;
	return 0;
}

void imastage_templates_free(struct imastage_templates *templates)
{
	if (!templates)
		return;
	for (size_t i = 0; i < templates->nr; i++)
		free(templates->of[i]);
	free(templates);
}

const struct imastage_template *
templates_find(const struct imastage_templates *templates,
	       struct imastage_bytes name)
{
	for (size_t i = 0; templates && i < templates->nr; i++)
		if (bytes_equal(templates->of[i]->name, name))
			return templates->of[i];
	return NULL;
}

/* No byte that ends a name in ASCII, or that no kernel would have there. */
static bool is_word(struct imastage_bytes text)
{
	for (size_t i = 0; i < text.len; i++)
		if (text.data[i] <= ' ' || text.data[i] == 0x7f)
			return false;
	return text.len > 0;
}

/* What @text, behind a field's name and colon, stands for. */
static int find_kind(struct imastage_bytes text, struct log_field *field)
{
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		if (!bytes_equal_text(text, kinds[i].name))
			continue;
		field->kind = kinds[i].kind;
		field->number_len = kinds[i].number_len;
		return 0;
	}
	return -EINVAL;
}

/* "dep", "dep:text" */
static int parse_field(struct imastage_bytes text, struct log_field *ret_field)
{
	size_t colon = bytes_find(text, ':');
	struct log_field field = log_field_by_id(bytes_first(text, colon));
	int r = 0;

	if (!is_word(field.id))
		return -EINVAL;
	if (colon < text.len)
		r = find_kind(bytes_skip(text, colon + 1), &field);
	else if (field.kind == FIELD_UNKNOWN)
		field.kind = FIELD_TEXT;
	if (r == 0)
		*ret_field = field;
	return r;
}

static bool has_field(const struct imastage_template *template,
		      struct imastage_bytes id)
{
	for (unsigned int i = 0; i < template->nr_fields; i++)
		if (bytes_equal(template->fields[i].id, id))
			return true;
	return false;
}

static struct imastage_bytes keep(struct imastage_template *template,
				  struct imastage_bytes text)
{
	uint8_t *at = template->text + template->text_len;

	memcpy(at, text.data, text.len);
	template->text_len += text.len;
	return bytes_of(at, text.len);
}

/* The field's name goes behind those before it, to make up the format. */
static int add_field(struct imastage_template *template,
		     struct imastage_bytes text)
{
	struct log_field field;
	int r = parse_field(text, &field);

	if (r < 0 || template->nr_fields == LOG_FIELDS_MAX ||
	    has_field(template, field.id))
		return -EINVAL;
	if (template->nr_fields > 0)
		(void)keep(template, bytes_of_text("|"));
	field.id = keep(template, field.id);
	template->fields[template->nr_fields++] = field;
	return 0;
}

static int fill(struct imastage_template *template, struct imastage_bytes name,
		struct imastage_bytes format)
{
	struct imastage_bytes text;
	int r = 0;

	template->name = keep(template, name);
	while (r == 0 && log_format_next(&format, &text))
		r = add_field(template, text);
	template->format = bytes_of(template->text + name.len,
				    template->text_len - name.len);
	return r;
}

int imastage_templates_add(struct imastage_templates *templates,
			   struct imastage_bytes name,
			   struct imastage_bytes format)
{
	cleanup_free struct imastage_template *template = NULL;
	int r;

	if (!is_word(name) || name.len > IMASTAGE_TEMPLATE_NAME_MAX ||
	    format.len == 0 || format.len > LOG_FORMAT_MAX)
		return -EINVAL;
	if (log_template_by_name(name) || templates_find(templates, name))
		return -EEXIST;
	if (templates->nr == IMASTAGE_TEMPLATES_MAX)
		return -E2BIG;
	template = calloc(1, sizeof(*template) + name.len + format.len);
	if (!template)
		return -ENOMEM;
	r = fill(template, name, format);
	if (r < 0)
		return r;
	templates->of[templates->nr++] = template;
	template = NULL;
	return 0;
}

const struct log_field *record_known_field(const struct imastage_record *record,
					   unsigned int index,
					   struct imastage_bytes id,
					   struct log_field *room)
{
	if (record->added && index < record->added->nr_fields)
		return &record->added->fields[index];
	*room = log_field_by_id(id);
	return room;
}

int record_known_fields(const struct imastage_record *record,
			const struct log_field *ret_fields[LOG_FIELDS_MAX])
{
	return record->added ? added_fields(record->added, ret_fields) :
			       log_template_fields(record->name, ret_fields);
}

int added_fields(const struct imastage_template *template,
		 const struct log_field *ret_fields[LOG_FIELDS_MAX])
{
	for (unsigned int i = 0; i < template->nr_fields; i++)
		ret_fields[i] = &template->fields[i];
	return (int)template->nr_fields;
}
