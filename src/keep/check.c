// SPDX-License-Identifier: MIT
/*
 * The TPM's word: archive and list replayed to PCR 10.
 *
 * The list is read after the PCR, so it can only be ahead. A record is listed
 * a moment before the TPM is extended with it, and that may even be archived
 * by then: so a mismatch is looked into again before it is one.
 */
#include "keep/private.h"

#include "base/bytes.h"

#include <errno.h>

/* Where the archive replays none, for there is a gap: those that are most used. */
#define FRESH_BANKS (1u << IMASTAGE_SHA1 | 1u << IMASTAGE_SHA256)

int keep_read_pcrs(struct keep *keep, struct keep_pcrs *ret_pcrs)
{
	const struct imastage_replay *replay =
		archive_replay(keep->options.archive);
	struct keep_pcrs pcrs = { 0 };
	int r = 0;

	*ret_pcrs = pcrs;
	if (!keep->options.tpm)
		return 0;
	pcrs.banks = tpm_banks(keep->options.tpm) &
		     (replay ? imastage_replay_banks(replay) : FRESH_BANKS);
	if (pcrs.banks)
		r = tpm_read_pcrs(keep->options.tpm, pcrs.banks,
				  IMASTAGE_PCR_IMA, &pcrs.values);
	if (r == 0)
		*ret_pcrs = pcrs;
	return r;
}

static int expect(struct imastage_align *align, const struct keep_pcrs *pcrs)
{
	int r = 0;

	for (int bank = 0; r == 0 && bank < IMASTAGE_NR_BANKS; bank++) {
		struct imastage_bytes value = {
			pcrs->values.of[bank], imastage_bank_digest_len(bank)
		};

		if (pcrs->banks & 1u << bank)
			r = imastage_align_expect_value(
				align, bank, IMASTAGE_PCR_IMA, value);
	}
	return r;
}

/* Returns IMASTAGE_END when the list did. */
static int extend_with(struct keep_list *list, uint64_t skip,
		       struct imastage_replay *replay,
		       struct imastage_align *align)
{
	struct imastage_record record;
	int r = imastage_align_check(align, replay);

	for (uint64_t i = 0; r >= 0; i++) {
		r = keep_list_next(list, &record);
		if (r != 0)
			return r;
		if (i < skip)
			continue;
		r = imastage_replay_extend(replay, &record, NULL);
		if (r >= 0)
			r = imastage_align_check(align, replay);
	}
	return r;
}

static int align_list(struct keep *keep, const struct keep_pcrs *pcrs,
		      uint64_t skip, struct imastage_replay *replay,
		      struct imastage_align *align, struct keep_check *check)
{
	cleanup_keep_list struct keep_list list = { 0 };
	int r = expect(align, pcrs);

	if (r == 0)
		r = keep_list_open(keep->options.source, KEEP_BOTH, 0, &list);
	if (r == 0)
		r = extend_with(&list, skip, replay, align);
	if (r != IMASTAGE_END)
		return r;
	check->verdict = imastage_align_finish(align, &check->nr_records) ==
					 IMASTAGE_ALIGN_MATCH ?
				 KEEP_CHECK_MATCH :
				 KEEP_CHECK_MISMATCH;
	if (check->verdict == KEEP_CHECK_MATCH)
		check->nr_excess =
			imastage_replay_nr_records(replay) - check->nr_records;
	return 0;
}

/*
 * The banks that did not get where they should, if the kernel may extend them in
 * another form; 0 when one did not that has no other.
 */
static unsigned int find_unexplained(const struct keep_pcrs *pcrs,
				     const struct imastage_align *align)
{
	unsigned int unexplained = 0;
	uint64_t first, last;

	for (int bank = 0; bank < IMASTAGE_NR_BANKS; bank++)
		if (pcrs->banks & 1u << bank &&
		    imastage_align_value(align, bank, IMASTAGE_PCR_IMA, &first,
					 &last) < 0)
			unexplained |= 1u << bank;
	return unexplained & 1u << IMASTAGE_SHA1 ? 0 : unexplained;
}

/* With @replay, which is used up. *ret_unexplained: see find_unexplained(). */
static int replay_listed(struct keep *keep, const struct keep_pcrs *pcrs,
			 uint64_t skip, struct imastage_replay *replay,
			 struct keep_check *check,
			 unsigned int *ret_unexplained)
{
	struct imastage_align *align = NULL;
	int r = imastage_align_new(&align);

	if (r == 0)
		r = align_list(keep, pcrs, skip, replay, align, check);
	*ret_unexplained = r == 0 ? find_unexplained(pcrs, align) : 0;
	imastage_align_free(align);
	imastage_replay_free(replay);
	return r;
}

/* What cannot be replayed so leaves the mismatch that there is. */
static int try_form(struct keep *keep, const struct keep_pcrs *pcrs,
		    uint64_t skip, enum imastage_form form, unsigned int padded,
		    struct keep_check *check)
{
	struct imastage_replay *replay;
	unsigned int unexplained;
	int r = keep_forms_replay(keep, form, pcrs->banks, padded, &replay);

	if (r)
		return r > 0 ? 0 : r;
	r = replay_listed(keep, pcrs, skip, replay, check, &unexplained);
	if (r == 0 && check->verdict == KEEP_CHECK_MATCH) {
		check->padded = padded;
		keep->padded = padded;
	}
	return r;
}

static int try_forms(struct keep *keep, const struct keep_pcrs *pcrs,
		     uint64_t skip, unsigned int padded,
		     struct keep_check *check)
{
	int r = 0;

	for (int form = IMASTAGE_FORM_PADDED;
	     form < IMASTAGE_NR_FORMS && r == 0 &&
	     check->verdict == KEEP_CHECK_MISMATCH;
	     form++)
		r = try_form(keep, pcrs, skip, form, padded, check);
	return r;
}

int keep_replay_listed(struct keep *keep, const struct keep_pcrs *pcrs,
		       uint64_t skip, bool last, struct keep_check *ret_check)
{
	struct keep_check check = { .verdict = KEEP_CHECK_UNKNOWN,
				    .banks = pcrs->banks };
	const struct imastage_replay *archived =
		archive_replay(keep->options.archive);
	struct imastage_replay *replay;
	unsigned int unexplained = 0;
	int r = 0;

	if (pcrs->banks && archived) {
		r = imastage_replay_clone(archived, &replay);
		if (r == 0)
			r = replay_listed(keep, pcrs, skip, replay, &check,
					  &unexplained);
		if (r == 0 && check.verdict == KEEP_CHECK_MISMATCH &&
		    unexplained && (last || keep->padded))
			r = try_forms(keep, pcrs, skip, unexplained, &check);
	}
	if (r == 0)
		*ret_check = check;
	return r;
}

/* ---- the list alone -------------------------------------------------------- */

/* The kernel's own first record, in each of its forms. 1 or 0. */
static int begins_a_boot(struct keep *keep)
{
	static const char first[] = "boot_aggregate";
	cleanup_keep_list struct keep_list list = { 0 };
	struct imastage_record record;
	struct imastage_bytes name;
	int r = keep_list_open(keep->options.source, KEEP_BOTH, 0, &list);

	if (r == 0)
		r = keep_list_next(&list, &record);
	if (r != 0)
		return r < 0 ? r : 0;
	return imastage_record_event_name(&record, &name) == 0 &&
	       name.len >= strlen(first) &&
	       !memcmp(name.data, first, strlen(first));
}

/* With the banks of *padded in @form; afterwards it is what was not explained. */
static int replay_fresh(struct keep *keep, const struct keep_pcrs *pcrs,
			enum imastage_form form, unsigned int *padded,
			struct keep_check *check)
{
	struct imastage_replay *replay;
	int r = imastage_replay_new(pcrs->banks, 1u << IMASTAGE_PCR_IMA,
				    &replay);

	if (r < 0)
		return r;
	for (int bank = 0; bank < IMASTAGE_NR_BANKS && r == 0; bank++)
		if (*padded & 1u << bank)
			r = imastage_replay_set_form(replay, bank, form);
	if (r < 0) {
		imastage_replay_free(replay);
		return r;
	}
	return replay_listed(keep, pcrs, 0, replay, check, padded);
}

static int replay_fresh_in_any_form(struct keep *keep,
				    const struct keep_pcrs *pcrs,
				    struct keep_check *check)
{
	unsigned int unexplained = 0;
	int r = replay_fresh(keep, pcrs, IMASTAGE_FORM_OWN, &unexplained,
			     check);

	for (int form = IMASTAGE_FORM_PADDED;
	     form < IMASTAGE_NR_FORMS && r == 0 && unexplained &&
	     check->verdict == KEEP_CHECK_MISMATCH;
	     form++) {
		unsigned int padded = unexplained;

		r = replay_fresh(keep, pcrs, form, &padded, check);
	}
	return r;
}

int keep_replay_fresh(struct keep *keep, const struct keep_pcrs *pcrs,
		      struct keep_check *ret_check)
{
	struct keep_check check = { .verdict = KEEP_CHECK_UNKNOWN,
				    .banks = pcrs->banks };
	int r = pcrs->banks ? begins_a_boot(keep) : 0;

	if (r > 0)
		r = replay_fresh_in_any_form(keep, pcrs, &check);
	if (r == 0)
		*ret_check = check;
	return r;
}

/* ---- on request ------------------------------------------------------------ */

static int check_placed(struct keep *keep, struct keep_check *check)
{
	uint64_t skip = archive_end(keep->options.archive) - keep->first;
	struct keep_pcrs pcrs;
	int r = 0;

	for (int i = 0; i < KEEP_TPM_TRIES; i++) {
		r = keep_read_pcrs(keep, &pcrs);
		if (r == 0)
			r = keep_replay_listed(keep, &pcrs, skip,
					       i + 1 == KEEP_TPM_TRIES, check);
		if (r < 0 || check->verdict != KEEP_CHECK_MISMATCH)
			break;
	}
	return r;
}

int keep_check(struct keep *keep, struct keep_check *ret_check)
{
	struct keep_check check = { .verdict = KEEP_CHECK_UNKNOWN };
	int r = keep_look(keep);

	if (r == 0)
		r = source_begin(keep->options.source, SOURCE_READ);
	if (r < 0)
		return r;
	r = keep_place(keep);
	if (r == 0)
		r = check_placed(keep, &check);
	source_end(keep->options.source);
	if (r == 0)
		*ret_check = check;
	return r;
}
