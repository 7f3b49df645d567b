// SPDX-License-Identifier: MIT
/*
 * Attestation keys: made, found, described. See ak.h.
 */
#include "base/bytes.h"
#include "tpm/private.h"

#include "base/util.h"

#include <tss2/tss2_mu.h>

#include <errno.h>
#include <inttypes.h>
#include <sys/random.h>

#define HANDLE_MIN 0x81000000u
#define HANDLE_MAX 0x817fffffu /* what is above is the platform's */

/* ---- where ------------------------------------------------------------------ */

int tpm_ak_place_parse(const char *text, struct tpm_ak_place *ret_place)
{
	struct tpm_ak_place place = { 0 };
	unsigned long long handle;
	char *end;

	if (strncmp(text, "0x", 2) != 0) {
		size_t len = strlen(text);

		if (len == 0 || len >= sizeof(place.file))
			return -EINVAL;
		memcpy(place.file, text, len);
		*ret_place = place;
		return 0;
	}
	handle = strtoull(text, &end, 16);
	if (*end || handle < HANDLE_MIN || handle > HANDLE_MAX)
		return -EINVAL;
	place.handle = (uint32_t)handle;
	*ret_place = place;
	return 0;
}

void tpm_ak_place_print(const struct tpm_ak_place *place,
			char ret_text[TPM_FILE_MAX])
{
	if (place->handle)
		snprintf(ret_text, TPM_FILE_MAX, "0x%08" PRIx32, place->handle);
	else
		memcpy(ret_text, place->file, sizeof(place->file));
}

/* ---- kinds ------------------------------------------------------------------ */

static const struct {
	const char *name;
	uint16_t scheme;
	uint16_t bits; /* of RSA, or of a curve */
	uint16_t hash; /* of its signatures and its name */
	uint16_t curve; /* or 0 */
} kinds[] = {
	[TPM_AK_ECC_P256] = { "ecc-p256", TPM2_ALG_ECDSA, 256, TPM2_ALG_SHA256,
			      TPM2_ECC_NIST_P256 },
	[TPM_AK_ECC_P384] = { "ecc-p384", TPM2_ALG_ECDSA, 384, TPM2_ALG_SHA384,
			      TPM2_ECC_NIST_P384 },
	[TPM_AK_RSA_2048] = { "rsa-2048", TPM2_ALG_RSASSA, 2048,
			      TPM2_ALG_SHA256, 0 },
	[TPM_AK_RSA_3072] = { "rsa-3072", TPM2_ALG_RSASSA, 3072,
			      TPM2_ALG_SHA256, 0 },
	[TPM_AK_RSAPSS_2048] = { "rsapss-2048", TPM2_ALG_RSAPSS, 2048,
				 TPM2_ALG_SHA256, 0 },
	[TPM_AK_RSAPSS_3072] = { "rsapss-3072", TPM2_ALG_RSAPSS, 3072,
				 TPM2_ALG_SHA256, 0 },
};

const char *tpm_ak_kind_name(enum tpm_ak_kind kind)
{
	return kinds[kind].name;
}

int tpm_ak_kind_parse(const char *text, enum tpm_ak_kind *ret_kind)
{
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		if (!strcmp(text, kinds[i].name)) {
			*ret_kind = (enum tpm_ak_kind)i;
			return 0;
		}
	}
	return -EINVAL;
}

#define ATTRIBUTES                                                    \
	(TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT |             \
	 TPMA_OBJECT_SENSITIVEDATAORIGIN | TPMA_OBJECT_USERWITHAUTH | \
	 TPMA_OBJECT_NODA | TPMA_OBJECT_RESTRICTED | TPMA_OBJECT_SIGN_ENCRYPT)

#define RANDOM_LEN 32

static void use_ecc(TPMT_PUBLIC *area, enum tpm_ak_kind kind)
{
	TPMS_ECC_PARMS *ecc = &area->parameters.eccDetail;

	area->type = TPM2_ALG_ECC;
	ecc->symmetric.algorithm = TPM2_ALG_NULL;
	ecc->scheme.scheme = TPM2_ALG_ECDSA;
	ecc->scheme.details.ecdsa.hashAlg = kinds[kind].hash;
	ecc->curveID = kinds[kind].curve;
	ecc->kdf.scheme = TPM2_ALG_NULL;
	area->unique.ecc.x.size = kinds[kind].bits / 8;
	area->unique.ecc.y.size = kinds[kind].bits / 8;
}

static void use_rsa(TPMT_PUBLIC *area, enum tpm_ak_kind kind)
{
	TPMS_RSA_PARMS *rsa = &area->parameters.rsaDetail;

	area->type = TPM2_ALG_RSA;
	rsa->symmetric.algorithm = TPM2_ALG_NULL;
	rsa->scheme.scheme = kinds[kind].scheme;
	rsa->scheme.details.anySig.hashAlg = kinds[kind].hash;
	rsa->keyBits = kinds[kind].bits;
	area->unique.rsa.size = kinds[kind].bits / 8;
}

/* What is random in it makes the key another one than any other. */
static int make_template(enum tpm_ak_kind kind, TPM2B_PUBLIC *ret_template)
{
	TPM2B_PUBLIC template = { .publicArea = {
					  .nameAlg = kinds[kind].hash,
					  .objectAttributes = ATTRIBUTES,
				  } };
	TPMT_PUBLIC *area = &template.publicArea;
	TPMU_PUBLIC_ID *unique = &area->unique;
	bool is_ecc = kinds[kind].curve != 0;
	uint8_t *seed = is_ecc ? unique->ecc.x.buffer : unique->rsa.buffer;

	if (is_ecc)
		use_ecc(area, kind);
	else
		use_rsa(area, kind);
	if (getrandom(seed, RANDOM_LEN, 0) != RANDOM_LEN)
		return -EIO;
	*ret_template = template;
	return 0;
}

/* ---- what is there ------------------------------------------------------------ */

void tpm_object_put(struct tpm *tpm, const struct tpm_object *object)
{
	ESYS_TR esys = object->esys;

	if (!tpm->link.esys)
		return;
	if (!object->is_transient ||
	    Esys_FlushContext(tpm->link.esys, esys) != TSS2_RC_SUCCESS)
		Esys_TR_Close(tpm->link.esys, &esys);
}

static int find_handle(struct tpm *tpm, uint32_t handle,
		       struct tpm_object *ret_object)
{
	char what[64];
	TSS2_RC rc;

	TPM_AGAIN(rc, Esys_TR_FromTPMPublic(tpm->link.esys, handle,
					    ESYS_TR_NONE, ESYS_TR_NONE,
					    ESYS_TR_NONE, &ret_object->esys));
	ret_object->is_transient = false;
	snprintf(what, sizeof(what), "attestation key 0x%08" PRIx32, handle);
	return tpm_failed(tpm, what, rc);
}

static int make_again(struct tpm *tpm, const TPM2B_PUBLIC *template,
		      const TPM2B_AUTH *auth, struct tpm_object *ret_object)
{
	ret_object->is_transient = true;
	return tpm_failed(tpm, "making the attestation key",
			  tpm_esys_primary(&tpm->link, template, auth,
					   &ret_object->esys));
}

static int marshal(struct tpm *tpm, const TPM2B_PUBLIC *public,
		   struct tpm_ak *ak)
{
	ak->public_len = 0;
	if (Tss2_MU_TPM2B_PUBLIC_Marshal(public, ak->public, sizeof(ak->public),
					 &ak->public_len))
		return tpm_refuse(tpm, -EBADMSG,
				  "the key's public area is none");
	return 0;
}

/* Another TPM makes another key of the same template. */
static int check_is(struct tpm *tpm, ESYS_TR object, const char *path,
		    const TPM2B_PUBLIC *wanted)
{
	struct tpm_ak is, other;
	int r = marshal(tpm, wanted, &other);

	if (r == 0)
		r = tpm_ak_describe(tpm, object, &is);
	if (r == 0 && !bytes_equal(tpm_ak_public(&is), tpm_ak_public(&other)))
		r = tpm_refuse(
			tpm, -ESTALE,
			"%s: the key is of another TPM, or its seed was changed; make a new one with `imastage ak create`",
			path);
	return r;
}

static int load_file(struct tpm *tpm, const char *path,
		     struct tpm_object *ret_object)
{
	static const TPM2B_AUTH none;
	struct tpm_ak_file file;
	int r = tpm_ak_file_read(tpm, path, &file);

	if (r == 0)
		r = make_again(tpm, &file.template, &none, ret_object);
	if (r < 0)
		return r;
	r = check_is(tpm, ret_object->esys, path, &file.key);
	if (r < 0)
		tpm_object_put(tpm, ret_object);
	return r;
}

int tpm_ak_load(struct tpm *tpm, const struct tpm_ak *ak,
		struct tpm_object *ret_object)
{
	TPM2B_AUTH auth = tpm_auth_of(bytes_of(ak->auth, ak->auth_len));
	struct tpm_object object;
	int r = ak->place.handle ? find_handle(tpm, ak->place.handle, &object) :
				   load_file(tpm, ak->place.file, &object);

	if (r < 0)
		return r;
	Esys_TR_SetAuth(tpm->link.esys, object.esys, &auth);
	*ret_object = object;
	return 0;
}

/* ---- what it is ------------------------------------------------------------- */

#define NEEDED                                           \
	(TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_RESTRICTED | \
	 TPMA_OBJECT_SIGN_ENCRYPT)

static int check_kind(struct tpm *tpm, struct tpm_ak *ak)
{
	struct evidence_error error;
	struct evidence_public key;
	int r = evidence_public_parse(tpm_ak_public(ak), &key, &error);

	if (r < 0)
		return tpm_refuse(tpm, -EBADMSG, "the key's public area: %s",
				  error.reason);
	if (r > 0 || (key.attributes & NEEDED) != NEEDED ||
	    key.attributes & TPMA_OBJECT_DECRYPT ||
	    key.scheme == EVIDENCE_ALG_NULL)
		return tpm_refuse(
			tpm, -EKEYREJECTED,
			"what is there is no attestation key; make one with `imastage ak create`, or name another handle");
	return evidence_public_name(&key, &ak->name);
}

static int take_names(struct tpm *tpm, const TPM2B_NAME *name,
		      const TPM2B_NAME *qualified, struct tpm_ak *ak)
{
	if (name->size > sizeof(name->name) ||
	    qualified->size != ak->name.len ||
	    qualified->size > sizeof(ak->qualified.bytes) ||
	    !bytes_equal(bytes_of(name->name, name->size),
			 bytes_of(ak->name.bytes, ak->name.len)))
		return tpm_refuse(tpm, -EBADMSG,
				  "the key's names are not those of the key");
	ak->qualified.len = qualified->size;
	memcpy(ak->qualified.bytes, qualified->name, qualified->size);
	return 0;
}

int tpm_ak_describe(struct tpm *tpm, ESYS_TR object, struct tpm_ak *ak)
{
	cleanup_free TPM2B_PUBLIC *public = NULL;
	cleanup_free TPM2B_NAME *name = NULL, *qualified = NULL;
	TSS2_RC rc;
	int r;

	TPM_AGAIN(rc, Esys_ReadPublic(tpm->link.esys, object, ESYS_TR_NONE,
				      ESYS_TR_NONE, ESYS_TR_NONE, &public,
				      &name, &qualified));
	r = tpm_failed(tpm, "public area of the attestation key", rc);
	if (r == 0)
		r = marshal(tpm, public, ak);
	if (r == 0)
		r = check_kind(tpm, ak);
	return r < 0 ? r : take_names(tpm, name, qualified, ak);
}

static int start(const struct tpm_ak_place *place, struct imastage_bytes auth,
		 struct tpm_ak *ret_ak)
{
	if (auth.len > TPM_AUTH_MAX)
		return -EINVAL;
	*ret_ak = (struct tpm_ak){
		.place = *place,
		.auth_len = (uint8_t)auth.len,
	};
	if (auth.len)
		memcpy(ret_ak->auth, auth.data, auth.len);
	return 0;
}

int tpm_ak_open(struct tpm *tpm, const struct tpm_ak_place *place,
		struct imastage_bytes auth, struct tpm_ak *ret_ak)
{
	struct tpm_object object;
	struct tpm_ak ak;
	int r = start(place, auth, &ak);

	if (r == 0)
		r = tpm_begin(tpm);
	if (r < 0)
		return r;
	r = tpm_ak_load(tpm, &ak, &object);
	if (r == 0) {
		r = tpm_ak_describe(tpm, object.esys, &ak);
		tpm_object_put(tpm, &object);
	}
	tpm_end(tpm);
	if (r == 0)
		*ret_ak = ak;
	return r;
}

/* ---- making one ----------------------------------------------------------------- */

/* Before time is spent on making a key. */
static int check_free(struct tpm *tpm, const struct tpm_ak_place *place)
{
	struct tpm_object object;
	int r;

	if (!place->handle)
		return access(place->file, F_OK) < 0 ?
			       0 :
			       tpm_refuse(tpm, -EEXIST,
					  "%s: it is there; name another file",
					  place->file);
	r = find_handle(tpm, place->handle, &object);
	if (r == -ENOKEY) {
		tpm->trouble[0] = '\0';
		return 0;
	}
	if (r < 0)
		return r;
	tpm_object_put(tpm, &object);
	return tpm_refuse(
		tpm, -EEXIST,
		"there is a key at 0x%08" PRIx32
		"; use it, name another handle, or remove it with `tpm2_evictcontrol -c 0x%08" PRIx32
		"`",
		place->handle, place->handle);
}

static int keep_in_tpm(struct tpm *tpm, ESYS_TR object, uint32_t handle)
{
	ESYS_TR kept;
	TSS2_RC rc;
	int r;

	TPM_AGAIN(rc, Esys_EvictControl(tpm->link.esys, ESYS_TR_RH_OWNER,
					object, ESYS_TR_PASSWORD, ESYS_TR_NONE,
					ESYS_TR_NONE, handle, &kept));
	r = tpm_failed(tpm, "making the key persistent", rc);
	if (r == 0)
		Esys_TR_Close(tpm->link.esys, &kept);
	return r;
}

static int keep_it(struct tpm *tpm, ESYS_TR object, const struct tpm_ak *ak,
		   struct tpm_ak_file *file)
{
	size_t at = 0;

	if (ak->place.handle)
		return keep_in_tpm(tpm, object, ak->place.handle);
	if (Tss2_MU_TPM2B_PUBLIC_Unmarshal(ak->public, ak->public_len, &at,
					   &file->key))
		return -EBADMSG;
	return tpm_ak_file_write(tpm, ak->place.file, file);
}

static int make_and_keep(struct tpm *tpm, struct tpm_ak_file *file,
			 struct tpm_ak *ak)
{
	TPM2B_AUTH auth = tpm_auth_of(bytes_of(ak->auth, ak->auth_len));
	struct tpm_object object;
	int r = make_again(tpm, &file->template, &auth, &object);

	if (r < 0)
		return r;
	r = tpm_ak_describe(tpm, object.esys, ak);
	if (r == 0)
		r = keep_it(tpm, object.esys, ak, file);
	tpm_object_put(tpm, &object);
	return r;
}

int tpm_ak_create(struct tpm *tpm, const struct tpm_ak_place *place,
		  enum tpm_ak_kind kind, struct imastage_bytes auth,
		  struct tpm_ak *ret_ak)
{
	struct tpm_ak_file file = { 0 };
	struct tpm_ak ak;
	int r = start(place, auth, &ak);

	if (r == 0 && auth.len && !place->handle)
		r = -EINVAL;
	if (r == 0)
		r = make_template(kind, &file.template);
	if (r == 0)
		r = tpm_begin(tpm);
	if (r < 0)
		return r;
	r = check_free(tpm, place);
	if (r == 0)
		r = make_and_keep(tpm, &file, &ak);
	tpm_end(tpm);
	if (r == 0)
		*ret_ak = ak;
	return r;
}
