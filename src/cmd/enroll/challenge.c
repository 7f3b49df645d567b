// SPDX-License-Identifier: MIT
/*
 * imastage enroll challenge: a machine asks to be known; its endorsement key is looked at,
 * and a secret made that only the TPM with both keys can tell.
 */
#include "cmd/verifier/trust.h"
#include "cmd/verifier/place.h"
#include "base/bytes.h"
#include "base/file.h"
#include "base/util.h"
#include "cmd/cmd.h"
#include "tool/cli.h"
#include "tool/given.h"
#include "verify/credential.h"
#include "verify/ek.h"

#include <dirent.h>
#include <errno.h>
#include <openssl/rand.h>
#include <sys/stat.h>

#define CA_LEN_MAX ((size_t)4 << 20)
#define CA_MAX 64
#define EK_FILE_MAX ((size_t)16 << 10)

struct options {
	struct verifier_place place;
	const char *cas[CA_MAX];
	size_t nr_cas;
	const char *ek, *output;
	struct ek_roots *roots; /* owned */
	struct enroll_request request;
	struct store_machine machine;
};

static int set_ca(void *context, const char *value)
{
	struct options *options = context;

	if (options->nr_cas == CA_MAX)
		return cli_usage("more than %d times --ca; name a folder",
				 CA_MAX);
	options->cas[options->nr_cas++] = value;
	return *value ? 0 : -EINVAL;
}

static int set_ek(void *context, const char *value)
{
	((struct options *)context)->ek = value;
	return *value ? 0 : -EINVAL;
}

static int set_output(void *context, const char *value)
{
	((struct options *)context)->output = value;
	return 0;
}

static const struct opt opts[] = {
	{ .text = "Which endorsement keys (EK) are trusted:" },
	{ "ca", 0, "PATH",
	  "those with a certificate by one of these: a file in PEM or\n"
	  "DER, or a folder with some; may be given several times",
	  set_ca, "a file or a folder" },
	{ "ek", 0, "FILE",
	  "this one: TPM2B_PUBLIC, as of tpm2_createek -u, or PEM", set_ek,
	  "a file" },
	{ .text = "The challenge:" },
	{ "output", 'o', "FILE", "where it goes (standard output)", set_output,
	  "a file" },
	{ 0 },
};

static const struct command command = {
	.synopsis = "--ca PATH|--ek FILE [OPTION]... REQUEST",
	.summary = "Answers a machine's request to be enrolled, if its "
		   "endorsement key is trusted. The\nchallenge can be solved "
		   "only by the TPM that holds that key and the attestation "
		   "key.\n",
	.epilogue = "\n"
		    "Exit status: 0 made, 3 the request is refused, 1 it could "
		    "not be done, 2 usage.\n",
};

/* ---- certificates of makers -------------------------------------------------------- */

static int read_certificates(struct options *options, const char *path)
{
	cleanup_free uint8_t *data = NULL;
	size_t len;
	int r = file_read(path, CA_LEN_MAX, &data, &len);

	return r ? r : ek_roots_add(options->roots, bytes_of(data, len));
}

static int complain(const char *path, int r)
{
	if (r != -EBADMSG)
		return given_complain(path, "file of certificates", CA_LEN_MAX,
				      r);
	cli_error("%s: holds no certificate", path);
	return CLI_FAILED;
}

static int add_file(struct options *options, const char *path)
{
	int r = read_certificates(options, path);

	return r ? complain(path, r) : CLI_OK;
}

/* A CA's folder has its keys and settings, too: what holds no certificate is passed over. */
static int add_entry(struct options *options, const char *path, bool *found)
{
	struct stat attr;
	int r = 0;

	if (stat(path, &attr))
		r = -errno;
	else if (S_ISREG(attr.st_mode))
		r = read_certificates(options, path);
	else
		return CLI_OK;
	*found = *found || r == 0;
	return r == 0 || r == -EBADMSG ? CLI_OK : complain(path, r);
}

static int add_folder(struct options *options, const char *path)
{
	DIR *folder = opendir(path);
	struct dirent *entry;
	bool found = false;
	int status = CLI_OK;

	if (!folder)
		return complain(path, -errno);
	while (status == CLI_OK && (entry = readdir(folder))) {
		char name[4096];

		snprintf(name, sizeof(name), "%s/%s", path, entry->d_name);
		if (*entry->d_name != '.')
			status = add_entry(options, name, &found);
	}
	closedir(folder);
	return status != CLI_OK || found ? status : complain(path, -EBADMSG);
}

static int add_cas(struct options *options)
{
	int status = CLI_OK;

	if (ek_roots_new(&options->roots) < 0) {
		cli_error("no memory");
		return CLI_FAILED;
	}
	for (size_t i = 0; status == CLI_OK && i < options->nr_cas; i++) {
		struct stat attr;

		status = stat(options->cas[i], &attr) == 0 &&
					 S_ISDIR(attr.st_mode) ?
				 add_folder(options, options->cas[i]) :
				 add_file(options, options->cas[i]);
	}
	return status;
}

/* ---- the endorsement key ------------------------------------------------------------- */

static int refuse(const char *reason)
{
	cli_error("the request is refused: %s", reason);
	return CLI_REJECTED;
}

static int check_pinned(struct options *options,
			const struct evidence_public *ek)
{
	cleanup_free uint8_t *data = NULL;
	size_t len;
	int status = given_read(options->ek, "endorsement key", EK_FILE_MAX,
				&data, &len);
	int r = status == CLI_OK ? ek_is(ek, bytes_of(data, len)) : 0;

	if (status != CLI_OK)
		return status;
	if (r == 0)
		return refuse("its EK is not the one given");
	if (r < 0) {
		cli_error("%s: %s", options->ek,
			  r == -EBADMSG ? "is neither TPM2B_PUBLIC nor a "
					  "public key in PEM" :
					  strerror(-r));
		return CLI_FAILED;
	}
	options->machine.trust = STORE_EK_PINNED;
	snprintf(options->machine.trusted, sizeof(options->machine.trusted),
		 "the EK was given by an operator");
	return CLI_OK;
}

static int check_certified(struct options *options,
			   const struct evidence_public *ek)
{
	char text[EK_TEXT_MAX];
	int status = add_cas(options), r;

	if (status != CLI_OK)
		return status;
	if (options->request.ek_certificate.len == 0)
		return refuse("it has no EK certificate; if you know its EK, "
			      "give that with --ek");
	r = ek_check(options->roots,
		     message_view(&options->request.ek_certificate), ek, text);
	if (r == EK_BAD)
		return refuse(text);
	if (r < 0) {
		cli_error("the EK certificate: %s", strerror(-r));
		return CLI_FAILED;
	}
	options->machine.trust = STORE_EK_CERTIFICATE;
	snprintf(options->machine.trusted, sizeof(options->machine.trusted),
		 "%s", text);
	return CLI_OK;
}

static int check_ek(struct options *options, struct evidence_public *ek)
{
	struct evidence_error error;

	if (evidence_public_parse(message_view(&options->request.ek_pub), ek,
				  &error) ||
	    evidence_public_name(ek, &options->machine.ek_name) < 0)
		return refuse("its EK is no public area of RSA or ECC");
	return options->ek ? check_pinned(options, ek) :
			     check_certified(options, ek);
}

/* ---- the challenge ---------------------------------------------------------------------- */

static int write_challenge(const struct options *options,
			   const struct enroll_challenge *challenge)
{
	struct imastage_buffer text = { 0 };
	int status = CLI_FAILED;

	if (enroll_challenge_write(challenge, &text) == 0)
		status = verifier_write(options->output,
					bytes_of(text.data, text.len));
	else
		cli_error("the challenge could not be written");
	free(text.data);
	return status;
}

static int fill(const struct options *options, struct store *store,
		const struct evidence_public *ek, struct imastage_bytes secret,
		struct enroll_challenge *challenge)
{
	int r = credential_make(ek, &options->machine.ak_name, secret,
				challenge);

	if (r == CREDENTIAL_NO_EK)
		return refuse("its EK is no storage key of a kind that is "
			      "known: RSA, P-256 or P-384 with AES");
	if (r < 0) {
		cli_error("the credential: %s", strerror(-r));
		return CLI_FAILED;
	}
	snprintf(challenge->machine, sizeof(challenge->machine), "%s",
		 options->machine.id);
	snprintf(challenge->verifier, sizeof(challenge->verifier), "%s",
		 store_verifier(store));
	return CLI_OK;
}

static int make(struct options *options, struct store *store,
		const struct evidence_public *ek)
{
	struct enroll_challenge challenge = { 0 };
	uint8_t secret[CREDENTIAL_SECRET_LEN];
	const struct imastage_bytes view = bytes_of(secret, sizeof(secret));
	int status, r;

	if (RAND_priv_bytes(secret, sizeof(secret)) != 1) {
		cli_error("no random numbers");
		return CLI_FAILED;
	}
	r = store_begin_enrolment(store, &options->machine, view,
				  verifier_now());
	status = verifier_answer(r, options->machine.id);
	if (status == CLI_OK)
		status = fill(options, store, ek, view, &challenge);
	explicit_bzero(secret, sizeof(secret));
	return status == CLI_OK ? write_challenge(options, &challenge) : status;
}

static int read_request(struct options *options, const char *path)
{
	cleanup_free uint8_t *data = NULL;
	struct evidence_error error;
	size_t len;
	int status = given_read(path, "request", MESSAGE_LEN_MAX, &data, &len);

	if (status != CLI_OK)
		return status;
	if (enroll_request_parse(bytes_of(data, len), &options->request,
				 &error) == 0)
		return CLI_OK;
	cli_error("%s: byte %zu: %s", path, error.offset, error.reason);
	return CLI_REJECTED;
}

/* The TPM will say it in each quote, so an operator hears of it now. */
static int warn_of_hierarchy(const struct store_machine *machine)
{
	struct verify_verdict verdict = { 0 };
	struct evidence_public ak;
	struct evidence_error error;
	int r = evidence_public_parse(message_view(&machine->ak), &ak, &error);

	if (r == 0)
		r = verify_ak_hierarchy(&ak,
					bytes_of(machine->ak_qualified.bytes,
						 machine->ak_qualified.len),
					&verdict);
	if (r == 0 && verdict.nr_reasons > 0)
		cli_error("warning: %s: %s; %s",
			  verify_id_name(VERIFY_AK_HIERARCHY),
			  verify_id_meaning(VERIFY_AK_HIERARCHY),
			  verdict.reasons[0].text);
	return r < 0 ? CLI_FAILED : CLI_OK;
}

/* As it says of itself, but for what would move a cursor: the parser took printable ASCII. */
static int look_at(struct options *options, struct evidence_public *ek)
{
	const struct enroll_request *request = &options->request;
	int status = check_ek(options, ek);

	if (status == CLI_OK)
		status = trust_set_ak(&options->machine,
				      message_view(&request->ak_pub));
	memcpy(options->machine.host, request->host, sizeof(request->host));
	options->machine.ak_qualified.len = request->ak_qualified_name.len;
	memcpy(options->machine.ak_qualified.bytes,
	       request->ak_qualified_name.data, request->ak_qualified_name.len);
	if (status == CLI_OK)
		status = warn_of_hierarchy(&options->machine);
	return status;
}

static int run(struct options *options, const char *path)
{
	struct evidence_public ek;
	struct store *store;
	int status = read_request(options, path);

	if (status == CLI_OK)
		status = look_at(options, &ek);
	if (status == CLI_OK)
		status = verifier_open(&options->place, true, &store);
	if (status != CLI_OK)
		return status;
	status = make(options, store, &ek);
	store_close(store);
	return status;
}

int cmd_enroll_challenge(int argc, char **argv)
{
	static struct options options;
	const struct opt_group groups[] = {
		{ opts, &options },
		{ verifier_opts, &options.place },
	};
	const char *path;
	char **args;
	int status = opts_parse(&command, groups, 2, argc, argv, &args);

	if (status != CLI_OK)
		return status == OPTS_HELP ? CLI_OK : status;
	status = verifier_argument(args, "REQUEST", &path);
	if (status == CLI_OK && !options.nr_cas == !options.ek)
		status =
			cli_usage("give either --ca or --ek: which endorsement "
				  "keys are trusted");
	if (status == CLI_OK)
		status = run(&options, path);
	ek_roots_free(options.roots);
	return status;
}
