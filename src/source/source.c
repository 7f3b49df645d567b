// SPDX-License-Identifier: MIT
/*
 * A source and its sessions. See source.h.
 *
 * What must hold: descriptors belong to the one who has the session; between
 * sessions only those stay open that block nobody (unpatched kernel) or are to
 * block everybody (exclusive). On Linux 7.2, at most one can write.
 */
#include "source/private.h"

#include "base/util.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <sys/vfs.h>
#include <time.h>

#define SECURITYFS "/sys/kernel/security"
#define PAUSE_MIN_MS 1
#define PAUSE_MAX_MS 250
#define SAY_AFTER_MS 1000 /* of waiting: whom for */

static const char *const list_names[SOURCE_NR_LISTS] = {
	[SOURCE_CURRENT] = "binary_runtime_measurements",
	[SOURCE_STAGED] = "binary_runtime_measurements_staged",
};

/* ---- a source ------------------------------------------------------------ */

const char *source_kind_name(enum source_kind kind)
{
	static const char *const names[] = {
		[SOURCE_UNPATCHED] = "unpatched",
		[SOURCE_TRIM_ONLY] = "Linux 7.2 without staging",
		[SOURCE_LINUX_7_2] = "Linux 7.2",
		[SOURCE_IMASTAGE] = "imastage",
	};

	return names[kind];
}

static int copy_options(struct source *source,
			const struct source_options *options)
{
	source->options = *options;
	source->options.dir = strdup(options->dir ? options->dir : SOURCE_DIR);
	source->options.proc = strdup(options->proc ? options->proc : "/proc");
	return source->options.dir && source->options.proc ? 0 : -ENOMEM;
}

/*
 * The kernel's own files, even where a view is mounted over them: through a mount
 * of ours, or by their path if we may not have one.
 */
static int find_dir(struct source *source)
{
	char *path = NULL;

	source->mount = source_own_mount(source->options.dir);
	if (source->mount >= 0 &&
	    asprintf(&path, "/proc/self/fd/%d", source->mount) < 0)
		return -ENOMEM;
	if (path && access(path, X_OK) == 0) {
		source->dir = path;
		return 0;
	}
	free(path);
	source->dir = strdup(source->options.dir);
	return source->dir ? 0 : -ENOMEM;
}

static void init_session(struct source *source)
{
	pthread_condattr_t attr;

	pthread_mutex_init(&source->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&source->changed, &attr);
	pthread_condattr_destroy(&attr);
	for (int list = 0; list < SOURCE_NR_LISTS; list++) {
		source->fds[list] = -1;
		source->streams[list].source = source;
		source->streams[list].list = list;
	}
}

static void close_lists(struct source *source)
{
	for (int list = 0; list < SOURCE_NR_LISTS; list++) {
		if (source->fds[list] >= 0)
			close(source->fds[list]);
		source->fds[list] = -1;
	}
	source->lost = false;
}

static void free_options(struct source_options *options)
{
	free((char *)(uintptr_t)options->dir);
	free((char *)(uintptr_t)options->proc);
}

/*
 * Over the whole directory, even a mount of ours begins with the view; over single files
 * it is only where we may not have one. A keeper would archive its own archive.
 */
static bool is_covered(const struct source *source)
{
	char path[PATH_MAX];

	if (source_is_view(source->options.dir))
		return true;
	return source_path(source, list_names[SOURCE_CURRENT], path,
			   sizeof(path)) == 0 &&
	       source_is_view(path);
}

static void explain_missing(const struct source *source)
{
	const char *dir = source->options.dir;
	struct statfs fs;

	if (statfs(SECURITYFS, &fs) == 0 && fs.f_type == SECURITYFS_MAGIC)
		say(source->options.say, SAY_ERROR,
		    "no measurement list in %s: this kernel has no IMA; boot one with CONFIG_IMA=y, as Debian's are (securityfs is mounted)",
		    dir);
	else
		say(source->options.say, SAY_ERROR,
		    "no measurement list in %s: securityfs is not mounted; mount -t securityfs securityfs " SECURITYFS
		    ", and if it is not there then, boot a kernel with CONFIG_IMA=y",
		    dir);
}

static void explain_open(const struct source *source, int err)
{
	const char *dir = source->options.dir;

	if (err == -ENOENT)
		explain_missing(source);
	else if (err == -EXDEV)
		say(source->options.say, SAY_ERROR,
		    "%s: our own view (imastage mount) is in the way of the kernel's files; unmount it (umount %s), or look as root with CAP_SYS_ADMIN, which sees below what --bind mounts",
		    dir, dir);
	else
		say(source->options.say, SAY_ERROR, "%s: %s", dir,
		    strerror(-err));
}

int source_open(const struct source_options *options,
		struct source **ret_source)
{
	struct source *source = calloc(1, sizeof(*source));
	int r;

	if (!source)
		return -ENOMEM;
	init_session(source);
	source->mount = -1;
	source->claim = -1;
	r = copy_options(source, options);
	if (r == 0)
		r = find_dir(source);
	if (r == 0) {
		r = is_covered(source) ?
			    -EXDEV :
			    source_probe(source->dir, &source->abilities);
		if (r < 0)
			explain_open(source, r);
	}
	if (r < 0) {
		source_close(source);
		return r;
	}
	*ret_source = source;
	return 0;
}

void source_close(struct source *source)
{
	if (!source)
		return;
	close_lists(source);
	source_unclaim(source);
	pthread_cond_destroy(&source->changed);
	pthread_mutex_destroy(&source->lock);
	free_options(&source->options);
	free(source->dir);
	if (source->mount >= 0)
		close(source->mount);
	free(source);
}

const struct source_abilities *source_abilities(const struct source *source)
{
	return &source->abilities;
}

/* ---- waiting ------------------------------------------------------------- */

/* How long something has been waited for, and how long it may be. */
struct wait {
	struct source *source;
	uint64_t began_ms;
	unsigned int pause_ms;
	bool said;
};

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static bool is_stopped(const struct source *source)
{
	return source->options.stop &&
	       source->options.stop(source->options.context);
}

/* The pause that comes next, in ms. 0: there is no time left for one. */
static unsigned int next_pause(struct wait *wait)
{
	uint64_t waited = now_ms() - wait->began_ms, left;
	unsigned int pause = wait->pause_ms;

	if (waited >= wait->source->options.wait_ms)
		return 0;
	left = wait->source->options.wait_ms - waited;
	wait->pause_ms = pause * 2 < PAUSE_MAX_MS ? pause * 2 : PAUSE_MAX_MS;
	return left < pause ? (unsigned int)left : pause;
}

static void say_blocker(const struct source *source, enum say_level level,
			const char *what, const struct source_holder *holder)
{
	say(source->options.say, level, "%s: %s is %s by process %d (%s): %s",
	    what, holder->path,
	    holder->writes ? "open for writing" : "being read",
	    (int)holder->pid, holder->comm, holder->command);
}

static void say_blockers(struct source *source, enum say_level level,
			 const char *what)
{
	struct source_holder holders[SOURCE_BLOCKERS_MAX];
	size_t nr = source_blockers(source, holders, SOURCE_BLOCKERS_MAX);

	if (nr == 0)
		say(source->options.say, level,
		    "%s: the measurement list is held by a process that cannot be seen from here",
		    what);
	for (size_t i = 0; i < nr; i++)
		say_blocker(source, level, what, &holders[i]);
}

static void find_blockers(struct source *source)
{
	struct source_holder found[SOURCE_BLOCKERS_MAX];
	size_t nr = source_holders(source, found, SOURCE_BLOCKERS_MAX);

	pthread_mutex_lock(&source->lock);
	memcpy(source->blockers, found, nr * sizeof(found[0]));
	source->nr_blockers = nr;
	pthread_mutex_unlock(&source->lock);
}

static void say_if_long(struct wait *wait)
{
	if (wait->said || now_ms() - wait->began_ms < SAY_AFTER_MS)
		return;
	wait->said = true;
	find_blockers(wait->source);
	say_blockers(wait->source, SAY_NOTICE, "waiting");
}

/* Returns 0 when it is time to try again. */
static int wait_for_others(struct wait *wait)
{
	unsigned int ms = next_pause(wait);
	struct timespec pause = { .tv_nsec = (long)ms * 1000000 };

	if (is_stopped(wait->source))
		return -EINTR;
	say_if_long(wait);
	if (ms == 0)
		return -EBUSY;
	nanosleep(&pause, NULL);
	return is_stopped(wait->source) ? -EINTR : 0;
}

static struct timespec deadline_in(unsigned int ms)
{
	struct timespec at;

	clock_gettime(CLOCK_MONOTONIC, &at);
	at.tv_sec += ms / 1000;
	at.tv_nsec += (long)(ms % 1000) * 1000000;
	if (at.tv_nsec >= 1000000000) {
		at.tv_sec++;
		at.tv_nsec -= 1000000000;
	}
	return at;
}

/* Whoever else has a thread here that reads the list is a view. */
static void block_by_ourselves(struct source *source)
{
	struct source_holder *self = &source->blockers[0];

	*self = (struct source_holder){ .pid = getpid(), .view = true };
	snprintf(self->comm, sizeof(self->comm), "%s",
		 program_invocation_short_name);
	snprintf(self->command, sizeof(self->command), "%s",
		 program_invocation_short_name);
	snprintf(self->path, sizeof(self->path), "%s", source->options.dir);
	source->nr_blockers = 1;
}

/* The session, from whichever thread of ours has it. */
static int take_session(struct source *source)
{
	struct wait wait = { source, now_ms(), PAUSE_MAX_MS, false };
	int r = 0;

	pthread_mutex_lock(&source->lock);
	while (r == 0 && source->busy) {
		unsigned int ms = next_pause(&wait);
		struct timespec until = deadline_in(ms);

		if (is_stopped(source))
			r = -EINTR;
		else if (ms == 0)
			r = -EBUSY;
		else
			pthread_cond_timedwait(&source->changed, &source->lock,
					       &until);
	}
	if (r == 0)
		source->busy = true;
	if (r == -EBUSY)
		block_by_ourselves(source);
	pthread_mutex_unlock(&source->lock);
	if (r == -EBUSY)
		say(source->options.say, SAY_WARNING,
		    "busy: another thread of this process has the measurement list");
	return r;
}

static void give_session(struct source *source)
{
	pthread_mutex_lock(&source->lock);
	source->busy = false;
	pthread_cond_signal(&source->changed);
	pthread_mutex_unlock(&source->lock);
}

/* ---- opening the lists --------------------------------------------------- */

static int open_list(struct source *source, enum source_list list, int flags)
{
	char path[PATH_MAX];
	int fd, r = source_path(source, list_names[list], path, sizeof(path));

	if (r < 0)
		return r;
	do
		fd = open(path, flags | O_CLOEXEC | O_NOCTTY);
	while (fd < 0 && errno == EINTR && !is_stopped(source));
	if (fd < 0)
		return -errno;
	source->fds[list] = fd;
	return 0;
}

static bool has_list(const struct source *source, enum source_list list)
{
	return list == SOURCE_CURRENT || source->abilities.stage;
}

/* Whatever is to be read or written first; staging is what is done most. */
static enum source_list first_list(const struct source *source)
{
	return has_list(source, SOURCE_STAGED) ? SOURCE_STAGED : SOURCE_CURRENT;
}

/*
 * Both, and by one thread: the first keeps everybody else from the second. Or @one
 * alone, see source.h for why.
 */
static int open_lists(struct source *source, enum source_access access,
		      enum source_list one)
{
	bool alone = access == SOURCE_WRITE &&
		     source_is_linux_7_2(&source->abilities);
	int flags = access == SOURCE_WRITE ? O_RDWR : O_RDONLY, r = 0;

	for (int list = 0; r == 0 && list < SOURCE_NR_LISTS; list++)
		if (alone ? list == (int)one : has_list(source, list))
			r = open_list(source, list, flags);
	if (r < 0)
		close_lists(source);
	else
		source->access = access;
	return r;
}

static int open_patiently(struct source *source, enum source_access access,
			  enum source_list one)
{
	struct wait wait = { source, now_ms(), PAUSE_MIN_MS, false };
	int r;

	do {
		r = open_lists(source, access, one);
		if (r != -EBUSY)
			return r;
		r = wait_for_others(&wait);
	} while (r == 0);

	if (r == -EBUSY) {
		find_blockers(source);
		say_blockers(source, SAY_WARNING, "busy");
	}
	return r;
}

/* What is open already will do, unless it is to be written and cannot be. */
static bool are_open_for(const struct source *source, enum source_access access)
{
	bool open = source->fds[SOURCE_CURRENT] >= 0 ||
		    source->fds[SOURCE_STAGED] >= 0;

	return open &&
	       (access == SOURCE_READ || source->access == SOURCE_WRITE);
}

static int nr_current(const struct source *source, uint64_t *ret_nr)
{
	return source_read_number(source, "runtime_measurements_count", ret_nr);
}

/*
 * Somebody else can have come in between; staging and deleting make the current
 * list shorter, and nothing else does.
 */
static int exchange(struct source *source, enum source_list list)
{
	uint64_t before = 0, after = 0;
	int r = nr_current(source, &before);

	if (r < 0)
		return r;
	close_lists(source);
	r = open_patiently(source, SOURCE_WRITE, list);
	if (r == 0)
		r = nr_current(source, &after);
	return r == 0 && after < before ? -EAGAIN : r;
}

int source_fd(struct source *source, enum source_list list)
{
	int r = 0;

	if (!has_list(source, list))
		return -EOPNOTSUPP;
	if (source->lost)
		return -EIO;
	if (source->fds[list] < 0)
		r = exchange(source, list);
	return r < 0 ? r : source->fds[list];
}

static bool is_kept(const struct source *source)
{
	if (source->lost)
		return false;
	return source->abilities.kind == SOURCE_UNPATCHED ||
	       (source->options.exclusive && source->access == SOURCE_WRITE);
}

int source_begin(struct source *source, enum source_access access)
{
	int r;

	if (access == SOURCE_WRITE &&
	    source->abilities.kind == SOURCE_UNPATCHED)
		return -EOPNOTSUPP;
	r = take_session(source);
	if (r < 0)
		return r;
	if (!are_open_for(source, access))
		r = open_patiently(source, access, first_list(source));
	if (r == 0 && access == SOURCE_WRITE && !source->abilities.tried)
		r = source_try(source);
	if (r < 0) {
		close_lists(source);
		give_session(source);
	}
	return r;
}

void source_end(struct source *source)
{
	if (!is_kept(source))
		close_lists(source);
	give_session(source);
}

size_t source_blockers(struct source *source, struct source_holder *ret_holders,
		       size_t max)
{
	size_t nr;

	pthread_mutex_lock(&source->lock);
	nr = source->nr_blockers < max ? source->nr_blockers : max;
	memcpy(ret_holders, source->blockers, nr * sizeof(*ret_holders));
	pthread_mutex_unlock(&source->lock);
	return nr;
}

/* ---- reading ------------------------------------------------------------- */

/*
 * By offset, so that nothing depends on where a descriptor stands. In the kernel
 * this is as quick as read() when it goes on where the last one ended.
 */
static ssize_t read_stream(void *context, void *data, size_t len)
{
	struct source_stream *stream = context;
	struct source *source = stream->source;
	int fd = source_fd(source, stream->list);
	ssize_t n;

	if (fd < 0)
		return fd;
	do
		n = pread(fd, data, len, (off_t)stream->offset);
	while (n < 0 && errno == EINTR && !is_stopped(source));
	if (n < 0) {
		source->lost = source->lost || errno == EIO;
		return -errno;
	}
	stream->offset += (uint64_t)n;
	return n;
}

struct imastage_source source_bytes(struct source *source, bool staged,
				    uint64_t offset)
{
	struct source_stream *stream =
		&source->streams[staged ? SOURCE_STAGED : SOURCE_CURRENT];

	stream->offset = offset;
	return (struct imastage_source){ read_stream, stream };
}
