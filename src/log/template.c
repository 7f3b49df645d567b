// SPDX-License-Identifier: MIT
/*
 * The kernel's built-in templates and fields (ima_template.c of Linux 6.12),
 * and the reading of formats.
 */
#include "log/template.h"
#include "base/util.h"

#include <errno.h>

/* clang-format off */
#define TEXT(text) { (const uint8_t *)(text), sizeof(text) - 1 }
/* clang-format on */

static const struct log_template templates[] = {
	{ TEXT("ima-ng"), TEXT("d-ng|n-ng"), 2, false },
	{ TEXT("ima-sig"), TEXT("d-ng|n-ng|sig"), 3, false },
	{ TEXT("ima-buf"), TEXT("d-ng|n-ng|buf"), 3, false },
	{ TEXT("ima-ngv2"), TEXT("d-ngv2|n-ng"), 2, false },
	{ TEXT("ima-sigv2"), TEXT("d-ngv2|n-ng|sig"), 3, false },
	{ TEXT("ima-modsig"), TEXT("d-ng|n-ng|sig|d-modsig|modsig"), 5, false },
	{ TEXT("evm-sig"),
	  TEXT("d-ng|n-ng|evmsig|xattrnames|xattrlengths|xattrvalues|"
	       "iuid|igid|imode"),
	  9, false },
	{ TEXT("ima"), TEXT("d|n"), 2, true },
};

static const struct log_field fields[] = {
	{ TEXT("d-ng"), FIELD_NAMED_DIGEST, 0 },
	{ TEXT("n-ng"), FIELD_TEXT, 0 },
	{ TEXT("sig"), FIELD_HEX, 0 },
	{ TEXT("buf"), FIELD_HEX, 0 },
	{ TEXT("d-ngv2"), FIELD_NAMED_DIGEST, 0 },
	{ TEXT("d"), FIELD_DIGEST, 0 },
	{ TEXT("n"), FIELD_TEXT, 0 },
	{ TEXT("d-modsig"), FIELD_NAMED_DIGEST, 0 },
	{ TEXT("modsig"), FIELD_HEX, 0 },
	{ TEXT("evmsig"), FIELD_HEX, 0 },
	{ TEXT("iuid"), FIELD_NUMBER, 4 },
	{ TEXT("igid"), FIELD_NUMBER, 4 },
	{ TEXT("imode"), FIELD_NUMBER, 2 },
	{ TEXT("xattrnames"), FIELD_TEXT, 0 },
	{ TEXT("xattrlengths"), FIELD_NUMBERS, 4 },
	{ TEXT("xattrvalues"), FIELD_HEX, 0 },
};

const struct log_template *log_template_by_name(struct imastage_bytes name)
{
	for (size_t i = 0; i < ARRAY_SIZE(templates); i++)
		if (bytes_equal(name, templates[i].name))
			return &templates[i];
	return NULL;
}

bool log_template_is_old(struct imastage_bytes name)
{
	return bytes_equal(name, bytes_of("ima", 3));
}

struct imastage_bytes log_template_format(struct imastage_bytes name)
{
	const struct log_template *template = log_template_by_name(name);

	return template ? template->format : name;
}

unsigned int log_format_nr_fields(struct imastage_bytes format)
{
	unsigned int nr = 1;

	for (size_t i = 0; i < format.len; i++)
		nr += format.data[i] == '|';
	return nr;
}

bool log_format_next(struct imastage_bytes *format,
		     struct imastage_bytes *ret_id)
{
	size_t bar;

	if (!format->data)
		return false;
	bar = bytes_find(*format, '|');
	*ret_id = bytes_first(*format, bar);
	if (bar == format->len)
		*format = bytes_of(NULL, 0);
	else
		*format =
			bytes_of(format->data + bar + 1, format->len - bar - 1);
	return true;
}

int log_format_find(struct imastage_bytes format, const char *id,
		    unsigned int *ret_index)
{
	struct imastage_bytes found;

	for (unsigned int index = 0; log_format_next(&format, &found);
	     index++) {
		if (bytes_equal_text(found, id)) {
			*ret_index = index;
			return 0;
		}
	}
	return -ENOENT;
}

struct log_field log_field_by_id(struct imastage_bytes id)
{
	const struct log_field unknown = { id, FIELD_UNKNOWN, 0 };

	for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
		if (bytes_equal(id, fields[i].id))
			return fields[i];
	return unknown;
}

int log_format_fields(struct imastage_bytes format,
		      struct log_field ret_fields[LOG_FIELDS_MAX])
{
	struct imastage_bytes id;
	int nr = 0;

	while (log_format_next(&format, &id)) {
		if (nr == LOG_FIELDS_MAX)
			return -ENOENT;
		ret_fields[nr] = log_field_by_id(id);
		if (ret_fields[nr++].kind == FIELD_UNKNOWN)
			return -ENOENT;
	}
	return nr;
}
