// SPDX-License-Identifier: MIT
/*
 * Explaining: for each question one look at the path and one at its other name, and for all of
 * them together one look through all the rest.
 */
#include "catalog/explain.h"
#include "base/bytes.h"
#include "catalog/names.h"

#include <errno.h>
#include <stdlib.h>

/* A question while it is looked for. */
struct asked {
	struct explain_question *question;
	struct policy_package by_digest;
};

/* A folder that questions are of, once. */
struct folder {
	struct imastage_bytes name;
	struct policy_package package;
	bool is_shared; /* by two packages or more */
};

struct search {
	const struct policy *policy;
	struct asked *asked; /* owned, in the order of their digests */
	struct folder *folders; /* owned, in the order of their names */
	size_t nr, nr_folders;
};

static struct imastage_bytes folder_of(struct imastage_bytes path)
{
	size_t end = bytes_find_last(path, '/');

	return bytes_first(path, end < path.len ? end : 0);
}

/* ---- order ----------------------------------------------------------------- */

static int compare_bytes(struct imastage_bytes a, struct imastage_bytes b)
{
	size_t len = a.len < b.len ? a.len : b.len;
	int order = len ? memcmp(a.data, b.data, len) : 0;

	return order ? order : (a.len > b.len) - (a.len < b.len);
}

static int compare_digest(const void *a, const void *b)
{
	const struct asked *one = a, *other = b;

	return compare_bytes(one->question->digest, other->question->digest);
}

static int compare_folder(const void *a, const void *b)
{
	return compare_bytes(((const struct folder *)a)->name,
			     ((const struct folder *)b)->name);
}

/* ---- one look at a path ------------------------------------------------------ */

/* Keeps what is listed, and the package of the first entry that has one. */
static int list(const struct policy *policy, struct policy_item item,
		struct explanation *found, bool keep,
		struct policy_package *ret_package)
{
	struct policy_entry entry;
	int r;

	while ((r = policy_item_next(&item, &entry)) == 1) {
		if (entry.package && !ret_package->name.len)
			*ret_package = policy_package_of(policy, entry.package);
		if (!keep)
			continue;
		if (found->nr_listed < EXPLAIN_SHOWN)
			found->listed[found->nr_listed] = entry;
		found->nr_listed++;
	}
	return r;
}

static int look_up(const struct policy *policy, struct imastage_bytes path,
		   enum explain_guess guess, struct explanation *found)
{
	struct policy_package package = { 0 };
	struct policy_item item;
	int r = policy_find(policy, POLICY_FILES, path, &item);

	if (r == 1)
		r = list(policy, item, found, guess == EXPLAIN_BY_PATH,
			 &package);
	if (r == 0 && package.name.len && !found->guess) {
		found->guess = guess;
		found->package = package;
	}
	return r;
}

static int look_up_both(const struct policy *policy,
			struct explain_question *question)
{
	char path[CATALOG_PATH_MAX], merged[CATALOG_PATH_MAX];
	int r = look_up(policy, question->path, EXPLAIN_BY_PATH,
			&question->found);

	if (r < 0 || name_clean(question->path, true, path) < 0 ||
	    !name_merged(path, merged))
		return r;
	return look_up(policy, bytes_of_text(merged), EXPLAIN_BY_MERGED_PATH,
		       &question->found);
}

/* ---- one look through the rest ------------------------------------------------ */

/* The first one whose digest is not before @digest. */
static size_t find_digest(const struct search *search,
			  struct imastage_bytes digest)
{
	size_t first = 0, end = search->nr;

	while (first < end) {
		size_t middle = first + (end - first) / 2;

		if (compare_bytes(search->asked[middle].question->digest,
				  digest) < 0)
			first = middle + 1;
		else
			end = middle;
	}
	return first;
}

static void note_same(const struct search *search, struct asked *asked,
		      const struct policy_entry *entry)
{
	struct explanation *found = &asked->question->found;

	if (entry->alg != asked->question->alg ||
	    bytes_equal(entry->name, asked->question->path))
		return;
	if (found->nr_same < EXPLAIN_SHOWN)
		found->same[found->nr_same] = *entry;
	found->nr_same++;
	if (entry->package && !asked->by_digest.name.len)
		asked->by_digest =
			policy_package_of(search->policy, entry->package);
}

static void note_entry(const struct search *search,
		       const struct policy_entry *entry)
{
	size_t i = find_digest(search, entry->digest);

	for (; i < search->nr &&
	       bytes_equal(search->asked[i].question->digest, entry->digest);
	     i++)
		note_same(search, &search->asked[i], entry);
}

static void note_folder(const struct search *search, struct folder *folder,
			const struct policy_entry *entry)
{
	struct policy_package package;

	if (!entry->package || folder->is_shared)
		return;
	package = policy_package_of(search->policy, entry->package);
	folder->is_shared = folder->package.name.len &&
			    !bytes_equal(folder->package.name, package.name);
	folder->package = package;
}

static struct folder *find_folder(const struct search *search,
				  struct imastage_bytes path)
{
	const struct folder wanted = { .name = folder_of(path) };

	return wanted.name.len ?
		       bsearch(&wanted, search->folders, search->nr_folders,
			       sizeof(wanted), compare_folder) :
		       NULL;
}

static int look_through(const struct search *search)
{
	struct policy_entry entry;
	struct policy_item item;
	uint64_t place = 0;
	int r;

	while ((r = policy_next(search->policy, &place, &item)) == 1) {
		struct folder *folder;

		if (item.space != POLICY_FILES)
			continue;
		folder = find_folder(search, item.name);
		while ((r = policy_item_next(&item, &entry)) == 1) {
			note_entry(search, &entry);
			if (folder)
				note_folder(search, folder, &entry);
		}
		if (r < 0)
			return r;
	}
	return r;
}

/* ---- all of it ---------------------------------------------------------------- */

static int prepare(struct search *search, struct explain_question *of)
{
	size_t nr = 0;

	search->asked = calloc(search->nr + 1, sizeof(*search->asked));
	search->folders = calloc(search->nr + 1, sizeof(*search->folders));
	if (!search->asked || !search->folders)
		return -ENOMEM;
	for (size_t i = 0; i < search->nr; i++) {
		of[i].found = (struct explanation){ 0 };
		search->asked[i].question = &of[i];
		search->folders[i].name = folder_of(of[i].path);
	}
	qsort(search->asked, search->nr, sizeof(*search->asked),
	      compare_digest);
	qsort(search->folders, search->nr, sizeof(*search->folders),
	      compare_folder);
	for (size_t i = 0; i < search->nr; i++)
		if (nr == 0 || compare_folder(&search->folders[nr - 1],
					      &search->folders[i]))
			search->folders[nr++] = search->folders[i];
	search->nr_folders = nr;
	return 0;
}

static void guess_package(const struct search *search,
			  const struct asked *asked)
{
	struct explanation *found = &asked->question->found;
	const struct folder *folder =
		find_folder(search, asked->question->path);

	if (found->guess)
		return;
	if (asked->by_digest.name.len) {
		found->guess = EXPLAIN_BY_DIGEST;
		found->package = asked->by_digest;
	} else if (folder && folder->package.name.len && !folder->is_shared) {
		found->guess = EXPLAIN_BY_FOLDER;
		found->package = folder->package;
	}
}

static int search_all(struct search *search, struct explain_question *of)
{
	int r = prepare(search, of);

	for (size_t i = 0; i < search->nr && r == 0; i++)
		r = look_up_both(search->policy, &of[i]);
	if (r == 0)
		r = look_through(search);
	for (size_t i = 0; i < search->nr && r == 0; i++)
		guess_package(search, &search->asked[i]);
	return r;
}

int explain_all(const struct policy *policy, struct explain_question *of,
		size_t nr)
{
	struct search search = { .policy = policy, .nr = nr };
	int r = search_all(&search, of);

	free(search.asked);
	free(search.folders);
	return r;
}
