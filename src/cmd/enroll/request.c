// SPDX-License-Identifier: MIT
/*
 * imastage enroll request
 */
#include "base/bytes.h"
#include "base/file.h"
#include "base/util.h"
#include "cmd/attest/machine.h"
#include "cmd/cmd.h"
#include "cmd/enroll/message_file.h"
#include "evidence/enroll.h"
#include "tool/cli.h"
#include "tpm/credential.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <errno.h>

struct options {
	struct machine machine;
	bool has_kind;
	enum tpm_ek_kind kind;
	const char *certificate, *host, *output;
};

static int set_kind(void *context, const char *value)
{
	struct options *options = context;

	options->has_kind = true;
	return tpm_ek_kind_parse(value, &options->kind);
}

static int set_certificate(void *context, const char *value)
{
	((struct options *)context)->certificate = value;
	return *value ? 0 : -EINVAL;
}

static int set_host(void *context, const char *value)
{
	((struct options *)context)->host = value;
	return strlen(value) <= ENROLL_HOST_MAX ? 0 : -EINVAL;
}

static int set_output(void *context, const char *value)
{
	((struct options *)context)->output = value;
	return *value ? 0 : -EINVAL;
}

static const struct opt opts[] = {
	{ .text = "What is in the request:" },
	{ "ek", 'e', "TYPE",
	  "the endorsement key: ecc-p256, ecc-p384 or rsa-2048 (the\n"
	  "one with a certificate)",
	  set_kind, "ecc-p256, ecc-p384 or rsa-2048" },
	{ "ek-certificate", 0, "FILE",
	  "its certificate, DER or PEM, where the TPM has none;\n"
	  "'none': without it",
	  set_certificate, "a file, or none" },
	{ "host", 'H', "NAME", "what this machine is called (its host name)",
	  set_host, "a name of up to 255 bytes" },
	{ "output", 'o', "FILE", "write it to FILE", set_output, "a file" },
	{ 0 },
};

static const struct command command = {
	.synopsis = "[OPTION]...",
	.summary = "Writes who this machine's TPM is, and its attestation key, "
		   "for a verifier:\n"
		   "'imastage enroll challenge' takes it there.\n",
};

/* ---- the certificate -------------------------------------------------------- */

/* DER, or the first certificate in PEM. */
static X509 *parse_certificate(const uint8_t *data, size_t len)
{
	const uint8_t *at = data;
	BIO *bio = BIO_new_mem_buf(data, (int)len);
	X509 *certificate = bio ? PEM_read_bio_X509(bio, NULL, NULL, NULL) :
				  NULL;

	if (!certificate)
		certificate = d2i_X509(NULL, &at, (long)len);
	BIO_free(bio);
	ERR_clear_error();
	return certificate;
}

/* As DER. -EBADMSG: it is none. */
static int take_certificate(const uint8_t *data, size_t len, struct tpm_ek *ek)
{
	X509 *certificate = parse_certificate(data, len);
	int der_len = certificate ? i2d_X509(certificate, NULL) : -1;
	uint8_t *to = ek->certificate;
	int r = -EBADMSG;

	if (der_len > 0 && (size_t)der_len <= sizeof(ek->certificate)) {
		ek->certificate_len = (size_t)i2d_X509(certificate, &to);
		r = 0;
	}
	X509_free(certificate);
	return r;
}

#define CERTIFICATE_FILE_MAX ((size_t)64 << 10)

static int read_certificate(const char *path, struct tpm_ek *ek)
{
	cleanup_free uint8_t *data = NULL;
	size_t len;
	int r;

	ek->certificate_len = 0;
	if (!strcmp(path, "none"))
		return CLI_OK;
	r = file_read(path, CERTIFICATE_FILE_MAX, &data, &len);
	if (r == 0)
		r = take_certificate(data, len, ek);
	if (r == 0)
		return CLI_OK;
	cli_error("%s: %s", path,
		  r == -EBADMSG || r == -EFBIG ?
			  "it is no certificate in DER or PEM; give another "
			  "file, or none" :
			  strerror(-r));
	return CLI_FAILED;
}

/* ---- the request -------------------------------------------------------------- */

static int read_ek(struct options *options, struct tpm_ek *ret_ek)
{
	struct tpm *tpm = options->machine.tpm;
	enum tpm_ek_kind kind = options->kind;
	int r = options->has_kind ? 0 : tpm_ek_choose(tpm, &kind);

	if (r == 0)
		r = tpm_ek_read(tpm, kind, options->certificate == NULL,
				ret_ek);
	if (r < 0)
		return machine_complain(&options->machine, r);
	return options->certificate ?
		       read_certificate(options->certificate, ret_ek) :
		       CLI_OK;
}

#define PUT(member, bytes, length)                         \
	do {                                               \
		(member)->len = (length);                  \
		memcpy((member)->data, (bytes), (length)); \
	} while (0)

static void fill(struct enroll_request *request, const struct tpm_ek *ek,
		 const struct tpm_ak *ak, const char *host)
{
	_Static_assert(sizeof(ek->public) <= sizeof(request->ek_pub.data) &&
			       sizeof(ak->public) <=
				       sizeof(request->ak_pub.data) &&
			       sizeof(ek->certificate) <=
				       sizeof(request->ek_certificate.data),
		       "all that a TPM may have");
	PUT(&request->ek_pub, ek->public, ek->public_len);
	PUT(&request->ek_certificate, ek->certificate, ek->certificate_len);
	PUT(&request->ak_pub, ak->public, ak->public_len);
	PUT(&request->ak_qualified_name, ak->qualified.bytes,
	    ak->qualified.len);
	if (host)
		snprintf(request->host, sizeof(request->host), "%s", host);
	else if (gethostname(request->host, sizeof(request->host) - 1) < 0)
		request->host[0] = '\0';
}

static int write_request(const struct options *options, const struct tpm_ek *ek,
			 const struct tpm_ak *ak)
{
	static struct enroll_request request; /* it is large */
	struct imastage_buffer text = { 0 };
	int status, r;

	fill(&request, ek, ak, options->host);
	r = enroll_request_write(&request, &text);
	if (r == -EINVAL) {
		cli_error("'%s' is no name of a host: printable ASCII "
			  "characters only; give another one with --host",
			  request.host);
		status = CLI_FAILED;
	} else if (r < 0) {
		cli_error("%s", strerror(-r));
		status = CLI_FAILED;
	} else {
		status = message_file_write(options->output, &text);
	}
	free(text.data);
	return status;
}

static int request(void *context, const struct tpm_ak *ak)
{
	struct options *options = context;
	struct tpm_ek ek;
	int status = read_ek(options, &ek);

	return status == CLI_OK ? write_request(options, &ek, ak) : status;
}

int cmd_enroll_request(int argc, char **argv)
{
	struct options options = { 0 };

	return machine_use_ak(&command, opts, &options, &options.machine, argc,
			      argv, request);
}
