// SPDX-License-Identifier: MIT
/*
 * What is watched. See watch.h.
 *
 * To forget what was measured, a second group of fanotify with the same marks takes
 * the place of the first: nothing is missed in between, what comes twice is a
 * duplicate.
 */

#include "emu/watch.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fanotify.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>

#include "base/text.h"
#include "base/util.h"
#include "emu/measure.h"
#include "emu/watch_group.h"

static const char *const what_names[] = {
	[WATCH_DIRECTORY] = "directory",
	[WATCH_MOUNT] = "mount",
	[WATCH_FILE_SYSTEM] = "filesystem",
};

static const char *access_name(const struct watch_how *how)
{
	if (how->wait)
		return how->read ? ":read:wait" : ":exec:wait";
	return how->read ? ":read" : ":exec";
}

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
 * @config: of its groups
 * @counts: what came of it
 * @lock: protects what follows
 * @groups: one for those who wait, at [true], one for the others; NULL: none yet
 * @nr: how many
 * @watched: they
 */
struct watch {
	struct watch_group_config config;
	struct watch_counts counts;
	pthread_mutex_t lock;
	struct watch_group *groups[2];
	unsigned int nr;
	struct watched *watched[WATCHES_MAX];
};

static int parse_what(const char *text, size_t len, enum watch_what *ret_what)
{
	for (size_t i = 0; i < ARRAY_SIZE(what_names); i++) {
		if (strlen(what_names[i]) == len &&
		    !memcmp(what_names[i], text, len)) {
			*ret_what = i;
			return 0;
		}
	}
	return -EINVAL;
}

int watch_how_parse(const char *text, struct watch_how *ret_how)
{
	size_t len = strcspn(text, ":");
	struct watch_how how;

	for (unsigned int i = 0; i < 4; i++) {
		how.read = i & 1;
		how.wait = i & 2;
		if (!strcmp(text + len, access_name(&how)) &&
		    !parse_what(text, len, &how.what)) {
			*ret_how = how;
			return 0;
		}
	}
	return -EINVAL;
}

/* ---- groups, with the lock held ------------------------------------------- */

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

static uint64_t mark_mask(const struct watch_how *how)
{
	uint64_t mask;

	if (how->wait)
		mask = FAN_OPEN_EXEC_PERM | (how->read ? FAN_OPEN_PERM : 0);
	else
		mask = FAN_OPEN_EXEC | (how->read ? FAN_OPEN : 0);
	return how->what == WATCH_DIRECTORY ? mask | FAN_EVENT_ON_CHILD : mask;
}

static int mark(const struct watch_group *group, const struct watch_how *how,
		int dir, const char *path)
{
	return fanotify_mark(watch_group_fd(group), mark_flags(how->what),
			     mark_mask(how), dir, path) ?
		       -errno :
		       0;
}

static int need_group(struct watch *watch, bool wait)
{
	if (watch->groups[wait])
		return 0;
	return watch_group_new(&watch->config, wait, &watch->groups[wait]);
}

static void end_groups(struct watch *watch)
{
	for (size_t i = 0; i < ARRAY_SIZE(watch->groups); i++) {
		watch_group_free(watch->groups[i]);
		watch->groups[i] = NULL;
	}
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
	/* Who breaks a lease is not to end us. */
	signal(SIGIO, SIG_IGN);
	watch->config = (struct watch_group_config){
		.machine = machine,
		.own_dev = device_of(own_dir),
		.counts = &watch->counts,
	};
	pthread_mutex_init(&watch->lock, NULL);
	*ret_watch = watch;
	return 0;
}

void watch_free(struct watch *watch)
{
	watch_stop(watch);
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
		ret = need_group(watch, how->wait);
	if (!ret)
		ret = mark(watch->groups[how->wait], how, fd, NULL);
	if (ret) {
		free(watched);
		return ret;
	}
	watch->watched[watch->nr++] = watched;
	return 0;
}

/* Of /proc, we open files ourselves to look at an event. */
static bool may_be_watched(const struct watch *watch, int fd)
{
	struct statfs fs;
	struct stat st;

	return !fstat(fd, &st) && st.st_dev != watch->config.own_dev &&
	       !fstatfs(fd, &fs) && fs.f_type != PROC_SUPER_MAGIC;
}

int watch_add(struct watch *watch, int fd, const struct watch_how *how)
{
	int ret;

	if (!may_be_watched(watch, fd))
		return -EINVAL;
	pthread_mutex_lock(&watch->lock);
	ret = add_locked(watch, fd, how);
	pthread_mutex_unlock(&watch->lock);
	return ret;
}

void watch_stop(struct watch *watch)
{
	pthread_mutex_lock(&watch->lock);
	end_groups(watch);
	forget_all(watch);
	pthread_mutex_unlock(&watch->lock);
}

/* What cannot be marked any more is gone. */
static void mark_all(struct watch *watch)
{
	for (unsigned int i = 0; i < watch->nr; i++) {
		const struct watched *watched = watch->watched[i];
		const struct watch_group *group =
			watch->groups[watched->how.wait];
		int ret = group ? mark(group, &watched->how, AT_FDCWD,
				       watched->path) :
				  -EMFILE;

		if (ret)
			text_print_line(
				stderr,
				"imasim: %s is not watched any more: %s",
				watched->path, strerror(-ret));
	}
}

static int renew_groups(struct watch *watch)
{
	struct watch_group *before[ARRAY_SIZE(watch->groups)];
	int ret = 0;

	memcpy(before, watch->groups, sizeof(before));
	memset(watch->groups, 0, sizeof(watch->groups));
	for (size_t i = 0; i < ARRAY_SIZE(before); i++) {
		int one = before[i] ? need_group(watch, i) : 0;

		ret = one ? one : ret;
	}
	mark_all(watch);
	for (size_t i = 0; i < ARRAY_SIZE(before); i++)
		watch_group_free(before[i]);
	return ret;
}

int watch_forget(struct watch *watch)
{
	int ret;

	pthread_mutex_lock(&watch->lock);
	ret = renew_groups(watch);
	pthread_mutex_unlock(&watch->lock);
	return ret;
}

void watch_show(struct watch *watch, struct out *out)
{
	pthread_mutex_lock(&watch->lock);
	for (unsigned int i = 0; i < watch->nr; i++) {
		const struct watched *watched = watch->watched[i];

		emu_out_text(out, "%s%s ", what_names[watched->how.what],
			     access_name(&watched->how));
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
	const struct watch_counts *counts = &watch->counts;

	emu_out_text(out,
		     "watch_events %lu\nwatch_measured %lu\n"
		     "watch_violations %lu\nwatch_busy %lu\n"
		     "watch_failed %lu\nwatch_overflows %lu\n",
		     counted(&counts->events), counted(&counts->measured),
		     counted(&counts->violations), counted(&counts->busy),
		     counted(&counts->failed), counted(&counts->overflows));
}
