// SPDX-License-Identifier: MIT
/*
 * What a policy said, as runs.
 */
#include "store/outcomes.h"
#include "base/bytes.h"
#include "log/buffer.h"

#include <stdlib.h>

#define LEVEL_SHIFT 5
#define NUMBER_MASK 0x1fu
#define RUN_LEN_MAX 11 /* bytes of one: an outcome, and a number of 64 bits */

/* In files: a number never changes, and none is used again. */
static const uint8_t numbers[POLICY_NR_OUTCOMES] = {
	[POLICY_BY_DIGEST] = 1,	   [POLICY_BY_SIGNATURE] = 2,
	[POLICY_BY_BOTH] = 3,	   [POLICY_BY_REPLAY] = 4,
	[POLICY_KEY_LEARNT] = 5,   [POLICY_KEY_IGNORED] = 6,
	[POLICY_EXCLUDED] = 7,	   [POLICY_IS_DENIED] = 8,
	[POLICY_RETIRED] = 9,	   [POLICY_UNLISTED] = 10,
	[POLICY_DIFFERS] = 11,	   [POLICY_UNSIGNED] = 12,
	[POLICY_IS_WEAK] = 13,	   [POLICY_IS_VIOLATION] = 14,
	[POLICY_UNPROVED] = 15,	   [POLICY_MALFORMED] = 16,
	[POLICY_NO_TPM] = 17,	   [POLICY_OTHER_AGGREGATE] = 18,
	[POLICY_IS_WITHHELD] = 19,
};

struct outcome outcome_of(const struct verify_request *request,
			  const struct policy_judgement *judgement)
{
	struct outcome outcome = { .known = true };

	if (!judgement)
		return outcome;
	outcome.judged = true;
	outcome.level = verify_judgement_level(request, judgement);
	outcome.outcome = judgement->outcome;
	return outcome;
}

static uint8_t encode(const struct outcome *outcome)
{
	if (!outcome->judged)
		return 0;
	return (uint8_t)(((unsigned int)outcome->level + 1) << LEVEL_SHIFT |
			 numbers[outcome->outcome]);
}

static struct outcome decode(uint8_t code)
{
	struct outcome outcome = { .known = code == 0 };
	unsigned int level = code >> LEVEL_SHIFT;

	if (level == 0 || level > VERIFY_FAILURE + 1)
		return outcome;
	for (unsigned int i = 0; i < POLICY_NR_OUTCOMES; i++)
		if (numbers[i] == (code & NUMBER_MASK))
			outcome = (struct outcome){
				.known = true,
				.judged = true,
				.level = (enum verify_level)(level - 1),
				.outcome = (enum policy_outcome)i,
			};
	return outcome;
}

/* ---- writing -------------------------------------------------------------------- */

void outcomes_clear(struct outcomes *outcomes)
{
	outcomes->runs.len = 0;
	outcomes->nr = 0;
	outcomes->full = false;
	outcomes->error = 0;
}

void outcomes_fini(struct outcomes *outcomes)
{
	free(outcomes->runs.data);
	memset(outcomes, 0, sizeof(*outcomes));
}

static void put_run(struct outcomes *outcomes)
{
	uint8_t run[RUN_LEN_MAX];
	size_t len = 0;
	uint64_t nr = outcomes->nr;
	int r;

	if (nr == 0 || outcomes->full || outcomes->error)
		return;
	outcomes->full = outcomes->runs.len > OUTCOMES_LEN_MAX - RUN_LEN_MAX;
	if (outcomes->full)
		return;
	run[len++] = outcomes->code;
	for (; nr > 0x7f; nr >>= 7)
		run[len++] = (uint8_t)(0x80 | (nr & 0x7f));
	run[len++] = (uint8_t)nr;
	r = buffer_put(&outcomes->runs, bytes_of(run, len));
	if (r < 0)
		outcomes->error = r;
}

void outcomes_add(struct outcomes *outcomes, const struct outcome *outcome)
{
	uint8_t code = encode(outcome);

	if (outcomes->nr > 0 && code != outcomes->code) {
		put_run(outcomes);
		outcomes->nr = 0;
	}
	outcomes->code = code;
	outcomes->nr++;
}

int outcomes_end(struct outcomes *outcomes)
{
	put_run(outcomes);
	outcomes->nr = 0;
	return outcomes->error;
}

/* ---- reading -------------------------------------------------------------------- */

/* False: there is none. */
static bool take_run(struct outcomes_reader *reader)
{
	struct imastage_bytes *left = &reader->left;
	size_t len = 1;
	uint64_t nr = 0;

	while (len < left->len && len < RUN_LEN_MAX) {
		nr |= (uint64_t)(left->data[len] & 0x7f) << 7 * (len - 1);
		if (!(left->data[len++] & 0x80)) {
			reader->code = left->data[0];
			reader->nr = nr;
			*left = bytes_skip(*left, len);
			return nr > 0;
		}
	}
	return false;
}

struct outcome outcomes_next(struct outcomes_reader *reader)
{
	if (reader->nr == 0 && !take_run(reader)) {
		reader->left.len = 0;
		return (struct outcome){ .known = false };
	}
	reader->nr--;
	return decode(reader->code);
}
