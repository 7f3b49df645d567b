// SPDX-License-Identifier: MIT
/*
 * Which digests the kernel extends a bank with, found out by what the TPM holds.
 *
 * Nothing in a list tells whether a bank is extended with its own digests or with
 * sha1 and zeros (enum imastage_form). So the list is replayed with the banks' own
 * digests, as nearly always is right. Only if that does not lead where it should, it
 * is read again, with other forms of those banks that did not get there. A form
 * is believed when it leads to all values that are expected in that bank.
 */
#include "tool/cli.h"
#include "list/replay.h"

#include <errno.h>
#include <string.h>

#define SHA1_ONLY (1u << IMASTAGE_SHA1)

struct forms {
	struct replay_run *run;
	int (*once)(struct replay_run *run);
	struct imastage_replay *start; /* where it stood before any record */
	enum imastage_form form[IMASTAGE_NR_BANKS]; /* as far as found */
	unsigned int open; /* banks whose form is not known */
	bool has_violations;
};

static bool bank_arrives(const struct replay_run *run, enum imastage_bank bank)
{
	const struct pcr_values *expected = &run->target->expected;

	for (unsigned int pcr = 0; pcr < IMASTAGE_NR_PCRS; pcr++)
		if (expected->set[bank] & 1u << pcr &&
		    !replay_value_seen(run, bank, pcr, NULL))
			return false;
	return true;
}

/* Is anything but values of its own expected of the bank? */
static bool is_judged_with_others(const struct replay_run *run,
				  enum imastage_bank bank)
{
	return run->summary.nr_disagree > 0 ||
	       (run->target->has_quote && !run->matched &&
		target_quotes(run->target, bank));
}

/* Banks that may be extended otherwise. */
static unsigned int find_open(const struct replay_run *run)
{
	unsigned int open = 0;

	for (enum imastage_bank bank = 0; bank < IMASTAGE_NR_BANKS; bank++)
		if (run->target->banks & ~SHA1_ONLY & 1u << bank &&
		    (!bank_arrives(run, bank) ||
		     is_judged_with_others(run, bank)))
			open |= 1u << bank;
	return open;
}

/* As if nothing had been replayed. What was found before is the caller's. */
static int begin_again(struct forms *forms)
{
	struct replay_run *run = forms->run;
	int r;

	run->replay = NULL;
	run->align = NULL;
	run->summary = (struct imastage_summary){ 0 };
	run->bad_path = NULL;
	run->matched = false;
	run->nr_matched = 0;
	run->alignment = IMASTAGE_ALIGN_NONE;
	run->nr_before_snapshot = 0;
	r = imastage_replay_clone(forms->start, &run->replay);
	if (r == 0)
		r = target_make(run->target, &run->replay, &run->align);
	return r < 0 ? r : input_rewind(run->input);
}

static void free_result(struct replay_run *run)
{
	imastage_replay_free(run->replay);
	imastage_align_free(run->align);
	run->replay = NULL;
	run->align = NULL;
}

/* Replays with what was found, and @form in @banks. */
static int run_with(struct forms *forms, unsigned int banks,
		    enum imastage_form form)
{
	struct replay_run *run = forms->run;
	int r = begin_again(forms);

	for (enum imastage_bank bank = 0; bank < IMASTAGE_NR_BANKS && r == 0;
	     bank++) {
		enum imastage_form chosen =
			banks & 1u << bank ? form : forms->form[bank];

		if (chosen != IMASTAGE_FORM_OWN)
			r = imastage_replay_set_form(run->replay, bank, chosen);
	}
	return r < 0 ? r : forms->once(run);
}

/* Notes what it leads to. 1 when all is as it should be, with what is in *run then. */
static int try_form(struct forms *forms, unsigned int banks,
		    enum imastage_form form)
{
	struct replay_run *run = forms->run;
	int r = run_with(forms, banks, form);
	bool good = r == 0 && replay_accepts(run);

	for (enum imastage_bank bank = 0; bank < IMASTAGE_NR_BANKS && r == 0;
	     bank++) {
		if (!(banks & 1u << bank) || !run->target->expected.set[bank] ||
		    !bank_arrives(run, bank))
			continue;
		forms->form[bank] = form;
		forms->open &= ~(1u << bank);
	}
	if (!good)
		free_result(run);
	return r < 0 ? r : good;
}

static int try_forms(struct forms *forms, unsigned int banks)
{
	int r = try_form(forms, banks, IMASTAGE_FORM_PADDED);

	banks &= forms->open;
	if (r == 0 && banks && forms->has_violations)
		r = try_form(forms, banks, IMASTAGE_FORM_PADDED_ONES);
	return r;
}

/* All that are open at once, then each by itself. */
static int try_banks(struct forms *forms)
{
	int r = try_forms(forms, forms->open);
	bool one = !(forms->open & (forms->open - 1));

	for (enum imastage_bank bank = 0;
	     bank < IMASTAGE_NR_BANKS && r == 0 && !one; bank++)
		if (forms->open & 1u << bank)
			r = try_forms(forms, 1u << bank);
	return r;
}

static bool found_any(const struct forms *forms)
{
	for (enum imastage_bank bank = 0; bank < IMASTAGE_NR_BANKS; bank++)
		if (forms->form[bank] != IMASTAGE_FORM_OWN)
			return true;
	return false;
}

/* Leaves in *run what came of the forms that were found, or what was in it. */
static int find_forms(struct forms *forms)
{
	struct replay_run first = *forms->run;
	int r = try_banks(forms);

	if (r == 0 && found_any(forms))
		r = run_with(forms, 0, IMASTAGE_FORM_OWN) < 0 ? -EIO : 1;
	if (r == 1) {
		free_result(&first);
		return 0;
	}
	if (r < 0)
		free_result(forms->run);
	*forms->run = first;
	return r;
}

static int judge(struct forms *forms)
{
	struct replay_run *run = forms->run;
	int r = forms->once(run);

	if (r < 0 || replay_accepts(run) ||
	    imastage_replay_nr_records(forms->start) > 0)
		return r;
	forms->open = find_open(run);
	forms->has_violations = run->summary.nr_violations > 0;
	if (!forms->open)
		return 0;
	run->read_once = !input_can_rewind(run->input);
	return run->read_once ? 0 : find_forms(forms);
}

int replay_judge(struct replay_run *run, int (*once)(struct replay_run *run))
{
	struct forms forms = { .run = run, .once = once };
	int r = imastage_replay_clone(run->replay, &forms.start);

	if (r < 0) {
		cli_error("%s", strerror(-r));
		return r;
	}
	run->input->keep_pipes = (run->target->banks & ~SHA1_ONLY) &&
				 target_expects(run->target);
	r = judge(&forms);
	imastage_replay_free(forms.start);
	return r;
}
