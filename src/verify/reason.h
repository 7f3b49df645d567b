/* SPDX-License-Identifier: MIT */
/*
 * What a verifier says: reasons, each with an id that never changes, and the verdict
 * that is the worst of them. docs/verdict.md has a line for each id.
 */
#ifndef VERIFY_REASON_H
#define VERIFY_REASON_H

#include "evidence/attest.h"
#include "evidence/boot_events.h"
#include "log/pcr_file.h"
#include "policy/appraise.h"

#include <imastage/record.h>

#define VERIFY_REASONS_MAX 64 /* of all that are kept, */
#define VERIFY_EACH_MAX 4 /* and of those of one id: one hides no other */
#define VERIFY_PATH_MAX 255
#define VERIFY_TEXT_MAX 160
#define VERIFY_RECORD_LEN 32

enum verify_level {
	VERIFY_NOTE, /* what the verdict rests on; lowers nothing */
	VERIFY_WARNING,
	VERIFY_FAILURE,
};

/* In the order of the checks. */
enum verify_id {
	VERIFY_CONTAINER_FORM,
	VERIFY_CONTAINER_FRAME,
	VERIFY_CONTAINER_MANIFEST,
	VERIFY_MANIFEST_KIND,
	VERIFY_MANIFEST_FIRST,
	VERIFY_MANIFEST_RECORDS,
	VERIFY_MANIFEST_BANKS,
	VERIFY_CHECKPOINT_FORM,
	VERIFY_CHECKPOINT_SIGNATURE,
	VERIFY_CHECKPOINT_MACHINE,
	VERIFY_CHECKPOINT_BANKS,
	VERIFY_CHECKPOINT_AGE,
	VERIFY_AK_FORM,
	VERIFY_AK_TYPE,
	VERIFY_AK_OTHER,
	VERIFY_AK_ATTRIBUTES,
	VERIFY_AK_SIZE,
	VERIFY_AK_SCHEME,
	VERIFY_AK_SIGNER,
	VERIFY_AK_UNQUALIFIED,
	VERIFY_AK_HIERARCHY,
	VERIFY_AK_PEM,
	VERIFY_SIGNATURE_FORM,
	VERIFY_SIGNATURE_SCHEME,
	VERIFY_SIGNATURE_RANGE,
	VERIFY_SIGNATURE_WRONG,
	VERIFY_QUOTE_MAGIC,
	VERIFY_QUOTE_TYPE,
	VERIFY_QUOTE_FORM,
	VERIFY_QUOTE_NONCE,
	VERIFY_QUOTE_USED,
	VERIFY_QUOTE_EXPIRED,
	VERIFY_QUOTE_RAW,
	VERIFY_QUOTE_HISTORY,
	VERIFY_QUOTE_UNDATED,
	VERIFY_CLOCK_FIRST,
	VERIFY_CLOCK_RESET,
	VERIFY_CLOCK_RESTART,
	VERIFY_CLOCK_BACK,
	VERIFY_CLOCK_UNSAFE,
	VERIFY_CLOCK_GAP,
	VERIFY_TPM_CLEARED,
	VERIFY_TPM_FIRMWARE,
	VERIFY_BOOT_UNSEEN,
	VERIFY_BOOT_TAIL,
	VERIFY_BOOT_OTHER,
	VERIFY_QUOTE_SELECTION,
	VERIFY_QUOTE_BANK,
	VERIFY_PCRS_FORM,
	VERIFY_PCRS_SELECTION,
	VERIFY_PCRS_DIGEST,
	VERIFY_BOOT_CHANGED,
	VERIFY_LOG_FORM,
	VERIFY_LOG_DIGEST,
	VERIFY_LOG_EMPTY,
	VERIFY_LOG_REPLAY,
	VERIFY_LOG_LOST,
	VERIFY_LOG_PADDED,
	VERIFY_LOG_FORK,
	VERIFY_TPM_RESTART,
	VERIFY_LOG_SNAPSHOT,
	VERIFY_LOG_SNAPSHOT_START,
	VERIFY_LOG_PCR,
	VERIFY_LOG_VIOLATION,
	VERIFY_LOG_RELABELLED,
	VERIFY_LOG_OPAQUE,
	VERIFY_LOG_WITHHELD,
	VERIFY_EXCESS_FORM,
	VERIFY_EXCESS_DIGEST,
	VERIFY_BOOT_AGGREGATE,
	VERIFY_BOOT_AGGREGATE_MISSING,
	VERIFY_BOOT_NO_TPM,
	VERIFY_BOOT_UNQUOTED,
	VERIFY_BOOT_WEAK,
	VERIFY_BOOT_EMPTY,
	VERIFY_BOOT_KEXEC,
	VERIFY_BOOT_LOG_FORM,
	VERIFY_BOOT_LOG_REPLAY,
	VERIFY_BOOT_LOG_BANK,
	VERIFY_BOOT_POLICY,
	VERIFY_BOOT_UNAPPROVED,
	VERIFY_BOOT_APPROVED,
	VERIFY_BOOT_IMA_POLICY,
	VERIFY_BOOT_KEXEC_APPROVED,
	VERIFY_BOOT_CRITICAL,
	VERIFY_FILE_POLICY,
	VERIFY_FILE_UNLISTED,
	VERIFY_FILE_DIGEST,
	VERIFY_FILE_WEAK,
	VERIFY_FILE_UNREADABLE,
	VERIFY_FILE_EXCLUDED,
	VERIFY_FILE_DENIED,
	VERIFY_FILE_RETIRED,
	VERIFY_FILE_UNSIGNED,
	VERIFY_FILE_SIGNED_OTHER,
	VERIFY_FILE_VIOLATION,
	VERIFY_FILE_WITHHELD,
	VERIFY_FILE_UNPROVED,
	VERIFY_BUFFER_UNLISTED,
	VERIFY_BUFFER_DIGEST,
	VERIFY_KEY_UNLISTED,
	VERIFY_KEY_DIGEST,
	VERIFY_KEY_IGNORED,
	VERIFY_KEY_LEARNT,
	VERIFY_POLICY_CHANGED,
	VERIFY_POLICY_UNCHECKED,
	VERIFY_MACHINE_BARRED,
	VERIFY_MACHINE_TRUSTED,
	VERIFY_NR_IDS
};

/* "signature.wrong" */
const char *verify_id_name(enum verify_id id);
enum verify_level verify_id_level(enum verify_id id);
/* What it means, a sentence without full stop. */
const char *verify_id_meaning(enum verify_id id);

struct verify_reason {
	enum verify_id id;
	bool earlier; /* of an earlier round of this boot */
	bool has_index, has_byte;
	uint64_t index; /* of a record, since hard boot */
	uint64_t byte; /* in the part of the evidence that the id is about */
	size_t path_len; /* 0: no path */
	uint8_t path[VERIFY_PATH_MAX]; /* as the list has it: any bytes */
	char text[VERIFY_TEXT_MAX]; /* details; may be empty */
};

/* What was wrong in earlier rounds of a boot, which no later one makes better. */
#define VERIFY_CARRIED_MAX 16

struct verify_carried {
	uint32_t resets; /* of the boot */
	size_t nr;
	struct verify_reason reasons[VERIFY_CARRIED_MAX];
};

/* Of a kernel that may be started by kexec; both are needed. */
#define VERIFY_KEXEC_IMAGE 1u
#define VERIFY_KEXEC_LINE 2u

enum verify_result {
	VERIFY_NONE, /* could not be judged; never to be taken for accepted */
	VERIFY_ACCEPTED,
	VERIFY_WARNED,
	VERIFY_REJECTED,
};

/* "accepted", "warning", "rejected", "none" */
const char *verify_result_name(enum verify_result result);

struct verify_verdict {
	enum verify_result result;
	size_t nr_reasons;
	struct verify_reason reasons[VERIFY_REASONS_MAX];
	uint64_t nr_of[VERIFY_NR_IDS]; /* of each, also of those not kept */

	/*
	 * Is the quote genuine, and do records [first_index, next_index) lead to
	 * it? Only then is there a state to go on from.
	 */
	bool proved;
	/* Has the enrolled key signed the quote, whatever that says? */
	bool is_signed;
	/*
	 * Do the checks of key, signature, quote and challenge hold? Then clock and PCR values
	 * are the TPM's own words, and fresh.
	 */
	bool genuine;
	bool continues; /* the same boot as before, from where it was left */
	unsigned int kexec; /* VERIFY_KEXEC_..., behind these records */
	uint64_t first_index, next_index;
	uint64_t nr_bytes; /* of these records, as they were read */
	uint64_t nr_violations; /* among these records */
	uint64_t nr_withheld; /* among these records: only digests were shown */
	uint64_t nr_excess; /* records behind them, of which nothing is proved */

	/* SHA-256 of the policy that records were judged by, and what came of it. */
	bool has_policy;
	uint8_t policy[VERIFY_RECORD_LEN];
	uint64_t nr_outcomes[POLICY_NR_OUTCOMES];

	bool has_quote; /* those below are of the quote, whatever it is worth */
	struct evidence_clock clock;
	uint64_t firmware;
	struct pcr_values pcrs; /* those quoted, when @proved */
	/* Main events of a log that leads to all that was quoted of the boot. */
	struct boot_events boot;
	/* SHA-256 of the data of record 0, when that is known: with the resets, the boot. */
	bool has_first_record;
	uint8_t first_record[VERIFY_RECORD_LEN];
};

struct verify_where {
	bool has_index, has_byte;
	uint64_t index, byte;
	const struct imastage_record *record; /* whose path it is; or NULL */
};

/* @where may be NULL. Text is cut off where there is no more room. */
void verify_add(struct verify_verdict *verdict, enum verify_id id,
		const struct verify_where *where, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* The same without details. */
void verify_say(struct verify_verdict *verdict, enum verify_id id,
		const struct verify_where *where);

/* The same at a byte, as a parser says it. */
void verify_add_error(struct verify_verdict *verdict, enum verify_id id,
		      const struct evidence_error *error);

/*
 * Adds what was carried, unless the same is there. The result is theirs to say.
 */
void verify_add_carried(struct verify_verdict *verdict,
			const struct verify_carried *carried);

/* Whatever is worse than a note, failures first, as much as there is room for. */
void verify_carry(const struct verify_verdict *verdict,
		  struct verify_carried *ret_carried);

/* Adds what is not there yet, as much as there is room for. */
void verify_join_carried(struct verify_carried *carried,
			 const struct verify_carried *more);

/*
 * Adds reasons and counts of @more, a later verdict of the same machine, as much as there is room
 * for. Quote, boot and policy are those of @more. The result is the caller's to say.
 */
void verify_join(struct verify_verdict *verdict,
		 const struct verify_verdict *more);

/* VERIFY_NR_IDS: there is none. */
enum verify_id verify_id_by_name(const char *name);

/* Rejected, whatever was found: nothing of it is proved. */
void verify_reject(struct verify_verdict *verdict);

/* The result is the worst of the reasons again, after some were added. */
void verify_conclude(struct verify_verdict *verdict);

static inline bool verify_has(const struct verify_verdict *verdict,
			      enum verify_id id)
{
	return verdict->nr_of[id] > 0;
}

/* Did a check in this range of ids fail? */
bool verify_failed(const struct verify_verdict *verdict, enum verify_id first,
		   enum verify_id last);

#endif
