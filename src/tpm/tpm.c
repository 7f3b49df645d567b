// SPDX-License-Identifier: MIT
/*
 * A TPM, for the keeper. See tpm.h.
 */
#include "tpm/private.h"

#include "base/util.h"

#include <errno.h>
#include <stdarg.h>

#define DEVICE "/dev/tpmrm0"

/* ---- what goes wrong ----------------------------------------------------- */

/* Said once, until something works again. */
static void note_trouble(struct tpm *tpm, enum say_level level,
			 const char *what, const char *words)
{
	char text[TPM_TROUBLE_MAX];

	snprintf(text, sizeof(text), "%s: %s%s%s",
		 *tpm->tcti ? tpm->tcti : "TPM", what, *what ? ": " : "",
		 words);
	if (strcmp(text, tpm->trouble) != 0)
		say(tpm->say, level, "TPM %s", text);
	memcpy(tpm->trouble, text, sizeof(text));
}

/* That there is no key is an answer, to who only looks. */
static enum say_level level_of(int r)
{
	return r == -ENOKEY ? SAY_DEBUG : SAY_ERROR;
}

/* Does the TPM itself say so? Then the way to it is all right. */
static bool is_its_word(TSS2_RC rc)
{
	return tpm_esys_is_refusal(rc) ||
	       (rc & TSS2_RC_LAYER_MASK) == TSS2_RESMGR_RC_LAYER;
}

/* A way that failed is found anew: TSS goes on with none that was interrupted. */
static void note_failure(struct tpm *tpm, const char *what, TSS2_RC rc)
{
	char words[TPM_WORDS_MAX];

	tpm_esys_words(rc, *what ? NULL : tpm->tcti, words);
	note_trouble(tpm, level_of(tpm_esys_errno(rc)), what, words);
	if (!is_its_word(rc) && *tpm->tcti) {
		tpm_esys_close(&tpm->link);
		tpm->identified = false;
	}
}

static int failed(struct tpm *tpm, const char *what, TSS2_RC rc)
{
	if (rc == TSS2_RC_SUCCESS) {
		tpm->trouble[0] = '\0';
		return 0;
	}
	note_failure(tpm, what, rc);
	return rc == TPM_RC_MALFORMED ? -EBADMSG : -EIO;
}

int tpm_failed(struct tpm *tpm, const char *what, TSS2_RC rc)
{
	int r = failed(tpm, what, rc);

	return r == -EIO ? tpm_esys_errno(rc) : r;
}

int tpm_refuse(struct tpm *tpm, int r, const char *format, ...)
{
	char words[TPM_WORDS_MAX];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(words, sizeof(words), format, arguments);
	va_end(arguments);
	note_trouble(tpm, level_of(r), "", words);
	return r;
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
	explicit_bzero(&tpm->owner_auth, sizeof(tpm->owner_auth));
	explicit_bzero(&tpm->endorsement_auth, sizeof(tpm->endorsement_auth));
	free(tpm);
}

static void use_auths(struct tpm *tpm)
{
	Esys_TR_SetAuth(tpm->link.esys, ESYS_TR_RH_OWNER, &tpm->owner_auth);
	Esys_TR_SetAuth(tpm->link.esys, ESYS_TR_RH_ENDORSEMENT,
			&tpm->endorsement_auth);
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
		use_auths(tpm);
		r = find_banks(tpm);
	}
	if (r < 0)
		tpm_esys_close(&tpm->link);
	return r;
}

int tpm_begin(struct tpm *tpm)
{
	int r;

	pthread_mutex_lock(&tpm->lock);
	r = connect_to(tpm);
	if (r < 0)
		pthread_mutex_unlock(&tpm->lock);
	return r;
}

void tpm_end(struct tpm *tpm)
{
	pthread_mutex_unlock(&tpm->lock);
}

int tpm_set_auths(struct tpm *tpm, struct imastage_bytes owner,
		  struct imastage_bytes endorsement)
{
	if (owner.len > TPM_AUTH_MAX || endorsement.len > TPM_AUTH_MAX)
		return -EINVAL;
	pthread_mutex_lock(&tpm->lock);
	tpm->owner_auth = tpm_auth_of(owner);
	tpm->endorsement_auth = tpm_auth_of(endorsement);
	if (tpm->link.esys)
		use_auths(tpm);
	pthread_mutex_unlock(&tpm->lock);
	return 0;
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
