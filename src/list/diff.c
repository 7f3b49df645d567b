// SPDX-License-Identifier: MIT
/*
 * Comparing two lists.
 */
#include "list/diff.h"
#include "base/util.h"
#include "tool/cli.h"

#include <errno.h>

#define LOOK_FIRST 16 /* records that are looked through first */
#define PAIR_REACH 256 /* how far what a record became is looked for */

static bool is_same(const struct diff_entry *a, const struct diff_entry *b)
{
	return !memcmp(a->id, b->id, sizeof(a->id));
}

/* ---- where the lists meet again -------------------------------------------- */

/* Positions in B's window by id: open addressing, +1, 0 is empty. */
struct positions {
	uint32_t *slots;
	size_t mask;
	const struct diff_side *side;
};

static size_t slot_start(const struct positions *p,
			 const struct diff_entry *entry)
{
	uint64_t hash;

	memcpy(&hash, entry->id, sizeof(hash));
	return (size_t)hash & p->mask;
}

#define NONE SIZE_MAX

/* The first record in B's window that is the same, or NONE. */
static size_t find_position(const struct positions *p,
			    const struct diff_entry *entry)
{
	size_t at = slot_start(p, entry);

	for (; p->slots[at]; at = (at + 1) & p->mask)
		if (is_same(entry, diff_side_at(p->side, p->slots[at] - 1)))
			return p->slots[at] - 1;
	return NONE;
}

static void add_position(struct positions *p, size_t position)
{
	const struct diff_entry *entry = diff_side_at(p->side, position);
	size_t at = slot_start(p, entry);

	if (find_position(p, entry) != NONE)
		return;
	while (p->slots[at])
		at = (at + 1) & p->mask;
	p->slots[at] = (uint32_t)position + 1;
}

static int make_positions(const struct diff_side *side, size_t nr,
			  struct positions *ret)
{
	size_t size = 4;

	while (size < 2 * nr)
		size *= 2;
	ret->slots = calloc(size, sizeof(*ret->slots));
	ret->mask = size - 1;
	ret->side = side;
	if (!ret->slots)
		return -ENOMEM;
	for (size_t i = 0; i < nr; i++)
		add_position(ret, i);
	return 0;
}

/* The nearest place, among the first @reach of both. 1: found. */
static int meet_within(const struct diff *diff, size_t reach, size_t *ret_a,
		       size_t *ret_b)
{
	size_t nr_a = diff->a.nr < reach ? diff->a.nr : reach;
	size_t nr_b = diff->b.nr < reach ? diff->b.nr : reach;
	size_t best = NONE;
	struct positions positions;

	if (make_positions(&diff->b, nr_b, &positions) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < nr_a && i < best; i++) {
		size_t j = find_position(&positions, diff_side_at(&diff->a, i));

		if (j == NONE || i + j >= best)
			continue;
		best = i + j;
		*ret_a = i;
		*ret_b = j;
	}
	free(positions.slots);
	return best != NONE;
}

static uint64_t remaining(const struct diff_side *side)
{
	const struct input *input = &side->input;

	return input->nr_total > input->nr_read ?
		       input->nr_total - input->nr_read :
		       0;
}

/*
 * The lists do not meet in what can be looked through. Mostly one of them lacks
 * a long start, because its records were deleted from the kernel: the other is
 * gone through until it gets to what this one has. It is the longer one.
 */
static void pass_by(const struct diff *diff, size_t *ret_a, size_t *ret_b)
{
	const struct diff_side *a = &diff->a, *b = &diff->b;
	bool a_goes_on = b->nr > 0 && !a->at_end;
	bool b_goes_on = a->nr > 0 && !b->at_end;

	if (a_goes_on && b_goes_on && remaining(a) >= remaining(b))
		b_goes_on = false;
	else if (a_goes_on && b_goes_on)
		a_goes_on = false;
	*ret_a = b_goes_on ? 0 : a->nr;
	*ret_b = a_goes_on ? 0 : b->nr;
}

/* How many records of each differ until the lists meet. */
static int find_meeting(struct diff *diff, size_t *ret_a, size_t *ret_b)
{
	for (size_t reach = LOOK_FIRST; reach <= DIFF_WINDOW; reach *= 4) {
		int r = diff_side_fill(diff, &diff->a, reach);

		if (r == 0)
			r = diff_side_fill(diff, &diff->b, reach);
		if (r == 0)
			r = meet_within(diff, reach, ret_a, ret_b);
		if (r)
			return r < 0 ? r : 0;
		if (diff->a.nr < reach && diff->b.nr < reach)
			break;
	}
	pass_by(diff, ret_a, ret_b);
	return 0;
}

/* ---- what became of what --------------------------------------------------- */

static int by_id(const void *a, const void *b)
{
	const struct diff_event *const *x = a, *const *y = b;
	int r = memcmp((*x)->entry->id, (*y)->entry->id,
		       sizeof((*x)->entry->id));

	if (r)
		return r;
	return *x < *y ? -1 : *x > *y;
}

static size_t select_kind(struct diff *diff, enum diff_kind kind,
			  struct diff_event **ret)
{
	size_t nr = 0;

	for (size_t i = 0; i < diff->nr_events; i++)
		if (diff->events[i].kind == kind)
			ret[nr++] = &diff->events[i];
	qsort(ret, nr, sizeof(*ret), by_id);
	return nr;
}

static void join(struct diff_event *removed, struct diff_event *added,
		 bool moved)
{
	removed->partner = added;
	added->partner = removed;
	removed->moved = added->moved = moved;
}

/* Gone in one place and there in another: both rows are sorted by id. */
static int find_moved(struct diff *diff)
{
	cleanup_free struct diff_event **removed =
		calloc(2 * diff->nr_events + 1, sizeof(*removed));
	struct diff_event **added;
	size_t nr_removed, nr_added, i = 0, j = 0;

	if (!removed)
		return -ENOMEM;
	added = removed + diff->nr_events;
	nr_removed = select_kind(diff, DIFF_REMOVED, removed);
	nr_added = select_kind(diff, DIFF_ADDED, added);
	while (i < nr_removed && j < nr_added) {
		int order = memcmp(removed[i]->entry->id, added[j]->entry->id,
				   sizeof(removed[i]->entry->id));

		if (order == 0)
			join(removed[i], added[j], true);
		i += order <= 0;
		j += order >= 0;
	}
	return 0;
}

static bool is_of_same_file(const struct diff_entry *a,
			    const struct diff_entry *b)
{
	return a->pcr == b->pcr && a->name_len == b->name_len &&
	       a->name_len > 0 &&
	       !memcmp(a->text + a->template_len, b->text + b->template_len,
		       a->name_len);
}

/* In the same place and of the same name: the first such is what it became. */
static void find_changed(struct diff *diff)
{
	size_t nr = diff->nr_events;

	for (size_t i = 0; i < nr; i++) {
		struct diff_event *event = &diff->events[i];

		if (event->kind != DIFF_REMOVED || event->partner)
			continue;
		for (size_t j = i + 1; j < nr && j < i + PAIR_REACH; j++) {
			struct diff_event *other = &diff->events[j];

			if (other->hunk != event->hunk)
				break;
			if (other->kind == DIFF_ADDED && !other->partner &&
			    is_of_same_file(event->entry, other->entry)) {
				join(event, other, false);
				break;
			}
		}
	}
}

static void count(struct diff *diff, const struct diff_event *event)
{
	if (event->partner && event->moved)
		diff->counts.nr_moved++;
	else if (event->partner)
		diff->counts.nr_changed++;
	else if (event->kind == DIFF_ADDED)
		diff->counts.nr_added++;
	else
		diff->counts.nr_removed++;
}

/* Says all that is known to differ. What came in pairs is said once. */
static int flush(struct diff *diff)
{
	int r = find_moved(diff);

	find_changed(diff);
	for (size_t i = 0; i < diff->nr_events; i++) {
		struct diff_event *event = &diff->events[i];

		if (r < 0 || (event->partner && event->kind == DIFF_ADDED))
			continue;
		count(diff, event);
		r = diff->report(diff->context, event);
	}
	for (size_t i = 0; i < diff->nr_events; i++)
		free(diff->events[i].entry);
	diff->nr_events = 0;
	diff->events_bytes = 0;
	return r;
}

/* ---- from the start to the end --------------------------------------------- */

static int note(struct diff *diff, struct diff_side *side, enum diff_kind kind)
{
	struct diff_entry *entry = diff_side_take(side);

	diff->events[diff->nr_events++] = (struct diff_event){
		.entry = entry,
		.kind = kind,
		.hunk = diff->hunk,
	};
	diff->events_bytes += sizeof(*entry) + entry->name_len;
	if (diff->nr_events == DIFF_EVENTS ||
	    diff->events_bytes > DIFF_BYTES_MAX)
		return flush(diff);
	return 0;
}

static int differ(struct diff *diff)
{
	size_t nr_a = 0, nr_b = 0;
	int r = find_meeting(diff, &nr_a, &nr_b);

	diff->hunk++;
	if (diff->a.nr > 0 || !diff->a.at_end)
		diff->counts.is_continued = false;
	for (size_t i = 0; i < nr_a && r == 0; i++)
		r = note(diff, &diff->a, DIFF_REMOVED);
	for (size_t i = 0; i < nr_b && r == 0; i++)
		r = note(diff, &diff->b, DIFF_ADDED);
	return r;
}

static int compare(struct diff *diff)
{
	for (;;) {
		int r = diff_side_fill(diff, &diff->a, 1);

		if (r == 0)
			r = diff_side_fill(diff, &diff->b, 1);
		if (r < 0)
			return r;
		if (diff->a.nr == 0 && diff->b.nr == 0)
			return 0;
		if (diff->a.nr > 0 && diff->b.nr > 0 &&
		    is_same(diff_side_at(&diff->a, 0),
			    diff_side_at(&diff->b, 0))) {
			free(diff_side_take(&diff->a));
			free(diff_side_take(&diff->b));
			continue;
		}
		r = differ(diff);
		if (r < 0)
			return r;
	}
}

int diff_run(struct diff *diff)
{
	int r = hash_init(&diff->hash, IMASTAGE_SHA256);

	diff->counts.is_continued = true;
	diff->events = calloc(DIFF_EVENTS, sizeof(*diff->events));
	if (r == 0 && !diff->events)
		r = -ENOMEM;
	if (r < 0)
		cli_error("%s", strerror(-r));
	if (r == 0)
		r = compare(diff);
	if (r == 0)
		r = flush(diff);
	return r;
}

void diff_fini(struct diff *diff)
{
	for (size_t i = 0; i < diff->nr_events; i++)
		free(diff->events[i].entry);
	free(diff->events);
	hash_fini(&diff->hash);
	diff_side_fini(&diff->a);
	diff_side_fini(&diff->b);
}
