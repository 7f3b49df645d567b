// SPDX-License-Identifier: MIT
/*
 * The keeper's own quotes. See self.h.
 */
#include "attest/self.h"

#include "base/bytes.h"
#include "evidence/qualifying.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

#define QUOTED 0x7ffu /* PCR 0 to 10 */

/* ---- asking ---------------------------------------------------------------- */

/* A bank of SHA-1 proves nothing by itself. */
static int choose_bank(struct tpm *tpm, struct evidence_selections *ret_pcrs)
{
	int r = tpm_connect(tpm), bank = IMASTAGE_SHA256;
	unsigned int banks;

	if (r < 0)
		return r;
	banks = tpm_banks(tpm) & ~(1u << IMASTAGE_SHA1);
	if (banks == 0)
		return -ENOENT;
	if (!(banks & 1u << bank))
		bank = __builtin_ctz(banks);
	*ret_pcrs = (struct evidence_selections){ .nr = 1 };
	ret_pcrs->of[0].alg = imastage_bank_tpm_alg(bank);
	ret_pcrs->of[0].pcrs = QUOTED;
	return 0;
}

int self_quote_ask(struct tpm *tpm, const struct tpm_ak *ak,
		   struct self_quote *quote)
{
	uint8_t data[EVIDENCE_BOUND_LEN];
	struct evidence_selections pcrs;
	int r = choose_bank(tpm, &pcrs);

	if (r == 0)
		r = evidence_bind_chain(quote->chain.value,
					quote->chain.chained, data);
	if (r == 0)
		r = tpm_quote(tpm, ak, &pcrs, bytes_of(data, sizeof(data)),
			      &quote->quote);
	if (r == 0)
		r = tpm_read_selections(tpm, &pcrs, &quote->read);
	if (r < 0)
		return r;
	quote->ak_len = ak->public_len;
	memcpy(quote->ak, ak->public, ak->public_len);
	quote->time = (int64_t)time(NULL);
	return 0;
}

/* ---- keeping --------------------------------------------------------------- */

static int add(struct archive *archive, const struct self_quote *quote,
	       const struct attest_prefix *prefix)
{
	struct archive_quote row = {
		.boot = quote->boot,
		.chained = quote->chain.chained,
		.end = prefix->end,
		.created = quote->time,
		.msg = tpm_quote_msg(&quote->quote),
		.sig = tpm_quote_sig(&quote->quote),
		.ak = bytes_of(quote->ak, quote->ak_len),
	};
	struct imastage_buffer pcrs = { 0 };
	int r = evidence_pcrs_write(&prefix->pcrs, &pcrs);

	memcpy(row.chain, quote->chain.value, sizeof(row.chain));
	row.pcrs = bytes_of(pcrs.data, pcrs.len);
	if (r == 0)
		r = archive_add_quote(archive, &row);
	free(pcrs.data);
	return r;
}

static int align(struct archive *archive, const struct archive_boot *boot,
		 const struct self_quote *quote,
		 struct attest_prefix *ret_prefix)
{
	struct attest_records *records;
	int r = attest_records_archived(archive, boot, NULL, &records);

	if (r < 0)
		return r;
	r = attest_align_quote(records, &quote->quote, &quote->read,
			       quote->chain.chained, false, ret_prefix);
	attest_records_close(records);
	return r;
}

int self_quote_keep(struct archive *archive, const struct self_quote *quote,
		    uint64_t *ret_end)
{
	struct attest_prefix prefix;
	struct archive_boot boot;
	int r = archive_last_boot(archive, &boot);

	if (r == IMASTAGE_END || (r == 0 && boot.id != quote->boot))
		return -ESTALE;
	if (r == 0)
		r = align(archive, &boot, quote, &prefix);
	if (r == 0)
		r = add(archive, quote, &prefix);
	/* Archived, and the TPM was not yet extended with it: another quote has it. */
	if (r == IMASTAGE_END || r == -ERANGE)
		return -EAGAIN;
	if (r == 0)
		*ret_end = prefix.end;
	return r;
}

/* ---- showing --------------------------------------------------------------- */

static int take(struct imastage_bytes part, uint8_t *to, size_t room,
		size_t *ret_len)
{
	if (part.len > room)
		return -EBADMSG;
	memcpy(to, part.data, part.len);
	*ret_len = part.len;
	return 0;
}

int self_quote_evidence(const struct archive_quote *kept,
			struct attest_evidence *ret_evidence,
			struct attest_chain *ret_chain)
{
	struct attest_evidence evidence = { .end = kept->end };
	struct tpm_quote *quote = &evidence.quote;
	struct evidence_attest attest;
	struct evidence_error error;
	int r = take(kept->msg, quote->msg, sizeof(quote->msg),
		     &quote->msg_len);

	if (r == 0)
		r = take(kept->sig, quote->sig, sizeof(quote->sig),
			 &quote->sig_len);
	if (r == 0)
		r = take(kept->ak, evidence.ak, sizeof(evidence.ak),
			 &evidence.ak_len);
	if (r < 0 || evidence_pcrs_parse(kept->pcrs, &evidence.pcrs, &error) ||
	    evidence_attest_parse(kept->msg, &attest, &error))
		return -EBADMSG;
	evidence.clock = attest.clock;
	*ret_evidence = evidence;
	memcpy(ret_chain->value, kept->chain, sizeof(ret_chain->value));
	ret_chain->chained = kept->chained;
	return 0;
}
