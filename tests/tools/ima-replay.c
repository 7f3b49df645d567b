// SPDX-License-Identifier: MIT
/*
 * ima-replay: reads measurement lists in the kernel's binary format, computes
 * what the TPM's PCRs must hold after them, and compares.
 *
 * This file reads the lists; replay_options.c knows the command line,
 * replay_report.c the output. A test tool until `imastage log replay` is there.
 */
#include "tools/replay.h"
#include "base/util.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>

/* All that is needed while the records go by. */
struct run {
	const struct options *options;
	struct imastage_replay *replay;
	struct result *result;
};

static bool expectations_hold(const struct run *run)
{
	const struct options *o = run->options;

	for (unsigned int i = 0; i < o->nr_expected; i++) {
		const struct expectation *e = &o->expected[i];
		struct imastage_bytes value =
			imastage_replay_value(run->replay, e->bank, e->pcr);

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
		     uint64_t offset)
{
	if (result->nr_bad++)
		return;
	result->bad_index = index;
	result->bad_file = file;
	result->bad_offset = offset;
}

/* A replay that waits for it starts with it; any other has to agree. */
static int use_snapshot(struct run *run, const struct imastage_record *record,
			uint64_t index)
{
	struct result *result = run->result;
	struct imastage_snapshot snapshot;
	enum imastage_bank bank;
	unsigned int pcr;
	int r = imastage_snapshot_parse(record, &snapshot);

	if (r < 0)
		return r;
	result->nr_snapshots++;
	if (result->started) {
		r = imastage_snapshot_compare(&snapshot, run->replay, &bank,
					      &pcr);
		result->nr_disagree += r == IMASTAGE_SNAPSHOT_DISAGREES;
		return 0;
	}
	result->started = true;
	result->start = index;
	return imastage_snapshot_start(&snapshot, run->replay, &bank, &pcr);
}

static int replay_record(struct run *run, const struct imastage_record *record,
			 uint64_t index, const char *file, uint64_t offset)
{
	struct result *result = run->result;
	struct imastage_digests digests;
	int r;

	if (index == run->options->drop)
		return 0;
	if (imastage_record_is_snapshot(record)) {
		r = use_snapshot(run, record, index);
		if (r < 0)
			return r;
	}
	if (!result->started)
		return 0;
	r = imastage_replay_extend(run->replay, record, &digests);
	if (r < 0)
		return r;
	if (imastage_record_check_digest(record, &digests))
		note_bad(result, index, file, offset);
	if (imastage_record_is_violation(record))
		result->nr_violations++;
	if (r == IMASTAGE_OTHER_PCR)
		result->nr_other++;
	return 0;
}

static int handle_record(struct run *run, const struct imastage_record *record,
			 const char *file, uint64_t offset)
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

static int replay_records(struct run *run, const char *file,
			  struct imastage_reader *reader)
{
	const struct imastage_error *error = imastage_reader_error(reader);
	struct imastage_record record;
	uint64_t offset;
	int r;

	for (;;) {
		offset = imastage_reader_offset(reader);
		r = imastage_reader_next(reader, &record);
		if (r == IMASTAGE_END)
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
		"ima-replay: %s: record %" PRIu64 " at byte %" PRIu64
		": %s at byte %" PRIu64 "%s\n",
		file, error->index, offset, error->reason, error->offset,
		r == -ENODATA ? " (the file is cut off)" : "");
	return r;
}

static int replay_file(struct run *run, const char *file)
{
	const struct imastage_reader_options options = {
		.format = IMASTAGE_FORMAT_BINARY,
		.bank = run->options->list_bank,
		.endian = run->options->endian,
		.first_index = run->result->nr_records,
	};
	cleanup_close int fd = open(file, O_RDONLY | O_CLOEXEC);
	struct imastage_reader *reader;
	int r;

	if (fd < 0) {
		fprintf(stderr, "ima-replay: %s: %s\n", file, strerror(errno));
		return -errno;
	}
	r = imastage_reader_new_fd(fd, &options, &reader);
	if (r < 0)
		return r;
	r = replay_records(run, file, reader);
	imastage_reader_free(reader);
	return r;
}

static int replay_files(struct run *run)
{
	const struct options *options = run->options;
	int r = 0;

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

	r = imastage_replay_new(options->banks | 1u << options->list_bank,
				options->pcrs, &run.replay);
	if (r < 0) {
		fprintf(stderr, "ima-replay: no hash: %s\n", strerror(-r));
		return EXIT_FAILED;
	}
	r = replay_files(&run);
	if (r == 0)
		report_result(options, &result, run.replay);
	imastage_replay_free(run.replay);
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
