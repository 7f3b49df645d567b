// SPDX-License-Identifier: MIT
/*
 * Holds: who needs which records.
 */
#include "archive/store.h"
#include "base/util.h"

#include <ctype.h>
#include <errno.h>

static bool is_name(const char *name)
{
	size_t len = strnlen(name, ARCHIVE_NAME_MAX);

	for (size_t i = 0; i < len; i++)
		if (iscntrl((unsigned char)name[i]))
			return false;
	return len > 0 && len < ARCHIVE_NAME_MAX;
}

static int make_hold(struct archive *archive, const char *name, int64_t boot,
		     uint64_t from, struct archive_hold *hold)
{
	struct archive_place end;
	int r = boot ? 0 : index_last_boot(&archive->index, &boot);

	if (r == 0)
		r = archive_end_place(archive, boot, &end);
	if (r != 0)
		return r == IMASTAGE_END ? -ENOENT : r;
	if (from > end.index)
		return -ERANGE;
	*hold = (struct archive_hold){
		.boot = boot,
		.from = from,
		.changed = store_now(),
	};
	memcpy(hold->name, name, strlen(name) + 1);
	return 0;
}

int archive_hold(struct archive *archive, const char *name, int64_t boot,
		 uint64_t from)
{
	struct archive_hold hold;
	int r = store_idle(archive);

	if (r < 0)
		return r;
	if (!is_name(name))
		return -EINVAL;
	r = make_hold(archive, name, boot, from, &hold);
	if (r < 0)
		return r;
	r = index_begin(&archive->index);
	if (r == 0)
		r = index_put_hold(&archive->index, &hold);
	return store_commit(archive, r);
}

int archive_release(struct archive *archive, const char *name)
{
	int r = store_idle(archive), found = 0;

	if (r < 0)
		return r;
	r = index_begin(&archive->index);
	if (r == 0)
		found = index_remove_hold(&archive->index, name);
	r = store_commit(archive, found < 0 ? found : r);
	return r == 0 && found == IMASTAGE_END ? -ENOENT : r;
}

int archive_each_hold(struct archive *archive,
		      int (*each)(void *context,
				  const struct archive_hold *hold),
		      void *context)
{
	struct archive_hold hold = { .name = "" };
	int r;

	while ((r = index_next_hold(&archive->index, hold.name, &hold)) == 0) {
		r = each(context, &hold);
		if (r)
			return r;
	}
	return r == IMASTAGE_END ? 0 : r;
}
