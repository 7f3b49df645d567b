// SPDX-License-Identifier: MIT
/*
 * Keys of machines that are to be trusted.
 */
#include "cmd/verifier/trust.h"
#include "base/bytes.h"
#include "tool/cli.h"

#include <string.h>

static void complain(const struct verify_verdict *verdict)
{
	for (size_t i = 0; i < verdict->nr_reasons; i++) {
		const struct verify_reason *reason = &verdict->reasons[i];

		cli_error("the attestation key: %s: %s%s%s",
			  verify_id_name(reason->id),
			  verify_id_meaning(reason->id),
			  *reason->text ? "; " : "", reason->text);
	}
}

int trust_set_ak(struct store_machine *machine, struct imastage_bytes ak)
{
	static struct verify_verdict verdict; /* large */
	struct evidence_public key;
	struct evidence_error error;

	verify_ak(ak, &verdict);
	if (verdict.result == VERIFY_REJECTED) {
		complain(&verdict);
		return CLI_REJECTED;
	}
	if (ak.len > sizeof(machine->ak.data) ||
	    evidence_public_parse(ak, &key, &error) ||
	    evidence_public_name(&key, &machine->ak_name) < 0) {
		cli_error("the attestation key: its name could not be made");
		return CLI_FAILED;
	}
	machine->ak.len = ak.len;
	memcpy(machine->ak.data, ak.data, ak.len);
	return CLI_OK;
}
