/* SPDX-License-Identifier: MIT */
/*
 * manifest.json: what an evidence file says of itself. These are hints. Nothing of it is
 * signed, so it may help to find out what to do with a file, and decides nothing.
 *
 *	{"kind":"live","first":"0","records":"20","excess":"0","bytes":"2340",
 *	"banks":["sha1","sha256"],"order":"little","kernel":"6.12.48","time":"1760000000"}
 *
 * All members are there, each once, in any order; members of other names say nothing.
 * Numbers are strings of decimal digits, below 2^64. Of the keeper's own quote there are
 * two more, from which its qualifying data is made (qualifying.h):
 *
 *	"chain":"9f86...","chained":"114106"
 */
#ifndef EVIDENCE_MANIFEST_H
#define EVIDENCE_MANIFEST_H

#include <imastage/bank.h>

#define MANIFEST_LEN_MAX ((size_t)4 << 10)
#define MANIFEST_KERNEL_MAX 64
#define MANIFEST_CHAIN_LEN 32

enum manifest_kind {
	MANIFEST_LIVE, /* answers a challenge */
	MANIFEST_HISTORY, /* a self-quote of the keeper */
};

struct manifest {
	enum manifest_kind kind;
	uint64_t first; /* index of the first record, since hard boot */
	uint64_t records; /* from it up to the quote */
	uint64_t excess; /* records behind these */
	uint64_t bytes; /* of all of them, which is the length of records.ima */
	unsigned int banks; /* that were quoted, a mask */
	enum imastage_endian order; /* in which the kernel hashed its records */
	/* uname -r; printable ASCII */
	char kernel[MANIFEST_KERNEL_MAX + 1];
	uint64_t time; /* when it was made, in seconds since 1970 */
	/* The archive when the TPM was asked: its chain up to record @chained. */
	bool has_chain;
	uint8_t chain[MANIFEST_CHAIN_LEN];
	uint64_t chained;
};

/*
 * The text, with a newline and without a NUL. -EINVAL for what could not be read again: a
 * kernel's name that is empty or not printable ASCII, no bank, indexes that reach 2^64.
 */
int manifest_write(const struct manifest *manifest,
		   char ret_text[MANIFEST_LEN_MAX], size_t *ret_len);

/*
 * -EBADMSG, with a sentence in *ret_reason: no JSON (RFC 8259), or a member that is missing,
 * there twice or not of its form. No memory is allocated.
 */
int manifest_parse(struct imastage_bytes text, struct manifest *ret_manifest,
		   const char **ret_reason);

#endif
