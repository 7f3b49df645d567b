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
	struct tpm_esys link;
	unsigned int banks; /* which never change while it runs */
};

static int failed(const struct say *log, const char *what, TSS2_RC rc)
{
	if (rc == TSS2_RC_SUCCESS)
		return 0;
	say(log, SAY_ERROR, "TPM: %s: error %#x", what, (unsigned int)rc);
	return rc == TPM_RC_MALFORMED ? -EBADMSG : -EIO;
}

/* NULL: there is none to be had. */
static const char *find_tpm(const char *tcti)
{
	if (tcti && strcmp(tcti, "auto") != 0)
		return strcmp(tcti, "none") != 0 ? tcti : NULL;
	return access(DEVICE, F_OK) == 0 ? "device:" DEVICE : NULL;
}

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
	int r = failed(tpm->say, "banks", tpm_esys_banks(&tpm->link, &all));

	for (uint32_t i = 0; r == 0 && i < all.count; i++) {
		if (has_pcrs(&all.pcrSelections[i]) &&
		    imastage_bank_by_tpm_alg(all.pcrSelections[i].hash,
					     &bank) == 0)
			tpm->banks |= 1U << bank;
	}
	return r;
}

int tpm_new(struct tpm_esys link, const struct say *log, struct tpm **ret_tpm)
{
	struct tpm *tpm = calloc(1, sizeof(*tpm));
	int r;

	if (!tpm) {
		tpm_esys_close(&link);
		return -ENOMEM;
	}
	pthread_mutex_init(&tpm->lock, NULL);
	tpm->say = log;
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
	struct tpm_esys link;
	int r;

	tcti = find_tpm(tcti);
	if (!tcti)
		return -ENODEV;
	r = failed(log, tcti, tpm_esys_open(tcti, &link));
	return r < 0 ? r : tpm_new(link, log, ret_tpm);
}

void tpm_close(struct tpm *tpm)
{
	if (!tpm)
		return;
	tpm_esys_close(&tpm->link);
	pthread_mutex_destroy(&tpm->lock);
	free(tpm);
}

int tpm_reset_count(struct tpm *tpm, uint32_t *ret_reset, uint32_t *ret_restart)
{
	cleanup_free TPMS_TIME_INFO *time = NULL;
	TSS2_RC rc;

	pthread_mutex_lock(&tpm->lock);
	rc = Esys_ReadClock(tpm->link.esys, ESYS_TR_NONE, ESYS_TR_NONE,
			    ESYS_TR_NONE, &time);
	pthread_mutex_unlock(&tpm->lock);
	if (rc != TSS2_RC_SUCCESS)
		return failed(tpm->say, "clock", rc);
	*ret_reset = time->clockInfo.resetCount;
	*ret_restart = time->clockInfo.restartCount;
	return 0;
}

unsigned int tpm_banks(const struct tpm *tpm)
{
	return tpm->banks;
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
		return failed(tpm->say, "PCR values", rc);
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
	int r = 1;

	if (banks == 0 || banks >> IMASTAGE_NR_BANKS || pcr >= IMASTAGE_NR_PCRS)
		return -EINVAL;
	if (banks & ~tpm->banks)
		return -ENOENT;
	pthread_mutex_lock(&tpm->lock);
	for (int i = 0; r == 1 && i < TRIES_MAX; i++)
		r = read_once(tpm, banks, pcr, &values);
	pthread_mutex_unlock(&tpm->lock);
	if (r == 0)
		*ret_values = values;
	return r == 1 ? -EAGAIN : r;
}
