// SPDX-License-Identifier: MIT
/*
 * imastage ak export
 */
#include "base/bytes.h"
#include "base/hex.h"
#include "base/output.h"
#include "base/util.h"
#include "cmd/attest/machine.h"
#include "cmd/cmd.h"
#include "evidence/pkey.h"
#include "tool/cli.h"

#include <openssl/pem.h>

#include <errno.h>

enum form {
	FORM_PUBLIC,
	FORM_PEM,
	FORM_NAME,
	FORM_QUALIFIED
};

struct options {
	struct machine machine;
	enum form form;
	const char *output;
};

static int set_form(void *context, const char *value)
{
	static const char *const names[] = {
		[FORM_PUBLIC] = "public",
		[FORM_PEM] = "pem",
		[FORM_NAME] = "name",
		[FORM_QUALIFIED] = "qualified-name",
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (!strcmp(value, names[i])) {
			((struct options *)context)->form = (enum form)i;
			return 0;
		}
	}
	return -EINVAL;
}

static int set_output(void *context, const char *value)
{
	((struct options *)context)->output = value;
	return *value ? 0 : -EINVAL;
}

static const struct opt opts[] = {
	{ .text = "What is written:" },
	{ "as", 'F', "FORM",
	  "public (default): TPM2B_PUBLIC, as tpm2_readpublic -o\n"
	  "writes it; pem: the bare key, which says nothing of\n"
	  "what it is; name, qualified-name: in hex",
	  set_form, "public, pem, name or qualified-name" },
	{ "output", 'o', "FILE", "to FILE", set_output, "a file" },
	{ 0 },
};

static const struct command command = {
	.synopsis = "[OPTION]...",
	.summary = "Writes the public part of the attestation key, for a "
		   "verifier.\n",
};

static int write_pem(const struct tpm_ak *ak, FILE *file)
{
	struct evidence_public public;
	struct evidence_error error;
	EVP_PKEY *key = NULL;
	int r;

	if (evidence_public_parse(tpm_ak_public(ak), &public, &error) == 0)
		key = evidence_pkey(&public);
	if (!key)
		return -ENOTSUP;
	r = PEM_write_PUBKEY(file, key) == 1 ? 0 : -EIO;
	EVP_PKEY_free(key);
	return r;
}

static int write_name(const struct evidence_name *name, FILE *file)
{
	char text[HEX_TEXT_LEN(EVIDENCE_NAME_MAX)];

	hex_encode(bytes_of(name->bytes, name->len), text);
	return fprintf(file, "%s\n", text) < 0 ? -EIO : 0;
}

static int write_form(const struct tpm_ak *ak, enum form form, FILE *file)
{
	switch (form) {
	case FORM_PEM:
		return write_pem(ak, file);
	case FORM_NAME:
		return write_name(&ak->name, file);
	case FORM_QUALIFIED:
		return write_name(&ak->qualified, file);
	default:
		return fwrite(ak->public, 1, ak->public_len, file) ==
				       ak->public_len ?
			       0 :
			       -EIO;
	}
}

static int export(void *context, const struct tpm_ak *ak)
{
	const struct options *options = context;
	struct output output;
	int r = output_open(&output, options->output);

	if (r == 0)
		r = write_form(ak, options->form, output.file);
	if (r == 0)
		r = output_commit(&output);
	output_fini(&output);
	if (r == 0)
		return CLI_OK;
	if (r == -ENOTSUP)
		cli_error("OpenSSL has no such key; use --as public");
	else
		cli_error("%s: %s",
			  options->output ? options->output : "standard output",
			  path_strerror(r));
	return CLI_FAILED;
}

int cmd_ak_export(int argc, char **argv)
{
	struct options options = { 0 };

	return machine_use_ak(&command, opts, &options, &options.machine, argc,
			      argv, export);
}
