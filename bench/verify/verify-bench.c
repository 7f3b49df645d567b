// SPDX-License-Identifier: MIT
/*
 * What bench/verify/run measures with: evidence as a TPM and a kernel make it, of records of
 * bench/lib/record.h, and verification by the library, without a program's start.
 *
 *	verify-bench make NR DIR	a list of NR records, the quote that proves it
 *					and its key: list, quote, signature, pcrs, ak
 *	verify-bench make NR DIR PATHS	the same of so many paths, in an order that
 *					seems to have none, and policy.json, which
 *					allows them and has ten excludes
 *	verify-bench round OLD NEW	verifies NEW records that follow OLD ones, from
 *					the PCR values behind these
 *	verify-bench attestations NR RECORDS	verifies NR times a quote and so many
 *					records, from the first one on
 *
 * The last two print a line of JSON: records of one verification, bytes read of its list,
 * seconds of processor time of the median one, and how many a second.
 */
#include "base/util.h"
#include "lib/quotemaker.h"
#include "verify/verify.h"
#include "../lib/measure.h"
#include "../lib/record.h"

#include <errno.h>

#define BANKS (1u << IMASTAGE_SHA1 | 1u << IMASTAGE_SHA256)
#define ROUNDS 21 /* of which the median counts */

static const uint8_t nonce[24] = "a nonce of 24 bytes long";

/* What the machine has measured, and its TPM. */
struct machine {
	struct maker_key key;
	struct maker_quote quote;
	struct imastage_replay *replay;
	uint64_t nr;
	uint64_t nr_paths; /* 0: each record has its own */
};

static void must(int r, const char *what)
{
	if (r < 0)
		errx(1, "%s: %s", what, strerror(-r));
}

/* ---- the machine ------------------------------------------------------------- */

/* The first record has the hash of the PCRs of the boot. */
static size_t put_aggregate(const struct machine *machine, uint8_t *data)
{
	static const char name[] = "boot_aggregate";
	uint8_t *at = bench_put_u32(data, BENCH_FIELD_LEN);

	at = bench_put(at, BENCH_FIELD, sizeof(BENCH_FIELD));
	SHA256(machine->quote.values[0], 10 * sizeof(machine->quote.values[0]),
	       at);
	at = bench_put_u32(at + SHA256_DIGEST_LENGTH, sizeof(name));
	at = bench_put(at, name, sizeof(name));
	return (size_t)(at - data);
}

/* Each of them once before one comes again: the prime is none of a power of ten. */
static uint64_t next_path(const struct machine *machine)
{
	return machine->nr_paths == 0 ?
		       machine->nr :
		       machine->nr * 2654435761u % machine->nr_paths;
}

/* Measures the next file: the record is extended, and is at @record then. */
static size_t measure(struct machine *machine, uint8_t record[BENCH_RECORD_LEN])
{
	const struct imastage_reader_options options = {
		.format = IMASTAGE_FORMAT_BINARY, .endian = IMASTAGE_HOST
	};
	uint8_t data[BENCH_DATA_LEN];
	struct imastage_record parsed;
	struct imastage_reader *reader;
	size_t len = sizeof(data);

	if (machine->nr == 0)
		len = put_aggregate(machine, data);
	else
		bench_fill_data(data, next_path(machine));
	len = bench_put_record(record, data, len);
	must(imastage_reader_new_memory(bytes_of(record, len), &options,
					&reader),
	     "reader");
	must(imastage_reader_next(reader, &parsed), "record");
	must(imastage_replay_extend(machine->replay, &parsed, NULL), "extend");
	imastage_reader_free(reader);
	machine->nr++;
	return len;
}

static void boot(struct machine *machine)
{
	memset(machine, 0, sizeof(*machine));
	maker_key_new(MAKER_P256, &machine->key);
	machine->quote.clock = (struct evidence_clock){ 1000, 4, 0, true };
	for (size_t i = 0; i < 10; i++)
		memset(machine->quote.values[i], (int)i + 1, 32);
	must(imastage_replay_new(BANKS, 1u << IMASTAGE_PCR_IMA,
				 &machine->replay),
	     "replay");
}

static void take_quote(struct machine *machine, struct made_quote *ret_made)
{
	static const uint8_t signer[34] = { 0, 0x0b };
	struct imastage_bytes value = imastage_replay_value(
		machine->replay, IMASTAGE_SHA256, IMASTAGE_PCR_IMA);

	machine->quote.signer = bytes_of(signer, sizeof(signer));
	machine->quote.qualifying = bytes_of(nonce, sizeof(nonce));
	memcpy(machine->quote.values[IMASTAGE_PCR_IMA], value.data, value.len);
	machine->quote.sha1 = imastage_replay_value(machine->replay,
						    IMASTAGE_SHA1,
						    IMASTAGE_PCR_IMA)
				      .data;
	maker_make(&machine->key, &machine->quote, ret_made);
}

static void shut_down(struct machine *machine)
{
	imastage_replay_free(machine->replay);
	maker_key_free(&machine->key);
}

/* ---- files -------------------------------------------------------------------- */

static FILE *create(const char *dir, const char *name)
{
	char path[4096];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	file = fopen(path, "we");
	if (!file)
		err(1, "%s", path);
	return file;
}

static void save(const char *dir, const char *name, const void *data,
		 size_t len)
{
	FILE *file = create(dir, name);

	if (fwrite(data, 1, len, file) != len || fclose(file))
		err(1, "%s/%s", dir, name);
}

static void save_list(struct machine *machine, uint64_t nr, const char *dir)
{
	FILE *file = create(dir, "list");
	uint8_t record[BENCH_RECORD_LEN];

	while (machine->nr < nr) {
		size_t len = measure(machine, record);

		if (fwrite(record, 1, len, file) != len)
			err(1, "%s/list", dir);
	}
	if (fclose(file))
		err(1, "%s/list", dir);
}

/* A file with the digest that its records have. */
static void put_file(FILE *file, uint64_t i)
{
	const size_t digest = 4 + BENCH_FIELD_LEN - SHA256_DIGEST_LENGTH;
	uint8_t data[BENCH_DATA_LEN];

	bench_fill_data(data, i);
	fprintf(file, "%s\"%s\":[\"", i ? ",\n" : "",
		(const char *)data + 4 + BENCH_FIELD_LEN + 4);
	for (size_t k = 0; k < SHA256_DIGEST_LENGTH; k++)
		fprintf(file, "%02x", data[digest + k]);
	fprintf(file, "\"]");
}

/* Excludes as fleets have them: nine by how paths begin, one that says how they end. */
static void save_policy(const struct machine *machine, const char *dir)
{
	FILE *file = create(dir, "policy.json");

	fprintf(file, "{\"meta\":{\"version\":1,\"generator\":0},"
		      "\"release\":0,\"digests\":{\n");
	for (uint64_t i = 0; i < machine->nr_paths; i++)
		put_file(file, i);
	fprintf(file,
		"},\"excludes\":[\"/tmp/.*\",\"/var/tmp/.*\",\"/run/.*\","
		"\"/var/log/.*\",\"/proc/.*\",\"/sys/.*\",\"/dev/shm/.*\","
		"\"/var/lib/docker/.*\",\"/home/[^/]+/[.]cache/.*\","
		"\"/usr/lib/python3/.*[.]pyc$\"],\"keyrings\":{},"
		"\"ima\":{\"ignored_keyrings\":[],\"log_hash_alg\":\"sha1\","
		"\"dm_policy\":null},\"ima-buf\":{},"
		"\"verification-keys\":\"\"}\n");
	if (fclose(file))
		err(1, "%s/policy.json", dir);
}

static void make(uint64_t nr, const char *dir, uint64_t nr_paths)
{
	struct machine machine;
	struct made_quote made;

	boot(&machine);
	machine.nr_paths = nr_paths;
	if (nr_paths > 0)
		save_policy(&machine, dir);
	save_list(&machine, nr, dir);
	take_quote(&machine, &made);
	save(dir, "quote", made.msg, made.msg_len);
	save(dir, "signature", made.sig, made.sig_len);
	save(dir, "pcrs", made.pcrs, made.pcrs_len);
	save(dir, "ak", machine.key.area, machine.key.len);
	shut_down(&machine);
}

/* ---- the verifier -------------------------------------------------------------- */

/* One verification: what is asked, what is sent. */
struct round {
	struct verify_request request;
	struct pcr_values start;
	struct made_quote made;
	struct verify_evidence evidence;
	struct imastage_bytes list;
	size_t nr_read; /* bytes of the list, in all */
};

static void ask(struct round *round, const struct machine *machine)
{
	struct verify_request *request = &round->request;

	request->ak = bytes_of(machine->key.area, machine->key.len);
	request->nonce = bytes_of(nonce, sizeof(nonce));
	request->list_pcrs = 1u << IMASTAGE_PCR_IMA;
	request->asked.nr = 2;
	request->asked.of[0].alg = imastage_bank_tpm_alg(IMASTAGE_SHA1);
	request->asked.of[0].pcrs = 1u << IMASTAGE_PCR_IMA;
	request->asked.of[1].alg = imastage_bank_tpm_alg(IMASTAGE_SHA256);
	request->asked.of[1].pcrs = (1u << MAKER_PCRS) - 1;
}

/* The values that are known from the last round. */
static void go_on(struct round *round, const struct machine *machine)
{
	for (enum imastage_bank bank = IMASTAGE_SHA1; bank <= IMASTAGE_SHA256;
	     bank++) {
		struct imastage_bytes value = imastage_replay_value(
			machine->replay, bank, IMASTAGE_PCR_IMA);

		memcpy(round->start.of[bank][IMASTAGE_PCR_IMA], value.data,
		       value.len);
		round->start.set[bank] = 1u << IMASTAGE_PCR_IMA;
	}
	round->request.start = &round->start;
	round->request.first_index = machine->nr;
}

/* The list is read from memory, as a file would be. */
struct source {
	struct imastage_bytes rest;
	struct round *round;
};

static ssize_t read_source(void *context, void *data, size_t len)
{
	struct source *source = context;
	struct imastage_bytes piece = bytes_first(source->rest, len);

	if (piece.len > 0)
		memcpy(data, piece.data, piece.len);
	source->rest = bytes_skip(source->rest, piece.len);
	source->round->nr_read += piece.len;
	return (ssize_t)piece.len;
}

static void verify(struct round *round)
{
	struct source source = { round->list, round };
	struct imastage_reader_options options = {
		.format = IMASTAGE_FORMAT_BINARY,
		.endian = IMASTAGE_HOST,
		.first_index = round->request.first_index,
	};
	struct verify_verdict verdict;
	struct imastage_reader *reader;

	must(imastage_reader_new((struct imastage_source){ read_source,
							   &source },
				 &options, &reader),
	     "reader");
	must(verify_quote(&round->request, &round->evidence,
			  verify_list_of(reader), &verdict),
	     "verify");
	if (verdict.result != VERIFY_WARNED || !verdict.proved)
		errx(1, "honest evidence is not taken for what it is");
	imastage_reader_free(reader);
}

/* The machine measures @nr more records and sends them with a quote. */
static void answer(struct round *round, struct machine *machine, uint64_t nr,
		   uint8_t *memory)
{
	size_t len = 0;

	for (uint64_t i = 0; i < nr; i++)
		len += measure(machine, memory + len);
	take_quote(machine, &round->made);
	round->list = bytes_of(memory, len);
	round->evidence = (struct verify_evidence){
		.msg = bytes_of(round->made.msg, round->made.msg_len),
		.sig = bytes_of(round->made.sig, round->made.sig_len),
		.pcrs = bytes_of(round->made.pcrs, round->made.pcrs_len),
	};
}

static int compare(const void *a, const void *b)
{
	const double *x = (const double *)a, *y = (const double *)b;

	return (*x > *y) - (*x < *y);
}

/* Seconds that one verification takes, @nr of which are measured at once. */
static double median(struct round *round, uint64_t nr)
{
	double seconds[ROUNDS];

	for (size_t i = 0; i < ROUNDS; i++) {
		double start = used();

		for (uint64_t k = 0; k < nr; k++)
			verify(round);
		seconds[i] = (used() - start) / (double)nr;
	}
	qsort(seconds, ROUNDS, sizeof(seconds[0]), compare);
	return seconds[ROUNDS / 2];
}

static void measure_rounds(uint64_t old, uint64_t new, uint64_t nr)
{
	cleanup_free uint8_t *memory =
		malloc((size_t)(new + 1) * BENCH_RECORD_LEN);
	uint8_t record[BENCH_RECORD_LEN];
	struct round round = { 0 };
	struct machine machine;
	double seconds;

	if (!memory)
		errx(1, "out of memory");
	boot(&machine);
	ask(&round, &machine);
	while (machine.nr < old)
		(void)measure(&machine, record);
	if (old > 0)
		go_on(&round, &machine);
	answer(&round, &machine, new, memory);
	nr = nr > ROUNDS ? nr / ROUNDS : 1;
	seconds = median(&round, nr);
	printf("{\"records\":%llu,\"bytes_read\":%zu,\"cpu_seconds\":%.9f,"
	       "\"per_s\":%.0f}\n",
	       (unsigned long long)new, round.nr_read / (nr * ROUNDS), seconds,
	       1 / seconds);
	shut_down(&machine);
}

static uint64_t number(const char *text)
{
	return strtoull(text, NULL, 10);
}

int main(int argc, char **argv)
{
	if (argc == 4 && !strcmp(argv[1], "make"))
		make(number(argv[2]), argv[3], 0);
	else if (argc == 5 && !strcmp(argv[1], "make"))
		make(number(argv[2]), argv[3], number(argv[4]));
	else if (argc == 4 && !strcmp(argv[1], "round"))
		measure_rounds(number(argv[2]), number(argv[3]), 1);
	else if (argc == 4 && !strcmp(argv[1], "attestations"))
		measure_rounds(0, number(argv[3]), number(argv[2]));
	else
		errx(2,
		     "usage: verify-bench make NR DIR [PATHS] | round OLD NEW | "
		     "attestations NR RECORDS");
	return 0;
}
