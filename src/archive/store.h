/* SPDX-License-Identifier: MIT */
/*
 * The archive from the inside.
 */
#ifndef ARCHIVE_STORE_H
#define ARCHIVE_STORE_H

#include "archive/counter.h"
#include "archive/identity.h"
#include "archive/index.h"
#include "archive/marks.h"
#include "archive/segment.h"
#include "log/hash.h"

/*
 * The end of the last boot: the segment that grows, if there is one, and what
 * the next one begins with.
 *
 *	   0          safe          flushed        row.is.bytes
 *	   |-----------|---------------|-----------------|
 *	   read back    in the file      in the buffer
 *
 * In the index is what was safe at the last commit.
 */
struct tail {
	int64_t boot; /* 0: there is none */
	struct archive_place place; /* of the record that is put next */
	unsigned int banks; /* replayed */
	struct imastage_replay *replay; /* owned; NULL: not known */
	uint8_t chain[ARCHIVE_SHA256_LEN]; /* of what is before the segment */

	int fd; /* -1: no segment grows */
	struct row row; /* as it will be committed */
	bool is_new; /* the folder does not know its name for sure */
	uint64_t safe, flushed; /* bytes */
	struct hash safe_hash, flushed_hash; /* SHA-256 of these bytes */
	uint8_t *buffer; /* owned, TAIL_BUFFER_LEN bytes */
	size_t buffered;
};

#define TAIL_BUFFER_LEN ((size_t)256 << 10)

struct archive {
	struct archive_options options; /* with dir owned, no NULL in io */
	char *dir; /* owned */
	struct index index;
	bool writes;

	/* Of the writer only. */
	int lock; /* descriptor of the lock file, -1: none */
	struct tail tail;
	struct identity identity;
	int failed; /* an error after which only a rollback is possible */
	bool doubtful; /* a commit failed: it is open what is committed */
	bool starts; /* what is not committed was another writer's */
};

/* Behind a gap that begins at @place. */
static inline struct archive_place
place_behind_gap(const struct archive_place *place,
		 const struct archive_gap *gap)
{
	uint64_t width = gap->count ? gap->count : 1;
	struct archive_place behind = {
		place->index + gap->count,
		place->binary + width,
		place->ascii + width,
	};

	return behind;
}

/* Behind a segment. */
static inline struct archive_place
place_behind(const struct archive_segment *is)
{
	struct archive_place behind = {
		is->first + is->count,
		is->binary_start + is->bytes,
		is->ascii_start + is->ascii,
	};

	return behind;
}

/* Seconds since 1970. */
int64_t store_now(void);

/* 0 when the archive may be written to, or why not. */
int store_ready(const struct archive *archive);

/* 0 when, besides, nothing is put and not committed; else -EBUSY. */
int store_idle(const struct archive *archive);

/*
 * Ends a transaction in which @r happened: commits when it is 0. An error is
 * returned; when it is the commit's, everything needs a rollback.
 */
int archive_finish(struct archive *archive, int r);

/*
 * The file or folder is the owner's alone, whatever the umask was or somebody has made of it.
 * What cannot be mended is said, and no error. @mode: 0700 or 0600; @is_new: nothing is said
 * of what was mended.
 */
int store_mend(struct archive *archive, const char *path, mode_t mode,
	       bool is_new);

/* ---- recover.c ------------------------------------------------------------- */

/*
 * Removes what no row speaks of, cuts off what is behind the last, and
 * finishes what was begun. -EBADMSG: what is there cannot be appended to.
 */
int recover(struct archive *archive);

/* ---- uncommitted.c --------------------------------------------------------- */

/* Is this how such files are called? */
bool uncommitted_is(enum segment_kind kind);

/* Puts aside the segment file of that kind that begins with record @first. */
int uncommitted_keep_file(struct archive *archive, int64_t boot,
			  enum segment_kind kind, uint64_t first);

/* Puts aside @len bytes of the tail's segment, from @offset on; or says why not. */
void uncommitted_keep_tail(struct archive *archive, const char *path, int fd,
			   uint64_t offset, uint64_t len);

/* Removes what was put aside of a boot. */
int uncommitted_forget(struct archive *archive, int64_t boot);

/* ---- tail.c ---------------------------------------------------------------- */

/* Makes an empty one. -ENOMEM. */
int tail_init(struct tail *tail);
void tail_fini(struct archive *archive);

/* Drops what it has, and takes what is committed. */
int tail_load(struct archive *archive);

/* Appends a record in its binary form. */
int tail_put(struct archive *archive, const struct imastage_record *record);

/* Is something put that is not committed? */
bool tail_is_dirty(const struct archive *archive);

/* Brings all that was put to stable storage and its row into the transaction. */
int tail_save(struct archive *archive);

/* Saves, and ends the segment that grows, so that the next record begins one. */
int tail_seal(struct archive *archive);

/* chain, after a segment with @is's first, count, bytes and sha256 */
int archive_chain_add(uint8_t chain[ARCHIVE_SHA256_LEN],
		      const struct archive_segment *is);

/*
 * The replay after what @row or, without one, @base says. NULL in *ret_replay
 * when it is not known.
 */
int replay_load(struct archive *archive, const struct row *row,
		const struct index_base *base,
		struct imastage_replay **ret_replay);

#endif
