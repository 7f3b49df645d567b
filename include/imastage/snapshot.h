/* SPDX-License-Identifier: MIT */
/*
 * snapshot_aggregate: a record that holds the values of the PCRs before it, and
 * so a new root of trust. A replay may start there instead of at record 0, and
 * one that comes by must agree with it about the PCR that the record is for.
 * That value was read together with the record; those of other PCRs were read
 * somewhat earlier, and may have grown since.
 *
 * It is a record of template "ima-buf" with that event name; its buffer is text:
 *	Snapshot_Attempt_Count=<n>;	attempts since hard boot
 *	Records=<n>;			absolute index of this record
 *	<bank>:PCR<i>=<hex>;		for each bank, for each of the PCRs
 * The PCRs are 0 to 10, and the one that IMA extends if that is another.
 * Source: IMA-staging.rst of the kernel part.
 */
#ifndef IMASTAGE_SNAPSHOT_H
#define IMASTAGE_SNAPSHOT_H

#include <imastage/replay.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A view into the record it was parsed from. */
struct imastage_snapshot {
	uint64_t attempt;
	uint64_t nr_records; /* before it, since hard boot */
	unsigned int pcr; /* that of its record */
	struct imastage_bytes values; /* the text that names PCRs */
};

IMASTAGE_API bool
imastage_record_is_snapshot(const struct imastage_record *record);

/* -EBADMSG when the record is none, or its text is not of this form. */
IMASTAGE_API int
imastage_snapshot_parse(const struct imastage_record *record,
			struct imastage_snapshot *ret_snapshot);

/* The value that it gives for a PCR: its digits. -ENOENT when it has none. */
IMASTAGE_API int
imastage_snapshot_value(const struct imastage_snapshot *snapshot,
			enum imastage_bank bank, unsigned int pcr,
			struct imastage_bytes *ret_hex);

#define IMASTAGE_SNAPSHOT_DISAGREES 1

/*
 * Has @replay, which stands before the record, the value that it gives for its
 * own PCR? 0 when they agree in all banks that both have, or have none in common;
 * else IMASTAGE_SNAPSHOT_DISAGREES with the first that does not in *ret_bank.
 */
IMASTAGE_API int
imastage_snapshot_compare(const struct imastage_snapshot *snapshot,
			  const struct imastage_replay *replay,
			  enum imastage_bank *ret_bank);

/*
 * Gives @replay the values, so that the record itself is the next to extend.
 * -ENOENT, with some values set, when it lacks one that is replayed: in
 * *ret_bank and *ret_pcr, too.
 */
IMASTAGE_API int
imastage_snapshot_start(const struct imastage_snapshot *snapshot,
			struct imastage_replay *replay,
			enum imastage_bank *ret_bank, unsigned int *ret_pcr);

#ifdef __cplusplus
}
#endif

#endif
