// SPDX-License-Identifier: MIT
/*
 * Hard boots, gaps in their lists, and what is noted about them.
 */
#include "archive/store.h"
#include "base/util.h"

#include <ctype.h>
#include <errno.h>

/* ---- asking ---------------------------------------------------------------- */

int archive_last_boot(struct archive *archive, struct archive_boot *ret_boot)
{
	int64_t id;
	int r = index_last_boot(&archive->index, &id);

	return r == 0 ? index_next_boot(&archive->index, id, ret_boot) : r;
}

static int parse_name(const char *name, int64_t *ret_id)
{
	char *end;

	if (!isdigit((unsigned char)*name))
		return -ENOENT;
	errno = 0;
	*ret_id = strtoll(name, &end, 10);
	return errno || *end ? -ENOENT : 0;
}

int archive_find_boot(struct archive *archive, const char *name,
		      struct archive_boot *ret_boot)
{
	struct archive_boot boot;
	int64_t id;
	int r = parse_name(name, &id);

	if (r == 0)
		r = index_next_boot(&archive->index, id, &boot);
	if (r < 0)
		return r;
	if (r == IMASTAGE_END || boot.id != id)
		return -ENOENT;
	*ret_boot = boot;
	return 0;
}

int archive_each_boot(struct archive *archive,
		      int (*each)(void *context,
				  const struct archive_boot *boot),
		      void *context)
{
	struct archive_boot boot = { .id = 0 };
	int r;

	while ((r = index_next_boot(&archive->index, boot.id + 1, &boot)) ==
	       0) {
		r = each(context, &boot);
		if (r)
			return r;
	}
	return r == IMASTAGE_END ? 0 : r;
}

int archive_each_segment(struct archive *archive, int64_t boot,
			 int (*each)(void *context,
				     const struct archive_segment *segment),
			 void *context)
{
	struct row row = { 0 };
	uint64_t at = 0;
	int r, stop = 0;

	while (!stop && (r = index_segment_from(&archive->index, boot, at, 0,
						&row)) == 0) {
		at = row_end(&row);
		stop = each(context, &row.is);
	}
	row_fini(&row);
	if (stop)
		return stop;
	return r == IMASTAGE_END ? 0 : r;
}

int archive_each_gap(struct archive *archive, int64_t boot,
		     int (*each)(void *context, const struct archive_gap *gap),
		     void *context)
{
	struct archive_gap gap;
	uint64_t at = 0;
	int r;

	while ((r = index_next_gap(&archive->index, boot, at, &gap)) == 0) {
		r = each(context, &gap);
		if (r)
			return r;
		at = gap.first + (gap.count ? gap.count : 1);
	}
	return r == IMASTAGE_END ? 0 : r;
}

/* ---- changing -------------------------------------------------------------- */

/* Its folder is there before its row is. */
static int make_folder(struct archive *archive, int64_t boot)
{
	const struct io *io = archive->options.io;
	struct segment_path path = segment_folder(archive->dir, boot);
	int r = io_mkdir(io, path.text, 0700);

	if (r == 0 || r == -EEXIST)
		r = store_mend(archive, path.text, 0700, true);
	if (r == 0)
		r = io_sync_dir(io, archive->dir);
	if (r < 0)
		say_errno(archive->options.say, r, "%s", path.text);
	return r;
}

static int add_boot(struct archive *archive, const struct archive_boot *key,
		    int64_t *ret_id)
{
	int r = index_begin(&archive->index);

	if (r == 0)
		r = tail_seal(archive);
	if (r == 0)
		r = index_add_boot(&archive->index, key, store_now(),
				   archive->options.banks, ret_id);
	if (r == 0 && key->has_restart_count)
		r = index_set_tpm(&archive->index, *ret_id, key);
	if (r == 0)
		r = index_add_kernel(&archive->index, *ret_id, key->boot_id, 0,
				     store_now());
	if (r == 0)
		r = index_set_pending(&archive->index, NULL);
	return r == 0 ? make_folder(archive, *ret_id) : r;
}

/* After a change that the tail has to know of. */
static int load_again(struct archive *archive, int r)
{
	int loaded = r == 0 || !archive->failed ? tail_load(archive) : 0;

	if (loaded < 0)
		archive->failed = loaded;
	return r < 0 ? r : loaded;
}

int archive_new_boot(struct archive *archive, const struct archive_boot *key,
		     struct archive_boot *ret_boot)
{
	int64_t id = 0;
	int r = store_idle(archive);

	if (r < 0)
		return r;
	r = archive_finish(archive, add_boot(archive, key, &id));
	r = load_again(archive, r);
	return r == 0 ? index_next_boot(&archive->index, id, ret_boot) : r;
}

int archive_continue_boot(struct archive *archive, int64_t id,
			  const char *boot_id)
{
	struct archive_boot boot;
	int r = store_idle(archive);

	if (r == 0)
		r = archive_last_boot(archive, &boot);
	if (r < 0)
		return r;
	if (r == IMASTAGE_END || boot.id != id)
		return -ESTALE;
	if (!strcmp(boot.boot_id, boot_id))
		return 0;
	r = index_begin(&archive->index);
	if (r == 0)
		r = index_add_kernel(&archive->index, id, boot_id, boot.end,
				     store_now());
	return archive_finish(archive, r);
}

static bool is_same_tpm(const struct archive_boot *boot,
			const struct archive_boot *key)
{
	return boot->has_restart_count == key->has_restart_count &&
	       boot->reset_count == key->reset_count &&
	       boot->restart_count == key->restart_count &&
	       boot->ek_len == key->ek_len &&
	       !memcmp(boot->ek, key->ek, key->ek_len);
}

int archive_continue_tpm(struct archive *archive, int64_t id,
			 const struct archive_boot *key)
{
	struct archive_boot boot;
	int r = store_idle(archive);

	if (r == 0)
		r = archive_last_boot(archive, &boot);
	if (r < 0)
		return r;
	if (r == IMASTAGE_END || boot.id != id)
		return -ESTALE;
	if (is_same_tpm(&boot, key))
		return 0;
	r = index_begin(&archive->index);
	if (r == 0)
		r = index_set_tpm(&archive->index, id, key);
	return archive_finish(archive, r);
}

/* The gap behind the last segment. IMASTAGE_END: there is none. */
static int find_last_gap(struct archive *archive, struct archive_gap *ret_gap)
{
	int64_t boot = archive->tail.boot;
	struct row row = { 0 };
	int r = index_segment_at(&archive->index, boot, INT64_MAX, 0, &row);

	if (r >= 0)
		r = index_next_gap(&archive->index, boot,
				   r == 0 ? row_end(&row) : 0, ret_gap);
	row_fini(&row);
	return r;
}

/* One that follows another without a record between them is one with it. */
static void merge_gaps(struct archive_gap *gap,
		       const struct archive_gap *before)
{
	size_t len;

	gap->first = before->first;
	gap->count += before->count;
	gap->created = before->created;
	if (!strcmp(gap->reason, before->reason))
		return;
	len = strlen(before->reason);
	memmove(gap->reason + len, gap->reason, sizeof(gap->reason) - len);
	memcpy(gap->reason, before->reason, len);
	gap->reason[sizeof(gap->reason) - 1] = '\0';
}

static int add_gap(struct archive *archive, uint64_t count, const char *reason)
{
	struct archive_gap gap = {
		.boot = archive->tail.boot,
		.first = archive->tail.place.index,
		.count = count,
		.created = store_now(),
	};
	struct archive_gap before;
	int r = index_begin(&archive->index);

	snprintf(gap.reason, sizeof(gap.reason), "%s", reason);
	if (r == 0)
		r = tail_seal(archive);
	if (r == 0)
		r = find_last_gap(archive, &before);
	if (r == 0)
		merge_gaps(&gap, &before);
	return r >= 0 ? index_put_gap(&archive->index, &gap) : r;
}

int archive_add_gap(struct archive *archive, uint64_t count, const char *reason)
{
	int r = store_idle(archive);

	if (r < 0)
		return r;
	if (!archive->tail.boot)
		return -ENOENT;
	r = archive_finish(archive, add_gap(archive, count, reason));
	return load_again(archive, r);
}

int archive_settle(struct archive *archive)
{
	int r = store_idle(archive);

	if (r == 0)
		r = index_begin(&archive->index);
	if (r == 0)
		r = index_set_pending(&archive->index, NULL);
	return archive_finish(archive, r);
}

int archive_pending(struct archive *archive,
		    struct archive_pending *ret_pending)
{
	return index_get_pending(&archive->index, ret_pending);
}

/* ---- notes ----------------------------------------------------------------- */

static bool fits(const char *text, size_t size)
{
	return strnlen(text, size) < size;
}

int archive_note(struct archive *archive, const char *key, const char *value)
{
	int r = store_idle(archive);

	if (r < 0)
		return r;
	if (!*key || !fits(key, ARCHIVE_NAME_MAX) ||
	    (value && !fits(value, ARCHIVE_VALUE_MAX)))
		return -EINVAL;
	r = index_begin(&archive->index);
	if (r == 0)
		r = index_set_note(&archive->index, key, value);
	return archive_finish(archive, r);
}

int archive_get_note(struct archive *archive, const char *key, char *ret_value,
		     size_t size)
{
	char value[ARCHIVE_VALUE_MAX];
	int r = index_get_note(&archive->index, key, value);

	if (r != 0)
		return r == IMASTAGE_END ? -ENOENT : r;
	if (!fits(value, size))
		return -ENOBUFS;
	memcpy(ret_value, value, strlen(value) + 1);
	return 0;
}
