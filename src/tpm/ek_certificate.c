// SPDX-License-Identifier: MIT
/*
 * The endorsement key, and its certificate from the TPM's NV memory. See credential.h.
 */
#include "tpm/ek_private.h"

#include "base/cursor.h"
#include "base/util.h"

#include <tss2/tss2_mu.h>

#include <errno.h>

/* "TCG EK Credential Profile": templates L-2, L-1 and H-3 */
static const struct {
	const char *name;
	uint32_t handle, certificate;
} kinds[] = {
	[TPM_EK_ECC_P256] = { "ecc-p256", 0x81010002, 0x01c0000a },
	[TPM_EK_RSA_2048] = { "rsa-2048", 0x81010001, 0x01c00002 },
	[TPM_EK_ECC_P384] = { "ecc-p384", 0x81010016, 0x01c00016 },
};

const char *tpm_ek_kind_name(enum tpm_ek_kind kind)
{
	return kinds[kind].name;
}

int tpm_ek_kind_parse(const char *text, enum tpm_ek_kind *ret_kind)
{
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		if (!strcmp(text, kinds[i].name)) {
			*ret_kind = (enum tpm_ek_kind)i;
			return 0;
		}
	}
	return -EINVAL;
}

/* ---- the key ------------------------------------------------------------------- */

/* Whatever the standard one has, but its numbers. */
static bool is_standard(const TPM2B_PUBLIC *public, enum tpm_ek_kind kind)
{
	const TPMT_PUBLIC *wanted = &tpm_esys_ek_templates[kind].publicArea;
	TPMT_PUBLIC area = public->publicArea;
	uint8_t ours[TPM_PUBLIC_MAX], theirs[TPM_PUBLIC_MAX];
	size_t len = 0, their_len = 0;

	area.unique = wanted->unique;
	return Tss2_MU_TPMT_PUBLIC_Marshal(wanted, ours, sizeof(ours), &len) ==
		       TSS2_RC_SUCCESS &&
	       Tss2_MU_TPMT_PUBLIC_Marshal(&area, theirs, sizeof(theirs),
					   &their_len) == TSS2_RC_SUCCESS &&
	       bytes_equal(bytes_of(ours, len), bytes_of(theirs, their_len));
}

static int read_public(struct tpm *tpm, ESYS_TR object,
		       TPM2B_PUBLIC *ret_public)
{
	cleanup_free TPM2B_PUBLIC *public = NULL;
	TSS2_RC rc;
	int r;

	TPM_AGAIN(rc, Esys_ReadPublic(tpm->link.esys, object, ESYS_TR_NONE,
				      ESYS_TR_NONE, ESYS_TR_NONE, &public, NULL,
				      NULL));
	r = tpm_failed(tpm, "public area of the endorsement key", rc);
	if (r == 0)
		*ret_public = *public;
	return r;
}

/* 1: there is one, and it is the standard one; 0: not so. */
static int find_persistent(struct tpm *tpm, enum tpm_ek_kind kind,
			   struct tpm_object *ret_object)
{
	struct tpm_object object = { 0 };
	TPM2B_PUBLIC public;
	TSS2_RC rc;
	int r;

	TPM_AGAIN(rc, Esys_TR_FromTPMPublic(tpm->link.esys, kinds[kind].handle,
					    ESYS_TR_NONE, ESYS_TR_NONE,
					    ESYS_TR_NONE, &object.esys));
	if (tpm_esys_errno(rc) == -ENOKEY)
		return 0;
	r = tpm_failed(tpm, "endorsement key", rc);
	if (r < 0)
		return r;
	r = read_public(tpm, object.esys, &public);
	if (r == 0 && is_standard(&public, kind)) {
		*ret_object = object;
		return 1;
	}
	tpm_object_put(tpm, &object);
	return r;
}

int tpm_ek_load(struct tpm *tpm, enum tpm_ek_kind kind,
		struct tpm_object *ret_object)
{
	static const TPM2B_AUTH none;
	struct tpm_object object = { 0 };
	int r = find_persistent(tpm, kind, &object);

	if (r == 0) {
		object.is_transient = true;
		r = tpm_failed(tpm, "making the endorsement key",
			       tpm_esys_primary(&tpm->link,
						&tpm_esys_ek_templates[kind],
						&none, &object.esys));
	}
	if (r < 0)
		return r;
	*ret_object = object;
	return 0;
}

static int load_and_read(struct tpm *tpm, enum tpm_ek_kind kind,
			 struct tpm_ek *ek)
{
	struct tpm_object object;
	TPM2B_PUBLIC public;
	int r = tpm_ek_load(tpm, kind, &object);

	if (r < 0)
		return r;
	r = read_public(tpm, object.esys, &public);
	tpm_object_put(tpm, &object);
	if (r == 0 &&
	    (!is_standard(&public, kind) ||
	     Tss2_MU_TPM2B_PUBLIC_Marshal(&public, ek->public,
					  sizeof(ek->public), &ek->public_len)))
		return tpm_refuse(
			tpm, -EBADMSG,
			"endorsement key: it is another than was asked for");
	return r;
}

/* ---- its certificate ---------------------------------------------------------- */

#define NV_CHUNK 512 /* all TPMs give so many at once */

/* 1: it is there. */
static int find_index(struct tpm *tpm, enum tpm_ek_kind kind,
		      ESYS_TR *ret_index)
{
	TSS2_RC rc;
	int r;

	TPM_AGAIN(rc,
		  Esys_TR_FromTPMPublic(tpm->link.esys, kinds[kind].certificate,
					ESYS_TR_NONE, ESYS_TR_NONE,
					ESYS_TR_NONE, ret_index));
	if (tpm_esys_errno(rc) == -ENOKEY)
		return 0;
	r = tpm_failed(tpm, "certificate of the endorsement key", rc);
	return r < 0 ? r : 1;
}

static int read_size(struct tpm *tpm, ESYS_TR index, size_t *ret_len)
{
	cleanup_free TPM2B_NV_PUBLIC *public = NULL;
	TSS2_RC rc;
	int r;

	TPM_AGAIN(rc, Esys_NV_ReadPublic(tpm->link.esys, index, ESYS_TR_NONE,
					 ESYS_TR_NONE, ESYS_TR_NONE, &public,
					 NULL));
	r = tpm_failed(tpm, "certificate of the endorsement key", rc);
	if (r == 0)
		*ret_len = public->nvPublic.dataSize;
	return r;
}

static int read_chunk(struct tpm *tpm, ESYS_TR index, uint16_t len,
		      uint16_t offset, uint8_t *ret_data)
{
	cleanup_free TPM2B_MAX_NV_BUFFER *data = NULL;
	TSS2_RC rc;
	int r;

	TPM_AGAIN(rc,
		  Esys_NV_Read(tpm->link.esys, index, index, ESYS_TR_PASSWORD,
			       ESYS_TR_NONE, ESYS_TR_NONE, len, offset, &data));
	r = tpm_failed(tpm, "certificate of the endorsement key", rc);
	if (r < 0)
		return r;
	if (data->size != len)
		return tpm_refuse(
			tpm, -EBADMSG,
			"certificate of the endorsement key: %u bytes, where %u were asked for",
			data->size, len);
	memcpy(ret_data, data->buffer, len);
	return 0;
}

/* Of a DER sequence with its header; 0: it is none. */
static size_t der_len(struct imastage_bytes bytes)
{
	struct cursor cursor;
	uint8_t tag, form;
	uint16_t len;

	cursor_init(&cursor, bytes, IMASTAGE_BIG);
	if (cursor_read_u8(&cursor, &tag) < 0 || tag != 0x30 ||
	    cursor_read_u8(&cursor, &form) < 0 || form != 0x82 ||
	    cursor_read_u16(&cursor, &len) < 0 ||
	    cursor_remaining(&cursor) < len)
		return 0;
	return cursor_offset(&cursor) + len;
}

/* Vendors fill up what they have reserved. */
static int cut_off(struct tpm *tpm, size_t len, struct tpm_ek *ek)
{
	ek->certificate_len = der_len(bytes_of(ek->certificate, len));
	if (ek->certificate_len)
		return 0;
	return tpm_refuse(
		tpm, -EBADMSG,
		"certificate of the endorsement key: what the TPM has there is none; give its file with --ek-certificate, or none");
}

static int read_certificate(struct tpm *tpm, ESYS_TR index, struct tpm_ek *ek)
{
	size_t len = 0;
	int r = read_size(tpm, index, &len);

	if (r == 0 && len > sizeof(ek->certificate))
		return tpm_refuse(
			tpm, -EBADMSG,
			"certificate of the endorsement key: of %zu bytes, it is none",
			len);
	for (size_t at = 0; r == 0 && at < len; at += NV_CHUNK) {
		size_t rest = len - at;

		r = read_chunk(tpm, index,
			       (uint16_t)(rest < NV_CHUNK ? rest : NV_CHUNK),
			       (uint16_t)at, ek->certificate + at);
	}
	return r < 0 ? r : cut_off(tpm, len, ek);
}

static int find_certificate(struct tpm *tpm, struct tpm_ek *ek)
{
	ESYS_TR index;
	int r = find_index(tpm, ek->kind, &index);

	if (r <= 0)
		return r;
	r = read_certificate(tpm, index, ek);
	if (tpm->link.esys)
		Esys_TR_Close(tpm->link.esys, &index);
	return r;
}

int tpm_ek_read(struct tpm *tpm, enum tpm_ek_kind kind, bool with_certificate,
		struct tpm_ek *ret_ek)
{
	struct tpm_ek ek = { .kind = kind };
	int r = tpm_begin(tpm);

	if (r < 0)
		return r;
	r = load_and_read(tpm, kind, &ek);
	if (r == 0 && with_certificate)
		r = find_certificate(tpm, &ek);
	tpm_end(tpm);
	if (r == 0)
		*ret_ek = ek;
	return r;
}

/* ---- which one ---------------------------------------------------------------- */

/* 2: it has a certificate; 1: it is persistent; 0: neither. */
static int rate(struct tpm *tpm, enum tpm_ek_kind kind)
{
	struct tpm_object object;
	ESYS_TR index;
	int r = find_index(tpm, kind, &index);

	if (r > 0) {
		Esys_TR_Close(tpm->link.esys, &index);
		return 2;
	}
	if (r == 0)
		r = find_persistent(tpm, kind, &object);
	if (r > 0)
		tpm_object_put(tpm, &object);
	return r;
}

int tpm_ek_choose(struct tpm *tpm, enum tpm_ek_kind *ret_kind)
{
	static const enum tpm_ek_kind order[TPM_NR_EK_KINDS] = {
		TPM_EK_ECC_P256,
		TPM_EK_ECC_P384,
		TPM_EK_RSA_2048,
	};
	enum tpm_ek_kind best = TPM_EK_ECC_P256;
	int best_rate = 0, r = tpm_begin(tpm);

	if (r < 0)
		return r;
	for (size_t i = 0; r >= 0 && i < ARRAY_SIZE(order); i++) {
		r = rate(tpm, order[i]);
		if (r > best_rate) {
			best_rate = r;
			best = order[i];
		}
	}
	tpm_end(tpm);
	if (r < 0)
		return r;
	*ret_kind = best;
	return 0;
}
