// SPDX-License-Identifier: MIT
/*
 * Aligning a list to a quote. See align.h.
 */
#include "attest/align.h"

#include "base/bytes.h"

#include <errno.h>

#define FOUND 9 /* no answer of others */

#define ALL_PCRS ((1u << IMASTAGE_NR_PCRS) - 1)

struct aligner {
	struct attest_records *records;
	const struct attest_sought *sought;
	struct imastage_selection selections[IMASTAGE_SELECTIONS_MAX];
	size_t nr_selections;
	unsigned int banks; /* that are quoted */
	uint32_t quoted; /* PCRs, of any bank */

	/* Of one try. */
	struct imastage_replay *replay;
	struct imastage_align *align;
	uint32_t pcrs; /* that are replayed */
	uint32_t seen; /* that records are for */
};

/* ---- one try ---------------------------------------------------------------- */

/* Banks that old kernels extend with padded sha1: all that have no digest of that length. */
static int set_form(struct aligner *aligner, enum imastage_form form)
{
	int r = 0;

	for (int bank = 0; r == 0 && bank < IMASTAGE_NR_BANKS; bank++)
		if (aligner->banks & 1u << bank && bank != IMASTAGE_SHA1)
			r = imastage_replay_set_form(aligner->replay, bank,
						     form);
	return r;
}

/* @from has a value for each, unless it lacks the bank. */
static int set_values(struct aligner *aligner,
		      const struct imastage_replay *from)
{
	int r = 0;

	for (int bank = 0; bank < IMASTAGE_NR_BANKS; bank++)
		for (unsigned int pcr = 0; r == 0 && pcr < IMASTAGE_NR_PCRS;
		     pcr++)
			if (aligner->banks & 1u << bank &&
			    aligner->pcrs & 1u << pcr)
				r = imastage_replay_set_value(
					aligner->replay, bank, pcr,
					imastage_replay_value(from, bank, pcr));
	return r;
}

static int begin_replay(struct aligner *aligner,
			const struct imastage_replay *from,
			enum imastage_form form)
{
	int r = imastage_replay_new(aligner->banks, aligner->pcrs,
				    &aligner->replay);

	if (r == 0 && from)
		r = set_values(aligner, from);
	if (r == 0 && form != IMASTAGE_FORM_OWN)
		r = set_form(aligner, form);
	return r;
}

/* What the list does not extend, as the TPM said. */
static int set_others(struct aligner *aligner)
{
	const struct pcr_values *values = &aligner->sought->read->values;
	int r = 0;

	for (int bank = 0; bank < IMASTAGE_NR_BANKS; bank++)
		for (unsigned int pcr = 0; r == 0 && pcr < IMASTAGE_NR_PCRS;
		     pcr++)
			if (values->set[bank] & 1u << pcr &&
			    !(aligner->pcrs & 1u << pcr))
				r = imastage_align_set_other(
					aligner->align, bank, pcr,
					bytes_of(values->of[bank][pcr],
						 imastage_bank_digest_len(
							 bank)));
	return r;
}

static int begin_align(struct aligner *aligner)
{
	const struct attest_sought *sought = aligner->sought;
	int r = imastage_align_new(&aligner->align);

	if (r == 0)
		r = set_others(aligner);
	if (r == 0)
		r = imastage_align_expect_quote(aligner->align, sought->hash,
						aligner->selections,
						aligner->nr_selections,
						sought->attest->pcr_digest, 0);
	return r;
}

static int look(struct aligner *aligner)
{
	int r = imastage_align_check(aligner->align, aligner->replay);

	return r == IMASTAGE_ALIGN_MATCH ? FOUND : r;
}

static int take(void *context, const struct imastage_record *record)
{
	struct aligner *aligner = context;
	int r = imastage_replay_extend(aligner->replay, record, NULL);

	if (record->pcr < IMASTAGE_NR_PCRS)
		aligner->seen |= 1u << record->pcr;
	return r < 0 ? r : r == IMASTAGE_OTHER_PCR ? 0 : look(aligner);
}

static int walk(struct aligner *aligner, uint64_t first)
{
	struct attest_extent extent = attest_records_extent(aligner->records);
	int r = look(aligner);

	return r == 0 ? attest_records_each(aligner->records, first, extent.end,
					    take, aligner) :
			r;
}

/* The values of the quote: of what is replayed, and of the rest. */
static void fill(const struct aligner *aligner, uint64_t first,
		 struct attest_prefix *prefix)
{
	prefix->end = first + imastage_replay_nr_records(aligner->replay);
	prefix->pcrs = *aligner->sought->read;
	for (int bank = 0; bank < IMASTAGE_NR_BANKS; bank++)
		for (unsigned int pcr = 0; pcr < IMASTAGE_NR_PCRS; pcr++) {
			struct imastage_bytes value = imastage_replay_value(
				aligner->replay, bank, pcr);

			if (prefix->pcrs.values.set[bank] & 1u << pcr &&
			    value.len)
				memcpy(prefix->pcrs.values.of[bank][pcr],
				       value.data, value.len);
		}
}

/* From the record @first on, which has the values of @from; NULL: those of a start. */
static int try(struct aligner *aligner, const struct imastage_replay *from,
	       uint64_t first, enum imastage_form form,
	       struct attest_prefix *prefix)
{
	int r = begin_replay(aligner, from, form);

	if (r == 0)
		r = begin_align(aligner);
	if (r == 0)
		r = walk(aligner, first);
	if (r == FOUND)
		fill(aligner, first, prefix);
	imastage_align_free(aligner->align);
	imastage_replay_free(aligner->replay);
	aligner->align = NULL;
	aligner->replay = NULL;
	return r;
}

/* ---- which PCRs the list extends -------------------------------------------- */

static uint32_t changed_pcrs(const struct aligner *aligner,
			     const struct imastage_replay *from)
{
	uint32_t changed = 0;

	for (int bank = 0; from && bank < IMASTAGE_NR_BANKS; bank++)
		for (unsigned int pcr = 0; pcr < IMASTAGE_NR_PCRS; pcr++) {
			struct imastage_bytes value =
				imastage_replay_value(from, bank, pcr);
			uint8_t start = pcr >= 17 && pcr <= 22 ? 0xff : 0;

			if (value.len && !bytes_are_all(value, start))
				changed |= 1u << pcr;
		}
	return changed & aligner->quoted;
}

static uint32_t or_ima(uint32_t pcrs)
{
	return pcrs ? pcrs : 1u << IMASTAGE_PCR_IMA;
}

/* Once more if records were for PCRs that nobody knew of. */
static int try_pcrs(struct aligner *aligner, const struct imastage_replay *from,
		    uint64_t first, enum imastage_form form,
		    struct attest_prefix *prefix)
{
	uint32_t known = changed_pcrs(aligner, from), all;
	int r;

	aligner->seen = 0;
	aligner->pcrs = or_ima(known);
	r = try(aligner, from, first, form, prefix);
	all = or_ima(known | (aligner->seen & aligner->quoted));
	if (r != 0 || all == aligner->pcrs)
		return r;
	aligner->pcrs = all;
	return try(aligner, from, first, form, prefix);
}

/* ---- where to begin ---------------------------------------------------------- */

/* With what the archive has before *at; sets that to where it was. IMASTAGE_END: nothing. */
static int try_archived(struct aligner *aligner, uint64_t *at,
			struct attest_prefix *prefix)
{
	struct imastage_replay *from;
	int r = attest_records_replay_at(aligner->records, *at, &from);

	if (r != 0)
		return r;
	*at = imastage_replay_nr_records(from);
	r = aligner->banks & ~imastage_replay_banks(from) ?
		    IMASTAGE_END :
		    try_pcrs(aligner, from, *at, IMASTAGE_FORM_OWN, prefix);
	imastage_replay_free(from);
	return r;
}

/* A record may be archived a moment before the TPM is extended with it. */
static int try_near(struct aligner *aligner, struct attest_prefix *prefix)
{
	uint64_t at = aligner->sought->at;
	int r = try_archived(aligner, &at, prefix);

	if (r != 0 || at == 0)
		return r;
	at--;
	return try_archived(aligner, &at, prefix);
}

static int try_from_start(struct aligner *aligner, struct attest_prefix *prefix)
{
	int r = 0;

	for (int form = 0; r == 0 && form < IMASTAGE_NR_FORMS; form++)
		r = try_pcrs(aligner, NULL, 0, form, prefix);
	return r;
}

/* What was pruned cannot be replayed, only gone on from. */
static int try_far(struct aligner *aligner, struct attest_prefix *prefix)
{
	struct attest_extent extent = attest_records_extent(aligner->records);
	uint64_t at = extent.first;

	return extent.first == 0 ? try_from_start(aligner, prefix) :
				   try_archived(aligner, &at, prefix);
}

static int add_selection(struct aligner *aligner, uint16_t alg, uint32_t pcrs)
{
	struct imastage_selection *selection =
		&aligner->selections[aligner->nr_selections];
	int r = imastage_bank_by_tpm_alg(alg, &selection->bank);

	if (r < 0)
		return -EINVAL;
	selection->pcrs = pcrs & ALL_PCRS;
	aligner->nr_selections++;
	aligner->banks |= 1u << selection->bank;
	aligner->quoted |= selection->pcrs;
	return 0;
}

int attest_align(struct attest_records *records,
		 const struct attest_sought *sought, bool thorough,
		 struct attest_prefix *ret_prefix)
{
	const struct evidence_selections *quoted = &sought->attest->selections;
	struct attest_extent extent = attest_records_extent(records);
	struct aligner aligner = { .records = records, .sought = sought };
	int r = 0;

	for (size_t i = 0; r == 0 && i < quoted->nr; i++)
		r = add_selection(&aligner, quoted->of[i].alg,
				  quoted->of[i].pcrs);
	if (r < 0)
		return r;
	r = try_near(&aligner, ret_prefix);
	if ((r == 0 || r == IMASTAGE_END) && (thorough || !extent.archived))
		r = try_far(&aligner, ret_prefix);
	if (r == FOUND)
		return 0;
	return r == 0 ? IMASTAGE_END : r;
}
