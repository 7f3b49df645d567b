// SPDX-License-Identifier: MIT
/* A view is opened, mounted, unmounted. See view.h. */
#include "view/private.h"

#include "base/util.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/eventfd.h>
#include <sys/mount.h>
#include <sys/stat.h>

static int open_live(struct view *view, const struct view_options *options)
{
	const char *spool_dir = options->spool_dir;
	const struct live_options live = {
		.archive = view->archive,
		.source = options->source,
		.boot_id = options->boot_id,
		.spool_dir = spool_dir ? spool_dir : options->archive->dir,
		.io = options->archive->io,
		.say = options->say,
	};

	return live_new(&live, &view->live);
}

static int open_parts(struct view *view, const struct view_options *options)
{
	int r;

	view->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (view->wake_fd < 0)
		return -errno;
	r = archive_open_reader(options->archive, &view->archive);
	if (r == 0)
		r = open_live(view, options);
	return r;
}

static bool has_violations(const struct source *source)
{
	char path[PATH_MAX];

	return source_path(source, "violations", path, sizeof(path)) == 0 &&
	       access(path, F_OK) == 0;
}

int view_open(const struct view_options *options, struct view **ret_view)
{
	struct view *view = calloc(1, sizeof(*view));
	int r;

	if (!view)
		return -ENOMEM;
	view->say = options->say;
	view->source = options->source;
	view->allow_other = options->allow_other;
	view->wake_fd = -1;
	pthread_mutex_init(&view->saying.lock, NULL);
	pthread_mutex_init(&view->grown.lock, NULL);
	view->grown.published = true;
	pool_init(&view->pool);
	files_init(&view->files,
		   source_abilities(options->source)->banks &
			   imastage_banks_available(),
		   has_violations(options->source), options->group);
	r = open_parts(view, options);
	if (r < 0)
		view_close(view);
	else
		*ret_view = view;
	return r;
}

void view_close(struct view *view)
{
	if (!view)
		return;
	unmount_view(view);
	pool_fini(&view->pool);
	if (view->live)
		live_free(view->live);
	archive_close(view->archive);
	files_fini(&view->files);
	pthread_mutex_destroy(&view->saying.lock);
	pthread_mutex_destroy(&view->grown.lock);
	if (view->wake_fd >= 0)
		close(view->wake_fd);
	free(view);
}

/* ---- the list ------------------------------------------------------------ */

/* For how long the agent is waited for, and between two looks. */
#define AGENT_WAIT_MS 10000
#define AGENT_PAUSE_MS 20

/* What fails may have been a kernel or an archive that was about to change. */
#define TRIES_MAX 10

uint64_t view_list_id(struct view *view)
{
	struct archive_boot boot;

	return live_boot(view->live, &boot) < 0 ? 0 : (uint64_t)boot.id;
}

static void grow(struct view *view, const struct archive_place *place)
{
	const struct form_place end = {
		.index = place->index,
		.binary = place->binary,
		.ascii = place->ascii,
	};

	sizes_grow(view, &end);
}

/* Of a list that is no more, nothing is kept; of one that grew, stat() tells. */
static void notice_changes(struct view *view)
{
	uint64_t id = view_list_id(view);
	struct archive_place end = { 0 };

	(void)live_end_place(view->live, &end);
	if (id != view->list_shown)
		pool_forget(&view->pool, view->list_shown);
	if (id != view->list_shown || end.index != view->nr_shown)
		grow(view, &end);
	view->list_shown = id;
	view->nr_shown = end.index;
}

static bool is_worth_a_try(int r, int tries)
{
	if (r == -ESTALE || r == -EAGAIN)
		return tries < AGENT_WAIT_MS / AGENT_PAUSE_MS;
	return (r == -EIO || r == -EBADMSG) && tries < TRIES_MAX;
}

int view_refresh(struct view *view)
{
	int r = live_refresh(view->live);

	for (int tries = 0;
	     is_worth_a_try(r, tries) && !atomic_load(&view->stopping);
	     tries++) {
		usleep(AGENT_PAUSE_MS * 1000);
		r = live_refresh(view->live);
	}
	notice_changes(view);
	return r == -ESTALE ? -EAGAIN : r;
}

/* ---- mounting ------------------------------------------------------------ */

static int refuse(struct view *view, const char *dir, int r, const char *why)
{
	say(view->say, SAY_ERROR, "view: cannot be mounted on %s: %s", dir,
	    why);
	return r;
}

/* A FUSE whose program has died answers so. */
static bool is_dead(const char *dir)
{
	struct stat attr;

	return stat(dir, &attr) < 0 &&
	       (errno == ENOTCONN || errno == ECONNABORTED);
}

static bool is_view(const char *dir)
{
	cleanup_free char *path = NULL;

	return asprintf(&path, "%s/runtime_measurements_count", dir) >= 0 &&
	       access(path, F_OK) == 0;
}

/* Makes sure that there is a directory, and nothing in the way. */
static int prepare(struct view *view, const char *dir)
{
	struct stat attr;

	while (is_dead(dir)) {
		say(view->say, SAY_NOTICE,
		    "view: unmounting what a dead one left on %s", dir);
		if (umount2(dir, MNT_DETACH | UMOUNT_NOFOLLOW) < 0)
			return refuse(view, dir, -errno,
				      "a dead one is there, and cannot be "
				      "unmounted");
	}
	if (stat(dir, &attr) < 0)
		return refuse(view, dir, -errno,
			      errno == ENOENT ? "make that directory first" :
						strerror(errno));
	if (!S_ISDIR(attr.st_mode))
		return refuse(view, dir, -ENOTDIR, "it is not a directory");
	if (is_view(dir))
		return refuse(view, dir, -EBUSY,
			      "files of a measurement list are there already");
	return 0;
}

static int explain(struct view *view, const char *dir)
{
	if (access("/dev/fuse", F_OK) < 0)
		return refuse(view, dir, -ENODEV,
			      "there is no /dev/fuse: load the module fuse, or "
			      "give the container that device");
	return refuse(view, dir, -EPERM,
		      "root may, and others where fusermount3 (package fuse3) "
		      "is installed");
}

int view_mount(struct view *view, const char *dir)
{
	int r = prepare(view, dir);

	if (r < 0)
		return r;
	return mount_view(view, dir) < 0 ? explain(view, dir) : 0;
}
