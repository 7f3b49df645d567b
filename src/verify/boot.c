// SPDX-License-Identifier: MIT
/*
 * Checks 10 to 12, of the boot: PCR 0 to 9 against the last quote's, against the firmware's
 * event log and against what is approved. They vouch for firmware, loader and first kernel; that
 * IMA measures by the right policy, and which kernels came later, records have to show.
 */
#include "base/hex.h"
#include "base/util.h"
#include "verify/private.h"

#include <imastage/snapshot.h>

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

static bool is_approved_set(const struct verify_run *run,
			    enum imastage_bank bank)
{
	for (size_t i = 0; i < run->request->nr_boots; i++)
		if (is_approved(run, &run->request->boots[i], bank))
			return true;
	return false;
}

/* ---- the policy --------------------------------------------------------------- */

/* "0, 4, 9" */
static const char *pcr_list(uint32_t pcrs, char text[48])
{
	size_t len = 0;

	text[0] = '\0';
	for (unsigned int pcr = 0; pcr < BOOT_PCRS; pcr++)
		if (pcrs & 1u << pcr)
			len += (size_t)snprintf(text + len, 48 - len, "%s%u",
						len ? ", " : "", pcr);
	return text;
}

static void say_approved(struct verify_run *run,
			 const struct boot_generation *is)
{
	uint32_t open = BOOT_ALL_PCRS & ~(is->by_values | is->by_events);
	char list[48];

	verify_add(run->verdict, VERIFY_BOOT_APPROVED, NULL,
		   "%.60s, by %.40s%s%s", is->name, is->approved_by,
		   open ? "; not looked at: PCR " : "", pcr_list(open, list));
}

static void say_unapproved(struct verify_run *run,
			   const struct boot_policy_answer *answer)
{
	const struct boot_generation *nearest = answer->nearest;
	char list[48];

	if (!answer->differs && !answer->secure_differs)
		verify_add(run->verdict, VERIFY_BOOT_UNAPPROVED, NULL,
			   "it is %.60s, which nobody approved yet",
			   nearest->name);
	else
		verify_add(run->verdict, VERIFY_BOOT_UNAPPROVED, NULL,
			   "nearest is %.60s; differs%s%s%s%s", nearest->name,
			   answer->differs ? " in PCR " : "",
			   pcr_list(answer->differs, list),
			   answer->secure_differs ? " in secure boot" : "",
			   answer->without_log ? "; no log of its events" : "");
}

static const struct boot_log *log_of(const struct verify_run *run)
{
	const struct verify_boot_log *log = run->evidence->boot_log;

	return log && !log->malformed ? &log->log : NULL;
}

/* Does the boot that is approved vouch for the policy of IMA? */
static bool check_policy(struct verify_run *run, bool otherwise)
{
	static const struct boot_policy_seen nothing;
	const struct boot_log *log = log_of(run);
	struct boot_policy_answer answer;

	boot_policy_judge(run->request->boot_policy, &run->pcrs.values, log,
			  log ? &run->evidence->boot_log->seen : &nothing,
			  &answer);
	if (answer.approved)
		say_approved(run, answer.approved);
	else if (!otherwise && answer.nearest)
		say_unapproved(run, &answer);
	return answer.approved && answer.approved->command_line;
}

/* Is there anything that judges the boot? */
static bool is_judged(const struct verify_request *request)
{
	return request->nr_boots > 0 ||
	       (request->boot_policy &&
		boot_policy_count(request->boot_policy) > 0);
}

/*
 * A round that goes on from another one inherits what that one said of IMA's policy, which is
 * loaded long before anybody asks.
 */
static void check_approved(struct verify_run *run, enum imastage_bank bank)
{
	const struct verify_request *request = run->request;
	bool by_set = is_approved_set(run, bank);
	bool vouches = request->boot_policy && check_policy(run, by_set);

	if (!by_set && !request->boot_policy)
		verify_add(run->verdict, VERIFY_BOOT_UNAPPROVED, NULL,
			   "in the bank %s", imastage_bank_name(bank));
	if (!vouches && !run->ima_policy && !request->start)
		verify_say(run->verdict, VERIFY_BOOT_IMA_POLICY, NULL);
}

/* ---- the firmware's event log ------------------------------------------------ */

struct watched {
	const struct verify_request *request;
	struct verify_boot_log *log;
};

static void see_event(void *context, const struct boot_log_event *event)
{
	const struct watched *watched = context;
	const struct boot_log_watcher *other = watched->request->watcher;

	boot_events_see(&watched->log->main, event);
	boot_policy_watch(watched->request->boot_policy, event,
			  &watched->log->seen);
	if (other)
		other->event(other->context, event);
}

int verify_read_boot_log(struct imastage_source source,
			 const struct verify_request *request,
			 struct verify_boot_log *ret_log)
{
	struct watched watched = { .request = request };
	const struct boot_log_watcher watcher = { see_event, &watched };
	int r;

	memset(ret_log, 0, sizeof(*ret_log));
	watched.log = ret_log;
	r = boot_log_watch(source, &watcher, &ret_log->log, &ret_log->error);
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
	else if (!verify_has(run->verdict, VERIFY_BOOT_LOG_REPLAY) &&
		 !verify_has(run->verdict, VERIFY_BOOT_LOG_BANK))
		run->verdict->boot = log->main;
}

/* ---- what records say of the boot ----------------------------------------------- */

static bool begins_with(struct imastage_bytes name, const char *text)
{
	return bytes_equal_text(bytes_first(name, strlen(text)), text);
}

static bool is_ima_policy(struct imastage_bytes name)
{
	return begins_with(name, "ima_policy_") ||
	       bytes_equal_text(name, "ima_policy") ||
	       bytes_equal_text(name, "ima-policy");
}

/* What the kernel measures of itself: data_sources of func=CRITICAL_DATA. */
static bool is_critical(struct imastage_bytes name)
{
	return bytes_equal_text(name, "kernel_version") ||
	       begins_with(name, "selinux-") || begins_with(name, "dm_");
}

/* Text as it is, but for a newline; digests in hexadecimal. */
static void show(struct imastage_bytes content, char text[VERIFY_TEXT_MAX])
{
	size_t len = 0;

	while (len < content.len && len < VERIFY_TEXT_MAX - 1 &&
	       content.data[len] >= ' ' && content.data[len] <= '~') {
		text[len] = (char)content.data[len];
		len++;
	}
	text[len] = '\0';
	if (len == 0)
		hex_encode(bytes_first(content, IMASTAGE_DIGEST_MAX), text);
}

static bool is_approved_record(const struct verify_run *run)
{
	const enum policy_outcome outcome = run->judgement.outcome;

	return run->appraisal &&
	       (outcome == POLICY_BY_DIGEST || outcome == POLICY_BY_SIGNATURE ||
		outcome == POLICY_BY_BOTH);
}

static void set_kexec(struct verify_run *run, unsigned int what, bool approved)
{
	run->kexec = approved ? run->kexec | what : run->kexec & ~what;
}

/* For the next kexec; the last one counts. */
static bool is_approved_line(const struct verify_run *run)
{
	const struct boot_policy *policy = run->request->boot_policy;

	return is_approved_record(run) ||
	       (policy &&
		boot_policy_has_command_line(policy, run->reading.algorithm,
					     run->reading.digest));
}

static void see_buffer(struct verify_run *run, const struct verify_where *where)
{
	const struct policy_reading *is = &run->reading;
	bool approved = is_approved_record(run);
	char text[VERIFY_TEXT_MAX];

	if (is_ima_policy(is->path))
		run->ima_policy |= approved;
	if (bytes_equal_text(is->path, "kexec-cmdline"))
		set_kexec(run, VERIFY_KEXEC_LINE, is_approved_line(run));
	if (!is_critical(is->path))
		return;
	show(is->buffer, text);
	verify_add(run->verdict, VERIFY_BOOT_CRITICAL, where, "%s%s",
		   approved ? "" : "not approved: ", text);
}

void verify_see_record(struct verify_run *run,
		       const struct imastage_record *record,
		       const struct verify_where *where)
{
	const struct boot_policy *policy = run->request->boot_policy;
	const struct policy_reading *is = &run->reading;

	if (is->is_buffer && !imastage_record_is_snapshot(record))
		see_buffer(run, where);
	else if (!is->is_buffer && policy &&
		 boot_policy_has_image(policy, is->algorithm, is->digest))
		set_kexec(run, VERIFY_KEXEC_IMAGE, true);
}

/* Each kexec needs an image and a command line of its own. */
void verify_see_kexec(struct verify_run *run, const struct verify_where *where)
{
	verify_say(run->verdict,
		   run->kexec == (VERIFY_KEXEC_IMAGE | VERIFY_KEXEC_LINE) ?
			   VERIFY_BOOT_KEXEC_APPROVED :
			   VERIFY_BOOT_KEXEC,
		   where);
	run->kexec = 0;
}

/* ---- all of it ------------------------------------------------------------------- */

void verify_check_boot(struct verify_run *run)
{
	enum imastage_bank bank;

	if (!is_judged(run->request))
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
	if (is_judged(run->request))
		check_approved(run, bank);
}
