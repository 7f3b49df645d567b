// SPDX-License-Identifier: MIT
/*
 * Fuzz target: a binary list, judged by the verifier. There is no quote, so nothing of it can
 * be proved; each record is read and judged all the same, and reasons stay bounded.
 */
#include "fuzz/promises.h"
#include "policy/read.h"
#include "verify/verify.h"

/* A policy with some of everything. */
static struct policy *new_policy(void)
{
	static const char text[] =
		"{\"meta\":{\"version\":1,\"generator\":0},\"release\":0,"
		"\"digests\":{\"boot_aggregate\":[\"00000000000000000000000000"
		"00000000000000000000000000000000000000\"],\"/usr/bin/a\":[\"11"
		"11111111111111111111111111111111111111\"]},\"excludes\":["
		"\"/tmp/\",\"/(a+)+$\",\".*x\"],\"keyrings\":{\".ima\":[\"11"
		"11111111111111111111111111111111111111\"]},\"ima\":{"
		"\"ignored_keyrings\":[\".builtin\"],\"log_hash_alg\":"
		"\"sha1\"},\"ima-buf\":{},\"verification-keys\":\"\","
		"\"imastage\":{\"version\":1,\"withheld_digests\":[\"sha256:2222"
		"222222222222222222222222222222222222222222222222222222222222\"]}}";
	struct policy_error error;
	struct policy *policy = NULL;

	must(policy_read(bytes_of_text(text), NULL, &policy, &error) == 0);
	return policy;
}

static void check_reasons(const struct verify_verdict *verdict)
{
	must(verdict->nr_reasons <= VERIFY_REASONS_MAX);
	for (size_t i = 0; i < verdict->nr_reasons; i++) {
		const struct verify_reason *reason = &verdict->reasons[i];

		must(reason->id < VERIFY_NR_IDS);
		must(reason->path_len <= VERIFY_PATH_MAX);
		must(memchr(reason->text, '\0', sizeof(reason->text)) != NULL);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct policy *policy;
	static const struct verify_evidence nothing;
	static const uint8_t nonce[20];
	static struct verify_verdict verdict;
	const struct imastage_reader_options options = {
		.format = IMASTAGE_FORMAT_BINARY,
	};
	const struct verify_request request = {
		.nonce = bytes_of(nonce, sizeof(nonce)),
		.asked = { .nr = 2, .of = { { 4, 0x7ff }, { 11, 0x7ff } } },
		.list_pcrs = 1u << IMASTAGE_PCR_IMA,
		.policy = policy ? policy : (policy = new_policy()),
		.explain = true,
	};
	struct imastage_reader *reader;

	must(imastage_reader_new_memory(bytes_of(data, size), &options,
					&reader) == 0);
	must(verify_quote(&request, &nothing, verify_list_of(reader),
			  &verdict) == 0);
	must(verdict.result == VERIFY_REJECTED && !verdict.proved);
	check_reasons(&verdict);
	imastage_reader_free(reader);
	return 0;
}
