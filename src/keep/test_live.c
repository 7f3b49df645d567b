// SPDX-License-Identifier: MIT
/*
 * The list for readers: partly archived, partly in the kernel, while it is
 * drained; every byte beside the twin's.
 */
#include "keep/live.h"

#include "base/file.h"
#include "base/util.h"
#include "lib/machine.h"
#include "lib/testing.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>

/* ---- a reader -------------------------------------------------------------- */

struct reader {
	struct machine *machine;
	struct source *own; /* NULL: somebody else's is read */
	struct archive *archive;
	struct live *live;
};

static void open_reader_with(struct machine *machine, struct source *source,
			     const struct io *io, struct reader *reader)
{
	const struct archive_options options = { .dir = machine->archive,
						 .say = &machine->say };
	const struct source_options own = { .dir = machine->emulator.dir,
					    .say = &machine->say };
	struct live_options live = { .boot_id = machine->boot_id,
				     .spool_dir = "/tmp",
				     .io = io,
				     .say = &machine->say };

	*reader = (struct reader){ .machine = machine };
	if (!source) {
		assert_int_equal(source_open(&own, &reader->own), 0);
		source = reader->own;
	}
	assert_int_equal(archive_open_reader(&options, &reader->archive), 0);
	live.archive = reader->archive;
	live.source = source;
	assert_int_equal(live_new(&live, &reader->live), 0);
}

static void open_reader(struct machine *machine, struct reader *reader)
{
	open_reader_with(machine, NULL, NULL, reader);
}

static void close_reader(struct reader *reader)
{
	live_free(reader->live);
	archive_close(reader->archive);
	source_close(reader->own);
}

static uint64_t end_of(struct reader *reader)
{
	struct archive_place end;

	assert_int_equal(live_end_place(reader->live, &end), 0);
	return end.index;
}

static void drain(struct machine *machine)
{
	struct keep_result result;
	struct agent agent = { 0 };

	assert_int_equal(agent_open(machine, &agent), 0);
	assert_int_equal(
		keep_drain(agent.keep, &(struct keep_limits){ 0 }, &result), 0);
	agent_close(&agent);
}

static void reconcile(struct machine *machine)
{
	struct keep_report report;
	struct agent agent = { 0 };

	assert_int_equal(agent_open(machine, &agent), 0);
	assert_int_equal(keep_reconcile(agent.keep, &report), 0);
	agent_close(&agent);
}

/* Reads @nr records, or all; they must be the twin's, from byte *at on. */
static void read_on(struct machine *machine, struct live_cursor *cursor,
		    uint64_t nr, size_t *at)
{
	cleanup_free uint8_t *twin = NULL;
	struct imastage_record record;
	bool all = nr == UINT64_MAX;
	size_t len;
	int r = 0;

	assert_int_equal(file_read(machine->twin, 64 << 20, &twin, &len), 0);
	while (nr-- && (r = live_cursor_next(cursor, &record)) == 0) {
		assert_true(record.raw.len <= len - *at);
		assert_memory_equal(record.raw.data, twin + *at,
				    record.raw.len);
		*at += record.raw.len;
	}
	if (r < 0 || r > IMASTAGE_END)
		fail_msg("record %llu: %d",
			 (unsigned long long)live_cursor_index(cursor), r);
	if (all)
		assert_int_equal(*at, len);
}

/* ---- one thread ------------------------------------------------------------ */

static void goes_on(const char *profile)
{
	struct live_cursor *early, *late;
	struct machine machine;
	struct reader reader;
	size_t at_early = 0, at_late = 0;

	machine_start(&machine, profile, true);
	machine_load(&machine, 50);
	drain(&machine);
	machine_load(&machine, 50);
	open_reader(&machine, &reader);
	assert_int_equal(live_refresh(reader.live), 0);
	assert_int_equal(end_of(&reader), 101);
	assert_int_equal(live_cursor_open(reader.live, 0, &early), 0);
	assert_int_equal(live_cursor_open(reader.live, 0, &late), 0);
	read_on(&machine, early, 20, &at_early);
	read_on(&machine, late, 80, &at_late); /* in the spool */

	/* The archive overtakes what both are reading. */
	drain(&machine);
	machine_load(&machine, 30);
	assert_int_equal(live_refresh(reader.live), 0);
	assert_int_equal(end_of(&reader), 131);
	read_on(&machine, early, 100, &at_early);
	read_on(&machine, late, UINT64_MAX, &at_late);

	/* So does a kexec, once the keeper knows of it. */
	machine_do(&machine, "kexec");
	assert_int_equal(live_refresh(reader.live), -ESTALE);
	assert_int_equal(end_of(&reader), 131);
	reconcile(&machine);
	machine_load(&machine, 10);
	assert_int_equal(live_refresh(reader.live), 0);
	read_on(&machine, early, UINT64_MAX, &at_early);
	read_on(&machine, late, UINT64_MAX, &at_late);
	assert_int_equal(live_cursor_index(late), 142);

	/* A hard boot is another list. */
	machine_do(&machine, "reboot");
	machine_load(&machine, 5);
	assert_int_equal(live_refresh(reader.live), -ESTALE);
	drain(&machine);
	assert_int_equal(live_refresh(reader.live), 0);
	assert_int_equal(end_of(&reader), 6);
	assert_int_equal(live_cursor_next(early,
					  &(struct imastage_record){ 0 }),
			 -ESTALE);
	live_cursor_close(early);
	live_cursor_close(late);
	close_reader(&reader);
	machine_stop(&machine);
}

TEST(cursors_go_on_whatever_happens)
{
	goes_on("imastage");
	goes_on("7.2");
}

static void copy(struct machine *machine)
{
	struct keep_result result;
	struct agent agent = { 0 };

	assert_int_equal(agent_open(machine, &agent), 0);
	assert_int_equal(keep_copy(agent.keep, &result), 0);
	agent_close(&agent);
}

TEST(an_unpatched_kernel_is_read_beside_its_copy)
{
	struct live_cursor *cursor;
	struct machine machine;
	struct reader reader;
	size_t at = 0;

	machine_start(&machine, "unpatched", false);
	machine_load(&machine, 20);
	copy(&machine);
	open_reader(&machine, &reader);
	machine_load(&machine, 20);
	assert_int_equal(live_refresh(reader.live), 0);
	assert_int_equal(live_cursor_open(reader.live, 0, &cursor), 0);
	read_on(&machine, cursor, UINT64_MAX, &at);
	copy(&machine);
	machine_load(&machine, 20);
	assert_int_equal(live_refresh(reader.live), 0);
	read_on(&machine, cursor, UINT64_MAX, &at);
	assert_int_equal(live_cursor_index(cursor), 61);
	live_cursor_close(cursor);
	close_reader(&reader);
	machine_stop(&machine);
}

TEST(places_stay_where_they_are)
{
	struct archive_place before[3][40], after;
	struct machine machine;
	struct reader reader;

	machine_start(&machine, "imastage", false);
	machine_load(&machine, 300);
	drain(&machine);
	machine_load(&machine, 700);
	open_reader(&machine, &reader);
	assert_int_equal(live_refresh(reader.live), 0);
	for (int unit = 0; unit < 3; unit++)
		for (int i = 0; i < 40; i++)
			assert_int_equal(live_locate(reader.live, unit, 12,
						     25 * i, &before[unit][i]),
					 0);
	drain(&machine);
	machine_load(&machine, 1);
	assert_int_equal(live_refresh(reader.live), 0);
	for (int i = 0; i < 40; i++) {
		/* Marks are elsewhere now, but a record's place is not. */
		assert_int_equal(live_locate(reader.live, ARCHIVE_INDEX, 0,
					     before[0][i].index, &after),
				 0);
		if (after.index != before[0][i].index)
			continue;
		assert_int_equal(after.binary, before[0][i].binary);
		assert_int_equal(after.ascii, before[0][i].ascii);
	}
	close_reader(&reader);
	machine_stop(&machine);
}

/* Nothing new is seen by the counts alone; else the writer is waited for. */
TEST(looking_for_nothing_blocks_nobody)
{
	struct machine machine;
	struct reader reader;
	char path[160];
	int fd, r;

	machine_start(&machine, "imastage", false);
	machine_load(&machine, 20);
	drain(&machine);
	machine_load(&machine, 20);
	open_reader(&machine, &reader);
	assert_int_equal(live_refresh(reader.live), 0);
	snprintf(path, sizeof(path), "%s/ascii_runtime_measurements",
		 machine.emulator.dir);
	do
		fd = open(path, O_RDWR | O_CLOEXEC);
	while (fd < 0 && errno == EBUSY); /* FUSE closes a little later */
	assert_return_code(fd, errno);
	assert_int_equal(live_refresh(reader.live), 0);
	machine_load(&machine, 1);
	assert_int_equal(live_refresh(reader.live), -EBUSY);
	assert_int_equal(end_of(&reader), 41);
	close(fd);
	while ((r = live_refresh(reader.live)) == -EBUSY)
		usleep(1000);
	assert_int_equal(r, 0);
	assert_int_equal(end_of(&reader), 42);
	close_reader(&reader);
	machine_stop(&machine);
}

TEST(a_gap_is_shown_as_a_gap)
{
	struct imastage_record record;
	struct live_cursor *cursor;
	struct machine machine;
	struct reader reader;
	char path[160];
	int fd, r;

	machine_start(&machine, "imastage", false);
	machine_load(&machine, 9);
	drain(&machine);
	machine_load(&machine, 20);
	snprintf(path, sizeof(path), "%s/binary_runtime_measurements",
		 machine.emulator.dir);
	do
		fd = open(path, O_RDWR | O_CLOEXEC);
	while (fd < 0 && errno == EBUSY);
	assert_int_equal(write(fd, "5\n", 2), 2);
	close(fd);
	open_reader(&machine, &reader);
	do
		r = live_refresh(reader.live);
	while (r == -EBUSY);
	assert_int_equal(r, -ESTALE); /* not archived as a gap yet */
	reconcile(&machine);
	assert_int_equal(live_refresh(reader.live), 0);
	assert_int_equal(end_of(&reader), 30);
	assert_int_equal(live_cursor_open(reader.live, 9, &cursor), 0);
	assert_int_equal(live_cursor_next(cursor, &record), 0);
	assert_int_equal(live_cursor_next(cursor, &record), ARCHIVE_GAP);
	assert_int_equal(live_cursor_gap(cursor)->first, 10);
	assert_int_equal(live_cursor_gap(cursor)->count, 5);
	for (int i = 0; i < 15; i++)
		assert_int_equal(live_cursor_next(cursor, &record), 0);
	assert_int_equal(live_cursor_next(cursor, &record), IMASTAGE_END);
	live_cursor_close(cursor);
	close_reader(&reader);
	machine_stop(&machine);
}

/* ---- a spool that has no room ---------------------------------------------- */

static bool is_full;

static ssize_t pwrite_or_full(const struct io *io, int fd, const void *data,
			      size_t len, uint64_t offset)
{
	return is_full ? -ENOSPC :
			 io_system.ops->pwrite(io, fd, data, len, offset);
}

/* More than the spool buffers, so that it has to write. */
TEST(a_full_disk_takes_nothing_from_readers)
{
	struct io_ops ops = *io_system.ops;
	const struct io io = { &ops };
	struct live_cursor *cursor;
	struct machine machine;
	struct reader reader;
	size_t at = 0;

	ops.pwrite = pwrite_or_full;
	machine_start(&machine, "imastage", false);
	machine_load(&machine, 20);
	drain(&machine);
	open_reader_with(&machine, NULL, &io, &reader);
	machine_load(&machine, 20);
	assert_int_equal(live_refresh(reader.live), 0);
	assert_int_equal(end_of(&reader), 41);
	is_full = true;
	machine_load(&machine, 9000);
	assert_int_equal(live_refresh(reader.live), -ENOSPC);
	assert_int_equal(live_refresh(reader.live), -ENOSPC);
	assert_true(end_of(&reader) >= 41);
	assert_int_equal(live_cursor_open(reader.live, 0, &cursor), 0);
	read_on(&machine, cursor, 41, &at);
	is_full = false;
	assert_int_equal(live_refresh(reader.live), 0);
	assert_int_equal(end_of(&reader), 9041);
	read_on(&machine, cursor, UINT64_MAX, &at);
	live_cursor_close(cursor);
	close_reader(&reader);
	machine_stop(&machine);
}

/* ---- many threads ---------------------------------------------------------- */

#define NR_READERS 3
#define NR_LOADS 30

struct crowd {
	struct reader reader;
	struct agent agent;
	atomic_uint nr_recorded; /* at least so many are over */
	atomic_bool over;
	atomic_uint nr_failed;
};

/* The keeper's own thread. */
static void *drain_all_the_time(void *context)
{
	struct crowd *crowd = context;
	struct keep_limits limits = { .chunk = 7 };
	struct keep_result result;

	while (!atomic_load(&crowd->over)) {
		if (keep_drain(crowd->agent.keep, &limits, &result) < 0)
			atomic_fetch_add(&crowd->nr_failed, 1);
		limits.method = limits.method == KEEP_TRIM ? KEEP_STAGE :
							     KEEP_TRIM;
		usleep(2000);
	}
	return NULL;
}

/* All that was recorded before is there after a refresh, and can be read. */
static bool is_fresh(struct crowd *crowd)
{
	unsigned int before = atomic_load(&crowd->nr_recorded);
	struct live *live = crowd->reader.live;
	struct imastage_record record;
	struct live_cursor *cursor;
	struct archive_place end;
	uint64_t index = before / 2;
	int r = live_refresh(live);

	if (r < 0 || live_end_place(live, &end) < 0 || end.index < before)
		return false;
	if (live_cursor_open(live, index, &cursor) < 0)
		return false;
	while ((r = live_cursor_next(cursor, &record)) == 0)
		index++;
	live_cursor_close(cursor);
	return r == IMASTAGE_END && index >= before;
}

static void *read_all_the_time(void *context)
{
	struct crowd *crowd = context;

	while (!atomic_load(&crowd->over))
		if (!is_fresh(crowd))
			atomic_fetch_add(&crowd->nr_failed, 1);
	return NULL;
}

static void start_crowd(struct crowd *crowd, struct machine *machine)
{
	struct source_options options = { .dir = machine->emulator.dir,
					  .exclusive = true,
					  .wait_ms = PATIENCE_MS,
					  .say = &machine->say };

	/* Readers share the source that the keeper has to itself. */
	assert_int_equal(agent_open(machine, &crowd->agent), 0);
	source_close(crowd->agent.source);
	keep_free(crowd->agent.keep);
	assert_int_equal(source_open(&options, &crowd->agent.source), 0);
	assert_int_equal(
		keep_new(&(struct keep_options){ .source = crowd->agent.source,
						 .archive = crowd->agent.archive,
						 .boot_id = machine->boot_id,
						 .say = &machine->say },
			 &crowd->agent.keep),
		0);
	open_reader_with(machine, crowd->agent.source, NULL, &crowd->reader);
}

TEST(readers_beside_a_keeper_miss_nothing)
{
	struct keep_result result;
	struct crowd crowd = { 0 };
	pthread_t threads[1 + NR_READERS];
	struct live_cursor *cursor;
	struct machine machine;
	size_t at = 0;

	machine_start(&machine, "imastage", false);
	machine_load(&machine, 20);
	start_crowd(&crowd, &machine);
	assert_int_equal(keep_drain(crowd.agent.keep,
				    &(struct keep_limits){ 0 }, &result),
			 0);
	assert_int_equal(live_refresh(crowd.reader.live), 0);
	assert_int_equal(live_cursor_open(crowd.reader.live, 0, &cursor), 0);
	atomic_store(&crowd.nr_recorded, 21);
	for (int i = 0; i < 1 + NR_READERS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL,
						i ? read_all_the_time :
						    drain_all_the_time,
						&crowd),
				 0);
	for (int i = 0; i < NR_LOADS; i++) {
		machine_load(&machine, 20);
		atomic_fetch_add(&crowd.nr_recorded, 20);
		read_on(&machine, cursor, 10, &at);
	}
	atomic_store(&crowd.over, true);
	for (int i = 0; i < 1 + NR_READERS; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(atomic_load(&crowd.nr_failed), 0);
	assert_int_equal(live_refresh(crowd.reader.live), 0);
	read_on(&machine, cursor, UINT64_MAX, &at);
	assert_int_equal(live_cursor_index(cursor), 21 + NR_LOADS * 20);
	live_cursor_close(cursor);
	close_reader(&crowd.reader);
	agent_close(&crowd.agent);
	machine_verify(&machine);
	machine_stop(&machine);
}

TEST_MAIN(WITH_EMULATOR(cursors_go_on_whatever_happens),
	  WITH_EMULATOR(an_unpatched_kernel_is_read_beside_its_copy),
	  WITH_EMULATOR(places_stay_where_they_are),
	  WITH_EMULATOR(looking_for_nothing_blocks_nobody),
	  WITH_EMULATOR(a_gap_is_shown_as_a_gap),
	  WITH_EMULATOR(a_full_disk_takes_nothing_from_readers),
	  WITH_EMULATOR(readers_beside_a_keeper_miss_nothing))
