// SPDX-License-Identifier: MIT
/* A TPM 2.0, over TSS. See tpm.h. */

#include "emu/tpm.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <tss2/tss2_sys.h>

#include "emu/swtpm.h"
#include "emu/tpm_handles.h"
#include "tpm/esys.h"

/**
 * struct tpm - a TPM
 * @lock: held while a command runs
 * @is_own: @swtpm is it
 * @swtpm: ours
 * @tcti_name: how it is found
 * @link: the way to it
 * @handles: what those have made who send commands of their own
 * @nr_banks: how many, which never changes
 * @banks: they
 */
struct tpm {
	pthread_mutex_t lock;
	bool is_own;
	struct swtpm swtpm;
	char tcti_name[TPM_TCTI_MAX];
	struct tpm_esys link;
	struct tpm_handles handles;
	unsigned int nr_banks;
	struct tpm_bank banks[TPM_BANKS_MAX];
};

/* @what: what was asked of it, or the way to it */
static int check(TSS2_RC rc, const char *what)
{
	char words[TPM_WORDS_MAX];

	if (rc == TSS2_RC_SUCCESS)
		return 0;
	tpm_esys_words(rc, what, words);
	fprintf(stderr, "imasim: TPM: %s: %s\n", what, words);
	return -EIO;
}

/* One that was started already says so, which is fine. */
static int startup(struct tpm *tpm)
{
	TSS2_RC rc = Esys_Startup(tpm->link.esys, TPM2_SU_CLEAR);

	return rc == TPM2_RC_INITIALIZE ? 0 : check(rc, "startup");
}

static int connect_to(struct tpm *tpm)
{
	int ret;

	ret = check(tpm_esys_open(tpm->tcti_name, &tpm->link), tpm->tcti_name);
	if (!ret)
		ret = startup(tpm);
	if (ret)
		tpm_esys_close(&tpm->link);
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
	TPML_PCR_SELECTION all;
	int ret = check(tpm_esys_banks(&tpm->link, &all), "PCR banks");

	if (!ret)
		set_banks(tpm, &all);
	return ret;
}

static int find_tpm(struct tpm *tpm, const char *which, const char *ek_ca,
		    const struct tpm_state *state)
{
	int ret;

	tpm->is_own = !strcmp(which, "swtpm");
	if (!tpm->is_own) {
		tpm_esys_tcti(which, tpm->tcti_name);
		return 0;
	}
	ret = swtpm_init(&tpm->swtpm, ek_ca);
	if (ret) {
		tpm->is_own = false;
		return ret;
	}
	swtpm_tcti(&tpm->swtpm, tpm->tcti_name, sizeof(tpm->tcti_name));
	if (!state || !state->changing.len)
		return swtpm_start_new(&tpm->swtpm);
	ret = swtpm_load(&tpm->swtpm, state);
	return ret ? ret : swtpm_resume(&tpm->swtpm);
}

int tpm_open(const char *which, const char *ek_ca,
	     const struct tpm_state *state, struct tpm **ret_tpm)
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
	ret = find_tpm(tpm, which, ek_ca, state);
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
	tpm_esys_close(&tpm->link);
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

/*
 * By the layer below ESYS, which does nothing for this command but to take as long
 * again as a swtpm does.
 */
static int extend_locked(struct tpm *tpm, unsigned int pcr,
			 const TPML_DIGEST_VALUES *values)
{
	static const TSS2L_SYS_AUTH_COMMAND empty_password = {
		.count = 1,
		.auths = { { .sessionHandle = TPM2_RS_PW } },
	};
	TSS2L_SYS_AUTH_RESPONSE answer = { 0 };
	TSS2_SYS_CONTEXT *sys;
	TSS2_RC rc;

	if (!tpm->link.esys)
		return -EIO;
	rc = Esys_GetSysContext(tpm->link.esys, &sys);
	if (rc == TSS2_RC_SUCCESS)
		rc = Tss2_Sys_PCR_Extend(sys, pcr, &empty_password, values,
					 &answer);
	return check(rc, "extend");
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
	ret = extend_locked(tpm, pcr, &values);
	pthread_mutex_unlock(&tpm->lock);
	return ret;
}

static int read_locked(struct tpm *tpm, unsigned int pcr,
		       const struct tpm_bank *bank,
		       uint8_t ret_value[ALGO_DIGEST_MAX])
{
	TPML_PCR_SELECTION wanted = { 0 }, got;
	TPML_DIGEST values;
	uint32_t counter;
	int ret;

	tpm_select_pcr(&wanted, bank->tpm_id, pcr);
	ret = check(tpm_esys_read(&tpm->link, &wanted, &got, &values, &counter),
		    "read of a PCR");
	if (!ret &&
	    (values.count != 1 || values.digests[0].size != bank->digest_len))
		ret = -EIO;
	if (!ret)
		memcpy(ret_value, values.digests[0].buffer, bank->digest_len);
	return ret;
}

int tpm_read(struct tpm *tpm, unsigned int pcr, unsigned int bank,
	     uint8_t ret_value[ALGO_DIGEST_MAX])
{
	int ret = -EIO;

	pthread_mutex_lock(&tpm->lock);
	if (tpm->link.esys)
		ret = read_locked(tpm, pcr, &tpm->banks[bank], ret_value);
	pthread_mutex_unlock(&tpm->lock);
	return ret;
}

bool tpm_can_restart(const struct tpm *tpm)
{
	return !tpm || tpm->is_own;
}

/* @start: has it begin again, in which way ever. */
static int begin_again(struct tpm *tpm, TPM2_SU shutdown,
		       int (*start)(struct swtpm *swtpm))
{
	int ret;

	if (!tpm)
		return 0;
	if (!tpm->is_own)
		return -EOPNOTSUPP;
	pthread_mutex_lock(&tpm->lock);
	if (tpm->link.esys)
		Esys_Shutdown(tpm->link.esys, ESYS_TR_NONE, ESYS_TR_NONE,
			      ESYS_TR_NONE, shutdown);
	tpm_esys_close(&tpm->link);
	swtpm_stop(&tpm->swtpm);
	ret = start(&tpm->swtpm);
	if (!ret)
		ret = connect_to(tpm);
	pthread_mutex_unlock(&tpm->lock);
	return ret;
}

int tpm_restart(struct tpm *tpm)
{
	return begin_again(tpm, TPM2_SU_CLEAR, swtpm_start);
}

int tpm_hibernate(struct tpm *tpm)
{
	return begin_again(tpm, TPM2_SU_STATE, swtpm_start);
}

int tpm_sleep(struct tpm *tpm)
{
	return begin_again(tpm, TPM2_SU_STATE, swtpm_start_as_saved);
}

int tpm_replace(struct tpm *tpm)
{
	return begin_again(tpm, TPM2_SU_CLEAR, swtpm_start_new);
}

int tpm_clear(struct tpm *tpm)
{
	TSS2_RC rc = TSS2_TCTI_RC_IO_ERROR;

	pthread_mutex_lock(&tpm->lock);
	if (tpm->link.esys)
		rc = Esys_Clear(tpm->link.esys, ESYS_TR_RH_LOCKOUT,
				ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE);
	pthread_mutex_unlock(&tpm->lock);
	return check(rc, "clear");
}

/* ---- its state ----------------------------------------------------------- */

int tpm_save(struct tpm *tpm, struct tpm_state *ret_state)
{
	int ret;

	*ret_state = (struct tpm_state){ 0 };
	if (!tpm || !tpm->is_own)
		return 0;

	pthread_mutex_lock(&tpm->lock);
	ret = swtpm_save(&tpm->swtpm, ret_state);
	pthread_mutex_unlock(&tpm->lock);
	return ret;
}

static int load(struct tpm *tpm, const struct tpm_state *state)
{
	int ret;

	tpm_esys_close(&tpm->link);
	swtpm_stop(&tpm->swtpm);
	ret = swtpm_load(&tpm->swtpm, state);
	if (!ret)
		ret = swtpm_resume(&tpm->swtpm);
	return ret ? ret : connect_to(tpm);
}

int tpm_load(struct tpm *tpm, const struct tpm_state *state)
{
	int ret;

	if (!tpm->is_own)
		return -EOPNOTSUPP;
	if (!state->permanent.len || !state->changing.len)
		return -EINVAL;
	pthread_mutex_lock(&tpm->lock);
	ret = load(tpm, state);
	pthread_mutex_unlock(&tpm->lock);
	return ret;
}

void tpm_state_fini(struct tpm_state *state)
{
	emu_out_fini(&state->permanent);
	emu_out_fini(&state->changing);
}

/* ---- commands of others -------------------------------------------------- */

static int exchange(struct tpm *tpm, const uint8_t *command, size_t len,
		    uint8_t ret_answer[TPM_PACKET_MAX], size_t *ret_len)
{
	TSS2_TCTI_CONTEXT *tcti = tpm->link.tcti;
	TSS2_RC rc;

	if (!tcti)
		return -EIO;
	*ret_len = TPM_PACKET_MAX;
	rc = Tss2_Tcti_Transmit(tcti, len, command);
	if (rc == TSS2_RC_SUCCESS)
		rc = Tss2_Tcti_Receive(tcti, ret_len, ret_answer,
				       TSS2_TCTI_TIMEOUT_BLOCK);
	return check(rc, "a client's command");
}

int tpm_exchange(struct tpm *tpm, const void *client, const uint8_t *command,
		 size_t len, uint8_t ret_answer[TPM_PACKET_MAX],
		 size_t *ret_len)
{
	int ret;

	pthread_mutex_lock(&tpm->lock);
	ret = exchange(tpm, command, len, ret_answer, ret_len);
	if (!ret)
		tpm_handles_note(&tpm->handles, client, command, len,
				 ret_answer, *ret_len);
	pthread_mutex_unlock(&tpm->lock);
	return ret;
}

static void flush(struct tpm *tpm, uint32_t handle)
{
	uint8_t command[14] = { 0x80, 0x01, 0, 0, 0, 14, 0, 0, 1, 0x65 };
	uint8_t answer[TPM_PACKET_MAX];
	size_t len;

	for (int i = 0; i < 4; i++)
		command[10 + i] = handle >> (24 - 8 * i) & 0xff;
	exchange(tpm, command, sizeof(command), answer, &len);
}

void tpm_client_end(struct tpm *tpm, const void *client)
{
	uint32_t handle;

	pthread_mutex_lock(&tpm->lock);
	while (tpm_handles_take(&tpm->handles, client, &handle))
		flush(tpm, handle);
	pthread_mutex_unlock(&tpm->lock);
}
