// SPDX-License-Identifier: MIT
/*
 * Checks 10 to 12, of the boot: PCR 0 to 9 against the last quote's, against the firmware's
 * event log and against the values that are approved. They vouch for firmware, loader and first kernel.
 */
#include "verify/private.h"

static bool same_pcr(const struct pcr_values *a, const struct pcr_values *b,
		     enum imastage_bank bank, unsigned int pcr)
{
	return bytes_equal(verify_value(a, bank, pcr),
			   verify_value(b, bank, pcr));
}

/* PCR 0 to 9 that are in both of them. */
static uint32_t in_both(const struct pcr_values *a, const struct pcr_values *b,
			enum imastage_bank bank)
{
	return a->set[bank] & b->set[bank] & VERIFY_BOOT_PCRS;
}

static void check_unchanged(struct verify_run *run)
{
	const struct pcr_values *start = run->request->start;
	const struct pcr_values *now = &run->pcrs.values;

	for (enum imastage_bank bank = 0; bank < IMASTAGE_NR_BANKS; bank++) {
		uint32_t pcrs = in_both(start, now, bank);

		for (unsigned int pcr = 0; pcr < IMASTAGE_NR_PCRS; pcr++)
			if (pcrs & 1u << pcr &&
			    !same_pcr(start, now, bank, pcr))
				verify_add(run->verdict, VERIFY_BOOT_CHANGED,
					   NULL, "PCR %u of the bank %s", pcr,
					   imastage_bank_name(bank));
	}
}

/* The bank that speaks for the boot: one of SHA-256 or better with all of PCR 0 to 9. */
static bool find_bank(const struct verify_run *run,
		      enum imastage_bank *ret_bank)
{
	for (enum imastage_bank bank = IMASTAGE_SHA1 + 1;
	     bank < IMASTAGE_NR_BANKS; bank++) {
		if ((run->pcrs.values.set[bank] & VERIFY_BOOT_PCRS) !=
		    VERIFY_BOOT_PCRS)
			continue;
		*ret_bank = bank;
		return true;
	}
	return false;
}

static void check_empty(struct verify_run *run, enum imastage_bank bank)
{
	for (unsigned int pcr = 0; pcr < 8; pcr++)
		if (!bytes_are_all(verify_value(&run->pcrs.values, bank, pcr),
				   0))
			return;
	verify_add(run->verdict, VERIFY_BOOT_EMPTY, NULL,
		   "PCR 0 to 7 of the bank %s are zero",
		   imastage_bank_name(bank));
}

static bool is_approved(const struct verify_run *run,
			const struct pcr_values *boot, enum imastage_bank bank)
{
	if (in_both(boot, boot, bank) != VERIFY_BOOT_PCRS)
		return false;
	for (unsigned int pcr = 0; pcr < 10; pcr++)
		if (!same_pcr(boot, &run->pcrs.values, bank, pcr))
			return false;
	return true;
}

static void check_approved(struct verify_run *run, enum imastage_bank bank)
{
	const struct verify_request *request = run->request;

	for (size_t i = 0; i < request->nr_boots; i++)
		if (is_approved(run, &request->boots[i], bank))
			return;
	verify_add(run->verdict, VERIFY_BOOT_UNAPPROVED, NULL, "in the bank %s",
		   imastage_bank_name(bank));
}

/* ---- the firmware's event log ------------------------------------------------ */

int verify_read_boot_log(struct imastage_source source,
			 struct verify_boot_log *ret_log)
{
	int r = boot_log_replay(source, &ret_log->log, &ret_log->error);

	ret_log->malformed = r == -EBADMSG && ret_log->error.reason[0];
	return ret_log->malformed ? 0 : r;
}

static void compare_bank(struct verify_run *run, const struct boot_log *log,
			 enum imastage_bank bank)
{
	const struct pcr_values *now = &run->pcrs.values;
	uint32_t pcrs = in_both(now, now, bank);

	if (pcrs && !(log->banks & 1u << bank)) {
		verify_add(run->verdict, VERIFY_BOOT_LOG_BANK, NULL,
			   "it has no digests of the bank %s",
			   imastage_bank_name(bank));
		return;
	}
	for (unsigned int pcr = 0; pcrs >> pcr; pcr++)
		if (pcrs & 1u << pcr && !same_pcr(&log->values, now, bank, pcr))
			verify_add(run->verdict, VERIFY_BOOT_LOG_REPLAY, NULL,
				   "PCR %u of the bank %s", pcr,
				   imastage_bank_name(bank));
}

static void check_log(struct verify_run *run)
{
	const struct verify_boot_log *log = run->evidence->boot_log;
	uint32_t quoted = 0;

	if (log->malformed) {
		verify_add_error(run->verdict, VERIFY_BOOT_LOG_FORM,
				 &log->error);
		return;
	}
	for (enum imastage_bank bank = 0;
	     run->has_values && bank < IMASTAGE_NR_BANKS; bank++) {
		quoted |= run->pcrs.values.set[bank] & VERIFY_BOOT_PCRS;
		compare_bank(run, &log->log, bank);
	}
	if (!quoted)
		verify_add(run->verdict, VERIFY_BOOT_LOG_BANK, NULL,
			   "no PCR of the boot is quoted");
}

void verify_check_boot(struct verify_run *run)
{
	enum imastage_bank bank;

	if (run->request->nr_boots == 0)
		verify_say(run->verdict, VERIFY_BOOT_POLICY, NULL);
	if (!run->request->policy)
		verify_say(run->verdict, VERIFY_FILE_POLICY, NULL);
	if (run->evidence->boot_log)
		check_log(run);
	if (!run->has_values)
		return;
	if (run->request->start)
		check_unchanged(run);
	if (!find_bank(run, &bank)) {
		if (!verify_has(run->verdict, VERIFY_BOOT_UNQUOTED))
			verify_say(run->verdict, VERIFY_BOOT_UNQUOTED, NULL);
		return;
	}
	check_empty(run, bank);
	if (run->request->nr_boots > 0)
		check_approved(run, bank);
}
