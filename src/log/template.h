/* SPDX-License-Identifier: MIT */
/*
 * Templates: which fields a record has, in which order. A record gives the
 * template's name; for a custom template the name is the format itself.
 *
 * The old template "ima" is framed differently from all others: no data
 * length, a first field without length of its own, and a template digest over
 * the event name padded to LOG_OLD_NAME_PADDED bytes.
 */
#ifndef LOG_TEMPLATE_H
#define LOG_TEMPLATE_H

#include "base/bytes.h"

/*
 * Longest template name. The kernel takes at most 15 fields with names of at
 * most 16 characters and 14 bars between them.
 */
#define LOG_TEMPLATE_NAME_MAX 254

#define LOG_OLD_DIGEST_LEN 20 /* of the file, always raw */
#define LOG_OLD_NAME_MAX 255 /* event name, without NUL */
#define LOG_OLD_NAME_PADDED 256

struct log_template {
	const char *name;
	const char *format; /* names of fields, joined by '|' */
};

/* The built-in template of that name, or NULL: then it is a custom one. */
const struct log_template *log_template_by_name(struct bytes name);

/* Is this the template "ima", with its own framing? */
bool log_template_is_old(struct bytes name);

/* "d-ng|n-ng" for "ima-ng"; a custom template's name is its own format. */
struct bytes log_template_format(struct bytes name);

/* How many fields a format names: one more than it has bars. */
unsigned int log_format_nr_fields(struct bytes format);

/* Position of the field @id in @format, or -ENOENT. */
int log_format_find(struct bytes format, const char *id,
		    unsigned int *ret_index);

#endif
