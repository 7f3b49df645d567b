// SPDX-License-Identifier: MIT
/*
 * Watching, by a thread of its own. See watch.h.
 *
 * To forget what was measured, a second group of fanotify with the same marks takes
 * the place of the first: nothing is missed in between, what comes twice is a
 * duplicate.
 */

#include "emu/watch.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/fanotify.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/util.h"
#include "emu/measure.h"

#define EVENTS_LEN 8192

/* Of Linux 5.19; the headers may be older. */
#ifndef FAN_MARK_EVICTABLE
#define FAN_MARK_EVICTABLE 0x00000200
#endif

static const char *const what_names[] = {
	[WATCH_DIRECTORY] = "directory",
	[WATCH_MOUNT] = "mount",
	[WATCH_FILE_SYSTEM] = "filesystem",
};

/**
 * struct watched - something that is watched
 * @how: how
 * @path: its name when it was added
 */
struct watched {
	struct watch_how how;
	char path[PATH_MAX];
};

/**
 * struct watch - all that is watched
 * @machine: where it is measured (borrowed)
 * @own_dev: file system of our own files
 * @lock: protects what is below, but for the counts
 * @group: fanotify's, -1: none
 * @nr: how many
 * @watched: they
 * @thread: reads events of @group, if there is one
 * @wake: makes the thread look at @end (eventfd)
 * @end: it is to end when no more events are there
 * @nr_events: that came (atomic, as the others)
 * @nr_measured: records that came of it
 * @nr_busy: not measured, for somebody was writing
 * @nr_failed: could not be read
 * @nr_overflows: times that the queue was full
 */
struct watch {
	struct machine *machine;
	dev_t own_dev;
	pthread_mutex_t lock;
	int group;
	unsigned int nr;
	struct watched *watched[WATCHES_MAX];
	pthread_t thread;
	int wake;
	bool end;
	unsigned long nr_events;
	unsigned long nr_measured;
	unsigned long nr_busy;
	unsigned long nr_failed;
	unsigned long nr_overflows;
};

static void count(unsigned long *counter)
{
	__atomic_fetch_add(counter, 1, __ATOMIC_RELAXED);
}

int watch_how_parse(const char *text, struct watch_how *ret_how)
{
	size_t len = strcspn(text, ":");

	for (size_t i = 0; i < ARRAY_SIZE(what_names); i++) {
		if (strlen(what_names[i]) != len ||
		    memcmp(what_names[i], text, len) != 0)
			continue;
		ret_how->what = i;
		ret_how->read = !strcmp(text + len, ":read");
		return ret_how->read || !strcmp(text + len, ":exec") ? 0 :
								       -EINVAL;
	}
	return -EINVAL;
}

/* ---- events -------------------------------------------------------------- */

/*
 * A lease for reading is refused while somebody has the file open for writing. It
 * is given back at once. Where leases do not exist, nobody is taken to write.
 */
static bool is_written_to(int fd)
{
	if (fcntl(fd, F_SETLEASE, F_RDLCK))
		return errno == EAGAIN;
	fcntl(fd, F_SETLEASE, F_UNLCK);
	return false;
}

/* Until it is written to. Where that cannot be, it is measured once more. */
static void ignore(struct watch *watch, int fd)
{
	fanotify_mark(watch->group,
		      FAN_MARK_ADD | FAN_MARK_IGNORED_MASK | FAN_MARK_EVICTABLE,
		      FAN_OPEN | FAN_OPEN_EXEC, fd, NULL);
}

static void measure(struct watch *watch, int fd)
{
	struct stat st;
	int ret;

	if (fstat(fd, &st) || !S_ISREG(st.st_mode) ||
	    st.st_dev == watch->own_dev)
		return;
	if (is_written_to(fd)) {
		count(&watch->nr_busy);
		return;
	}
	/* First: what is written from now on is an event again. */
	ignore(watch, fd);
	ret = measure_file(watch->machine, fd, false);
	if (!ret)
		count(&watch->nr_measured);
	else if (ret != -EEXIST)
		count(&watch->nr_failed);
}

static void take_event(struct watch *watch,
		       const struct fanotify_event_metadata *event)
{
	cleanup_close int fd = event->fd;

	if (event->mask & FAN_Q_OVERFLOW) {
		count(&watch->nr_overflows);
		fputs("imasim: more files were opened than could be measured: "
		      "events are lost\n",
		      stderr);
		return;
	}
	count(&watch->nr_events);
	if (fd >= 0 && event->pid != getpid())
		measure(watch, fd);
}

/* False: there are none at the moment. */
static bool take_events(struct watch *watch, int group)
{
	char room[EVENTS_LEN] __attribute__((
		aligned(__alignof__(struct fanotify_event_metadata))));
	struct fanotify_event_metadata *event = (void *)room;
	ssize_t len = read(group, room, sizeof(room));

	/* A descriptor that could not be opened costs its event. */
	if (len < 0 && errno != EAGAIN && errno != EINTR) {
		count(&watch->nr_failed);
		usleep(1000);
		return true;
	}
	if (len <= 0)
		return len < 0 && errno == EINTR;
	for (; FAN_EVENT_OK(event, len); event = FAN_EVENT_NEXT(event, len))
		take_event(watch, event);
	return true;
}

static bool is_ending(struct watch *watch)
{
	return __atomic_load_n(&watch->end, __ATOMIC_ACQUIRE);
}

/* The group does not change while its thread runs. */
static void *run(void *arg)
{
	struct watch *watch = arg;
	struct pollfd fds[] = {
		{ .fd = watch->group, .events = POLLIN },
		{ .fd = watch->wake, .events = POLLIN },
	};

	do {
		poll(fds, ARRAY_SIZE(fds), -1);
		while (take_events(watch, watch->group))
			;
	} while (!is_ending(watch));
	return NULL;
}

/* ---- the group and its thread, with the lock held ------------------------- */

static int new_group(void)
{
	int group = fanotify_init(FAN_CLASS_NOTIF | FAN_CLOEXEC | FAN_NONBLOCK,
				  O_RDONLY | O_LARGEFILE | O_CLOEXEC |
					  O_NONBLOCK | O_NOATIME);

	return group < 0 ? -errno : group;
}

static unsigned int mark_flags(enum watch_what what)
{
	switch (what) {
	case WATCH_MOUNT:
		return FAN_MARK_ADD | FAN_MARK_MOUNT;
	case WATCH_FILE_SYSTEM:
		return FAN_MARK_ADD | FAN_MARK_FILESYSTEM;
	default:
		return FAN_MARK_ADD;
	}
}

static int mark(int group, const struct watch_how *how, int dir,
		const char *path)
{
	uint64_t mask = FAN_OPEN_EXEC | (how->read ? FAN_OPEN : 0);

	if (how->what == WATCH_DIRECTORY)
		mask |= FAN_EVENT_ON_CHILD;
	return fanotify_mark(group, mark_flags(how->what), mask, dir, path) ?
		       -errno :
		       0;
}

/* With all signals blocked: those are for the thread that serves FUSE. */
static int start_thread(struct watch *watch)
{
	sigset_t all, before;
	int ret;

	watch->end = false;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	ret = pthread_create(&watch->thread, NULL, run, watch);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return -ret;
}

/* Nothing comes any more; what is in its queue is measured first. */
static void end_thread(struct watch *watch)
{
	uint64_t one = 1;

	fanotify_mark(watch->group, FAN_MARK_FLUSH, 0, AT_FDCWD, NULL);
	fanotify_mark(watch->group, FAN_MARK_FLUSH | FAN_MARK_MOUNT, 0,
		      AT_FDCWD, NULL);
	fanotify_mark(watch->group, FAN_MARK_FLUSH | FAN_MARK_FILESYSTEM, 0,
		      AT_FDCWD, NULL);
	__atomic_store_n(&watch->end, true, __ATOMIC_RELEASE);
	(void)!write(watch->wake, &one, sizeof(one));
	pthread_join(watch->thread, NULL);
	(void)!read(watch->wake, &one, sizeof(one));
}

static int set_group(struct watch *watch, int group)
{
	int ret;

	watch->group = group;
	ret = start_thread(watch);
	if (ret) {
		close(group);
		watch->group = -1;
	}
	return ret;
}

static void end_group(struct watch *watch)
{
	if (watch->group < 0)
		return;
	end_thread(watch);
	close(watch->group);
	watch->group = -1;
}

static int need_group(struct watch *watch)
{
	int group;

	if (watch->group >= 0)
		return 0;
	group = new_group();
	return group < 0 ? group : set_group(watch, group);
}

static void forget_all(struct watch *watch)
{
	while (watch->nr)
		free(watch->watched[--watch->nr]);
}

/* ---- our own files -------------------------------------------------------- */

static int mount_id(const char *dir)
{
	cleanup_close int fd = open(dir, O_PATH | O_CLOEXEC);
	cleanup_fclose FILE *info = NULL;
	char path[64], line[128];
	int id = -1;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	info = fopen(path, "re");
	while (info && fgets(line, sizeof(line), info)) {
		if (sscanf(line, "mnt_id: %d", &id) == 1)
			break;
	}
	return id;
}

/* What stat() says, without asking ourselves: nobody may be there to answer. */
static dev_t device_of(const char *dir)
{
	cleanup_fclose FILE *mounts = fopen("/proc/self/mountinfo", "re");
	cleanup_free char *line = NULL;
	unsigned int major, minor;
	int id, wanted = mount_id(dir);
	size_t room = 0;

	while (mounts && getline(&line, &room, mounts) >= 0) {
		if (sscanf(line, "%d %*d %u:%u", &id, &major, &minor) == 3 &&
		    id == wanted)
			return makedev(major, minor);
	}
	return 0;
}

/* ---- what others call ----------------------------------------------------- */

int watch_new(struct machine *machine, const char *own_dir,
	      struct watch **ret_watch)
{
	struct watch *watch = calloc(1, sizeof(*watch));

	if (!watch)
		return -ENOMEM;
	watch->wake = eventfd(0, EFD_CLOEXEC);
	if (watch->wake < 0) {
		free(watch);
		return -errno;
	}
	watch->own_dev = device_of(own_dir);
	/* Who breaks a lease is not to end us. */
	signal(SIGIO, SIG_IGN);
	watch->machine = machine;
	watch->group = -1;
	pthread_mutex_init(&watch->lock, NULL);
	*ret_watch = watch;
	return 0;
}

void watch_free(struct watch *watch)
{
	watch_stop(watch);
	close(watch->wake);
	pthread_mutex_destroy(&watch->lock);
	free(watch);
}

static int add_locked(struct watch *watch, int fd, const struct watch_how *how)
{
	struct watched *watched;
	int ret;

	if (watch->nr == WATCHES_MAX)
		return -ENOSPC;
	watched = calloc(1, sizeof(*watched));
	if (!watched)
		return -ENOMEM;
	watched->how = *how;
	ret = measure_name(fd, watched->path);
	if (!ret)
		ret = need_group(watch);
	if (!ret)
		ret = mark(watch->group, how, fd, NULL);
	if (ret) {
		free(watched);
		return ret;
	}
	watch->watched[watch->nr++] = watched;
	return 0;
}

int watch_add(struct watch *watch, int fd, const struct watch_how *how)
{
	struct stat st;
	int ret;

	if (fstat(fd, &st))
		return -errno;
	if (st.st_dev == watch->own_dev)
		return -EINVAL;
	pthread_mutex_lock(&watch->lock);
	ret = add_locked(watch, fd, how);
	pthread_mutex_unlock(&watch->lock);
	return ret;
}

void watch_stop(struct watch *watch)
{
	pthread_mutex_lock(&watch->lock);
	end_group(watch);
	forget_all(watch);
	pthread_mutex_unlock(&watch->lock);
}

/* What cannot be marked any more is gone. */
static void mark_all(struct watch *watch, int group)
{
	for (unsigned int i = 0; i < watch->nr; i++) {
		const struct watched *watched = watch->watched[i];
		int ret = mark(group, &watched->how, AT_FDCWD, watched->path);

		if (ret)
			fprintf(stderr,
				"imasim: %s is not watched any more: %s\n",
				watched->path, strerror(-ret));
	}
}

int watch_forget(struct watch *watch)
{
	int group, ret = 0;

	pthread_mutex_lock(&watch->lock);
	if (watch->group >= 0) {
		group = new_group();
		if (group >= 0)
			mark_all(watch, group);
		end_group(watch);
		ret = group < 0 ? group : set_group(watch, group);
	}
	pthread_mutex_unlock(&watch->lock);
	return ret;
}

void watch_show(struct watch *watch, struct out *out)
{
	pthread_mutex_lock(&watch->lock);
	for (unsigned int i = 0; i < watch->nr; i++) {
		const struct watched *watched = watch->watched[i];

		emu_out_text(out, "%s:%s ", what_names[watched->how.what],
			     watched->how.read ? "read" : "exec");
		emu_out_bytes(out, watched->path, strlen(watched->path));
		emu_out_text(out, "\n");
	}
	pthread_mutex_unlock(&watch->lock);
}

static unsigned long counted(const unsigned long *counter)
{
	return __atomic_load_n(counter, __ATOMIC_RELAXED);
}

void watch_show_counts(struct watch *watch, struct out *out)
{
	emu_out_text(out,
		     "watch_events %lu\nwatch_measured %lu\n"
		     "watch_busy %lu\nwatch_failed %lu\nwatch_overflows %lu\n",
		     counted(&watch->nr_events), counted(&watch->nr_measured),
		     counted(&watch->nr_busy), counted(&watch->nr_failed),
		     counted(&watch->nr_overflows));
}
