// SPDX-License-Identifier: MIT
/*
 * Opening a credential. See credential.h.
 */
#include "tpm/ek_private.h"

#include "base/cursor.h"
#include "base/util.h"

#include <errno.h>

#define RSA_2048_LEN 256
#define P256_POINT_LEN (2 * (2 + 32)) /* at most: u16, x, u16, y */

struct credential {
	TPM2B_ID_OBJECT object;
	TPM2B_ENCRYPTED_SECRET secret;
	enum tpm_ek_kind kind;
};

/* The bytes behind a u16 that is their length. -EINVAL: it is not, or there is no room. */
static int take_sized(struct imastage_bytes bytes, size_t room,
		      uint8_t *ret_data, uint16_t *ret_len)
{
	struct cursor cursor;
	uint16_t len;

	cursor_init(&cursor, bytes, IMASTAGE_BIG);
	if (cursor_read_u16(&cursor, &len) < 0 || len == 0 || len > room ||
	    len != cursor_remaining(&cursor))
		return -EINVAL;
	memcpy(ret_data, bytes.data + sizeof(len), len);
	*ret_len = len;
	return 0;
}

static enum tpm_ek_kind kind_of(size_t secret_len)
{
	if (secret_len == RSA_2048_LEN)
		return TPM_EK_RSA_2048;
	return secret_len <= P256_POINT_LEN ? TPM_EK_ECC_P256 : TPM_EK_ECC_P384;
}

static int parse(struct imastage_bytes object, struct imastage_bytes secret,
		 struct credential *ret_credential)
{
	struct credential *to = ret_credential;
	int r = take_sized(object, sizeof(to->object.credential),
			   to->object.credential, &to->object.size);

	if (r == 0)
		r = take_sized(secret, sizeof(to->secret.secret),
			       to->secret.secret, &to->secret.size);
	if (r == 0)
		to->kind = kind_of(to->secret.size);
	return r;
}

/*
 * ---- the EK's policy: PolicySecret(TPM_RH_ENDORSEMENT) ----------------------
 *
 * Keys of the high templates need none: they have an authorization value, which is empty.
 */

static int start_session(struct tpm *tpm, ESYS_TR *ret_session)
{
	static const TPMT_SYM_DEF none = { .algorithm = TPM2_ALG_NULL };
	TSS2_RC rc;

	TPM_AGAIN(rc, Esys_StartAuthSession(tpm->link.esys, ESYS_TR_NONE,
					    ESYS_TR_NONE, ESYS_TR_NONE,
					    ESYS_TR_NONE, ESYS_TR_NONE, NULL,
					    TPM2_SE_POLICY, &none,
					    TPM2_ALG_SHA256, ret_session));
	return tpm_failed(tpm, "session for the endorsement key", rc);
}

static int satisfy(struct tpm *tpm, ESYS_TR session)
{
	TSS2_RC rc;

	TPM_AGAIN(rc, Esys_PolicySecret(tpm->link.esys, ESYS_TR_RH_ENDORSEMENT,
					session, ESYS_TR_PASSWORD, ESYS_TR_NONE,
					ESYS_TR_NONE, NULL, NULL, NULL, 0, NULL,
					NULL));
	return tpm_failed(tpm, "authorization of the endorsement hierarchy",
			  rc);
}

/* ---- opening it -------------------------------------------------------------- */

/*
 * What a TPM says of one that is not for it depends on where it goes wrong: that a parameter
 * is wrong, or (libtpms, RSA) that it has failed, though the next command shows that
 * it has not.
 */
static int refused(struct tpm *tpm, TSS2_RC rc)
{
	int r = tpm_failed(tpm, "credential", rc);

	if (!tpm_esys_is_refusal(rc) || r != -EIO)
		return r;
	return tpm_refuse(
		tpm, -EKEYREJECTED,
		"the credential is for another TPM or another attestation key (%#x); begin anew with `imastage enroll request`",
		(unsigned int)rc);
}

static int take_secret(struct tpm *tpm, const TPM2B_DIGEST *info,
		       uint8_t ret_secret[TPM_SECRET_MAX], size_t *ret_len)
{
	if (info->size > sizeof(info->buffer) || info->size > TPM_SECRET_MAX)
		return tpm_refuse(tpm, -EBADMSG, "credential: it is too long");
	memcpy(ret_secret, info->buffer, info->size);
	*ret_len = info->size;
	return 0;
}

static int open_with(struct tpm *tpm, ESYS_TR ak, ESYS_TR ek, ESYS_TR session,
		     const struct credential *credential,
		     uint8_t ret_secret[TPM_SECRET_MAX], size_t *ret_len)
{
	cleanup_free TPM2B_DIGEST *info = NULL;
	TSS2_RC rc;

	TPM_AGAIN(rc, Esys_ActivateCredential(tpm->link.esys, ak, ek,
					      ESYS_TR_PASSWORD, session,
					      ESYS_TR_NONE, &credential->object,
					      &credential->secret, &info));
	return rc == TSS2_RC_SUCCESS ?
		       take_secret(tpm, info, ret_secret, ret_len) :
		       refused(tpm, rc);
}

static int open_by_policy(struct tpm *tpm, ESYS_TR ak, ESYS_TR ek,
			  const struct credential *credential,
			  uint8_t ret_secret[TPM_SECRET_MAX], size_t *ret_len)
{
	ESYS_TR session;
	int r = start_session(tpm, &session);

	if (r < 0)
		return r;
	r = satisfy(tpm, session);
	if (r == 0)
		r = open_with(tpm, ak, ek, session, credential, ret_secret,
			      ret_len);
	/* TSS begins sessions as those that go on. */
	if (tpm->link.esys)
		(void)Esys_FlushContext(tpm->link.esys, session);
	return r;
}

static int activate(struct tpm *tpm, const struct tpm_ak *ak,
		    const struct credential *credential,
		    uint8_t ret_secret[TPM_SECRET_MAX], size_t *ret_len)
{
	struct tpm_object key, endorsement;
	int r = tpm_ak_load(tpm, ak, &key);

	if (r < 0)
		return r;
	r = tpm_ek_load(tpm, credential->kind, &endorsement);
	if (r == 0) {
		r = credential->kind == TPM_EK_ECC_P384 ?
			    open_with(tpm, key.esys, endorsement.esys,
				      ESYS_TR_PASSWORD, credential, ret_secret,
				      ret_len) :
			    open_by_policy(tpm, key.esys, endorsement.esys,
					   credential, ret_secret, ret_len);
		tpm_object_put(tpm, &endorsement);
	}
	tpm_object_put(tpm, &key);
	return r;
}

int tpm_activate(struct tpm *tpm, const struct tpm_ak *ak,
		 struct imastage_bytes credential, struct imastage_bytes secret,
		 uint8_t ret_secret[TPM_SECRET_MAX], size_t *ret_len)
{
	struct credential parsed = { 0 };
	int r = parse(credential, secret, &parsed);

	if (r == 0)
		r = tpm_begin(tpm);
	if (r < 0)
		return r;
	r = activate(tpm, ak, &parsed, ret_secret, ret_len);
	tpm_end(tpm);
	return r;
}
