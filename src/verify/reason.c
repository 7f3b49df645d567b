// SPDX-License-Identifier: MIT
/*
 * The table of reasons, and how they are collected.
 */
#include "verify/reason.h"

#include <stdarg.h>

static const struct {
	const char *name;
	enum verify_level level;
	const char *meaning;
} ids[VERIFY_NR_IDS] = {
	[VERIFY_CONTAINER_FORM] = { "container.form", VERIFY_FAILURE,
				    "the evidence file is malformed" },
	[VERIFY_CONTAINER_FRAME] = { "container.frame", VERIFY_FAILURE,
				     "the evidence file's zstd frame is "
				     "damaged or refused" },
	[VERIFY_CONTAINER_MANIFEST] = { "container.manifest", VERIFY_FAILURE,
					"the evidence file's manifest is "
					"malformed" },
	[VERIFY_MANIFEST_KIND] = { "manifest.kind", VERIFY_FAILURE,
				   "the manifest says that the quote is of "
				   "another kind" },
	[VERIFY_MANIFEST_FIRST] = { "manifest.first", VERIFY_FAILURE,
				    "the manifest says that the list begins "
				    "at another record than was asked for" },
	[VERIFY_MANIFEST_RECORDS] = { "manifest.records", VERIFY_FAILURE,
				      "the manifest counts other records than "
				      "there are" },
	[VERIFY_MANIFEST_BANKS] = { "manifest.banks", VERIFY_FAILURE,
				    "the manifest names other banks than the "
				    "quote has" },
	[VERIFY_CHECKPOINT_FORM] = { "checkpoint.form", VERIFY_FAILURE,
				     "the checkpoint is malformed" },
	[VERIFY_CHECKPOINT_SIGNATURE] = { "checkpoint.signature",
					  VERIFY_FAILURE,
					  "the checkpoint is signed by no key "
					  "of this verifier" },
	[VERIFY_CHECKPOINT_MACHINE] = { "checkpoint.machine", VERIFY_FAILURE,
					"the checkpoint is of another machine "
					"or key" },
	[VERIFY_CHECKPOINT_BANKS] = { "checkpoint.banks", VERIFY_FAILURE,
				      "the checkpoint has no values of what is "
				      "asked for, so the list cannot go on "
				      "from it" },
	[VERIFY_CHECKPOINT_AGE] = { "checkpoint.age", VERIFY_NOTE,
				    "nothing tells here whether there is a "
				    "newer checkpoint" },
	[VERIFY_AK_FORM] = { "ak.form", VERIFY_FAILURE,
			     "the attestation key is not a TPM's public area" },
	[VERIFY_AK_TYPE] = { "ak.type", VERIFY_FAILURE,
			     "the attestation key is neither RSA nor ECC" },
	[VERIFY_AK_OTHER] = { "ak.other", VERIFY_FAILURE,
			      "the key in the evidence is not the enrolled one" },
	[VERIFY_AK_ATTRIBUTES] = { "ak.attributes", VERIFY_FAILURE,
				   "the key may be used for more than quotes, "
				   "or may exist outside of a TPM" },
	[VERIFY_AK_SIZE] = { "ak.size", VERIFY_FAILURE,
			     "curve, size or exponent of the key is too weak" },
	[VERIFY_AK_SCHEME] = { "ak.scheme", VERIFY_FAILURE,
			       "the key has no signature scheme of its own "
			       "that is strong enough" },
	[VERIFY_AK_SIGNER] = { "ak.signer", VERIFY_FAILURE,
			       "the quote names another key as its signer" },
	[VERIFY_AK_UNQUALIFIED] = { "ak.unqualified", VERIFY_NOTE,
				    "the key's qualified name is not known, so "
				    "the signer in the quote was not compared" },
	[VERIFY_AK_HIERARCHY] = { "ak.hierarchy", VERIFY_WARNING,
				  "the key is not in the endorsement "
				  "hierarchy: its TPM obscures the counters "
				  "of boots in its quotes" },
	[VERIFY_AK_PEM] = { "ak.pem", VERIFY_WARNING,
			    "the key was given in PEM: nothing tells whether "
			    "it is in a TPM and signs quotes alone" },
	[VERIFY_SIGNATURE_FORM] = { "signature.form", VERIFY_FAILURE,
				    "the signature is malformed" },
	[VERIFY_SIGNATURE_SCHEME] = { "signature.scheme", VERIFY_FAILURE,
				      "the signature is not of the key's "
				      "own scheme and hash" },
	[VERIFY_SIGNATURE_RANGE] = { "signature.range", VERIFY_FAILURE,
				     "a number of the signature is out of "
				     "range" },
	[VERIFY_SIGNATURE_WRONG] = { "signature.wrong", VERIFY_FAILURE,
				     "the key did not sign this quote" },
	[VERIFY_QUOTE_MAGIC] = { "quote.magic", VERIFY_FAILURE,
				 "what was signed was not made by a TPM" },
	[VERIFY_QUOTE_TYPE] = { "quote.type", VERIFY_FAILURE,
				"what was signed is no quote" },
	[VERIFY_QUOTE_FORM] = { "quote.form", VERIFY_FAILURE,
				"the quote is malformed" },
	[VERIFY_QUOTE_NONCE] = { "quote.nonce", VERIFY_FAILURE,
				 "the quote does not answer this challenge" },
	[VERIFY_QUOTE_USED] = { "quote.used", VERIFY_FAILURE,
				"the challenge was answered before" },
	[VERIFY_QUOTE_EXPIRED] = { "quote.expired", VERIFY_FAILURE,
				   "the challenge has expired" },
	[VERIFY_QUOTE_RAW] = { "quote.raw", VERIFY_NOTE,
			       "the nonce is bound to no verifier and no "
			       "machine: the quote may have been asked for by "
			       "somebody else" },
	[VERIFY_QUOTE_HISTORY] = { "quote.history", VERIFY_NOTE,
				   "the keeper asked for the quote by itself: "
				   "it answers no challenge" },
	[VERIFY_QUOTE_UNDATED] = { "quote.undated", VERIFY_WARNING,
				   "no live quote follows: nothing tells how "
				   "old the last one is" },
	[VERIFY_CLOCK_FIRST] = { "clock.first", VERIFY_NOTE,
				 "no earlier quote of this key is known" },
	[VERIFY_CLOCK_RESET] = { "clock.reset", VERIFY_FAILURE,
				 "the count of hard boots went back" },
	[VERIFY_CLOCK_RESTART] = { "clock.restart", VERIFY_FAILURE,
				   "the count of resumes went back within a "
				   "boot" },
	[VERIFY_CLOCK_BACK] = { "clock.back", VERIFY_FAILURE,
				"the TPM's clock went back" },
	[VERIFY_CLOCK_UNSAFE] = { "clock.unsafe", VERIFY_WARNING,
				  "the TPM's clock may have been ahead before "
				  "power was lost" },
	[VERIFY_CLOCK_GAP] = { "clock.gap", VERIFY_WARNING,
			       "more time passed since the last quote than is "
			       "allowed" },
	[VERIFY_TPM_CLEARED] = { "tpm.cleared", VERIFY_FAILURE,
				 "the TPM was cleared" },
	[VERIFY_TPM_FIRMWARE] = { "tpm.firmware", VERIFY_WARNING,
				  "the TPM's firmware has another version" },
	[VERIFY_BOOT_UNSEEN] = { "boot.unseen", VERIFY_NOTE,
				 "there were boots in between, of which no "
				 "quote was seen" },
	[VERIFY_BOOT_TAIL] = { "boot.tail", VERIFY_NOTE,
			       "what was measured in the boot before, after "
			       "its last quote, is not proved" },
	[VERIFY_BOOT_OTHER] = { "boot.other", VERIFY_FAILURE,
				"the machine was booted again, so the list "
				"cannot go on from the last record" },
	[VERIFY_QUOTE_SELECTION] = { "quote.selection", VERIFY_FAILURE,
				     "the PCRs that were quoted are not those "
				     "asked for" },
	[VERIFY_QUOTE_BANK] = { "quote.bank", VERIFY_FAILURE,
				"IMA's PCR is not quoted in a bank of SHA-256 "
				"or better" },
	[VERIFY_PCRS_FORM] = { "pcrs.form", VERIFY_FAILURE,
			       "the PCR values are malformed" },
	[VERIFY_PCRS_SELECTION] = { "pcrs.selection", VERIFY_FAILURE,
				    "the PCR values are of other PCRs than the "
				    "quote" },
	[VERIFY_PCRS_DIGEST] = { "pcrs.digest", VERIFY_FAILURE,
				 "the PCR values are not those quoted" },
	[VERIFY_BOOT_CHANGED] = { "boot.changed", VERIFY_FAILURE,
				  "PCRs of the boot changed since the last "
				  "quote, within one boot" },
	[VERIFY_LOG_FORM] = { "log.form", VERIFY_FAILURE,
			      "the list cannot be read" },
	[VERIFY_LOG_DIGEST] = { "log.digest", VERIFY_FAILURE,
				"a record's digest is not that of its data" },
	[VERIFY_LOG_EMPTY] = { "log.empty", VERIFY_FAILURE,
			       "IMA's PCR was never extended" },
	[VERIFY_LOG_REPLAY] = { "log.replay", VERIFY_FAILURE,
				"no number of records leads to the value "
				"quoted" },
	[VERIFY_LOG_LOST] = { "log.lost", VERIFY_FAILURE,
			      "the list begins anew though the PCR went on: "
			      "records were lost at a kexec" },
	[VERIFY_LOG_PADDED] = { "log.padded", VERIFY_FAILURE,
				"the kernel extends the bank with padded "
				"sha1, which proves no more than sha1" },
	[VERIFY_LOG_FORK] = { "log.fork", VERIFY_FAILURE,
			      "the list is another one than was verified of "
			      "this boot before" },
	[VERIFY_TPM_RESTART] = { "tpm.restart", VERIFY_FAILURE,
				 "the TPM was started anew and IMA's PCR does "
				 "not go on, as after hibernation" },
	[VERIFY_LOG_SNAPSHOT] = { "log.snapshot", VERIFY_FAILURE,
				  "a snapshot_aggregate has another value than "
				  "the records before it lead to" },
	[VERIFY_LOG_SNAPSHOT_START] = { "log.snapshot_start", VERIFY_WARNING,
					"the replay starts at a "
					"snapshot_aggregate and not at the "
					"boot" },
	[VERIFY_LOG_PCR] = { "log.pcr", VERIFY_WARNING,
			     "a record is for a PCR that is not replayed: "
			     "nothing proves it" },
	[VERIFY_LOG_VIOLATION] = { "log.violation", VERIFY_WARNING,
				   "a violation: what was measured is not what "
				   "was used, and nothing proves its path" },
	[VERIFY_LOG_RELABELLED] = { "log.relabelled", VERIFY_FAILURE,
				    "a record's template is not the one it "
				    "was measured with" },
	[VERIFY_LOG_OPAQUE] = { "log.opaque", VERIFY_WARNING,
				"a record's data is not known" },
	[VERIFY_LOG_WITHHELD] = { "log.withheld", VERIFY_WARNING,
				  "the machine withholds what was measured, "
				  "and shows template digests" },
	[VERIFY_EXCESS_FORM] = { "excess.form", VERIFY_WARNING,
				 "what follows the records that the quote "
				 "proves cannot be read" },
	[VERIFY_EXCESS_DIGEST] = { "excess.digest", VERIFY_WARNING,
				   "a digest is wrong behind the records that "
				   "the quote proves" },
	[VERIFY_BOOT_AGGREGATE] = { "boot.aggregate", VERIFY_FAILURE,
				    "a boot_aggregate is not that of the PCRs "
				    "quoted" },
	[VERIFY_BOOT_AGGREGATE_MISSING] = { "boot.aggregate_missing",
					    VERIFY_FAILURE,
					    "the first record is no "
					    "boot_aggregate" },
	[VERIFY_BOOT_NO_TPM] = { "boot.no_tpm", VERIFY_FAILURE,
				 "a boot_aggregate says that the kernel found "
				 "no TPM" },
	[VERIFY_BOOT_UNQUOTED] = { "boot.unquoted", VERIFY_WARNING,
				   "the PCRs of the boot are not quoted" },
	[VERIFY_BOOT_WEAK] = { "boot.weak", VERIFY_WARNING,
			       "a boot_aggregate is by SHA-1" },
	[VERIFY_BOOT_EMPTY] = { "boot.empty", VERIFY_WARNING,
				"the firmware measured nothing into this bank" },
	[VERIFY_BOOT_KEXEC] = { "boot.kexec", VERIFY_WARNING,
				"a kernel was started by kexec: the PCRs of "
				"the boot vouch for the first one only" },
	[VERIFY_BOOT_LOG_FORM] = { "boot_log.form", VERIFY_FAILURE,
				   "the firmware's event log is malformed" },
	[VERIFY_BOOT_LOG_REPLAY] = { "boot_log.replay", VERIFY_FAILURE,
				     "the firmware's event log does not lead "
				     "to the value quoted" },
	[VERIFY_BOOT_LOG_BANK] = { "boot_log.bank", VERIFY_WARNING,
				   "the firmware's event log cannot be "
				   "compared with the PCRs quoted" },
	[VERIFY_BOOT_POLICY] = { "boot.policy", VERIFY_WARNING,
				 "no values for the PCRs of the boot are "
				 "approved" },
	[VERIFY_BOOT_UNAPPROVED] = { "boot.unapproved", VERIFY_WARNING,
				     "the PCRs of the boot have values that "
				     "are not approved" },
	[VERIFY_BOOT_APPROVED] = { "boot.approved", VERIFY_NOTE,
				   "the boot is one that was approved" },
	[VERIFY_BOOT_IMA_POLICY] = { "boot.ima_policy", VERIFY_WARNING,
				     "nothing approves the policy of IMA, so "
				     "it may measure nothing" },
	[VERIFY_BOOT_KEXEC_APPROVED] = { "boot.kexec_approved", VERIFY_NOTE,
					 "image and command line of a kernel "
					 "started by kexec are approved" },
	[VERIFY_BOOT_CRITICAL] = { "boot.critical_data", VERIFY_NOTE,
				   "the kernel measured what it is or how it "
				   "is set up" },
	[VERIFY_FILE_POLICY] = { "file.policy", VERIFY_WARNING,
				 "no files are approved" },
	[VERIFY_FILE_UNLISTED] = { "file.unlisted", VERIFY_FAILURE,
				   "a path is not approved" },
	[VERIFY_FILE_DIGEST] = { "file.digest", VERIFY_FAILURE,
				 "a file's content is not approved" },
	[VERIFY_FILE_WEAK] = { "file.weak", VERIFY_FAILURE,
			       "a file's digest is by SHA-1 or MD5" },
	[VERIFY_FILE_UNREADABLE] = { "file.unreadable", VERIFY_FAILURE,
				     "a record has no path and digest that "
				     "could be judged" },
	[VERIFY_FILE_EXCLUDED] = { "file.excluded", VERIFY_WARNING,
				   "a path is excluded, so what was measured was not compared" },
	[VERIFY_FILE_DENIED] = { "file.denied", VERIFY_FAILURE,
				 "a digest is denied" },
	[VERIFY_FILE_RETIRED] = { "file.retired", VERIFY_FAILURE,
				  "a digest was approved up to a day that has passed" },
	[VERIFY_FILE_UNSIGNED] = { "file.unsigned", VERIFY_FAILURE,
				   "a file is not both signed and listed, as the policy requires" },
	[VERIFY_FILE_SIGNED_OTHER] = { "file.signed_other", VERIFY_WARNING,
				       "a signed file's path is listed with other digests: it may be an older version" },
	[VERIFY_FILE_VIOLATION] = { "file.violation", VERIFY_FAILURE,
				    "a violation: what was measured is not what was used, and nothing proves its path" },
	[VERIFY_FILE_WITHHELD] = { "file.withheld", VERIFY_FAILURE,
				   "the machine withholds what was measured, and no template digest of it is approved" },
	[VERIFY_FILE_UNPROVED] = { "file.unproved", VERIFY_FAILURE,
				   "a record is for a PCR that is not "
				   "replayed, so nothing proves what a policy "
				   "would judge" },
	[VERIFY_BUFFER_UNLISTED] = { "buffer.unlisted", VERIFY_FAILURE,
				     "a buffer is not approved" },
	[VERIFY_BUFFER_DIGEST] = { "buffer.digest", VERIFY_FAILURE,
				   "a buffer's content is not approved" },
	[VERIFY_KEY_UNLISTED] = { "key.unlisted", VERIFY_FAILURE,
				  "a key was loaded onto a keyring for which none is approved" },
	[VERIFY_KEY_DIGEST] = { "key.digest", VERIFY_FAILURE,
				"a key that is not approved was loaded onto a keyring" },
	[VERIFY_KEY_IGNORED] = { "key.ignored", VERIFY_WARNING,
				 "a key was loaded onto a keyring that the policy ignores" },
	[VERIFY_KEY_LEARNT] = { "key.learnt", VERIFY_NOTE,
				"an approved key was loaded, and files may be signed by it" },
	[VERIFY_POLICY_CHANGED] = { "policy.changed", VERIFY_WARNING,
				    "earlier records of this boot were judged by another policy" },
	[VERIFY_POLICY_UNCHECKED] = { "policy.unchecked", VERIFY_WARNING,
				      "the policy is signed, and no key was given to check it by" },
	[VERIFY_MACHINE_BARRED] = { "machine.barred", VERIFY_FAILURE,
				    "the machine is barred until an operator "
				    "readmits it" },
	[VERIFY_MACHINE_TRUSTED] = { "machine.trusted", VERIFY_NOTE,
				     "how the machine's key came to be "
				     "trusted" },
};

const char *verify_id_name(enum verify_id id)
{
	return ids[id].name;
}

enum verify_level verify_id_level(enum verify_id id)
{
	return ids[id].level;
}

const char *verify_id_meaning(enum verify_id id)
{
	return ids[id].meaning;
}

const char *verify_result_name(enum verify_result result)
{
	static const char *const names[] = {
		[VERIFY_NONE] = "none",
		[VERIFY_ACCEPTED] = "accepted",
		[VERIFY_WARNED] = "warning",
		[VERIFY_REJECTED] = "rejected",
	};

	return names[result];
}

static void set_where(struct verify_reason *reason,
		      const struct verify_where *where)
{
	struct imastage_bytes path = { 0 };

	if (where->record)
		(void)imastage_record_event_name(where->record, &path);
	path = bytes_first(path, VERIFY_PATH_MAX);
	reason->has_index = where->has_index;
	reason->has_byte = where->has_byte;
	reason->index = where->index;
	reason->byte = where->byte;
	reason->path_len = path.len;
	if (path.len > 0)
		memcpy(reason->path, path.data, path.len);
}

void verify_add(struct verify_verdict *verdict, enum verify_id id,
		const struct verify_where *where, const char *format, ...)
{
	struct verify_reason *reason;
	va_list args;

	if (verdict->nr_of[id]++ >= VERIFY_EACH_MAX ||
	    verdict->nr_reasons == VERIFY_REASONS_MAX)
		return;
	reason = &verdict->reasons[verdict->nr_reasons++];
	memset(reason, 0, sizeof(*reason));
	reason->id = id;
	if (where)
		set_where(reason, where);
	va_start(args, format);
	vsnprintf(reason->text, sizeof(reason->text), format, args);
	va_end(args);
}

void verify_say(struct verify_verdict *verdict, enum verify_id id,
		const struct verify_where *where)
{
	verify_add(verdict, id, where, "%s", "");
}

void verify_add_error(struct verify_verdict *verdict, enum verify_id id,
		      const struct evidence_error *error)
{
	const struct verify_where where = { .has_byte = true,
					    .byte = error->offset };

	verify_add(verdict, id, &where, "%s", error->reason);
}

static enum verify_result worst(const struct verify_verdict *verdict)
{
	enum verify_result result = VERIFY_ACCEPTED;

	for (enum verify_id id = 0; id < VERIFY_NR_IDS; id++) {
		if (!verify_has(verdict, id))
			continue;
		if (verify_id_level(id) == VERIFY_FAILURE)
			return VERIFY_REJECTED;
		if (verify_id_level(id) == VERIFY_WARNING)
			result = VERIFY_WARNED;
	}
	return result;
}

void verify_conclude(struct verify_verdict *verdict)
{
	verdict->result = worst(verdict);
}

void verify_reject(struct verify_verdict *verdict)
{
	verdict->result = VERIFY_REJECTED;
	verdict->proved = false;
	verdict->continues = false;
}

/* ---- earlier rounds -------------------------------------------------------- */

/* One that names no record is the same as any of its id. */
static bool is_same(const struct verify_reason *a,
		    const struct verify_reason *b)
{
	return a->id == b->id &&
	       (!a->has_index || !b->has_index || a->index == b->index);
}

static bool is_known(const struct verify_reason *reasons, size_t nr,
		     const struct verify_reason *reason)
{
	for (size_t i = 0; i < nr; i++)
		if (is_same(&reasons[i], reason))
			return true;
	return false;
}

void verify_add_carried(struct verify_verdict *verdict,
			const struct verify_carried *carried)
{
	for (size_t i = 0; i < carried->nr; i++) {
		const struct verify_reason *reason = &carried->reasons[i];

		if (is_known(verdict->reasons, verdict->nr_reasons, reason))
			continue;
		verdict->nr_of[reason->id]++;
		if (verdict->nr_reasons == VERIFY_REASONS_MAX)
			continue;
		verdict->reasons[verdict->nr_reasons] = *reason;
		verdict->reasons[verdict->nr_reasons++].earlier = true;
	}
}

static void carry_level(const struct verify_verdict *verdict,
			enum verify_level level, struct verify_carried *carried)
{
	for (size_t i = 0; i < verdict->nr_reasons; i++) {
		const struct verify_reason *reason = &verdict->reasons[i];

		if (ids[reason->id].level == level &&
		    carried->nr < VERIFY_CARRIED_MAX &&
		    !is_known(carried->reasons, carried->nr, reason))
			carried->reasons[carried->nr++] = *reason;
	}
}

void verify_carry(const struct verify_verdict *verdict,
		  struct verify_carried *ret_carried)
{
	memset(ret_carried, 0, sizeof(*ret_carried));
	ret_carried->resets = verdict->clock.resets;
	carry_level(verdict, VERIFY_FAILURE, ret_carried);
	carry_level(verdict, VERIFY_WARNING, ret_carried);
}

void verify_join_carried(struct verify_carried *carried,
			 const struct verify_carried *more)
{
	for (size_t i = 0; i < more->nr; i++)
		if (carried->nr < VERIFY_CARRIED_MAX &&
		    !is_known(carried->reasons, carried->nr, &more->reasons[i]))
			carried->reasons[carried->nr++] = more->reasons[i];
}

static size_t nr_shown(const struct verify_verdict *verdict, enum verify_id id)
{
	size_t nr = 0;

	for (size_t i = 0; i < verdict->nr_reasons; i++)
		nr += verdict->reasons[i].id == id;
	return nr;
}

static void join_reasons(struct verify_verdict *verdict,
			 const struct verify_verdict *more)
{
	for (size_t i = 0; i < more->nr_reasons; i++)
		if (verdict->nr_reasons < VERIFY_REASONS_MAX &&
		    nr_shown(verdict, more->reasons[i].id) < VERIFY_EACH_MAX)
			verdict->reasons[verdict->nr_reasons++] =
				more->reasons[i];
}

void verify_join(struct verify_verdict *verdict,
		 const struct verify_verdict *more)
{
	join_reasons(verdict, more);
	for (enum verify_id id = 0; id < VERIFY_NR_IDS; id++)
		verdict->nr_of[id] += more->nr_of[id];
	for (unsigned int i = 0; i < POLICY_NR_OUTCOMES; i++)
		verdict->nr_outcomes[i] += more->nr_outcomes[i];
	verdict->nr_violations += more->nr_violations;
	verdict->nr_withheld += more->nr_withheld;
	verdict->nr_bytes += more->nr_bytes;
	verdict->has_policy = more->has_policy;
	memcpy(verdict->policy, more->policy, sizeof(verdict->policy));
	verdict->has_quote = more->has_quote;
	verdict->clock = more->clock;
	verdict->firmware = more->firmware;
	verdict->pcrs = more->pcrs;
	verdict->boot = more->boot;
}

enum verify_id verify_id_by_name(const char *name)
{
	enum verify_id id = 0;

	while (id < VERIFY_NR_IDS && strcmp(ids[id].name, name))
		id++;
	return id;
}

bool verify_failed(const struct verify_verdict *verdict, enum verify_id first,
		   enum verify_id last)
{
	for (enum verify_id id = first; id <= last; id++)
		if (verdict->nr_of[id] && ids[id].level == VERIFY_FAILURE)
			return true;
	return false;
}
