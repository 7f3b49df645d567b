// SPDX-License-Identifier: MIT
/*
 * passthrough [--copy] FILE MOUNTPOINT
 *
 * What a file costs through FUSE by itself: mounts a directory with one file,
 * "file", that is FILE. As libfuse would have it: its own loop of several
 * threads, direct I/O like the view's, data handed on by descriptor so that it
 * may be spliced. With --copy it is read and written instead, which is faster where
 * remapping pages is slow. Ends at SIGTERM or when it is unmounted.
 */
#include "base/flat_dir.h"
#include "base/util.h"

#include <err.h>
#include <errno.h>
#include <fcntl.h>

struct passthrough {
	struct flat_dir dir; /* first: see base/flat_dir.h */
	int fd;
};

static void op_open(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	(void)ino;
	fi->direct_io = 1;
	fuse_reply_open(req, fi);
}

static void op_read(fuse_req_t req, fuse_ino_t ino, size_t len, off_t offset,
		    struct fuse_file_info *fi)
{
	const struct passthrough *passthrough = fuse_req_userdata(req);
	struct fuse_bufvec buf = FUSE_BUFVEC_INIT(len);

	(void)ino, (void)fi;
	buf.buf[0].flags = FUSE_BUF_IS_FD | FUSE_BUF_FD_SEEK;
	buf.buf[0].fd = passthrough->fd;
	buf.buf[0].pos = offset;
	fuse_reply_data(req, &buf, FUSE_BUF_SPLICE_MOVE);
}

static void op_read_copy(fuse_req_t req, fuse_ino_t ino, size_t len,
			 off_t offset, struct fuse_file_info *fi)
{
	const struct passthrough *passthrough = fuse_req_userdata(req);
	cleanup_free char *data = malloc(len);
	ssize_t n = data ? pread(passthrough->fd, data, len, offset) : -1;

	(void)ino, (void)fi;
	if (n < 0)
		fuse_reply_err(req, data ? errno : ENOMEM);
	else
		fuse_reply_buf(req, data, (size_t)n);
}

static struct fuse_lowlevel_ops ops = {
	.lookup = flat_op_lookup,
	.getattr = flat_op_getattr,
	.readdir = flat_op_readdir,
	.open = op_open,
	.read = op_read,
};

static struct fuse_session *new_session(struct passthrough *passthrough)
{
	struct fuse_args args = FUSE_ARGS_INIT(0, NULL);
	struct fuse_session *session = NULL;

	if (fuse_opt_add_arg(&args, "passthrough") == 0)
		session =
			fuse_session_new(&args, &ops, sizeof(ops), passthrough);
	fuse_opt_free_args(&args);
	return session;
}

int main(int argc, char **argv)
{
	struct passthrough passthrough;
	struct fuse_session *session;
	int r;

	if (argc == 4 && !strcmp(argv[1], "--copy")) {
		ops.read = op_read_copy;
		argv++;
		argc--;
	}
	if (argc != 3)
		errx(2, "usage: passthrough [--copy] FILE MOUNTPOINT");
	passthrough.fd = open(argv[1], O_RDONLY | O_CLOEXEC);
	if (passthrough.fd < 0)
		err(1, "%s", argv[1]);
	flat_dir_init(&passthrough.dir, 0755, FLAT_FOREVER);
	flat_dir_add(&passthrough.dir, S_IFREG | 0444, "file", NULL);
	session = new_session(&passthrough);
	if (!session || fuse_session_mount(session, argv[2]) < 0)
		errx(1, "cannot be mounted on %s", argv[2]);
	fuse_set_signal_handlers(session);
	r = fuse_session_loop_mt(session, 0);
	fuse_remove_signal_handlers(session);
	fuse_session_unmount(session);
	fuse_session_destroy(session);
	flat_dir_fini(&passthrough.dir);
	return r != 0;
}
