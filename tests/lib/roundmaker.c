// SPDX-License-Identifier: MIT
#include "lib/roundmaker.h"
#include "base/bytes.h"
#include "evidence/qualifying.h"
#include "lib/listbuilder.h"
#include "lib/testing.h"

#include <openssl/evp.h>

static void sha256(const void *data, size_t len, uint8_t ret_digest[32])
{
	assert_int_equal(
		EVP_Digest(data, len, ret_digest, NULL, EVP_sha256(), NULL), 1);
}

static void extend_and_list(struct made_machine *machine,
			    const struct imastage_record *record)
{
	assert_true(imastage_replay_extend(machine->replay, record, NULL) >= 0);
	machine->len += put_record(record, machine->list + machine->len,
				   sizeof(machine->list) - machine->len);
	machine->ends[machine->nr++] = machine->len;
}

void made_machine_record(struct made_machine *machine, const char *template,
			 const struct imastage_bytes *fields, unsigned int nr)
{
	struct built_record built;
	struct imastage_digests digests;

	build_record(&built, IMASTAGE_SHA1, 10, template, fields, nr);
	assert_int_equal(imastage_hasher_template(machine->hasher,
						  &built.record, &digests),
			 0);
	memcpy(built.digest, digests.of[IMASTAGE_SHA1], 20);
	extend_and_list(machine, &built.record);
}

void made_machine_violation(struct made_machine *machine, const char *path)
{
	static const uint8_t zeros[40] = "sha256:";
	const struct imastage_bytes fields[] = {
		bytes_of(zeros, sizeof(zeros)),
		bytes_of(path, strlen(path) + 1),
	};
	struct built_record built;

	build_record(&built, IMASTAGE_SHA1, 10, "ima-ng", fields, 2);
	memset(built.digest, 0, sizeof(built.digest));
	extend_and_list(machine, &built.record);
}

void made_machine_file(struct made_machine *machine, const char *path,
		       const uint8_t digest[32])
{
	uint8_t named[40] = "sha256:";
	const struct imastage_bytes fields[] = {
		bytes_of(named, sizeof(named)),
		bytes_of(path, strlen(path) + 1),
	};

	memcpy(named + 8, digest, 32);
	made_machine_record(machine, "ima-ng", fields, 2);
}

void made_machine_buffer(struct made_machine *machine, const char *name,
			 const char *text)
{
	uint8_t named[40] = "sha256:";
	const struct imastage_bytes fields[] = {
		bytes_of(named, sizeof(named)),
		bytes_of(name, strlen(name) + 1),
		bytes_of_text(text),
	};

	sha256(text, strlen(text), named + 8);
	made_machine_record(machine, "ima-buf", fields, 3);
}

void made_machine_aggregate(struct made_machine *machine)
{
	uint8_t digest[32];

	sha256(machine->quote.values, 320, digest);
	made_machine_file(machine, "boot_aggregate", digest);
}

void made_machine_measure(struct made_machine *machine, unsigned int nr)
{
	uint8_t digest[32];
	char path[32];

	for (; nr > 0; nr--) {
		snprintf(path, sizeof(path), "/usr/bin/%zu", machine->nr);
		sha256(path, strlen(path), digest);
		made_machine_file(machine, path, digest);
	}
}

void made_machine_boot(struct made_machine *machine)
{
	imastage_replay_free(machine->replay);
	assert_int_equal(imastage_replay_new(1u << IMASTAGE_SHA256, 1u << 10,
					     &machine->replay),
			 0);
	machine->len = 0;
	machine->nr = 0;
	machine->quote.clock.resets++;
	machine->quote.clock.restarts = 0;
	made_machine_aggregate(machine);
	made_machine_measure(machine, 3);
}

void made_machine_init(struct made_machine *machine)
{
	memset(machine, 0, sizeof(*machine));
	maker_key_new(MAKER_P256, &machine->key);
	assert_int_equal(
		imastage_hasher_new(1u << IMASTAGE_SHA1, &machine->hasher), 0);
	machine->quote.clock = (struct evidence_clock){ 1000, 4, 0, true };
	machine->quote.firmware = 77;
	for (size_t i = 0; i < 10; i++)
		memset(machine->quote.values[i], (int)i + 1, 32);
	made_machine_boot(machine);
}

void made_machine_fini(struct made_machine *machine)
{
	maker_key_free(&machine->key);
	imastage_replay_free(machine->replay);
	imastage_hasher_free(machine->hasher);
}

void made_machine_quote(struct made_machine *machine,
			struct imastage_bytes qualifying)
{
	machine->quote.qualifying = qualifying;
	machine->quote.clock.clock += 1000;
	memcpy(machine->quote.values[10],
	       imastage_replay_value(machine->replay, IMASTAGE_SHA256, 10).data,
	       32);
	maker_make(&machine->key, &machine->quote, &machine->made);
}

int made_machine_verify(const struct made_machine *machine,
			struct verify_request *request,
			struct verify_verdict *ret_verdict)
{
	const struct made_quote *made = &machine->made;
	const struct verify_evidence evidence = {
		.msg = bytes_of(made->msg, made->msg_len),
		.sig = bytes_of(made->sig, made->sig_len),
		.pcrs = bytes_of(made->pcrs, made->pcrs_len),
	};
	const struct imastage_reader_options options = {
		.format = IMASTAGE_FORMAT_BINARY,
		.first_index = request->first_index,
	};
	size_t first = (size_t)request->first_index;
	size_t offset = first > 0 && first <= machine->nr ?
				machine->ends[first - 1] :
				0;
	struct imastage_reader *reader;
	int r;

	if (request->ak.len == 0)
		request->ak = bytes_of(machine->key.area, machine->key.len);
	if (request->list_pcrs == 0)
		request->list_pcrs = 1u << 10;
	if (request->asked.nr == 0)
		request->asked = (struct evidence_selections){
			.nr = 1, .of = { { 0x000b, 0x7ff } }
		};
	assert_int_equal(
		imastage_reader_new_memory(bytes_of(machine->list + offset,
						    machine->len - offset),
					   &options, &reader),
		0);
	r = verify_quote(request, &evidence, verify_list_of(reader),
			 ret_verdict);
	imastage_reader_free(reader);
	return r;
}

/* ---- evidence files -------------------------------------------------------------- */

struct records {
	const struct made_machine *machine;
	size_t first;
};

static int put_records(void *context, struct imastage_sink sink)
{
	const struct records *records = context;
	const struct made_machine *machine = records->machine;
	size_t offset = records->first ? machine->ends[records->first - 1] : 0;

	return machine->len == offset ?
		       0 :
		       sink.write(sink.context, machine->list + offset,
				  machine->len - offset);
}

struct manifest made_machine_describe(const struct made_machine *machine,
				      size_t first)
{
	return (struct manifest){
		.first = first,
		.records = machine->nr - first,
		.banks = 1u << IMASTAGE_SHA256,
		.kernel = "6.12.48",
	};
}

void made_machine_pack(const struct made_machine *machine, size_t first,
		       const struct manifest *manifest,
		       struct imastage_buffer *file)
{
	const struct made_quote *made = &machine->made;
	const struct container_small small = {
		.manifest = manifest ? *manifest :
				       made_machine_describe(machine, first),
		.msg = bytes_of(made->msg, made->msg_len),
		.sig = bytes_of(made->sig, made->sig_len),
		.pcrs = bytes_of(made->pcrs, made->pcrs_len),
		.ak = bytes_of(machine->key.area, machine->key.len),
	};
	struct records records = { machine, first };
	const struct container_stream stream = { put_records, &records };

	file->len = 0;
	assert_int_equal(container_write(imastage_sink_buffer(file), false,
					 &small, NULL, &stream),
			 0);
}

struct manifest made_machine_quote_history(struct made_machine *machine,
					   size_t first, uint64_t chained)
{
	static uint8_t data[EVIDENCE_BOUND_LEN]; /* the quote has a view of it */
	struct manifest manifest = made_machine_describe(machine, first);

	manifest.kind = MANIFEST_HISTORY;
	manifest.has_chain = true;
	memset(manifest.chain, 0xc4, sizeof(manifest.chain));
	manifest.chained = chained;
	assert_int_equal(evidence_bind_chain(manifest.chain, chained, data), 0);
	made_machine_quote(machine, bytes_of(data, sizeof(data)));
	return manifest;
}
