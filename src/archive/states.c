// SPDX-License-Identifier: MIT
/*
 * PCR values in the middle of what is archived: each segment has those after its last record.
 */
#include "archive/query.h"
#include "archive/store.h"

#include <stdlib.h>

/* The last segment that ends at or before @at. IMASTAGE_END: there is none. */
static int find_ended(struct archive *archive, int64_t boot, uint64_t at,
		      struct row *row)
{
	int r = index_segment_at(&archive->index, boot, at, INDEX_STATE, row);

	if (r != 0 || row_end(row) <= at)
		return r;
	return row->is.first == 0 ?
		       IMASTAGE_END :
		       index_segment_at(&archive->index, boot,
					row->is.first - 1, INDEX_STATE, row);
}

/* What was pruned is known by its end. */
static int load_base(struct archive *archive, int64_t boot, uint64_t at,
		     struct imastage_replay **ret_replay, uint64_t *ret_end)
{
	struct index_base base = { 0 };
	int r = index_get_base(&archive->index, boot, &base);

	if (r == 0)
		r = base.place.index > at ?
			    IMASTAGE_END :
			    replay_load(archive, NULL, &base, ret_replay);
	*ret_end = base.place.index;
	free(base.state.data);
	return r;
}

static int load(struct archive *archive, int64_t boot, uint64_t at,
		struct imastage_replay **ret_replay, uint64_t *ret_end)
{
	struct row row = { 0 };
	int r = find_ended(archive, boot, at, &row);

	if (r == 0) {
		*ret_end = row_end(&row);
		r = replay_load(archive, &row, NULL, ret_replay);
	} else if (r == IMASTAGE_END) {
		r = load_base(archive, boot, at, ret_replay, ret_end);
	}
	row_fini(&row);
	return r;
}

int archive_replay_at(struct archive *archive, int64_t boot, uint64_t at,
		      struct imastage_replay **ret_replay)
{
	struct imastage_replay *replay = NULL;
	uint64_t end = 0;
	int r = load(archive, boot, at, &replay, &end);

	if (r != 0)
		return r;
	if (!replay)
		return IMASTAGE_END;
	if (imastage_replay_nr_records(replay) != end) {
		imastage_replay_free(replay);
		return query_damaged(
			&archive->index,
			"the state of a replay is of other records");
	}
	*ret_replay = replay;
	return 0;
}
