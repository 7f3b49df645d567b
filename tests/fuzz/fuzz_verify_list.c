// SPDX-License-Identifier: MIT
/*
 * Fuzz target: a binary list, judged by the verifier. There is no quote, so nothing of it can
 * be proved; each record is read and judged all the same, and reasons stay bounded.
 */
#include "fuzz/promises.h"
#include "verify/verify.h"

/* Some of each answer, the same for the same path. */
static int judge(void *context, struct imastage_bytes path,
		 struct imastage_bytes algorithm, struct imastage_bytes digest)
{
	(void)context;
	must(digest.len > 0 || algorithm.len > 0);
	return (int)(path.len % 3);
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
	static const struct verify_files files = { .judge = judge };
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
		.files = &files,
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
