/* SPDX-License-Identifier: MIT */
/*
 * The life of an archive in steps, for tests that let it fail at any place: it is
 * made, records are put, settled, compressed, pruned, there is a kexec, a hard
 * boot, a gap.
 *
 * Each step finds out whether what it does is done already, so that after a
 * failure all of them can be taken again from the first on; and each is whole or
 * not there at all, which scenario_check() judges.
 */
#ifndef ARCHIVE_TEST_SCENARIO_H
#define ARCHIVE_TEST_SCENARIO_H

#include "lib/keeping.h"

struct scenario {
	const struct kept_list *list;
	struct archive_options options;
	struct archive *archive; /* NULL: not open */
	unsigned int done; /* steps that have succeeded */
};

#define SCENARIO_RECORDS 200

/* Takes all steps that are not done. Returns the first error. */
int scenario_run(struct scenario *scenario);

/*
 * What the steps done have made is there, and of the next one all or nothing;
 * the archive finds nothing wrong with itself.
 */
void scenario_check(struct scenario *scenario);

void scenario_close(struct scenario *scenario);

#endif
