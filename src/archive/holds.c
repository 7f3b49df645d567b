// SPDX-License-Identifier: MIT
/*
 * Holds: who needs which records.
 */
#include "archive/store.h"
#include "base/bytes.h"
#include "base/text.h"
#include "base/util.h"

#include <errno.h>

static bool is_name(const char *name)
{
	size_t len = strnlen(name, ARCHIVE_NAME_MAX);

	struct imastage_bytes left = bytes_of(name, len);
	uint32_t code;
	size_t char_len;

	for (; left.len; left = bytes_skip(left, char_len))
		if (text_is_harmful(left, &code, &char_len))
			return false;
	return len > 0 && len < ARCHIVE_NAME_MAX;
}

/* ---- owners: each a note, so that older archives have holds, too: root's ---- */

#define OWNER_KEY "hold-owner:"
#define OWNER_KEY_LEN (sizeof(OWNER_KEY) + ARCHIVE_NAME_MAX)

static void make_owner_key(const char *name, char *ret_key)
{
	snprintf(ret_key, OWNER_KEY_LEN, OWNER_KEY "%s", name);
}

/* What cannot be read belongs to root. */
static uid_t parse_owner(const char *text)
{
	unsigned long owner;
	char *end;

	errno = 0;
	owner = strtoul(text, &end, 10);
	return errno || *end || owner >= UINT32_MAX ? 0 : (uid_t)owner;
}

static int get_owner(struct index *index, const char *name, uid_t *ret_owner)
{
	char key[OWNER_KEY_LEN], text[ARCHIVE_VALUE_MAX];
	int r;

	make_owner_key(name, key);
	r = index_get_note(index, key, text);
	if (r != 0 && r != IMASTAGE_END)
		return r;
	*ret_owner = r == 0 ? parse_owner(text) : 0;
	return 0;
}

/* @owner: 0 leaves no note. */
static int set_owner(struct index *index, const char *name, uid_t owner)
{
	char key[OWNER_KEY_LEN], text[16];

	make_owner_key(name, key);
	snprintf(text, sizeof(text), "%u", owner);
	return index_set_note(index, key, owner ? text : NULL);
}

static int find_hold(struct archive *archive, const char *name,
		     struct archive_hold *ret_hold)
{
	struct archive_hold hold = { .name = "" };
	int r;

	while ((r = index_next_hold(&archive->index, hold.name, &hold)) == 0 &&
	       strcmp(hold.name, name))
		;
	if (r == 0)
		r = get_owner(&archive->index, name, &hold.owner);
	if (r == 0)
		*ret_hold = hold;
	return r;
}

/* Who @by may change it; *ret_owner is whose it is then. */
static int may_change(struct archive *archive, const char *name, uid_t by,
		      uid_t *ret_owner)
{
	struct archive_hold hold = { 0 };
	int r = find_hold(archive, name, &hold);

	if (r < 0)
		return r;
	*ret_owner = r == IMASTAGE_END ? by : hold.owner;
	return by == 0 || *ret_owner == by ? 0 : -EPERM;
}

/* ---- holds ----------------------------------------------------------------- */

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
		 uint64_t from, uid_t by)
{
	struct archive_hold hold;
	int r = store_idle(archive);
	uid_t owner = by;

	if (r < 0)
		return r;
	if (!is_name(name))
		return -EINVAL;
	r = may_change(archive, name, by, &owner);
	if (r == 0)
		r = make_hold(archive, name, boot, from, &hold);
	if (r < 0)
		return r;
	r = index_begin(&archive->index);
	if (r == 0)
		r = index_put_hold(&archive->index, &hold);
	if (r == 0)
		r = set_owner(&archive->index, name, owner);
	return archive_finish(archive, r);
}

int archive_release(struct archive *archive, const char *name, uid_t by)
{
	int r = store_idle(archive), found = 0;
	uid_t owner;

	if (r == 0)
		r = may_change(archive, name, by, &owner);
	if (r < 0)
		return r;
	r = index_begin(&archive->index);
	if (r == 0)
		found = index_remove_hold(&archive->index, name);
	if (r == 0 && found >= 0)
		r = set_owner(&archive->index, name, 0);
	r = archive_finish(archive, found < 0 ? found : r);
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
		r = get_owner(&archive->index, hold.name, &hold.owner);
		if (r == 0)
			r = each(context, &hold);
		if (r)
			return r;
	}
	return r == IMASTAGE_END ? 0 : r;
}
