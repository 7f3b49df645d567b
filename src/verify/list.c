// SPDX-License-Identifier: MIT
/*
 * Check 9: the list is replayed up to the values quoted, which are known before the
 * first record. The shortest prefix that leads there counts; what follows is excess.
 */
#include "log/hash.h"
#include "log/replay.h"
#include "verify/ahead.h"

#include <imastage/snapshot.h>
#include <stdlib.h>

/* ---- begin and end --------------------------------------------------------- */

/* The values that a replay starts with are those of the request. */
static int set_start(struct verify_run *run, struct imastage_replay *replay)
{
	const struct pcr_values *start = run->request->start;
	int r = 0;

	for (enum imastage_bank bank = 0; bank < IMASTAGE_NR_BANKS; bank++)
		for (unsigned int pcr = 0; pcr < IMASTAGE_NR_PCRS; pcr++)
			if (r == 0 && run->banks & 1u << bank &&
			    run->request->list_pcrs & 1u << pcr)
				r = imastage_replay_set_value(
					replay, bank, pcr,
					verify_value(start, bank, pcr));
	return r;
}

static int new_replay(struct verify_run *run,
		      struct imastage_replay **ret_replay)
{
	int r = imastage_replay_new(run->banks, run->request->list_pcrs,
				    ret_replay);

	if (r == 0 && run->request->start)
		r = set_start(run, *ret_replay);
	return r;
}

static int new_padded(struct verify_run *run, size_t i)
{
	const enum imastage_form form[2] = { IMASTAGE_FORM_PADDED,
					     IMASTAGE_FORM_PADDED_ONES };
	int r = new_replay(run, &run->padded[i]);

	for (enum imastage_bank bank = IMASTAGE_SHA1 + 1;
	     r == 0 && bank < IMASTAGE_NR_BANKS; bank++)
		if (run->banks & 1u << bank)
			r = imastage_replay_set_form(run->padded[i], bank,
						     form[i]);
	return r;
}

static int begin(struct verify_run *run)
{
	bool explain = run->request->explain &&
		       run->banks != 1u << IMASTAGE_SHA1;
	int r = new_replay(run, &run->replay);

	for (size_t i = 0; i < 2 && r == 0 && explain; i++)
		r = new_padded(run, i);
	return r;
}

static bool is_there_in(const struct verify_run *run,
			const struct imastage_replay *replay,
			enum imastage_bank bank)
{
	for (uint32_t pcrs = run->request->list_pcrs; pcrs; pcrs &= pcrs - 1) {
		unsigned int pcr = (unsigned int)__builtin_ctz(pcrs);

		if (!bytes_equal(imastage_replay_value(replay, bank, pcr),
				 verify_value(&run->pcrs.values, bank, pcr)))
			return false;
	}
	return true;
}

/* Does @replay stand where the quote does, in all banks and PCRs? */
static bool is_there(const struct verify_run *run,
		     const struct imastage_replay *replay)
{
	for (unsigned int banks = run->banks; banks; banks &= banks - 1)
		if (!is_there_in(run, replay,
				 (enum imastage_bank)__builtin_ctz(banks)))
			return false;
	return true;
}

static void look(struct verify_run *run)
{
	run->matched = run->has_values && is_there(run, run->replay);
	if (run->matched)
		run->verdict->next_index =
			run->request->first_index +
			imastage_replay_nr_records(run->replay);
}

/* ---- records --------------------------------------------------------------- */

/* Adds the digest of the list's own bank to those computed, if it is not there. */
static int add_own_digest(struct verify_run *run,
			  const struct imastage_record *record,
			  struct imastage_digests *digests)
{
	struct imastage_digests own;
	int r = 0;

	if (run->banks & 1u << record->bank)
		return 0;
	if (!run->hasher)
		r = imastage_hasher_new(1u << record->bank, &run->hasher);
	if (r == 0)
		r = imastage_hasher_template(run->hasher, record, &own);
	if (r == 0)
		memcpy(digests->of[record->bank], own.of[record->bank],
		       sizeof(own.of[record->bank]));
	return r;
}

static int check_digest(struct verify_run *run,
			const struct imastage_record *record,
			const struct verify_where *where, enum verify_id id,
			struct imastage_digests *digests)
{
	int r;

	if (run->given)
		return 0;
	if (record->opaque) {
		verify_say(run->verdict, VERIFY_LOG_OPAQUE, where);
		return 0;
	}
	r = add_own_digest(run, record, digests);
	if (r == 0 && imastage_record_check_digest(record, digests))
		verify_say(run->verdict, id, where);
	return r;
}

static int extend(const struct verify_run *run, struct imastage_replay *replay,
		  const struct imastage_record *record,
		  struct imastage_digests *ret_digests)
{
	return run->given ? replay_extend_given(replay, record, run->given) :
			    imastage_replay_extend(replay, record, ret_digests);
}

static int extend_padded(struct verify_run *run,
			 const struct imastage_record *record)
{
	for (size_t i = 0; i < 2; i++) {
		int r;

		if (!run->padded[i])
			continue;
		r = extend(run, run->padded[i], record, NULL);
		if (r < 0)
			return r;
		if (run->has_values && is_there(run, run->padded[i]) &&
		    !verify_has(run->verdict, VERIFY_LOG_PADDED))
			verify_add(run->verdict, VERIFY_LOG_PADDED, NULL,
				   "replayed so, the list leads to the value "
				   "quoted");
	}
	return 0;
}

static void start_at_snapshot(struct verify_run *run,
			      const struct imastage_record *record,
			      const struct verify_where *where)
{
	struct imastage_snapshot snapshot;
	enum imastage_bank bank;
	unsigned int pcr;

	if (imastage_snapshot_parse(record, &snapshot) < 0 ||
	    imastage_snapshot_start(&snapshot, run->replay, &bank, &pcr) < 0)
		verify_add(run->verdict, VERIFY_LOG_SNAPSHOT, where,
			   "no replay can start there");
	else
		verify_say(run->verdict, VERIFY_LOG_SNAPSHOT_START, where);
}

static bool is_replayed(const struct verify_run *run,
			const struct imastage_record *record)
{
	return record->pcr < IMASTAGE_NR_PCRS &&
	       run->request->list_pcrs & 1u << record->pcr;
}

/* What its data says counts only where the PCR proves it. */
static int judge(struct verify_run *run, const struct imastage_record *record,
		 const struct verify_where *where)
{
	if (!is_replayed(run, record)) {
		verify_say_unproved(run, record, where);
		return 0;
	}
	if (run->request->from_snapshot &&
	    imastage_replay_nr_records(run->replay) == 0)
		start_at_snapshot(run, record, where);
	return verify_check_record(run, record, where);
}

/* Record 0 tells boots apart, with the count of resets. */
static int note_first(struct verify_run *run,
		      const struct imastage_record *record, uint64_t index)
{
	struct verify_verdict *verdict = run->verdict;
	uint8_t digest[IMASTAGE_DIGEST_MAX];
	struct hash hash;
	int r;

	if (index > 0 || record->opaque || run->given || run->request->start ||
	    run->request->from_snapshot)
		return 0;
	r = hash_init(&hash, IMASTAGE_SHA256);
	if (r < 0)
		return r;
	r = hash_two(&hash, record->data, bytes_of(NULL, 0), digest);
	hash_fini(&hash);
	if (r < 0)
		return r;
	memcpy(verdict->first_record, digest, sizeof(verdict->first_record));
	verdict->has_first_record = true;
	return 0;
}

static void tell_watch(struct verify_run *run, const struct verify_where *where)
{
	const struct verify_watch *watch = run->request->watch;

	bool read = run->reading.readable || (run->given && run->appraisal);

	if (watch)
		watch->record(watch->context, where,
			      read ? &run->reading : NULL,
			      run->appraisal ? &run->judgement : NULL);
}

/* A record that the quote may prove. */
static int take_record(struct verify_run *run,
		       const struct imastage_record *record,
		       const struct verify_where *where)
{
	struct imastage_digests digests;
	int r;

	run->verdict->nr_violations += imastage_record_is_violation(record);
	run->verdict->nr_withheld += run->given != NULL;
	run->verdict->nr_bytes += record->raw.len;
	r = note_first(run, record, where->index);
	if (r == 0)
		r = judge(run, record, where);
	if (r == 0)
		r = extend(run, run->replay, record, &digests);
	if (r >= 0)
		r = check_digest(run, record, where, VERIFY_LOG_DIGEST,
				 &digests);
	if (r == 0)
		r = extend_padded(run, record);
	if (r == 0)
		look(run);
	if (r == 0)
		tell_watch(run, where);
	return r;
}

/* One behind them: its digest is compared, because that can be told and costs little. */
static int take_excess(struct verify_run *run,
		       const struct imastage_record *record,
		       const struct verify_where *where)
{
	struct imastage_digests digests;
	int r = 0;

	run->verdict->nr_excess++;
	/* No later quote proves it either. */
	if (run->appraisal && !is_replayed(run, record))
		verify_say_unproved(run, record, where);
	if (record->opaque || run->given)
		return 0;
	if (!run->excess_hasher)
		r = imastage_hasher_new(1u << record->bank,
					&run->excess_hasher);
	if (r == 0)
		r = imastage_hasher_template(run->excess_hasher, record,
					     &digests);
	if (r == 0 && imastage_record_check_digest(record, &digests))
		verify_say(run->verdict, VERIFY_EXCESS_DIGEST, where);
	return r;
}

/* Is it the list that is wrong, and not that it could not be read? */
static bool is_malformed(int r)
{
	return r == -ENODATA || r == -EBADMSG || r == -EMSGSIZE;
}

static int take_one(struct verify_run *run, uint64_t index)
{
	struct verify_ahead_record *next = verify_next_record(run);
	const struct imastage_error *place = &next->place;
	struct verify_where where = { .has_index = true,
				      .index = index,
				      .has_byte = true,
				      .byte = place->offset };

	if (is_malformed(next->r)) {
		verify_add(run->verdict,
			   run->matched ? VERIFY_EXCESS_FORM : VERIFY_LOG_FORM,
			   &where, "%s", place->reason ? place->reason : "");
		return IMASTAGE_END;
	}
	if (next->r)
		return next->r;
	where.record = &next->record;
	run->reading = next->reading;
	run->given = next->withheld ? &next->given : NULL;
	return run->matched ? take_excess(run, &next->record, &where) :
			      take_record(run, &next->record, &where);
}

static int take_all(struct verify_run *run)
{
	uint64_t index = run->request->first_index;
	int r = 0;

	while (r == 0)
		r = take_one(run, index++);
	return r == IMASTAGE_END ? 0 : r;
}

static int next_of_reader(void *context, struct imastage_record *ret_record,
			  struct imastage_error *ret_place)
{
	struct imastage_reader *reader = context;
	int r;

	ret_place->offset = imastage_reader_offset(reader);
	r = imastage_reader_next(reader, ret_record);
	if (r < 0)
		*ret_place = *imastage_reader_error(reader);
	return r;
}

struct verify_list verify_list_of(struct imastage_reader *reader)
{
	return (struct verify_list){ next_of_reader, reader };
}

/* ---- what it comes to ------------------------------------------------------ */

/* A TPM that went on without its PCRs, as after hibernation, lies behind it. */
static void check_restart(struct verify_run *run)
{
	const struct evidence_clock *last = &run->request->last;
	const struct evidence_clock *now = &run->attest.clock;

	if (run->request->has_last && now->resets == last->resets &&
	    now->restarts != last->restarts &&
	    !verify_has(run->verdict, VERIFY_CLOCK_RESTART))
		verify_add(run->verdict, VERIFY_TPM_RESTART, NULL,
			   "boot the machine to go on");
}

/* From record 0 again, of a boot of which something is known. */
static void check_known(struct verify_run *run)
{
	const struct verify_request *request = run->request;
	const struct verify_verdict *verdict = run->verdict;

	if (!request->has_last || request->start || request->from_snapshot ||
	    request->last.resets != run->attest.clock.resets)
		return;
	if (verdict->next_index < request->known_next)
		verify_add(run->verdict, VERIFY_LOG_FORK, NULL,
			   "%llu records lead to the quote, %llu were verified",
			   (unsigned long long)verdict->next_index,
			   (unsigned long long)request->known_next);
	if (request->has_first_record && verdict->has_first_record &&
	    memcmp(request->first_record, verdict->first_record,
		   VERIFY_RECORD_LEN))
		verify_add(run->verdict, VERIFY_LOG_FORK, NULL,
			   "record 0 is another one");
}

/*
 * Records of this boot were verified, and now its list begins with a boot_aggregate and is
 * no longer than that: the kernel before did not hand its list on.
 */
static bool is_lost(const struct verify_run *run, uint64_t nr)
{
	const struct verify_request *request = run->request;

	return run->begins_anew && request->has_last &&
	       request->last.resets == run->attest.clock.resets &&
	       !verify_has(run->verdict, VERIFY_BOOT_AGGREGATE) &&
	       (request->start || nr < request->known_next);
}

static void check_matched(struct verify_run *run)
{
	uint64_t nr = imastage_replay_nr_records(run->replay);

	if (run->matched)
		check_known(run);
	if (!run->has_values || run->matched)
		return;
	if (is_lost(run, nr)) {
		verify_add(run->verdict, VERIFY_LOG_LOST, NULL,
			   "switch on IMA_KEXEC, and boot the machine");
		return;
	}
	verify_add(run->verdict, VERIFY_LOG_REPLAY, NULL,
		   "%llu records were replayed: one was changed, or they end "
		   "before the quote",
		   (unsigned long long)nr);
	check_restart(run);
}

/* IMA's first record comes before anything could ask for a quote. */
static void look_before_first(struct verify_run *run)
{
	look(run);
	if (!run->matched || run->request->start)
		return;
	run->matched = false;
	run->has_values = false;
	verify_add(run->verdict, VERIFY_LOG_EMPTY, NULL,
		   "IMA does not use this TPM, or not this bank");
}

int verify_check_list(struct verify_run *run)
{
	int r;

	run->verdict->first_index = run->request->first_index;
	run->verdict->next_index = run->request->first_index;
	if (run->banks == 0)
		return 0;
	run->ahead = malloc(sizeof(*run->ahead));
	if (!run->ahead)
		return -ENOMEM;
	run->ahead->nr = 0;
	run->ahead->at = 0;
	r = begin(run);
	if (r == 0)
		r = verify_begin_appraisal(run);
	if (r < 0)
		return r;
	run->began = run->request->start != NULL;
	look_before_first(run);
	r = take_all(run);
	if (r == 0)
		check_matched(run);
	return r;
}
