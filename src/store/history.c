// SPDX-License-Identifier: MIT
/*
 * Rounds that are kept, one after the other.
 */
#include "store/history.h"
#include "base/util.h"
#include "log/hash.h"
#include "store/chain.h"
#include "store/keep.h"
#include "verify/file.h"

#include <errno.h>

#define LOST 1 /* run->loss says how */

/* By which all records are judged. */
struct policy_hashes {
	uint8_t of[1][VERIFY_RECORD_LEN];
};

struct run {
	struct store *store;
	const struct verify_request *policies;
	struct policy_hashes hashes;
	const struct history_watch *watch;
	struct history *history;

	struct store_machine machine; /* as it is now */
	struct store_kept kept; /* the round at hand */
	struct store_round round; /* as it was then */
	struct evidence_selections asked;
	enum history_loss_kind loss;

	/* Where the last round that is kept ended. */
	bool has_last;
	struct change_place last;
	unsigned int kexec; /* VERIFY_KEXEC_..., behind it */

	/* The file at hand. */
	int fd;
	uint64_t offset;
	struct hash hash;

	struct outcomes_reader before;
	struct verify_request request;
	struct verify_watch sees;
	struct changes changes;
	struct verify_verdict verdict;
};

const char *history_loss_text(enum history_loss_kind kind)
{
	static const char *const texts[] = {
		[HISTORY_MISSING] = "is missing",
		[HISTORY_NO_FILE] = "is no regular file",
		[HISTORY_CHANGED] = "is not what was verified",
		[HISTORY_UNCHAINED] =
			"went on from a checkpoint that is not of this store",
		[HISTORY_UNPROVED] =
			"was verified then, and cannot be verified now",
	};

	return texts[kind];
}

enum verify_result history_worse(enum verify_result a, enum verify_result b)
{
	static const int badness[] = {
		[VERIFY_ACCEPTED] = 0,
		[VERIFY_WARNED] = 1,
		[VERIFY_NONE] = 2,
		[VERIFY_REJECTED] = 3,
	};

	return badness[a] > badness[b] ? a : b;
}

static int lose(struct run *run, enum history_loss_kind kind)
{
	run->loss = kind;
	return LOST;
}

/* ---- the file ------------------------------------------------------------------- */

static ssize_t read_file(void *context, void *data, size_t len)
{
	struct run *run = context;
	const struct history_watch *watch = run->watch;
	ssize_t n = io_pread(run->store->io, run->fd, data, len, run->offset);
	int r;

	if (n < 0)
		return say_errno(run->store->say, (int)n, "%s/%s",
				 run->store->kept, run->kept.name);
	if (watch && watch->go_on && !watch->go_on(watch->context, (size_t)n))
		return -EINTR;
	r = hash_update(&run->hash, bytes_of(data, (size_t)n));
	run->offset += (uint64_t)n;
	return r < 0 ? r : n;
}

static int open_file(struct run *run)
{
	cleanup_free char *path = kept_path(run->store, run->kept.name, false);
	int r;

	if (!path)
		return -ENOMEM;
	run->offset = 0;
	run->fd = io_open(run->store->io, path, O_RDONLY, 0);
	if (run->fd == -ENOENT)
		return lose(run, HISTORY_MISSING);
	if (run->fd == -ELOOP || run->fd == -EINVAL || run->fd == -EISDIR)
		return lose(run, HISTORY_NO_FILE);
	if (run->fd < 0)
		return say_errno(run->store->say, run->fd, "%s", path);
	r = hash_start(&run->hash);
	return r;
}

/* Is it, byte for byte, what the verdict is about? What was not read is read now. */
static int check_file(struct run *run)
{
	uint8_t data[4096], hash[IMASTAGE_DIGEST_MAX];
	ssize_t n;
	int r;

	while ((n = read_file(run, data, sizeof(data))) > 0)
		if (run->offset > run->kept.bytes)
			return lose(run, HISTORY_CHANGED);
	if (n < 0)
		return (int)n;
	r = hash_end(&run->hash, hash);
	if (r < 0)
		return r;
	return run->offset == run->kept.bytes &&
			       !memcmp(hash, run->kept.sha256,
				       sizeof(run->kept.sha256)) ?
		       0 :
		       lose(run, HISTORY_CHANGED);
}

/* ---- the round ------------------------------------------------------------------- */

static void see_request(void *context, const struct verify_request *request)
{
	struct run *run = context;
	const struct verify_watch *others = run->policies->watch;

	memset(&run->changes, 0, sizeof(run->changes));
	run->before = (struct outcomes_reader){
		.left = bytes_of(run->kept.outcomes.data,
				 run->kept.outcomes.len),
	};
	if (others)
		others->begin(others->context, request);
}

static void see_record(void *context, const struct verify_where *where,
		       const struct policy_reading *reading,
		       const struct policy_judgement *judgement)
{
	struct run *run = context;
	const struct verify_watch *others = run->policies->watch;
	const struct outcome before = outcomes_next(&run->before);

	if (judgement)
		changes_see(&run->changes, &run->request, run->kept.resets,
			    where, reading, judgement, &before);
	if (others)
		others->record(others->context, where, reading, judgement);
}

static bool is_contiguous(const struct run *run)
{
	return run->has_last && run->last.resets == run->kept.resets &&
	       run->last.index == run->kept.first;
}

/* As it was then, but for the policies. */
static int make_request(struct run *run, const struct policy_hashes *hashes)
{
	struct verify_request *request = &run->request;
	int r;

	*request = *run->policies;
	request->asked = run->asked;
	request->history = !run->round.has_challenge;
	r = store_request(run->store, &run->round, run->kept.first, request);
	if (r == STORE_OTHER_START)
		return lose(run, HISTORY_UNCHAINED);
	request->now = run->kept.made;
	/* All that is kept is judged by this one, as of the first record. */
	request->nr_policies = request->policy ? 1 : 0;
	request->policies = hashes->of;
	request->kexec = is_contiguous(run) ? run->kexec : 0;
	run->sees = (struct verify_watch){ see_request, see_record, run };
	request->watch = &run->sees;
	return r;
}

static int verify(struct run *run)
{
	const struct container_small *small;
	struct verify_file *file;
	int r = verify_file_new((struct imastage_source){ read_file, run }, 0,
				&file);

	if (r < 0)
		return r;
	r = verify_file_open(file, &small);
	if (r == 0)
		r = verify_file_run(file, &run->request, &run->verdict);
	else if (r == VERIFY_FILE_REFUSED)
		r = lose(run, HISTORY_CHANGED);
	verify_file_free(file);
	return r;
}

static bool is_same_round(const struct run *run)
{
	const struct verify_verdict *verdict = &run->verdict;

	return verdict->proved && verdict->first_index == run->kept.first &&
	       verdict->next_index == run->kept.next &&
	       verdict->clock.resets == run->kept.resets;
}

/* 0: @verdict and @changes are of this round. */
static int judge_file(struct run *run)
{
	int r = make_request(run, &run->hashes), same;

	if (r == 0)
		r = verify(run);
	if (r < 0)
		return r;
	same = check_file(run);
	if (same)
		return same;
	return r == 0 && is_same_round(run) ? 0 : lose(run, HISTORY_UNPROVED);
}

static int judge_round(struct run *run)
{
	int r = open_file(run);

	if (r)
		return r;
	r = judge_file(run);
	io_close(run->store->io, run->fd);
	return r;
}

/* ---- what it comes to --------------------------------------------------------------- */

static void note_loss(struct run *run)
{
	struct history *history = run->history;

	history->result = history_worse(history->result, VERIFY_NONE);
	if (history->nr_losses < HISTORY_SHOWN_MAX) {
		struct history_loss *loss =
			&history->losses[history->nr_losses];

		loss->kind = run->loss;
		snprintf(loss->name, sizeof(loss->name), "%s", run->kept.name);
	}
	history->nr_losses++;
}

static void note_round(struct run *run)
{
	struct history *history = run->history;

	history->nr_records += run->kept.next - run->kept.first;
	history->result = history_worse(history->result, run->verdict.result);
	changes_join(&history->changes, &run->changes);
	verify_join(&history->verdict, &run->verdict);
	run->kexec = run->verdict.kexec;
	if (run->watch && run->watch->round)
		run->watch->round(run->watch->context);
}

/* From where the last one ended to where a checkpoint does. */
static void note_hole(struct run *run, const struct change_place *to)
{
	struct history *history = run->history;

	if (run->has_last && run->last.resets == to->resets &&
	    run->last.index == to->index)
		return;
	history->result = history_worse(history->result, VERIFY_WARNED);
	if (history->nr_holes < HISTORY_SHOWN_MAX)
		history->holes[history->nr_holes] = (struct history_hole){
			.has_from = run->has_last,
			.from = run->last,
			.to = *to,
		};
	history->nr_holes++;
}

static void note_checkpoint(struct run *run)
{
	const struct checkpoint *checkpoint = &run->round.checkpoint;
	const struct change_place to = { checkpoint->clock.resets,
					 checkpoint->next };

	if (run->round.sequence > 0)
		note_hole(run, &to);
}

static int one_round(struct run *run)
{
	int r;

	memset(&run->round, 0, sizeof(run->round));
	memset(&run->verdict, 0, sizeof(run->verdict));
	r = kept_round(run->store, run->kept.id, &run->round, &run->asked);
	if (r < 0)
		return r;
	snprintf(run->round.trusted, sizeof(run->round.trusted), "%s: %s",
		 store_trust_name(run->machine.trust), run->machine.trusted);
	if (r == 0)
		note_checkpoint(run);
	r = r == KEPT_UNCHAINED ? lose(run, HISTORY_UNCHAINED) :
				  judge_round(run);
	if (r < 0)
		return r;
	run->history->nr_rounds++;
	run->history->nr_bytes += run->kept.bytes;
	run->history->before =
		history_worse(run->history->before, run->kept.result);
	run->kexec = 0;
	if (r == LOST)
		note_loss(run);
	else
		note_round(run);
	run->has_last = true;
	run->last = (struct change_place){ run->kept.resets, run->kept.next };
	return 0;
}

/* What was verified behind the last round that is kept. */
static int end(struct run *run)
{
	int r;

	memset(&run->round, 0, sizeof(run->round));
	run->round.machine = run->machine;
	r = chain_last(run->store, &run->round);
	if (r < 0)
		return r;
	note_checkpoint(run);
	if (*run->machine.barred) {
		verify_add(&run->history->verdict, VERIFY_MACHINE_BARRED, NULL,
			   "%s", run->machine.barred);
		run->history->result = VERIFY_REJECTED;
	}
	if (run->history->nr_rounds == 0)
		run->history->result =
			history_worse(run->history->result, VERIFY_NONE);
	run->history->verdict.result = run->history->result;
	run->history->verdict.proved = run->history->nr_records > 0;
	run->history->verdict.next_index = run->history->nr_records;
	return 0;
}

static int all_rounds(struct run *run)
{
	int r = 0;

	while (r == 0) {
		r = store_next_kept(run->store, run->machine.id, run->kept.id,
				    &run->kept);
		if (r == 0)
			r = one_round(run);
	}
	return r == STORE_UNKNOWN ? end(run) : r;
}

static int reverify(struct run *run, const char *machine)
{
	int r = store_get_machine(run->store, machine, &run->machine);

	if (r)
		return r;
	if (run->policies->policy)
		memcpy(run->hashes.of[0], policy_hash(run->policies->policy),
		       sizeof(run->hashes.of[0]));
	r = hash_init(&run->hash, IMASTAGE_SHA256);
	if (r == 0)
		r = all_rounds(run);
	hash_fini(&run->hash);
	return r;
}

int store_reverify(struct store *store, const char *machine,
		   const struct verify_request *policies,
		   const struct history_watch *watch,
		   struct history *ret_history)
{
	struct run *run = calloc(1, sizeof(*run));
	int r = -ENOMEM;

	memset(ret_history, 0, sizeof(*ret_history));
	ret_history->before = VERIFY_ACCEPTED;
	ret_history->result = VERIFY_ACCEPTED;
	snprintf(ret_history->machine, sizeof(ret_history->machine), "%s",
		 machine);
	if (run) {
		run->store = store;
		run->policies = policies;
		run->watch = watch;
		run->history = ret_history;
		r = reverify(run, machine);
		free(run->kept.outcomes.data);
	}
	free(run);
	if (r)
		ret_history->result = VERIFY_NONE;
	return r;
}

/* ---- what nobody names ------------------------------------------------------------------- */

struct finding {
	struct store *store;
	struct history_strays *strays;
};

static int find_stray(void *context, const char *name, bool named)
{
	const struct finding *finding = context;
	struct history_strays *strays = finding->strays;
	cleanup_free char *mark = kept_path(finding->store, name, true);
	struct io_identity identity;

	if (!mark)
		return -ENOMEM;
	/* Somebody is at it just now, or was killed: then it goes next time. */
	if (named || io_identify_path(finding->store->io, mark, &identity) == 0)
		return 0;
	if (strays->nr < HISTORY_SHOWN_MAX)
		snprintf(strays->names[strays->nr], sizeof(strays->names[0]),
			 "%s", name);
	strays->nr++;
	return 0;
}

int store_find_strays(struct store *store, struct history_strays *ret_strays)
{
	struct finding finding = { store, ret_strays };
	int r;

	memset(ret_strays, 0, sizeof(*ret_strays));
	r = kept_list(store, find_stray, &finding);
	if (r < 0 && r != -ENOENT)
		return say_errno(store->say, r, "%s", store->kept);
	return 0;
}
