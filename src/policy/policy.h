/* SPDX-License-Identifier: MIT */
/*
 * A record policy: which files, buffers and keys may be measured, with which digests.
 *
 *	JSON --policy_read()--+                       +--policy_write()--> JSON
 *	                      +--> builder --> policy +--policy_image()--> a file that needs no parsing
 *	who makes policies ---+                  ^    +--policy_find()--->  appraise.h
 *	a compiled file -----policy_open()-------+
 *
 * A policy is one image of bytes (docs/format-policy.md), made in memory or mapped from a
 * file. It never changes, and any number of threads may look into it. Names are in order:
 * by space, then by their bytes.
 */
#ifndef POLICY_POLICY_H
#define POLICY_POLICY_H

#include "policy/algorithm.h"

#include <imastage/bytes.h>
#include <stdio.h>

#define POLICY_HASH_LEN 32
#define POLICY_NAME_LEN_MAX 8192 /* of a path, buffer or keyring */
#define POLICY_DIGESTS_MAX 1024 /* of one name */
#define POLICY_TEXT_LEN_MAX 8192 /* of an exclude, a keyring, a key */
#define POLICY_TEXTS_MAX 1024 /* of each kind */
#define POLICY_REASON_LEN 128
#define POLICY_WORD_LEN_MAX 255 /* of a package's name and version, each */

/* Where a text, a file or an expression is wrong, and why: a sentence without full stop. */
struct policy_error {
	size_t offset;
	char reason[POLICY_REASON_LEN];
};

/* Names of files, buffers and keyrings have nothing to do with each other. */
enum policy_space {
	POLICY_FILES,
	POLICY_BUFFERS,
	POLICY_KEYRINGS,
	POLICY_DENIED, /* its names are digests, its packages say why */
	POLICY_WITHHELD, /* its names are template digests, of what is not shown */
	POLICY_NR_SPACES
};

/* Are the names in it digests, each with itself as its only digest? */
static inline bool policy_names_digests(enum policy_space space)
{
	return space >= POLICY_DENIED;
}

enum policy_text {
	POLICY_EXCLUDE, /* a regular expression, as Python's re.match() has it */
	POLICY_IGNORED_KEYRING, /* a name, or "*" */
	POLICY_KEY, /* a public key or certificate that signs files, DER */
	POLICY_NR_TEXTS
};

struct policy_switches {
	bool violations_warn; /* a violation is a warning, not a failure */
	bool weak_allowed; /* SHA-1 and MD5 approve files, too */
	bool require_both; /* a file needs a signature and a listed digest */
	bool withheld_warn; /* what is withheld is a warning, not a failure */
};

/* What a digest came with. */
struct policy_package {
	struct imastage_bytes name, version; /* may be empty */
	uint64_t retires; /* seconds since 1970; 0: never */
};

/* One digest of one name. */
struct policy_entry {
	enum policy_space space;
	struct imastage_bytes name;
	uint8_t alg; /* policy/algorithm.h */
	struct imastage_bytes digest;
	uint32_t package; /* of policy_add_package(); 0: none */
};

/* ---- making one ------------------------------------------------------------ */

struct policy_builder;
struct policy;

/* -ENOMEM */
int policy_builder_new(struct policy_builder **ret_builder);
void policy_builder_free(struct policy_builder *builder);

/*
 * Copied. One that is there twice counts once; of its packages the one that retires last does. For
 * spaces of digests the name is not looked at. -EINVAL: a digest that is not of its
 * algorithm's length, a name that is empty, too long or has a NUL; -EILSEQ: one that is no UTF-8, which JSON cannot
 * hold; -E2BIG, -ENOMEM.
 */
int policy_add(struct policy_builder *builder,
	       const struct policy_entry *entry);

/* *ret_package: its number, from 1 on. Packages that are alike have several. */
int policy_add_package(struct policy_builder *builder,
		       const struct policy_package *package,
		       uint32_t *ret_package);

/* -EINVAL: an exclude that is none (exclude.h says why), or too long; -E2BIG, -ENOMEM. */
int policy_add_text(struct policy_builder *builder, enum policy_text kind,
		    struct imastage_bytes text);

void policy_set_switches(struct policy_builder *builder,
			 const struct policy_switches *switches);

/*
 * Adds all that a policy has but its switches: names with their digests and packages, excludes,
 * ignored keyrings and keys. A text that is in both is there once. Errors as of those above, -EBADMSG.
 */
int policy_add_all(struct policy_builder *builder, const struct policy *policy);

/*
 * The builder may be added to afterwards. @hash: of the text that it was made of, by which verdicts name
 * the policy; NULL: of the text that policy_write() makes. -E2BIG: more than POLICY_DIGESTS_MAX
 * digests of a name; -ENOMEM, -EIO.
 */
int policy_finish(struct policy_builder *builder,
		  const uint8_t hash[POLICY_HASH_LEN],
		  struct policy **ret_policy);

void policy_free(struct policy *policy);

/* ---- what is in it --------------------------------------------------------- */

const uint8_t *policy_hash(const struct policy *policy);
const struct policy_switches *policy_switches(const struct policy *policy);

/* The names in a space; and in all of them together, the digests. */
uint64_t policy_nr_names(const struct policy *policy, enum policy_space space);
uint64_t policy_nr_digests(const struct policy *policy);

size_t policy_nr_texts(const struct policy *policy, enum policy_text kind);
struct imastage_bytes policy_text(const struct policy *policy,
				  enum policy_text kind, size_t index);

/* Whether an exclude takes a name, where that was found out once for all. */
enum policy_excluded {
	POLICY_EXCLUDE_UNKNOWN, /* ask the excludes */
	POLICY_EXCLUDE_PASSES,
	POLICY_EXCLUDE_TAKES,
};

/* A name with its digests: a view of the policy. */
struct policy_item {
	enum policy_space space;
	enum policy_excluded excluded;
	struct imastage_bytes name;
	size_t nr_digests;
	struct imastage_bytes digests; /* for policy_item_next() */
};

/* 1: found, 0: not. -EBADMSG: a compiled file is damaged. */
int policy_find(const struct policy *policy, enum policy_space space,
		struct imastage_bytes name, struct policy_item *ret_item);

/* The same in a space of digests. */
int policy_find_digest(const struct policy *policy, enum policy_space space,
		       uint8_t alg, struct imastage_bytes digest,
		       struct policy_item *ret_item);

/* The number that a name is looked up by: it takes as long as the name. */
uint64_t policy_name_hash(const struct policy *policy, enum policy_space space,
			  struct imastage_bytes name);

/*
 * The same in three steps, for many names side by side: each step has what the next one looks at
 * fetched into the processor's cache, and waits for none. @hash: policy_name_hash() of that space and name.
 */
void policy_expect_slot(const struct policy *policy, uint64_t hash);
void policy_expect(const struct policy *policy, uint64_t hash);
int policy_find_hash(const struct policy *policy, uint64_t hash,
		     enum policy_space space, struct imastage_bytes name,
		     struct policy_item *ret_item);

/* All items in their order; *place is 0 at first. 1, 0 at the end, -EBADMSG. */
int policy_next(const struct policy *policy, uint64_t *place,
		struct policy_item *ret_item);

/* Takes the next digest off. 1, 0 at the end, -EBADMSG. */
int policy_item_next(struct policy_item *item, struct policy_entry *ret_entry);

/* The package of that number, from 1 on; one of no name when there is none. */
struct policy_package policy_package_of(const struct policy *policy,
					uint32_t package);

/* ---- in files -------------------------------------------------------------- */

/*
 * Keylime's runtime policy, version 1, with what it has no words for in the member
 * "imastage" (docs/policy.md). Names in order, so that the same policy is the same text.
 * @timestamp: for "meta", or NULL. -EIO when writing failed, which leaves part of it;
 * -EBADMSG.
 */
int policy_write(const struct policy *policy, const char *timestamp,
		 FILE *file);

/* The image, to be written to a file for policy_open(). */
struct imastage_bytes policy_image(const struct policy *policy);

/*
 * Asks the excludes about each name, and notes the answers in the image, so that nobody has to ask
 * again. A policy that is mapped from a file stays as it is. -ENOMEM, -EBADMSG.
 */
int policy_note_excluded(struct policy *policy);

#endif
