// SPDX-License-Identifier: MIT
/*
 * Fuzz target: a saved replay. What is accepted is saved again to the same
 * bytes. The checksum would stop nearly every input at the door, so the input
 * is tried as it is, and with its last 32 bytes made right.
 */
#include "base/bytes.h"
#include "fuzz/promises.h"
#include "log/hash.h"

#include <errno.h>
#include <stdlib.h>

#define CHECKSUM_LEN 32

static void check_state(struct imastage_bytes state)
{
	struct imastage_buffer saved = { 0 };
	struct imastage_replay *replay;
	const char *reason = NULL;
	int r = imastage_replay_load(state, &reason, &replay);

	if (r < 0) {
		must(reason && (r == -EBADMSG || r == -ENOTSUP));
		return;
	}
	must(imastage_replay_save(replay, imastage_sink_buffer(&saved)) == 0);
	must(bytes_equal(bytes_of(saved.data, saved.len), state));
	imastage_replay_free(replay);
	free(saved.data);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct imastage_bytes state = bytes_of(data, size);
	uint8_t *copy;
	struct hash hash;

	check_state(state);
	if (size < CHECKSUM_LEN)
		return 0;
	copy = malloc(size);
	must(copy != NULL);
	memcpy(copy, data, size);
	must(hash_init(&hash, IMASTAGE_SHA256) == 0);
	must(hash_two(&hash, bytes_of(copy, size - CHECKSUM_LEN),
		      bytes_of(NULL, 0), copy + size - CHECKSUM_LEN) == 0);
	hash_fini(&hash);
	check_state(bytes_of(copy, size));
	free(copy);
	return 0;
}
