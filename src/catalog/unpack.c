// SPDX-License-Identifier: MIT
/*
 * libarchive, with one format and one compression at a time.
 */
#include "catalog/unpack.h"
#include "base/bytes.h"
#include "base/util.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>

#define ROOM ((size_t)64 << 10)
#define BYTES_ALWAYS ((uint64_t)1 << 30)
#define RATIO_MAX 256
#define MEMBERS_MAX ((uint64_t)1 << 20)
#define NAMES_MAX ((uint64_t)128 << 20)

struct unpack {
	struct archive *archive;
	struct imastage_source source;
	struct unpack_bounds *bounds;
	int source_error; /* negative, once it has failed */
	bool bytes; /* no archive */
	enum unpack_filter filter;
	bool ended;
	uint64_t offset; /* of the next byte of the member */
	const char *reason; /* of ours; NULL: libarchive's */
	uint8_t room[ROOM];
};

struct unpack_bounds unpack_bounds_of(uint64_t len)
{
	return (struct unpack_bounds){ .bytes_left =
					       BYTES_ALWAYS + RATIO_MAX * len,
				       .members_left = MEMBERS_MAX,
				       .names_left = NAMES_MAX };
}

static ssize_t read_source(struct archive *archive, void *context,
			   const void **ret_data)
{
	struct unpack *unpack = context;
	ssize_t n =
		unpack->source.read(unpack->source.context, unpack->room, ROOM);

	*ret_data = unpack->room;
	if (n < 0) {
		unpack->source_error = (int)n;
		archive_set_error(archive, (int)-n, "could not be read");
	}
	return n;
}

/* A filter that libarchive could have by running a program only is none. */
static int use_filter(struct archive *archive, enum unpack_filter filter)
{
	static int (*const use[UNPACK_NR_FILTERS])(struct archive *) = {
		[UNPACK_PLAIN] = archive_read_support_filter_none,
		[UNPACK_GZIP] = archive_read_support_filter_gzip,
		[UNPACK_BZIP2] = archive_read_support_filter_bzip2,
		[UNPACK_XZ] = archive_read_support_filter_xz,
		[UNPACK_LZMA] = archive_read_support_filter_lzma,
		[UNPACK_ZSTD] = archive_read_support_filter_zstd,
		[UNPACK_LZ4] = archive_read_support_filter_lz4,
	};

	return use[filter](archive) == ARCHIVE_OK ? 0 : -ENOTSUP;
}

static int use_filters(struct archive *archive, enum unpack_filter filter)
{
	int r = 0;

	if (filter < UNPACK_NR_FILTERS)
		return use_filter(archive, filter);
	for (unsigned int i = 0; i < UNPACK_NR_FILTERS && r == 0; i++)
		r = use_filter(archive, (enum unpack_filter)i);
	return r;
}

static int open_archive(struct unpack *unpack, enum unpack_filter filter)
{
	int r = use_filters(unpack->archive, filter);

	if (r < 0)
		return r;
	r = unpack->bytes ? archive_read_support_format_raw(unpack->archive) :
			    archive_read_support_format_tar(unpack->archive);
	if (r == ARCHIVE_OK && unpack->bytes)
		r = archive_read_support_format_empty(unpack->archive);
	return r == ARCHIVE_OK ? 0 : -ENOTSUP;
}

static int new_of(struct imastage_source source, enum unpack_filter filter,
		  struct unpack_bounds *bounds, bool bytes,
		  struct unpack **ret_unpack)
{
	struct unpack *unpack = calloc(1, sizeof(*unpack));
	int r;

	if (!unpack)
		return -ENOMEM;
	unpack->source = source;
	unpack->bounds = bounds;
	unpack->bytes = bytes;
	unpack->filter = filter;
	unpack->archive = archive_read_new();
	r = unpack->archive ? open_archive(unpack, filter) : -ENOMEM;
	/* What opening finds wrong is found again by unpack_next(). */
	if (r == 0)
		(void)archive_read_open(unpack->archive, unpack, NULL,
					read_source, NULL);
	if (r < 0)
		unpack_free(unpack);
	else
		*ret_unpack = unpack;
	return r;
}

int unpack_new_tar(struct imastage_source source, enum unpack_filter filter,
		   struct unpack_bounds *bounds, struct unpack **ret_unpack)
{
	return new_of(source, filter, bounds, false, ret_unpack);
}

int unpack_new_bytes(struct imastage_source source, enum unpack_filter filter,
		     struct unpack_bounds *bounds, struct unpack **ret_unpack)
{
	return new_of(source, filter, bounds, true, ret_unpack);
}

void unpack_free(struct unpack *unpack)
{
	if (!unpack)
		return;
	archive_read_free(unpack->archive);
	free(unpack);
}

static int fail(struct unpack *unpack, int r, const char *reason)
{
	unpack->reason = reason;
	return r;
}

static int fail_by_library(struct unpack *unpack)
{
	unpack->reason = NULL;
	if (unpack->source_error)
		return unpack->source_error;
	return archive_errno(unpack->archive) == ENOMEM ? -ENOMEM : -EBADMSG;
}

/* ---- members --------------------------------------------------------------- */

static enum unpack_type type_of(struct archive_entry *entry)
{
	if (archive_entry_hardlink(entry))
		return UNPACK_HARD_LINK;
	switch (archive_entry_filetype(entry)) {
	case AE_IFREG:
		return UNPACK_FILE;
	case AE_IFLNK:
		return UNPACK_SYMLINK;
	case AE_IFDIR:
		return UNPACK_FOLDER;
	default:
		return UNPACK_OTHER;
	}
}

/* Compressed once, and as it was said to be. */
static bool is_filtered_well(const struct unpack *unpack)
{
	static const int codes[UNPACK_NR_FILTERS] = {
		[UNPACK_PLAIN] = ARCHIVE_FILTER_NONE,
		[UNPACK_GZIP] = ARCHIVE_FILTER_GZIP,
		[UNPACK_BZIP2] = ARCHIVE_FILTER_BZIP2,
		[UNPACK_XZ] = ARCHIVE_FILTER_XZ,
		[UNPACK_LZMA] = ARCHIVE_FILTER_LZMA,
		[UNPACK_ZSTD] = ARCHIVE_FILTER_ZSTD,
		[UNPACK_LZ4] = ARCHIVE_FILTER_LZ4,
	};

	if (archive_filter_count(unpack->archive) > 2)
		return false;
	return unpack->filter == UNPACK_NR_FILTERS ||
	       archive_filter_code(unpack->archive, 0) == codes[unpack->filter];
}

static int take_member(struct unpack *unpack, struct archive_entry *entry,
		       struct unpack_member *ret_member)
{
	const char *name = archive_entry_pathname(entry);
	size_t len = name ? strlen(name) : 0;

	if (!name)
		return fail(unpack, -EBADMSG, "a member without a name");
	if (!is_filtered_well(unpack))
		return fail(unpack, -EBADMSG, "not compressed as it says");
	if (!unpack->bounds->members_left || len > unpack->bounds->names_left)
		return fail(unpack, -EFBIG, "too many members");
	unpack->bounds->members_left--;
	unpack->bounds->names_left -= len;
	unpack->offset = 0;
	ret_member->type = type_of(entry);
	ret_member->name = name;
	ret_member->target = archive_entry_hardlink(entry);
	return 0;
}

/* libarchive takes what ends behind a whole member for an archive that has ended. */
int unpack_next(struct unpack *unpack, struct unpack_member *ret_member)
{
	struct archive_entry *entry;
	int r = archive_read_next_header(unpack->archive, &entry);

	if (r == ARCHIVE_EOF)
		return UNPACK_END;
	if (r != ARCHIVE_OK)
		return fail_by_library(unpack);
	return take_member(unpack, entry, ret_member);
}

int unpack_read(struct unpack *unpack, struct imastage_bytes *ret_bytes)
{
	const void *data;
	size_t len;
	int64_t offset;
	int r = archive_read_data_block(unpack->archive, &data, &len, &offset);

	if (r == ARCHIVE_EOF) {
		*ret_bytes = bytes_of(NULL, 0);
		return 0;
	}
	if (r != ARCHIVE_OK)
		return fail_by_library(unpack);
	if ((uint64_t)offset != unpack->offset)
		return fail(unpack, -EBADMSG, "a sparse file");
	if (len > unpack->bounds->bytes_left)
		return fail(unpack, -EFBIG, "unpacks to too much");
	unpack->bounds->bytes_left -= len;
	unpack->offset += len;
	if (len == 0)
		return unpack_read(unpack, ret_bytes);
	*ret_bytes = bytes_of(data, len);
	return 0;
}

uint64_t unpack_used(const struct unpack *unpack)
{
	return (uint64_t)archive_filter_bytes(unpack->archive, -1);
}

const char *unpack_reason(const struct unpack *unpack)
{
	const char *reason = unpack->reason;

	if (!reason)
		reason = archive_error_string(unpack->archive);
	return reason ? reason : "damaged";
}
