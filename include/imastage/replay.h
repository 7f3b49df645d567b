/* SPDX-License-Identifier: MIT */
/*
 * Replay: the values that PCRs have after a list of records was extended into
 * them, for several banks and PCRs at once.
 *
 * What always holds: each value is what the TPM holds when it started from the
 * values given and was extended with exactly the records given since, in that
 * order, and nothing else. A violation extends all ones. Template digests are
 * those of the data, never the one that the list claims. See enum imastage_form for
 * banks that kernels extend otherwise. Of an opaque record there is only the digest
 * that the list claims, in the list's own bank.
 */
#ifndef IMASTAGE_REPLAY_H
#define IMASTAGE_REPLAY_H

#include <imastage/digest.h>

#ifdef __cplusplus
extern "C" {
#endif

struct imastage_replay;

/*
 * Starts with the values that a TPM gives its PCRs at start-up: zeros, and all
 * ones for PCRs 17 to 22. @banks, @pcrs: masks, not 0. -EINVAL, -ENOTSUP,
 * -ENOMEM.
 */
IMASTAGE_API int imastage_replay_new(unsigned int banks, uint32_t pcrs,
				     struct imastage_replay **ret_replay);

/* Another one of the same values. */
IMASTAGE_API int imastage_replay_clone(const struct imastage_replay *replay,
				       struct imastage_replay **ret_replay);

IMASTAGE_API void imastage_replay_free(struct imastage_replay *replay);

IMASTAGE_API unsigned int
imastage_replay_banks(const struct imastage_replay *replay);
IMASTAGE_API uint32_t imastage_replay_pcrs(const struct imastage_replay *replay);

/*
 * How a kernel extends a bank. It has been the bank's own digest of the data since
 * Linux 5.7. Before, all banks but sha1 were extended with the sha1 digest and zeros
 * behind it, and still are those of whose hash the kernel has none: it does not know
 * the algorithm, or the hash is a module that was not there when IMA began.
 */
enum imastage_form {
	IMASTAGE_FORM_OWN,
	/* sha1 and zeros; of a violation 20 bytes of ones and zeros. */
	IMASTAGE_FORM_PADDED,
	/* The same, but for a violation ones: an algorithm that the kernel knows. */
	IMASTAGE_FORM_PADDED_ONES,
	IMASTAGE_NR_FORMS
};

/*
 * Of what is extended from now on; own unless set. -EINVAL when the bank is not
 * replayed, or for sha1 in another form than its own. Saved with the state.
 */
IMASTAGE_API int imastage_replay_set_form(struct imastage_replay *replay,
					  enum imastage_bank bank,
					  enum imastage_form form);
IMASTAGE_API enum imastage_form
imastage_replay_form(const struct imastage_replay *replay,
		     enum imastage_bank bank);

/* Records given so far, those for other PCRs included; saved with the state. */
IMASTAGE_API uint64_t
imastage_replay_nr_records(const struct imastage_replay *replay);

/*
 * The value of a PCR; the view is valid until the next change. Empty when the
 * bank or the PCR is not replayed, or not known any more: see below.
 */
IMASTAGE_API struct imastage_bytes
imastage_replay_value(const struct imastage_replay *replay,
		      enum imastage_bank bank, unsigned int pcr);

/*
 * Was there a record for the PCR whose digest in this bank cannot be known? That is so
 * of an opaque record (imastage/record.h) in other banks than the list's.
 */
IMASTAGE_API bool imastage_replay_is_lost(const struct imastage_replay *replay,
					  enum imastage_bank bank,
					  unsigned int pcr);

/*
 * Starts from another value. -EINVAL when the bank or the PCR is not replayed
 * or the length is not the bank's.
 */
IMASTAGE_API int imastage_replay_set_value(struct imastage_replay *replay,
					   enum imastage_bank bank,
					   unsigned int pcr,
					   struct imastage_bytes value);

#define IMASTAGE_OTHER_PCR 1

/*
 * Extends with @record. Returns 0; IMASTAGE_OTHER_PCR when the record is not
 * for one of the PCRs replayed, which stay as they are; -EIO when OpenSSL
 * fails. *ret_digests (may be NULL) gets the template digests computed: those of the
 * banks in their own form, and sha1 if there is another one. Give them to
 * imastage_record_check_digest().
 */
IMASTAGE_API int imastage_replay_extend(struct imastage_replay *replay,
					const struct imastage_record *record,
					struct imastage_digests *ret_digests);

/*
 * Saving and resuming. A state is, all numbers little-endian:
 *	u8[8]	"imareply"
 *	u32	version, 1; or 2, when a bank is not in its own form
 *	u32	length of all of it
 *	u64	records replayed
 *	u32	mask of the PCRs
 *	u32	number of banks; for each, in ascending order of TPM_ALG,
 *	 u16	TPM_ALG of the bank
 *	 u16	bytes in a digest
 *	 u16	enum imastage_form, in version 2 only
 *	 ...	values of the PCRs in the mask, in ascending order
 *	u8[32]	SHA-256 of all of the above
 * The checksum finds accidents, not attacks: whoever can write the state can
 * make one. -ENODATA: a value is lost. Whatever a state says, a replay is less than
 * 64 KiB.
 */
IMASTAGE_API int imastage_replay_save(const struct imastage_replay *replay,
				      struct imastage_sink sink);

/*
 * -EBADMSG when it is not a state or is damaged, -ENOTSUP when it is of
 * another version or has a bank that is not known here. *ret_reason (may be
 * NULL) then says why.
 */
IMASTAGE_API int imastage_replay_load(struct imastage_bytes state,
				      const char **ret_reason,
				      struct imastage_replay **ret_replay);

#ifdef __cplusplus
}
#endif

#endif
