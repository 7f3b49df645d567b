// SPDX-License-Identifier: MIT
/*
 * The facts that are decided on, but for what the TPM says.
 */
#include "keep/private.h"

#include "base/util.h"

#include <errno.h>
#include <inttypes.h>

static int gather_kernel(struct source *source, struct keep_facts *facts)
{
	const struct source_abilities *abilities = source_abilities(source);
	struct source_counts counts;
	int r = source_counts(source, &counts);

	if (r < 0)
		return r;
	facts->can_delete = abilities->kind != SOURCE_UNPATCHED;
	facts->counts_deleted = counts.has_deleted;
	facts->deleted = counts.deleted;
	if (abilities->stage && !counts.has_staged) {
		r = keep_list_any(source, KEEP_STAGED);
		if (r < 0)
			return r;
		counts.staged = r;
	}
	facts->staged = counts.staged > 0;
	facts->nr_listed = counts.staged + counts.current;
	return 0;
}

static enum keep_answer yes_if(bool yes)
{
	return yes ? KEEP_YES : KEEP_NO;
}

/* One that the boot is known by, and that is not there, is yet to come. */
static enum keep_answer tpm_of(enum keep_tpm tpm,
			       const struct archive_boot *boot)
{
	if (tpm == KEEP_TPM_ABSENT)
		return boot->has_reset_count ? KEEP_NO : KEEP_UNKNOWN;
	return tpm == KEEP_TPM_ANSWERS ? KEEP_YES :
	       tpm == KEEP_TPM_SILENT  ? KEEP_NO :
					 KEEP_UNKNOWN;
}

static void gather_tpm(const struct archive_boot *boot,
		       const struct keep_identity *identity,
		       struct keep_facts *facts)
{
	const struct tpm_identity *is = &identity->is;

	facts->tpm = tpm_of(identity->tpm, boot);
	if (facts->tpm != KEEP_YES)
		return;
	if (boot->has_reset_count)
		facts->same_reset = yes_if(boot->reset_count == is->reset);
	if (boot->has_restart_count)
		facts->same_restart =
			yes_if(boot->restart_count == is->restart);
	if (boot->ek_len && is->ek_len)
		facts->same_ek = yes_if(boot->ek_len == is->ek_len &&
					!memcmp(boot->ek, is->ek, is->ek_len));
}

/* Notes are of an earlier kernel or boot, or of this one. */
static int gather_notes(struct archive *archive,
			const struct archive_boot *boot,
			struct keep_facts *facts)
{
	char text[ARCHIVE_NAME_MAX + 24], name[ARCHIVE_NAME_MAX];
	uint64_t uncounted;
	int r = archive_get_note(archive, KEEP_NOTE_KEXEC, text, sizeof(text));

	if (r < 0 && r != -ENOENT)
		return r;
	facts->kexec_expected = r == 0 && !strcmp(text, boot->boot_id);
	r = archive_get_note(archive, KEEP_NOTE_UNCOUNTED, text, sizeof(text));
	if (r < 0 && r != -ENOENT)
		return r;
	if (r == 0 && sscanf(text, "%63s %" SCNu64, name, &uncounted) == 2 &&
	    !strcmp(name, boot->name))
		facts->uncounted = uncounted;
	return 0;
}

static enum keep_pending pending_of(enum archive_method method)
{
	return method == ARCHIVE_STAGED ? KEEP_PENDING_STAGED :
	       method == ARCHIVE_TRIM	? KEEP_PENDING_TRIM :
					  KEEP_PENDING_COPIED;
}

/* Where what is listed may begin. */
static int gather_places(struct archive *archive, struct keep_facts *facts)
{
	struct archive_pending pending;
	int r = archive_pending(archive, &pending);

	facts->kept.first = facts->end;
	facts->gone.first = facts->end;
	if (r < 0)
		return r;
	if (r == 0) {
		facts->pending = pending_of(pending.method);
		facts->kept.first = pending.first;
		if (facts->pending != KEEP_PENDING_COPIED)
			facts->gone.first = pending.first + pending.count;
	}
	return 0;
}

/* By what is pending: kept, or gone. */
static int read_pending(struct source *source, struct archive *archive,
			const struct archive_boot *boot,
			struct keep_facts *facts)
{
	int r = 0;

	if (facts->kept.first < facts->end)
		r = keep_read_as(source, archive, boot, &facts->kept);
	if (r == 0 && facts->gone.first < facts->end)
		r = keep_read_as(source, archive, boot, &facts->gone);
	return r;
}

/*
 * By the kernel's count. When that cannot be, and it is another kernel, its
 * count may have been lost on the way: then by what is pending.
 */
static int read_counted(struct source *source, struct archive *archive,
			const struct archive_boot *boot,
			struct keep_facts *facts)
{
	struct keep_reading counted = { .first = facts->deleted +
						 facts->uncounted };
	int r = 0;

	if (counted.first < facts->end)
		r = keep_read_as(source, archive, boot, &counted);
	if (r == 0 && counted.content != KEEP_EQUAL && !facts->same_boot_id) {
		r = read_pending(source, archive, boot, facts);
		if (facts->kept.content == KEEP_EQUAL)
			facts->gone = facts->kept;
	}
	facts->kept = counted;
	return r;
}

static int gather_content(struct source *source, struct archive *archive,
			  const struct archive_boot *boot,
			  struct keep_facts *facts)
{
	int r;

	if (facts->counts_deleted)
		return read_counted(source, archive, boot, facts);
	r = read_pending(source, archive, boot, facts);
	if (r == 0 && facts->kept.content != KEEP_EQUAL)
		r = keep_find(source, archive, boot, facts->kept.first + 1,
			      &facts->found);
	return r;
}

int keep_gather(struct source *source, struct archive *archive,
		const struct keep_identity *identity,
		struct keep_facts *ret_facts, struct archive_boot *ret_boot)
{
	struct keep_facts facts = { 0 };
	int r = gather_kernel(source, &facts);

	if (r == 0)
		r = archive_last_boot(archive, ret_boot);
	if (r < 0)
		return r;
	facts.has_boot = r != IMASTAGE_END;
	r = 0;
	if (!facts.has_boot)
		*ret_boot = (struct archive_boot){ 0 };
	gather_tpm(ret_boot, identity, &facts);
	if (facts.has_boot) {
		facts.end = ret_boot->end;
		facts.same_boot_id =
			!strcmp(ret_boot->boot_id, identity->boot_id);
		r = gather_notes(archive, ret_boot, &facts);
		if (r == 0)
			r = gather_places(archive, &facts);
		if (r == 0)
			r = gather_content(source, archive, ret_boot, &facts);
	}
	if (r == 0)
		*ret_facts = facts;
	return r;
}
