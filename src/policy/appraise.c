// SPDX-License-Identifier: MIT
/*
 * The appraisal of a record, from what forbids to what allows.
 */
#include "policy/appraise.h"
#include "base/util.h"
#include "log/record.h"
#include "policy/image.h"

#include <errno.h>

#define AGGREGATE "boot_aggregate"

struct policy_appraisal {
	const struct policy *policy;
	struct policy_keys *given; /* owned: of the policy, before the caller's */
	struct policy_keys *learnt; /* owned, before these */
	bool has_keys;
	uint64_t now;
	unsigned int nr_tired;
	/* The first boot_aggregate of the list, where none was computed. */
	bool has_aggregate;
	uint8_t alg;
	uint8_t aggregate[IMASTAGE_DIGEST_MAX];
};

static const struct {
	const char *name, *meaning;
} outcomes[POLICY_NR_OUTCOMES] = {
	[POLICY_BY_DIGEST] = { "by-digest", "its digest is listed" },
	[POLICY_BY_SIGNATURE] = { "by-signature", "a trusted key signed it" },
	[POLICY_BY_BOTH] = { "by-both",
			     "its digest is listed, and a trusted key signed "
			     "it" },
	[POLICY_BY_REPLAY] = { "by-replay",
			       "an aggregate, which is what the verifier "
			       "computed" },
	[POLICY_KEY_LEARNT] = { "key-learnt", "a listed key" },
	[POLICY_KEY_IGNORED] = { "key-ignored",
				 "a key of a keyring that is ignored" },
	[POLICY_EXCLUDED] = { "excluded", "its path is excluded" },
	[POLICY_IS_DENIED] = { "denied", "its digest is denied" },
	[POLICY_RETIRED] = { "retired",
			     "its digest is listed up to a day that has "
			     "passed" },
	[POLICY_UNLISTED] = { "unlisted", "its path is not listed" },
	[POLICY_DIFFERS] = { "differs", "its path is listed with other "
					"digests" },
	[POLICY_UNSIGNED] = { "unsigned", "it is not both listed and signed" },
	[POLICY_IS_WEAK] = { "weak", "its digest is by SHA-1 or MD5" },
	[POLICY_IS_VIOLATION] = { "violation",
				  "nothing proves what was measured" },
	[POLICY_IS_WITHHELD] = { "withheld",
				 "its machine withholds what was measured" },
	[POLICY_UNPROVED] = { "unproved", "it is of a PCR that is not "
					  "replayed" },
	[POLICY_MALFORMED] = { "malformed",
			       "it cannot be read as of its template" },
	[POLICY_NO_TPM] = { "no-tpm", "the kernel found no TPM" },
	[POLICY_OTHER_AGGREGATE] = { "other-aggregate",
				     "an aggregate that is not what it has to "
				     "be" },
};

const char *policy_outcome_name(enum policy_outcome outcome)
{
	return outcomes[outcome].name;
}

const char *policy_outcome_meaning(enum policy_outcome outcome)
{
	return outcomes[outcome].meaning;
}

/* ---- begin and end --------------------------------------------------------- */

static int add_keys(struct policy_appraisal *appraisal)
{
	const struct policy *policy = appraisal->policy;
	int r = 0;

	for (size_t i = 0; r == 0 && i < policy_nr_texts(policy, POLICY_KEY);
	     i++)
		r = policy_keys_add(appraisal->given,
				    policy_text(policy, POLICY_KEY, i));
	return r == -ENOTSUP || r == -E2BIG ? -EBADMSG : r;
}

int policy_appraisal_new(const struct policy *policy,
			 const struct policy_keys *keys, uint64_t now,
			 struct policy_appraisal **ret_appraisal)
{
	struct policy_appraisal *appraisal = calloc(1, sizeof(*appraisal));
	int r;

	if (!appraisal)
		return -ENOMEM;
	appraisal->policy = policy;
	appraisal->now = now;
	r = policy_keys_new(keys, &appraisal->given);
	if (r == 0)
		r = add_keys(appraisal);
	if (r == 0)
		r = policy_keys_new(appraisal->given, &appraisal->learnt);
	if (r < 0) {
		policy_appraisal_free(appraisal);
		return r;
	}
	appraisal->has_keys = (keys && policy_keys_count(keys) > 0) ||
			      policy_keys_count(appraisal->given) > 0;
	*ret_appraisal = appraisal;
	return 0;
}

void policy_appraisal_free(struct policy_appraisal *appraisal)
{
	if (!appraisal)
		return;
	policy_keys_free(appraisal->learnt);
	policy_keys_free(appraisal->given);
	free(appraisal);
}

/* ---- what is listed -------------------------------------------------------- */

/* Negative: the policy is damaged. */
enum listed {
	NO_PATH,
	OTHER_DIGEST,
	PAST, /* up to a day that has passed */
	LISTED,
};

static enum listed when(const struct policy_appraisal *appraisal,
			const struct policy_entry *entry)
{
	uint64_t retires =
		entry->package == 0 ?
			0 :
			policy_package_of(appraisal->policy, entry->package)
				.retires;

	return retires > 0 && appraisal->now >= retires ? PAST : LISTED;
}

/* 1: what is listed of the path. */
static int find(const struct policy_appraisal *appraisal,
		enum policy_space space, const struct policy_reading *reading,
		struct policy_item *ret_item)
{
	if (space == POLICY_FILES && reading->has_hash)
		return policy_find_hash(appraisal->policy, reading->hash, space,
					reading->path, ret_item);
	return policy_find(appraisal->policy, space, reading->path, ret_item);
}

/* @item: of its name, or NULL. */
static int look_up(const struct policy_appraisal *appraisal,
		   const struct policy_item *item,
		   const struct policy_reading *reading, uint32_t *ret_package)
{
	struct policy_entry entry;
	struct policy_item left;
	int r;

	if (!item)
		return NO_PATH;
	left = *item;
	while ((r = policy_item_next(&left, &entry)) == 1) {
		if (entry.alg != reading->alg ||
		    !bytes_equal(entry.digest, reading->digest))
			continue;
		*ret_package = entry.package;
		return when(appraisal, &entry);
	}
	return r < 0 ? r : OTHER_DIGEST;
}

static enum policy_outcome outcome_of(enum listed listed)
{
	static const enum policy_outcome of[] = {
		[NO_PATH] = POLICY_UNLISTED,
		[OTHER_DIGEST] = POLICY_DIFFERS,
		[PAST] = POLICY_RETIRED,
		[LISTED] = POLICY_BY_DIGEST,
	};

	return of[listed];
}

static int judge_listed(const struct policy_appraisal *appraisal,
			const struct policy_item *item,
			const struct policy_reading *reading,
			struct policy_judgement *judgement)
{
	int r = look_up(appraisal, item, reading, &judgement->package);

	if (r >= 0)
		judgement->outcome = outcome_of((enum listed)r);
	return r < 0 ? r : 0;
}

/* ---- denied, excluded, weak ------------------------------------------------- */

/* 1: it is denied. */
static int is_denied(const struct policy_appraisal *appraisal,
		     const struct policy_reading *reading,
		     struct policy_judgement *judgement)
{
	struct policy_entry entry;
	struct policy_item item;
	int r = policy_find_digest(appraisal->policy, POLICY_DENIED,
				   reading->alg, reading->digest, &item);

	if (r == 1)
		r = policy_item_next(&item, &entry);
	if (r != 1)
		return r;
	judgement->package = entry.package;
	judgement->outcome = POLICY_IS_DENIED;
	return 1;
}

/* 1: its path is excluded. Records bring the paths, so what they may cost is bounded. */
static int exclude(struct policy_appraisal *appraisal,
		   const struct policy_reading *reading,
		   struct policy_judgement *judgement)
{
	unsigned int before = appraisal->nr_tired;
	int r = policy_excludes(appraisal->policy, reading->path,
				&appraisal->nr_tired);

	if (r == EXCLUDE_TIRED)
		judgement->reason = "excludes took too many steps";
	else if (appraisal->nr_tired > before)
		judgement->reason = "an exclude took too many steps";
	return r == EXCLUDE_TIRED ? 0 : r;
}

/* @item: what is listed of that path, which may know it; or NULL. */
static int is_excluded(struct policy_appraisal *appraisal,
		       const struct policy_item *item,
		       const struct policy_reading *reading,
		       struct policy_judgement *judgement)
{
	int r = item && item->excluded != POLICY_EXCLUDE_UNKNOWN ?
			item->excluded == POLICY_EXCLUDE_TAKES :
			exclude(appraisal, reading, judgement);

	if (r == 1)
		judgement->outcome = POLICY_EXCLUDED;
	return r;
}

/* 1: something forbids it, or it need not be judged further. */
static int judge_first(struct policy_appraisal *appraisal,
		       const struct policy_item *item,
		       const struct policy_reading *reading,
		       struct policy_judgement *judgement)
{
	int r = is_denied(appraisal, reading, judgement);

	if (r == 0 && judgement->space != POLICY_KEYRINGS)
		r = is_excluded(appraisal, item, reading, judgement);
	if (r != 0)
		return r;
	if (!policy_algorithm_is_weak(reading->alg) ||
	    appraisal->policy->switches.weak_allowed)
		return 0;
	judgement->outcome = POLICY_IS_WEAK;
	return 1;
}

/* ---- files ----------------------------------------------------------------- */

/* What is appended is over the file without it, whose digest is a field of its own. */
static int check_appended(const struct policy_appraisal *appraisal,
			  const struct imastage_record *record,
			  struct imastage_bytes message,
			  struct file_signature_result *result)
{
	struct imastage_bytes field, label, digest;

	if (imastage_record_find(record, "d-modsig", &field) < 0 ||
	    record_split_digest(field, &label, &digest) < 0 || label.len < 2)
		return 0;
	return file_signature_check_modsig(appraisal->learnt, message,
					   bytes_first(label, label.len - 1),
					   digest, result);
}

static int check_signature(struct policy_appraisal *appraisal,
			   const struct imastage_record *record,
			   const struct policy_reading *reading,
			   struct file_signature_result *result)
{
	struct imastage_bytes field;

	if (!appraisal->has_keys || record->nr_fields < 3)
		return 0;
	if (imastage_record_find(record, "sig", &field) == 0 && field.len > 0)
		return file_signature_check(appraisal->learnt, field,
					    reading->algorithm, reading->digest,
					    result);
	if (imastage_record_find(record, "modsig", &field) == 0 &&
	    field.len > 0)
		return check_appended(appraisal, record, field, result);
	return 0;
}

static bool is_signed(const struct policy_appraisal *appraisal,
		      const struct file_signature_result *result)
{
	return result->outcome == FILE_SIGNATURE_GOOD ||
	       (result->outcome == FILE_SIGNATURE_WEAK &&
		appraisal->policy->switches.weak_allowed);
}

static void join(const struct policy_appraisal *appraisal, enum listed listed,
		 struct policy_judgement *judgement)
{
	bool both = appraisal->policy->switches.require_both;
	bool good = is_signed(appraisal, &judgement->signature);

	judgement->outcome = outcome_of(listed);
	if (listed == LISTED && good)
		judgement->outcome = POLICY_BY_BOTH;
	else if (both && (good || listed == LISTED))
		judgement->outcome = listed == OTHER_DIGEST ? POLICY_DIFFERS :
							      POLICY_UNSIGNED;
	else if (good) {
		judgement->outcome = POLICY_BY_SIGNATURE;
		judgement->was_other = listed == OTHER_DIGEST || listed == PAST;
	}
}

static int judge_file(struct policy_appraisal *appraisal,
		      const struct imastage_record *record,
		      const struct policy_reading *reading,
		      struct policy_judgement *judgement)
{
	struct policy_item found, *item;
	int r = find(appraisal, POLICY_FILES, reading, &found);

	if (r < 0)
		return r;
	item = r == 1 ? &found : NULL;
	r = judge_first(appraisal, item, reading, judgement);
	if (r != 0)
		return r < 0 ? r : 0;
	judgement->signature.outcome = FILE_SIGNATURE_ABSENT;
	r = check_signature(appraisal, record, reading, &judgement->signature);
	if (r == 0)
		r = look_up(appraisal, item, reading, &judgement->package);
	if (r < 0)
		return r;
	join(appraisal, (enum listed)r, judgement);
	return 0;
}

/* ---- keys and other buffers --------------------------------------------------- */

static bool is_ignored(const struct policy *policy, struct imastage_bytes name)
{
	for (size_t i = 0; i < policy_nr_texts(policy, POLICY_IGNORED_KEYRING);
	     i++) {
		struct imastage_bytes ignored =
			policy_text(policy, POLICY_IGNORED_KEYRING, i);

		if (bytes_equal_text(ignored, "*") ||
		    bytes_equal(ignored, name))
			return true;
	}
	return false;
}

/* 1: it is a key, also one of a kind that is of no use here. */
static int is_key(struct imastage_bytes buffer)
{
	struct policy_keys *keys;
	int r = policy_keys_new(NULL, &keys);

	if (r < 0)
		return r;
	r = policy_keys_add(keys, buffer);
	policy_keys_free(keys);
	if (r == -ENOMEM)
		return r;
	return r == 0 || r == -ENOTSUP;
}

/* A key that nobody can check by is as good as none. */
static int learn(struct policy_appraisal *appraisal,
		 const struct policy_reading *reading,
		 struct policy_judgement *judgement)
{
	int r = policy_keys_add(appraisal->learnt, reading->buffer);

	if (r == -ENOMEM)
		return r;
	if (r == 0)
		appraisal->has_keys = true;
	else
		judgement->reason = "no file can be checked by it";
	judgement->outcome = POLICY_KEY_LEARNT;
	return 0;
}

static int judge_key(struct policy_appraisal *appraisal,
		     const struct policy_reading *reading,
		     struct policy_judgement *judgement)
{
	struct policy_item item;
	int r;

	judgement->space = POLICY_KEYRINGS;
	r = judge_first(appraisal, NULL, reading, judgement);
	if (r != 0)
		return r < 0 ? r : 0;
	if (is_ignored(appraisal->policy, reading->path)) {
		judgement->outcome = POLICY_KEY_IGNORED;
		return 0;
	}
	r = find(appraisal, POLICY_KEYRINGS, reading, &item);
	if (r >= 0)
		r = judge_listed(appraisal, r == 1 ? &item : NULL, reading,
				 judgement);
	if (r < 0 || judgement->outcome != POLICY_BY_DIGEST)
		return r;
	return learn(appraisal, reading, judgement);
}

static int judge_named_buffer(struct policy_appraisal *appraisal,
			      const struct policy_reading *reading,
			      struct policy_judgement *judgement)
{
	struct policy_item found, *item;
	int r = find(appraisal, POLICY_BUFFERS, reading, &found);

	if (r < 0)
		return r;
	item = r == 1 ? &found : NULL;
	judgement->space = POLICY_BUFFERS;
	r = judge_first(appraisal, item, reading, judgement);
	if (r != 0)
		return r < 0 ? r : 0;
	return judge_listed(appraisal, item, reading, judgement);
}

static int judge_buffer(struct policy_appraisal *appraisal,
			const struct policy_reading *reading,
			struct policy_judgement *judgement)
{
	int r = is_key(reading->buffer);

	if (r < 0)
		return r;
	return r == 1 ? judge_key(appraisal, reading, judgement) :
			judge_named_buffer(appraisal, reading, judgement);
}

/*
 * It calls itself a buffer, and is not what the digest is over: a file's record under another name, or
 * a buffer that was exchanged. The file is what has to be allowed; a name that the
 * policy knows as a buffer's differs.
 */
static int judge_false_buffer(struct policy_appraisal *appraisal,
			      const struct imastage_record *record,
			      const struct policy_reading *reading,
			      struct policy_judgement *judgement)
{
	struct policy_item item;
	int r = judge_file(appraisal, record, reading, judgement);

	if (r < 0)
		return r;
	for (enum policy_space space = POLICY_BUFFERS; space <= POLICY_KEYRINGS;
	     space++) {
		r = policy_find(appraisal->policy, space, reading->path, &item);
		if (r < 0)
			return r;
		if (r == 1 && judgement->outcome != POLICY_IS_DENIED)
			judgement->outcome = POLICY_DIFFERS;
	}
	judgement->reason = reading->relabelled;
	return 0;
}

/* ---- aggregates --------------------------------------------------------------- */

/* A second one of a boot is that of the first: PCR 0 to 9 do not change. */
static void compare_first(struct policy_appraisal *appraisal,
			  const struct policy_reading *reading,
			  struct policy_judgement *judgement)
{
	struct imastage_bytes first = bytes_of(
		appraisal->aggregate, policy_algorithm_len(appraisal->alg));

	if (appraisal->has_aggregate && appraisal->alg == reading->alg &&
	    !bytes_equal(first, reading->digest) &&
	    judgement->outcome <= POLICY_EXCLUDED) {
		judgement->outcome = POLICY_OTHER_AGGREGATE;
		judgement->reason = "the boot_aggregate before has another "
				    "value";
	}
	if (appraisal->has_aggregate)
		return;
	appraisal->has_aggregate = true;
	appraisal->alg = reading->alg;
	memcpy(appraisal->aggregate, reading->digest.data, reading->digest.len);
}

/* boot_aggregate_late is the same under a new name, and listed under either. */
static int judge_aggregate(struct policy_appraisal *appraisal,
			   const struct policy_reading *reading,
			   struct policy_judgement *judgement)
{
	struct policy_item item;
	int r = judge_first(appraisal, NULL, reading, judgement);

	if (r == 0) {
		r = find(appraisal, POLICY_FILES, reading, &item);
		if (r == 0)
			r = policy_find(appraisal->policy, POLICY_FILES,
					bytes_of_text(AGGREGATE), &item);
		if (r >= 0)
			r = judge_listed(appraisal, r == 1 ? &item : NULL,
					 reading, judgement);
	}
	if (r < 0)
		return r;
	compare_first(appraisal, reading, judgement);
	return 0;
}

static int judge_computed(struct policy_appraisal *appraisal,
			  const struct policy_reading *reading,
			  enum policy_computed computed,
			  struct policy_judgement *judgement)
{
	int r = is_denied(appraisal, reading, judgement);

	if (r == 0)
		judgement->outcome = computed == POLICY_COMPUTED_SAME ?
					     POLICY_BY_REPLAY :
					     POLICY_OTHER_AGGREGATE;
	return r < 0 ? r : 0;
}

/* ---- a record ------------------------------------------------------------------ */

static int judge(struct policy_appraisal *appraisal,
		 const struct imastage_record *record,
		 const struct policy_reading *reading,
		 enum policy_computed computed,
		 struct policy_judgement *judgement)
{
	if (imastage_record_is_violation(record)) {
		judgement->outcome = POLICY_IS_VIOLATION;
		return 0;
	}
	if (reading->malformed) {
		judgement->outcome = POLICY_MALFORMED;
		judgement->reason = reading->malformed;
		return 0;
	}
	if (computed != POLICY_NOT_COMPUTED)
		return judge_computed(appraisal, reading, computed, judgement);
	if (reading->is_buffer)
		return judge_buffer(appraisal, reading, judgement);
	if (reading->calls_itself_buffer)
		return judge_false_buffer(appraisal, record, reading,
					  judgement);
	if (!policy_is_boot_aggregate(reading))
		return judge_file(appraisal, record, reading, judgement);
	if (!bytes_are_all(reading->digest, 0))
		return judge_aggregate(appraisal, reading, judgement);
	judgement->outcome = POLICY_NO_TPM;
	return 0;
}

void policy_expect_reading(const struct policy *policy,
			   struct policy_reading *reading)
{
	reading->has_hash = true;
	reading->hash = policy_name_hash(policy, POLICY_FILES, reading->path);
	policy_expect_slot(policy, reading->hash);
}

int policy_appraise(struct policy_appraisal *appraisal,
		    const struct imastage_record *record,
		    struct policy_reading *reading,
		    enum policy_computed computed,
		    struct policy_judgement *ret_judgement)
{
	*ret_judgement = (struct policy_judgement){ .space = POLICY_FILES };
	if (!imastage_record_is_violation(record))
		policy_check_form(record, reading);
	return judge(appraisal, record, reading, computed, ret_judgement);
}

/* ---- a record that is withheld --------------------------------------------------- */

/* 1: this digest counts. */
static int read_given(const struct policy_appraisal *appraisal,
		      const struct imastage_digests *given,
		      enum imastage_bank bank, struct policy_reading *reading)
{
	const struct imastage_bytes name =
		bytes_of_text(imastage_bank_name(bank));

	if (policy_algorithm_by_name(name, &reading->alg) < 0 ||
	    (policy_algorithm_is_weak(reading->alg) &&
	     !appraisal->policy->switches.weak_allowed))
		return 0;
	reading->has_alg = true;
	reading->algorithm = name;
	reading->digest =
		bytes_of(given->of[bank], imastage_bank_digest_len(bank));
	return 1;
}

int policy_appraise_withheld(const struct policy_appraisal *appraisal,
			     const struct imastage_digests *given,
			     unsigned int banks,
			     struct policy_reading *ret_reading,
			     struct policy_judgement *ret_judgement)
{
	struct policy_item item;
	int r = 0;

	*ret_reading = (struct policy_reading){ 0 };
	*ret_judgement =
		(struct policy_judgement){ .outcome = POLICY_IS_WITHHELD };
	for (; r == 0 && banks; banks &= banks - 1)
		if (read_given(appraisal, given,
			       (enum imastage_bank)__builtin_ctz(banks),
			       ret_reading))
			r = policy_find_digest(appraisal->policy,
					       POLICY_WITHHELD,
					       ret_reading->alg,
					       ret_reading->digest, &item);
	if (r == 1)
		ret_judgement->outcome = POLICY_BY_DIGEST;
	return r < 0 ? r : 0;
}
