/* SPDX-License-Identifier: MIT */
/*
 * The measurement list of a running kernel, where it is: what this kernel can do,
 * its counts, its records as bytes, and the commands that stage and delete them.
 *
 *	struct source *source;
 *	int r = source_open(&options, &source);
 *
 *	if (r == 0)
 *		r = source_begin(source, SOURCE_WRITE);	(nobody else has it now)
 *	if (r == 0)
 *		r = source_stage(source, UINT64_MAX);
 *	imastage_reader_new(source_bytes(source, true, 0), ...);
 *	... save every record, durably ...
 *	source_delete(source);
 *	source_end(source);
 *
 * Four kinds of kernels
 *			unpatched	Linux 7.2	the same, with	imastage
 *					and 7.3		staging
 *	list files	0440		0660		0660		0660
 *	*_staged	none		none		0660		0660
 *	staged and	none		none		none		0440
 *	deleted counts
 * A kind is told by these files alone, and nothing is opened for it. Whether a
 * kernel does what its files promise is tried, at the first session that writes, by
 * commands that no kernel carries out:
 *	written to	text				if it is a command here	else
 *	staged list	18446744073709551616 (2^64)	ERANGE			EINVAL
 *	current list	18446744073709551615 (2^64-1)	ENOENT, EEXIST		EINVAL
 *	current list	999999999999999999:1		EAGAIN, EEXIST		EINVAL
 * The first is too large for any kernel that parses a number there; the second
 * is more records than any list has; the third is valid only after 10^18 - 1
 * deletions. Under ima_flush_htable, nothing can be trimmed: EINVAL. What files do
 * not promise is not tried.
 *
 * Who may have the files open at once. In kernels with staging: many readers, or
 * one thread that writes, of all list files together. Who comes second gets EBUSY,
 * which is waited out here with growing pauses; if it lasts, the holders are looked
 * for and named. On an unpatched kernel reading blocks nobody.
 *
 * Threads. All of this may be called by any thread; one session at a time, others
 * wait for it. The kernel, though, ties the right to write to the thread that
 * opened the files: it alone may open more of them. What is here needs no more than
 * the two it opens together, and can be used by all threads and beyond the end of
 * the one that opened them, for the lock belongs to the open files.
 *
 * Linux 7.2 and 7.3 are another matter, with staging or without.
 * - If a task has two files open for writing and another one closes the first of
 *   them to go, as when a process with threads is killed, nobody can write until
 *   the next boot. So there a session has one file open for writing at any time.
 *   Whoever asks for the other list has them exchanged; for a moment others can
 *   come in, and when the current list is shorter afterwards, -EAGAIN says that
 *   somebody did. End a session on the thread that began it, and close an exclusive
 *   source on the one that first wrote.
 * - After a command a descriptor shows what it had in its buffer before. So after
 *   each command one byte is read at the list's beginning, which empties it, and
 *   tells whether what was staged is there and what was deleted is gone: -EUCLEAN.
 * - N deletes while something is staged, newer records before older ones. Look first.
 *
 * Descriptors are closed on exec, and lost with the process: what was staged then
 * stays staged, nothing is deleted.
 */
#ifndef SOURCE_SOURCE_H
#define SOURCE_SOURCE_H

#include "base/say.h"

#include <imastage/bytes.h>
#include <sys/types.h>

#define SOURCE_DIR "/sys/kernel/security/ima"
#define SOURCE_ALL UINT64_MAX /* records: as many as there are */

enum source_kind {
	SOURCE_UNPATCHED, /* can only be read */
	SOURCE_TRIM_ONLY, /* N: Linux 7.2 without CONFIG_IMA_STAGING */
	SOURCE_LINUX_7_2, /* A, D, N */
	SOURCE_IMASTAGE, /* and counts, N on the staged list, T:N, snapshots */
};

struct source_options {
	const char *dir; /* NULL: SOURCE_DIR */
	const char *proc; /* where holders are looked for; NULL: /proc */
	bool exclusive; /* from the first writing session on, keep it for good */
	unsigned int
		wait_ms; /* for how long EBUSY is waited out; 0: not at all */
	const struct say *say; /* borrowed; NULL: silence */
	bool (*stop)(void *context); /* true: give up waiting; NULL: never */
	void *context;
};

struct source_abilities {
	enum source_kind kind;
	unsigned int banks; /* with files, those that libimastage knows */
	bool stage; /* A, and D */
	bool stage_n; /* N on the staged list */
	bool trim; /* N on the current list */
	bool guarded_trim; /* T:N */
	bool deleted_count; /* and staged count */
	bool snapshot;
	bool tried; /* by commands; until then, what the files promise */
};

/* Others can stage and delete, and no count tells; see "Linux 7.2" above. */
static inline bool source_is_linux_7_2(const struct source_abilities *abilities)
{
	return abilities->kind == SOURCE_LINUX_7_2 ||
	       abilities->kind == SOURCE_TRIM_ONLY;
}

struct source_counts {
	uint64_t current; /* records */
	uint64_t staged; /* 0 unless has_staged */
	uint64_t deleted; /* since hard boot; 0 unless has_deleted */
	bool has_staged;
	bool has_deleted;
};

/* Texts are printable ASCII: what a process calls itself cannot do any harm. */
struct source_holder {
	pid_t pid;
	char comm[17]; /* its name */
	char command[256]; /* its command line, as much as fits */
	char path[128]; /* the file, as that process sees it; "..." before the end
			 * of one that is longer */
	bool writes;
	bool view; /* our own: `imastage mount`, or one in the keeper's process */
};

struct source;

/*
 * -ENOENT: no such files; -EXDEV: a view of ours is mounted over them, and we cannot
 * look below it; -EACCES: they cannot be looked at. What to do is said. No list is
 * opened yet.
 */
int source_open(const struct source_options *options,
		struct source **ret_source);
void source_close(struct source *source);

/* Valid until the source is closed; the first writing session may change them. */
const struct source_abilities *source_abilities(const struct source *source);
const char *source_kind_name(enum source_kind kind);

/*
 * One kernel, one keeper: who deletes has it to itself, until the source is closed or the
 * process ends; those who only copy share it. Others can read all the same. Nothing here asks
 * for it: it is for who takes records away that another archive would lack. -EBUSY: another
 * process, or another source of this one, has claimed this kernel, by whatever path.
 */
int source_claim(struct source *source, bool shared);

/*
 * The path of one of the kernel's files, for this process. Other than the path in
 * options.dir it does not lead to what somebody mounted over the file, such as a
 * view (view/bind.h), if we have CAP_SYS_ADMIN. -ENAMETOOLONG.
 */
int source_path(const struct source *source, const char *name, char *ret_path,
		size_t room);

/*
 * Without opening a list, and so without blocking anyone. The three belong
 * together: read again while staged or deleted change; -EAGAIN if they never rest.
 * Inside a session they stand still, but for current, which grows. -EACCES for
 * others than root.
 */
int source_counts(struct source *source, struct source_counts *ret_counts);

/*
 * Who has list files open at this moment, other than this process: at most @max
 * in @ret_holders. Returns how many those are. Found by device and inode in
 * /proc/PID/fd, whatever path, mount namespace or chroot they were opened by, and
 * however the descriptor was come by. Not to be seen: processes of others unless
 * this one is root's, of PID namespaces that are not below ours, descriptors that
 * are on their way in a socket, files registered with io_uring.
 */
size_t source_holders(struct source *source, struct source_holder *ret_holders,
		      size_t max);

/*
 * Those who were in the way when source_begin() last returned -EBUSY. Another thread of
 * this process is one, too: a view.
 */
size_t source_blockers(struct source *source, struct source_holder *ret_holders,
		       size_t max);

enum source_access {
	SOURCE_READ, /* others may read, nobody can write */
	SOURCE_WRITE, /* nobody else has anything open */
};

/*
 * Begins a session: until source_end() the lists change by this process alone,
 * other than by growing. (Unpatched: they never change otherwise.)
 * -EBUSY	after wait_ms, see source_blockers(). Also when another thread had
 *		the session for so long
 * -EINTR	@stop said so
 * -EPERM	writing takes CAP_SYS_ADMIN; -EACCES: reading takes root
 * -EOPNOTSUPP	SOURCE_WRITE on an unpatched kernel
 */
int source_begin(struct source *source, enum source_access access);
void source_end(struct source *source);

/*
 * The rest is for use inside a session. All of it can also fail with what
 * source_begin() and the exchange of files on Linux 7.2 fail with.
 *
 * The bytes of a list from @offset on, as binary_runtime_measurements has them
 * (sha1 digests, host byte order unless ima_canonical_fmt). Valid until the session
 * ends or the same list is asked for again. At the end it returns 0, and later what
 * has been added meanwhile. Reading on is cheap; to begin at an offset other than
 * where the last read ended makes the kernel walk the list once.
 * A list that shrank below @offset reads as empty. -ENOTSUP: no staged list here;
 * -EIO: the kernel of this descriptor is gone (emulator), begin a new session.
 */
struct imastage_source source_bytes(struct source *source, bool staged,
				    uint64_t offset);

/*
 * Sets the first @nr records aside, or all there are if fewer, with SOURCE_ALL on
 * any kernel. -EEXIST: something is staged, -ENOENT: no records, -EACCES: suspended
 * for reboot or kexec, -EOPNOTSUPP: not by this kernel.
 */
int source_stage(struct source *source, uint64_t nr);

/* Deletes what is staged. -ENOENT: nothing, -ESTALE: kexec won, they come back. */
int source_delete(struct source *source);

/*
 * Deletes the first @nr records of the current list; if @expected_deleted is not
 * NULL, only when exactly so many were deleted before (-EAGAIN otherwise).
 * -ENOENT: there are not so many, -EEXIST: something is staged, -ESTALE: kexec won,
 * -EOPNOTSUPP: not by this kernel.
 */
int source_trim(struct source *source, const uint64_t *expected_deleted,
		uint64_t nr);

/* Has the values of all PCRs recorded. -EOPNOTSUPP. Needs no session. */
int source_snapshot(struct source *source);

#endif
