/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * snapshot_aggregate: a record that holds the values of the PCRs, and so a new
 * root of trust. What comes after it can be verified without what came before:
 * a replay starts with the value that it gives for the PCR that IMA extends.
 *
 * It is an ima-buf record, whose data is text:
 *
 *	Snapshot_Attempt_Count=<n>;	attempts since hard boot, this one included
 *	Records=<n>;			absolute index of this record
 *	<algo>:PCR<i>=<hex>;		for each bank, for each of the PCRs
 *
 * The PCRs are 0 to 10, and the one that IMA extends if that is another.
 */
#ifndef _SECURITY_IMA_SNAPSHOT_H
#define _SECURITY_IMA_SNAPSHOT_H

#include <linux/types.h>

#define IMA_SNAPSHOT_PCRS	12

/**
 * struct ima_snapshot_bank - the PCRs of a bank
 * @name: its algorithm, as the kernel names it
 * @digest_len: bytes of a PCR
 * @pcrs: their values, in the order of struct ima_snapshot
 */
struct ima_snapshot_bank {
	char name[24];
	unsigned int digest_len;
	u8 pcrs[IMA_SNAPSHOT_PCRS][64];
};

/**
 * struct ima_snapshot - what a snapshot_aggregate says
 * @attempt: attempts since hard boot
 * @nr_records: records before it, since hard boot
 * @nr_pcrs: PCRs of each bank
 * @pcrs: their numbers
 * @nr_banks: banks
 * @banks: their values
 */
struct ima_snapshot {
	u64 attempt;
	u64 nr_records;
	unsigned int nr_pcrs;
	unsigned int pcrs[IMA_SNAPSHOT_PCRS];
	unsigned int nr_banks;
	struct ima_snapshot_bank *banks;
};

size_t ima_snapshot_text_room(const struct ima_snapshot *snap);
size_t ima_snapshot_text(const struct ima_snapshot *snap, char *ret_text,
			 size_t room);

#endif /* _SECURITY_IMA_SNAPSHOT_H */
