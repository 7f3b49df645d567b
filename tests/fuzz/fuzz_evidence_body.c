// SPDX-License-Identifier: MIT
/*
 * Fuzz target: the body of a request to Keylime's verify/evidence, and the policy in it. What is
 * taken is written as plainly as it can be, and read again as the same.
 */
#include "base/base64.h"
#include "evidence/keylime_body.h"
#include "fuzz/promises.h"
#include "log/buffer.h"
#include "policy/read.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

static struct imastage_buffer written;

static void put(struct imastage_bytes bytes)
{
	must(buffer_put(&written, bytes) == 0);
}

static void put_text(const char *text)
{
	put(bytes_of_text(text));
}

/* In UTF-8 as it is; what has to be escaped by its number. */
static void put_string(const char *name, struct imastage_bytes string)
{
	char escaped[8];

	put_text(name);
	for (size_t i = 0; i < string.len; i++) {
		uint8_t c = string.data[i];

		snprintf(escaped, sizeof(escaped), "\\u%04x", c);
		if (c < ' ' || c == '"' || c == '\\')
			put_text(escaped);
		else
			put(bytes_of(&c, 1));
	}
	put_text("\"");
}

static void put_base64(const char *head, struct imastage_bytes bytes)
{
	char *text = malloc(BASE64_LEN(bytes.len) + 1);

	must(text != NULL);
	base64_encode(bytes, text);
	put_text(head);
	put(bytes_of(text, BASE64_LEN(bytes.len)));
	free(text);
}

static void write_again(const struct evidence_keylime_body *body)
{
	written.len = 0;
	put_base64("{\"data\":{\"quote\":\"r", body->quote.msg);
	put_base64(":", body->quote.sig);
	put_base64(":", body->quote.pcrs);
	put_string("\",\"nonce\":\"", body->nonce);
	put_text(",\"hash_alg\":\"");
	put_text(imastage_bank_name(body->bank));
	put_base64("\",\"tpm_ek\":\"x\",\"tpm_ak\":\"", body->ak);
	put_base64("\",\"mb_log\":\"", body->boot_log);
	put_string("\",\"ima_measurement_list\":\"", body->list);
	put_string(",\"runtime_policy\":\"", body->runtime_policy);
	put_text(",\"");
	put_text(body->other_policy ? body->other_policy : "mb_policy");
	put_text(body->other_policy ? "\":\"x\"}" : "\":null}");
	put_text(",\"type\":\"tpm\"}");
}

static void must_be_same(const struct evidence_keylime_body *a,
			 const struct evidence_keylime_body *b)
{
	must(bytes_equal(a->quote.msg, b->quote.msg) &&
	     bytes_equal(a->quote.sig, b->quote.sig) &&
	     bytes_equal(a->quote.pcrs, b->quote.pcrs) &&
	     bytes_equal(a->nonce, b->nonce) && bytes_equal(a->ak, b->ak) &&
	     bytes_equal(a->boot_log, b->boot_log) &&
	     bytes_equal(a->list, b->list) &&
	     bytes_equal(a->runtime_policy, b->runtime_policy) &&
	     a->bank == b->bank && a->other_policy == b->other_policy);
}

static void check_again(const struct evidence_keylime_body *body)
{
	struct evidence_keylime_body again;
	struct evidence_error error;

	write_again(body);
	must(evidence_keylime_body_parse(bytes_of(written.data, written.len),
					 &again, &error) == 0);
	must_be_same(body, &again);
	evidence_keylime_body_fini(&again);
}

static void check_policy(struct imastage_bytes text)
{
	struct policy_error error = { 0 };
	struct policy *policy;
	bool unchecked;
	int r = policy_read_sent(text, NULL, &policy, &unchecked, &error);

	must(r == 0 || (r == -EBADMSG && error.reason[0]));
	if (r == 0)
		policy_free(policy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct evidence_keylime_body body;
	struct evidence_error error;
	int r = evidence_keylime_body_parse(bytes_of(data, size), &body,
					    &error);

	if (r != 0) {
		must(r == -EBADMSG || r == EVIDENCE_BODY_MISSING);
		must(error.offset <= size && error.reason[0]);
		return 0;
	}
	must(body.nonce.len > 0 && body.ak.len > 0);
	must(body.nonce.len + body.ak.len + body.list.len + body.boot_log.len +
		     body.runtime_policy.len <
	     size);
	check_again(&body);
	check_policy(body.runtime_policy);
	evidence_keylime_body_fini(&body);
	return 0;
}
