// SPDX-License-Identifier: MIT
/* A TPM 2.0, over TSS. See tpm.h. */

#include "emu/tpm.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <tss2/tss2_esys.h>
#include <tss2/tss2_tctildr.h>

#include "emu/swtpm.h"

#define TCTI_MAX 256

/**
 * struct tpm - a TPM
 * @lock: held while a command runs
 * @is_own: @swtpm is it
 * @swtpm: ours
 * @tcti_name: how it is found
 * @tcti: the way to it
 * @esys: what speaks to it
 * @nr_banks: how many, which never changes
 * @banks: they
 */
struct tpm {
	pthread_mutex_t lock;
	bool is_own;
	struct swtpm swtpm;
	char tcti_name[TCTI_MAX];
	TSS2_TCTI_CONTEXT *tcti;
	ESYS_CONTEXT *esys;
	unsigned int nr_banks;
	struct tpm_bank banks[TPM_BANKS_MAX];
};

static int check(TSS2_RC rc, const char *what)
{
	if (rc == TSS2_RC_SUCCESS)
		return 0;
	fprintf(stderr, "imasim: TPM: %s: error %#x\n", what, (unsigned)rc);
	return -EIO;
}

static void disconnect(struct tpm *tpm)
{
	if (tpm->esys)
		Esys_Finalize(&tpm->esys);
	if (tpm->tcti)
		Tss2_TctiLdr_Finalize(&tpm->tcti);
}

/* One that was started already says so, which is fine. */
static int startup(struct tpm *tpm)
{
	TSS2_RC rc = Esys_Startup(tpm->esys, TPM2_SU_CLEAR);

	return rc == TPM2_RC_INITIALIZE ? 0 : check(rc, "startup");
}

static int connect_to(struct tpm *tpm)
{
	int ret;

	ret = check(Tss2_TctiLdr_Initialize(tpm->tcti_name, &tpm->tcti),
		    tpm->tcti_name);
	if (!ret)
		ret = check(Esys_Initialize(&tpm->esys, tpm->tcti, NULL),
			    "initialize");
	if (!ret)
		ret = startup(tpm);
	if (ret)
		disconnect(tpm);
	return ret;
}

/* Of those not known here, too, since IMA extends them. */
static unsigned int digest_len(uint16_t tpm_id)
{
	const struct algo *algo = algo_by_tpm_id(tpm_id);

	if (algo)
		return algo->digest_len;
	switch (tpm_id) {
	case TPM2_ALG_SHA3_256:
		return 32;
	case TPM2_ALG_SHA3_384:
		return 48;
	case TPM2_ALG_SHA3_512:
		return 64;
	default:
		return 0;
	}
}

static bool has_pcrs(const TPMS_PCR_SELECTION *bank)
{
	for (int i = 0; i < bank->sizeofSelect; i++) {
		if (bank->pcrSelect[i])
			return true;
	}
	return false;
}

static void set_banks(struct tpm *tpm, const TPML_PCR_SELECTION *all)
{
	for (unsigned int i = 0; i < all->count; i++) {
		uint16_t id = all->pcrSelections[i].hash;

		if (!has_pcrs(&all->pcrSelections[i]) || !digest_len(id) ||
		    tpm->nr_banks == TPM_BANKS_MAX)
			continue;
		tpm->banks[tpm->nr_banks++] = (struct tpm_bank){
			.tpm_id = id,
			.digest_len = digest_len(id),
			.algo = algo_by_tpm_id(id),
		};
	}
}

static int find_banks(struct tpm *tpm)
{
	TPMS_CAPABILITY_DATA *data = NULL;
	TPMI_YES_NO more;
	int ret;

	ret = check(Esys_GetCapability(tpm->esys, ESYS_TR_NONE, ESYS_TR_NONE,
				       ESYS_TR_NONE, TPM2_CAP_PCRS, 0, 1, &more,
				       &data),
		    "PCR banks");
	if (!ret)
		set_banks(tpm, &data->data.assignedPCR);
	Esys_Free(data);
	return ret;
}

static int find_tpm(struct tpm *tpm, const char *which)
{
	int ret;

	tpm->is_own = !strcmp(which, "swtpm");
	if (!tpm->is_own) {
		snprintf(tpm->tcti_name, sizeof(tpm->tcti_name), "%s", which);
		return 0;
	}
	ret = swtpm_init(&tpm->swtpm);
	if (ret) {
		tpm->is_own = false;
		return ret;
	}
	swtpm_tcti(&tpm->swtpm, tpm->tcti_name, sizeof(tpm->tcti_name));
	return swtpm_start(&tpm->swtpm);
}

int tpm_open(const char *which, struct tpm **ret_tpm)
{
	struct tpm *tpm;
	int ret;

	if (!strcmp(which, "none")) {
		*ret_tpm = NULL;
		return 0;
	}
	tpm = calloc(1, sizeof(*tpm));
	if (!tpm)
		return -ENOMEM;
	pthread_mutex_init(&tpm->lock, NULL);
	ret = find_tpm(tpm, which);
	if (!ret)
		ret = connect_to(tpm);
	if (!ret)
		ret = find_banks(tpm);
	if (ret) {
		tpm_close(tpm);
		return ret;
	}
	*ret_tpm = tpm;
	return 0;
}

void tpm_close(struct tpm *tpm)
{
	if (!tpm)
		return;
	disconnect(tpm);
	if (tpm->is_own)
		swtpm_fini(&tpm->swtpm);
	pthread_mutex_destroy(&tpm->lock);
	free(tpm);
}

unsigned int tpm_banks(const struct tpm *tpm, const struct tpm_bank **ret_banks)
{
	*ret_banks = tpm ? tpm->banks : NULL;
	return tpm ? tpm->nr_banks : 0;
}

int tpm_extend(struct tpm *tpm, unsigned int pcr,
	       const uint8_t (*digests)[ALGO_DIGEST_MAX])
{
	TPML_DIGEST_VALUES values = { 0 };
	int ret;

	if (!tpm)
		return 0;
	values.count = tpm->nr_banks;
	for (unsigned int i = 0; i < tpm->nr_banks; i++) {
		values.digests[i].hashAlg = tpm->banks[i].tpm_id;
		memcpy(&values.digests[i].digest, digests[i],
		       tpm->banks[i].digest_len);
	}
	pthread_mutex_lock(&tpm->lock);
	ret = tpm->esys ? check(Esys_PCR_Extend(tpm->esys, ESYS_TR_PCR0 + pcr,
						ESYS_TR_PASSWORD, ESYS_TR_NONE,
						ESYS_TR_NONE, &values),
				"extend") :
			  -EIO;
	pthread_mutex_unlock(&tpm->lock);
	return ret;
}

static int read_locked(struct tpm *tpm, unsigned int pcr,
		       const struct tpm_bank *bank,
		       uint8_t ret_value[ALGO_DIGEST_MAX])
{
	TPML_PCR_SELECTION wanted = { .count = 1 };
	TPML_PCR_SELECTION *got = NULL;
	TPML_DIGEST *values = NULL;
	UINT32 counter;
	int ret;

	wanted.pcrSelections[0].hash = bank->tpm_id;
	wanted.pcrSelections[0].sizeofSelect = 3;
	wanted.pcrSelections[0].pcrSelect[pcr / 8] = 1 << pcr % 8;
	ret = check(Esys_PCR_Read(tpm->esys, ESYS_TR_NONE, ESYS_TR_NONE,
				  ESYS_TR_NONE, &wanted, &counter, &got,
				  &values),
		    "read of a PCR");
	if (!ret &&
	    (values->count != 1 || values->digests[0].size != bank->digest_len))
		ret = -EIO;
	if (!ret)
		memcpy(ret_value, values->digests[0].buffer, bank->digest_len);
	Esys_Free(got);
	Esys_Free(values);
	return ret;
}

int tpm_read(struct tpm *tpm, unsigned int pcr, unsigned int bank,
	     uint8_t ret_value[ALGO_DIGEST_MAX])
{
	int ret = -EIO;

	pthread_mutex_lock(&tpm->lock);
	if (tpm->esys)
		ret = read_locked(tpm, pcr, &tpm->banks[bank], ret_value);
	pthread_mutex_unlock(&tpm->lock);
	return ret;
}

static int restart_locked(struct tpm *tpm)
{
	int ret;

	Esys_Shutdown(tpm->esys, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE,
		      TPM2_SU_CLEAR);
	disconnect(tpm);
	swtpm_stop(&tpm->swtpm);
	ret = swtpm_start(&tpm->swtpm);
	return ret ? ret : connect_to(tpm);
}

int tpm_restart(struct tpm *tpm)
{
	int ret;

	if (!tpm)
		return 0;
	if (!tpm->is_own)
		return -EOPNOTSUPP;

	pthread_mutex_lock(&tpm->lock);
	ret = restart_locked(tpm);
	pthread_mutex_unlock(&tpm->lock);
	return ret;
}
