// SPDX-License-Identifier: MIT
/*
 * Who has files of the lists open, by what /proc tells. See source.h.
 *
 * Nothing here asks another file system for anything (AT_STATX_DONT_SYNC): a
 * server that hangs, or that is this very process, must not be waited for. Processes
 * and descriptors come and go meanwhile; what is gone is passed over.
 */
#include "source/private.h"

#include "base/util.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>

#define LIST_FILES_MAX 64

struct identity {
	uint32_t major, minor; /* of the device */
	uint64_t inode;
};

struct search {
	struct source *source;
	struct identity lists[LIST_FILES_MAX];
	size_t nr_lists;
	int proc; /* /proc */
	pid_t self;
	struct source_holder *found;
	size_t nr_found, max_found;
};

static bool identify(int dir, const char *name, struct identity *ret_identity)
{
	struct statx st;

	if (statx(dir, name, AT_STATX_DONT_SYNC | AT_NO_AUTOMOUNT, STATX_INO,
		  &st) < 0)
		return false;
	*ret_identity = (struct identity){ st.stx_dev_major, st.stx_dev_minor,
					   st.stx_ino };
	return true;
}

static bool is_list(const struct search *search, const struct identity *id)
{
	for (size_t i = 0; i < search->nr_lists; i++) {
		const struct identity *list = &search->lists[i];

		if (list->major == id->major && list->minor == id->minor &&
		    list->inode == id->inode)
			return true;
	}
	return false;
}

static void find_lists(struct search *search)
{
	DIR *dir = opendir(search->source->dir);
	struct dirent *entry;

	while (dir && search->nr_lists < LIST_FILES_MAX &&
	       (entry = readdir(dir))) {
		if (source_is_list_name(entry->d_name) &&
		    identify(dirfd(dir), entry->d_name,
			     &search->lists[search->nr_lists]))
			search->nr_lists++;
	}
	if (dir)
		closedir(dir);
}

/* ---- what a process says of itself --------------------------------------- */

/* Anything but printable ASCII becomes '?', a NUL between arguments a space. */
static void make_harmless(char *text, size_t len)
{
	while (len > 0 && (text[len - 1] == '\0' || text[len - 1] == '\n'))
		len--;
	text[len] = '\0';
	for (size_t i = 0; i < len; i++) {
		if (text[i] == '\0')
			text[i] = ' ';
		else if (text[i] < ' ' || text[i] > '~')
			text[i] = '?';
	}
}

/* The beginning of a file, terminated; empty when it cannot be read. */
static size_t read_start(int dir, const char *name, char *ret_text, size_t room)
{
	cleanup_close int fd =
		openat(dir, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	ssize_t len = fd < 0 ? 0 : read(fd, ret_text, room - 1);

	len = len < 0 ? 0 : len;
	ret_text[len] = '\0';
	return (size_t)len;
}

static void read_harmless(int dir, const char *name, char *ret_text,
			  size_t room)
{
	make_harmless(ret_text, read_start(dir, name, ret_text, room));
}

/* What fdinfo has of descriptor @fd; empty when it cannot be read. */
static void read_fd_info(int process, const char *fd, char *ret_text,
			 size_t room)
{
	char name[64];

	snprintf(name, sizeof(name), "fdinfo/%.32s", fd);
	read_start(process, name, ret_text, room);
}

/* "flags:", in octal. */
static bool is_for_writing(int process, const char *fd)
{
	char text[512], *at;

	read_fd_info(process, fd, text, sizeof(text));
	at = strstr(text, "flags:");
	return at && (strtoul(at + 6, NULL, 8) & O_ACCMODE) != O_RDONLY;
}

static DIR *open_dir_at(int dir, const char *name)
{
	int fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *opened = fd < 0 ? NULL : fdopendir(fd);

	if (fd >= 0 && !opened)
		close(fd);
	return opened;
}

/* One of our programs that serves a file system. */
static bool is_view(int process, const char *comm)
{
	DIR *fds = strncmp(comm, "imastage", 8) ? NULL :
						  open_dir_at(process, "fd");
	struct dirent *entry;
	char path[16];
	bool is = false;

	while (fds && !is && (entry = readdir(fds))) {
		ssize_t len = readlinkat(dirfd(fds), entry->d_name, path,
					 sizeof(path));

		is = len == 9 && !memcmp(path, "/dev/fuse", 9);
	}
	if (fds)
		closedir(fds);
	return is;
}

/*
 * By the inode alone, which is in fdinfo since Linux 5.14. So no file of others is
 * asked for, only /proc: a security policy need not allow the keeper more.
 */
static bool may_be_list(const struct search *search, int process,
			const char *fd)
{
	char text[512], *at;
	uint64_t inode;

	read_fd_info(process, fd, text, sizeof(text));
	at = strstr(text, "ino:");
	if (!at)
		return true;
	inode = strtoull(at + 4, NULL, 10);
	for (size_t i = 0; i < search->nr_lists; i++) {
		if (search->lists[i].inode == inode)
			return true;
	}
	return false;
}

/* Of a path that is too long the end says more: which list it is. */
static void read_path(int fd_dir, const char *fd, char ret_path[], size_t room)
{
	static const char cut[] = "...";
	char path[PATH_MAX];
	ssize_t len = readlinkat(fd_dir, fd, path, sizeof(path));
	size_t skipped = len >= (ssize_t)room ? (size_t)len - room + 1 : 0;

	if (len < 0)
		len = 0;
	memcpy(ret_path, path + skipped, (size_t)len - skipped);
	if (skipped)
		memcpy(ret_path, cut, sizeof(cut) - 1);
	make_harmless(ret_path, (size_t)len - skipped);
}

static void add_holder(struct search *search, int process, pid_t pid,
		       int fd_dir, const char *fd)
{
	struct source_holder *holder = &search->found[search->nr_found++];

	*holder = (struct source_holder){
		.pid = pid,
		.writes = is_for_writing(process, fd),
	};
	read_harmless(process, "comm", holder->comm, sizeof(holder->comm));
	holder->view = is_view(process, holder->comm);
	read_harmless(process, "cmdline", holder->command,
		      sizeof(holder->command));
	read_path(fd_dir, fd, holder->path, sizeof(holder->path));
}

/* ---- looking through all of them ----------------------------------------- */

static bool is_number(const char *name)
{
	return *name && strspn(name, "0123456789") == strlen(name);
}

/*
 * One holder for a process: a descriptor that writes if there is one, for that is
 * what others wait for.
 */
static bool look_through(struct search *search, int process, pid_t pid)
{
	DIR *fds = open_dir_at(process, "fd");
	size_t before = search->nr_found;
	struct dirent *entry;
	struct identity id;

	while (fds && (entry = readdir(fds))) {
		if (!is_number(entry->d_name) ||
		    !may_be_list(search, process, entry->d_name) ||
		    !identify(dirfd(fds), entry->d_name, &id) ||
		    !is_list(search, &id))
			continue;
		if (search->nr_found > before &&
		    !is_for_writing(process, entry->d_name))
			continue;
		search->nr_found = before;
		add_holder(search, process, pid, dirfd(fds), entry->d_name);
		if (search->found[before].writes)
			break;
	}
	if (fds)
		closedir(fds);
	return search->nr_found > before;
}

/* Threads may have descriptors of their own (unshare(CLONE_FILES)). */
static void look_through_threads(struct search *search, int process, pid_t pid)
{
	DIR *threads = open_dir_at(process, "task");
	struct dirent *entry;
	bool found = false;

	while (threads && !found && (entry = readdir(threads))) {
		cleanup_close int thread = -1;

		if (!is_number(entry->d_name) ||
		    strtoul(entry->d_name, NULL, 10) == (unsigned long)pid)
			continue;
		thread = openat(dirfd(threads), entry->d_name,
				O_PATH | O_DIRECTORY | O_CLOEXEC);
		found = thread >= 0 && look_through(search, thread, pid);
	}
	if (threads)
		closedir(threads);
}

static void look_at_process(struct search *search, const char *name,
			    bool threads)
{
	cleanup_close int process = -1;
	unsigned long pid = strtoul(name, NULL, 10);

	if (pid == 0 || pid > INT32_MAX || (pid_t)pid == search->self)
		return;
	process = openat(search->proc, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (process < 0)
		return;
	if (threads)
		look_through_threads(search, process, (pid_t)pid);
	else
		look_through(search, process, (pid_t)pid);
}

static void look_at_all(struct search *search, bool threads)
{
	DIR *proc = open_dir_at(search->proc, ".");
	struct dirent *entry;

	while (proc && search->nr_found < search->max_found &&
	       (entry = readdir(proc))) {
		if (is_number(entry->d_name))
			look_at_process(search, entry->d_name, threads);
	}
	if (proc)
		closedir(proc);
}

/* Its number where this /proc is from, which may be another PID namespace. */
static pid_t find_self(int proc)
{
	char name[16];
	ssize_t len = readlinkat(proc, "self", name, sizeof(name) - 1);

	if (len <= 0)
		return getpid();
	name[len] = '\0';
	return (pid_t)strtol(name, NULL, 10);
}

size_t source_holders(struct source *source, struct source_holder *ret_holders,
		      size_t max)
{
	cleanup_close int proc =
		open(source->options.proc, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct search search = {
		.source = source,
		.proc = proc,
		.self = find_self(proc),
		.found = ret_holders,
		.max_found = max,
	};

	if (proc < 0)
		return 0;
	find_lists(&search);
	look_at_all(&search, false);
	if (search.nr_found == 0)
		look_at_all(&search, true);
	return search.nr_found;
}
