/* SPDX-License-Identifier: MIT */
/*
 * A boot policy from the inside: tables in the order of generations.
 */
#ifndef POLICY_BOOT_POLICY_PRIVATE_H
#define POLICY_BOOT_POLICY_PRIVATE_H

#include "policy/boot_policy.h"

struct boot_value {
	uint8_t generation, pcr;
	uint8_t digest[IMASTAGE_DIGEST_MAX];
};

struct boot_rule {
	uint8_t generation, pcr;
	uint32_t kind;
	uint8_t digest[IMASTAGE_DIGEST_MAX]; /* zeros behind it */
	bool required;
};

struct boot_file {
	bool is_image; /* else a command line */
	enum imastage_bank bank;
	uint8_t digest[IMASTAGE_DIGEST_MAX];
};

struct boot_policy {
	size_t nr_generations, nr_values, nr_rules, nr_files;
	struct boot_generation generations[BOOT_GENERATIONS_MAX];
	struct boot_value values[BOOT_VALUES_MAX];
	struct boot_rule rules[BOOT_RULES_MAX]; /* in order, once all are read */
	struct boot_file files[BOOT_FILES_MAX];
};

/* By generation, PCR, kind, digest. */
int boot_rule_compare(const void *a, const void *b);

#endif
