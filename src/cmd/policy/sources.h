/* SPDX-License-Identifier: MIT */
/*
 * What a policy is made of: options that name sources of digests, and the way from these into
 * a policy.
 */
#ifndef CMD_POLICY_SOURCES_H
#define CMD_POLICY_SOURCES_H

#include "catalog/apt_index.h"
#include "catalog/catalog.h"
#include "catalog/digest_cache.h"
#include "catalog/dpkg_root.h"
#include "catalog/list.h"
#include "catalog/rpm.h"
#include "cmd/policy/load.h"
#include "evidence/withheld.h"
#include "policy/policy.h"
#include "tool/opts.h"
#include "tool/progress.h"

#define SOURCES_MAX 4096
#define KEYRINGS_MAX 64

enum source_kind {
	SOURCE_DEB,
	SOURCE_APT,
	SOURCE_RPM,
	SOURCE_TREE,
	SOURCE_INITRAMFS,
	SOURCE_LIST,
	SOURCE_POLICY,
	SOURCE_DIGEST,
	SOURCE_WITHHELD
};

struct source {
	enum source_kind kind;
	const char *path;
};

struct text_row {
	const char *of[KEYRINGS_MAX + 1]; /* ends with NULL */
	size_t nr;
};

/* All zeros but for the bank at first; the first part is for sources_opts. */
struct sources {
	struct source of[SOURCES_MAX];
	size_t nr;
	struct text_row releases, lists, keyrings, rpm_keys, folders;
	bool is_unsigned, weak, mounts, real_names;
	enum imastage_bank bank;
	const char *prefix, *cache_path;
	uint64_t nr_threads;
	enum progress_mode progress;
	struct withheld_prefixes withhold; /* of lists */
	struct policy_key_files keys; /* that policies have to be signed by */

	struct catalog catalog;
	struct apt_index *index;
	struct digest_cache *cache;
	struct rpm_reader *rpm;
	struct policy_builder *builder; /* where all goes to, not owned */
	struct catalog_package
		last; /* owned texts: the package of number @package */
	uint32_t package;

	uint64_t nr_policies; /* that were added */
	struct policy_switches switches; /* the strictest of theirs */
	struct dpkg_counts dpkg;
	struct catalog_list_counts list;
	size_t nr_lists_refused;
};

extern const struct opt sources_opts[];

/* Is any source of packages or an initramfs, which have versions? */
bool sources_have_versions(const struct sources *sources);

/* Do the options go together, and is there any source? Returns enum cli_status. */
int sources_check(const struct sources *sources);

/*
 * Adds what all sources have to @sources->builder. CLI_OK: as much as there is, see
 * sources_are_whole(); CLI_FAILED after a complaint.
 */
int sources_read(struct sources *sources);
void sources_fini(struct sources *sources);

/* Was nothing refused, unread or missing? */
bool sources_are_whole(const struct sources *sources);

struct json;

/* What was read, as lines, or as members of an object. */
void sources_print(const struct sources *sources, FILE *file);
void sources_put(const struct sources *sources, struct json *json);

#endif
