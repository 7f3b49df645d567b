// SPDX-License-Identifier: MIT
/*
 * Keylime's quote, as drawn in keylime.h.
 */
#include "evidence/keylime.h"
#include "base/base64.h"

#include <stdlib.h>

/* What text and memory are left. */
struct rest {
	struct wire wire;
	struct imastage_bytes text;
	size_t offset; /* of it in the whole */
	uint8_t *memory;
};

static int take_part(struct rest *rest, bool last,
		     struct imastage_bytes *ret_part)
{
	size_t len = last ? rest->text.len : bytes_find(rest->text, ':');
	size_t decoded, at;

	if (!last && len == rest->text.len)
		return wire_fail_at(&rest->wire, rest->offset + len,
				    "it has not three parts");
	if (base64_decode(bytes_first(rest->text, len), rest->memory, &decoded,
			  &at) < 0)
		return wire_fail_at(&rest->wire, rest->offset + at,
				    "a part is not base64");
	*ret_part = bytes_of(decoded ? rest->memory : NULL, decoded);
	rest->memory += decoded;
	rest->text = bytes_skip(rest->text, len + 1);
	rest->offset += len + 1;
	return 0;
}

static int take_parts(struct rest *rest, struct evidence_keylime *quote)
{
	int r;

	if (rest->text.len == 0 || rest->text.data[0] != 'r')
		return wire_fail_at(&rest->wire, 0, "it does not begin with r");
	rest->text = bytes_skip(rest->text, 1);
	rest->offset = 1;
	r = take_part(rest, false, &quote->msg);
	if (r == 0)
		r = take_part(rest, false, &quote->sig);
	return r < 0 ? r : take_part(rest, true, &quote->pcrs);
}

int evidence_keylime_parse(struct imastage_bytes text,
			   struct evidence_keylime *ret_quote,
			   struct evidence_error *ret_error)
{
	struct evidence_keylime quote = { 0 };
	struct rest rest = { .text = text };
	int r;

	wire_init(&rest.wire, text, IMASTAGE_BIG, ret_error);
	if (text.len > EVIDENCE_KEYLIME_LEN_MAX)
		return -EFBIG;
	quote.memory = malloc(text.len + 1);
	if (!quote.memory)
		return -ENOMEM;
	rest.memory = quote.memory;
	r = take_parts(&rest, &quote);
	if (r < 0)
		evidence_keylime_fini(&quote);
	else
		*ret_quote = quote;
	return r;
}

void evidence_keylime_fini(struct evidence_keylime *quote)
{
	free(quote->memory);
	quote->memory = NULL;
}
