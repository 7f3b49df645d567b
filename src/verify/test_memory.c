// SPDX-License-Identifier: MIT
/*
 * A verifier that has no memory, of its own or of OpenSSL's, from any allocation on,
 * rejects nobody and goes on from nothing.
 */
#include "lib/alloc.h"
#include "lib/policymaker.h"
#include "lib/roundmaker.h"
#include "lib/testing.h"
#include "policy/read.h"
#include "verify/sequence.h"

#include <openssl/crypto.h>

/* ---- OpenSSL's --------------------------------------------------------------- */

/* OpenSSL's: the allocation that fails, counted down, and with it all that follow. */
static uint64_t left_to_openssl = UINT64_MAX;

static bool is_left(void)
{
	if (left_to_openssl == UINT64_MAX)
		return true;
	left_to_openssl -= left_to_openssl > 0;
	return left_to_openssl > 0;
}

static void *openssl_malloc(size_t len, const char *file, int line)
{
	(void)file;
	(void)line;
	return is_left() ? malloc(len) : NULL;
}

static void *openssl_realloc(void *memory, size_t len, const char *file,
			     int line)
{
	(void)file;
	(void)line;
	return is_left() ? realloc(memory, len) : NULL;
}

static void openssl_free(void *memory, const char *file, int line)
{
	(void)file;
	(void)line;
	free(memory);
}

/* Before OpenSSL allocates anything. */
__attribute__((constructor)) static void take_over_memory(void)
{
	if (CRYPTO_set_mem_functions(openssl_malloc, openssl_realloc,
				     openssl_free) != 1)
		abort();
}

static int verify_with(struct made_machine *machine,
		       struct verify_request *request, uint64_t allocations,
		       struct verify_verdict *ret_verdict)
{
	int r;

	left_to_openssl = allocations;
	r = made_machine_verify(machine, request, ret_verdict);
	left_to_openssl = UINT64_MAX;
	return r;
}

/* Whatever has no memory, nobody is rejected for it: all is well, or nothing is said. */
TEST(want_of_memory_rejects_nobody)
{
	static const uint8_t nonce[20];
	static struct made_machine machine;
	static struct verify_verdict verdict;

	for (enum maker_kind kind = MAKER_P256; kind <= MAKER_RSAPSS; kind++) {
		struct verify_request request = {
			.nonce = bytes_of(nonce, sizeof(nonce)),
		};
		uint64_t nr = 1;
		int r;

		made_machine_init(&machine);
		maker_key_free(&machine.key);
		maker_key_new(kind, &machine.key);
		made_machine_quote(&machine, request.nonce);
		do {
			r = verify_with(&machine, &request, nr++, &verdict);
			assert_int_equal(verdict.result,
					 r < 0 ? VERIFY_NONE : VERIFY_WARNED);
			assert_int_equal(verdict.proved, r == 0);
		} while (r < 0);
		assert_true(nr > 10);
		made_machine_fini(&machine);
	}
}

/* ---- our own ---------------------------------------------------------------- */

static ssize_t read_left(void *context, void *data, size_t len)
{
	struct imastage_bytes *left = context;
	struct imastage_bytes piece = bytes_first(*left, len);

	if (piece.len > 0)
		memcpy(data, piece.data, piece.len);
	*left = bytes_skip(*left, piece.len);
	return (ssize_t)piece.len;
}

/* An evidence file, where the @nr-th allocation fails and all behind it. */
static bool verify_file_with(struct verify_sequence *sequence,
			     const struct imastage_buffer *file, uint64_t nr)
{
	static struct verify_verdict verdict;
	struct imastage_bytes left = bytes_of(file->data, file->len);
	const struct imastage_source source = { read_left, &left };
	bool failed;
	int r;

	sequence->has_checkpoint = false;
	alloc_fail(nr, true);
	r = verify_sequence_next(sequence, source, &verdict);
	failed = alloc_stop();
	assert_int_equal(verdict.result, r < 0 ? VERIFY_NONE : VERIFY_WARNED);
	assert_int_equal(verdict.proved && r == 0, r == 0);
	assert_int_equal(sequence->has_checkpoint, r == 0);
	return failed;
}

TEST(want_of_memory_for_a_file)
{
	static const uint8_t nonce[20];
	static struct made_machine machine;
	static struct verify_sequence sequence;
	struct imastage_buffer file = { 0 };
	struct policy *policy;
	uint64_t nr = 1;

	made_machine_init(&machine);
	sequence.request = (struct verify_request){
		.ak = bytes_of(machine.key.area, machine.key.len),
		.nonce = bytes_of(nonce, sizeof(nonce)),
		.asked = { .nr = 1, .of = { { 0x000b, 0x7ff } } },
		.list_pcrs = 1u << IMASTAGE_PCR_IMA,
	};
	sequence.machine = "m";
	made_machine_quote(&machine, sequence.request.nonce);
	made_machine_pack(&machine, 0, NULL, &file);
	policy = make_policy(bytes_of(machine.list, machine.len),
			     MADE_AS_LISTED);
	sequence.request.policy = policy;
	while (verify_file_with(&sequence, &file, nr))
		nr++;
	assert_true(nr > 5);
	policy_free(policy);
	free(file.data);
	made_machine_fini(&machine);
}

/* A policy with some of everything is read, or there was no memory. */
TEST(want_of_memory_for_a_policy)
{
	static const char text[] =
		"{\"meta\":{\"version\":1,\"generator\":0},\"release\":0,"
		"\"digests\":{\"/\\u0061\":[\"00000000000000000000000000000000"
		"00000000\"]},\"excludes\":[\"/t(a|b)*\"],\"keyrings\":{},"
		"\"ima\":{\"ignored_keyrings\":[\"*\"],\"log_hash_alg\":"
		"\"sha1\"},\"ima-buf\":{},\"verification-keys\":\"\","
		"\"imastage\":{\"version\":1,\"packages\":[{\"name\":\"n\","
		"\"files\":{\"/b\":[\"00000000000000000000000000000000000000"
		"00\"]}}]}}";
	bool failed;
	uint64_t nr = 1;

	do {
		struct policy *policy = NULL;
		struct policy_error error;
		int r;

		alloc_fail(nr++, true);
		r = policy_read(bytes_of_text(text), NULL, &policy, &error);
		failed = alloc_stop();
		assert_int_equal(r, failed ? -ENOMEM : 0);
		policy_free(policy);
	} while (failed);
	assert_true(nr > 20);
}

static int init(void **state)
{
	(void)state;
	alloc_init();
	return 0;
}

TEST_MAIN(cmocka_unit_test(want_of_memory_rejects_nobody),
	  cmocka_unit_test_setup(want_of_memory_for_a_file, init),
	  cmocka_unit_test(want_of_memory_for_a_policy))
