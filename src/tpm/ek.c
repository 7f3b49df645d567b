// SPDX-License-Identifier: MIT
/*
 * The name of the endorsement key. See esys.h.
 *
 * The templates are those of "TCG EK Credential Profile", L-2, L-1 and H-3: they make the
 * same key whenever, and whoever, asks for it. Elliptic curves come first, because a
 * TPM may search for RSA's primes for many seconds, in which IMA waits. The name of a TPM is by
 * the first two alone, so that it stays what it was.
 */
#include "tpm/esys.h"

#include "base/util.h"

#include <stdbool.h>

#define EK_HANDLES 0x81010001 /* RSA; elliptic curves follow */
#define NR_EK_HANDLES 2
#define NR_NAMING_TEMPLATES 2
#define ENDORSEMENT_AUTH_SET 0x2 /* TPMA_PERMANENT */

/* PolicySecret(TPM_RH_ENDORSEMENT) */
/* clang-format off */
#define POLICY \
	{ .size = 32, \
	  .buffer = { \
		0x83, 0x71, 0x97, 0x67, 0x44, 0x84, 0xb3, 0xf8, \
		0x1a, 0x90, 0xcc, 0x8d, 0x46, 0xa5, 0xd7, 0x24, \
		0xfd, 0x52, 0xd7, 0x6e, 0x06, 0x52, 0x0b, 0x64, \
		0xf2, 0xa1, 0xda, 0x1b, 0x33, 0x14, 0x69, 0xaa } }
/* clang-format on */

/* PolicyOR of that, by SHA-384, and of what an index of the TPM's memory allows */
/* clang-format off */
#define POLICY_HIGH \
	{ .size = 48, \
	  .buffer = { \
		0xb2, 0x6e, 0x7d, 0x28, 0xd1, 0x1a, 0x50, 0xbc, \
		0x53, 0xd8, 0x82, 0xbc, 0xf5, 0xfd, 0x3a, 0x1a, \
		0x07, 0x41, 0x48, 0xbb, 0x35, 0xd3, 0xb4, 0xe4, \
		0xcb, 0x1c, 0x0a, 0xd9, 0xbd, 0xe4, 0x19, 0xca, \
		0xcb, 0x47, 0xba, 0x09, 0x69, 0x96, 0x46, 0x15, \
		0x0f, 0x9f, 0xc0, 0x00, 0xf3, 0xf8, 0x0e, 0x12 } }
/* clang-format on */

#define ATTRIBUTES                                                       \
	(TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT |                \
	 TPMA_OBJECT_SENSITIVEDATAORIGIN | TPMA_OBJECT_ADMINWITHPOLICY | \
	 TPMA_OBJECT_RESTRICTED | TPMA_OBJECT_DECRYPT)

/* clang-format off */
#define AES_CFB(bits) { .algorithm = TPM2_ALG_AES, .keyBits.aes = (bits), .mode.aes = TPM2_ALG_CFB }
/* clang-format on */

const TPM2B_PUBLIC tpm_esys_ek_templates[TPM_NR_EK_TEMPLATES] = {
	{ .publicArea = {
		  .type = TPM2_ALG_ECC,
		  .nameAlg = TPM2_ALG_SHA256,
		  .objectAttributes = ATTRIBUTES,
		  .authPolicy = POLICY,
		  .parameters.eccDetail = {
			  .symmetric = AES_CFB(128),
			  .scheme.scheme = TPM2_ALG_NULL,
			  .curveID = TPM2_ECC_NIST_P256,
			  .kdf.scheme = TPM2_ALG_NULL,
		  },
		  .unique.ecc = { .x.size = 32, .y.size = 32 },
	  } },
	{ .publicArea = {
		  .type = TPM2_ALG_RSA,
		  .nameAlg = TPM2_ALG_SHA256,
		  .objectAttributes = ATTRIBUTES,
		  .authPolicy = POLICY,
		  .parameters.rsaDetail = {
			  .symmetric = AES_CFB(128),
			  .scheme.scheme = TPM2_ALG_NULL,
			  .keyBits = 2048,
		  },
		  .unique.rsa.size = 256,
	  } },
	{ .publicArea = {
		  .type = TPM2_ALG_ECC,
		  .nameAlg = TPM2_ALG_SHA384,
		  .objectAttributes = ATTRIBUTES | TPMA_OBJECT_USERWITHAUTH,
		  .authPolicy = POLICY_HIGH,
		  .parameters.eccDetail = {
			  .symmetric = AES_CFB(256),
			  .scheme.scheme = TPM2_ALG_NULL,
			  .curveID = TPM2_ECC_NIST_P384,
			  .kdf.scheme = TPM2_ALG_NULL,
		  },
	  } },
};

/* Of an object in the TPM. */
static TSS2_RC get_name(struct tpm_esys *link, ESYS_TR object,
			TPM2B_NAME *ret_name)
{
	cleanup_free TPM2B_NAME *name = NULL;
	TSS2_RC rc = Esys_TR_GetName(link->esys, object, &name);

	if (rc != TSS2_RC_SUCCESS)
		return rc;
	if (name->size == 0 || name->size > sizeof(name->name))
		return TPM_RC_MALFORMED;
	*ret_name = *name;
	return TSS2_RC_SUCCESS;
}

/* 0: there is none. */
static TSS2_RC find_persistent(struct tpm_esys *link, TPM2_HANDLE *ret_handle)
{
	cleanup_free TPMS_CAPABILITY_DATA *data = NULL;
	TPMI_YES_NO more;
	TSS2_RC rc = Esys_GetCapability(link->esys, ESYS_TR_NONE, ESYS_TR_NONE,
					ESYS_TR_NONE, TPM2_CAP_HANDLES,
					EK_HANDLES, NR_EK_HANDLES, &more,
					&data);

	*ret_handle = 0;
	if (rc != TSS2_RC_SUCCESS)
		return rc;
	if (data->capability != TPM2_CAP_HANDLES ||
	    data->data.handles.count > TPM2_MAX_CAP_HANDLES)
		return TPM_RC_MALFORMED;
	/* The first one at or behind the one that was asked for. */
	if (data->data.handles.count &&
	    data->data.handles.handle[0] - EK_HANDLES < NR_EK_HANDLES)
		*ret_handle = data->data.handles.handle[0];
	return TSS2_RC_SUCCESS;
}

static TSS2_RC name_persistent(struct tpm_esys *link, TPM2_HANDLE handle,
			       TPM2B_NAME *ret_name)
{
	ESYS_TR object;
	TSS2_RC rc = Esys_TR_FromTPMPublic(link->esys, handle, ESYS_TR_NONE,
					   ESYS_TR_NONE, ESYS_TR_NONE, &object);

	if (rc != TSS2_RC_SUCCESS)
		return rc;
	rc = get_name(link, object, ret_name);
	Esys_TR_Close(link->esys, &object);
	return rc;
}

/* An attempt without the authorization would fail, and be noted by the TPM. */
static TSS2_RC is_locked(struct tpm_esys *link, bool *ret_locked)
{
	cleanup_free TPMS_CAPABILITY_DATA *data = NULL;
	const TPML_TAGGED_TPM_PROPERTY *got;
	TPMI_YES_NO more;
	TSS2_RC rc = Esys_GetCapability(link->esys, ESYS_TR_NONE, ESYS_TR_NONE,
					ESYS_TR_NONE, TPM2_CAP_TPM_PROPERTIES,
					TPM2_PT_PERMANENT, 1, &more, &data);

	if (rc != TSS2_RC_SUCCESS)
		return rc;
	got = &data->data.tpmProperties;
	if (data->capability != TPM2_CAP_TPM_PROPERTIES || got->count != 1 ||
	    got->tpmProperty[0].property != TPM2_PT_PERMANENT)
		return TPM_RC_MALFORMED;
	*ret_locked = got->tpmProperty[0].value & ENDORSEMENT_AUTH_SET;
	return TSS2_RC_SUCCESS;
}

TSS2_RC tpm_esys_primary(struct tpm_esys *link, const TPM2B_PUBLIC *template,
			 const TPM2B_AUTH *auth, ESYS_TR *ret_object)
{
	static const TPM2B_DATA outside;
	static const TPML_PCR_SELECTION pcrs;
	TPM2B_SENSITIVE_CREATE sensitive = { .sensitive.userAuth = *auth };
	TSS2_RC rc;

	TPM_AGAIN(rc, Esys_CreatePrimary(link->esys, ESYS_TR_RH_ENDORSEMENT,
					 ESYS_TR_PASSWORD, ESYS_TR_NONE,
					 ESYS_TR_NONE, &sensitive, template,
					 &outside, &pcrs, ret_object, NULL,
					 NULL, NULL, NULL));
	return rc;
}

static TSS2_RC name_made(struct tpm_esys *link, const TPM2B_PUBLIC *template,
			 TPM2B_NAME *ret_name)
{
	static const TPM2B_AUTH none;
	ESYS_TR object;
	TSS2_RC rc = tpm_esys_primary(link, template, &none, &object);

	if (rc != TSS2_RC_SUCCESS)
		return rc;
	rc = get_name(link, object, ret_name);
	if (Esys_FlushContext(link->esys, object) != TSS2_RC_SUCCESS)
		Esys_TR_Close(link->esys, &object);
	return rc;
}

static TSS2_RC make_and_name(struct tpm_esys *link, TPM2B_NAME *ret_name)
{
	bool locked;
	TSS2_RC rc = is_locked(link, &locked);

	if (rc != TSS2_RC_SUCCESS || locked)
		return rc;
	for (size_t i = 0; i < NR_NAMING_TEMPLATES; i++) {
		rc = name_made(link, &tpm_esys_ek_templates[i], ret_name);
		if (!tpm_esys_is_refusal(rc))
			break;
	}
	return rc;
}

TSS2_RC tpm_esys_ek_name(struct tpm_esys *link, TPM2B_NAME *ret_name)
{
	TPM2B_NAME name = { 0 };
	TPM2_HANDLE handle;
	TSS2_RC rc = find_persistent(link, &handle);

	if (rc == TSS2_RC_SUCCESS)
		rc = handle ? name_persistent(link, handle, &name) :
			      make_and_name(link, &name);
	if (tpm_esys_is_refusal(rc)) {
		name.size = 0;
		rc = TSS2_RC_SUCCESS;
	}
	if (rc == TSS2_RC_SUCCESS)
		*ret_name = name;
	return rc;
}
