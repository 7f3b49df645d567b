// SPDX-License-Identifier: MIT
/*
 * Updating: the packages of the new policy decide which of the old ones retire.
 */
#include "catalog/update.h"
#include "base/bytes.h"
#include "base/util.h"

#include <errno.h>
#include <imastage/bank.h>

/* A package of the new policy. */
struct version {
	struct imastage_bytes name, version;
};

/* What becomes of a package. */
struct fate {
	bool decided, drops, retires_now;
	uint32_t number; /* in the builder */
};

struct fate_row {
	struct fate *of; /* owned, by number */
	size_t nr;
};

struct update {
	const struct policy *old, *fresh;
	const struct update_rules *rules;
	struct policy_builder *builder;
	struct version *versions; /* owned, in order */
	size_t nr_versions;
	struct fate_row old_fates, fresh_fates;
	struct update_counts counts;
};

/* ---- the new versions ------------------------------------------------------ */

static int compare_bytes(struct imastage_bytes a, struct imastage_bytes b)
{
	size_t len = a.len < b.len ? a.len : b.len;
	int order = len ? memcmp(a.data, b.data, len) : 0;

	if (order)
		return order;
	return (a.len > b.len) - (a.len < b.len);
}

static int compare(const void *a, const void *b)
{
	const struct version *one = a, *other = b;
	int order = compare_bytes(one->name, other->name);

	return order ? order : compare_bytes(one->version, other->version);
}

static int compare_name(const void *a, const void *b)
{
	return compare_bytes(((const struct version *)a)->name,
			     ((const struct version *)b)->name);
}

static uint32_t count_packages(const struct policy *policy)
{
	uint32_t nr = 0;

	while (policy_package_of(policy, nr + 1).name.len)
		nr++;
	return nr;
}

static int list_versions(struct update *update)
{
	uint32_t nr = count_packages(update->fresh);

	update->versions = calloc((size_t)nr + 1, sizeof(struct version));
	if (!update->versions)
		return -ENOMEM;
	for (uint32_t i = 0; i < nr; i++) {
		struct policy_package package =
			policy_package_of(update->fresh, i + 1);

		update->versions[i] =
			(struct version){ package.name, package.version };
	}
	update->nr_versions = nr;
	qsort(update->versions, nr, sizeof(struct version), compare);
	return 0;
}

/* Has the new policy other versions of it only? */
static bool is_replaced(const struct update *update,
			const struct policy_package *package)
{
	const struct version wanted = { package->name, package->version };

	return package->name.len &&
	       bsearch(&wanted, update->versions, update->nr_versions,
		       sizeof(wanted), compare_name) &&
	       !bsearch(&wanted, update->versions, update->nr_versions,
			sizeof(wanted), compare);
}

/* ---- packages of the old one ----------------------------------------------- */

static int decide(struct update *update, uint32_t number, struct fate *fate)
{
	struct policy_package package = policy_package_of(update->old, number);
	const struct update_rules *rules = update->rules;

	fate->decided = true;
	fate->drops = package.retires && rules->drop_before &&
		      package.retires < rules->drop_before;
	if (fate->drops)
		return 0;
	if (rules->retires && is_replaced(update, &package) &&
	    (!package.retires || package.retires > rules->retires)) {
		fate->retires_now = true;
		package.retires = rules->retires;
	}
	return policy_add_package(update->builder, &package, &fate->number);
}

static int make_room(struct fate_row *row, size_t nr)
{
	struct fate *more;

	if (nr <= row->nr)
		return 0;
	nr += nr / 2;
	more = reallocarray(row->of, nr, sizeof(*more));
	if (!more)
		return -ENOMEM;
	memset(more + row->nr, 0, (nr - row->nr) * sizeof(*more));
	row->of = more;
	row->nr = nr;
	return 0;
}

/* Of package @number in the old policy. */
static int fate_of(struct update *update, uint32_t number,
		   const struct fate **ret_fate)
{
	struct fate_row *row = &update->old_fates;
	int r = make_room(row, (size_t)number + 1);

	if (r == 0 && number && !row->of[number].decided)
		r = decide(update, number, &row->of[number]);
	if (r == 0)
		*ret_fate = &row->of[number];
	return r;
}

/* What package @number of the new policy is in the builder. */
static int number_of(struct update *update, uint32_t number,
		     uint32_t *ret_number)
{
	const struct policy_package package =
		policy_package_of(update->fresh, number);
	struct fate_row *row = &update->fresh_fates;
	int r = make_room(row, (size_t)number + 1);

	if (r == 0 && number && !row->of[number].decided)
		r = policy_add_package(update->builder, &package,
				       &row->of[number].number);
	if (r < 0)
		return r;
	row->of[number].decided = true;
	*ret_number = row->of[number].number;
	return 0;
}

/* ---- digests --------------------------------------------------------------- */

/* *ret_package: of the digest that it has, if it does. */
static int find_digest(const struct policy *policy,
		       const struct policy_entry *entry, uint32_t *ret_package)
{
	struct policy_entry other;
	struct policy_item item;
	int r = policy_find(policy, entry->space, entry->name, &item);

	while (r == 1) {
		r = policy_item_next(&item, &other);
		if (r == 1 && other.alg == entry->alg &&
		    bytes_equal(other.digest, entry->digest)) {
			*ret_package = other.package;
			return 1;
		}
	}
	return r;
}

static bool has_retired(const struct update *update, uint32_t package)
{
	uint64_t retires = policy_package_of(update->old, package).retires;

	return retires && retires <= update->rules->today;
}

static int keep(struct update *update, const struct policy_entry *entry)
{
	struct policy_entry kept = *entry;
	const struct fate *fate;
	uint32_t package = 0;
	int stays = find_digest(update->fresh, entry, &package);
	int r = stays < 0 ? stays : fate_of(update, entry->package, &fate);

	if (r < 0)
		return r;
	if (fate->drops && !stays) {
		update->counts.nr_dropped++;
		return 0;
	}
	if (fate->retires_now && !stays)
		update->counts.nr_retired++;
	else
		update->counts.nr_kept++;
	if (fate->drops ||
	    (stays && !package && has_retired(update, entry->package)))
		return 0; /* the new policy has it */
	kept.package = fate->number;
	return policy_add(update->builder, &kept);
}

static int is_denied(const struct policy *policy,
		     const struct policy_entry *entry)
{
	struct policy_item item;

	return policy_names_digests(entry->space) ?
		       0 :
		       policy_find_digest(policy, POLICY_DENIED, entry->alg,
					  entry->digest, &item);
}

static int add(struct update *update, const struct policy_entry *entry)
{
	struct policy_entry added = *entry;
	uint32_t package;
	int has = find_digest(update->old, entry, &package);
	int denied = is_denied(update->old, entry);
	int r = has < 0 ? has : denied;

	if (r < 0)
		return r;
	update->counts.nr_added += !has;
	update->counts.nr_denied += (uint64_t)denied;
	r = number_of(update, entry->package, &added.package);
	return r < 0 ? r : policy_add(update->builder, &added);
}

static int for_each(struct update *update, const struct policy *policy,
		    int (*take)(struct update *update,
				const struct policy_entry *entry))
{
	struct policy_entry entry;
	struct policy_item item;
	uint64_t place = 0;
	int r;

	while ((r = policy_next(policy, &place, &item)) == 1) {
		while ((r = policy_item_next(&item, &entry)) == 1) {
			r = take(update, &entry);
			if (r < 0)
				return r;
		}
		if (r < 0)
			return r;
	}
	return r;
}

/* ---- all of it ------------------------------------------------------------- */

static int copy_texts(struct update *update)
{
	int r = 0;

	for (int kind = 0; kind < POLICY_NR_TEXTS; kind++) {
		enum policy_text text = (enum policy_text)kind;
		size_t nr = policy_nr_texts(update->old, text);

		for (size_t i = 0; i < nr && r == 0; i++)
			r = policy_add_text(update->builder, text,
					    policy_text(update->old, text, i));
	}
	policy_set_switches(update->builder, policy_switches(update->old));
	return r;
}

int update_policy(const struct policy *old, const struct policy *fresh,
		  const struct update_rules *rules,
		  struct policy_builder *builder,
		  struct update_counts *ret_counts)
{
	struct update update = {
		.old = old, .fresh = fresh, .rules = rules, .builder = builder
	};
	int r = list_versions(&update);

	if (r == 0)
		r = copy_texts(&update);
	if (r == 0)
		r = for_each(&update, old, keep);
	if (r == 0)
		r = for_each(&update, fresh, add);
	free(update.versions);
	free(update.old_fates.of);
	free(update.fresh_fates.of);
	if (r == 0)
		*ret_counts = update.counts;
	return r;
}
