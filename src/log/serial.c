// SPDX-License-Identifier: MIT
/*
 * A list on one thread: each record goes through all steps before the next is read.
 *
 * That is faster than batches by as much as reading costs, because a processor works on
 * several things at once as far as none waits for the other: the extends, of which
 * each waits for the one before, and the next record, which waits for none.
 * Nor is anything copied.
 */
#include "log/serial.h"
#include "log/batch.h"

#include <errno.h>
#include <stdlib.h>

#define RECORDS_BETWEEN 256 /* two calls of progress */

struct serial {
	struct imastage_reader *reader;
	struct imastage_replay *replay;
	struct imastage_align *align;
	const struct imastage_check_options *options;
	struct batch *batch; /* of one record; its tally is of all */
	struct imastage_hasher hasher;
};

/* Now that the list's bank is known. */
static int make_hasher(struct serial *serial)
{
	enum imastage_bank bank = batch_place(serial->batch)->record.bank;
	int r = hasher_init(&serial->hasher,
			    serial->replay->hasher.banks | 1u << bank);

	return r < 0 ? r :
		       hasher_make_ready(&serial->hasher,
					 serial->replay->banks);
}

static int take_record(struct serial *serial)
{
	struct batch *batch = serial->batch;
	int r = 0;

	if (!serial->hasher.banks && make_hasher(serial) < 0)
		return -ENOTSUP;
	batch_add_view(batch);
	r = batch_hash(batch, &serial->hasher);
	if (r == 0)
		r = batch_extend(batch, serial->replay, &serial->hasher, false);
	if (r < 0)
		return r;
	serial->replay->nr_records++;
	return serial->align ?
		       imastage_align_check(serial->align, serial->replay) :
		       IMASTAGE_ALIGN_NONE;
}

static bool is_done(const struct serial *serial, int r)
{
	return r == IMASTAGE_ALIGN_MATCH && serial->options &&
	       serial->options->stop_at_match;
}

static int tell(const struct serial *serial)
{
	const struct imastage_check_options *options = serial->options;
	uint64_t nr = serial->batch->tally.nr_records;

	if (!options || !options->progress || nr % RECORDS_BETWEEN)
		return 0;
	return options->progress(options->context, nr);
}

static int take_all(struct serial *serial)
{
	struct batch *batch = serial->batch;
	int r = serial->align ?
			imastage_align_check(serial->align, serial->replay) :
			IMASTAGE_ALIGN_NONE;

	while (r >= 0 && !is_done(serial, r)) {
		r = tell(serial);
		if (r)
			return r;
		batch->nr = 0;
		batch->first_index = imastage_reader_index(serial->reader);
		r = batch_read(serial->reader, serial->replay,
			       batch_place(batch));
		if (r)
			return r == IMASTAGE_END ? 0 : r;
		r = take_record(serial);
	}
	return r < 0 ? r : 0;
}

int check_finish_align(struct imastage_align *align,
		       struct imastage_summary *summary)
{
	int r = imastage_align_finish(align, &summary->nr_aligned);

	if (r < 0)
		return r;
	summary->alignment = r;
	return 0;
}

int check_serially(struct imastage_reader *reader,
		   struct imastage_replay *replay, struct imastage_align *align,
		   const struct imastage_check_options *options,
		   struct imastage_summary *ret_summary)
{
	struct serial serial = { .reader = reader,
				 .replay = replay,
				 .align = align,
				 .options = options };
	int r = -ENOMEM;

	serial.batch = calloc(1, sizeof(*serial.batch));
	if (serial.batch)
		r = take_all(&serial);
	if (r == 0 && align)
		r = check_finish_align(align, &serial.batch->tally);
	if (r == 0)
		*ret_summary = serial.batch->tally;
	hasher_fini(&serial.hasher);
	free(serial.batch);
	return r;
}
