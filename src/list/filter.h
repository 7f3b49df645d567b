/* SPDX-License-Identifier: MIT */
/*
 * Which records of a list are wanted. Conditions of one kind are alternatives,
 * conditions of different kinds must all hold.
 */
#ifndef LIST_FILTER_H
#define LIST_FILTER_H

#include "tool/opts.h"

#include <imastage/imastage.h>

#define FILTER_TEXTS_MAX 64

struct filter_prefix {
	uint8_t digits[2 * IMASTAGE_DIGEST_MAX]; /* lower case */
	size_t len;
};

struct filter {
	uint32_t pcrs; /* mask; 0: any */
	const char *templates[FILTER_TEXTS_MAX];
	size_t nr_templates;
	const char *globs[FILTER_TEXTS_MAX];
	size_t nr_globs;
	struct filter_prefix digests[FILTER_TEXTS_MAX];
	size_t nr_digests;
	uint64_t first_index;
	uint64_t last_index;
	bool violations; /* only these */
	struct imastage_buffer name; /* room for a name with a NUL behind it */
};

/* clang-format off */
#define FILTER_NONE { .last_index = UINT64_MAX }
/* clang-format on */

/* Their context is a struct filter, at first FILTER_NONE. */
extern const struct opt filter_opts[];

/* -ENOMEM */
int filter_accepts(struct filter *filter, const struct imastage_record *record,
		   uint64_t index, bool *ret_accepts);

/* No later record is wanted. */
bool filter_is_done(const struct filter *filter, uint64_t index);

void filter_fini(struct filter *filter);

#endif
