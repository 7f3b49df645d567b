/* SPDX-License-Identifier: MIT */
/*
 * Verification: is what a machine shows true, and does it prove what was measured?
 * Pure functions of bytes: no TPM, no file, no clock, no database.
 *
 *	the verifier's own            the machine's
 *	AK, challenge, last quote --+-- quote, signature, PCR values, list
 *	                            |
 *	AK -> signature -> quote -> PCR values -> replay -> aggregates -> boot log -> policies
 *	                            |
 *	                    verdict with all reasons
 *
 * A check that fails does not end it: what can still be said is said. The machine is
 * believed in nothing, whatever it sends: memory is bounded, and the list is read once.
 *
 * What is not here, and comes with the request: whether the challenge was ours, is used up
 * or expired, and what the newest quote was. A store knows these (store/store.h), or a
 * checkpoint (checkpoint.h).
 */
#ifndef VERIFY_VERIFY_H
#define VERIFY_VERIFY_H

#include "evidence/boot_log.h"
#include "evidence/public.h"
#include "policy/appraise.h"
#include "policy/boot_policy.h"
#include "verify/reason.h"

#include <imastage/reader.h>

#define VERIFY_RAW_NONCE_MAX 31 /* 32 bytes could be another protocol's hash */

enum verify_violations {
	VERIFY_VIOLATIONS_POLICY, /* as the policy says; without one they warn */
	VERIFY_VIOLATIONS_FAIL,
	VERIFY_VIOLATIONS_WARN,
};

/* Of the verifier's own challenge. */
enum verify_challenge {
	VERIFY_CHALLENGE_OPEN,
	VERIFY_CHALLENGE_USED,
	VERIFY_CHALLENGE_EXPIRED,
};

struct verify_request;

/*
 * Whoever shows a verdict may see what it is of. @begin comes before the list is read, and
 * once more when all is begun anew; @record with each record in its order, up to the one
 * that leads to the quote, after it was judged. @judgement: what the policy said; NULL
 * without one. @reading: what the record says; NULL where nothing was read, as of a violation.
 */
struct verify_watch {
	void (*begin)(void *context, const struct verify_request *request);
	void (*record)(void *context, const struct verify_where *where,
		       const struct policy_reading *reading,
		       const struct policy_judgement *judgement);
	void *context;
};

/* What the verifier knows of its own and asked for. */
struct verify_request {
	struct imastage_bytes ak; /* the enrolled one, TPM2B_PUBLIC or PEM */
	struct imastage_bytes qualified_name; /* of it; empty: not known */

	struct imastage_bytes nonce;
	/* Both: the nonce is bound (evidence/qualifying.h); both empty: raw. */
	struct imastage_bytes verifier, machine;
	bool raw_32; /* a raw nonce of 32 bytes, too */
	/* Instead of all these: a quote that the keeper asked for by itself. */
	bool history;
	enum verify_challenge challenge;

	struct evidence_selections asked;
	uint32_t list_pcrs; /* mask: what IMA extends, 1 << 10 unless told */

	/* The last good quote of this AK. */
	bool has_last;
	struct evidence_clock last;
	uint64_t gap_max; /* milliseconds until the next one; 0: any */
	bool has_firmware;
	uint64_t firmware;

	/*
	 * Where the replay starts: NULL is the boot, at record 0. Else values of the
	 * PCRs in @list_pcrs behind record @first_index - 1 of this boot, in all banks
	 * asked for, and of PCR 0 to 9 as far as they were quoted.
	 */
	const struct pcr_values *start;
	uint64_t first_index;
	/* VERIFY_KEXEC_...: what the records before it approve of the next kexec. */
	unsigned int kexec;
	/* The first record is a snapshot_aggregate, whose values are taken. */
	bool from_snapshot;

	/*
	 * What was verified of the boot of the last quote before: how many records, and the
	 * first of them. A list that begins at record 0 again must be the same one.
	 */
	uint64_t known_next; /* 0: not known */
	bool has_first_record;
	uint8_t first_record[VERIFY_RECORD_LEN];
	/* NULL: nothing. Counts for a quote of the same boot. */
	const struct verify_carried *carried;
	/* By which policies the records before @first_index were judged. */
	const uint8_t (*policies)[VERIFY_RECORD_LEN];
	size_t nr_policies;

	bool from_file; /* all this came as a file, whose age nobody knows */

	const char
		*barred; /* why no quote of this machine is accepted; or NULL */
	const char *
		trusted; /* how its key came to be trusted, for a note; or NULL */

	/*
	 * Approved values of PCR 0 to 9, each a whole set, and a policy that may be NULL. With
	 * neither of them the boot is not judged.
	 */
	const struct pcr_values *boots;
	size_t nr_boots;
	const struct boot_policy *boot_policy;
	const struct boot_log_watcher
		*watcher; /* is told of the log, too; or NULL */

	/* What may be measured; NULL: nothing is judged, which is a warning. */
	const struct policy *policy;
	const struct policy_keys *keys; /* beside those of the policy; or NULL */
	enum verify_violations violations;
	uint64_t now; /* seconds since 1970; 0: no digest retires */

	const struct verify_watch *watch; /* or NULL */

	/* Replays padded sha1 beside, to tell it from tampering, at twice the cost. */
	bool explain;
};

/* How bad is it, where @request has a policy? VERIFY_NOTE: the record is approved. */
enum verify_level
verify_judgement_level(const struct verify_request *request,
		       const struct policy_judgement *judgement);

/* The firmware's event log, read. */
struct verify_boot_log {
	bool malformed; /* then @error says where, and nothing is in @log */
	struct evidence_error error;
	struct boot_log log;
	struct boot_events main;
	struct boot_policy_seen seen; /* of the request's policy */
};

/*
 * As boot_log_watch(), but that a malformed log is an answer, too: 0. Of @request, policy and
 * watcher are looked at.
 */
int verify_read_boot_log(struct imastage_source source,
			 const struct verify_request *request,
			 struct verify_boot_log *ret_log);

/* What the keeper says that it asked with (evidence/qualifying.h). */
struct verify_chain {
	const uint8_t *value; /* EVIDENCE_CHAIN_LEN */
	uint64_t chained;
};

/* What the machine sends, beside the list. */
struct verify_evidence {
	struct imastage_bytes msg, sig, pcrs;
	struct imastage_bytes ak; /* what it says is its key; may be empty */
	const struct verify_chain *chain; /* of a history; or NULL */
	const struct verify_boot_log *boot_log; /* NULL: none was sent */
};

/*
 * The list, from the record @first_index on. @next is as imastage_reader_next(); when it
 * returns -EBADMSG, -ENODATA or -EMSGSIZE, the list is malformed there. *ret_place gets the
 * byte that the record begins at, or that is wrong, and the reason.
 */
struct verify_list {
	int (*next)(void *context, struct imastage_record *ret_record,
		    struct imastage_error *ret_place);
	void *context;
};

/* @reader must stay. */
struct verify_list verify_list_of(struct imastage_reader *reader);

/*
 * Check 2 alone, as at enrolment: adds what is wrong with a key that is to sign quotes.
 * Starts *ret_verdict, whose result is VERIFY_ACCEPTED or VERIFY_REJECTED.
 */
void verify_ak(struct imastage_bytes ak, struct verify_verdict *ret_verdict);

/*
 * The same of its qualified name: VERIFY_AK_HIERARCHY if that is of a primary key of the
 * owner's or the null hierarchy. Of names with other parents nothing is said. -ENOTSUP,
 * -EIO of OpenSSL.
 */
int verify_ak_hierarchy(const struct evidence_public *ak,
			struct imastage_bytes qualified,
			struct verify_verdict *verdict);

/*
 * Returns 0 with a verdict. A negative errno: it could not be judged, and the result is
 * VERIFY_NONE, with what was found until then. -EINVAL: the request makes no sense, such
 * as a nonce that is too short or too long, or PCRs of @list_pcrs that are not asked for;
 * -ENOMEM; -ENOTSUP, -EIO of OpenSSL; -EBADMSG: the policy is damaged; the error of the
 * reader's source.
 */
int verify_quote(const struct verify_request *request,
		 const struct verify_evidence *evidence,
		 struct verify_list list, struct verify_verdict *ret_verdict);

#endif
