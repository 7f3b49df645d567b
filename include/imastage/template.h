/* SPDX-License-Identifier: MIT */
/*
 * Templates that Linux does not have, as the owner of a kernel may add them.
 * Their records replay without this: it says what their fields are called and hold,
 * so that they have an event name and a file digest, and can be read from ASCII.
 *
 *	static const char name[] = "ima-cgpath", format[] = "dep|cg-path|d-ng|n-ng";
 *	const struct imastage_bytes the_name = { (const uint8_t *)name, strlen(name) };
 *	const struct imastage_bytes the_format = { (const uint8_t *)format, strlen(format) };
 *
 *	if (imastage_templates_new(&templates) < 0 ||
 *	    imastage_templates_add(templates, the_name, the_format) < 0)
 *		return -1;
 *	options.templates = templates;
 *
 * A format is the names of the fields, joined by '|'. A field that Linux has is as
 * it is there. Any other is text that ends in a NUL, as the kernel's texts do, or what
 * follows its name and a colon:
 *	:text	the same
 *	:hex	any bytes, shown in hexadecimal, as "sig"
 *	:digest	a digest with its algorithm, as "d-ng"
 *	:u8 :u16 :u32 :u64	a number, as "iuid"
 */
#ifndef IMASTAGE_TEMPLATE_H
#define IMASTAGE_TEMPLATE_H

#include <imastage/bytes.h>

#ifdef __cplusplus
extern "C" {
#endif

#define IMASTAGE_TEMPLATES_MAX 64

struct imastage_templates;

/* -ENOMEM */
IMASTAGE_API int imastage_templates_new(struct imastage_templates **ret);

/* Not before readers that have them, and their records, are done with. */
IMASTAGE_API void imastage_templates_free(struct imastage_templates *templates);

/*
 * Both are copied. -EINVAL when the name is not one that a list could have, or the
 * format has no field, more than 15 or one without a name, a name twice, or a kind
 * that there is not; -EEXIST when Linux has a template of that name, or it was added
 * before; -E2BIG beyond IMASTAGE_TEMPLATES_MAX; -ENOMEM.
 */
IMASTAGE_API int imastage_templates_add(struct imastage_templates *templates,
					struct imastage_bytes name,
					struct imastage_bytes format);

#ifdef __cplusplus
}
#endif

#endif
