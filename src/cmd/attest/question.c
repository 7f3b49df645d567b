// SPDX-License-Identifier: MIT
/*
 * Challenges, nonces, PCRs. See question.h.
 */
#include "cmd/attest/question.h"
#include "base/bytes.h"
#include "base/hex.h"
#include "base/util.h"
#include "list/pcrs.h"
#include "tool/cli.h"
#include "tool/given.h"
#include "tool/parse.h"

#include <errno.h>
#include <time.h>

#define NONCE_RAW_MAX 31
#define PCRS_DEFAULT "sha256:0-10"

/* ---- options --------------------------------------------------------------- */

static int set_nonce(void *context, const char *value)
{
	struct question *question = context;

	question->has_nonce = true;
	return hex_decode(bytes_of_text(value), sizeof(question->nonce),
			  question->nonce, &question->nonce_len);
}

static int set_raw_32(void *context, const char *value)
{
	(void)value;
	((struct question *)context)->raw_32 = true;
	return 0;
}

static int set_from(void *context, const char *value)
{
	struct question *question = context;

	question->has_from = true;
	return parse_number(value, INT64_MAX, &question->from);
}

static int parse_selections(const char *value,
			    struct evidence_selections *ret_pcrs)
{
	struct imastage_selection selections[IMASTAGE_SELECTIONS_MAX];
	struct evidence_selections pcrs = { 0 };
	int r = pcrs_parse_selection(value, IMASTAGE_PCR_IMA, selections,
				     &pcrs.nr);

	for (size_t i = 0; r == 0 && i < pcrs.nr; i++) {
		pcrs.of[i].alg = imastage_bank_tpm_alg(selections[i].bank);
		pcrs.of[i].pcrs = selections[i].pcrs;
	}
	if (r == 0)
		*ret_pcrs = pcrs;
	return r;
}

static int set_pcrs(void *context, const char *value)
{
	struct question *question = context;

	question->has_pcrs = true;
	if (strchr(value, ':'))
		return parse_selections(value, &question->pcrs);
	question->bare_pcrs = 0;
	return parse_pcrs(bytes_of_text(value), &question->bare_pcrs);
}

static int set_banks(void *context, const char *value)
{
	return parse_banks(value, &((struct question *)context)->banks);
}

const struct opt question_opts[] = {
	{ .text = "Without a CHALLENGE, what is asked:" },
	{ "nonce", 'n', "HEX",
	  "what the quote carries to show that it is new: 16 to 31\nbytes",
	  set_nonce, "hex digits of up to 64 bytes" },
	{ "raw-32", 0, NULL, "one of 32 bytes, too, bound to nobody",
	  set_raw_32, NULL },
	{ "from", 'f', "N", "records from this index on (0)", set_from,
	  "the index of a record" },
	{ "pcrs", 'p', "PCRS",
	  "the PCRs that are quoted (" PCRS_DEFAULT
	  "), also\nlike 'sha256:0-10+sha1:10'",
	  set_pcrs, WANTED_PCRS ", or BANK:PCRS[+...]" },
	{ "bank", 'b', "BANKS", "of PCRs without a bank (sha256)", set_banks,
	  WANTED_BANKS },
	{ 0 },
};

/* ---- a challenge ----------------------------------------------------------- */

static int parse_challenge(struct question *question, const char *path,
			   struct imastage_bytes text)
{
	struct evidence_error error;
	int r = challenge_parse(text, &question->challenge, &error);

	if (r == 0)
		return CLI_OK;
	cli_error("%s: byte %zu: %s; ask the verifier for another challenge",
		  path, error.offset, error.reason);
	return CLI_FAILED;
}

static int read_challenge(struct question *question, const char *path)
{
	cleanup_free uint8_t *data = NULL;
	size_t len;
	int status =
		given_read(path, "challenge", MESSAGE_LEN_MAX, &data, &len);

	return status == CLI_OK ?
		       parse_challenge(question, path, bytes_of(data, len)) :
		       status;
}

/* What time it is only the verifier knows. */
static void note_expiry(const struct challenge *challenge)
{
	uint64_t now = (uint64_t)time(NULL);

	if (now > challenge->expires)
		cli_error("note: by this machine's clock the challenge has "
			  "expired; the verifier may refuse what answers it");
}

static int bind_nonce(struct question *question)
{
	const struct challenge *challenge = &question->challenge;
	int r = evidence_bind(message_view(&challenge->nonce),
			      bytes_of_text(challenge->verifier),
			      bytes_of_text(challenge->machine),
			      question->qualifying);

	if (r < 0) {
		cli_error("binding the nonce: %s", strerror(-r));
		return CLI_FAILED;
	}
	question->qualifying_len = EVIDENCE_BOUND_LEN;
	return CLI_OK;
}

static int take_challenge(struct question *question, const char *path)
{
	int status;

	if (question->has_nonce || question->has_from || question->has_pcrs ||
	    question->banks || question->raw_32)
		return cli_usage("a CHALLENGE says nonce, first record and "
				 "PCRs: --nonce, --raw-32, --from, --pcrs and "
				 "--bank go without one");
	status = read_challenge(question, path);
	if (status != CLI_OK)
		return status;
	question->has_challenge = true;
	question->from = question->challenge.from;
	question->pcrs = question->challenge.pcrs;
	note_expiry(&question->challenge);
	return bind_nonce(question);
}

/* ---- without one ----------------------------------------------------------- */

static int take_nonce(struct question *question)
{
	size_t max = question->raw_32 ? NONCE_RAW_MAX + 1 : NONCE_RAW_MAX;

	if (!question->has_nonce)
		return cli_usage("no CHALLENGE and no --nonce: whoever "
				 "verifies has to say what the quote carries");
	if (question->nonce_len < EVIDENCE_NONCE_MIN ||
	    question->nonce_len > max)
		return cli_usage("--nonce wants %d to %zu bytes, not %zu; %s",
				 EVIDENCE_NONCE_MIN, max, question->nonce_len,
				 "32 take --raw-32, and are bound to nobody");
	memcpy(question->qualifying, question->nonce, question->nonce_len);
	question->qualifying_len = question->nonce_len;
	return CLI_OK;
}

static void add_banks(struct question *question)
{
	struct evidence_selections *pcrs = &question->pcrs;
	unsigned int banks = question->banks ? question->banks :
					       1u << IMASTAGE_SHA256;

	for (int bank = 0; bank < IMASTAGE_NR_BANKS; bank++)
		if (banks & 1u << bank) {
			pcrs->of[pcrs->nr].alg = imastage_bank_tpm_alg(bank);
			pcrs->of[pcrs->nr++].pcrs = question->bare_pcrs;
		}
}

static int take_pcrs(struct question *question)
{
	if (question->pcrs.nr && question->banks)
		return cli_usage("--bank is for PCRs that are given without "
				 "one");
	if (!question->has_pcrs)
		question->bare_pcrs = 0x7ff;
	if (question->pcrs.nr == 0)
		add_banks(question);
	return CLI_OK;
}

/* Nothing else shows where the list was when the TPM was asked. */
static int check_pcrs(const struct question *question)
{
	for (size_t i = 0; i < question->pcrs.nr; i++)
		if (question->pcrs.of[i].pcrs & 1u << IMASTAGE_PCR_IMA)
			return CLI_OK;
	if (question->has_challenge) {
		cli_error("the challenge does not ask for PCR %d, without "
			  "which a quote proves no record",
			  IMASTAGE_PCR_IMA);
		return CLI_FAILED;
	}
	return cli_usage("--pcrs: without PCR %d a quote proves no record",
			 IMASTAGE_PCR_IMA);
}

int question_complete(struct question *question, const char *path)
{
	int status = path ? take_challenge(question, path) :
			    take_nonce(question);

	if (status == CLI_OK && !path)
		status = take_pcrs(question);
	return status == CLI_OK ? check_pcrs(question) : status;
}

uint64_t question_first(const struct question *question, uint32_t resets)
{
	return question->has_challenge && question->from &&
			       question->challenge.resets != resets ?
		       0 :
		       question->from;
}
