// SPDX-License-Identifier: MIT
/*
 * Fuzz target: envelopes, and the text of checkpoints. An envelope that nobody accepted
 * signed is never opened. A checkpoint that is taken is written, and read again as the same.
 */
#include "base/bytes.h"
#include "fuzz/promises.h"
#include "verify/checkpoint.h"
#include "verify/checkpoint_text.h"

#include <errno.h>
#include <stdlib.h>

static struct dsse_key *key;
static struct imastage_buffer written, again;

static void check_envelope(struct imastage_bytes text)
{
	const struct dsse_keys keys = { 1, { key } };
	struct imastage_buffer payload = { 0 };
	struct evidence_error error = { 0, "" };
	const char *id = NULL;
	int r = dsse_open(text, CHECKPOINT_TYPE, &keys, &payload, &id, &error);

	must(r == -EBADMSG || r == DSSE_UNSIGNED || r == DSSE_OTHER_TYPE);
	must(!id && !payload.data);
	must(r != -EBADMSG || (error.reason[0] && error.offset <= text.len));
}

static void check_checkpoint(struct imastage_bytes text)
{
	static struct checkpoint checkpoint;
	struct evidence_error error;
	int r = checkpoint_parse(text, &checkpoint, &error);

	if (r < 0) {
		must(r == -EBADMSG && error.reason[0]);
		must(error.offset <= text.len);
		return;
	}
	must(checkpoint.carried.nr <= VERIFY_CARRIED_MAX);
	written.len = again.len = 0;
	must(checkpoint_write(&checkpoint, &written) == 0);
	must(checkpoint_parse(bytes_of(written.data, written.len), &checkpoint,
			      &error) == 0);
	must(checkpoint_write(&checkpoint, &again) == 0);
	must(bytes_equal(bytes_of(written.data, written.len),
			 bytes_of(again.data, again.len)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct imastage_bytes bytes = bytes_of(data, size);

	if (!key)
		must(dsse_key_new(&key) == 0);
	check_envelope(bytes);
	check_checkpoint(bytes);
	return 0;
}
