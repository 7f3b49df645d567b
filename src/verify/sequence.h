/* SPDX-License-Identifier: MIT */
/*
 * Evidence files of one machine, in their order: each goes on from where the last one that
 * was proved ended. After a boot the history of the boot before comes first, then the live
 * file from record 0.
 *
 *	struct verify_sequence sequence = { .request = ..., .machine = "m" };
 *
 *	verify_sequence_resume(&sequence, envelope, &keys, &verdict);	(if there is one)
 *	for each file
 *		verify_sequence_next(&sequence, source, &verdict);
 *	verify_sequence_end(&sequence, &verdict);	(of the last file)
 *	... sequence.envelope is the new checkpoint ...
 *	verify_sequence_fini(&sequence);
 */
#ifndef VERIFY_SEQUENCE_H
#define VERIFY_SEQUENCE_H

#include "verify/checkpoint.h"
#include "verify/file.h"

struct verify_sequence {
	/*
	 * Set by the caller: what is the same for all files. The nonce is for live ones. With
	 * from_snapshot the first list may begin at a snapshot_aggregate, without a checkpoint.
	 */
	struct verify_request request;
	const char *machine; /* id; may be empty */
	uint64_t now; /* in seconds since 1970, for checkpoints */
	const struct dsse_key *key; /* signs checkpoints; NULL: none is made */
	uint64_t records_max; /* as container_new() */

	bool has_checkpoint;
	struct checkpoint
		checkpoint; /* where the last one that was proved ended */
	struct imastage_buffer envelope; /* of it, if it was signed; owned */
	enum manifest_kind last_kind; /* of the last file */
};

void verify_sequence_fini(struct verify_sequence *sequence);

/*
 * Goes on from a checkpoint. 1; 0 with a verdict when it is refused: by its form, its
 * signature, or as another machine's; -ENOMEM.
 */
int verify_sequence_resume(struct verify_sequence *sequence,
			   struct imastage_bytes envelope,
			   const struct dsse_keys *keys,
			   struct verify_verdict *ret_verdict);

/*
 * The next file. As verify_quote(), but that what a machine sends is no reason for an
 * error: a live file where no nonce was asked with is -EINVAL.
 */
int verify_sequence_next(struct verify_sequence *sequence,
			 struct imastage_source source,
			 struct verify_verdict *ret_verdict);

/* After the last file, whose verdict it completes. */
void verify_sequence_end(const struct verify_sequence *sequence,
			 struct verify_verdict *verdict);

/* Does a list that begins at @first begin where the checkpoint ends? */
bool verify_sequence_goes_on(const struct verify_sequence *sequence,
			     uint64_t first);

/* Does such a list begin at a snapshot_aggregate? Only where the request allows it. */
bool verify_sequence_from_snapshot(const struct verify_sequence *sequence,
				   uint64_t first);

/* A verdict that was proved is where the next one goes on from. 0, -ENOMEM, -EIO */
int verify_sequence_advance(struct verify_sequence *sequence,
			    const struct verify_verdict *verdict);

#endif
