// SPDX-License-Identifier: MIT
/*
 * A view's mount, made by mount(2) where we may. libfuse may do more: as Debian 13 has
 * it (3.17), it runs /bin/mount after mount(2), and calls setuid() before that. A unit
 * whose filter takes setuid() away cannot mount then, and a security policy would have
 * to allow a program to be run. Without privileges libfuse mounts, by fusermount3.
 */
#include "view/private.h"

#include "base/util.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/mount.h>
#include <sys/stat.h>

/* What libfuse is told, and the kernel; the type is TYPE of bind.c. */
#define OPTIONS "default_permissions"
#define NAME "imastage"
#define TYPE "fuse." NAME
#define FLAGS (MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC)

static int new_session(struct view *view, bool ours)
{
	struct fuse_args args = FUSE_ARGS_INIT(0, NULL);
	int r = 0;

	if (fuse_opt_add_arg(&args, NAME) ||
	    (!ours &&
	     fuse_opt_add_arg(&args, "-oro,nosuid,nodev,noexec," OPTIONS
				     ",fsname=" NAME ",subtype=" NAME)) ||
	    (!ours && view->allow_other &&
	     fuse_opt_add_arg(&args, "-oallow_other")))
		r = -ENOMEM;
	if (r == 0)
		view->session = fuse_session_new(&args, &view_fs_ops,
						 sizeof(view_fs_ops), view);
	fuse_opt_free_args(&args);
	return view->session ? 0 : -ENOMEM;
}

static void drop_session(struct view *view)
{
	fuse_session_destroy(view->session);
	view->session = NULL;
}

static int mount_fd(const struct view *view, int fd, const char *dir)
{
	char options[160];

	snprintf(options, sizeof(options),
		 "fd=%d,rootmode=%o,user_id=%u,group_id=%u," OPTIONS "%s", fd,
		 (unsigned int)S_IFDIR, (unsigned int)geteuid(),
		 (unsigned int)getegid(),
		 view->allow_other ? ",allow_other" : "");
	return mount(NAME, dir, TYPE, FLAGS, options) < 0 ? -errno : 0;
}

/* libfuse takes a connection that is mounted already by this path; it closes it then. */
static int hand_over(struct view *view, int fd)
{
	char path[32];

	snprintf(path, sizeof(path), "/dev/fd/%d", fd);
	return fuse_session_mount(view->session, path) < 0 ? -EIO : 0;
}

static void give_up(struct view *view, int fd, const char *dir)
{
	(void)umount2(dir, MNT_DETACH | UMOUNT_NOFOLLOW);
	close(fd);
	if (view->session)
		drop_session(view);
}

static int serve_fd(struct view *view, int fd, const char *dir)
{
	int r = mount_fd(view, fd, dir);

	if (r < 0) {
		close(fd);
		return r;
	}
	r = new_session(view, true);
	if (r == 0)
		r = hand_over(view, fd);
	if (r < 0)
		give_up(view, fd, dir);
	return r;
}

/* Its path is made out before: afterwards it is ourselves who would have to answer. */
static int mount_ourselves(struct view *view, const char *dir)
{
	cleanup_free char *path = realpath(dir, NULL);
	int fd = path ? open("/dev/fuse", O_RDWR | O_CLOEXEC) : -1;
	int r = fd < 0 ? -errno : serve_fd(view, fd, path);

	if (r == 0) {
		view->mounted = path;
		path = NULL;
	}
	return r;
}

static int mount_by_libfuse(struct view *view, const char *dir)
{
	int r = new_session(view, false);

	if (r == 0 && fuse_session_mount(view->session, dir) < 0) {
		drop_session(view);
		r = -EPERM;
	}
	return r;
}

int mount_view(struct view *view, const char *dir)
{
	int r = mount_ourselves(view, dir);

	return r == -EPERM || r == -EACCES ? mount_by_libfuse(view, dir) : r;
}

/* Somebody else may have unmounted it; what is there by now is not ours. */
static bool is_mounted(const struct view *view)
{
	struct pollfd fd = { .fd = fuse_session_fd(view->session) };

	return poll(&fd, 1, 0) >= 0 && !(fd.revents & POLLERR);
}

void unmount_view(struct view *view)
{
	if (!view->session)
		return;
	if (view->mounted && is_mounted(view))
		(void)umount2(view->mounted, MNT_DETACH | UMOUNT_NOFOLLOW);
	free(view->mounted);
	view->mounted = NULL;
	fuse_session_unmount(view->session);
	drop_session(view);
}
