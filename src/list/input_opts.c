// SPDX-License-Identifier: MIT
/*
 * The options that say how a list is read.
 */
#include "base/bytes.h"
#include "base/util.h"
#include "tool/cli.h"
#include "list/input.h"
#include "tool/parse.h"

#include <errno.h>

static const char *const names[] = {
	[LIST_DETECT] = "detect",	[LIST_BINARY] = "binary",
	[LIST_CANONICAL] = "canonical", [LIST_ASCII] = "ascii",
	[LIST_JSON] = "json",		[LIST_CEL_JSON] = "cel-json",
	[LIST_CEL_TLV] = "cel-tlv",
};

const char *list_format_name(enum list_format format)
{
	return names[format];
}

int list_format_parse(const char *text, enum list_format *ret_format)
{
	for (size_t i = LIST_BINARY; i < ARRAY_SIZE(names); i++) {
		if (!strcmp(text, names[i])) {
			*ret_format = (enum list_format)i;
			return 0;
		}
	}
	return -EINVAL;
}

enum imastage_format list_format_library(enum list_format format)
{
	switch (format) {
	case LIST_BINARY:
	case LIST_CANONICAL:
		return IMASTAGE_FORMAT_BINARY;
	case LIST_ASCII:
		return IMASTAGE_FORMAT_ASCII;
	case LIST_JSON:
	case LIST_CEL_JSON:
		return IMASTAGE_FORMAT_CEL_JSON;
	case LIST_CEL_TLV:
		return IMASTAGE_FORMAT_CEL_TLV;
	default:
		return IMASTAGE_FORMAT_DETECT;
	}
}

/* Lists are read until the process ends. */
static struct imastage_templates *templates;

const struct imastage_templates *input_templates(void)
{
	return templates;
}

int input_add_template(const char *text)
{
	const char *equals = strchr(text, '=');
	int r = equals ? 0 : -EINVAL;

	if (r == 0 && !templates)
		r = imastage_templates_new(&templates);
	if (r == 0)
		r = imastage_templates_add(
			templates, bytes_of(text, (size_t)(equals - text)),
			bytes_of_text(equals + 1));
	if (r == -EEXIST)
		return cli_usage("--template %s: Linux has a template of that "
				 "name, or it is given twice",
				 text);
	return r;
}

static int set_template(void *context, const char *value)
{
	(void)context;
	return input_add_template(value);
}

static int set_from(void *context, const char *value)
{
	struct input_options *o = context;
	int r = list_format_parse(value, &o->format);

	if (r == 0 && o->format == LIST_CANONICAL) {
		o->endian = IMASTAGE_LITTLE;
		o->endian_set = true;
	}
	return r;
}

static int set_list_bank(void *context, const char *value)
{
	struct input_options *o = context;

	o->bank_set = true;
	return parse_bank(value, &o->bank);
}

static int set_order(void *context, const char *value)
{
	struct input_options *o = context;

	o->endian_set = true;
	return parse_endian(value, &o->endian);
}

static int set_first_index(void *context, const char *value)
{
	struct input_options *o = context;

	/* Not so high that counting on could overflow. */
	return parse_number(value, UINT64_MAX / 2, &o->first_index);
}

static int set_max_record(void *context, const char *value)
{
	struct input_options *o = context;
	uint64_t len;
	int r = parse_number(value, (uint64_t)1 << 30, &len);

	if (r == 0 && len == 0)
		return -EINVAL;
	if (r == 0)
		o->max_record_len = (size_t)len;
	return r;
}

static int set_progress(void *context, const char *value)
{
	(void)value;
	((struct input_options *)context)->progress = PROGRESS_ALWAYS;
	return 0;
}

static int set_no_progress(void *context, const char *value)
{
	(void)value;
	((struct input_options *)context)->progress = PROGRESS_NEVER;
	return 0;
}

const struct opt input_opts[] = {
	{ .text = "How the list is read (found out unless given):" },
	{ "from", 'f', "FORMAT", LIST_FORMATS, set_from, LIST_FORMATS },
	{ "list-bank", 't', "BANK", "bank of the digests in the list",
	  set_list_bank, WANTED_BANK },
	{ "order", 0, "ORDER", "byte order of the list: little, big or host",
	  set_order, "little, big or host" },
	{ "first-index", 0, "N", "index of the first record (0)",
	  set_first_index, "a record's index" },
	{ "max-record", 0, "BYTES", "longest record that is read (16777216)",
	  set_max_record, "1 to 1073741824 bytes" },
	{ "template", 0, "NAME=FORMAT",
	  "fields of a template that Linux does not have, such as\n"
	  "'ima-cgpath=dep|cg-path|d-ng|n-ng'; may be repeated",
	  set_template, WANTED_TEMPLATE },
	{ "progress", 0, NULL,
	  "show progress, even if standard error is no terminal", set_progress,
	  NULL },
	{ "no-progress", 0, NULL, "never show it", set_no_progress, NULL },
	{ 0 },
};
