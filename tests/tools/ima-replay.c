// SPDX-License-Identifier: MIT
/*
 * ima-replay: reads measurement lists in the kernel's binary format, computes
 * what the TPM's PCRs must hold after them, and compares.
 *
 * This file reads the lists; replay_options.c knows the command line,
 * replay_report.c the output, replay_snapshot.c snapshot_aggregate. A test tool until `imastage log replay` is
 * there.
 */
#include "tools/replay.h"
#include "base/file.h"
#include "base/util.h"

#include <errno.h>
#include <inttypes.h>

#define FILE_LEN_MAX ((size_t)1 << 32)

/* All that is needed while the records go by. */
struct run {
	const struct options *options;
	struct log_hasher hasher;
	struct result *result;
};

static bool expectations_hold(const struct run *run)
{
	const struct options *o = run->options;

	for (unsigned int i = 0; i < o->nr_expected; i++) {
		const struct expectation *e = &o->expected[i];
		struct bytes value =
			log_replay_value(&run->result->replay, e->bank, e->pcr);

		if (memcmp(value.data, e->value, value.len))
			return false;
	}
	return true;
}

/* The PCRs stand for the first @nr_records: do they have the values asked? */
static void note_match(struct run *run, uint64_t nr_records)
{
	if (!expectations_hold(run))
		return;
	run->result->matched = true;
	run->result->matched_records = nr_records;
}

static void note_bad(struct result *result, uint64_t index, const char *file,
		     size_t offset)
{
	if (result->nr_bad++)
		return;
	result->bad_index = index;
	result->bad_file = file;
	result->bad_offset = offset;
}

/* A replay that waits for it starts with it; any other has to agree. */
static int use_snapshot(struct run *run, const struct log_record *record,
			uint64_t index)
{
	struct result *result = run->result;
	bool start = !result->started;
	int r = snapshot_use(record, &result->replay, start);

	result->nr_snapshots++;
	if (r < 0)
		return r;
	if (r == SNAPSHOT_DISAGREES)
		result->nr_disagree++;
	if (start) {
		result->started = true;
		result->start = index;
	}
	return 0;
}

static int replay_record(struct run *run, const struct log_record *record,
			 uint64_t index, const char *file, size_t offset)
{
	struct result *result = run->result;
	struct log_digests digests;
	int r;

	if (index == run->options->drop)
		return 0;
	if (snapshot_is(record)) {
		r = use_snapshot(run, record, index);
		if (r < 0)
			return r;
	}
	if (!result->started)
		return 0;
	r = log_hasher_template(&run->hasher, record, &digests);
	if (r < 0)
		return r;
	if (log_record_check_digest(record, run->options->list_bank, &digests))
		note_bad(result, index, file, offset);
	if (log_record_is_violation(record))
		result->nr_violations++;
	r = log_replay_extend(&result->replay, record, &digests);
	if (r == LOG_REPLAY_OTHER_PCR)
		result->nr_other++;
	return r < 0 ? r : 0;
}

static int handle_record(struct run *run, const struct log_record *record,
			 const char *file, size_t offset)
{
	uint64_t index = run->result->nr_records;
	int r = 0;

	if (run->options->list)
		report_record(record, index, offset);
	if (!run->options->count)
		r = replay_record(run, record, index, file, offset);
	run->result->nr_records++;
	run->result->nr_bytes += record->raw.len;
	if (r == 0 && run->options->until_match)
		note_match(run, run->result->nr_records);
	return r;
}

static int replay_bytes(struct run *run, const char *file, struct bytes bytes)
{
	struct log_record record;
	struct log_list list;
	size_t offset;
	int r;

	log_list_init(&list, bytes, run->options->endian,
		      run->options->list_bank, run->result->nr_records);
	for (;;) {
		offset = log_list_offset(&list);
		r = log_list_next(&list, &record);
		if (r == LOG_LIST_END)
			return 0;
		if (r < 0)
			break;
		r = handle_record(run, &record, file, offset);
		if (r < 0) {
			fprintf(stderr, "ima-replay: %s\n", strerror(-r));
			return r;
		}
	}
	fprintf(stderr,
		"ima-replay: %s: record %" PRIu64
		" at byte %zu: %s at byte %zu%s\n",
		file, list.error.index, offset, list.error.reason,
		list.error.offset,
		r == -ENODATA ? " (the file is cut off)" : "");
	return r;
}

static int replay_file(struct run *run, const char *file)
{
	cleanup_free uint8_t *data = NULL;
	size_t len;
	int r;

	r = file_read(file, FILE_LEN_MAX, &data, &len);
	if (r < 0) {
		fprintf(stderr, "ima-replay: %s: %s\n", file, strerror(-r));
		return r;
	}
	return replay_bytes(run, file, bytes_of(data, len));
}

static int replay_files(struct run *run)
{
	const struct options *options = run->options;
	int r = 0;

	log_replay_init(&run->result->replay, &run->hasher, options->pcrs);
	run->result->started = !options->from_snapshot;
	note_match(run, 0);
	for (char **file = options->files; *file && r == 0; file++)
		r = replay_file(run, *file);
	if (r < 0)
		return r;
	if (!run->result->started && !options->count) {
		fprintf(stderr,
			"ima-replay: no snapshot_aggregate to start with\n");
		return -ENOENT;
	}
	if (!options->until_match) {
		run->result->matched = false;
		note_match(run, run->result->nr_records);
	}
	if (options->drop == DROP_NONE ||
	    options->drop < run->result->nr_records)
		return 0;
	fprintf(stderr, "ima-replay: there is no record %" PRIu64 " to drop\n",
		options->drop);
	return -ERANGE;
}

static enum exit_code replay(const struct options *options)
{
	struct result result = { 0 };
	struct run run = { .options = options, .result = &result };
	int r;

	r = log_hasher_init(&run.hasher,
			    options->banks | 1u << options->list_bank);
	if (r < 0) {
		fprintf(stderr, "ima-replay: no hash: %s\n", strerror(-r));
		return EXIT_FAILED;
	}
	r = replay_files(&run);
	if (r == 0)
		report_result(options, &result);
	log_hasher_fini(&run.hasher);
	if (r < 0)
		return EXIT_FAILED;
	return result_accepts(options, &result) ? EXIT_OK : EXIT_REJECTED;
}

int main(int argc, char **argv)
{
	struct options options;
	int r = options_parse(argc, argv, &options);

	if (r != EXIT_OK)
		return r < 0 ? EXIT_OK : r;
	r = replay(&options);
	if (fflush(stdout) || ferror(stdout)) {
		fprintf(stderr, "ima-replay: cannot write the output\n");
		return EXIT_FAILED;
	}
	return r;
}
