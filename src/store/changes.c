// SPDX-License-Identifier: MIT
/*
 * Changes, found again by what they are about.
 */
#include "store/changes.h"
#include "base/bytes.h"

#include <string.h>

const char *change_kind_name(enum change_kind kind)
{
	static const char *const names[] = {
		[CHANGE_REFUSED] = "refused",
		[CHANGE_WARNED] = "warned",
		[CHANGE_APPROVED] = "approved",
	};

	return names[kind];
}

/* CHANGE_NR_KINDS: it is none. What was not judged before was not refused, either. */
static enum change_kind kind_of(const struct outcome *before,
				const struct outcome *now)
{
	bool same = before->judged && before->level == now->level;

	if (same || (!before->judged && now->level == VERIFY_NOTE))
		return CHANGE_NR_KINDS;
	if (now->level == VERIFY_FAILURE)
		return CHANGE_REFUSED;
	return now->level == VERIFY_WARNING ? CHANGE_WARNED : CHANGE_APPROVED;
}

/* ---- one --------------------------------------------------------------------------- */

static bool is_outcome(const struct outcome *a, const struct outcome *b)
{
	return a->known == b->known && a->judged == b->judged &&
	       a->level == b->level && a->outcome == b->outcome;
}

static bool is_same(const struct change *a, const struct change *b)
{
	return a->path_len == b->path_len && a->digest_len == b->digest_len &&
	       !memcmp(a->digest, b->digest, a->digest_len) &&
	       !memcmp(a->path, b->path, a->path_len) &&
	       is_outcome(&a->before, &b->before) &&
	       is_outcome(&a->now, &b->now) && !strcmp(a->text, b->text);
}

static void add(struct changes *changes, enum change_kind kind,
		const struct change *change)
{
	struct change *of = changes->of[kind];
	size_t nr = changes->nr_changes[kind];

	for (size_t i = 0; i < nr; i++)
		if (is_same(&of[i], change)) {
			of[i].nr += change->nr;
			of[i].last = change->last;
			return;
		}
	if (nr == CHANGES_MAX)
		return;
	of[nr] = *change;
	changes->nr_changes[kind]++;
}

static void set_file(struct change *change, const struct verify_where *where,
		     const struct policy_reading *reading)
{
	struct imastage_bytes path = { 0 }, digest = { 0 };

	if (reading) {
		path = reading->path;
		digest = bytes_first(reading->digest, sizeof(change->digest));
	} else if (where->record) {
		(void)imastage_record_event_name(where->record, &path);
	}
	path = bytes_first(path, sizeof(change->path));
	change->path_len = path.len;
	change->digest_len = digest.len;
	if (path.len > 0)
		memcpy(change->path, path.data, path.len);
	if (digest.len > 0)
		memcpy(change->digest, digest.data, digest.len);
	if (reading && reading->has_alg)
		change->algorithm = policy_algorithm_name(reading->alg);
}

/* The package that a policy has for this digest of this path; 0: none. */
static uint32_t package_of(const struct policy *policy,
			   const struct policy_reading *reading)
{
	struct policy_entry entry;
	struct policy_item item;

	if (!reading || !reading->has_alg ||
	    policy_find(policy, POLICY_FILES, reading->path, &item) != 1)
		return 0;
	while (policy_item_next(&item, &entry) == 1)
		if (entry.alg == reading->alg &&
		    bytes_equal(entry.digest, reading->digest))
			return entry.package;
	return 0;
}

static void put_text(char ret_text[VERIFY_TEXT_MAX], struct imastage_bytes text)
{
	text = bytes_first(text, VERIFY_TEXT_MAX - 1);
	if (text.len > 0)
		memcpy(ret_text, text.data, text.len);
	ret_text[text.len] = '\0';
}

/* Of a digest that is denied, the policy has the reason in the place of a package. */
static void set_words(struct change *change, const struct policy *policy,
		      const struct policy_reading *reading,
		      const struct policy_judgement *judgement)
{
	bool denied = judgement->outcome == POLICY_IS_DENIED;
	struct policy_package package =
		policy_package_of(policy, judgement->package);

	if (judgement->reason)
		put_text(change->text, bytes_of_text(judgement->reason));
	else if (denied)
		put_text(change->text, package.name);
	if (denied)
		package =
			policy_package_of(policy, package_of(policy, reading));
	snprintf(change->package, sizeof(change->package), "%.*s%s%.*s",
		 (int)package.name.len, (const char *)package.name.data,
		 package.version.len > 0 ? " " : "", (int)package.version.len,
		 (const char *)package.version.data);
}

void changes_see(struct changes *changes, const struct verify_request *request,
		 uint32_t resets, const struct verify_where *where,
		 const struct policy_reading *reading,
		 const struct policy_judgement *judgement,
		 const struct outcome *before)
{
	const struct outcome now = outcome_of(request, judgement);
	enum change_kind kind;
	struct change change = {
		.before = *before,
		.now = now,
		.nr = 1,
		.first = { resets, where->index },
		.last = { resets, where->index },
	};

	if (!now.judged)
		return;
	changes->nr_records++;
	changes->nr_unknown += !before->known;
	changes->nr_unjudged += before->known && !before->judged;
	kind = kind_of(before, &now);
	if (kind == CHANGE_NR_KINDS)
		return;
	changes->nr_of[kind]++;
	set_file(&change, where, reading);
	set_words(&change, request->policy, reading, judgement);
	add(changes, kind, &change);
}

void changes_join(struct changes *changes, const struct changes *more)
{
	changes->nr_records += more->nr_records;
	changes->nr_unjudged += more->nr_unjudged;
	changes->nr_unknown += more->nr_unknown;
	for (enum change_kind kind = 0; kind < CHANGE_NR_KINDS; kind++) {
		changes->nr_of[kind] += more->nr_of[kind];
		for (size_t i = 0; i < more->nr_changes[kind]; i++)
			add(changes, kind, &more->of[kind][i]);
	}
}
