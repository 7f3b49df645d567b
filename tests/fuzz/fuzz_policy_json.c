// SPDX-License-Identifier: MIT
/*
 * Fuzz target: a policy as JSON. What is taken is written, and read again as the same
 * policy; what is refused has its place in the text.
 */
#include "fuzz/promises.h"
#include "base/bytes.h"
#include "policy/read.h"

#include <errno.h>
#include <stdlib.h>

static char *written(const struct policy *policy, size_t *ret_len)
{
	char *text = NULL;
	FILE *file = open_memstream(&text, ret_len);

	must(file && policy_write(policy, NULL, file) == 0);
	must(fclose(file) == 0);
	return text;
}

static void check_again(const struct policy *policy)
{
	struct policy *again = NULL;
	struct policy_error error;
	size_t len = 0, len_again = 0;
	char *text = written(policy, &len), *text_again;

	must(policy_read(bytes_of(text, len), NULL, &again, &error) == 0);
	text_again = written(again, &len_again);
	must(bytes_equal(bytes_of(text, len), bytes_of(text_again, len_again)));
	must(policy_nr_digests(policy) == policy_nr_digests(again));
	free(text);
	free(text_again);
	policy_free(again);
}

static void check_items(const struct policy *policy)
{
	struct policy_item item, found;
	struct policy_entry entry;
	uint64_t place = 0, nr = 0;

	while (policy_next(policy, &place, &item) == 1) {
		must(policy_find(policy, item.space, item.name, &found) == 1);
		must(found.name.data == item.name.data);
		while (policy_item_next(&item, &entry) == 1)
			nr++;
	}
	must(nr == policy_nr_digests(policy));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct policy *policy = NULL;
	struct policy_error error = { 0 };
	int r = policy_read(bytes_of(data, size), NULL, &policy, &error);

	must(r == 0 || r == -EBADMSG);
	if (r < 0) {
		must(error.offset <= size && error.reason[0]);
		return 0;
	}
	check_items(policy);
	check_again(policy);
	policy_free(policy);
	return 0;
}
