/* SPDX-License-Identifier: MIT */
/*
 * Alignment: how many records of a list lead to what the TPM said. The TPM is
 * asked at some moment and the list read at another, so the list has records
 * in excess, which belong to the next time.
 *
 * What is looked for is either values of PCRs, which are compared after every
 * record, or a quote's PCR digest: the hash over the values of the PCRs that
 * were quoted. A digest is not computed for every record: the values of the
 * last records (the window) are kept, and at the end looked through from the
 * last one backwards, because quotes are about as new as the list. The hash of
 * what comes before the first PCR that is replayed is computed once.
 */
#ifndef IMASTAGE_ALIGN_H
#define IMASTAGE_ALIGN_H

#include <imastage/replay.h>

#ifdef __cplusplus
extern "C" {
#endif

struct imastage_align;

/* Answers. */
#define IMASTAGE_ALIGN_NONE 0 /* no number of records leads there */
#define IMASTAGE_ALIGN_MATCH 1
#define IMASTAGE_ALIGN_EARLIER 2 /* none in the window: widen it, look again */

/* -ENOMEM */
IMASTAGE_API int imastage_align_new(struct imastage_align **ret_align);
IMASTAGE_API void imastage_align_free(struct imastage_align *align);

/*
 * Looks for a PCR's value; several must hold at once. -EINVAL when the length
 * is not the bank's or there is no such PCR, -E2BIG above 64 of them, -EBUSY
 * once looking has begun.
 */
IMASTAGE_API int imastage_align_expect_value(struct imastage_align *align,
					     enum imastage_bank bank,
					     unsigned int pcr,
					     struct imastage_bytes value);

/* PCRs of a bank that were quoted, one element of TPML_PCR_SELECTION. */
struct imastage_selection {
	enum imastage_bank bank;
	uint32_t pcrs; /* mask */
};

#define IMASTAGE_SELECTIONS_MAX 16

/*
 * Looks for a quote's PCR digest. @hash: the algorithm of the signature's
 * hash, which the digest has, too. The values of quoted PCRs that are not
 * replayed are to be given by imastage_align_set_other(). -EINVAL, -E2BIG,
 * -EBUSY (a second quote, too) as above. With values, both must hold.
 *
 * The digest depends on the order in which the selections were quoted. Up to four
 * are found in any order; more have to be given as they were quoted.
 *
 * @window: how many records back the match may be; 0 for checking each one as
 * it is replayed, at the cost of one short hash for each.
 */
IMASTAGE_API int imastage_align_expect_quote(
	struct imastage_align *align, enum imastage_bank hash,
	const struct imastage_selection *selections, size_t nr_selections,
	struct imastage_bytes pcr_digest, size_t window);

/* The value of a quoted PCR that the list does not extend. -EINVAL, -EBUSY */
IMASTAGE_API int imastage_align_set_other(struct imastage_align *align,
					  enum imastage_bank bank,
					  unsigned int pcr,
					  struct imastage_bytes value);

/*
 * To be called once before the first record, and after every record that
 * @replay was given. IMASTAGE_ALIGN_MATCH when it stands where it should (with
 * a window, that is found at the end only), else IMASTAGE_ALIGN_NONE. -EINVAL
 * when what is expected is neither replayed nor given, -ENOMEM, -EIO.
 */
IMASTAGE_API int imastage_align_check(struct imastage_align *align,
				      const struct imastage_replay *replay);

/*
 * The answer, with the number of records of the prefix (as counted by
 * imastage_replay_nr_records()) in *ret_nr_records for IMASTAGE_ALIGN_MATCH.
 * The longest, should there be several.
 */
IMASTAGE_API int imastage_align_finish(struct imastage_align *align,
				       uint64_t *ret_nr_records);

/*
 * Where the value that a PCR was expected to have was seen so far, whatever became
 * of the other values: from *ret_first to *ret_last records. -ENOENT: nowhere.
 */
IMASTAGE_API int imastage_align_value(const struct imastage_align *align,
				      enum imastage_bank bank, unsigned int pcr,
				      uint64_t *ret_first, uint64_t *ret_last);

#ifdef __cplusplus
}
#endif

#endif
