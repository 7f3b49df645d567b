/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * A measurement record in memory, as small as it can be: one block that holds
 * what the files of the list show, and nothing that can be computed from it.
 *
 * While a record is made, IMA has it as a template entry: a block for itself, one
 * for each field, one for the digests of every bank of the TPM. Once the PCR is
 * extended, most of that is not needed any more. ima_record_new() packs it;
 * ima_record_view() makes a template entry of it again, for as long as it takes
 * to show it.
 *
 * Of the digests it keeps that of IMA's own hash, and sha1, which files without a
 * suffix show and the next kernel gets. Those of other banks are computed when
 * somebody reads the files of that bank.
 *
 * Included by ima.h, as the form of struct ima_queue_entry with staging.
 */
#ifndef _SECURITY_IMA_RECORD_H
#define _SECURITY_IMA_RECORD_H

#include <linux/list.h>
#include <linux/types.h>

/**
 * struct ima_queue_entry - a record, in one block with all that belongs to it
 * @later: place in one of the lists
 * @template_desc: names its fields (borrowed, there for ever)
 * @pcr: the PCR that it extended
 * @template_data_len: bytes of its template data, as serialized
 * @hashed: its digest is in the set of digests (under the lock of the list)
 * @bytes: its digests and fields, see ima_record.c
 *
 * But for @later and @hashed it never changes.
 */
struct ima_queue_entry {
	struct list_head later;
	struct ima_template_desc *template_desc;
	int pcr;
	u32 template_data_len;
	bool hashed;
	u8 bytes[];
};

/**
 * union ima_record_view - room for a record as a template entry
 * @entry: the template entry, without digests
 * @room: its fields
 */
union ima_record_view {
	struct ima_template_entry entry;
	u8 room[sizeof(struct ima_template_entry) +
		IMA_TEMPLATE_NUM_FIELDS_MAX * sizeof(struct ima_field_data)];
};

struct ima_queue_entry *ima_record_new(const struct ima_template_entry *entry);
void ima_record_free(struct ima_queue_entry *qe);
struct ima_template_entry *ima_record_view(const struct ima_queue_entry *qe,
					   union ima_record_view *ret_view);
const u8 *ima_record_digest(const struct ima_queue_entry *qe);
const u8 *ima_record_sha1(const struct ima_queue_entry *qe);
bool ima_record_is_violation(const struct ima_queue_entry *qe);
bool ima_record_is_snapshot(const struct ima_queue_entry *qe);

/* The event name of a snapshot_aggregate, and what its text begins with. */
#define IMA_SNAPSHOT_NAME	"snapshot_aggregate"
#define IMA_SNAPSHOT_BEGIN	"Snapshot_Attempt_Count="

#endif /* _SECURITY_IMA_RECORD_H */
