// SPDX-License-Identifier: MIT
/*
 * With a policy, records are read before their turn: each is judged all the same as what
 * it is, in its order, also beside one that is too long to be kept.
 */
#include "lib/policymaker.h"
#include "lib/roundmaker.h"
#include "lib/testing.h"
#include "log/copy.h"
#include "verify/ahead.h"

#define FEW 40 /* records: more than are read at once, and no multiple of it */

static const uint8_t nonce[24] = { 9, 9 };

/* A reader without policy tells what is there. */
struct told {
	const struct made_machine *machine;
	struct imastage_reader *reader;
	uint64_t nr;
};

static void begin(void *context, const struct verify_request *request)
{
	const struct imastage_reader_options options = {
		.format = IMASTAGE_FORMAT_BINARY,
	};
	struct told *told = context;

	(void)request;
	told->nr = 0;
	assert_int_equal(
		imastage_reader_new_memory(bytes_of(told->machine->list,
						    told->machine->len),
					   &options, &told->reader),
		0);
}

static void tell(void *context, const struct verify_where *where,
		 const struct policy_reading *reading,
		 const struct policy_judgement *judgement)
{
	struct told *told = context;
	struct imastage_record record;
	struct imastage_bytes path;

	assert_int_equal(where->index, told->nr++);
	assert_int_equal(where->byte, imastage_reader_offset(told->reader));
	assert_int_equal(imastage_reader_next(told->reader, &record), 0);
	assert_true(bytes_equal(record.data, where->record->data));
	assert_true(bytes_equal(record.digest, where->record->digest));
	assert_int_equal(imastage_record_event_name(&record, &path), 0);
	assert_true(bytes_equal(path, reading->path));
	assert_true(judgement->outcome == POLICY_BY_DIGEST ||
		    judgement->outcome == POLICY_BY_REPLAY);
}

static void boot(struct made_machine *machine)
{
	static char text[VERIFY_AHEAD_LEN + 1];

	memset(text, 'x', VERIFY_AHEAD_LEN);
	made_machine_init(machine);
	made_machine_measure(machine, FEW);
	made_machine_buffer(machine, "kernel_version", text);
	made_machine_measure(machine, 3);
}

/* A list whose records are gone with the next call, as they may be. */
struct passing {
	struct imastage_reader *reader;
	uint8_t bytes[2 * VERIFY_AHEAD_LEN];
};

static int next_passing(void *context, struct imastage_record *ret_record,
			struct imastage_error *ret_place)
{
	struct passing *passing = context;
	struct verify_list list = verify_list_of(passing->reader);
	int r = list.next(list.context, ret_record, ret_place);

	memset(passing->bytes, 0xee, sizeof(passing->bytes));
	if (r)
		return r;
	assert_true(record_copy_len(ret_record) <= sizeof(passing->bytes));
	record_copy(ret_record, passing->bytes);
	return 0;
}

static void verify_list(const struct made_machine *machine,
			const struct verify_request *request,
			struct verify_verdict *verdict)
{
	static const struct imastage_reader_options options = {
		.format = IMASTAGE_FORMAT_BINARY,
	};
	const struct made_quote *made = &machine->made;
	const struct verify_evidence evidence = {
		.msg = bytes_of(made->msg, made->msg_len),
		.sig = bytes_of(made->sig, made->sig_len),
		.pcrs = bytes_of(made->pcrs, made->pcrs_len),
	};
	static struct passing passing;
	const struct verify_list list = { next_passing, &passing };

	assert_int_equal(imastage_reader_new_memory(bytes_of(machine->list,
							     machine->len),
						    &options, &passing.reader),
			 0);
	assert_int_equal(verify_quote(request, &evidence, list, verdict), 0);
	imastage_reader_free(passing.reader);
}

/* What the verdict says by that policy. @told: which is told of each record; or NULL. */
static void verify(const struct made_machine *machine, struct policy *policy,
		   struct told *told, struct verify_verdict *verdict)
{
	const struct verify_watch watch = { begin, tell, told };
	const struct verify_request request = {
		.ak = bytes_of(machine->key.area, machine->key.len),
		.nonce = bytes_of(nonce, sizeof(nonce)),
		.list_pcrs = 1u << 10,
		.asked = { .nr = 1, .of = { { 0x000b, 0x7ff } } },
		.policy = policy,
		.watch = told ? &watch : NULL,
	};

	verify_ahead_from = 0;
	verify_list(machine, &request, verdict);
	if (told)
		imastage_reader_free(told->reader);
}

static void quote(struct made_machine *machine)
{
	made_machine_quote(machine, bytes_of(nonce, sizeof(nonce)));
}

static struct policy *policy_of(const struct made_machine *machine)
{
	return make_policy(bytes_of(machine->list, machine->len),
			   MADE_AS_LISTED);
}

TEST(each_record_is_judged_in_its_turn)
{
	static struct made_machine machine;
	static struct verify_verdict verdict;
	struct told told = { .machine = &machine };
	struct policy *policy;

	boot(&machine);
	quote(&machine);
	policy = policy_of(&machine);
	verify(&machine, policy, &told, &verdict);
	assert_true(verdict.proved);
	assert_int_equal(told.nr, machine.nr);
	assert_int_equal(verdict.next_index, machine.nr);
	assert_int_equal(verdict.nr_bytes, machine.len);
	policy_free(policy);
	made_machine_fini(&machine);
}

/* What was read ahead of the quote proves nothing, and is counted. */
TEST(what_is_behind_the_quote_is_excess)
{
	static struct made_machine machine;
	static struct verify_verdict verdict;
	struct told told = { .machine = &machine };
	struct policy *policy;

	for (unsigned int nr = 1; nr <= FEW; nr += 13) {
		uint64_t proved;

		boot(&machine);
		quote(&machine);
		proved = machine.nr;
		policy = policy_of(&machine);
		made_machine_measure(&machine, nr);
		verify(&machine, policy, &told, &verdict);
		assert_true(verdict.proved);
		assert_int_equal(verdict.next_index, proved);
		assert_int_equal(verdict.nr_excess, nr);
		policy_free(policy);
		made_machine_fini(&machine);
	}
}

/* The record that is cut off is named, wherever it stands among those read at once. */
TEST(a_record_cut_off_is_found_at_its_place)
{
	static struct made_machine machine;
	static struct verify_verdict verdict;
	struct policy *policy;

	boot(&machine);
	quote(&machine);
	policy = policy_of(&machine);
	for (size_t nr = machine.nr - 1; nr > 1; nr--) {
		machine.len = machine.ends[nr] - 1;
		verify(&machine, policy, NULL, &verdict);
		assert_false(verdict.proved);
		assert_true(verify_has(&verdict, VERIFY_LOG_FORM));
		assert_int_equal(verdict.nr_outcomes[POLICY_BY_DIGEST] +
					 verdict.nr_outcomes[POLICY_BY_REPLAY],
				 nr);
	}
	policy_free(policy);
	made_machine_fini(&machine);
}

TEST_MAIN(cmocka_unit_test(each_record_is_judged_in_its_turn),
	  cmocka_unit_test(what_is_behind_the_quote_is_excess),
	  cmocka_unit_test(a_record_cut_off_is_found_at_its_place))
