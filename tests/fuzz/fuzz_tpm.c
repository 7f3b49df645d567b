// SPDX-License-Identifier: MIT
/*
 * Fuzz target: a TPM's answers, one behind the other as they come from it. Whatever it
 * says about its banks, its clock, its PCRs and its keys is taken as far as it answers the
 * question, or refused.
 */
#include "base/bytes.h"
#include "base/util.h"
#include "fuzz/promises.h"
#include "tpm/credential.h"
#include "tpm/private.h"
#include "tpm/quote.h"

#include <errno.h>
#include <stdlib.h>

#define HEADER_LEN 10

/* What TSS takes for the way to a TPM. */
struct way {
	TSS2_TCTI_CONTEXT_COMMON_V1 common; /* first */
	struct imastage_bytes answers; /* that are still to come */
};

static TSS2_RC take_command(TSS2_TCTI_CONTEXT *tcti, size_t size,
			    uint8_t const *command)
{
	(void)tcti, (void)size, (void)command;
	return TSS2_RC_SUCCESS;
}

/* As long as its header says, or as there are bytes: TSS is to see that. */
static size_t next_len(struct imastage_bytes answers)
{
	size_t len;

	if (answers.len < HEADER_LEN)
		return answers.len;
	len = (size_t)answers.data[2] << 24 | (size_t)answers.data[3] << 16 |
	      (size_t)answers.data[4] << 8 | answers.data[5];
	len = len < HEADER_LEN ? HEADER_LEN : len;
	return len < answers.len ? len : answers.len;
}

static TSS2_RC give_answer(TSS2_TCTI_CONTEXT *tcti, size_t *size,
			   uint8_t *answer, int32_t timeout)
{
	struct way *way = (struct way *)tcti;
	size_t len = next_len(way->answers);

	(void)timeout;
	if (len == 0)
		return TSS2_TCTI_RC_IO_ERROR;
	if (answer && len > *size)
		return TSS2_TCTI_RC_INSUFFICIENT_BUFFER;
	*size = len;
	if (answer) {
		memcpy(answer, way->answers.data, len);
		way->answers = bytes_skip(way->answers, len);
	}
	return TSS2_RC_SUCCESS;
}

static __attribute__((constructor)) void be_silent(void)
{
	setenv("TSS2_LOG", "all+NONE", 1);
}

/* Each of tpm.h and esys.h. */
static bool is_refusal(int r)
{
	static const int errors[] = { -EIO,   -EBADMSG, -EAGAIN, -EACCES,
				      -EBUSY, -ENOKEY,	-EEXIST, -ENOSPC,
				      -EPERM, -ENOTSUP };

	for (size_t i = 0; i < ARRAY_SIZE(errors); i++) {
		if (r == errors[i])
			return true;
	}
	return false;
}

/* Whatever key it says that it has. */
static void ask_for_quote(struct tpm *tpm)
{
	static const struct evidence_selections wanted = {
		.nr = 1,
		.of = { { 0x000b, 0x7ff } },
	};
	const struct tpm_ak_place place = { .handle = TPM_AK_HANDLE };
	struct evidence_pcrs pcrs;
	struct tpm_quote quote;
	struct tpm_ak ak;
	int r = tpm_ak_open(tpm, &place, bytes_of(NULL, 0), &ak);

	must(r == 0 || is_refusal(r) || r == -EKEYREJECTED);
	if (r < 0)
		return;
	must(ak.public_len <= sizeof(ak.public));
	r = tpm_quote(tpm, &ak, &wanted, bytes_of("nonce", 5), &quote);
	must(r == 0 || is_refusal(r) || r == -EKEYREJECTED || r == -ESTALE ||
	     r == -ENOENT);
	must(r < 0 || quote.msg_len <= sizeof(quote.msg));
	r = tpm_read_selections(tpm, &wanted, &pcrs);
	must(r == 0 || is_refusal(r) || r == -ENOENT);
}

static bool is_answer(int r)
{
	return r == 0 || is_refusal(r) || r == -EKEYREJECTED || r == -ESTALE;
}

/* A credential as long as those for RSA are. */
static void ask_for_activation(struct tpm *tpm)
{
	static const uint8_t object[2 + 68] = { 0, 68 };
	static const uint8_t encrypted[2 + 256] = { 1, 0 };
	const struct tpm_ak ak = { .place.handle = TPM_AK_HANDLE };
	uint8_t secret[TPM_SECRET_MAX];
	enum tpm_ek_kind kind;
	struct tpm_ek ek;
	size_t len = 0;
	int r = tpm_ek_choose(tpm, &kind);

	must(is_answer(r));
	if (r < 0)
		return;
	r = tpm_ek_read(tpm, kind, true, &ek);
	must(is_answer(r));
	must(r < 0 || (ek.public_len <= sizeof(ek.public) &&
		       ek.certificate_len <= sizeof(ek.certificate)));
	r = tpm_activate(tpm, &ak, bytes_of(object, sizeof(object)),
			 bytes_of(encrypted, sizeof(encrypted)), secret, &len);
	must(is_answer(r) && len <= sizeof(secret));
}

static void ask(struct tpm *tpm)
{
	struct imastage_digests values;
	unsigned int banks = tpm_banks(tpm);
	struct tpm_identity identity;
	int r = tpm_identify(tpm, &identity);

	must(r == 0 || is_refusal(r));
	must(banks >> IMASTAGE_NR_BANKS == 0);
	r = tpm_read_pcrs(tpm, banks, IMASTAGE_PCR_IMA, &values);
	must(r == 0 || is_refusal(r) || (!banks && r == -EINVAL));
	ask_for_quote(tpm);
	ask_for_activation(tpm);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct way way = {
		.common = { .version = 1,
			    .transmit = take_command,
			    .receive = give_answer },
		.answers = bytes_of(data, size),
	};
	struct tpm_esys link;
	struct tpm *tpm;
	int r;

	must(tpm_esys_adopt((TSS2_TCTI_CONTEXT *)&way, &link) ==
	     TSS2_RC_SUCCESS);
	r = tpm_new(link, NULL, &tpm);
	must(r == 0 || is_refusal(r));
	if (r == 0) {
		ask(tpm);
		tpm_close(tpm);
	}
	return 0;
}
