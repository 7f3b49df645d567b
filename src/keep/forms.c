// SPDX-License-Identifier: MIT
/*
 * Banks that the kernel extends with sha1 and zeros (enum imastage_form). The archive
 * replays every bank with its own digests. Where a bank does not fit so, all that is
 * archived is replayed in the other forms, once; what follows is added each time.
 */
#include "keep/private.h"

#include "base/util.h"

#include <errno.h>

void keep_forms_fini(struct keep_forms *forms)
{
	imastage_replay_free(forms->replay);
	forms->replay = NULL;
}

static int begin(struct keep_forms *forms, int64_t boot, unsigned int banks,
		 unsigned int padded, enum imastage_form form)
{
	int r;

	keep_forms_fini(forms);
	r = imastage_replay_new(banks, 1u << IMASTAGE_PCR_IMA, &forms->replay);
	for (int bank = 0; bank < IMASTAGE_NR_BANKS && r == 0; bank++)
		if (padded & 1u << bank)
			r = imastage_replay_set_form(forms->replay, bank, form);
	forms->boot = boot;
	forms->padded = padded;
	if (r < 0)
		keep_forms_fini(forms);
	return r;
}

static bool goes_on(const struct keep_forms *forms,
		    const struct archive_boot *boot, unsigned int banks,
		    unsigned int padded)
{
	return forms->replay && forms->boot == boot->id &&
	       forms->padded == padded &&
	       imastage_replay_banks(forms->replay) == banks &&
	       imastage_replay_nr_records(forms->replay) <= boot->end;
}

/* Up to the end of what is archived. IMASTAGE_END, or ARCHIVE_GAP: it is not all there. */
static int follow(struct archive *archive, const struct archive_boot *boot,
		  struct imastage_replay *replay)
{
	struct archive_cursor *cursor;
	struct imastage_record record;
	int r = archive_cursor_open(
		archive, boot->id, imastage_replay_nr_records(replay), &cursor);

	if (r < 0)
		return r;
	while (imastage_replay_nr_records(replay) < boot->end) {
		r = archive_cursor_next(cursor, &record);
		if (r == 0)
			r = imastage_replay_extend(replay, &record, NULL);
		else
			break;
		if (r < 0)
			break;
		r = 0;
	}
	archive_cursor_close(cursor);
	return r;
}

int keep_forms_replay(struct keep *keep, enum imastage_form form,
		      unsigned int banks, unsigned int padded,
		      struct imastage_replay **ret_replay)
{
	struct keep_forms *forms = &keep->forms[form];
	struct archive *archive = keep->options.archive;
	struct archive_boot boot;
	int r = archive_last_boot(archive, &boot);

	if (r)
		return r;
	if (!goes_on(forms, &boot, banks, padded)) {
		/* What was pruned cannot be replayed. */
		if (boot.first > 0)
			return IMASTAGE_END;
		r = begin(forms, boot.id, banks, padded, form);
	}
	if (r == 0)
		r = follow(archive, &boot, forms->replay);
	return r ? r : imastage_replay_clone(forms->replay, ret_replay);
}
