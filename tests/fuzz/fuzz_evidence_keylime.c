// SPDX-License-Identifier: MIT
/*
 * Fuzz target: a quote as Keylime's agents send it. What is taken has one text only: as
 * many characters as base64 needs for its parts.
 */
#include "evidence/keylime.h"
#include "fuzz/promises.h"

static size_t text_len(struct imastage_bytes part)
{
	return (part.len + 2) / 3 * 4;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct evidence_keylime quote;
	struct evidence_error error;
	int r = evidence_keylime_parse(bytes_of(data, size), &quote, &error);

	if (r < 0) {
		must(r == -EBADMSG && error.offset <= size && error.reason[0]);
		return 0;
	}
	must(size == 3 + text_len(quote.msg) + text_len(quote.sig) +
			     text_len(quote.pcrs));
	evidence_keylime_fini(&quote);
	return 0;
}
