// SPDX-License-Identifier: MIT
/*
 * The file system. See fs.h.
 *
 * One thread takes requests from FUSE. It opens and closes files itself, which is
 * quick: so these happen in the order in which they were asked for, and whoever
 * closes a file and opens the next one is not told EBUSY for the first. Reading
 * and writing may take long, and is left to others.
 *
 * All files are FOPEN_DIRECT_IO: like the kernel's, they have no size and show
 * another text each time.
 */

#include "emu/fs.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "base/util.h"
#include "emu/list_file.h"
#include "emu/work.h"

/* What is longer is no command. */
#define COMMAND_MAX 32

/**
 * struct handle - an open list
 * @list: it
 * @next: another one
 * @at: where this one is linked in
 */
struct handle {
	struct list_file *list;
	struct handle *next;
	struct handle **at;
};

/**
 * struct fs - the file system
 * @tree: its files; first, see base/flat_dir.h
 * @config: how it was mounted
 * @session: FUSE's
 * @workers: who read and write
 * @handles: open lists; for the thread that serves. Those that are open when it is
 *	unmounted are never released by FUSE
 * @let_in: signals that were blocked before it was mounted
 */
struct fs {
	struct tree tree;
	struct fs_config config;
	struct fuse_session *session;
	struct workers workers;
	struct handle *handles;
	sigset_t let_in;
};

/**
 * struct request - a read or write that is to be done
 * @work: what makes a worker do it, first
 * @fs: whose it is
 * @req: to be replied to
 * @node: which file
 * @list: it, if it is a list
 * @offset: from where
 * @len: how many bytes to read, or how many of @text to write
 * @text: what is written
 */
struct request {
	struct work work;
	struct fs *fs;
	fuse_req_t req;
	const struct node *node;
	struct list_file *list;
	uint64_t offset;
	size_t len;
	char text[COMMAND_MAX];
};

static struct fs *fs_of(fuse_req_t req)
{
	return fuse_req_userdata(req);
}

static struct handle *handle_of(const struct fuse_file_info *fi)
{
	return (struct handle *)(uintptr_t)fi->fh;
}

/* ---- open and close ------------------------------------------------------ */

static struct handle *add_handle(struct fs *fs, struct list_file *list)
{
	struct handle *handle = malloc(sizeof(*handle));

	if (!handle)
		abort();
	*handle = (struct handle){ list, fs->handles, &fs->handles };
	if (handle->next)
		handle->next->at = &handle->next;
	fs->handles = handle;
	return handle;
}

static void close_handle(struct handle *handle)
{
	*handle->at = handle->next;
	if (handle->next)
		handle->next->at = handle->at;
	list_file_close(handle->list);
	free(handle);
}

static int open_list(fuse_req_t req, const struct node *node, bool write,
		     struct fuse_file_info *fi)
{
	const struct fuse_ctx *ctx = fuse_req_ctx(req);
	struct fs *fs = fs_of(req);
	struct kernel *kernel = machine_kernel(fs->config.machine);
	struct list_view view = {
		.bank = &kernel_config(kernel)->banks.bank[node->bank],
		.staged = node->staged,
		.ascii = node->ascii,
	};
	struct list_file *list;
	pid_t writer = 0;
	int ret;

	/* A caller that cannot be seen is one all the same. */
	if (write && profile_takes_commands(fs->config.profile))
		writer = ctx->pid ? ctx->pid : -1;
	ret = list_file_open(kernel, &view, writer, &list);
	kernel_put(kernel);
	if (!ret)
		fi->fh = (uintptr_t)add_handle(fs, list);
	return ret;
}

static bool takes_commands(const struct fs *fs, const struct node *node)
{
	return (node->kind == NODE_LIST || node->kind == NODE_SNAPSHOT) &&
	       profile_takes_commands(fs->config.profile);
}

static int open_node(fuse_req_t req, const struct node *node,
		     struct fuse_file_info *fi)
{
	bool write = (fi->flags & O_ACCMODE) != O_RDONLY;
	const struct fuse_ctx *ctx = fuse_req_ctx(req);
	struct fs *fs = fs_of(req);

	fi->direct_io = 1;
	if (node->kind == NODE_SNAPSHOT)
		fi->nonseekable = 1;
	if ((write || node->kind == NODE_SNAPSHOT) &&
	    takes_commands(fs, node) &&
	    !caller_may_command(fs->config.rule, ctx->pid, ctx->uid))
		return -EPERM;
	return node->kind == NODE_LIST ? open_list(req, node, write, fi) : 0;
}

static void close_node(const struct fuse_file_info *fi)
{
	if (fi->fh)
		close_handle(handle_of(fi));
}

static void op_open(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	int ret;

	fi->fh = 0;
	ret = open_node(req, tree_node(&fs_of(req)->tree, ino), fi);
	if (ret)
		fuse_reply_err(req, -ret);
	else if (fuse_reply_open(req, fi) == -ENOENT)
		close_node(fi); /* whoever asked is gone */
}

/* Of each close. Only Linux 7.2 asks; without it FUSE does not tell us any more. */
static void op_flush(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	(void)ino;
	if (!profile_is_linux_7_2(fs_of(req)->config.profile)) {
		fuse_reply_err(req, ENOSYS);
		return;
	}
	if (fi->fh)
		list_file_closes(handle_of(fi)->list, fuse_req_ctx(req)->pid);
	fuse_reply_err(req, 0);
}

static void op_release(fuse_req_t req, fuse_ino_t ino,
		       struct fuse_file_info *fi)
{
	(void)ino;
	close_node(fi);
	fuse_reply_err(req, 0);
}

/* ---- read and write ------------------------------------------------------ */

static void queue(fuse_req_t req, fuse_ino_t ino,
		  const struct fuse_file_info *fi, uint64_t offset,
		  const char *text, size_t len, void (*run)(struct work *work))
{
	struct request *rq = calloc(1, sizeof(*rq));
	struct fs *fs = fs_of(req);

	if (!rq)
		abort();
	*rq = (struct request){
		.work.run = run,
		.fs = fs,
		.req = req,
		.node = tree_node(&fs->tree, ino),
		.list = fi->fh ? handle_of(fi)->list : NULL,
		.offset = offset,
		.len = len,
	};
	if (text)
		memcpy(rq->text, text, len);
	workers_add(&fs->workers, &rq->work);
}

static void read_list(struct request *rq)
{
	struct out out = { 0 };
	int ret = list_file_read(rq->list, rq->offset, rq->len, &out);

	/* What could be read before an error is read. */
	if (ret && !out.len)
		fuse_reply_err(rq->req, -ret);
	else
		fuse_reply_buf(rq->req, (char *)out.data, out.len);
	emu_out_fini(&out);
}

static long long count_of(const struct request *rq)
{
	struct kernel *kernel = machine_kernel(rq->fs->config.machine);
	struct kernel_counts counts;

	kernel_counts(kernel, &counts);
	kernel_put(kernel);
	switch (rq->node->kind) {
	case NODE_CURRENT_COUNT:
		return counts.current;
	case NODE_STAGED_COUNT:
		return counts.staged;
	case NODE_DELETED_COUNT:
		return counts.deleted;
	default:
		return counts.violations;
	}
}

static void read_count(struct request *rq)
{
	char text[32];
	size_t len, left;

	len = snprintf(text, sizeof(text), "%lld\n", count_of(rq));
	left = rq->offset < len ? len - rq->offset : 0;
	fuse_reply_buf(rq->req, left ? text + rq->offset : NULL,
		       left < rq->len ? left : rq->len);
}

static void run_read(struct work *work)
{
	struct request *rq = (struct request *)work;

	if (rq->node->kind == NODE_LIST)
		read_list(rq);
	else if (rq->node->kind == NODE_SNAPSHOT)
		fuse_reply_err(rq->req, EINVAL);
	else
		read_count(rq);
	free(rq);
}

static void op_read(fuse_req_t req, fuse_ino_t ino, size_t len, off_t offset,
		    struct fuse_file_info *fi)
{
	queue(req, ino, fi, offset, NULL, len, run_read);
}

static int write_snapshot(const struct request *rq)
{
	struct kernel *kernel;
	int ret;

	if (rq->len != 2 || memcmp(rq->text, "1\n", 2) != 0)
		return -EINVAL;

	kernel = machine_kernel(rq->fs->config.machine);
	ret = kernel_snapshot(kernel);
	kernel_put(kernel);
	return ret;
}

static void run_write(struct work *work)
{
	struct request *rq = (struct request *)work;
	int ret = -EINVAL;

	if (rq->node->kind == NODE_SNAPSHOT)
		ret = write_snapshot(rq);
	else if (takes_commands(rq->fs, rq->node))
		ret = list_file_write(rq->list, rq->text, rq->len, rq->offset);
	if (ret)
		fuse_reply_err(rq->req, -ret);
	else
		fuse_reply_write(rq->req, rq->len);
	free(rq);
}

static void op_write(fuse_req_t req, fuse_ino_t ino, const char *text,
		     size_t len, off_t offset, struct fuse_file_info *fi)
{
	if (len > COMMAND_MAX)
		fuse_reply_err(req, EINVAL);
	else
		queue(req, ino, fi, offset, text, len, run_write);
}

/* ---- the whole ----------------------------------------------------------- */

static const struct fuse_lowlevel_ops ops = {
	.lookup = flat_op_lookup,
	.getattr = flat_op_getattr,
	.setattr = flat_op_setattr,
	.readlink = flat_op_readlink,
	.create = flat_op_create,
	.unlink = flat_op_unlink,
	.rmdir = flat_op_unlink,
	.mkdir = flat_op_mkdir,
	.readdir = flat_op_readdir,
	.open = op_open,
	.flush = op_flush,
	.release = op_release,
	.read = op_read,
	.write = op_write,
};

static struct fuse_session *new_session(struct fs *fs)
{
	struct fuse_args args = FUSE_ARGS_INIT(0, NULL);
	struct fuse_session *session;

	if (fuse_opt_add_arg(&args, "imasim") ||
	    fuse_opt_add_arg(&args, "-odefault_permissions,fsname=imasim") ||
	    (fs->config.allow_other &&
	     fuse_opt_add_arg(&args, "-oallow_other")))
		return NULL;
	session = fuse_session_new(&args, &ops, sizeof(ops), fs);
	fuse_opt_free_args(&args);
	return session;
}

static int explain_mount(const char *dir)
{
	if (access("/dev/fuse", F_OK))
		fputs("imasim: there is no /dev/fuse here: load the module fuse"
		      ", or give the container that device\n",
		      stderr);
	else
		text_print_line(
			stderr,
			"imasim: cannot mount on %s: root may, and others where"
			" fusermount3 (package fuse3) is installed",
			dir);
	return -EIO;
}

static int check_directory(const char *dir)
{
	struct stat st;
	int ret = stat(dir, &st) ? -errno : 0;

	if (!ret && S_ISDIR(st.st_mode))
		return 0;
	if (ret == -ENOTCONN || ret == -ECONNABORTED)
		text_print_line(
			stderr,
			"imasim: what was mounted on %s is dead: fusermount3 -u "
			"takes it away",
			dir);
	else
		text_print_line(
			stderr,
			"imasim: %s is not a directory: make one to mount on",
			dir);
	return ret ? ret : -ENOTDIR;
}

/*
 * From before it is mounted, a signal that ends us has to unmount: it is kept until
 * fs_run() lets it in. They stay blocked afterwards: what is left to do is to be done.
 */
static void keep_signals(sigset_t *ret_before)
{
	sigset_t ending;

	sigemptyset(&ending);
	sigaddset(&ending, SIGHUP);
	sigaddset(&ending, SIGINT);
	sigaddset(&ending, SIGTERM);
	pthread_sigmask(SIG_BLOCK, &ending, ret_before);
}

static void fs_free(struct fs *fs)
{
	tree_fini(&fs->tree);
	free(fs);
}

int fs_mount(const struct fs_config *config, struct fs **ret_fs)
{
	struct fs *fs;
	int ret = check_directory(config->dir);

	if (ret)
		return ret;
	fs = calloc(1, sizeof(*fs));
	if (!fs)
		return -ENOMEM;
	fs->config = *config;
	tree_init(&fs->tree, config->profile, &config->machine->config.banks);
	fs->session = new_session(fs);
	if (!fs->session) {
		fs_free(fs);
		return -ENOMEM;
	}
	keep_signals(&fs->let_in);
	if (fuse_session_mount(fs->session, config->dir)) {
		fuse_session_destroy(fs->session);
		fs_free(fs);
		return explain_mount(config->dir);
	}
	*ret_fs = fs;
	return 0;
}

/*
 * Waits for a request with the signals let in that end it, and for no longer than
 * that: one that comes between looking and waiting is not missed.
 */
static int receive(struct fuse_session *session, const sigset_t *let_in,
		   struct fuse_buf *buf)
{
	struct pollfd fd = {
		.fd = fuse_session_fd(session),
		.events = POLLIN,
	};

	if (ppoll(&fd, 1, NULL, let_in) < 0)
		return -errno;
	return fuse_session_receive_buf(session, buf);
}

static int serve(struct fuse_session *session, const sigset_t *let_in)
{
	struct fuse_buf buf = { 0 };
	int ret = 0;

	while (!fuse_session_exited(session)) {
		ret = receive(session, let_in, &buf);
		if (ret == -EINTR || ret == -EAGAIN)
			continue;
		if (ret <= 0)
			break;
		fuse_session_process_buf(session, &buf);
	}
	free(buf.mem);
	return ret < 0 && ret != -EINTR && ret != -EAGAIN ? ret : 0;
}

int fs_run(struct fs *fs)
{
	int ret;

	if (fuse_set_signal_handlers(fs->session))
		return -EIO;
	fcntl(fuse_session_fd(fs->session), F_SETFL, O_NONBLOCK);
	workers_start(&fs->workers);
	ret = serve(fs->session, &fs->let_in);
	workers_stop(&fs->workers);
	fuse_remove_signal_handlers(fs->session);
	return ret;
}

void fs_detach(struct fs *fs)
{
	fuse_session_unmount(fs->session);
}

void fs_unmount(struct fs *fs)
{
	while (fs->handles)
		close_handle(fs->handles);
	fuse_session_unmount(fs->session);
	fuse_session_destroy(fs->session);
	fs_free(fs);
}
