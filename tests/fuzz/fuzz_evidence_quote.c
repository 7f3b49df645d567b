// SPDX-License-Identifier: MIT
/*
 * Fuzz target: what a TPM signs, and its signature. All that comes out is in what went in,
 * and takes up all of it.
 */
#include "evidence/attest.h"
#include "evidence/signature.h"
#include "fuzz/promises.h"

static void must_be_inside(struct imastage_bytes view,
			   struct imastage_bytes all)
{
	must(view.len <= all.len);
	must(view.len == 0 || (view.data >= all.data &&
			       view.data + view.len <= all.data + all.len));
}

static void must_explain(int r, const struct evidence_error *error, size_t len)
{
	must(r == -EBADMSG || r == EVIDENCE_OTHER_MAGIC ||
	     r == EVIDENCE_OTHER_TYPE);
	must(error->offset <= len && error->reason[0]);
}

static void check_attest(struct imastage_bytes bytes)
{
	struct evidence_attest attest;
	struct evidence_error error;
	int r = evidence_attest_parse(bytes, &attest, &error);

	if (r) {
		must_explain(r, &error, bytes.len);
		return;
	}
	must_be_inside(attest.signer, bytes);
	must_be_inside(attest.qualifying, bytes);
	must_be_inside(attest.pcr_digest, bytes);
	must(attest.selections.nr <= IMASTAGE_SELECTIONS_MAX);
	for (size_t i = 0; i < attest.selections.nr; i++)
		must(attest.selections.of[i].pcrs >> IMASTAGE_NR_PCRS == 0);
	must(evidence_selections_equal(&attest.selections, &attest.selections));
	must(bytes.len == 41 + attest.signer.len + attest.qualifying.len +
				  attest.pcr_digest.len +
				  6 * attest.selections.nr);
}

static void check_signature(struct imastage_bytes bytes)
{
	struct evidence_signature signature;
	struct evidence_error error;
	int r = evidence_signature_parse(bytes, &signature, &error);

	if (r) {
		must_explain(r, &error, bytes.len);
		return;
	}
	must_be_inside(signature.rsa, bytes);
	must_be_inside(signature.r, bytes);
	must_be_inside(signature.s, bytes);
	must(signature.rsa.len + signature.r.len + signature.s.len + 6 <=
	     bytes.len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	check_attest(bytes_of(data, size));
	check_signature(bytes_of(data, size));
	return 0;
}
