// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * The text of a snapshot_aggregate. See ima_snapshot.h for the format. Knows
 * nothing of the TPM, and compiles in user space, too.
 */

#include <linux/kernel.h>
#include <linux/string.h>

#include "ima.h"
#include "ima_snapshot.h"

/* Both counts, with the longest numbers. */
#define COUNTS_LEN	80

/* A name, ":PCR", a number, "=" and ";". */
#define PCR_LEN		(sizeof_field(struct ima_snapshot_bank, name) + 10)

/**
 * ima_snapshot_text_room - how long can the text get?
 * @snap: what it says, of which the counts and values need not be known yet
 *
 * Return: bytes, not less than ima_snapshot_text() writes.
 */
size_t ima_snapshot_text_room(const struct ima_snapshot *snap)
{
	size_t len = COUNTS_LEN;
	unsigned int i;

	for (i = 0; i < snap->nr_banks; i++)
		len += (size_t)snap->nr_pcrs *
		       (PCR_LEN + 2 * snap->banks[i].digest_len);
	return len;
}

/**
 * ima_snapshot_text - write the text of a snapshot_aggregate
 * @snap: what it says
 * @ret_text: where to
 * @room: bytes there, at least ima_snapshot_text_room()
 *
 * Return: its length in bytes; there is no NUL at the end.
 */
size_t ima_snapshot_text(const struct ima_snapshot *snap, char *ret_text,
			 size_t room)
{
	unsigned int bank, i;
	size_t len;

	len = scnprintf(ret_text, room, IMA_SNAPSHOT_BEGIN "%llu;Records=%llu;",
			snap->attempt, snap->nr_records);
	for (bank = 0; bank < snap->nr_banks; bank++) {
		const struct ima_snapshot_bank *b = &snap->banks[bank];

		for (i = 0; i < snap->nr_pcrs; i++) {
			len += scnprintf(ret_text + len, room - len,
					 "%s:PCR%u=", b->name, snap->pcrs[i]);
			bin2hex(ret_text + len, b->pcrs[i], b->digest_len);
			len += 2 * b->digest_len;
			ret_text[len++] = ';';
		}
	}
	return len;
}
