/* SPDX-License-Identifier: MIT */
/*
 * What the checks share. Each finds what those before it have left here, adds its
 * reasons to the verdict, and returns 0, or a negative errno when it could not judge.
 */
#ifndef VERIFY_PRIVATE_H
#define VERIFY_PRIVATE_H

#include "evidence/pcrs.h"
#include "policy/appraise.h"
#include "verify/verify.h"

#define VERIFY_PEM_NUMBERS (2 * EVIDENCE_RSA_LEN_MAX)

struct verify_run {
	const struct verify_request *request;
	const struct verify_evidence *evidence;
	struct verify_verdict *verdict;

	bool has_ak; /* it is well-formed */
	struct evidence_public ak;
	uint8_t numbers[VERIFY_PEM_NUMBERS]; /* of one that was given in PEM */
	bool has_attest; /* the same */
	struct evidence_attest attest;
	bool has_values; /* PCR values are those quoted, and of what was asked */
	struct evidence_pcrs pcrs;

	unsigned int banks; /* in which @list_pcrs are asked for */
	struct verify_list list;
	struct verify_ahead *ahead; /* owned; of @list, see ahead.h */
	struct imastage_replay *replay; /* owned */
	/* In forms of padded sha1, owned; NULL: not wanted. */
	struct imastage_replay *padded[2];
	struct imastage_hasher *hasher; /* owned; of the list's own bank */
	struct imastage_hasher *excess_hasher; /* the same, behind the prefix */
	struct policy_appraisal *appraisal; /* owned; NULL: no policy */
	/* Of the record at hand: what it says, and with a policy what that comes to. */
	struct policy_reading reading;
	struct policy_judgement judgement;
	/* Of one that is withheld, its digests in all banks; NULL: they are those of its data. */
	const struct imastage_digests *given;
	bool begins_anew; /* the first record that came is a boot_aggregate */
	bool began; /* the first record that is replayed was judged, or is known */
	bool matched;

	/* What records approve: see verify_see_record(). */
	bool ima_policy; /* one is loaded */
	unsigned int kexec; /* VERIFY_KEXEC_... for the next one */
};

/*
 * A key in PEM, with the scheme and hash that @signature has: a PEM has none. Its numbers are
 * put into @numbers. -EINVAL: it is none of RSA or of a NIST curve; -ENOMEM.
 */
int verify_read_pem(struct imastage_bytes pem,
		    const struct evidence_signature *signature,
		    uint8_t numbers[VERIFY_PEM_NUMBERS],
		    struct evidence_public *ret_key);

/* Check 2: the key itself. */
int verify_check_ak(struct verify_run *run);

/* Check 3. */
int verify_check_signature(struct verify_run *run);

/*
 * Does @key, a well-formed one, sign @msg with @signature, of its own scheme? 1, 0 when
 * it does not, -EINVAL for a key that is none, -ENOMEM.
 */
int verify_signature(const struct evidence_public *key,
		     const struct evidence_signature *signature,
		     struct imastage_bytes msg);
/* Are r and s between 0 and the order of the curve, both exclusive? */
bool verify_signature_in_range(const struct evidence_public *key,
			       const struct evidence_signature *signature);

/* Checks 4 to 8. */
int verify_check_attest(struct verify_run *run);
void verify_check_clock(struct verify_run *run);
int verify_check_pcrs(struct verify_run *run);

/* Checks 9, 10 and 12 over the list. */
int verify_check_list(struct verify_run *run);

/* A record before it is extended: aggregates, snapshots, files. */
int verify_check_record(struct verify_run *run,
			const struct imastage_record *record,
			const struct verify_where *where);

/* Check 12 of records: begins it, if there is a policy, and judges one. */
int verify_begin_appraisal(struct verify_run *run);
int verify_appraise(struct verify_run *run,
		    const struct imastage_record *record,
		    const struct verify_where *where,
		    enum policy_computed computed);

/* A record of a PCR that is not replayed: with a policy it fails, for it cannot be judged. */
void verify_say_unproved(struct verify_run *run,
			 const struct imastage_record *record,
			 const struct verify_where *where);

/* What is said about the boot, whatever the list has. */
void verify_check_boot(struct verify_run *run);

/*
 * What a record that was read and judged has to do with the boot; and a kernel that was started
 * by kexec.
 */
void verify_see_record(struct verify_run *run,
		       const struct imastage_record *record,
		       const struct verify_where *where);
void verify_see_kexec(struct verify_run *run, const struct verify_where *where);

static inline bool verify_has_value(const struct pcr_values *values,
				    enum imastage_bank bank, unsigned int pcr)
{
	return values->set[bank] & 1u << pcr;
}

static inline struct imastage_bytes
verify_value(const struct pcr_values *values, enum imastage_bank bank,
	     unsigned int pcr)
{
	return bytes_of(values->of[bank][pcr], imastage_bank_digest_len(bank));
}

#define VERIFY_BOOT_PCRS 0x3ffu /* 0 to 9 */

#endif
