/* SPDX-License-Identifier: MIT */
/*
 * A boot policy: what may be booted. docs/format-boot-policy.md has the form of its text.
 *
 * It has generations, each a boot that somebody approved, so that machines may be updated one
 * after the other. A generation says of each of PCR 0 to 9 which values are right, or which events
 * of the firmware's log may have led to it, or that it is not looked at.
 *
 *	boot_policy_new(&policy);
 *	boot_policy_add(policy, text, &error);		(for each file)
 *	boot_policy_watch(policy, event, &seen);	(for each event of a log)
 *	boot_policy_judge(policy, &quoted, &log, &seen, &answer);
 *
 * Events count only where the log leads to the value that was quoted, for the bank and PCR
 * that they are about: boot_policy_judge() sees to that.
 */
#ifndef POLICY_BOOT_POLICY_H
#define POLICY_BOOT_POLICY_H

#include "evidence/boot_events.h"

#define BOOT_POLICY_VERSION "boot-policy-1"
#define BOOT_POLICY_LEN_MAX ((size_t)1 << 20)
#define BOOT_GENERATIONS_MAX 16
#define BOOT_VALUES_MAX 1024 /* in all, as are those that follow */
#define BOOT_RULES_MAX 4096
#define BOOT_FILES_MAX 64
#define BOOT_WORD_MAX 127 /* characters of a name */
#define BOOT_PCRS 10
#define BOOT_ALL_PCRS ((1u << BOOT_PCRS) - 1)

enum boot_secure {
	BOOT_SECURE_ANY,
	BOOT_SECURE_ON,
	BOOT_SECURE_OFF,
};

struct boot_generation {
	char name[BOOT_WORD_MAX + 1];
	char approved_by[BOOT_WORD_MAX + 1]; /* empty: it is not approved */
	char approved_at[BOOT_WORD_MAX + 1];
	enum imastage_bank bank;
	enum boot_secure secure;
	bool command_line; /* it says which policy IMA has */
	/* Masks: which PCRs are judged by what. Those in neither are not looked at. */
	uint32_t by_values, by_events;
};

struct boot_policy; /* opaque */

/* What of the policy's rules a log has. */
struct boot_policy_seen {
	uint32_t others[BOOT_GENERATIONS_MAX]; /* PCRs with other events */
	uint8_t rules[BOOT_RULES_MAX / 8]; /* which were there */
	/* Banks in which the first event of PCR 7 says so; and any at all. */
	bool began;
	unsigned int secure_on, secure_off;
};

struct boot_policy_answer {
	/* That which was booted; NULL: none of those approved. */
	const struct boot_generation *approved;
	/* The one that fits best, approved or not; NULL: there is none. */
	const struct boot_generation *nearest;
	uint32_t differs; /* PCRs in which it does not fit */
	bool secure_differs; /* or the state of secure boot */
	bool without_log; /* it has rules on events, and there is no log for it */
};

/* -ENOMEM */
int boot_policy_new(struct boot_policy **ret_policy);
void boot_policy_free(struct boot_policy *policy);

/*
 * Adds what @text has. -EBADMSG with a place and a reason: it is not of the form, or there is
 * too much; then @policy is good for nothing but being freed.
 */
int boot_policy_add(struct boot_policy *policy, struct imastage_bytes text,
		    struct evidence_error *ret_error);

size_t boot_policy_count(const struct boot_policy *policy);

/* *seen starts with all zeros. @policy: NULL for the state of secure boot alone. */
void boot_policy_watch(const struct boot_policy *policy,
		       const struct boot_log_event *event,
		       struct boot_policy_seen *seen);

/* @log: NULL: there was none, or it was malformed. */
void boot_policy_judge(const struct boot_policy *policy,
		       const struct pcr_values *quoted,
		       const struct boot_log *log,
		       const struct boot_policy_seen *seen,
		       struct boot_policy_answer *ret_answer);

/*
 * May a kernel with this digest be started by kexec, or with a command line of this one?
 * @algorithm: as records name it, "sha256".
 */
bool boot_policy_has_image(const struct boot_policy *policy,
			   struct imastage_bytes algorithm,
			   struct imastage_bytes digest);
bool boot_policy_has_command_line(const struct boot_policy *policy,
				  struct imastage_bytes algorithm,
				  struct imastage_bytes digest);

#endif
