/* SPDX-License-Identifier: MIT */
/*
 * Which PCRs are replayed, from which values, and where they should arrive: the
 * options that `replay` and `align` share, and what libimastage needs for them.
 */
#ifndef LIST_TARGET_H
#define LIST_TARGET_H

#include "tool/opts.h"
#include "list/pcrs.h"

#include <imastage/imastage.h>

#define TARGET_TEXTS_MAX 64

/* Kept until all options are known: PCRs left out are those of --pcr. */
struct target_text {
	const char *text;
	bool is_file;
};

struct target_texts {
	struct target_text of[TARGET_TEXTS_MAX];
	size_t nr;
};

struct target {
	/* As given. */
	uint32_t pcrs; /* mask; 0: none named */
	unsigned int banks; /* the same */
	struct target_texts starts;
	struct target_texts expects;
	struct target_texts others;
	const char *live; /* folder of the TPM, or NULL */
	const char *quote_pcrs;
	const char *quote_digest;
	enum imastage_bank quote_hash; /* or IMASTAGE_NR_BANKS */
	uint64_t window;
	bool until; /* expected values may be behind the list */

	/* What follows of it. */
	struct pcr_values start;
	struct pcr_values expected;
	bool has_quote;
};

void target_init(struct target *target);

/* Their context is a struct target. */
extern const struct opt target_opts[];
extern const struct opt target_quote_opts[];
/* --until and --until-match, which `align` need not be told. */
extern const struct opt target_until_opts[];

/*
 * Reads files and the TPM. @resumed: goes on from there, may be NULL. Sets
 * banks and pcrs to those that are replayed. Returns enum cli_status.
 */
int target_complete(struct target *target,
		    const struct imastage_replay *resumed);

/* Is there anything that the list should lead to? */
bool target_expects(const struct target *target);

/* Is there a PCR of this bank in the quote? */
bool target_quotes(const struct target *target, enum imastage_bank bank);

/*
 * Makes what target_complete() has found; *ret_align is NULL when nothing is
 * expected. 0, or negative after a complaint.
 */
int target_make(const struct target *target, struct imastage_replay **replay,
		struct imastage_align **ret_align);

#endif
