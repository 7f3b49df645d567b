// SPDX-License-Identifier: MIT
/*
 * Fuzz target: a TPM's key. One that is taken has names, which are those of its bytes.
 */
#include "evidence/public.h"
#include "fuzz/promises.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct imastage_bytes bytes = bytes_of(data, size);
	struct evidence_name name, qualified;
	struct evidence_error error;
	struct evidence_public key;
	int r = evidence_public_parse(bytes, &key, &error);

	if (r) {
		must(r == -EBADMSG || r == EVIDENCE_OTHER_TYPE);
		must(error.offset <= size && error.reason[0]);
		return 0;
	}
	must(bytes_equal(key.area, bytes_skip(bytes, 2)));
	must(key.type == EVIDENCE_ALG_RSA || key.type == EVIDENCE_ALG_ECC);
	must(key.modulus.len <= EVIDENCE_RSA_LEN_MAX);
	must(key.x.len <= EVIDENCE_ECC_LEN_MAX);
	must(key.y.len <= EVIDENCE_ECC_LEN_MAX);
	if (evidence_public_name(&key, &name) < 0)
		return 0; /* OpenSSL was built without the hash */
	must(name.len == 2 + imastage_bank_digest_len(key.name_hash));
	must(evidence_public_primary(&key, EVIDENCE_OWNER, &qualified) == 0);
	must(qualified.len == name.len);
	return 0;
}
