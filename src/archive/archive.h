/* SPDX-License-Identifier: MIT */
/*
 * The archive: a durable, append-only store of the records of a machine, one
 * list for each hard boot.
 *
 *	DIR/lock			held by the one writer
 *	DIR/index.db			SQLite: what counts, see below
 *	DIR/00000001/			records of a hard boot, by its number
 *	DIR/00000001/<20 digits>.ima	a segment: bytes of the kernel's sha1
 *					binary list, named by the absolute
 *					index of its first record
 *	DIR/00000001/<20 digits>.ima.zst	the same, sealed and compressed
 *
 * docs/format-archive.md describes every byte. What always holds:
 *
 * - The row of a segment in the index is the commit. Bytes behind what a row
 *   says, and files without a row, are not there, whoever reads.
 * - A row is committed only after its bytes are on stable storage, were read
 *   back and compared. A row that is there stays, whatever fails later.
 * - Segments of a boot, one after the other, are byte for byte what the
 *   kernel's list would be had nothing been trimmed, but where a gap says that
 *   records are missing.
 * - Index k means the k-th record since hard boot, for ever.
 *
 * One writer (a lock makes sure), any number of readers, in any process;
 * neither blocks the other. A handle of a writer is for one thread at a time. What is
 * under "reading" may be called by several threads at once on a handle of a
 * reader; a cursor is for one thread at a time.
 *
 * Functions return 0, a negative errno, or a positive answer that they
 * document. What was found to be wrong is said through options.say, with file
 * and byte. After an error of a function that writes, archive_rollback() brings
 * everything back to what is committed; when an error leaves it open what that is,
 * all functions that write return it again until the rollback succeeds.
 */
#ifndef ARCHIVE_ARCHIVE_H
#define ARCHIVE_ARCHIVE_H

#include "base/io.h"
#include "base/say.h"

#include <imastage/imastage.h>

#define ARCHIVE_MARK_RECORDS 256 /* records between two marks */
#define ARCHIVE_SEGMENT_LEN ((uint64_t)16 << 20) /* unless options say other */
#define ARCHIVE_SEGMENT_LEN_MAX ((uint64_t)1 << 30)
#define ARCHIVE_NAME_MAX 64 /* bytes of names, with the NUL */
#define ARCHIVE_REASON_MAX 160 /* of a gap's reason, the same */
#define ARCHIVE_VALUE_MAX 1024 /* of a note's value, the same */

struct archive;

struct archive_options {
	const char *dir;
	const struct io *io; /* NULL: io_system */
	const char *vfs; /* of SQLite; NULL: its default */
	const struct say *say; /* NULL: silence */
	unsigned int banks; /* replayed for a new boot; 0: sha1, sha256 */
	uint64_t segment_len; /* bytes; 0: ARCHIVE_SEGMENT_LEN */
	bool existing; /* a writer makes none */
};

/*
 * Makes DIR (its parent must be there) and what belongs in it, or recovers what
 * is there. -EBUSY: another writer has it. -EBADMSG: it is damaged so that
 * appending could not be right; -ENOTSUP: it is of another version; both have been
 * said. -ENOENT: there is none and @options say that none is made, or no parent. Options are copied, io and say must stay.
 */
int archive_open_writer(const struct archive_options *options,
			struct archive **ret_archive);

/* Never writes to the archive, never blocks a writer. -ENOENT: there is none. */
int archive_open_reader(const struct archive_options *options,
			struct archive **ret_archive);

/* What was put and not committed is gone. NULL is fine. */
void archive_close(struct archive *archive);

/* ---- boots ----------------------------------------------------------------- */

#define ARCHIVE_EK_MAX 68 /* bytes of a TPM's name of a key */

/* One hard boot, and what is kept of it. */
struct archive_boot {
	int64_t id; /* ascending, never used again */
	char name[ARCHIVE_NAME_MAX]; /* of its folder: 8 digits or more */
	/* Of the TPM, as it was seen last. Archives of version 1 have the first
	 * of them only. */
	bool has_reset_count, has_restart_count;
	uint32_t reset_count, restart_count;
	uint8_t ek_len; /* 0: not known */
	uint8_t ek[ARCHIVE_EK_MAX]; /* name of the endorsement key */
	char boot_id[37]; /* of the kernel that was seen last */
	int64_t created; /* seconds since 1970, by this machine's clock */
	uint64_t first; /* oldest record still kept */
	uint64_t end; /* index behind the last record, gaps included */
	uint64_t nr_records; /* that are kept: without those of gaps */
	uint64_t bytes; /* of these, uncompressed */
	uint64_t stored_bytes; /* as they are on disk */
	uint64_t nr_segments;
	uint64_t nr_gaps;
	uint64_t nr_kernels;
};

/* IMASTAGE_END: there is none. */
int archive_last_boot(struct archive *archive, struct archive_boot *ret_boot);

/* By the name of its folder; a number without leading zeros will do. -ENOENT. */
int archive_find_boot(struct archive *archive, const char *name,
		      struct archive_boot *ret_boot);

/* Oldest first. What @each returns ends it when it is not 0. */
int archive_each_boot(struct archive *archive,
		      int (*each)(void *context,
				  const struct archive_boot *boot),
		      void *context);

/*
 * Begins a hard boot; what is put is its record from now on. Of @key only
 * what is of the TPM, and boot_id, are used. What was pending is
 * forgotten with it. Nothing may be put and not committed: -EBUSY. On return it
 * is on stable storage.
 */
int archive_new_boot(struct archive *archive, const struct archive_boot *key,
		     struct archive_boot *ret_boot);

/*
 * The kernel of @boot_id, too, is one of the last boot: noted when it is
 * another than the one seen last. -ESTALE when @id is not the last boot's.
 */
int archive_continue_boot(struct archive *archive, int64_t id,
			  const char *boot_id);

/*
 * The last boot's TPM is seen to be as @key says, from now on. -ESTALE when @id is not
 * the last boot's.
 */
int archive_continue_tpm(struct archive *archive, int64_t id,
			 const struct archive_boot *key);

/* ---- adding: one transaction ----------------------------------------------- */

/*
 * Records that are archived, and may be in the kernel still: they are about to
 * be deleted from its staged list or by a trim, or stay there (copied).
 */
struct archive_pending {
	uint64_t first; /* absolute index */
	uint64_t count;
	enum archive_method {
		ARCHIVE_STAGED = 1,
		ARCHIVE_TRIM,
		ARCHIVE_COPIED
	} method;
};

/*
 * Appends @record to the last boot: not durable, and not visible to readers,
 * before the commit. It must come from a binary list of bank sha1 (-EINVAL).
 * -ENOENT: there is no boot. Memory is constant, however much is put.
 */
int archive_put(struct archive *archive, const struct imastage_record *record);

/*
 * On return what was put (which may be nothing) is on stable storage, was read
 * back and compared, and is in the index, together with what is pending from now
 * on; NULL: as before. -EIO: what was read back is not what was put.
 */
int archive_commit(struct archive *archive,
		   const struct archive_pending *pending);

/* Forgets what was put since the last commit, and errors. */
int archive_rollback(struct archive *archive);

/*
 * What a writer has put aside at its start, for it was not committed, is not needed: the
 * kernel has these records still, or they are of no list. See docs/format-archive.md.
 */
int archive_forget_uncommitted(struct archive *archive);

/* Says which files these are, for records are missing that may be in them. */
void archive_name_uncommitted(struct archive *archive);

/* Nothing is pending any more: the kernel has deleted it. */
int archive_settle(struct archive *archive);

/* IMASTAGE_END: nothing is pending. */
int archive_pending(struct archive *archive,
		    struct archive_pending *ret_pending);

/*
 * At the end of the last boot @count records are missing that nobody can bring
 * back; 0: it is not known how many, and later indices are wrong by that. The
 * replay is not known from here on. Durable on return. -EBUSY: something was
 * put and not committed.
 */
int archive_add_gap(struct archive *archive, uint64_t count,
		    const char *reason);

/*
 * To be asked right before what was committed is given up elsewhere: is what is open
 * still the archive that its path names, as we left it, and is the end of it what the index's
 * last row says? 0, or -EIDRM: it was removed, replaced or changed by somebody; said once, with
 * the file. All that writes returns that, too, until the archive is back or is opened anew.
 */
int archive_check_identity(struct archive *archive);

/* What -EIDRM was returned for last, a sentence; NULL: nothing is wrong. */
const char *archive_lost(const struct archive *archive);

/* Index of the record that is put next. 0 when there is no boot. */
uint64_t archive_end(const struct archive *archive);

/*
 * PCR values after all that was put, for all PCRs. NULL: not known, since there is a gap, or
 * no boot. Valid until the next call that writes.
 */
const struct imastage_replay *archive_replay(const struct archive *archive);

/*
 * Small texts to oneself, durable on return. @value NULL: forget it. @key:
 * less than ARCHIVE_NAME_MAX bytes, @value less than ARCHIVE_VALUE_MAX
 * (-EINVAL).
 */
int archive_note(struct archive *archive, const char *key, const char *value);

/* -ENOENT: there is none. -ENOBUFS: longer than @size bytes with its NUL. */
int archive_get_note(struct archive *archive, const char *key, char *ret_value,
		     size_t size);

/* ---- reading, from any record; many at once -------------------------------- */

/*
 * A record and where it is in the whole list of its boot, had nothing been
 * trimmed: its byte in the sha1 list, binary and ASCII. In the list of another
 * bank it is further on by index times what its digests are longer (binary: bytes,
 * ASCII: two characters for each).
 *
 * A record that is missing (a gap) counts one byte in both, a gap of unknown
 * size one byte in all: so every gap has a place of its own, and offsets behind
 * it are no longer the kernel's.
 *
 * The ASCII line of a record that the kernel could not show (options.bare of
 * imastage/writer.h) is the one without its fields.
 */
struct archive_place {
	uint64_t index, binary, ascii;
};

#define ARCHIVE_CHANGED 1

/*
 * Was something committed, by whomever, since the last call on this handle?
 * 0 or ARCHIVE_CHANGED. All other functions see what is committed whether this
 * is called or not.
 */
int archive_refresh(struct archive *archive);

/* Behind the last record, and behind a gap that follows it. -ENOENT: no such boot. */
int archive_end_place(struct archive *archive, int64_t boot,
		      struct archive_place *ret_place);

enum archive_unit {
	ARCHIVE_INDEX,
	ARCHIVE_BINARY,
	ARCHIVE_ASCII
};

/*
 * The last mark (every 256th record of a segment is one) that is at or before
 * @offset, counted in @unit and in a list whose records are longer by
 * @per_record. O(log n). When @offset lies in a gap, it is a mark before the gap. -ESTALE:
 * what was there is pruned.
 */
int archive_locate(struct archive *archive, int64_t boot,
		   enum archive_unit unit, uint64_t per_record, uint64_t offset,
		   struct archive_place *ret_place);

/*
 * PCR values of all PCRs after some record that is not behind @at, the last at which they are
 * kept: imastage_replay_nr_records() is its index. IMASTAGE_END: there are none, for records
 * are missing before, or what was pruned reaches further. -EBADMSG.
 */
int archive_replay_at(struct archive *archive, int64_t boot, uint64_t at,
		      struct imastage_replay **ret_replay);

struct archive_cursor;

/* Records that are missing. */
struct archive_gap {
	int64_t boot;
	uint64_t first;
	uint64_t count; /* 0: not known */
	int64_t created;
	char reason[ARCHIVE_REASON_MAX];
};

/*
 * A cursor before record @index: fast when it is a mark's, else what is between
 * is read over at the first archive_cursor_next(). -ERANGE: behind the end.
 * -EBADMSG: what the index says of its segment is damaged.
 */
int archive_cursor_open(struct archive *archive, int64_t boot, uint64_t index,
			struct archive_cursor **ret_cursor);

#define ARCHIVE_GAP 2

/*
 * The next record, valid until the next call. IMASTAGE_END: there is none yet,
 * later calls may find one. ARCHIVE_GAP: records are missing here; the next
 * call goes on behind them. -ESTALE: it was pruned. -EBADMSG, -ENODATA,
 * -ENOENT: damaged, cut off, lost; said with file and byte.
 */
int archive_cursor_next(struct archive_cursor *cursor,
			struct imastage_record *ret_record);

/*
 * Copies what comes next as bytes of the sha1 list, in binary, which need not end with a
 * record: 1 to @len bytes, not looked at. 0: not here, archive_cursor_next() goes on; it
 * is the one to begin with, and the one to change segments, and what is compressed is
 * not copied. Between two calls that copied more, nothing else goes on (-EINVAL).
 */
ssize_t archive_cursor_copy(struct archive_cursor *cursor, void *data,
			    size_t len);

/*
 * As imastage_reader_show(), from the next record on. 0: not here, archive_cursor_next()
 * goes on, as above; of what is compressed it is shown, too.
 */
size_t archive_cursor_show(struct archive_cursor *cursor, void *data,
			   size_t len);

/*
 * Before the first record: every segment of which a record is read is read whole, from its
 * start, and compared with its digest at its end: -EBADMSG of archive_cursor_next() for the
 * record behind it, or of archive_cursor_finish(), which reads on to the end of the segment
 * at hand. Then nothing is copied or shown. -ENOMEM.
 */
int archive_cursor_check(struct archive_cursor *cursor);
int archive_cursor_finish(struct archive_cursor *cursor);

/* Index of the record that the next call returns. */
uint64_t archive_cursor_index(const struct archive_cursor *cursor);

/* The gap that archive_cursor_next() returned ARCHIVE_GAP for. */
const struct archive_gap *
archive_cursor_gap(const struct archive_cursor *cursor);

void archive_cursor_close(struct archive_cursor *cursor);

/* ---- what is there --------------------------------------------------------- */

#define ARCHIVE_SHA256_LEN 32

struct archive_segment {
	int64_t boot;
	uint64_t first, count;
	uint64_t bytes; /* uncompressed */
	uint64_t stored_bytes; /* of the file */
	uint64_t ascii; /* bytes of its records in ASCII */
	uint64_t binary_start, ascii_start; /* where it is in the whole list */
	int64_t created, changed; /* seconds since 1970 */
	enum imastage_endian endian;
	bool sealed; /* nothing is appended to it any more */
	bool compressed;
	uint8_t sha256[ARCHIVE_SHA256_LEN]; /* of its bytes, uncompressed */
	uint8_t chain[ARCHIVE_SHA256_LEN];
};

/* Segments and gaps of a boot in order of their records. */
int archive_each_segment(struct archive *archive, int64_t boot,
			 int (*each)(void *context,
				     const struct archive_segment *segment),
			 void *context);
int archive_each_gap(struct archive *archive, int64_t boot,
		     int (*each)(void *context, const struct archive_gap *gap),
		     void *context);

/* ---- holds ----------------------------------------------------------------- */

/*
 * Somebody's promise not to need, and claim to, records: all of @boot from
 * @from on, and all of later boots, are kept for NAME; what is before has been
 * acknowledged.
 */
struct archive_hold {
	char name[ARCHIVE_NAME_MAX];
	int64_t boot;
	uint64_t from;
	int64_t changed;
	uid_t owner; /* the user who made it */
};

/*
 * Makes or moves a hold, durable on return. @boot 0: the last one. -EINVAL: a name that is
 * empty, too long or holds control characters; -ENOENT: no such boot; -ERANGE:
 * behind the end; -EPERM: it is there and neither @by made it nor is @by root.
 */
int archive_hold(struct archive *archive, const char *name, int64_t boot,
		 uint64_t from, uid_t by);

/* -ENOENT: there is no such hold; -EPERM: as above. */
int archive_release(struct archive *archive, const char *name, uid_t by);

int archive_each_hold(struct archive *archive,
		      int (*each)(void *context,
				  const struct archive_hold *hold),
		      void *context);

/* ---- the keeper's own quotes ----------------------------------------------- */

#define ARCHIVE_QUOTES_MAX \
	16 /* of a boot that are kept: the first, and the newest */
#define ARCHIVE_QUOTE_PART_MAX ((size_t)32 << 10)

/* A quote of the TPM, and which records it proves; docs/format-archive.md. */
struct archive_quote {
	int64_t boot;
	uint8_t chain[ARCHIVE_SHA256_LEN]; /* that its qualifying data is made of */
	uint64_t chained; /* index behind the last record that this is over */
	uint64_t end; /* index behind the last record that the quote proves */
	int64_t created; /* seconds since 1970 */
	struct imastage_bytes msg, sig, pcrs, ak; /* as in an evidence file */
};

/* The chain behind the last segment of @boot. -ENOENT: there is no such boot. */
int archive_chain(struct archive *archive, int64_t boot,
		  uint8_t ret_chain[ARCHIVE_SHA256_LEN], uint64_t *ret_chained);

/*
 * Keeps it, durable on return; of the boot's other quotes those between the first and the newest
 * may go. -ESTALE: it is not of the last boot; -ERANGE: not all that it proves is archived;
 * -EINVAL: a part is empty or too long; -EBUSY: something was put and not committed.
 */
int archive_add_quote(struct archive *archive,
		      const struct archive_quote *quote);

/* Oldest first. What @each returns ends it when it is not 0. */
int archive_each_quote(struct archive *archive, int64_t boot,
		       int (*each)(void *context,
				   const struct archive_quote *quote),
		       void *context);

/* ---- upkeep ---------------------------------------------------------------- */

/*
 * What may go, oldest segments first: what any of the limits says, up to the
 * first that none does. Never a record that a hold keeps, and never the last segment of the
 * last boot. What nobody has acknowledged, for there are no holds,
 * only with @force. Each segment is a step of its own: after an error, what went is gone.
 */
struct archive_prune_options {
	uint64_t max_bytes; /* on disk, of all boots; 0: no limit */
	uint64_t max_age; /* seconds since a segment's last record; 0: no limit */
	unsigned int keep_boots; /* the last ones; 0: no limit */
	int64_t now; /* seconds since 1970; 0: the clock's */
	bool force;
	bool dry_run; /* only says what it would do */
};

struct archive_prune_result {
	uint64_t nr_segments, nr_records, nr_boots;
	uint64_t bytes; /* on disk */
	bool held; /* a hold stopped it; its name: */
	char hold[ARCHIVE_NAME_MAX];
	bool unacknowledged; /* would need @force */
};

/* A reader's archive will do for @dry_run. */
int archive_prune(struct archive *archive,
		  const struct archive_prune_options *options,
		  struct archive_prune_result *ret_result);

/*
 * Compresses at most @max sealed segments. Each is read back and compared
 * before the raw one is removed. *ret_done (may be NULL): how many were.
 */
int archive_compress(struct archive *archive, unsigned int max,
		     unsigned int *ret_done);

struct archive_finding {
	const char *boot; /* name; NULL: the index itself */
	const char *file; /* path */
	uint64_t index; /* of the record, or of the segment's first */
	uint64_t offset; /* byte in the segment, uncompressed */
	const char *text; /* a sentence without full stop */
};

struct archive_verify_options {
	int64_t boot; /* 0: all */
	/* Of a boot, only the bytes of segments that have records from @from to before @end;
	 * 0: all. Then neither the index by itself nor PCR values are looked at. */
	uint64_t from, end;
	/* Return something else than 0 to stop; that is returned. May be NULL. */
	int (*progress)(void *context, uint64_t done, uint64_t total);
	/* Called for each finding. */
	int (*report)(void *context, const struct archive_finding *finding);
	void *context;
};

#define ARCHIVE_DAMAGED 1

/*
 * Reads every byte: digests, chain, framing, counts, marks, replay, and the
 * index itself. 0: all is as it was put. ARCHIVE_DAMAGED: something was
 * reported. A negative errno: could not be done. Works while a writer appends,
 * compresses and prunes.
 */
int archive_verify(struct archive *archive,
		   const struct archive_verify_options *options);

#endif
