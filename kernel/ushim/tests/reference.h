/* SPDX-License-Identifier: MIT */
/* The commands and the trailer, understood in another way than the core does. */
#ifndef USHIM_TESTS_REFERENCE_H
#define USHIM_TESTS_REFERENCE_H

#include "ima_staging.h"

int reference_parse(const char *text, size_t len, bool staged,
		    struct ima_staging_cmd *ret_cmd);
int reference_get_trailer(const void *buf, size_t len, s64 *ret_nr_deleted);

#endif
