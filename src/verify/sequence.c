// SPDX-License-Identifier: MIT
/*
 * What one file after the other comes to.
 */
#include "verify/sequence.h"

#include <errno.h>
#include <stdlib.h>

void verify_sequence_fini(struct verify_sequence *sequence)
{
	free(sequence->envelope.data);
	memset(&sequence->envelope, 0, sizeof(sequence->envelope));
}

/* ---- the checkpoint -------------------------------------------------------- */

/* Of a key in PEM there is none: it is empty then. */
static int name_of_key(const struct verify_sequence *sequence,
		       struct evidence_name *ret_name)
{
	struct evidence_public key;
	struct evidence_error error;

	memset(ret_name, 0, sizeof(*ret_name));
	if (evidence_public_parse(sequence->request.ak, &key, &error))
		return 0;
	return evidence_public_name(&key, ret_name);
}

static bool is_ours(const struct verify_sequence *sequence,
		    const struct evidence_name *name)
{
	const struct checkpoint *checkpoint = &sequence->checkpoint;

	return bytes_equal(bytes_of(checkpoint->ak_name.bytes,
				    checkpoint->ak_name.len),
			   bytes_of(name->bytes, name->len)) &&
	       !strcmp(checkpoint->machine, sequence->machine);
}

static int refuse(struct verify_verdict *verdict, enum verify_id id)
{
	verify_say(verdict, id, NULL);
	verify_reject(verdict);
	return 0;
}

static int keep_envelope(struct verify_sequence *sequence,
			 struct imastage_bytes envelope)
{
	struct imastage_buffer copy = { 0 };
	struct imastage_sink sink = imastage_sink_buffer(&copy);
	int r = sink.write(sink.context, envelope.data, envelope.len);

	if (r < 0) {
		free(copy.data);
		return r;
	}
	verify_sequence_fini(sequence);
	sequence->envelope = copy;
	sequence->has_checkpoint = true;
	return 1;
}

int verify_sequence_resume(struct verify_sequence *sequence,
			   struct imastage_bytes envelope,
			   const struct dsse_keys *keys,
			   struct verify_verdict *ret_verdict)
{
	struct evidence_error error = { 0 };
	struct evidence_name name;
	int r = checkpoint_open(envelope, keys, &sequence->checkpoint, &error);

	memset(ret_verdict, 0, sizeof(*ret_verdict));
	if (r == -EBADMSG) {
		verify_add_error(ret_verdict, VERIFY_CHECKPOINT_FORM, &error);
		verify_reject(ret_verdict);
		return 0;
	}
	if (r == DSSE_UNSIGNED)
		return refuse(ret_verdict, VERIFY_CHECKPOINT_SIGNATURE);
	if (r == DSSE_OTHER_TYPE)
		return refuse(ret_verdict, VERIFY_CHECKPOINT_FORM);
	if (r == 0)
		r = name_of_key(sequence, &name);
	if (r < 0)
		return r;
	if (!is_ours(sequence, &name))
		return refuse(ret_verdict, VERIFY_CHECKPOINT_MACHINE);
	return keep_envelope(sequence, envelope);
}

int verify_sequence_advance(struct verify_sequence *sequence,
			    const struct verify_verdict *verdict)
{
	static const uint8_t unsigned_hash[CHECKPOINT_HASH_LEN];
	uint8_t hash[CHECKPOINT_HASH_LEN];
	struct checkpoint next;
	struct evidence_name name;
	int r = name_of_key(sequence, &name);

	memcpy(hash, unsigned_hash, sizeof(hash));
	if (r == 0 && sequence->envelope.len > 0)
		r = checkpoint_hash(bytes_of(sequence->envelope.data,
					     sequence->envelope.len),
				    hash);
	if (r == 0)
		r = checkpoint_make(
			sequence->has_checkpoint ? &sequence->checkpoint : NULL,
			hash, sequence->machine, &name, verdict, sequence->now,
			&next);
	if (r) /* not proved is no error */
		return r < 0 ? r : 0;
	sequence->checkpoint = next;
	sequence->has_checkpoint = true;
	if (!sequence->key)
		return 0;
	verify_sequence_fini(sequence);
	return checkpoint_sign(&next, sequence->key, &sequence->envelope);
}

/* ---- files ------------------------------------------------------------------ */

bool verify_sequence_goes_on(const struct verify_sequence *sequence,
			     uint64_t first)
{
	return sequence->has_checkpoint && first > 0 &&
	       first == sequence->checkpoint.next;
}

bool verify_sequence_from_snapshot(const struct verify_sequence *sequence,
				   uint64_t first)
{
	return sequence->request.from_snapshot && first > 0 &&
	       !sequence->has_checkpoint;
}

/* 1: *ret_request is complete; 0: a verdict. */
static int make_request(const struct verify_sequence *sequence,
			const struct container_small *small,
			struct verify_request *ret_request,
			struct verify_verdict *ret_verdict)
{
	bool goes_on = verify_sequence_goes_on(sequence, small->manifest.first);

	*ret_request = sequence->request;
	ret_request->history = small->manifest.kind == MANIFEST_HISTORY;
	ret_request->from_snapshot =
		verify_sequence_from_snapshot(sequence, small->manifest.first);
	if (ret_request->from_snapshot)
		ret_request->first_index = small->manifest.first;
	if (!sequence->has_checkpoint)
		return 1;
	if (goes_on && !checkpoint_covers(&sequence->checkpoint,
					  &sequence->request.asked)) {
		memset(ret_verdict, 0, sizeof(*ret_verdict));
		return refuse(ret_verdict, VERIFY_CHECKPOINT_BANKS);
	}
	checkpoint_apply(&sequence->checkpoint, goes_on, ret_request);
	return 1;
}

static int run(struct verify_sequence *sequence, struct verify_file *file,
	       struct verify_verdict *ret_verdict)
{
	const struct container_small *small;
	struct verify_request request;
	int r = verify_file_open(file, &small);

	if (r == VERIFY_FILE_REFUSED) {
		verify_file_refuse(file, ret_verdict);
		return 0;
	}
	if (r < 0)
		return r;
	sequence->last_kind = small->manifest.kind;
	r = make_request(sequence, small, &request, ret_verdict);
	if (r > 0)
		r = verify_file_run(file, &request, ret_verdict);
	return r;
}

int verify_sequence_next(struct verify_sequence *sequence,
			 struct imastage_source source,
			 struct verify_verdict *ret_verdict)
{
	struct verify_file *file;
	int r;

	memset(ret_verdict, 0, sizeof(*ret_verdict));
	r = verify_file_new(source, sequence->records_max, &file);
	if (r < 0)
		return r;
	r = run(sequence, file, ret_verdict);
	verify_file_free(file);
	if (r == 0)
		r = verify_sequence_advance(sequence, ret_verdict);
	if (r < 0)
		ret_verdict->result = VERIFY_NONE;
	return r;
}

void verify_sequence_end(const struct verify_sequence *sequence,
			 struct verify_verdict *verdict)
{
	if (sequence->last_kind != MANIFEST_HISTORY ||
	    verdict->result == VERIFY_NONE)
		return;
	verify_say(verdict, VERIFY_QUOTE_UNDATED, NULL);
	verify_conclude(verdict);
}
