// SPDX-License-Identifier: MIT
/* A group of fanotify and its events. See watch_group.h. */

#include "emu/watch_group.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/fanotify.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/util.h"
#include "emu/measure.h"
#include "emu/work.h"

#define EVENTS_LEN 8192
#define LOOKS 1000
#define LOOK_US 100
#define ANCESTORS 2 /* of ours, that swtpm has: who keeps it, and us */

/* Of Linux 5.19; the headers may be older. */
#ifndef FAN_MARK_EVICTABLE
#define FAN_MARK_EVICTABLE 0x00000200
#endif

/**
 * struct watch_group - a group
 * @config: see there
 * @fd: fanotify's
 * @wait: who opens a file waits
 * @thread: reads events
 * @wake: makes it look at @end (eventfd)
 * @end: it is to end when no more events are there (atomic)
 * @workers: measure, if @wait
 */
struct watch_group {
	struct watch_group_config config;
	int fd;
	bool wait;
	pthread_t thread;
	int wake;
	bool end;
	struct workers workers;
};

/**
 * struct opened - a file that was opened
 * @work: what makes a worker measure it, first
 * @group: whose event it was
 * @fd: the file (owned)
 * @tid: who opened it, and waits
 */
struct opened {
	struct work work;
	struct watch_group *group;
	int fd;
	pid_t tid;
};

static void count(unsigned long *counter)
{
	__atomic_fetch_add(counter, 1, __ATOMIC_RELAXED);
}

/* ---- who opens a file ----------------------------------------------------- */

static bool is_thread_of_ours(pid_t tid)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/task/%d", (int)tid);
	return !access(path, F_OK);
}

/* 0: cannot be told. */
static pid_t parent_of(pid_t tid)
{
	char path[64], text[512];
	cleanup_fclose FILE *file = NULL;
	size_t len;
	char *p;
	int parent;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)tid);
	file = fopen(path, "re");
	len = file ? fread(text, 1, sizeof(text) - 1, file) : 0;
	text[len] = '\0';
	p = strrchr(text, ')');
	return p && sscanf(p, ") %*c %d", &parent) == 1 ? parent : 0;
}

/* Also the software TPM, which nobody may keep waiting who waits for it. */
static bool is_ours(pid_t tid)
{
	for (int i = 0; tid > 1 && i <= ANCESTORS; i++) {
		if (is_thread_of_ours(tid))
			return true;
		tid = parent_of(tid);
	}
	return false;
}

/* Its number and first arguments. False: cannot be told. */
static bool system_call_of(pid_t tid, long *ret_nr, uint64_t ret_args[3])
{
	char path[64], text[256];

	snprintf(path, sizeof(path), "/proc/%d/syscall", (int)tid);
	for (int i = 0; i < LOOKS; i++) {
		cleanup_fclose FILE *file = fopen(path, "re");

		if (!file || !fgets(text, sizeof(text), file))
			return false;
		/* It is on its way to where it waits. */
		if (!strncmp(text, "running", strlen("running"))) {
			usleep(LOOK_US);
			continue;
		}
		return sscanf(text, "%ld %" SCNx64 " %" SCNx64 " %" SCNx64,
			      ret_nr, &ret_args[0], &ret_args[1],
			      &ret_args[2]) == 4;
	}
	return false;
}

/*
 * Whether who waits in open() means to write. The file is not among its descriptors
 * yet, so this is told by the system call that it is in. What cannot be told is yes:
 * better no violation than one that was none.
 */
static bool opens_for_writing(pid_t tid)
{
	uint64_t arg[3];
	long nr;

	if (!system_call_of(tid, &nr, arg))
		return true;
	switch (nr) {
	case SYS_openat:
		return (arg[2] & O_ACCMODE) != O_RDONLY;
#ifdef SYS_open
	case SYS_open:
		return (arg[1] & O_ACCMODE) != O_RDONLY;
	case SYS_creat:
		return true;
#endif
	case SYS_openat2:
		return true;
	default:
		return false;
	}
}

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

/* ---- measuring ------------------------------------------------------------ */

/* Until it is written to. Where that cannot be, it is measured once more. */
static void ignore(const struct watch_group *group, int fd)
{
	uint64_t mask = group->wait ? FAN_OPEN_PERM | FAN_OPEN_EXEC_PERM :
				      FAN_OPEN | FAN_OPEN_EXEC;

	fanotify_mark(group->fd,
		      FAN_MARK_ADD | FAN_MARK_IGNORED_MASK | FAN_MARK_EVICTABLE,
		      mask, fd, NULL);
}

static void measure_as(const struct watch_group *group, int fd, bool violation)
{
	struct watch_counts *counts = group->config.counts;
	int ret = measure_file(group->config.machine, fd, violation);

	if (!ret)
		count(violation ? &counts->violations : &counts->measured);
	else if (ret != -EEXIST)
		count(&counts->failed);
}

/* Who waits reads what others write: the kernel records that, and what it is now. */
static void measure_written(const struct watch_group *group, int fd, pid_t tid)
{
	if (!group->wait || opens_for_writing(tid)) {
		count(&group->config.counts->busy);
		return;
	}
	measure_as(group, fd, true);
	measure_as(group, fd, false);
}

static void measure(const struct watch_group *group, int fd, pid_t tid)
{
	struct stat st;

	if (fstat(fd, &st) || !S_ISREG(st.st_mode) ||
	    st.st_dev == group->config.own_dev)
		return;
	if (is_written_to(fd)) {
		measure_written(group, fd, tid);
		return;
	}
	/* First: what is written from now on is an event again. */
	ignore(group, fd);
	measure_as(group, fd, false);
}

/* Whatever came of it, the file may be used. */
static void let_pass(const struct watch_group *group, int fd)
{
	const struct fanotify_response response = {
		.fd = fd,
		.response = FAN_ALLOW,
	};

	if (write(group->fd, &response, sizeof(response)) != sizeof(response))
		perror("imasim: watch");
	close(fd);
}

static void run_opened(struct work *work)
{
	struct opened *opened = (struct opened *)work;

	measure(opened->group, opened->fd, opened->tid);
	let_pass(opened->group, opened->fd);
	free(opened);
}

/* ---- events --------------------------------------------------------------- */

static void take_waiting(struct watch_group *group, int fd, pid_t tid)
{
	struct opened *opened;

	if (is_ours(tid)) {
		let_pass(group, fd);
		return;
	}
	opened = malloc(sizeof(*opened));
	if (!opened)
		abort();
	*opened = (struct opened){
		.work.run = run_opened,
		.group = group,
		.fd = fd,
		.tid = tid,
	};
	workers_add(&group->workers, &opened->work);
}

static void take_event(struct watch_group *group,
		       const struct fanotify_event_metadata *event)
{
	struct watch_counts *counts = group->config.counts;

	if (event->mask & FAN_Q_OVERFLOW) {
		count(&counts->overflows);
		fputs("imasim: more files were opened than could be measured: "
		      "events are lost\n",
		      stderr);
		return;
	}
	count(&counts->events);
	if (event->fd < 0)
		return;
	if (group->wait) {
		take_waiting(group, event->fd, event->pid);
		return;
	}
	if (!is_thread_of_ours(event->pid))
		measure(group, event->fd, event->pid);
	close(event->fd);
}

/* False: there are none at the moment. */
static bool take_events(struct watch_group *group)
{
	char room[EVENTS_LEN] __attribute__((
		aligned(__alignof__(struct fanotify_event_metadata))));
	struct fanotify_event_metadata *event = (void *)room;
	ssize_t len = read(group->fd, room, sizeof(room));

	/* A descriptor that could not be opened costs its event. */
	if (len < 0 && errno != EAGAIN && errno != EINTR) {
		count(&group->config.counts->failed);
		usleep(1000);
		return true;
	}
	if (len <= 0)
		return len < 0 && errno == EINTR;
	for (; FAN_EVENT_OK(event, len); event = FAN_EVENT_NEXT(event, len))
		take_event(group, event);
	return true;
}

static bool is_ending(struct watch_group *group)
{
	return __atomic_load_n(&group->end, __ATOMIC_ACQUIRE);
}

static void *run(void *arg)
{
	struct watch_group *group = arg;
	struct pollfd fds[] = {
		{ .fd = group->fd, .events = POLLIN },
		{ .fd = group->wake, .events = POLLIN },
	};

	do {
		poll(fds, ARRAY_SIZE(fds), -1);
		while (take_events(group))
			;
	} while (!is_ending(group));
	return NULL;
}

/* ---- its life ------------------------------------------------------------- */

/* With all signals blocked: those are for the thread that serves FUSE. */
static int start_thread(struct watch_group *group)
{
	sigset_t all, before;
	int ret;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	ret = pthread_create(&group->thread, NULL, run, group);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return -ret;
}

/* Each file that is being opened has a descriptor here. */
static void allow_many_descriptors(void)
{
	struct rlimit limit;

	if (!getrlimit(RLIMIT_NOFILE, &limit)) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
}

static int start(struct watch_group *group)
{
	int ret;

	group->fd = fanotify_init(
		FAN_REPORT_TID | FAN_CLOEXEC | FAN_NONBLOCK |
			(group->wait ? FAN_CLASS_CONTENT : FAN_CLASS_NOTIF),
		O_RDONLY | O_LARGEFILE | O_CLOEXEC | O_NONBLOCK | O_NOATIME);
	if (group->fd < 0)
		return -errno;
	group->wake = eventfd(0, EFD_CLOEXEC);
	if (group->wake < 0) {
		ret = -errno;
	} else {
		workers_start(&group->workers);
		ret = start_thread(group);
		if (!ret)
			return 0;
		workers_stop(&group->workers);
		close(group->wake);
	}
	close(group->fd);
	return ret;
}

int watch_group_new(const struct watch_group_config *config, bool wait,
		    struct watch_group **ret_group)
{
	struct watch_group *group = calloc(1, sizeof(*group));
	int ret;

	if (!group)
		return -ENOMEM;
	allow_many_descriptors();
	group->config = *config;
	group->wait = wait;
	ret = start(group);
	if (ret) {
		free(group);
		return ret;
	}
	*ret_group = group;
	return 0;
}

int watch_group_fd(const struct watch_group *group)
{
	return group->fd;
}

static void flush_marks(const struct watch_group *group)
{
	static const unsigned int kinds[] = { 0, FAN_MARK_MOUNT,
					      FAN_MARK_FILESYSTEM };

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		fanotify_mark(group->fd, FAN_MARK_FLUSH | kinds[i], 0, AT_FDCWD,
			      NULL);
}

void watch_group_free(struct watch_group *group)
{
	uint64_t one = 1;

	if (!group)
		return;
	flush_marks(group);
	__atomic_store_n(&group->end, true, __ATOMIC_RELEASE);
	(void)!write(group->wake, &one, sizeof(one));
	pthread_join(group->thread, NULL);
	workers_stop(&group->workers);
	close(group->wake);
	close(group->fd);
	free(group);
}
