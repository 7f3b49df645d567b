// SPDX-License-Identifier: MIT
/*
 * A whole list, checked and replayed in batches by several threads; serial.c does it on
 * one.
 *
 *	reader --fill--> batch --hash--> batch --extend--> batch --retire-->
 *	  in order               in any order    in order           in order
 *
 * What costs is to move bytes from one
 * processor's cache to another's (two threads were hardly faster than one on
 * processors without a common cache), so a batch stays with a thread:
 *
 *  - When any thread may read the source, each fills batches of its own, and takes
 *    them through all steps.
 *  - Else the caller's thread fills all of them, and who hashes one goes on with it.
 *
 * Invariants, all under `lock`: retired <= extended <= filled <= retired +
 * nr_batches. These count batches; batch k is in ring place k % nr_batches. A
 * batch is touched by one thread at a time.
 */
#include "log/batch.h"
#include "log/serial.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define BATCHES_EACH 4 /* of a thread, where there are several */
#define NR_BATCHES_MAX (BATCHES_EACH * IMASTAGE_THREADS_MAX)
#define LONG_LEN_MAX ((size_t)32 << 20) /* of all records longer than a batch */

struct worker;

/* A place in the ring. */
struct place {
	struct batch *batch;
	const struct worker *owner; /* NULL: whoever takes it first */
	enum {
		FREE,
		FILLED,
		HASHING,
		HASHED
	} state;
};

/* A thread. */
struct worker {
	bool is_caller;
	struct batch
		*batches; /* BATCHES_EACH of its own, where there are several */
	uint64_t filled, retired; /* of these; under lock */
};

struct check {
	struct imastage_reader *reader;
	struct imastage_replay *replay;
	struct imastage_align *align; /* NULL if there is nothing to look for */
	const struct imastage_check_options *options;

	pthread_mutex_t lock;
	pthread_cond_t changed;

	unsigned int nr_threads; /* at most; the caller's is one of them */
	size_t nr_batches;

	/* Of whoever fills. */
	bool has_left; /* a record was read for which there was no room */
	struct batch_record left;

	/* Below, all is under lock. */
	struct batch *batches; /* owned */
	struct worker
		workers[IMASTAGE_THREADS_MAX]; /* the first is the caller's */
	struct place places[NR_BATCHES_MAX];
	unsigned int hasher_banks; /* known with the first record */
	uint64_t filled, extended, retired;
	size_t long_len; /* bytes of batches that are longer than others */
	bool filling;
	bool extending;
	bool retiring;
	bool at_end; /* of the list */
	bool stop; /* aligned, or failed */
	int failed; /* the first error of a step */
	int read_error; /* reported when all before it is done */
	struct imastage_summary summary;

	/* Of whoever retires: what the TPM held after each record. */
	struct imastage_replay *shadow;
};

enum step {
	STEP_NONE,
	STEP_FILL,
	STEP_HASH,
	STEP_EXTEND,
	STEP_RETIRE
};

struct task {
	enum step step;
	struct batch *batch;
	struct place *place;
};

static struct place *place_of(struct check *check, uint64_t k)
{
	return &check->places[k % check->nr_batches];
}

static bool any_may_fill(const struct check *check)
{
	return check->options->any_thread_reads;
}

/* ---- filling --------------------------------------------------------------- */

/* The one that found no room before, or the next. */
static int read_record(struct check *check, struct batch_record *place)
{
	if (!check->has_left)
		return batch_read(check->reader, check->replay, place);
	check->has_left = false;
	*place = check->left;
	return 0;
}

/* IMASTAGE_END or an error when there is no further record. */
static int fill(struct check *check, struct batch *batch)
{
	int r = batch_reset(batch, imastage_reader_index(check->reader) -
					   check->has_left);

	while (r == 0 && batch->nr < BATCH_RECORDS) {
		struct batch_record *place = batch_place(batch);

		r = read_record(check, place);
		if (r == 0)
			r = batch_add(batch);
		if (r == -ENOBUFS) {
			check->left = *place;
			check->has_left = true;
			return 0;
		}
	}
	return r;
}

/* ---- retiring -------------------------------------------------------------- */

/* Brings the shadow's values to what they were after record @i. */
static void follow(struct check *check, const struct batch *batch, size_t i)
{
	const struct batch_record *b = &batch->records[i];
	unsigned int banks = check->shadow->banks;

	check->shadow->nr_records++;
	if (!b->wanted)
		return;
	for (enum imastage_bank bank = 0; bank < IMASTAGE_NR_BANKS; bank++) {
		if (!(banks & 1u << bank))
			continue;
		if (replay_knows(check->shadow, bank, &b->record, b->violation))
			memcpy(check->shadow->value[bank][b->record.pcr],
			       batch->digests[i].of[bank],
			       imastage_bank_digest_len(bank));
		else
			check->shadow->lost[bank] |= 1u << b->record.pcr;
	}
}

static bool stops_at_match(const struct check *check)
{
	return check->options->stop_at_match;
}

/* IMASTAGE_ALIGN_MATCH when no further record is wanted. */
static int look_for_match(struct check *check, const struct batch *batch)
{
	for (size_t i = 0; i < batch->nr; i++) {
		int r;

		follow(check, batch, i);
		r = imastage_align_check(check->align, check->shadow);
		if (r < 0 ||
		    (r == IMASTAGE_ALIGN_MATCH && stops_at_match(check)))
			return r;
	}
	return IMASTAGE_ALIGN_NONE;
}

void imastage_summary_add(struct imastage_summary *sum,
			  const struct imastage_summary *part)
{
	if (sum->nr_bad == 0) {
		sum->first_bad_index = part->first_bad_index;
		sum->first_bad_offset = part->first_bad_offset;
	}
	if (sum->nr_disagree == 0) {
		sum->first_disagree_index = part->first_disagree_index;
		sum->first_disagree_pcr = part->first_disagree_pcr;
		sum->first_disagree_bank = part->first_disagree_bank;
	}
	sum->nr_records += part->nr_records;
	sum->nr_bytes += part->nr_bytes;
	sum->nr_violations += part->nr_violations;
	sum->nr_other_pcr += part->nr_other_pcr;
	sum->nr_unknown += part->nr_unknown;
	sum->nr_bad += part->nr_bad;
	sum->nr_opaque += part->nr_opaque;
	sum->nr_padded += part->nr_padded;
	sum->nr_snapshots += part->nr_snapshots;
	sum->nr_odd_snapshots += part->nr_odd_snapshots;
	sum->nr_disagree += part->nr_disagree;
}

/* ---- who does what --------------------------------------------------------- */

static bool may_take(const struct place *place, const struct worker *worker)
{
	return !place->owner || place->owner == worker;
}

static bool find_extend(struct check *check, const struct worker *worker,
			struct task *task)
{
	struct place *place = place_of(check, check->extended);

	if (check->extending || check->extended == check->filled ||
	    place->state != HASHED || !may_take(place, worker))
		return false;
	check->extending = true;
	*task = (struct task){ STEP_EXTEND, place->batch, place };
	return true;
}

static bool find_hash(struct check *check, const struct worker *worker,
		      struct task *task)
{
	for (uint64_t k = check->extended; k < check->filled; k++) {
		struct place *place = place_of(check, k);

		if (place->state != FILLED || !may_take(place, worker))
			continue;
		place->owner = worker;
		place->state = HASHING;
		*task = (struct task){ STEP_HASH, place->batch, place };
		return true;
	}
	return false;
}

static bool find_retire(struct check *check, const struct worker *worker,
			struct task *task)
{
	struct place *place = place_of(check, check->retired);

	if (check->retiring || check->retired == check->extended ||
	    !may_take(place, worker))
		return false;
	check->retiring = true;
	*task = (struct task){ STEP_RETIRE, place->batch, place };
	return true;
}

/* The next batch of those that are the thread's own, or of all. */
static struct batch *next_batch(struct check *check,
				const struct worker *worker)
{
	if (!any_may_fill(check))
		return &check->batches[check->filled % check->nr_batches];
	if (worker->filled == worker->retired + BATCHES_EACH)
		return NULL;
	return &worker->batches[worker->filled % BATCHES_EACH];
}

static bool find_fill(struct check *check, const struct worker *worker,
		      struct task *task)
{
	struct place *place = place_of(check, check->filled);

	if (check->at_end || check->filling || check->long_len > LONG_LEN_MAX ||
	    check->filled == check->retired + check->nr_batches ||
	    (!worker->is_caller && !any_may_fill(check)))
		return false;
	place->batch = next_batch(check, worker);
	if (!place->batch)
		return false;
	place->owner = any_may_fill(check) ? worker : NULL;
	check->filling = true;
	*task = (struct task){ STEP_FILL, place->batch, place };
	return true;
}

/* Batches that wait to be hashed. */
static unsigned int nr_waiting(struct check *check)
{
	unsigned int nr = 0;

	for (uint64_t k = check->extended; k < check->filled; k++)
		nr += place_of(check, k)->state == FILLED;
	return nr;
}

/*
 * What to do next. Whoever alone fills sees to it that the others have batches
 * to hash; apart from that, what is oldest comes first.
 */
static struct task find_task(struct check *check, const struct worker *worker,
			     bool shared)
{
	struct task task = { .step = STEP_NONE };
	bool feeds = shared && worker->is_caller && !any_may_fill(check);

	if (check->stop)
		return task;
	if (feeds && nr_waiting(check) < 4 && find_fill(check, worker, &task))
		return task;
	if (find_retire(check, worker, &task) ||
	    find_extend(check, worker, &task) ||
	    find_hash(check, worker, &task))
		return task;
	(void)find_fill(check, worker, &task);
	return task;
}

/* Nothing is left, and nothing under way that could leave something. */
static bool is_done(const struct check *check)
{
	return check->stop ||
	       (check->at_end && check->retired == check->filled);
}

/* ---- doing it -------------------------------------------------------------- */

static int do_task(struct check *check, const struct task *task,
		   struct imastage_hasher *hasher)
{
	switch (task->step) {
	case STEP_FILL:
		return fill(check, task->batch);
	case STEP_HASH:
		if (hasher->banks == 0 &&
		    (hasher_init(hasher, check->hasher_banks) < 0 ||
		     hasher_make_ready(hasher, check->replay->banks) < 0))
			return -ENOTSUP;
		return batch_hash(task->batch, hasher);
	case STEP_EXTEND:
		return batch_extend(task->batch, check->replay, hasher,
				    check->align);
	default:
		return check->align ? look_for_match(check, task->batch) : 0;
	}
}

static size_t long_len(const struct batch *batch)
{
	return batch->bytes.capacity > BATCH_LEN ? batch->bytes.capacity : 0;
}

static void note_filled(struct check *check, struct worker *worker,
			const struct task *task, int r)
{
	check->filling = false;
	if (r == IMASTAGE_END || r < 0) {
		check->at_end = true;
		check->read_error = r < 0 ? r : 0;
	}
	/* With the end comes a last batch, unless it was met at once. */
	if (task->batch->nr == 0)
		return;
	if (check->filled == 0)
		check->hasher_banks = check->replay->hasher.banks |
				      1u << task->batch->records[0].record.bank;
	task->place->state = FILLED;
	check->long_len += long_len(task->batch);
	worker->filled++;
	check->filled++;
}

static void note_retired(struct check *check, struct worker *worker,
			 const struct task *task, int r)
{
	check->retiring = false;
	task->place->state = FREE;
	check->long_len -= long_len(task->batch);
	if (long_len(task->batch))
		batch_fini(task->batch);
	worker->retired++;
	imastage_summary_add(&check->summary, &task->batch->tally);
	check->retired++;
	if (r == IMASTAGE_ALIGN_MATCH)
		check->stop = true;
}

/* Notes what a task has led to. */
static void finish_task(struct check *check, struct worker *worker,
			const struct task *task, int r)
{
	if (r < 0 && task->step != STEP_FILL) {
		check->failed = check->failed ? check->failed : r;
		check->stop = true;
	}
	switch (task->step) {
	case STEP_FILL:
		note_filled(check, worker, task, r);
		break;
	case STEP_HASH:
		task->place->state = HASHED;
		break;
	case STEP_EXTEND:
		check->extending = false;
		check->extended++;
		break;
	default:
		note_retired(check, worker, task, r);
		break;
	}
}

static void report_progress(struct check *check)
{
	const struct imastage_check_options *options = check->options;
	uint64_t nr = check->summary.nr_records;
	int r = 0;

	pthread_mutex_unlock(&check->lock);
	if (options->progress)
		r = options->progress(options->context, nr);
	pthread_mutex_lock(&check->lock);
	if (r) {
		check->failed = r;
		check->stop = true;
	}
}

static void work(struct check *check, struct worker *worker, bool shared)
{
	struct imastage_hasher hasher = { 0 };

	pthread_mutex_lock(&check->lock);
	while (!is_done(check)) {
		struct task task = find_task(check, worker, shared);
		int r;

		if (task.step == STEP_NONE) {
			pthread_cond_wait(&check->changed, &check->lock);
			continue;
		}
		/* A batch that is filled shows how much of it there is. */
		if (task.step == STEP_FILL)
			task.batch->nr = 0;
		pthread_mutex_unlock(&check->lock);
		r = do_task(check, &task, &hasher);
		pthread_mutex_lock(&check->lock);
		finish_task(check, worker, &task, r);
		pthread_cond_broadcast(&check->changed);
		if (worker->is_caller && task.step == STEP_FILL && !check->stop)
			report_progress(check);
	}
	pthread_cond_broadcast(&check->changed);
	pthread_mutex_unlock(&check->lock);
	hasher_fini(&hasher);
}

struct helper {
	pthread_t thread;
	struct check *check;
	struct worker *worker;
};

static void *help(void *context)
{
	struct helper *helper = context;

	work(helper->check, helper->worker, true);
	return NULL;
}

/* As many helpers as there can be; without any it takes longer. */
static void run(struct check *check)
{
	struct helper helpers[IMASTAGE_THREADS_MAX];
	unsigned int nr = 0;

	while (nr + 1 < check->nr_threads) {
		helpers[nr].check = check;
		helpers[nr].worker = &check->workers[nr + 1];
		if (pthread_create(&helpers[nr].thread, NULL, help,
				   &helpers[nr]))
			break;
		nr++;
	}
	work(check, &check->workers[0], nr > 0);
	while (nr-- > 0)
		pthread_join(helpers[nr].thread, NULL);
}

/* ---- beginning and end ----------------------------------------------------- */

static int make_batches(struct check *check)
{
	check->nr_batches = (size_t)check->nr_threads * BATCHES_EACH;
	check->batches = calloc(check->nr_batches, sizeof(*check->batches));
	if (!check->batches)
		return -ENOMEM;
	check->workers[0].is_caller = true;
	for (unsigned int i = 0; i < check->nr_threads; i++)
		check->workers[i].batches = &check->batches[i * BATCHES_EACH];
	return 0;
}

/* Looks at the start, before any record. 1 when that is where it should be. */
static int begin(struct check *check)
{
	int r;

	check->nr_threads = check->options->nr_threads;
	if (check->nr_threads > IMASTAGE_THREADS_MAX)
		check->nr_threads = IMASTAGE_THREADS_MAX;
	r = make_batches(check);
	if (r < 0)
		return r;
	if (!check->align)
		return 0;
	r = imastage_replay_clone(check->replay, &check->shadow);
	if (r == 0)
		r = imastage_align_check(check->align, check->shadow);
	if (r < 0)
		return r;
	return r == IMASTAGE_ALIGN_MATCH && stops_at_match(check);
}

static void end(struct check *check)
{
	for (size_t i = 0; i < check->nr_batches && check->batches; i++)
		batch_fini(&check->batches[i]);
	free(check->batches);
	imastage_replay_free(check->shadow);
	pthread_cond_destroy(&check->changed);
	pthread_mutex_destroy(&check->lock);
}

/* Where the replay stands: after all, or where looking has stopped. */
static void settle(struct check *check)
{
	if (check->stop && check->shadow && !check->failed) {
		memcpy(check->replay->value, check->shadow->value,
		       sizeof(check->replay->value));
		memcpy(check->replay->lost, check->shadow->lost,
		       sizeof(check->replay->lost));
		check->replay->nr_records = check->shadow->nr_records;
	} else {
		check->replay->nr_records += check->summary.nr_records;
	}
}

static int conclude(struct check *check, struct imastage_summary *ret_summary)
{
	int r = check->failed ? check->failed : check->read_error;

	settle(check);
	if (r)
		return r;
	if (check->align)
		r = check_finish_align(check->align, &check->summary);
	if (r == 0)
		*ret_summary = check->summary;
	return r;
}

int imastage_check(struct imastage_reader *reader,
		   struct imastage_replay *replay, struct imastage_align *align,
		   const struct imastage_check_options *options,
		   struct imastage_summary *ret_summary)
{
	struct check check = {
		.reader = reader,
		.replay = replay,
		.align = align,
		.options = options,
		.lock = PTHREAD_MUTEX_INITIALIZER,
		.changed = PTHREAD_COND_INITIALIZER,
	};
	int r;

	if (!options || options->nr_threads <= 1)
		return check_serially(reader, replay, align, options,
				      ret_summary);
	r = begin(&check);
	if (r == 0)
		run(&check);
	if (r >= 0)
		r = conclude(&check, ret_summary);
	end(&check);
	return r;
}
