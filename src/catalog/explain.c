// SPDX-License-Identifier: MIT
/*
 * Explaining: one look at the path, one at its other name, one through all the rest.
 */
#include "catalog/explain.h"
#include "base/bytes.h"
#include "catalog/names.h"

#include <errno.h>

struct search {
	const struct policy *policy;
	struct imastage_bytes path, folder, digest;
	uint8_t alg;
	struct explanation found;
	struct policy_package by_digest, by_folder;
	bool folder_is_shared; /* by two packages or more */
};

static struct imastage_bytes folder_of(struct imastage_bytes path)
{
	size_t end = bytes_find_last(path, '/');

	return bytes_first(path, end < path.len ? end : 0);
}

/* The package of the first entry that has one. */
static int list(struct search *search, struct policy_item item,
		struct policy_package *ret_package, bool keep)
{
	struct policy_entry entry;
	int r;

	while ((r = policy_item_next(&item, &entry)) == 1) {
		if (entry.package && !ret_package->name.len)
			*ret_package = policy_package_of(search->policy,
							 entry.package);
		if (!keep)
			continue;
		if (search->found.nr_listed < EXPLAIN_SHOWN)
			search->found.listed[search->found.nr_listed] = entry;
		search->found.nr_listed++;
	}
	return r;
}

static int look_up(struct search *search, struct imastage_bytes path,
		   enum explain_guess guess)
{
	struct policy_package package = { 0 };
	struct policy_item item;
	int r = policy_find(search->policy, POLICY_FILES, path, &item);

	if (r == 1)
		r = list(search, item, &package, guess == EXPLAIN_BY_PATH);
	if (r == 0 && package.name.len && !search->found.guess) {
		search->found.guess = guess;
		search->found.package = package;
	}
	return r;
}

static int look_up_merged(struct search *search)
{
	char path[CATALOG_PATH_MAX], merged[CATALOG_PATH_MAX];

	if (name_clean(search->path, true, path) < 0 ||
	    !name_merged(path, merged))
		return 0;
	return look_up(search, bytes_of_text(merged), EXPLAIN_BY_MERGED_PATH);
}

static void note_same(struct search *search, const struct policy_entry *entry)
{
	struct explanation *found = &search->found;

	if (entry->alg != search->alg ||
	    !bytes_equal(entry->digest, search->digest))
		return;
	if (found->nr_same < EXPLAIN_SHOWN)
		found->same[found->nr_same] = *entry;
	found->nr_same++;
	if (entry->package && !search->by_digest.name.len)
		search->by_digest =
			policy_package_of(search->policy, entry->package);
}

static void note_folder(struct search *search, const struct policy_entry *entry)
{
	struct policy_package package;

	if (!search->folder.len ||
	    !bytes_equal(folder_of(entry->name), search->folder))
		return;
	package = policy_package_of(search->policy, entry->package);
	if (search->by_folder.name.len &&
	    !bytes_equal(search->by_folder.name, package.name))
		search->folder_is_shared = true;
	search->by_folder = package;
}

static int look_through(struct search *search)
{
	struct policy_entry entry;
	struct policy_item item;
	uint64_t place = 0;
	int r;

	while ((r = policy_next(search->policy, &place, &item)) == 1) {
		if (item.space != POLICY_FILES ||
		    bytes_equal(item.name, search->path))
			continue;
		while ((r = policy_item_next(&item, &entry)) == 1) {
			note_same(search, &entry);
			note_folder(search, &entry);
		}
		if (r < 0)
			return r;
	}
	return r;
}

static void guess_package(struct search *search)
{
	struct explanation *found = &search->found;

	if (found->guess)
		return;
	if (search->by_digest.name.len) {
		found->guess = EXPLAIN_BY_DIGEST;
		found->package = search->by_digest;
	} else if (search->by_folder.name.len && !search->folder_is_shared) {
		found->guess = EXPLAIN_BY_FOLDER;
		found->package = search->by_folder;
	}
}

int explain_path(const struct policy *policy, struct imastage_bytes path,
		 uint8_t alg, struct imastage_bytes digest,
		 struct explanation *ret_explanation)
{
	struct search search = { .policy = policy,
				 .path = path,
				 .folder = folder_of(path),
				 .digest = digest,
				 .alg = alg };
	int r = look_up(&search, path, EXPLAIN_BY_PATH);

	if (r >= 0)
		r = look_up_merged(&search);
	if (r >= 0)
		r = look_through(&search);
	if (r < 0)
		return r;
	guess_package(&search);
	*ret_explanation = search.found;
	return 0;
}
