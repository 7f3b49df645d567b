/* SPDX-License-Identifier: MIT */
/*
 * What the files of this folder share.
 */
#ifndef KEEP_PRIVATE_H
#define KEEP_PRIVATE_H

#include "keep/keep.h"
#include "keep/list.h"

#define KEEP_NOTE_KEXEC "kexec-expected" /* value: boot id it is left from */
#define KEEP_NOTE_UNCOUNTED "uncounted" /* value: boot's folder, records */

struct keep {
	struct keep_options options;
	struct keep_report report;
	bool reported;

	/*
	 * Placed: the kernel with @boot_id has a list whose first record is
	 * @first, and what of it is archived is archived under its index. Not
	 * so after any error, until it is found out anew.
	 */
	bool placed;
	char boot_id[37];
	uint64_t first;
	uint64_t uncounted; /* @first less what the kernel counts */

	struct keep_identity identity; /* as of the call that is under way */
	struct keep_identity placed_as; /* as of the last placing */

	bool kexec_noted; /* the note is there */

	/* Of banks that are not extended with their own digests; see forms.c. */
	struct keep_forms {
		struct imastage_replay *replay; /* owned; NULL: none yet */
		int64_t boot; /* whose archived records it has, from the first on */
		unsigned int padded; /* the banks that are in this form */
	} forms[IMASTAGE_NR_FORMS];
	unsigned int padded; /* banks that were seen to be */

	/* Copying goes on here while the list stays in place. */
	struct keep_mark {
		bool valid;
		uint64_t first, end; /* as they were */
		uint64_t offset; /* in the current list, of record @end */
	} mark;
};

/* ---- keep.c ---------------------------------------------------------------- */

/* At the step @name. */
int keep_step(struct keep *keep, const char *name);

/* Not placed any more, and nothing put that is not committed. Returns @err. */
int keep_fail(struct keep *keep, int err);

/* ---- compare.c: beside what is archived ------------------------------------ */

/* Records of the archive from an index on, to compare with. */
struct keep_archived {
	struct archive_cursor *cursor;
	uint64_t next; /* index that is compared next */
	uint64_t kept; /* those before it are pruned: taken as equal */
	uint64_t end;
};

int keep_archived_open(struct archive *archive, const struct archive_boot *boot,
		       uint64_t first, struct keep_archived *ret_archived);
void keep_archived_close(struct keep_archived *archived);

#define cleanup_keep_archived __attribute__((cleanup(keep_archived_close)))

#define KEEP_IS_OTHER 1

/* The next one: 0 when it is the same record, KEEP_IS_OTHER, or an error. */
int keep_archived_is(struct keep_archived *archived,
		     const struct imastage_record *record);

/* All that is listed, as if it began at ret_reading->first. */
int keep_read_as(struct source *source, struct archive *archive,
		 const struct archive_boot *boot,
		 struct keep_reading *ret_reading);

/*
 * Where between @from and the boot's end what is listed is found in what is
 * archived, 0 if nowhere.
 */
int keep_find(struct source *source, struct archive *archive,
	      const struct archive_boot *boot, uint64_t from,
	      uint64_t *ret_index);

/* ---- facts.c --------------------------------------------------------------- */

/*
 * All but what the TPM says. Inside a session; *ret_boot is the archive's last
 * boot, if facts->has_boot. @archive may be a reader's.
 */
int keep_gather(struct source *source, struct archive *archive,
		const struct keep_identity *identity,
		struct keep_facts *ret_facts, struct archive_boot *ret_boot);

/* ---- reconcile.c ----------------------------------------------------------- */

/*
 * Which kernel and TPM it is, for the sessions that follow. Outside of one: a TPM
 * may be silent for long.
 */
int keep_look(struct keep *keep);

/* Inside a session: is placed on return. Cheap when it was and nothing changed. */
int keep_place(struct keep *keep);

/* Of the last placing: 0, or the errno that says why nothing may be deleted. */
int keep_held(const struct keep *keep);

/* The note @pending that is to hold from now on; count 0: none. */
int keep_set_pending(struct keep *keep, const struct archive_pending *pending);

/* ---- aside.c --------------------------------------------------------------- */

/* Keeps the bytes of a list from @offset on, which are no record @index. */
int keep_aside(struct keep *keep, bool staged, uint64_t offset, uint64_t index);

/* ---- check.c --------------------------------------------------------------- */

/*
 * A record is listed a moment before the TPM is extended with it: a mismatch is
 * looked into again before it is one.
 */
#define KEEP_TPM_TRIES 3

struct keep_pcrs {
	unsigned int banks; /* 0: nothing to compare */
	struct imastage_digests values; /* of PCR 10 */
};

/* Of the TPM, in those banks that are replayed. */
int keep_read_pcrs(struct keep *keep, struct keep_pcrs *ret_pcrs);

/*
 * Does the archive, with what is listed but its first @skip records, replay to
 * these? *ret_check as for keep_check(). @last: a mismatch would be believed, so other
 * forms of banks are tried first.
 */
int keep_replay_listed(struct keep *keep, const struct keep_pcrs *pcrs,
		       uint64_t skip, bool last, struct keep_check *ret_check);

/* ---- forms.c --------------------------------------------------------------- */

/*
 * What is archived of the last boot, replayed in @banks with those of @padded in
 * @form. IMASTAGE_END or ARCHIVE_GAP: not all of it is there.
 */
int keep_forms_replay(struct keep *keep, enum imastage_form form,
		      unsigned int banks, unsigned int padded,
		      struct imastage_replay **ret_replay);

void keep_forms_fini(struct keep_forms *forms);

/* The same for what is listed alone, if it begins as a hard boot's list does. */
int keep_replay_fresh(struct keep *keep, const struct keep_pcrs *pcrs,
		      struct keep_check *ret_check);

#endif
