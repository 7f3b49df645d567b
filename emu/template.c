// SPDX-License-Identifier: MIT
/* Templates. See template.h. */

#include "emu/template.h"

#include <stdlib.h>

#include <linux/kernel.h>
#include <linux/string.h>

#define CUSTOM_MAX 64
#define FIELD_NAME_MAX 16

static const char *const field_names[] = {
	[FIELD_D] = "d",	   [FIELD_N] = "n",
	[FIELD_D_NG] = "d-ng",	   [FIELD_D_NGV2] = "d-ngv2",
	[FIELD_N_NG] = "n-ng",	   [FIELD_SIG] = "sig",
	[FIELD_BUF] = "buf",	   [FIELD_D_MODSIG] = "d-modsig",
	[FIELD_MODSIG] = "modsig", [FIELD_EVMSIG] = "evmsig",
	[FIELD_IUID] = "iuid",	   [FIELD_IGID] = "igid",
	[FIELD_IMODE] = "imode",
};

static const char *const built_in[][2] = {
	{ "ima", "d|n" },
	{ "ima-ng", "d-ng|n-ng" },
	{ "ima-sig", "d-ng|n-ng|sig" },
	{ "ima-ngv2", "d-ngv2|n-ng" },
	{ "ima-sigv2", "d-ngv2|n-ng|sig" },
	{ "ima-buf", "d-ng|n-ng|buf" },
	{ "ima-modsig", "d-ng|n-ng|sig|d-modsig|modsig" },
};

/* Those that were looked up. */
static struct template templates[CUSTOM_MAX];
static size_t nr_templates;

static int find_field(const char *name, size_t len)
{
	for (size_t i = 0; i < ARRAY_SIZE(field_names); i++) {
		if (strlen(field_names[i]) == len &&
		    !memcmp(field_names[i], name, len))
			return i;
	}
	return -1;
}

static bool parse(const char *fmt, struct template *ret)
{
	for (;; fmt++) {
		size_t len = strcspn(fmt, "|");
		int field = find_field(fmt, len);

		if (field < 0 ||
		    ret->desc.num_fields == IMA_TEMPLATE_NUM_FIELDS_MAX)
			return false;
		ret->fields[ret->desc.num_fields++] = field;
		fmt += len;
		if (!*fmt)
			return true;
	}
}

static const struct template *find(const char *name)
{
	for (size_t i = 0; *name && i < nr_templates; i++) {
		if (!strcmp(templates[i].desc.name, name) ||
		    !strcmp(templates[i].desc.fmt, name))
			return &templates[i];
	}
	return NULL;
}

static void free_names(void)
{
	for (size_t i = 0; i < nr_templates; i++) {
		free(templates[i].desc.name);
		free(templates[i].desc.fmt);
	}
}

static const struct template *add(const char *name, const char *fmt)
{
	struct template template = { 0 };

	if (nr_templates == CUSTOM_MAX || !parse(fmt, &template))
		return NULL;
	template.desc.name = strdup(name);
	template.desc.fmt = strdup(fmt);
	if (!template.desc.name || !template.desc.fmt)
		abort();
	if (!nr_templates)
		atexit(free_names);
	templates[nr_templates] = template;
	return &templates[nr_templates++];
}

const struct template *template_get(const char *name)
{
	const struct template *known = find(name);

	for (size_t i = 0; !known && i < ARRAY_SIZE(built_in); i++) {
		if (!strcmp(built_in[i][0], name) ||
		    !strcmp(built_in[i][1], name))
			known = add(built_in[i][0], built_in[i][1]);
	}
	return known ? known : add("", name);
}

const struct template *template_of(const struct ima_template_desc *desc)
{
	return (const struct template *)desc;
}

bool template_is_old(const struct template *template)
{
	return !strcmp(template->desc.name, "ima");
}

const char *template_name(const struct template *template)
{
	return template->desc.name[0] ? template->desc.name :
					template->desc.fmt;
}
