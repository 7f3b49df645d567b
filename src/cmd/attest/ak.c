// SPDX-License-Identifier: MIT
/*
 * imastage ak: the verbs about the attestation key.
 */
#include "cmd/attest/ak.h"
#include "base/bytes.h"
#include "base/hex.h"
#include "base/text.h"
#include "cmd/attest/machine.h"
#include "cmd/cmd.h"
#include "tool/cli.h"
#include "tool/json.h"

static const struct verb verbs[] = {
	{ "create", "have the TPM make one", cmd_ak_create },
	{ "show", "which one there is", cmd_ak_show },
	{ "export", "its public part, for a verifier", cmd_ak_export },
	{ 0 },
};

static const struct verb_table table = {
	.name = "imastage ak",
	.summary = "The attestation key, with which this machine's TPM signs "
		   "quotes.",
	.verbs = verbs,
};

int cmd_ak(int argc, char **argv)
{
	return verbs_run(&table, argc, argv);
}

static void print_json(const struct tpm_ak *ak, const char *place,
		       const char *kind)
{
	struct json json;

	json_start(&json, stdout, '{');
	json_text(&json, "place", place);
	json_text(&json, "algorithm", kind);
	json_hex(&json, "name", bytes_of(ak->name.bytes, ak->name.len));
	json_hex(&json, "qualified_name",
		 bytes_of(ak->qualified.bytes, ak->qualified.len));
	json_boolean(&json, "endorsement_primary", machine_is_endorsed(ak));
	json_hex(&json, "public", tpm_ak_public(ak));
	json_end(&json, '}');
}

static void print_name(const char *what, const struct evidence_name *name)
{
	char text[HEX_TEXT_LEN(EVIDENCE_NAME_MAX)];

	hex_encode(bytes_of(name->bytes, name->len), text);
	text_print_line(stdout, "%-16s %s", what, text);
}

void ak_print(const struct tpm_ak *ak, bool json)
{
	char place[TPM_FILE_MAX], kind[MACHINE_KIND_MAX];

	tpm_ak_place_print(&ak->place, place);
	machine_name_kind(ak, kind);
	if (json) {
		print_json(ak, place, kind);
		return;
	}
	text_print_line(stdout, "%-16s %s", "key", place);
	text_print_line(stdout, "%-16s %s", "algorithm", kind);
	text_print_line(stdout, "%-16s %s", "hierarchy",
			machine_is_endorsed(ak) ?
				"endorsement" :
				"another one, or below another key");
	print_name("name", &ak->name);
	print_name("qualified name", &ak->qualified);
}
