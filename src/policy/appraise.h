/* SPDX-License-Identifier: MIT */
/*
 * Is what a record says was measured allowed? One answer for each record:
 *
 *	denied digest -> computed by us -> excluded -> weak -> signature -> listed
 *
 * Nothing of the record is believed but that its template data is what was measured, which
 * the caller's replay proves.
 */
#ifndef POLICY_APPRAISE_H
#define POLICY_APPRAISE_H

#include "policy/file_signature.h"
#include "policy/policy.h"
#include "policy/reading.h"

#include <imastage/digest.h>

enum policy_outcome {
	POLICY_BY_DIGEST, /* its digest is listed for its path */
	POLICY_BY_SIGNATURE,
	POLICY_BY_BOTH,
	POLICY_BY_REPLAY, /* an aggregate, and it is what we computed */
	POLICY_KEY_LEARNT, /* a listed key, by which later files may be signed */
	POLICY_KEY_IGNORED, /* a key of a keyring that is ignored: not trusted */
	POLICY_EXCLUDED, /* nothing was compared */
	POLICY_IS_DENIED,
	POLICY_RETIRED, /* its digest was listed up to a day that has passed */
	POLICY_UNLISTED, /* its path is not listed */
	POLICY_DIFFERS, /* its path is listed with other digests */
	POLICY_UNSIGNED, /* listed or signed, where both are required */
	POLICY_IS_WEAK, /* SHA-1 or MD5 */
	POLICY_IS_VIOLATION, /* nothing proves what was measured, nor of which path */
	POLICY_IS_WITHHELD, /* its machine shows digests alone, and none is listed */
	POLICY_UNPROVED, /* for the caller: of a PCR that nobody quoted */
	POLICY_MALFORMED, /* it cannot be read as of its template */
	POLICY_NO_TPM, /* a boot_aggregate of zeros */
	POLICY_OTHER_AGGREGATE, /* than we computed, or than the one before */
	POLICY_NR_OUTCOMES
};

/* "by-digest": never changes. */
const char *policy_outcome_name(enum policy_outcome outcome);
/* A sentence without full stop. */
const char *policy_outcome_meaning(enum policy_outcome outcome);

/* Of an aggregate, what its caller found out. */
enum policy_computed {
	POLICY_NOT_COMPUTED,
	POLICY_COMPUTED_SAME,
	POLICY_COMPUTED_OTHER,
};

struct policy_judgement {
	enum policy_outcome outcome;
	enum policy_space space; /* whether a file, a buffer or a key */
	const char *reason; /* details, static; NULL: the outcome says all */
	uint32_t package; /* of the digest that is listed or denied; 0: none */
	struct file_signature_result signature; /* as far as it was checked */
	bool was_other; /* signed, and its path is listed with other digests */
};

/* What is known of one list while it is read. */
struct policy_appraisal;

/*
 * @keys: that sign files, beside those of the policy; or NULL. Both must stay. @now: seconds since 1970;
 * 0: nothing retires. -EBADMSG: a key of a compiled policy is none; -ENOMEM.
 */
int policy_appraisal_new(const struct policy *policy,
			 const struct policy_keys *keys, uint64_t now,
			 struct policy_appraisal **ret_appraisal);
void policy_appraisal_free(struct policy_appraisal *appraisal);

/*
 * A record of that reading, which is readable, will soon be judged: has what the policy says of
 * its path fetched, as policy_expect_slot() does. policy_expect() with its hash, a little
 * later, does the rest.
 */
void policy_expect_reading(const struct policy *policy,
			   struct policy_reading *reading);

/*
 * Records in the order of the list: keys that are learnt serve those after them. Returns 0 with
 * a judgement, and with what policy_check_form() says in *reading; -ENOMEM, -EIO; -EBADMSG: the policy is damaged, and nothing is judged.
 */
int policy_appraise(struct policy_appraisal *appraisal,
		    const struct imastage_record *record,
		    struct policy_reading *reading,
		    enum policy_computed computed,
		    struct policy_judgement *ret_judgement);

/*
 * The same of a record that is withheld (evidence/withheld.h), by its template digests in @banks:
 * one that is listed, and not weak, approves it. *ret_reading gets a digest of it, a view of @given.
 */
int policy_appraise_withheld(const struct policy_appraisal *appraisal,
			     const struct imastage_digests *given,
			     unsigned int banks,
			     struct policy_reading *ret_reading,
			     struct policy_judgement *ret_judgement);

#endif
