// SPDX-License-Identifier: MIT
/*
 * One policy into another one that is being made.
 */
#include "base/util.h"
#include "policy/image.h"

#include <errno.h>

struct adding {
	struct policy_builder *builder;
	const struct policy *policy;
	uint32_t *numbers; /* owned: of its packages, in the builder; 0: not yet */
	size_t nr;
};

static int number_of(struct adding *adding, uint32_t package,
		     uint32_t *ret_number)
{
	const struct policy_package is =
		policy_package_of(adding->policy, package);
	int r = 0;

	*ret_number = 0;
	if (package == 0)
		return 0;
	if (package > adding->nr)
		return -EBADMSG;
	if (adding->numbers[package - 1] == 0)
		r = policy_add_package(adding->builder, &is,
				       &adding->numbers[package - 1]);
	*ret_number = adding->numbers[package - 1];
	return r;
}

static int add_item(struct adding *adding, struct policy_item item)
{
	struct policy_entry entry;
	int r;

	while ((r = policy_item_next(&item, &entry)) == 1) {
		r = number_of(adding, entry.package, &entry.package);
		if (r == 0)
			r = policy_add(adding->builder, &entry);
		if (r < 0)
			return r;
	}
	return r;
}

static int add_items(struct adding *adding)
{
	struct policy_item item;
	uint64_t place = 0;
	int r;

	while ((r = policy_next(adding->policy, &place, &item)) == 1) {
		r = add_item(adding, item);
		if (r < 0)
			return r;
	}
	return r;
}

static int add_text(struct policy_builder *builder, enum policy_text kind,
		    struct imastage_bytes text)
{
	return policy_builder_has_text(builder, kind, text) ?
		       0 :
		       policy_add_text(builder, kind, text);
}

static int add_texts(struct policy_builder *builder,
		     const struct policy *policy)
{
	int r = 0;

	for (int kind = 0; kind < POLICY_NR_TEXTS; kind++) {
		enum policy_text text = (enum policy_text)kind;
		size_t nr = policy_nr_texts(policy, text);

		for (size_t i = 0; i < nr && r == 0; i++)
			r = add_text(builder, text,
				     policy_text(policy, text, i));
	}
	return r;
}

int policy_add_all(struct policy_builder *builder, const struct policy *policy)
{
	struct adding adding = {
		.builder = builder,
		.policy = policy,
		.nr = policy->sections[IMAGE_PACKAGES].len / IMAGE_PACKAGE_LEN,
	};
	int r;

	adding.numbers = calloc(adding.nr + 1, sizeof(*adding.numbers));
	if (!adding.numbers)
		return -ENOMEM;
	r = add_items(&adding);
	if (r == 0)
		r = add_texts(builder, policy);
	free(adding.numbers);
	return r;
}
