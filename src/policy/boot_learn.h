/* SPDX-License-Identifier: MIT */
/*
 * A generation of a boot policy, made of one boot that was seen: values of PCRs out of a quote
 * that was verified, and events of a log that leads to them.
 *
 *	struct boot_learn learn = { .events = 1u << 4 };
 *
 *	... boot_learn_see() as the watcher of the log, if there is one ...
 *	boot_learn_check(&learn, &quoted, has_log, &reason);
 *	boot_learn_write(&learn, &approval, stdout);
 *	boot_learn_fini(&learn);
 */
#ifndef POLICY_BOOT_LEARN_H
#define POLICY_BOOT_LEARN_H

#include "policy/boot_policy.h"

#define BOOT_LEARN_WHAT_MAX 127

struct boot_learnt; /* an event */

struct boot_learn {
	uint32_t events; /* by the caller: PCRs to be judged by events, a mask, */
	uint32_t any; /* and those that are not to be looked at */

	uint64_t nr_seen;
	struct boot_events main; /* for people */
	struct boot_policy_seen seen;
	size_t nr, capacity;
	struct boot_learnt *learnt; /* owned */
	int error; /* -ENOMEM, -E2BIG; or 0 */

	/* Of boot_learn_check(). */
	enum imastage_bank bank;
	const struct pcr_values *quoted;
	bool has_log;
};

struct boot_approval {
	const char *name;
	const char *by, *at; /* empty: nobody approved it yet */
};

/* The function of a watcher, of struct boot_learn. */
void boot_learn_see(void *learn, const struct boot_log_event *event);

/*
 * Can a generation be made? @has_log: there was a log, and it leads to @quoted, which must
 * stay. -EINVAL with *ret_reason; or an error of seeing.
 */
int boot_learn_check(struct boot_learn *learn, const struct pcr_values *quoted,
		     bool has_log, const char **ret_reason);

/* The text of a policy with this one generation. Errors are @file's. */
void boot_learn_write(const struct boot_learn *learn,
		      const struct boot_approval *approval, FILE *file);

void boot_learn_fini(struct boot_learn *learn);

#endif
