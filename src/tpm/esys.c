// SPDX-License-Identifier: MIT
/*
 * TSS: connecting, and answers that are checked. See esys.h.
 */
#include "tpm/esys.h"

#include "base/util.h"

#include <tss2/tss2_rc.h>
#include <tss2/tss2_tctildr.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>

bool tpm_esys_is_tcti(const char *tcti)
{
	cleanup_free char *name = strndup(tcti, strcspn(tcti, ":"));
	TSS2_TCTI_INFO *info = NULL;
	TSS2_RC rc;

	if (!name || !*name)
		return false;
	rc = Tss2_TctiLdr_GetInfo(name, &info);
	Tss2_TctiLdr_FreeInfo(&info);
	return rc == TSS2_RC_SUCCESS;
}

#define DEVICE_KIND "device:"

void tpm_esys_tcti(const char *text, char ret_tcti[TPM_TCTI_MAX])
{
	snprintf(ret_tcti, TPM_TCTI_MAX, "%s%s",
		 *text == '/' ? DEVICE_KIND : "", text);
}

/* TSS keeps the reason to itself. 0: it is not a device, or that can be opened. */
static int why_no_device(const char *tcti)
{
	size_t len = strlen(DEVICE_KIND);
	int fd;

	if (!tcti || strncmp(tcti, DEVICE_KIND, len) != 0)
		return 0;
	fd = open(tcti + len, O_RDWR | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return errno;
	close(fd);
	return 0;
}

static const char *remedy(int err)
{
	switch (err) {
	case ENOENT:
	case ENODEV:
	case ENXIO:
		return "; load its driver, or name another one";
	case EACCES:
	case EPERM:
		return "; it takes root, or the group of the device";
	case EBUSY:
		return "; another program has it: name /dev/tpmrm0, which many "
		       "can share";
	default:
		return "";
	}
}

void tpm_esys_words(TSS2_RC rc, const char *tcti, char ret_text[TPM_WORDS_MAX])
{
	int err = why_no_device(tcti);

	if (err)
		snprintf(ret_text, TPM_WORDS_MAX, "%s%s", strerror(err),
			 remedy(err));
	else
		snprintf(ret_text, TPM_WORDS_MAX, "%s (%#x)%s",
			 Tss2_RC_Decode(rc), (unsigned int)rc,
			 tpm_esys_remedy(rc));
}

TSS2_RC tpm_esys_open(const char *tcti, struct tpm_esys *ret_link)
{
	TSS2_RC rc;

	*ret_link = (struct tpm_esys){ 0 };
	rc = Tss2_TctiLdr_Initialize(tcti, &ret_link->tcti);
	if (rc == TSS2_RC_SUCCESS)
		rc = Esys_Initialize(&ret_link->esys, ret_link->tcti, NULL);
	if (rc != TSS2_RC_SUCCESS)
		tpm_esys_close(ret_link);
	return rc;
}

TSS2_RC tpm_esys_adopt(TSS2_TCTI_CONTEXT *tcti, struct tpm_esys *ret_link)
{
	*ret_link = (struct tpm_esys){ 0 };
	return Esys_Initialize(&ret_link->esys, tcti, NULL);
}

void tpm_esys_close(struct tpm_esys *link)
{
	if (link->esys)
		Esys_Finalize(&link->esys);
	if (link->tcti)
		Tss2_TctiLdr_Finalize(&link->tcti);
	*link = (struct tpm_esys){ 0 };
}

static bool is_selection(const TPML_PCR_SELECTION *selection)
{
	if (selection->count > TPM2_NUM_PCR_BANKS)
		return false;
	for (uint32_t i = 0; i < selection->count; i++) {
		if (selection->pcrSelections[i].sizeofSelect >
		    TPM2_PCR_SELECT_MAX)
			return false;
	}
	return true;
}

TSS2_RC tpm_esys_banks(struct tpm_esys *link, TPML_PCR_SELECTION *ret_banks)
{
	cleanup_free TPMS_CAPABILITY_DATA *data = NULL;
	TPMI_YES_NO more;
	TSS2_RC rc;

	rc = Esys_GetCapability(link->esys, ESYS_TR_NONE, ESYS_TR_NONE,
				ESYS_TR_NONE, TPM2_CAP_PCRS, 0, 1, &more,
				&data);
	if (rc != TSS2_RC_SUCCESS)
		return rc;
	if (data->capability != TPM2_CAP_PCRS ||
	    !is_selection(&data->data.assignedPCR))
		return TPM_RC_MALFORMED;
	*ret_banks = data->data.assignedPCR;
	return TSS2_RC_SUCCESS;
}

/* PCRs of the bank @alg, as a mask. */
static uint32_t pcrs_of(const TPML_PCR_SELECTION *selection, uint16_t alg)
{
	uint32_t pcrs = 0;

	for (uint32_t i = 0; i < selection->count; i++) {
		const TPMS_PCR_SELECTION *bank = &selection->pcrSelections[i];

		for (int byte = 0;
		     bank->hash == alg && byte < bank->sizeofSelect; byte++)
			pcrs |= (uint32_t)bank->pcrSelect[byte] << 8 * byte;
	}
	return pcrs;
}

static bool is_repeated(const TPML_PCR_SELECTION *selection, uint32_t place)
{
	for (uint32_t i = 0; i < place; i++) {
		if (selection->pcrSelections[i].hash ==
		    selection->pcrSelections[place].hash)
			return true;
	}
	return false;
}

/* Each bank once, and nothing that was not wanted. How many PCRs are there? */
static bool is_part_of(const TPML_PCR_SELECTION *got,
		       const TPML_PCR_SELECTION *wanted, uint32_t *ret_nr)
{
	uint32_t nr = 0;

	for (uint32_t i = 0; i < got->count; i++) {
		uint16_t alg = got->pcrSelections[i].hash;
		uint32_t pcrs = pcrs_of(got, alg);

		if (is_repeated(got, i) || (pcrs & ~pcrs_of(wanted, alg)))
			return false;
		nr += (uint32_t)__builtin_popcount(pcrs);
	}
	*ret_nr = nr;
	return true;
}

static bool is_answer(const TPML_PCR_SELECTION *wanted,
		      const TPML_PCR_SELECTION *got, const TPML_DIGEST *values)
{
	uint32_t nr;

	if (!is_selection(got) || !is_part_of(got, wanted, &nr) ||
	    values->count != nr || nr > ARRAY_SIZE(values->digests))
		return false;
	for (uint32_t i = 0; i < nr; i++) {
		if (values->digests[i].size > sizeof(values->digests[i].buffer))
			return false;
	}
	return true;
}

TSS2_RC tpm_esys_read(struct tpm_esys *link, const TPML_PCR_SELECTION *wanted,
		      TPML_PCR_SELECTION *ret_got, TPML_DIGEST *ret_values,
		      uint32_t *ret_counter)
{
	cleanup_free TPML_PCR_SELECTION *got = NULL;
	cleanup_free TPML_DIGEST *values = NULL;
	TSS2_RC rc;

	rc = Esys_PCR_Read(link->esys, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE,
			   wanted, ret_counter, &got, &values);
	if (rc != TSS2_RC_SUCCESS)
		return rc;
	if (!is_answer(wanted, got, values))
		return TPM_RC_MALFORMED;
	*ret_got = *got;
	*ret_values = *values;
	return TSS2_RC_SUCCESS;
}

void tpm_select_pcr(TPML_PCR_SELECTION *selection, uint16_t alg,
		    unsigned int pcr)
{
	TPMS_PCR_SELECTION *bank =
		&selection->pcrSelections[selection->count++];

	*bank = (TPMS_PCR_SELECTION){ .hash = alg, .sizeofSelect = 3 };
	bank->pcrSelect[pcr / 8] = (uint8_t)(1 << pcr % 8);
}
