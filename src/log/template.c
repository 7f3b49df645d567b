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

/* Places in fields[]. */
enum {
	D_NG,
	N_NG,
	SIG,
	BUF,
	D_NGV2,
	D,
	N,
	D_MODSIG,
	MODSIG,
	EVMSIG,
	IUID,
	IGID,
	IMODE,
	XATTRNAMES,
	XATTRLENGTHS,
	XATTRVALUES,
};

static const struct log_field fields[] = {
	[D_NG] = { TEXT("d-ng"), FIELD_NAMED_DIGEST, 0 },
	[N_NG] = { TEXT("n-ng"), FIELD_TEXT, 0 },
	[SIG] = { TEXT("sig"), FIELD_HEX, 0 },
	[BUF] = { TEXT("buf"), FIELD_HEX, 0 },
	[D_NGV2] = { TEXT("d-ngv2"), FIELD_NAMED_DIGEST, 0 },
	[D] = { TEXT("d"), FIELD_DIGEST, 0 },
	[N] = { TEXT("n"), FIELD_TEXT, 0 },
	[D_MODSIG] = { TEXT("d-modsig"), FIELD_NAMED_DIGEST, 0 },
	[MODSIG] = { TEXT("modsig"), FIELD_HEX, 0 },
	[EVMSIG] = { TEXT("evmsig"), FIELD_HEX, 0 },
	[IUID] = { TEXT("iuid"), FIELD_NUMBER, 4 },
	[IGID] = { TEXT("igid"), FIELD_NUMBER, 4 },
	[IMODE] = { TEXT("imode"), FIELD_NUMBER, 2 },
	[XATTRNAMES] = { TEXT("xattrnames"), FIELD_TEXT, 0 },
	[XATTRLENGTHS] = { TEXT("xattrlengths"), FIELD_NUMBERS, 4 },
	[XATTRVALUES] = { TEXT("xattrvalues"), FIELD_HEX, 0 },
};

static const struct log_template templates[] = {
	{ TEXT("ima-ng"), TEXT("d-ng|n-ng"), 2, false, { D_NG, N_NG } },
	{ TEXT("ima-sig"),
	  TEXT("d-ng|n-ng|sig"),
	  3,
	  false,
	  { D_NG, N_NG, SIG } },
	{ TEXT("ima-buf"),
	  TEXT("d-ng|n-ng|buf"),
	  3,
	  false,
	  { D_NG, N_NG, BUF } },
	{ TEXT("ima-ngv2"), TEXT("d-ngv2|n-ng"), 2, false, { D_NGV2, N_NG } },
	{ TEXT("ima-sigv2"),
	  TEXT("d-ngv2|n-ng|sig"),
	  3,
	  false,
	  { D_NGV2, N_NG, SIG } },
	{ TEXT("ima-modsig"),
	  TEXT("d-ng|n-ng|sig|d-modsig|modsig"),
	  5,
	  false,
	  { D_NG, N_NG, SIG, D_MODSIG, MODSIG } },
	{ TEXT("evm-sig"),
	  TEXT("d-ng|n-ng|evmsig|xattrnames|xattrlengths|xattrvalues|"
	       "iuid|igid|imode"),
	  9,
	  false,
	  { D_NG, N_NG, EVMSIG, XATTRNAMES, XATTRLENGTHS, XATTRVALUES, IUID,
	    IGID, IMODE } },
	{ TEXT("ima"), TEXT("d|n"), 2, true, { D, N } },
};

const struct log_template *log_template_by_name(struct imastage_bytes name)
{
	for (size_t i = 0; i < ARRAY_SIZE(templates); i++)
		if (bytes_equal(name, templates[i].name))
			return &templates[i];
	return NULL;
}

const struct log_field *log_template_field(const struct log_template *template,
					   unsigned int index)
{
	return &fields[template->fields[index]];
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

static const struct log_field *find_field(struct imastage_bytes id)
{
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
		if (bytes_equal(id, fields[i].id))
			return &fields[i];
	return NULL;
}

struct log_field log_field_by_id(struct imastage_bytes id)
{
	const struct log_field unknown = { id, FIELD_UNKNOWN, 0 };
	const struct log_field *field = find_field(id);

	return field ? *field : unknown;
}

static int custom_fields(struct imastage_bytes format,
			 const struct log_field *ret_fields[LOG_FIELDS_MAX])
{
	struct imastage_bytes id;
	int nr = 0;

	while (log_format_next(&format, &id)) {
		if (nr == LOG_FIELDS_MAX)
			return -ENOENT;
		ret_fields[nr] = find_field(id);
		if (!ret_fields[nr++])
			return -ENOENT;
	}
	return nr;
}

int log_template_fields(struct imastage_bytes name,
			const struct log_field *ret_fields[LOG_FIELDS_MAX])
{
	const struct log_template *template = log_template_by_name(name);

	if (!template)
		return custom_fields(name, ret_fields);
	for (unsigned int i = 0; i < template->nr_fields; i++)
		ret_fields[i] = log_template_field(template, i);
	return (int)template->nr_fields;
}
