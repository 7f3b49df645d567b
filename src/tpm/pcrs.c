// SPDX-License-Identifier: MIT
/*
 * Values of PCRs, of one moment. See tpm.h and quote.h.
 */
#include "tpm/quote.h"

#include "base/bytes.h"
#include "base/util.h"
#include "tpm/private.h"
#include "tpm/selection.h"

#include <errno.h>

/* PCRs that change between each two commands of so many. */
#define TRIES_MAX 64

#define SELECT_LEN EVIDENCE_SELECT_LEN
#define PCRS_MAX (UINT32_C(1) << 8 * SELECT_LEN)

/* ---- selections ------------------------------------------------------------ */

static unsigned int banks_of(const struct evidence_selections *selections)
{
	unsigned int banks = 0;
	enum imastage_bank bank;

	for (size_t i = 0; i < selections->nr; i++) {
		if (imastage_bank_by_tpm_alg(selections->of[i].alg, &bank) == 0)
			banks |= 1U << bank;
	}
	return banks;
}

bool tpm_selection_is_sound(const struct evidence_selections *selections)
{
	if (selections->nr == 0 || selections->nr > IMASTAGE_NR_BANKS)
		return false;
	for (size_t i = 0; i < selections->nr; i++) {
		if (selections->of[i].pcrs == 0 ||
		    selections->of[i].pcrs >= PCRS_MAX)
			return false;
	}
	/* Those that are known, each counted once. */
	return (size_t)__builtin_popcount(banks_of(selections)) ==
	       selections->nr;
}

void tpm_selection_of(const struct evidence_selections *selections,
		      TPML_PCR_SELECTION *ret_selection)
{
	*ret_selection = (TPML_PCR_SELECTION){
		.count = (uint32_t)selections->nr,
	};
	for (size_t i = 0; i < selections->nr; i++) {
		TPMS_PCR_SELECTION *to = &ret_selection->pcrSelections[i];

		to->hash = selections->of[i].alg;
		to->sizeofSelect = SELECT_LEN;
		for (int byte = 0; byte < SELECT_LEN; byte++)
			to->pcrSelect[byte] =
				(uint8_t)(selections->of[i].pcrs >> 8 * byte);
	}
}

int tpm_selection_check(struct tpm *tpm,
			const struct evidence_selections *selections)
{
	unsigned int missing = banks_of(selections) & ~tpm->banks;

	if (!missing)
		return 0;
	return tpm_refuse(
		tpm, -ENOENT,
		"it has no bank %s; name others, or allocate it with tpm2_pcrallocate",
		imastage_bank_name(__builtin_ctz(missing)));
}

/* ---- values ---------------------------------------------------------------- */

/* What is still wanted, and what there is. */
struct reading {
	TPML_PCR_SELECTION wanted;
	struct pcr_values values;
};

static void take_off(TPML_PCR_SELECTION *wanted, uint16_t alg, unsigned int pcr)
{
	for (uint32_t i = 0; i < wanted->count; i++) {
		if (wanted->pcrSelections[i].hash == alg)
			wanted->pcrSelections[i].pcrSelect[pcr / 8] &=
				0xff ^ (1U << pcr % 8);
	}
}

static bool is_anything(const TPML_PCR_SELECTION *wanted)
{
	for (uint32_t i = 0; i < wanted->count; i++) {
		if (!bytes_are_all(bytes_of(wanted->pcrSelections[i].pcrSelect,
					    SELECT_LEN),
				   0))
			return true;
	}
	return false;
}

static int take_bank(const TPMS_PCR_SELECTION *got, const TPML_DIGEST *values,
		     uint32_t *nr, struct reading *reading)
{
	enum imastage_bank bank;

	if (imastage_bank_by_tpm_alg(got->hash, &bank) < 0)
		return -EBADMSG;
	for (unsigned int pcr = 0; pcr < 8U * got->sizeofSelect; pcr++) {
		const TPM2B_DIGEST *value = &values->digests[*nr];

		if (!(got->pcrSelect[pcr / 8] & 1U << pcr % 8))
			continue;
		if (pcr_values_set(&reading->values, bank, pcr,
				   bytes_of(value->buffer, value->size)) < 0)
			return -EBADMSG;
		take_off(&reading->wanted, got->hash, pcr);
		(*nr)++;
	}
	return 0;
}

/* As many values as PCRs are selected: tpm_esys_read() has seen to it. */
static int take_values(const TPML_PCR_SELECTION *got, const TPML_DIGEST *values,
		       struct reading *reading)
{
	uint32_t nr = 0;
	int r = 0;

	for (uint32_t i = 0; r == 0 && i < got->count; i++) {
		if (bytes_are_all(bytes_of(got->pcrSelections[i].pcrSelect,
					   got->pcrSelections[i].sizeofSelect),
				  0))
			continue;
		r = take_bank(&got->pcrSelections[i], values, &nr, reading);
	}
	return r == 0 && nr == 0 ? -EBADMSG : r;
}

static int read_part(struct tpm *tpm, struct reading *reading,
		     uint32_t *ret_counter)
{
	TPML_PCR_SELECTION got;
	TPML_DIGEST values;
	TSS2_RC rc = tpm_esys_read(&tpm->link, &reading->wanted, &got, &values,
				   ret_counter);
	int r = tpm_failed(tpm, "PCR values", rc);

	if (r == 0)
		r = take_values(&got, &values, reading);
	return r;
}

/* 0, or 1 when PCRs changed meanwhile. */
static int read_once(struct tpm *tpm, struct reading *reading)
{
	uint32_t first, counter;
	int r = read_part(tpm, reading, &first);

	while (r == 0 && is_anything(&reading->wanted)) {
		r = read_part(tpm, reading, &counter);
		if (r == 0 && counter != first)
			return 1;
	}
	return r;
}

static int read_locked(struct tpm *tpm,
		       const struct evidence_selections *wanted,
		       struct pcr_values *values)
{
	struct reading reading;
	int r = tpm_selection_check(tpm, wanted);

	if (r < 0)
		return r;
	r = 1;
	for (int i = 0; r == 1 && i < TRIES_MAX; i++) {
		reading = (struct reading){ 0 };
		tpm_selection_of(wanted, &reading.wanted);
		r = read_once(tpm, &reading);
	}
	if (r == 0)
		*values = reading.values;
	return r == 1 ? -EAGAIN : r;
}

static int read_values(struct tpm *tpm,
		       const struct evidence_selections *wanted,
		       struct pcr_values *ret_values)
{
	int r = tpm_begin(tpm);

	if (r < 0)
		return r;
	r = read_locked(tpm, wanted, ret_values);
	tpm_end(tpm);
	return r;
}

int tpm_read_selections(struct tpm *tpm,
			const struct evidence_selections *wanted,
			struct evidence_pcrs *ret_pcrs)
{
	struct evidence_pcrs pcrs = { .selections = *wanted };
	int r;

	if (!tpm_selection_is_sound(wanted))
		return -EINVAL;
	r = read_values(tpm, wanted, &pcrs.values);
	if (r == 0)
		*ret_pcrs = pcrs;
	return r;
}

int tpm_read_pcrs(struct tpm *tpm, unsigned int banks, unsigned int pcr,
		  struct imastage_digests *ret_values)
{
	struct evidence_selections wanted = { 0 };
	struct pcr_values values;
	int r;

	if (banks == 0 || banks >> IMASTAGE_NR_BANKS || pcr >= IMASTAGE_NR_PCRS)
		return -EINVAL;
	for (int bank = 0; bank < IMASTAGE_NR_BANKS; bank++) {
		if (!(banks & 1U << bank))
			continue;
		wanted.of[wanted.nr].alg = imastage_bank_tpm_alg(bank);
		wanted.of[wanted.nr++].pcrs = UINT32_C(1) << pcr;
	}
	r = read_values(tpm, &wanted, &values);
	if (r == 0)
		*ret_values = (struct imastage_digests){ 0 };
	for (int bank = 0; r == 0 && bank < IMASTAGE_NR_BANKS; bank++) {
		if (banks & 1U << bank)
			memcpy(ret_values->of[bank], values.of[bank][pcr],
			       IMASTAGE_DIGEST_MAX);
	}
	return r;
}
