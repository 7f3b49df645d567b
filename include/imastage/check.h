/* SPDX-License-Identifier: MIT */
/*
 * The whole of it in one call: reads a list, checks each record's digest,
 * replays, compares the values in snapshot_aggregates, looks for alignment. With
 * more than one thread the work is shared: digests of batches of records side
 * by side, extends in order. Memory stays bounded: for each thread, if there are
 * several, four batches of at most 256 records and 64 KiB (or one record, if that is
 * longer), with their digests 200 KiB; 32 MiB and one record for those that are longer;
 * and the reader's.
 */
#ifndef IMASTAGE_CHECK_H
#define IMASTAGE_CHECK_H

#include <imastage/align.h>
#include <imastage/reader.h>
#include <imastage/snapshot.h>

#ifdef __cplusplus
extern "C" {
#endif

#define IMASTAGE_THREADS_MAX 16

struct imastage_check_options {
	unsigned int nr_threads; /* 0 and 1: only the caller's */
	/*
	 * End once aligned: @replay then stands exactly there, although some
	 * records behind it were read, and counted. A quote with a window is
	 * found at the end of the list only.
	 */
	bool stop_at_match;
	/*
	 * The reader's source may be read by another thread than the caller's, never
	 * by two at once. Faster, where processors have no cache in common;
	 * but a signal for the caller's thread does not interrupt it.
	 */
	bool any_thread_reads;

	/*
	 * Called now and then, from the caller's thread, with the number of
	 * records so far; may be NULL. What it returns other than 0 ends the
	 * check and is its result.
	 */
	int (*progress)(void *context, uint64_t nr_records);
	void *context;
};

struct imastage_summary {
	uint64_t nr_records;
	uint64_t nr_bytes; /* of them, in the list */
	uint64_t nr_violations;
	uint64_t nr_other_pcr; /* for PCRs that are not replayed */
	uint64_t nr_unknown; /* with fields that Linux does not have */
	uint64_t nr_opaque; /* of these: whose digest could not be compared */
	uint64_t nr_padded; /* with IMASTAGE_DIGEST_PADDED, which is not bad */
	uint64_t nr_bad; /* whose digest is not that of their data */
	uint64_t first_bad_index; /* of the first of these */
	uint64_t first_bad_offset;
	uint64_t nr_snapshots; /* snapshot_aggregate records, of these: */
	uint64_t nr_odd_snapshots; /* not of the form in snapshot.h: no proof */
	uint64_t nr_disagree; /* whose value of the PCR is not that replayed */
	uint64_t first_disagree_index; /* of the first that disagrees, */
	unsigned int first_disagree_pcr; /* in this PCR */
	enum imastage_bank first_disagree_bank;
	int alignment; /* IMASTAGE_ALIGN_* */
	uint64_t nr_aligned; /* records in the prefix, see alignment */
};

/*
 * Adds what was found in a part that follows to *sum. Where a list is aligned is
 * not added: it counts from the start of the replay.
 */
IMASTAGE_API void imastage_summary_add(struct imastage_summary *sum,
				       const struct imastage_summary *part);

/*
 * @replay: gets the records extended; the reader's bank is checked even when
 * it is not replayed. @align, @options: may be NULL. Returns 0 with *ret_summary
 * set, or a negative errno: then imastage_reader_error() has the place, if it
 * is the list's fault, and @replay has the values of some prefix of it.
 */
IMASTAGE_API int imastage_check(struct imastage_reader *reader,
				struct imastage_replay *replay,
				struct imastage_align *align,
				const struct imastage_check_options *options,
				struct imastage_summary *ret_summary);

#ifdef __cplusplus
}
#endif

#endif
