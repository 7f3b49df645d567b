/* SPDX-License-Identifier: MIT */
/*
 * What a record says was measured, read as strictly as it can be read.
 *
 * The name of a template is not in the template digest, so whoever hands over the list
 * can write another one, and so give the same bytes another meaning. A record whose first
 * two fields read as digest and path, as in all templates of Linux, is therefore
 * judged by these two, whatever it is called; and a buffer is one only if it
 * hashes to the digest.
 */
#ifndef POLICY_READING_H
#define POLICY_READING_H

#include "policy/algorithm.h"

#include <imastage/record.h>

struct policy_reading {
	bool readable; /* it has a path and a digest; else nothing below counts */
	struct imastage_bytes path; /* without the NUL that ends it */
	struct imastage_bytes
		algorithm; /* "sha256", "verity:sha256"; empty: SHA-1 */
	struct imastage_bytes digest;
	/* Of a template of Linux that begins with these two, the path with its NUL. */
	bool usual;
	bool is_buffer; /* and @buffer hashes to the digest */
	bool calls_itself_buffer; /* and does not */
	struct imastage_bytes buffer;
	/* What a record of that name would not have; a sentence, or NULL. */
	const char *relabelled;

	/* By policy_expect_reading() alone: of the path, as a file of one policy. */
	bool has_hash;
	uint64_t hash;

	/* By policy_check_form() alone: */
	const char *malformed; /* what is wrong with its form, or NULL */
	bool has_alg; /* the algorithm is known, and the digest of its length */
	uint8_t alg;
};

/* 0; -ENOMEM, -EIO, -ENOTSUP of hashing a buffer. Not for violations and opaque records. */
int policy_read_record(const struct imastage_record *record,
		       struct policy_reading *ret_reading);

/* Is it exactly of the form that the kernel gives a record of that template? */
void policy_check_form(const struct imastage_record *record,
		       struct policy_reading *reading);

/* Is it of IMA's own names for the aggregate of the boot? */
bool policy_is_boot_aggregate(const struct policy_reading *reading);

#endif
