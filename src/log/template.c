// SPDX-License-Identifier: MIT
/*
 * The kernel's built-in templates and the reading of formats.
 */
#include "log/template.h"
#include "base/util.h"

#include <errno.h>

#define OLD_NAME "ima"

static const struct log_template templates[] = {
	{ OLD_NAME, "d|n" },
	{ "ima-ng", "d-ng|n-ng" },
	{ "ima-sig", "d-ng|n-ng|sig" },
	{ "ima-ngv2", "d-ngv2|n-ng" },
	{ "ima-sigv2", "d-ngv2|n-ng|sig" },
	{ "ima-buf", "d-ng|n-ng|buf" },
	{ "ima-modsig", "d-ng|n-ng|sig|d-modsig|modsig" },
	{ "evm-sig", "d-ng|n-ng|evmsig|xattrnames|xattrlengths|xattrvalues|"
		     "iuid|igid|imode" },
};

const struct log_template *log_template_by_name(struct bytes name)
{
	for (size_t i = 0; i < ARRAY_SIZE(templates); i++)
		if (bytes_equal_text(name, templates[i].name))
			return &templates[i];
	return NULL;
}

bool log_template_is_old(struct bytes name)
{
	return bytes_equal_text(name, OLD_NAME);
}

struct bytes log_template_format(struct bytes name)
{
	const struct log_template *template = log_template_by_name(name);

	return template ? bytes_of_text(template->format) : name;
}

unsigned int log_format_nr_fields(struct bytes format)
{
	unsigned int nr = 1;

	for (size_t i = 0; i < format.len; i++)
		nr += format.data[i] == '|';
	return nr;
}

int log_format_find(struct bytes format, const char *id,
		    unsigned int *ret_index)
{
	unsigned int index = 0;
	size_t start = 0;

	for (size_t i = 0; i <= format.len; i++) {
		if (i < format.len && format.data[i] != '|')
			continue;
		if (bytes_equal_text(bytes_of(format.data + start, i - start),
				     id)) {
			*ret_index = index;
			return 0;
		}
		start = i + 1;
		index++;
	}
	return -ENOENT;
}
