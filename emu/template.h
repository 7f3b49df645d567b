/* SPDX-License-Identifier: MIT */
/*
 * Templates: which fields a record has. The ones that the kernel has built in, and
 * any format of the fields that are known here, as ima_template_fmt= takes it.
 *
 * A template is there for ever once it was looked up, since records point to it.
 */
#ifndef EMU_TEMPLATE_H
#define EMU_TEMPLATE_H

#include "ima.h"

/* What a field is made of, and how it is shown as text. */
enum field {
	FIELD_D, /* sha1 of the file, without a name */
	FIELD_N, /* name, at most 255 bytes */
	FIELD_D_NG, /* "sha256:", NUL, digest */
	FIELD_D_NGV2, /* "ima:sha256:", NUL, digest */
	FIELD_N_NG, /* name */
	FIELD_SIG, /* security.ima, if it is a signature, else security.evm */
	FIELD_BUF, /* what was measured itself */
	FIELD_D_MODSIG, /* files here have no appended signature: empty */
	FIELD_MODSIG,
	FIELD_EVMSIG, /* security.evm, if it is a portable signature */
	FIELD_IUID,
	FIELD_IGID,
	FIELD_IMODE,
};

/**
 * struct template - a template
 * @desc: as the core knows it, first
 * @fields: what its fields are
 */
struct template
{
	struct ima_template_desc desc;
	enum field fields[IMA_TEMPLATE_NUM_FIELDS_MAX];
};

/*
 * @name is a name or a format. Returns NULL if it is neither. Not to be called
 * by several threads at once.
 */
const struct template *template_get(const char *name);

/* The one of @desc, which is that of a template. */
const struct template *template_of(const struct ima_template_desc *desc);

/* "ima", which is hashed and written in a way of its own. */
bool template_is_old(const struct template *template);

/* What records call it: its name, or its format if it has none. */
const char *template_name(const struct template *template);

#endif
