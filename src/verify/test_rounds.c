// SPDX-License-Identifier: MIT
/*
 * A machine of its own making, quoted again and again: all kinds of keys, rounds that go
 * on from one another, what happens to a machine in between, and records that no kernel
 * wrote.
 */
#include "base/hex.h"
#include "lib/listbuilder.h"
#include "lib/policymaker.h"
#include "lib/quotemaker.h"
#include "lib/testing.h"
#include "verify/verify.h"

#include <errno.h>

struct machine {
	struct maker_key key;
	struct maker_quote quote;
	struct imastage_replay *replay; /* what the TPM's PCR 10 holds */
	struct imastage_hasher *hasher;
	uint8_t list[16384]; /* binary, sha1 column */
	size_t len;
	const struct verify_boot_log *boot_log; /* that it sends, or NULL */
	struct made_quote made;
	struct verify_verdict verdict;
};

static const uint8_t nonce[24] = { 7, 7, 7 };

/* ---- its list --------------------------------------------------------------- */

/* @listed: the record is in the list; @extended: in the PCR. */
static void add(struct machine *machine, const char *template, uint32_t pcr,
		const struct imastage_bytes *fields, unsigned int nr,
		bool listed, bool extended)
{
	struct built_record built;
	struct imastage_digests digests;

	build_record(&built, IMASTAGE_SHA1, pcr, template, fields, nr);
	assert_int_equal(imastage_hasher_template(machine->hasher,
						  &built.record, &digests),
			 0);
	memcpy(built.digest, digests.of[IMASTAGE_SHA1], 20);
	if (extended)
		assert_true(imastage_replay_extend(machine->replay,
						   &built.record, NULL) >= 0);
	if (listed)
		machine->len +=
			put_record(&built.record, machine->list + machine->len,
				   sizeof(machine->list) - machine->len);
}

/* @digest: 32 bytes of sha256 */
static void add_file(struct machine *machine, uint32_t pcr, const char *path,
		     const uint8_t *digest)
{
	uint8_t named[40] = "sha256:";
	const struct imastage_bytes fields[] = {
		bytes_of(named, sizeof(named)),
		bytes_of(path, strlen(path) + 1),
	};

	memcpy(named + 8, digest, 32);
	add(machine, "ima-ng", pcr, fields, 2, true, true);
}

static void sha256(const void *data, size_t len, uint8_t ret_digest[32])
{
	unsigned int digest_len;

	assert_int_equal(EVP_Digest(data, len, ret_digest, &digest_len,
				    EVP_sha256(), NULL),
			 1);
}

static void add_buffer(struct machine *machine, const char *name,
		       const char *text)
{
	uint8_t named[40] = "sha256:";
	const struct imastage_bytes fields[] = {
		bytes_of(named, sizeof(named)),
		bytes_of(name, strlen(name) + 1),
		bytes_of_text(text),
	};

	sha256(text, strlen(text), named + 8);
	add(machine, "ima-buf", 10, fields, 3, true, true);
}

static void add_some(struct machine *machine, unsigned int nr)
{
	uint8_t digest[32] = { 1 };

	for (unsigned int i = 0; i < nr; i++) {
		char path[32];

		snprintf(path, sizeof(path), "/usr/bin/%u", i);
		digest[1] = (uint8_t)i;
		add_file(machine, 10, path, digest);
	}
}

static void add_aggregate(struct machine *machine)
{
	uint8_t digest[32];

	sha256(machine->quote.values, 320, digest);
	add_file(machine, 10, "boot_aggregate", digest);
}

/* ---- its life ---------------------------------------------------------------- */

static void boot_bare(struct machine *machine)
{
	imastage_replay_free(machine->replay);
	assert_int_equal(imastage_replay_new(1u << IMASTAGE_SHA256, 1u << 10,
					     &machine->replay),
			 0);
	machine->len = 0;
	machine->quote.clock.resets++;
	machine->quote.clock.restarts = 0;
}

static void boot(struct machine *machine)
{
	boot_bare(machine);
	add_aggregate(machine);
	add_some(machine, 3);
}

static void begin(struct machine *machine, enum maker_kind kind)
{
	memset(machine, 0, sizeof(*machine));
	maker_key_new(kind, &machine->key);
	assert_int_equal(
		imastage_hasher_new(1u << IMASTAGE_SHA1, &machine->hasher), 0);
	machine->quote.qualifying = bytes_of(nonce, sizeof(nonce));
	machine->quote.clock = (struct evidence_clock){ 1000, 4, 0, true };
	machine->quote.firmware = 77;
	for (size_t i = 0; i < 10; i++)
		memset(machine->quote.values[i], (int)i + 1, 32);
	boot(machine);
}

static void end(struct machine *machine)
{
	maker_key_free(&machine->key);
	imastage_replay_free(machine->replay);
	imastage_hasher_free(machine->hasher);
}

static struct verify_request request_to(const struct machine *machine)
{
	struct verify_request request = {
		.ak = bytes_of(machine->key.area, machine->key.len),
		.nonce = bytes_of(nonce, sizeof(nonce)),
		.asked = { .nr = 1, .of = { { 0x000b, 0x7ff } } },
		.list_pcrs = 1u << 10,
	};

	return request;
}

static int verify_at(struct machine *machine,
		     const struct verify_request *request, size_t offset)
{
	const struct imastage_reader_options options = {
		.format = IMASTAGE_FORMAT_BINARY,
		.first_index = request->first_index,
	};
	struct made_quote *made = &machine->made;
	struct verify_evidence evidence;
	struct imastage_reader *reader;
	int r;

	machine->quote.clock.clock += 1000;
	memcpy(machine->quote.values[10],
	       imastage_replay_value(machine->replay, IMASTAGE_SHA256, 10).data,
	       32);
	maker_make(&machine->key, &machine->quote, made);
	evidence = (struct verify_evidence){
		.msg = bytes_of(made->msg, made->msg_len),
		.sig = bytes_of(made->sig, made->sig_len),
		.pcrs = bytes_of(made->pcrs, made->pcrs_len),
		.boot_log = machine->boot_log,
	};
	assert_int_equal(
		imastage_reader_new_memory(bytes_of(machine->list + offset,
						    machine->len - offset),
					   &options, &reader),
		0);
	r = verify_quote(request, &evidence, verify_list_of(reader),
			 &machine->verdict);
	imastage_reader_free(reader);
	return r;
}

static enum verify_result verify(struct machine *machine,
				 const struct verify_request *request)
{
	assert_int_equal(verify_at(machine, request, 0), 0);
	return machine->verdict.result;
}

static bool has(const struct machine *machine, enum verify_id id)
{
	return verify_has(&machine->verdict, id);
}

/* From where the last verdict left it. */
static void go_on(const struct machine *machine, struct verify_request *request)
{
	const struct verify_verdict *verdict = &machine->verdict;

	request->has_last = true;
	request->last = verdict->clock;
	request->has_firmware = true;
	request->firmware = verdict->firmware;
	request->start = &verdict->pcrs;
	request->first_index = verdict->next_index;
}

/* ---- keys -------------------------------------------------------------------- */

TEST(keys_of_all_kinds)
{
	static struct machine machine;

	for (enum maker_kind kind = MAKER_P256; kind <= MAKER_RSAPSS; kind++) {
		struct verify_request request;

		begin(&machine, kind);
		request = request_to(&machine);
		assert_int_equal(verify(&machine, &request), VERIFY_WARNED);
		assert_true(machine.verdict.proved);
		assert_int_equal(machine.verdict.next_index, 4);
		assert_true(has(&machine, VERIFY_BOOT_POLICY));
		assert_true(has(&machine, VERIFY_FILE_POLICY));
		assert_true(has(&machine, VERIFY_AK_UNQUALIFIED));
		end(&machine);
	}
}

static void must_be_wrong(struct machine *machine, uint8_t *byte)
{
	static struct verify_verdict verdict;
	struct verify_request request = request_to(machine);
	struct made_quote *made = &machine->made;
	struct verify_evidence evidence = {
		.msg = bytes_of(made->msg, made->msg_len),
		.sig = bytes_of(made->sig, made->sig_len),
		.pcrs = bytes_of(made->pcrs, made->pcrs_len),
	};
	struct imastage_reader *reader;

	*byte ^= 1;
	assert_int_equal(imastage_reader_new_memory(bytes_of(machine->list,
							     machine->len),
						    NULL, &reader),
			 0);
	assert_int_equal(verify_quote(&request, &evidence,
				      verify_list_of(reader), &verdict),
			 0);
	assert_true(verify_has(&verdict, VERIFY_SIGNATURE_WRONG));
	assert_false(verdict.proved);
	imastage_reader_free(reader);
	*byte ^= 1;
}

/* Each byte of quote and signature counts, whatever the key; numbers are behind the head. */
TEST(each_byte_is_signed)
{
	static struct machine machine;

	for (enum maker_kind kind = MAKER_P256; kind <= MAKER_RSAPSS; kind++) {
		struct made_quote *made = &machine.made;
		struct verify_request request;

		begin(&machine, kind);
		request = request_to(&machine);
		assert_int_equal(verify(&machine, &request), VERIFY_WARNED);
		for (size_t i = 0; i < made->msg_len; i++)
			must_be_wrong(&machine, &made->msg[i]);
		for (size_t i = made->sig_len - 16; i < made->sig_len; i++)
			must_be_wrong(&machine, &made->sig[i]);
		end(&machine);
	}
}

static void must_be_refused(struct machine *machine, size_t at, uint8_t value,
			    enum verify_id id)
{
	struct verify_request request = request_to(machine);
	uint8_t kept = machine->key.area[at];

	machine->key.area[at] = value;
	assert_int_equal(verify(machine, &request), VERIFY_REJECTED);
	assert_true(has(machine, id));
	assert_false(machine->verdict.proved);
	machine->key.area[at] = kept;
}

TEST(keys_that_are_not_taken)
{
	static struct machine machine;

	begin(&machine, MAKER_RSASSA);
	for (unsigned int bit = 0; bit < 2; bit++) {
		must_be_refused(&machine, 7, 0x05 ^ 1u << 2 * bit,
				VERIFY_AK_ATTRIBUTES);
		must_be_refused(&machine, 9, 0x72 ^ 0x10u << bit,
				VERIFY_AK_ATTRIBUTES);
	}
	must_be_refused(&machine, 9, 0x70, VERIFY_AK_ATTRIBUTES);
	must_be_refused(&machine, 7, 0x07, VERIFY_AK_ATTRIBUTES);
	must_be_refused(&machine, 15, 0x16, VERIFY_SIGNATURE_SCHEME);
	must_be_refused(&machine, 15, 0x18, VERIFY_AK_SCHEME);
	must_be_refused(&machine, 17, 0x04, VERIFY_AK_SCHEME);
	must_be_refused(&machine, 17, 0x0c, VERIFY_SIGNATURE_SCHEME);
	must_be_refused(&machine, 18, 0x07, VERIFY_AK_SIZE); /* bits */
	must_be_refused(&machine, 23, 0x03, VERIFY_AK_SIZE); /* exponent */
	end(&machine);
	begin(&machine, MAKER_P256);
	must_be_refused(&machine, 19, 0x02, VERIFY_AK_SIZE); /* curve */
	must_be_refused(&machine, 30, (uint8_t)~machine.key.area[30],
			VERIFY_AK_FORM); /* not on the curve */
	end(&machine);
}

TEST(the_key_that_is_enrolled)
{
	static struct machine machine;
	struct evidence_public key;
	struct evidence_error error;
	struct evidence_name name;
	struct verify_request request;

	begin(&machine, MAKER_P256);
	request = request_to(&machine);
	assert_int_equal(evidence_public_parse(request.ak, &key, &error), 0);
	assert_int_equal(
		evidence_public_primary(&key, EVIDENCE_ENDORSEMENT, &name), 0);
	request.qualified_name = bytes_of(name.bytes, name.len);
	assert_int_equal(verify(&machine, &request), VERIFY_REJECTED);
	assert_true(has(&machine, VERIFY_AK_SIGNER));
	machine.quote.signer = request.qualified_name;
	assert_int_equal(verify(&machine, &request), VERIFY_WARNED);
	assert_false(has(&machine, VERIFY_AK_UNQUALIFIED));
	assert_false(has(&machine, VERIFY_AK_HIERARCHY));
	end(&machine);
}

/* Whether its qualified name was enrolled or not. */
TEST(keys_of_other_hierarchies)
{
	static const uint32_t others[] = { EVIDENCE_OWNER, EVIDENCE_NULL };
	static struct machine machine;
	struct evidence_public key;
	struct evidence_error error;
	struct evidence_name name;
	struct verify_request request;

	begin(&machine, MAKER_P256);
	request = request_to(&machine);
	assert_int_equal(evidence_public_parse(request.ak, &key, &error), 0);
	for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
		assert_int_equal(
			evidence_public_primary(&key, others[i], &name), 0);
		machine.quote.signer = bytes_of(name.bytes, name.len);
		assert_int_equal(verify(&machine, &request), VERIFY_WARNED);
		assert_true(has(&machine, VERIFY_AK_HIERARCHY));
		request.qualified_name = machine.quote.signer;
		assert_int_equal(verify(&machine, &request), VERIFY_WARNED);
		assert_int_equal(machine.verdict.nr_of[VERIFY_AK_HIERARCHY], 1);
		request.qualified_name = bytes_of(NULL, 0);
	}
	end(&machine);
}

/* ---- rounds ------------------------------------------------------------------ */

TEST(a_hundred_rounds)
{
	static struct machine machine;
	static struct verify_verdict before;
	struct verify_request request;
	size_t offset;

	begin(&machine, MAKER_P256);
	request = request_to(&machine);
	assert_int_equal(verify(&machine, &request), VERIFY_WARNED);
	for (unsigned int i = 0; i < 100; i++) {
		offset = machine.len;
		before = machine.verdict;
		go_on(&machine, &request);
		request.start = &before.pcrs;
		add_some(&machine, i % 2); /* none every other time */
		assert_int_equal(verify_at(&machine, &request, offset), 0);
		assert_true(machine.verdict.proved);
		assert_true(machine.verdict.continues);
		assert_int_equal(machine.verdict.next_index,
				 request.first_index + i % 2);
		assert_false(has(&machine, VERIFY_CLOCK_FIRST));
	}
	end(&machine);
}

/* The list that follows is not that of the values it should go on from. */
TEST(a_round_with_a_gap)
{
	static struct machine machine;
	static struct verify_verdict first;
	struct verify_request request;
	size_t offset;

	begin(&machine, MAKER_P256);
	request = request_to(&machine);
	assert_int_equal(verify(&machine, &request), VERIFY_WARNED);
	first = machine.verdict;
	go_on(&machine, &request);
	request.start = &first.pcrs;
	add_some(&machine, 1);
	offset = machine.len;
	add_some(&machine, 1);
	assert_int_equal(verify_at(&machine, &request, offset), 0);
	assert_int_equal(machine.verdict.result, VERIFY_REJECTED);
	assert_true(has(&machine, VERIFY_LOG_REPLAY));
	assert_false(has(&machine, VERIFY_TPM_RESTART));
	machine.quote.clock.restarts++; /* as hibernation would have it */
	assert_int_equal(verify_at(&machine, &request, offset), 0);
	assert_true(has(&machine, VERIFY_TPM_RESTART));
	assert_false(machine.verdict.proved);
	end(&machine);
}

TEST(what_happens_in_between)
{
	static struct machine machine;
	static struct verify_verdict first;
	struct verify_request request;
	struct evidence_clock clock;

	begin(&machine, MAKER_P256);
	request = request_to(&machine);
	assert_int_equal(verify(&machine, &request), VERIFY_WARNED);
	first = machine.verdict;
	clock = machine.quote.clock;
	go_on(&machine, &request);
	request.start = &first.pcrs;

	machine.quote.clock.restarts++; /* suspended: nothing */
	assert_int_equal(verify_at(&machine, &request, machine.len), 0);
	assert_true(machine.verdict.proved);
	machine.quote.firmware++;
	assert_int_equal(verify_at(&machine, &request, machine.len), 0);
	assert_true(has(&machine, VERIFY_TPM_FIRMWARE));
	machine.quote.values[4][0]++;
	assert_int_equal(verify_at(&machine, &request, machine.len), 0);
	assert_true(has(&machine, VERIFY_BOOT_CHANGED));
	assert_false(machine.verdict.proved);
	machine.quote.values[4][0]--;

	boot(&machine); /* and the old list is gone on with */
	assert_int_equal(verify_at(&machine, &request, machine.len), 0);
	assert_true(has(&machine, VERIFY_BOOT_OTHER));
	assert_false(machine.verdict.proved);
	request.start = NULL;
	request.first_index = 0;
	assert_int_equal(verify(&machine, &request), VERIFY_WARNED);
	assert_true(machine.verdict.proved);
	boot(&machine);
	assert_int_equal(verify(&machine, &request), VERIFY_WARNED);
	assert_true(has(&machine, VERIFY_BOOT_UNSEEN));

	machine.quote.clock = (struct evidence_clock){ .safe = true };
	assert_int_equal(verify(&machine, &request), VERIFY_REJECTED);
	assert_true(has(&machine, VERIFY_TPM_CLEARED));
	machine.quote.clock = clock;
	machine.quote.clock.clock -= 2000;
	assert_int_equal(verify(&machine, &request), VERIFY_REJECTED);
	assert_true(has(&machine, VERIFY_CLOCK_BACK));
	end(&machine);
}

/* ---- records ----------------------------------------------------------------- */

static void add_snapshot(struct machine *machine, const uint8_t *value)
{
	char text[256], hex[HEX_TEXT_LEN(32)];

	hex_encode(bytes_of(value, 32), hex);
	snprintf(text, sizeof(text),
		 "Snapshot_Attempt_Count=1;Records=4;sha256:PCR10=%s;", hex);
	add_buffer(machine, "snapshot_aggregate", text);
}

static struct imastage_bytes pcr_10(const struct machine *machine)
{
	return imastage_replay_value(machine->replay, IMASTAGE_SHA256, 10);
}

TEST(snapshots)
{
	static struct machine machine;
	struct verify_request request;
	size_t offset;

	begin(&machine, MAKER_P256);
	offset = machine.len;
	add_snapshot(&machine, pcr_10(&machine).data);
	add_some(&machine, 2);
	request = request_to(&machine);
	assert_int_equal(verify(&machine, &request), VERIFY_WARNED);
	assert_false(has(&machine, VERIFY_LOG_SNAPSHOT));
	request.from_snapshot = true;
	request.first_index = 4;
	assert_int_equal(verify_at(&machine, &request, offset), 0);
	assert_true(machine.verdict.proved);
	assert_true(has(&machine, VERIFY_LOG_SNAPSHOT_START));
	assert_int_equal(machine.verdict.next_index, 7);
	request.first_index = 0; /* the first record is none */
	assert_int_equal(verify(&machine, &request), VERIFY_REJECTED);
	assert_true(has(&machine, VERIFY_LOG_SNAPSHOT));
	end(&machine);
}

TEST(a_forged_snapshot)
{
	static struct machine machine;
	struct verify_request request;

	begin(&machine, MAKER_P256);
	add_snapshot(&machine, machine.quote.values[3]);
	request = request_to(&machine);
	assert_int_equal(verify(&machine, &request), VERIFY_REJECTED);
	assert_true(has(&machine, VERIFY_LOG_SNAPSHOT));
	assert_true(machine.verdict.proved); /* it was truly extended */
	end(&machine);
}

/* A record that nothing proves does not take the place of the first. */
TEST(a_record_of_another_pcr_before_the_first)
{
	static struct machine machine;
	struct verify_request request;

	begin(&machine, MAKER_P256);
	boot_bare(&machine);
	add_file(&machine, 11, "boot_aggregate", machine.quote.values[0]);
	add_some(&machine, 3);
	request = request_to(&machine);
	assert_int_equal(verify(&machine, &request), VERIFY_REJECTED);
	assert_true(has(&machine, VERIFY_BOOT_AGGREGATE_MISSING));
	assert_true(has(&machine, VERIFY_LOG_PCR));
	end(&machine);
}

TEST(a_kernel_without_a_tpm)
{
	static const uint8_t zeros[32];
	static struct machine machine;
	struct verify_request request;

	begin(&machine, MAKER_P256);
	boot_bare(&machine);
	add_file(&machine, 10, "boot_aggregate", zeros);
	request = request_to(&machine);
	assert_int_equal(verify(&machine, &request), VERIFY_REJECTED);
	assert_true(has(&machine, VERIFY_BOOT_NO_TPM));
	end(&machine);
}

/*
 * What was measured with one template is shown under the name of another: the third
 * field, which the machine's owner writes, seems to be the file's digest.
 */
TEST(fields_in_another_order)
{
	static struct machine machine;
	uint8_t real[40] = "sha256:", fake[40] = "sha256:";
	const struct imastage_bytes fields[] = {
		bytes_of(real, sizeof(real)),
		bytes_of("/usr/bin/evil", 14),
		bytes_of(fake, sizeof(fake)),
	};
	struct verify_request request;

	begin(&machine, MAKER_P256);
	memset(real + 8, 0x66, 32);
	add(&machine, "sig|n-ng|d-ng", 10, fields, 3, true, false);
	add(&machine, "ima-sig", 10, fields, 3, false, true);
	request = request_to(&machine);
	assert_int_equal(verify(&machine, &request), VERIFY_REJECTED);
	assert_true(has(&machine, VERIFY_LOG_RELABELLED));
	assert_false(machine.verdict.proved);
	end(&machine);
}

static struct policy *policy_of(const struct machine *machine,
				enum made_policy how)
{
	return make_policy(bytes_of(machine->list, machine->len), how);
}

/* Nothing to be judged is not judged well. */
TEST(records_without_path_and_digest)
{
	static struct machine machine;
	struct policy *policy;
	const struct imastage_bytes fields[] = { bytes_of("\1\2\3\4", 4),
						 bytes_of("\5\6", 2) };
	struct verify_request request;

	begin(&machine, MAKER_P256);
	add(&machine, "iuid|imode", 10, fields, 2, true, true);
	add(&machine, "a-name-of-none", 10, fields, 1, true, true);
	add(&machine, "n-ng", 10, fields, 1, true, true);
	request = request_to(&machine);
	assert_int_equal(verify(&machine, &request), VERIFY_WARNED);
	assert_true(machine.verdict.proved);
	policy = policy_of(&machine, MADE_AS_LISTED);
	request.policy = policy;
	assert_int_equal(verify(&machine, &request), VERIFY_REJECTED);
	assert_int_equal(machine.verdict.nr_of[VERIFY_FILE_UNREADABLE], 3);
	assert_int_equal(machine.verdict.nr_outcomes[POLICY_MALFORMED], 3);
	assert_int_equal(machine.verdict.nr_outcomes[POLICY_BY_DIGEST], 3);
	assert_int_equal(machine.verdict.nr_outcomes[POLICY_BY_REPLAY], 1);
	policy_free(policy);
	end(&machine);
}

TEST(buffers)
{
	static struct machine machine;
	struct verify_request request;

	begin(&machine, MAKER_P256);
	add_buffer(&machine, "kexec-cmdline", "root=/dev/sda1");
	request = request_to(&machine);
	assert_int_equal(verify(&machine, &request), VERIFY_WARNED);
	assert_false(has(&machine, VERIFY_LOG_RELABELLED));
	assert_true(machine.verdict.proved);
	end(&machine);
}

/* ---- policies ---------------------------------------------------------------- */

static enum verify_result verify_by(struct machine *machine,
				    struct verify_request *request,
				    enum made_policy how)
{
	struct policy *policy = policy_of(machine, how);
	enum verify_result result;

	request->policy = policy;
	result = verify(machine, request);
	policy_free(policy);
	return result;
}

static int verify_damaged(struct machine *machine,
			  struct verify_request *request)
{
	struct policy *policy = policy_of(machine, MADE_DAMAGED);
	int r;

	request->policy = policy;
	r = verify_at(machine, request, 0);
	policy_free(policy);
	return r;
}

TEST(policies)
{
	static struct machine machine;
	static struct pcr_values boot_values;
	struct verify_request request;

	begin(&machine, MAKER_P256);
	request = request_to(&machine);
	for (unsigned int pcr = 0; pcr < 10; pcr++)
		assert_int_equal(
			pcr_values_set(&boot_values, IMASTAGE_SHA256, pcr,
				       bytes_of(machine.quote.values[pcr], 32)),
			0);
	request.boots = &boot_values;
	request.nr_boots = 1;
	assert_int_equal(verify_by(&machine, &request, MADE_AS_LISTED),
			 VERIFY_WARNED);
	assert_int_equal(machine.verdict.nr_of[VERIFY_BOOT_IMA_POLICY], 1);
	assert_int_equal(machine.verdict.nr_outcomes[POLICY_BY_DIGEST], 3);
	assert_int_equal(verify_by(&machine, &request, MADE_EMPTY),
			 VERIFY_REJECTED);
	assert_int_equal(machine.verdict.nr_of[VERIFY_FILE_UNLISTED], 3);
	assert_true(machine.verdict.proved);
	assert_int_equal(verify_by(&machine, &request, MADE_OTHER),
			 VERIFY_REJECTED);
	assert_int_equal(machine.verdict.nr_of[VERIFY_FILE_DIGEST], 3);
	assert_int_equal(machine.verdict.nr_outcomes[POLICY_DIFFERS], 3);
	/* Not judged is not accepted. */
	assert_int_equal(verify_damaged(&machine, &request), -EBADMSG);
	assert_int_equal(machine.verdict.result, VERIFY_NONE);
	boot_values.of[IMASTAGE_SHA256][9][31]++;
	assert_int_equal(verify_by(&machine, &request, MADE_AS_LISTED),
			 VERIFY_WARNED);
	assert_true(has(&machine, VERIFY_BOOT_UNAPPROVED));
	end(&machine);
}

/* ---- kexec ---------------------------------------------------------------------- */

/* The kernel before did not hand its list on: nothing leads from the checkpoint to here. */
TEST(a_list_that_was_lost)
{
	static struct machine machine;
	static struct verify_verdict first;
	struct verify_request request;
	uint8_t digest[32] = { 9 };

	begin(&machine, MAKER_P256);
	request = request_to(&machine);
	assert_int_equal(verify(&machine, &request), VERIFY_WARNED);
	first = machine.verdict;
	go_on(&machine, &request);
	request.start = &first.pcrs;
	request.known_next = first.next_index;
	add_file(&machine, 10, "/usr/bin/lost", digest);
	machine.len = 0;
	add_aggregate(&machine);
	assert_int_equal(verify(&machine, &request), VERIFY_REJECTED);
	assert_true(has(&machine, VERIFY_LOG_LOST));
	assert_false(has(&machine, VERIFY_LOG_REPLAY) ||
		     machine.verdict.proved);
	request.start = NULL; /* and from record 0, of which there were more */
	request.first_index = 0;
	assert_int_equal(verify(&machine, &request), VERIFY_REJECTED);
	assert_true(has(&machine, VERIFY_LOG_LOST));
	machine.len -= 3; /* cut off is not lost */
	assert_int_equal(verify(&machine, &request), VERIFY_REJECTED);
	assert_false(has(&machine, VERIFY_LOG_LOST));
	end(&machine);
}

/* ---- the firmware's log ------------------------------------------------------- */

/* One that leads to what is quoted. */
static void take_log(const struct machine *machine, struct verify_boot_log *log)
{
	memset(log, 0, sizeof(*log));
	log->log.banks = 1u << IMASTAGE_SHA256;
	log->log.values.set[IMASTAGE_SHA256] = BOOT_LOG_PCRS;
	for (size_t i = 0; i < 10; i++)
		memcpy(log->log.values.of[IMASTAGE_SHA256][i],
		       machine->quote.values[i], 32);
}

static struct verify_boot_log boot_log; /* of the evidence, when set */

TEST(boot_logs)
{
	static struct machine machine;
	struct verify_request request;

	begin(&machine, MAKER_P256);
	request = request_to(&machine);
	take_log(&machine, &boot_log);
	machine.boot_log = &boot_log;
	assert_int_equal(verify(&machine, &request), VERIFY_WARNED);
	assert_false(has(&machine, VERIFY_BOOT_LOG_BANK));
	boot_log.log.values.of[IMASTAGE_SHA256][9][31] ^= 1;
	assert_int_equal(verify(&machine, &request), VERIFY_REJECTED);
	assert_true(has(&machine, VERIFY_BOOT_LOG_REPLAY));
	assert_true(machine.verdict.proved); /* the records are */
	boot_log.log.banks = 1u << IMASTAGE_SHA1;
	assert_int_equal(verify(&machine, &request), VERIFY_WARNED);
	assert_true(has(&machine, VERIFY_BOOT_LOG_BANK));
	boot_log.malformed = true;
	boot_log.error = (struct evidence_error){ 7, "it is" };
	assert_int_equal(verify(&machine, &request), VERIFY_REJECTED);
	assert_true(has(&machine, VERIFY_BOOT_LOG_FORM));
	end(&machine);
}

TEST_MAIN(cmocka_unit_test(a_list_that_was_lost), cmocka_unit_test(boot_logs),
	  cmocka_unit_test(keys_of_all_kinds),

	  cmocka_unit_test(each_byte_is_signed),
	  cmocka_unit_test(keys_that_are_not_taken),
	  cmocka_unit_test(the_key_that_is_enrolled),
	  cmocka_unit_test(keys_of_other_hierarchies),
	  cmocka_unit_test(a_hundred_rounds),
	  cmocka_unit_test(a_round_with_a_gap),
	  cmocka_unit_test(what_happens_in_between),
	  cmocka_unit_test(snapshots), cmocka_unit_test(a_forged_snapshot),
	  cmocka_unit_test(a_record_of_another_pcr_before_the_first),
	  cmocka_unit_test(a_kernel_without_a_tpm),
	  cmocka_unit_test(fields_in_another_order),
	  cmocka_unit_test(records_without_path_and_digest),
	  cmocka_unit_test(buffers), cmocka_unit_test(policies))
