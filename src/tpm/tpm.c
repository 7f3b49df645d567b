// SPDX-License-Identifier: MIT
/*
 * A TPM, for the keeper. See tpm.h.
 */
#include "tpm/private.h"

#include "base/util.h"

#include <errno.h>
#include <pthread.h>

#define DEVICE "/dev/tpmrm0"

/* PCRs that change between each two commands of so many. */
#define TRIES_MAX 64

struct tpm {
	pthread_mutex_t lock; /* held while commands run that belong together */
	const struct say *say;
	char tcti[TPM_TCTI_MAX]; /* "": adopted, there is no way back to it */
	bool is_auto; /* it need not be there */
	struct tpm_esys link; /* esys NULL: not connected */
	unsigned int banks; /* which never change while it runs */

	bool identified;
	struct tpm_identity identity; /* as it was seen last */
	uint64_t time, clock; /* of the same moment; both only grow */

	char trouble[TPM_TROUBLE_MAX];
};

/* ---- what goes wrong ----------------------------------------------------- */

/* Said once, until something works again. */
static void note_trouble(struct tpm *tpm, const char *what, const char *words)
{
	char text[TPM_TROUBLE_MAX];

	snprintf(text, sizeof(text), "%s: %s%s%s",
		 *tpm->tcti ? tpm->tcti : "TPM", what, *what ? ": " : "",
		 words);
	if (strcmp(text, tpm->trouble) != 0)
		say(tpm->say, SAY_ERROR, "TPM %s", text);
	memcpy(tpm->trouble, text, sizeof(text));
}

/* Does the TPM itself say so? Then the way to it is all right. */
static bool is_its_word(TSS2_RC rc)
{
	TSS2_RC layer = rc & TSS2_RC_LAYER_MASK;

	return layer == TSS2_TPM_RC_LAYER ||
	       layer == TSS2_RESMGR_TPM_RC_LAYER ||
	       layer == TSS2_RESMGR_RC_LAYER;
}

/* A way that failed is found anew: TSS goes on with none that was interrupted. */
static int failed(struct tpm *tpm, const char *what, TSS2_RC rc)
{
	char words[TPM_WORDS_MAX];

	if (rc == TSS2_RC_SUCCESS) {
		tpm->trouble[0] = '\0';
		return 0;
	}
	tpm_esys_words(rc, *what ? NULL : tpm->tcti, words);
	note_trouble(tpm, what, words);
	if (!is_its_word(rc) && *tpm->tcti) {
		tpm_esys_close(&tpm->link);
		tpm->identified = false;
	}
	return rc == TPM_RC_MALFORMED ? -EBADMSG : -EIO;
}

/* ---- coming to it -------------------------------------------------------- */

bool tpm_is_tcti(const char *tcti)
{
	return !strcmp(tcti, "auto") || !strcmp(tcti, "none") || *tcti == '/' ||
	       tpm_esys_is_tcti(tcti);
}

static bool has_pcrs(const TPMS_PCR_SELECTION *bank)
{
	for (int i = 0; i < bank->sizeofSelect; i++) {
		if (bank->pcrSelect[i])
			return true;
	}
	return false;
}

static int find_banks(struct tpm *tpm)
{
	TPML_PCR_SELECTION all;
	enum imastage_bank bank;
	int r = failed(tpm, "banks", tpm_esys_banks(&tpm->link, &all));

	for (uint32_t i = 0; r == 0 && i < all.count; i++) {
		if (has_pcrs(&all.pcrSelections[i]) &&
		    imastage_bank_by_tpm_alg(all.pcrSelections[i].hash,
					     &bank) == 0)
			tpm->banks |= 1U << bank;
	}
	return r;
}

static struct tpm *make(const struct say *log)
{
	struct tpm *tpm = calloc(1, sizeof(*tpm));

	if (!tpm)
		return NULL;
	pthread_mutex_init(&tpm->lock, NULL);
	tpm->say = log;
	return tpm;
}

int tpm_new(struct tpm_esys link, const struct say *log, struct tpm **ret_tpm)
{
	struct tpm *tpm = make(log);
	int r;

	if (!tpm) {
		tpm_esys_close(&link);
		return -ENOMEM;
	}
	tpm->link = link;
	r = find_banks(tpm);
	if (r < 0)
		tpm_close(tpm);
	else
		*ret_tpm = tpm;
	return r;
}

int tpm_open(const char *tcti, const struct say *log, struct tpm **ret_tpm)
{
	struct tpm *tpm;

	if (tcti && !strcmp(tcti, "none"))
		return -ENODEV;
	tpm = make(log);
	if (!tpm)
		return -ENOMEM;
	tpm->is_auto = !tcti || !strcmp(tcti, "auto");
	tpm_esys_tcti(tpm->is_auto ? DEVICE : tcti, tpm->tcti);
	*ret_tpm = tpm;
	return 0;
}

void tpm_close(struct tpm *tpm)
{
	if (!tpm)
		return;
	tpm_esys_close(&tpm->link);
	pthread_mutex_destroy(&tpm->lock);
	free(tpm);
}

/* With the lock held. */
static int connect_to(struct tpm *tpm)
{
	int r;

	if (tpm->link.esys)
		return 0;
	if (tpm->is_auto && access(DEVICE, F_OK) < 0) {
		snprintf(tpm->trouble, sizeof(tpm->trouble),
			 DEVICE ": there is no TPM");
		return -ENODEV;
	}
	r = failed(tpm, "", tpm_esys_open(tpm->tcti, &tpm->link));
	if (r == 0) {
		tpm->banks = 0;
		r = find_banks(tpm);
	}
	if (r < 0)
		tpm_esys_close(&tpm->link);
	return r;
}

int tpm_connect(struct tpm *tpm)
{
	int r;

	pthread_mutex_lock(&tpm->lock);
	r = connect_to(tpm);
	pthread_mutex_unlock(&tpm->lock);
	return r;
}

void tpm_trouble(struct tpm *tpm, char ret_text[TPM_TROUBLE_MAX])
{
	pthread_mutex_lock(&tpm->lock);
	memcpy(ret_text, tpm->trouble, sizeof(tpm->trouble));
	pthread_mutex_unlock(&tpm->lock);
}

unsigned int tpm_banks(const struct tpm *tpm)
{
	return tpm->banks;
}

/* ---- which one it is ----------------------------------------------------- */

/* The same TPM that was seen last, and it was on ever since? */
static bool is_still(const struct tpm *tpm, const TPMS_TIME_INFO *now)
{
	return tpm->identified &&
	       now->clockInfo.resetCount == tpm->identity.reset &&
	       now->clockInfo.restartCount == tpm->identity.restart &&
	       now->time >= tpm->time && now->clockInfo.clock >= tpm->clock;
}

static int find_ek(struct tpm *tpm, struct tpm_identity *identity)
{
	TPM2B_NAME name;
	int r = failed(tpm, "endorsement key",
		       tpm_esys_ek_name(&tpm->link, &name));

	if (r < 0)
		return r;
	if (name.size > sizeof(identity->ek))
		return -EBADMSG;
	identity->ek_len = (uint8_t)name.size;
	memcpy(identity->ek, name.name, name.size);
	return 0;
}

static int identify(struct tpm *tpm)
{
	cleanup_free TPMS_TIME_INFO *now = NULL;
	struct tpm_identity identity = { 0 };
	int r = failed(tpm, "clock",
		       Esys_ReadClock(tpm->link.esys, ESYS_TR_NONE,
				      ESYS_TR_NONE, ESYS_TR_NONE, &now));

	if (r < 0)
		return r;
	identity.reset = now->clockInfo.resetCount;
	identity.restart = now->clockInfo.restartCount;
	if (is_still(tpm, now))
		identity = tpm->identity;
	else
		r = find_ek(tpm, &identity);
	tpm->identified = r == 0;
	tpm->identity = identity;
	tpm->time = now->time;
	tpm->clock = now->clockInfo.clock;
	return r;
}

int tpm_identify(struct tpm *tpm, struct tpm_identity *ret_identity)
{
	int r;

	pthread_mutex_lock(&tpm->lock);
	r = connect_to(tpm);
	if (r == 0)
		r = identify(tpm);
	if (r == 0)
		*ret_identity = tpm->identity;
	pthread_mutex_unlock(&tpm->lock);
	return r;
}

/* ---- values of PCRs ------------------------------------------------------ */

static void select_banks(unsigned int banks, unsigned int pcr,
			 TPML_PCR_SELECTION *ret_wanted)
{
	*ret_wanted = (TPML_PCR_SELECTION){ 0 };
	for (int bank = 0; bank < IMASTAGE_NR_BANKS; bank++) {
		if (banks & 1U << bank)
			tpm_select_pcr(ret_wanted, imastage_bank_tpm_alg(bank),
				       pcr);
	}
}

/* One value for each bank in @got that has the PCR. Those are taken off *banks. */
static int take_values(const TPML_PCR_SELECTION *got, const TPML_DIGEST *values,
		       unsigned int *banks, struct imastage_digests *values_of)
{
	uint32_t nr = 0;

	for (uint32_t i = 0; i < got->count; i++) {
		enum imastage_bank bank;
		const TPM2B_DIGEST *value = &values->digests[nr];

		if (!has_pcrs(&got->pcrSelections[i]))
			continue;
		if (imastage_bank_by_tpm_alg(got->pcrSelections[i].hash,
					     &bank) < 0 ||
		    value->size != imastage_bank_digest_len(bank))
			return -EBADMSG;
		memcpy(values_of->of[bank], value->buffer, value->size);
		*banks &= ~(1U << bank);
		nr++;
	}
	return nr ? 0 : -EBADMSG;
}

/* The values of @banks, of one moment if they come with the counter @counter. */
static int read_part(struct tpm *tpm, unsigned int *banks, unsigned int pcr,
		     struct imastage_digests *values_of, uint32_t *ret_counter)
{
	TPML_PCR_SELECTION wanted, got;
	TPML_DIGEST values;
	TSS2_RC rc;

	select_banks(*banks, pcr, &wanted);
	rc = tpm_esys_read(&tpm->link, &wanted, &got, &values, ret_counter);
	if (rc != TSS2_RC_SUCCESS)
		return failed(tpm, "PCR values", rc);
	return take_values(&got, &values, banks, values_of);
}

/* 0, or 1 when PCRs changed meanwhile. */
static int read_once(struct tpm *tpm, unsigned int banks, unsigned int pcr,
		     struct imastage_digests *values_of)
{
	uint32_t first, counter;
	int r = read_part(tpm, &banks, pcr, values_of, &first);

	while (r == 0 && banks) {
		r = read_part(tpm, &banks, pcr, values_of, &counter);
		if (r == 0 && counter != first)
			return 1;
	}
	return r;
}

int tpm_read_pcrs(struct tpm *tpm, unsigned int banks, unsigned int pcr,
		  struct imastage_digests *ret_values)
{
	struct imastage_digests values = { 0 };
	int r;

	if (banks == 0 || banks >> IMASTAGE_NR_BANKS || pcr >= IMASTAGE_NR_PCRS)
		return -EINVAL;
	pthread_mutex_lock(&tpm->lock);
	r = connect_to(tpm);
	if (r == 0)
		r = banks & ~tpm->banks ? -ENOENT : 1;
	for (int i = 0; r == 1 && i < TRIES_MAX; i++)
		r = read_once(tpm, banks, pcr, &values);
	pthread_mutex_unlock(&tpm->lock);
	if (r == 0)
		*ret_values = values;
	return r == 1 ? -EAGAIN : r;
}
