// SPDX-License-Identifier: MIT
/*
 * Fuzz target: PCR values as tpm2_quote writes them. Exactly the PCRs selected have one.
 */
#include "evidence/pcrs.h"
#include "fuzz/promises.h"

static void check_values(const struct evidence_pcrs *pcrs)
{
	uint8_t digest[IMASTAGE_DIGEST_MAX];
	unsigned int banks = 0;

	for (size_t i = 0; i < pcrs->selections.nr; i++) {
		enum imastage_bank bank;

		must(imastage_bank_by_tpm_alg(pcrs->selections.of[i].alg,
					      &bank) == 0);
		must(!(banks & 1u << bank));
		must(pcrs->values.set[bank] == pcrs->selections.of[i].pcrs);
		banks |= 1u << bank;
	}
	for (enum imastage_bank bank = 0; bank < IMASTAGE_NR_BANKS; bank++)
		must(banks & 1u << bank || pcrs->values.set[bank] == 0);
	must(evidence_pcrs_digest(pcrs, IMASTAGE_SHA256, digest) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct evidence_error error;
	struct evidence_pcrs pcrs;
	int r = evidence_pcrs_parse(bytes_of(data, size), &pcrs, &error);

	if (r == 0)
		check_values(&pcrs);
	else
		must(r == -EBADMSG && error.offset <= size && error.reason[0]);
	return 0;
}
