// SPDX-License-Identifier: MIT
/*
 * imastage policy diff: two policies, walked through side by side, for both have their
 * digests in the same order.
 */
#include "base/text.h"
#include "cmd/cmd.h"
#include "cmd/policy/common.h"
#include "tool/cli.h"

#include <errno.h>

static const struct opt opts[] = {
	POLICY_KEY_OPT,
	{ 0 },
};

static const struct command command = {
	.synopsis = "[OPTION]... OLD NEW",
	.summary = "Prints what only one of two policies has: '-' of the old, "
		   "'+' of the new one.\n",
	.epilogue = "Exit status: 0 they say the same, 3 they do not.\n",
};

struct side {
	const struct policy *policy;
	uint64_t place;
	struct policy_item item;
	struct policy_entry entry; /* at hand */
	bool has;
};

/* 0, or -EBADMSG. */
static int advance(struct side *side)
{
	int r = policy_item_next(&side->item, &side->entry);

	while (r == 0) {
		r = policy_next(side->policy, &side->place, &side->item);
		if (r <= 0)
			break;
		r = policy_item_next(&side->item, &side->entry);
	}
	side->has = r == 1;
	return r < 0 ? r : 0;
}

static int compare_bytes(struct imastage_bytes a, struct imastage_bytes b)
{
	size_t len = a.len < b.len ? a.len : b.len;
	int r = memcmp(a.data, b.data, len);

	return r ? r : (a.len > b.len) - (a.len < b.len);
}

static int compare(const struct side *a, const struct side *b)
{
	const struct policy_entry *x = &a->entry, *y = &b->entry;
	int r;

	if (!a->has || !b->has)
		return b->has - a->has;
	if (x->space != y->space)
		return x->space < y->space ? -1 : 1;
	r = policy_names_digests(x->space) ? 0 :
					     compare_bytes(x->name, y->name);
	if (r == 0 && x->alg != y->alg)
		r = x->alg < y->alg ? -1 : 1;
	return r ? r : compare_bytes(x->digest, y->digest);
}

static void print(char sign, const struct policy_entry *entry)
{
	char text[POLICY_DIGEST_TEXT_LEN];

	policy_digest_text(entry, text);
	printf("%c%s %s", sign, policy_space_name(entry->space), text);
	if (!policy_names_digests(entry->space)) {
		putchar(' ');
		text_print(stdout, entry->name);
	}
	putchar('\n');
}

/* 1: they differ. */
static int diff_digests(struct side *old, struct side *new)
{
	int differ = 0, r = advance(old);

	if (r == 0)
		r = advance(new);
	while (r == 0 && (old->has || new->has) && !cli_interrupted()) {
		int order = compare(old, new);

		if (order < 0)
			print('-', &old->entry);
		if (order > 0)
			print('+', &new->entry);
		differ |= order != 0;
		if (order <= 0)
			r = advance(old);
		if (r == 0 && order >= 0)
			r = advance(new);
	}
	return r < 0 ? r : differ;
}

static bool has_text(const struct policy *policy, enum policy_text kind,
		     struct imastage_bytes text)
{
	for (size_t i = 0; i < policy_nr_texts(policy, kind); i++)
		if (bytes_equal(policy_text(policy, kind, i), text))
			return true;
	return false;
}

static bool diff_texts(char sign, const struct policy *policy,
		       const struct policy *other, enum policy_text kind)
{
	static const char *const names[] = { "exclude", "ignored keyring",
					     "key" };
	bool differ = false;

	for (size_t i = 0; i < policy_nr_texts(policy, kind); i++) {
		struct imastage_bytes text = policy_text(policy, kind, i);

		if (has_text(other, kind, text))
			continue;
		differ = true;
		printf("%c%s ", sign, names[kind]);
		if (kind == POLICY_KEY)
			text_print_hex(stdout, text);
		else
			text_print(stdout, text);
		putchar('\n');
	}
	return differ;
}

static bool diff_switch(const char *name, bool old, bool new)
{
	if (old != new)
		printf("-%s %s\n+%s %s\n", name, old ? "yes" : "no", name,
		       new ? "yes" : "no");
	return old != new;
}

static bool diff_rest(const struct policy *old, const struct policy *new)
{
	const struct policy_switches *a = policy_switches(old);
	const struct policy_switches *b = policy_switches(new);
	bool differ = diff_switch("violations only warn", a->violations_warn,
				  b->violations_warn);

	differ |= diff_switch("weak digests allowed", a->weak_allowed,
			      b->weak_allowed);
	differ |=
		diff_switch("both required", a->require_both, b->require_both);
	differ |= diff_switch("withheld only warns", a->withheld_warn,
			      b->withheld_warn);
	for (enum policy_text kind = 0; kind < POLICY_NR_TEXTS; kind++) {
		differ |= diff_texts('-', old, new, kind);
		differ |= diff_texts('+', new, old, kind);
	}
	return differ;
}

int cmd_policy_diff(int argc, char **argv)
{
	static struct policy_options options;
	struct policy *policies[2] = { NULL, NULL };
	int status =
		policy_begin(&command, opts, argc, argv, 2, &options, policies);
	struct side old = { 0 }, new = { 0 };
	bool differ;
	int r;

	if (status != CLI_OK)
		return status == OPTS_HELP ? CLI_OK : status;
	old.policy = policies[0];
	new.policy = policies[1];
	differ = diff_rest(old.policy, new.policy);
	r = diff_digests(&old, &new);
	if (r < 0)
		cli_error("a policy is damaged: compile it anew");
	policy_end(&options, 2, policies);
	if (r < 0)
		return CLI_FAILED;
	return differ || r == 1 ? CLI_REJECTED : CLI_OK;
}
