// SPDX-License-Identifier: MIT
/*
 * Fuzz target: a compiled policy. It is refused, or everything that is looked up in it lies in
 * it, and a record is judged or the policy called damaged.
 */
#include "fuzz/promises.h"
#include "base/bytes.h"
#include "policy/appraise.h"
#include "policy/read.h"

#include <errno.h>

static void must_lie_in(struct imastage_bytes part, struct imastage_bytes all)
{
	must(part.len == 0 || (part.data >= all.data &&
			       part.data + part.len <= all.data + all.len));
}

static void walk(const struct policy *policy)
{
	struct imastage_bytes image = policy_image(policy);
	struct policy_item item, found;
	struct policy_entry entry;
	uint64_t place = 0;

	while (policy_next(policy, &place, &item) == 1) {
		must_lie_in(item.name, image);
		(void)policy_find(policy, item.space, item.name, &found);
		while (policy_item_next(&item, &entry) == 1) {
			must_lie_in(entry.digest, image);
			must_lie_in(
				policy_package_of(policy, entry.package).name,
				image);
		}
	}
}

static void judge(const struct policy *policy)
{
	static const uint8_t data[] = "\x28\0\0\0sha256:\0"
				      "0123456789abcdef0123456789abcdef"
				      "\x03\0\0\0/a";
	const struct imastage_record record = {
		.pcr = 10,
		.digest = bytes_of("12345678901234567890", 20),
		.name = bytes_of_text("ima-ng"),
		.data = bytes_of(data, sizeof(data)),
		.nr_fields = 2,
		.endian = IMASTAGE_LITTLE,
	};
	struct policy_appraisal *appraisal;
	struct policy_judgement judgement;
	struct policy_reading reading;
	int r = policy_appraisal_new(policy, NULL, 1, &appraisal);

	must(r == 0 || r == -EBADMSG);
	if (r < 0)
		return;
	must(policy_read_record(&record, &reading) == 0);
	r = policy_appraise(appraisal, &record, &reading, POLICY_NOT_COMPUTED,
			    &judgement);
	must(r == -EBADMSG ||
	     (r == 0 && judgement.outcome < POLICY_NR_OUTCOMES));
	policy_appraisal_free(appraisal);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct policy *policy = NULL;
	struct policy_error error = { 0 };
	int r = policy_open_image(bytes_of(data, size), &policy, &error);

	must(r == 0 || r == -EBADMSG);
	if (r < 0) {
		must(error.offset <= size && error.reason[0]);
		return 0;
	}
	walk(policy);
	judge(policy);
	policy_free(policy);
	return 0;
}
