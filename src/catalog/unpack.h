/* SPDX-License-Identifier: MIT */
/*
 * Archives and compressed bytes, unpacked in memory by libarchive as they come. The only place
 * that knows libarchive.
 *
 * Formats and compressions are those asked for and no others, so that nothing hostile reaches a
 * parser that is not needed. Memory: what the compression wants, which libarchive bounds (1 GiB of
 * a dictionary for xz, 128 MiB for zstd; touched only as far as bytes come out), and a
 * block. How much comes out is bounded by struct unpack_bounds, shared by all that belongs
 * together.
 */
#ifndef CATALOG_UNPACK_H
#define CATALOG_UNPACK_H

#include <imastage/bytes.h>

enum unpack_filter {
	UNPACK_PLAIN,
	UNPACK_GZIP,
	UNPACK_BZIP2,
	UNPACK_XZ,
	UNPACK_LZMA,
	UNPACK_ZSTD,
	UNPACK_LZ4,
	UNPACK_NR_FILTERS
};

struct unpack_bounds {
	uint64_t bytes_left; /* that may come out */
	uint64_t members_left;
	uint64_t names_left; /* bytes of names */
};

/* Of something that is @len bytes long: 1 GiB, and 256 times of it. A million names. */
struct unpack_bounds unpack_bounds_of(uint64_t len);

enum unpack_type {
	UNPACK_FILE,
	UNPACK_HARD_LINK,
	UNPACK_SYMLINK,
	UNPACK_FOLDER,
	UNPACK_OTHER /* a device, a pipe, a socket */
};

struct unpack_member {
	enum unpack_type type;
	const char *name; /* as it stands there */
	const char *target; /* of a hard link */
};

struct unpack;

/* @source must outlive it. -ENOTSUP: libarchive lacks the compression; -ENOMEM. */
int unpack_new_tar(struct imastage_source source, enum unpack_filter filter,
		   struct unpack_bounds *bounds, struct unpack **ret_unpack);
/* No archive: one stream of bytes. UNPACK_NR_FILTERS: any of them, as its first bytes tell. */
int unpack_new_bytes(struct imastage_source source, enum unpack_filter filter,
		     struct unpack_bounds *bounds, struct unpack **ret_unpack);
void unpack_free(struct unpack *unpack);

#define UNPACK_END 1

/*
 * -EBADMSG: what is there is none, is damaged or cut off; -EFBIG: a bound; or the error of the
 * source. The views are valid until the next call.
 */
int unpack_next(struct unpack *unpack, struct unpack_member *ret_member);

/* The next bytes of the member, none at its end. Errors as above. */
int unpack_read(struct unpack *unpack, struct imastage_bytes *ret_bytes);

/* How many bytes of the source were used. */
uint64_t unpack_used(const struct unpack *unpack);

/* What went wrong, a sentence without full stop, of our words or libarchive's. */
const char *unpack_reason(const struct unpack *unpack);

#endif
