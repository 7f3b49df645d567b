// SPDX-License-Identifier: MIT
/*
 * What was booted, beside what may be.
 */
#include "policy/boot_policy_private.h"
#include "base/util.h"
#include "log/hash.h"

#include <errno.h>

int boot_policy_new(struct boot_policy **ret_policy)
{
	struct boot_policy *policy = calloc(1, sizeof(*policy));

	if (!policy)
		return -ENOMEM;
	*ret_policy = policy;
	return 0;
}

void boot_policy_free(struct boot_policy *policy)
{
	free(policy);
}

size_t boot_policy_count(const struct boot_policy *policy)
{
	return policy->nr_generations;
}

/* ---- events ---------------------------------------------------------------------- */

static int compare_numbers(uint32_t a, uint32_t b)
{
	return (a > b) - (a < b);
}

int boot_rule_compare(const void *one, const void *other)
{
	const struct boot_rule *a = one, *b = other;
	int r = compare_numbers(a->generation, b->generation);

	if (r == 0)
		r = compare_numbers(a->pcr, b->pcr);
	if (r == 0)
		r = compare_numbers(a->kind, b->kind);
	return r ? r : memcmp(a->digest, b->digest, sizeof(a->digest));
}

static const struct boot_rule *find_rule(const struct boot_policy *policy,
					 uint8_t generation,
					 const struct boot_log_event *event)
{
	enum imastage_bank bank = policy->generations[generation].bank;
	struct boot_rule rule = { .generation = generation,
				  .pcr = (uint8_t)event->pcr,
				  .kind = event->kind };

	if (event->digests[bank].len == 0)
		return NULL;
	memcpy(rule.digest, event->digests[bank].data,
	       event->digests[bank].len);
	return bsearch(&rule, policy->rules, policy->nr_rules, sizeof(rule),
		       boot_rule_compare);
}

static void see_generation(const struct boot_policy *policy, uint8_t generation,
			   const struct boot_log_event *event,
			   struct boot_policy_seen *seen)
{
	uint32_t pcr = 1u << event->pcr;
	const struct boot_rule *rule;
	size_t at;

	if (!(policy->generations[generation].by_events & pcr) ||
	    seen->others[generation] & pcr)
		return;
	rule = find_rule(policy, generation, event);
	if (!rule) {
		seen->others[generation] |= pcr;
		return;
	}
	at = (size_t)(rule - policy->rules);
	seen->rules[at / 8] |= (uint8_t)(1u << at % 8);
}

/* In which banks is the event's digest that of @data? */
static unsigned int banks_of(const struct boot_log_event *event,
			     struct imastage_bytes data)
{
	unsigned int banks = 0;

	for (enum imastage_bank bank = 0; bank < IMASTAGE_NR_BANKS; bank++) {
		uint8_t digest[IMASTAGE_DIGEST_MAX];
		struct hash hash;

		if (event->digests[bank].len == 0 || hash_init(&hash, bank) < 0)
			continue;
		if (hash_two(&hash, data, bytes_of(NULL, 0), digest) == 0 &&
		    bytes_equal(event->digests[bank],
				bytes_of(digest,
					 imastage_bank_digest_len(bank))))
			banks |= 1u << bank;
		hash_fini(&hash);
	}
	return banks;
}

/* Firmware measures it before anybody else can extend the PCR. */
static void see_secure_boot(const struct boot_log_event *event,
			    struct boot_policy_seen *seen)
{
	if (seen->began || event->pcr != 7)
		return;
	seen->began = true;
	if (event->kind != BOOT_EVENT_VARIABLE)
		return;
	seen->secure_on = banks_of(event, boot_events_secure_boot(true));
	seen->secure_off = banks_of(event, boot_events_secure_boot(false));
}

void boot_policy_watch(const struct boot_policy *policy,
		       const struct boot_log_event *event,
		       struct boot_policy_seen *seen)
{
	if (event->pcr >= BOOT_PCRS)
		return;
	see_secure_boot(event, seen);
	for (size_t i = 0; policy && i < policy->nr_generations; i++)
		see_generation(policy, (uint8_t)i, event, seen);
}

/* ---- the verdict of one generation -------------------------------------------------- */

struct boot {
	const struct boot_policy *policy;
	const struct pcr_values *quoted;
	const struct boot_log *log;
	const struct boot_policy_seen *seen;
};

static struct imastage_bytes value_of(const struct pcr_values *values,
				      enum imastage_bank bank, unsigned int pcr)
{
	return bytes_of(values->of[bank][pcr], imastage_bank_digest_len(bank));
}

/* Does the log lead to what was quoted? */
static bool is_logged(const struct boot *boot, enum imastage_bank bank,
		      unsigned int pcr)
{
	return boot->log && boot->log->banks & 1u << bank &&
	       bytes_equal(value_of(&boot->log->values, bank, pcr),
			   value_of(boot->quoted, bank, pcr));
}

static bool has_value(const struct boot *boot, size_t generation,
		      unsigned int pcr)
{
	const struct boot_policy *policy = boot->policy;
	enum imastage_bank bank = policy->generations[generation].bank;

	for (size_t i = 0; i < policy->nr_values; i++)
		if (policy->values[i].generation == generation &&
		    policy->values[i].pcr == pcr &&
		    bytes_equal(value_of(boot->quoted, bank, pcr),
				bytes_of(policy->values[i].digest,
					 imastage_bank_digest_len(bank))))
			return true;
	return false;
}

static bool has_required(const struct boot *boot, size_t generation,
			 unsigned int pcr)
{
	const struct boot_policy *policy = boot->policy;

	for (size_t i = 0; i < policy->nr_rules; i++)
		if (policy->rules[i].generation == generation &&
		    policy->rules[i].pcr == pcr && policy->rules[i].required &&
		    !(boot->seen->rules[i / 8] & 1u << i % 8))
			return false;
	return true;
}

static bool has_events(const struct boot *boot, size_t generation,
		       unsigned int pcr)
{
	return is_logged(boot, boot->policy->generations[generation].bank,
			 pcr) &&
	       !(boot->seen->others[generation] & 1u << pcr) &&
	       has_required(boot, generation, pcr);
}

static uint32_t differing(const struct boot *boot, size_t generation)
{
	const struct boot_generation *is =
		&boot->policy->generations[generation];
	uint32_t differs = 0;

	if ((boot->quoted->set[is->bank] & BOOT_ALL_PCRS) != BOOT_ALL_PCRS)
		return BOOT_ALL_PCRS;
	for (unsigned int pcr = 0; pcr < BOOT_PCRS; pcr++)
		if ((is->by_values & 1u << pcr &&
		     !has_value(boot, generation, pcr)) ||
		    (is->by_events & 1u << pcr &&
		     !has_events(boot, generation, pcr)))
			differs |= 1u << pcr;
	return differs;
}

static bool differs_secure(const struct boot *boot, size_t generation)
{
	const struct boot_generation *is =
		&boot->policy->generations[generation];
	unsigned int banks = is->secure == BOOT_SECURE_ON ?
				     boot->seen->secure_on :
				     boot->seen->secure_off;

	return is->secure != BOOT_SECURE_ANY &&
	       !(is_logged(boot, is->bank, 7) && banks & 1u << is->bank);
}

static void judge_one(const struct boot *boot, size_t generation,
		      struct boot_policy_answer *ret_answer)
{
	const struct boot_generation *is =
		&boot->policy->generations[generation];

	ret_answer->nearest = is;
	ret_answer->differs = differing(boot, generation);
	ret_answer->secure_differs = differs_secure(boot, generation);
	ret_answer->without_log =
		(is->by_events || is->secure != BOOT_SECURE_ANY) &&
		!(boot->log && boot->log->banks & 1u << is->bank);
	ret_answer->approved = !ret_answer->differs &&
					       !ret_answer->secure_differs &&
					       is->approved_by[0] ?
				       is :
				       NULL;
}

/* How far is it from what was booted? */
static int distance(const struct boot_policy_answer *answer)
{
	return 2 * (__builtin_popcount(answer->differs) +
		    answer->secure_differs) +
	       !answer->approved;
}

void boot_policy_judge(const struct boot_policy *policy,
		       const struct pcr_values *quoted,
		       const struct boot_log *log,
		       const struct boot_policy_seen *seen,
		       struct boot_policy_answer *ret_answer)
{
	const struct boot boot = { policy, quoted, log, seen };
	struct boot_policy_answer answer;

	memset(ret_answer, 0, sizeof(*ret_answer));
	for (size_t i = 0; i < policy->nr_generations; i++) {
		judge_one(&boot, i, &answer);
		if (!ret_answer->nearest ||
		    distance(&answer) < distance(ret_answer))
			*ret_answer = answer;
	}
}

/* ---- kexec ---------------------------------------------------------------------------- */

static bool has_file(const struct boot_policy *policy, bool is_image,
		     struct imastage_bytes algorithm,
		     struct imastage_bytes digest)
{
	for (size_t i = 0; i < policy->nr_files; i++) {
		const struct boot_file *file = &policy->files[i];

		if (file->is_image == is_image &&
		    bytes_equal(digest,
				bytes_of(file->digest, imastage_bank_digest_len(
							       file->bank))) &&
		    bytes_equal_text(algorithm, imastage_bank_name(file->bank)))
			return true;
	}
	return false;
}

bool boot_policy_has_image(const struct boot_policy *policy,
			   struct imastage_bytes algorithm,
			   struct imastage_bytes digest)
{
	return has_file(policy, true, algorithm, digest);
}

bool boot_policy_has_command_line(const struct boot_policy *policy,
				  struct imastage_bytes algorithm,
				  struct imastage_bytes digest)
{
	return has_file(policy, false, algorithm, digest);
}
