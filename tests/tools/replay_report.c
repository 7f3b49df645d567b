// SPDX-License-Identifier: MIT
/*
 * The output of ima-replay. Bytes from a list are untrusted: whatever is not
 * plain ASCII is printed as an escape.
 */
#include "tools/replay.h"
#include "base/hex.h"

#include <inttypes.h>
#include <stdio.h>

static void print_escaped(struct imastage_bytes bytes)
{
	for (size_t i = 0; i < bytes.len; i++) {
		uint8_t c = bytes.data[i];

		if (c >= ' ' && c < 0x7f && c != '\\')
			putchar(c);
		else
			printf("\\x%02x", c);
	}
}

void report_record(const struct imastage_record *record, uint64_t index,
		   uint64_t offset)
{
	char digest[HEX_TEXT_LEN(IMASTAGE_DIGEST_MAX)];
	struct imastage_bytes name;

	hex_encode(record->digest, digest);
	printf("%" PRIu64 " %" PRIu64 " %" PRIu32 " %s ", index, offset,
	       record->pcr, digest);
	print_escaped(record->name);
	putchar(' ');
	if (imastage_record_event_name(record, &name) == 0)
		print_escaped(name);
	puts(imastage_record_is_violation(record) ? " (violation)" : "");
}

/* Calls @print for every PCR value that was replayed. */
static void for_each_value(const struct options *options,
			   const struct imastage_replay *replay,
			   void (*print)(enum imastage_bank, unsigned int,
					 const char *, bool first))
{
	char text[HEX_TEXT_LEN(IMASTAGE_DIGEST_MAX)];
	bool first = true;

	for (enum imastage_bank bank = 0; bank < IMASTAGE_NR_BANKS; bank++) {
		for (unsigned int pcr = 0; pcr < IMASTAGE_NR_PCRS; pcr++) {
			if (!(options->banks & 1u << bank) ||
			    !(options->pcrs & 1u << pcr))
				continue;
			hex_encode(imastage_replay_value(replay, bank, pcr),
				   text);
			print(bank, pcr, text, first);
			first = false;
		}
	}
}

bool result_accepts(const struct options *options, const struct result *result)
{
	if (options->count)
		return true;
	return result->nr_bad == 0 && result->nr_disagree == 0 &&
	       (options->nr_expected == 0 || result->matched);
}

static const char *verdict(const struct options *options,
			   const struct result *result)
{
	if (!result_accepts(options, result))
		return "rejected";
	return options->nr_expected ? "match" : "consistent";
}

static void print_value_text(enum imastage_bank bank, unsigned int pcr,
			     const char *value, bool first)
{
	(void)first;
	printf("PCR %-2u %-6s  %s\n", pcr, imastage_bank_name(bank), value);
}

static void report_text(const struct options *options,
			const struct result *result,
			const struct imastage_replay *replay)
{
	printf("records        %" PRIu64 "\n", result->nr_records);
	printf("bytes          %" PRIu64 "\n", result->nr_bytes);
	printf("violations     %" PRIu64 "\n", result->nr_violations);
	if (result->nr_other)
		printf("for other PCRs %" PRIu64 "\n", result->nr_other);
	if (options->drop != DROP_NONE)
		printf("left out       record %" PRIu64 "\n", options->drop);
	if (options->from_snapshot)
		printf("starts at      record %" PRIu64 "\n", result->start);
	if (result->nr_snapshots)
		printf("snapshots      %" PRIu64 "\n", result->nr_snapshots);
	for_each_value(options, replay, print_value_text);
	if (result->nr_bad)
		printf("bad digest     %" PRIu64 ", first in record %" PRIu64
		       " at byte %" PRIu64 " of %s\n",
		       result->nr_bad, result->bad_index, result->bad_offset,
		       result->bad_file);
	if (result->nr_disagree)
		printf("disagree       %" PRIu64
		       " snapshots hold other values than were replayed\n",
		       result->nr_disagree);
	if (options->nr_expected && !result->matched)
		printf("expected PCRs  not reached%s\n",
		       options->until_match ? " by any number of records" : "");
	if (options->until_match && result->matched)
		printf("expected PCRs  after %" PRIu64 " records, %" PRIu64
		       " in excess\n",
		       result->matched_records,
		       result->nr_records - result->matched_records);
	printf("verdict        %s\n", verdict(options, result));
}

static void print_value_json(enum imastage_bank bank, unsigned int pcr,
			     const char *value, bool first)
{
	printf("%s{\"bank\":\"%s\",\"pcr\":%u,\"value\":\"%s\"}",
	       first ? "" : ",", imastage_bank_name(bank), pcr, value);
}

static void print_number_json(const char *key, uint64_t number)
{
	printf("\"%s\":%" PRIu64 ",", key, number);
}

static void report_json(const struct options *options,
			const struct result *result,
			const struct imastage_replay *replay)
{
	putchar('{');
	print_number_json("records", result->nr_records);
	print_number_json("bytes", result->nr_bytes);
	print_number_json("violations", result->nr_violations);
	print_number_json("other_pcrs", result->nr_other);
	if (options->drop != DROP_NONE)
		print_number_json("dropped", options->drop);
	if (options->from_snapshot)
		print_number_json("first_record", result->start);
	print_number_json("snapshots", result->nr_snapshots);
	print_number_json("disagreeing_snapshots", result->nr_disagree);
	print_number_json("bad_digests", result->nr_bad);
	if (result->nr_bad) {
		print_number_json("first_bad_record", result->bad_index);
		print_number_json("first_bad_offset", result->bad_offset);
	}
	if (options->nr_expected && result->matched) {
		print_number_json("matched_records", result->matched_records);
		print_number_json("excess_records",
				  result->nr_records - result->matched_records);
	}
	printf("\"pcrs\":[");
	for_each_value(options, replay, print_value_json);
	printf("],\"verdict\":\"%s\"}\n", verdict(options, result));
}

void report_result(const struct options *options, const struct result *result,
		   const struct imastage_replay *replay)
{
	if (options->count)
		printf("%" PRIu64 "\n", result->nr_records);
	else if (options->json)
		report_json(options, result, replay);
	else
		report_text(options, result, replay);
}
