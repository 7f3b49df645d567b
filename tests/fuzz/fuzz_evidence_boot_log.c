// SPDX-License-Identifier: MIT
/*
 * Fuzz target: a firmware's event log. In pieces of any length it is the same, and where it
 * is wrong, the place is in it.
 */
#include "base/bytes.h"
#include "evidence/boot_log.h"
#include "fuzz/promises.h"

struct bytes_left {
	struct imastage_bytes rest;
	size_t step;
};

static ssize_t read_piece(void *context, void *data, size_t len)
{
	struct bytes_left *left = context;
	struct imastage_bytes piece =
		bytes_first(left->rest, len < left->step ? len : left->step);

	if (piece.len > 0)
		memcpy(data, piece.data, piece.len);
	left->rest = bytes_skip(left->rest, piece.len);
	return (ssize_t)piece.len;
}

static int replay(struct imastage_bytes bytes, size_t step,
		  struct boot_log *ret_log, struct evidence_error *ret_error)
{
	struct bytes_left left = { bytes, step };
	const struct imastage_source source = { read_piece, &left };

	return boot_log_replay(source, ret_log, ret_error);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct boot_log whole, split;
	struct evidence_error error, other;
	int r = replay(bytes_of(data, size), SIZE_MAX, &whole, &error);

	must(replay(bytes_of(data, size), 3, &split, &other) == r);
	if (r < 0) {
		must(r == -EBADMSG && error.offset <= size && error.reason[0]);
		must(error.offset == other.offset &&
		     error.reason == other.reason);
		return 0;
	}
	must(!memcmp(&whole, &split, sizeof(whole)));
	must(whole.banks == 0 || whole.nr_events > 0);
	must(whole.agile || whole.banks == 1u << IMASTAGE_SHA1);
	return 0;
}
