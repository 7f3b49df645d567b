// SPDX-License-Identifier: MIT
/*
 * Waiting for others, and finding out who they are: real processes that hold a
 * list of the emulator by every way there is to come by one, and a /proc whose
 * processes are as bad as can be.
 */
#include "source/source.h"

#include "lib/emulator.h"
#include "lib/testing.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

#define MAX 8

static struct emulator ours;
static char said[4096]; /* what the source had to say, since forget() */

static int start(void **state)
{
	(void)state;
	if (!emulator_missing())
		emulator_start(&ours, NULL);
	return 0;
}

static int stop(void **state)
{
	(void)state;
	if (!emulator_missing())
		emulator_stop(&ours);
	return 0;
}

static int forget(void **state)
{
	said[0] = '\0';
	return emulator_needed(state);
}

static void hear(void *context, enum say_level level, const char *text)
{
	size_t len = strlen(said);

	(void)context;
	snprintf(said + len, sizeof(said) - len, "<%d>%s\n", level, text);
}

static const struct say listener = { hear, NULL };

static struct source *open_source(unsigned int wait_ms)
{
	struct source_options options = {
		.dir = ours.dir,
		.wait_ms = wait_ms,
		.say = &listener,
	};
	struct source *source;

	assert_int_equal(source_open(&options, &source), 0);
	return source;
}

static void list_path(char *ret_path, size_t room, const char *dir)
{
	snprintf(ret_path, room, "%s/ascii_runtime_measurements", dir);
}

/* ---- processes that hold a list ------------------------------------------ */

/*
 * A process that does @hold, tells us so, and waits to be killed. @hold returns 0
 * when it holds a list.
 */
struct holder {
	pid_t pid;
	int told; /* a pipe */
};

static void begin_holding(struct holder *holder, int (*hold)(void))
{
	int ends[2];
	char byte;

	assert_return_code(pipe(ends), errno);
	holder->pid = fork();
	assert_true(holder->pid >= 0);
	if (holder->pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		prctl(PR_SET_NAME, "a holder\n\033[m");
		if (hold() < 0 || write(ends[1], "", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	close(ends[1]);
	holder->told = ends[0];
	assert_int_equal(read(holder->told, &byte, 1), 1);
}

static void end_holding(struct holder *holder)
{
	kill(holder->pid, SIGKILL);
	waitpid(holder->pid, NULL, 0);
	close(holder->told);
}

static int hold_to_read(void)
{
	char path[160];

	list_path(path, sizeof(path), ours.dir);
	return open(path, O_RDONLY);
}

static int hold_to_write(void)
{
	char path[160];

	list_path(path, sizeof(path), ours.dir);
	return open(path, O_RDWR);
}

/* A descriptor comes from a process that has ended: only this one has it. */
static int hold_what_was_passed(void)
{
	char control[CMSG_SPACE(sizeof(int))] = { 0 }, byte = 0;
	struct iovec iov = { &byte, 1 };
	struct msghdr message = { .msg_iov = &iov,
				  .msg_iovlen = 1,
				  .msg_control = control,
				  .msg_controllen = sizeof(control) };
	int ends[2], fd;
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) < 0)
		return -1;
	pid = fork();
	if (pid == 0) {
		struct cmsghdr *header = CMSG_FIRSTHDR(&message);

		fd = hold_to_read();
		header->cmsg_level = SOL_SOCKET;
		header->cmsg_type = SCM_RIGHTS;
		header->cmsg_len = CMSG_LEN(sizeof(fd));
		memcpy(CMSG_DATA(header), &fd, sizeof(fd));
		_exit(fd < 0 || sendmsg(ends[0], &message, 0) != 1);
	}
	if (waitpid(pid, NULL, 0) != pid)
		return -1;
	return recvmsg(ends[1], &message, 0) == 1 && message.msg_controllen ?
		       0 :
		       -1;
}

static void path_of_other(char ret_path[256])
{
	snprintf(ret_path, 256, "%s/other-%0150d", ours.home, 0);
}

/* By another name, which is long, in another mount namespace, and in a chroot. */
static int hold_from_elsewhere(void)
{
	char other[256];

	path_of_other(other);
	if (unshare(CLONE_NEWNS) < 0 ||
	    mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("none", other, "tmpfs", 0, NULL) < 0 || chdir(other) < 0 ||
	    mkdir("place", 0700) < 0 ||
	    mount(ours.dir, "place", NULL, MS_BIND, NULL) < 0 ||
	    chroot(other) < 0)
		return -1;
	return open("/place/binary_runtime_measurements_staged", O_RDWR);
}

static int hold_elsewhere(void)
{
	char other[256];

	path_of_other(other);
	return mkdir(other, 0700) < 0 ? -1 : hold_from_elsewhere();
}

static void *hold_in_thread(void *told)
{
	int fd = unshare(CLONE_FILES) < 0 ? -1 : hold_to_read();

	/* The main thread ends up without it. */
	if (fd < 0 || write(*(int *)told, "", 1) != 1)
		_exit(1);
	for (;;)
		pause();
	return NULL;
}

static int hold_by_thread(void)
{
	pthread_t thread;
	int ends[2];
	char byte;

	if (pipe(ends) < 0 ||
	    pthread_create(&thread, NULL, hold_in_thread, &ends[1]) != 0)
		return -1;
	return read(ends[0], &byte, 1) == 1 ? 0 : -1;
}

static void assert_found(int (*hold)(void), bool writes, const char *name)
{
	struct source *source = open_source(0);
	struct source_holder found[MAX];
	struct holder holder;

	assert_int_equal(source_holders(source, found, MAX), 0);
	begin_holding(&holder, hold);
	assert_int_equal(source_holders(source, found, MAX), 1);
	assert_int_equal(found[0].pid, holder.pid);
	assert_int_equal(found[0].writes, writes);
	assert_string_equal(found[0].comm, "a holder??[m");
	assert_non_null(strstr(found[0].path, name));
	assert_non_null(strstr(found[0].command, "test_source_holders"));
	assert_int_equal(source_holders(source, found, 0), 0);
	end_holding(&holder);
	assert_int_equal(source_holders(source, found, MAX), 0);
	source_close(source);
}

static void need_root(void)
{
	if (geteuid() == 0)
		return;
	print_message("# missing root\n");
	skip();
}

TEST(finds_who_reads)
{
	assert_found(hold_to_read, false, "/ascii_runtime_measurements_sha1");
}

TEST(finds_who_writes)
{
	assert_found(hold_to_write, true, "/ascii_runtime_measurements_sha1");
}

static int hold_as_view(void)
{
	prctl(PR_SET_NAME, "imastage");
	return open("/dev/fuse", O_RDWR) < 0 ? -1 : hold_to_read();
}

static int hold_as_namesake(void)
{
	prctl(PR_SET_NAME, "imastage");
	return hold_to_read();
}

TEST(knows_our_own_view)
{
	struct source *source = open_source(0);
	struct source_holder found[MAX];
	struct holder view, namesake;

	begin_holding(&view, hold_as_view);
	assert_int_equal(source_holders(source, found, MAX), 1);
	assert_true(found[0].view);
	end_holding(&view);
	begin_holding(&namesake, hold_as_namesake);
	assert_int_equal(source_holders(source, found, MAX), 1);
	assert_false(found[0].view);
	end_holding(&namesake);
	source_close(source);
}

TEST(finds_who_was_passed_it)
{
	assert_found(hold_what_was_passed, false, "runtime_measurements");
}

TEST(finds_who_is_elsewhere)
{
	char other[256];

	need_root();
	assert_found(hold_elsewhere, true,
		     "/binary_runtime_measurements_sha1_staged");
	path_of_other(other);
	assert_return_code(rmdir(other), errno);
}

TEST(finds_threads_with_files_of_their_own)
{
	struct source *source = open_source(0);
	struct source_holder found[MAX];
	struct holder holder;

	begin_holding(&holder, hold_by_thread);
	assert_int_equal(source_holders(source, found, MAX), 1);
	assert_int_equal(found[0].pid, holder.pid);
	end_holding(&holder);
	source_close(source);
}

TEST(finds_many_up_to_a_limit)
{
	struct source *source = open_source(0);
	struct source_holder found[MAX];
	struct holder holders[5];

	for (size_t i = 0; i < 5; i++)
		begin_holding(&holders[i], hold_to_read);
	assert_int_equal(source_holders(source, found, MAX), 5);
	assert_int_equal(source_holders(source, found, 3), 3);
	for (size_t i = 0; i < 5; i++)
		end_holding(&holders[i]);
	source_close(source);
}

/* ---- waiting ------------------------------------------------------------- */

TEST(gives_up_and_tells_why)
{
	struct source *source = open_source(20);
	struct source_holder blocker[MAX];
	struct holder holder;
	char wanted[64];

	begin_holding(&holder, hold_to_read);
	assert_int_equal(source_begin(source, SOURCE_WRITE), -EBUSY);
	assert_int_equal(source_blockers(source, blocker, MAX), 1);
	assert_int_equal(blocker[0].pid, holder.pid);
	snprintf(wanted, sizeof(wanted), "being read by process %d (a holder??",
		 (int)holder.pid);
	assert_non_null(strstr(said, wanted));
	assert_null(strchr(said, '\033'));

	/* Readers get along. */
	assert_int_equal(source_begin(source, SOURCE_READ), 0);
	source_end(source);
	end_holding(&holder);
	source_close(source);
}

/* However late it looks: the second that makes it long is all that there is. */
TEST(tells_of_a_long_wait)
{
	struct source *source = open_source(1000);
	struct holder holder;

	begin_holding(&holder, hold_to_write);
	assert_int_equal(source_begin(source, SOURCE_READ), -EBUSY);
	assert_non_null(strstr(said, "<5>waiting: "));
	assert_non_null(strstr(said, "<4>busy: "));
	assert_non_null(strstr(said, "open for writing by process"));
	end_holding(&holder);
	source_close(source);
}

static void *let_go(void *holder)
{
	usleep(60000);
	end_holding(holder);
	return NULL;
}

TEST(gets_it_when_the_other_is_done)
{
	struct source *source = open_source(PATIENCE_MS);
	struct holder holder;
	pthread_t thread;

	begin_holding(&holder, hold_to_read);
	assert_int_equal(pthread_create(&thread, NULL, let_go, &holder), 0);
	assert_int_equal(source_begin(source, SOURCE_WRITE), 0);
	source_end(source);
	pthread_join(thread, NULL);
	source_close(source);
}

static bool stop_at_third(void *calls)
{
	return ++*(int *)calls >= 3;
}

/* It would wait for a minute; the test's own time limit is the proof. */
TEST(can_be_told_to_stop_waiting)
{
	int calls = 0;
	struct source_options options = {
		.dir = ours.dir,
		.wait_ms = PATIENCE_MS,
		.stop = stop_at_third,
		.context = &calls,
	};
	struct source *source;
	struct holder holder;

	assert_int_equal(source_open(&options, &source), 0);
	begin_holding(&holder, hold_to_write);
	assert_int_equal(source_begin(source, SOURCE_WRITE), -EINTR);
	assert_int_equal(calls, 3);
	end_holding(&holder);
	calls = -1000;
	assert_int_equal(source_begin(source, SOURCE_WRITE), 0);

	/* And so can a thread that waits for another one's session. */
	calls = 0;
	assert_int_equal(source_begin(source, SOURCE_READ), -EINTR);
	source_end(source);
	source_close(source);
}

TEST(does_not_wait_for_its_own_threads_for_ever)
{
	struct source *source = open_source(30);
	struct source_holder blocker[MAX];

	assert_int_equal(source_begin(source, SOURCE_WRITE), 0);
	assert_int_equal(source_begin(source, SOURCE_WRITE), -EBUSY);
	assert_int_equal(source_blockers(source, blocker, MAX), 1);
	assert_int_equal(blocker[0].pid, getpid());
	assert_true(blocker[0].view);
	assert_non_null(strstr(said, "another thread"));
	source_end(source);
	source_close(source);
}

/* ---- a hostile /proc ----------------------------------------------------- */

static char proc[64];

static void put(const char *name, const void *text, size_t len)
{
	char path[256];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", proc, name);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	assert_return_code(fd, errno);
	assert_int_equal(write(fd, text, len), len);
	close(fd);
}

static void make_folder(const char *name)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", proc, name);
	assert_return_code(mkdir(path, 0700), errno);
}

static void make_link(const char *target, const char *name)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", proc, name);
	assert_return_code(symlink(target, path), errno);
}

static void make_process(const char *pid)
{
	char name[128];

	make_folder(pid);
	snprintf(name, sizeof(name), "%s/fd", pid);
	make_folder(name);
	snprintf(name, sizeof(name), "%s/fdinfo", pid);
	make_folder(name);
}

static void make_bad_processes(const char *list)
{
	const char *other = "pos:\t0\nflags:\t0100000\nmnt_id:\t1\nino:\t0\n";
	char junk[70000];

	memset(junk, 'x', sizeof(junk));
	for (size_t i = 0; i < sizeof(junk); i++)
		junk[i] = (char)(i * 7);
	make_process("10"); /* everything is too long or not text */
	put("10/comm", junk, sizeof(junk));
	put("10/cmdline", junk, sizeof(junk));
	put("10/fdinfo/3", junk, sizeof(junk));
	make_link(list, "10/fd/3");
	make_process("11"); /* says nothing of itself */
	make_link(list, "11/fd/3");
	make_process("12"); /* what it had is gone */
	make_link("/does/not/exist", "12/fd/0");
	make_link("3", "12/fd/3");
	make_folder("13"); /* has ended just now */
	make_process("14"); /* names that are no descriptors */
	make_link(list, "14/fd/x");
	make_link(list, "14/fd/3 ");
	make_process("99999999999999999999");
	make_link(list, "99999999999999999999/fd/3");
	make_process("0");
	make_link(list, "0/fd/3");
	put("15", "", 0); /* a file */
	make_process("self-made");
	make_process("16"); /* ourselves */
	make_link("16", "self");
	make_link(list, "16/fd/3");
	make_process("17"); /* reads one, writes another */
	make_link(list, "17/fd/3");
	make_link(list, "17/fd/4");
	put("17/fdinfo/3", "pos:\t0\nflags:\t0100000\n", 23);
	put("17/fdinfo/4", "pos:\t0\nflags:\t0100002\n", 23);
	put("17/comm", "  \n\n\n", 5);
	put("17/cmdline", "a\0b c\0\x7f\xc2\x9b\0\0", 12);
	make_process("18"); /* has another file open, by its inode */
	make_link(list, "18/fd/3");
	put("18/fdinfo/3", other, strlen(other));
}

/* One that has @list open, by its inode. */
static void make_good_process(const char *list)
{
	struct stat attr;
	char text[80];
	int len;

	assert_return_code(stat(list, &attr), errno);
	len = snprintf(text, sizeof(text),
		       "pos:\t0\nflags:\t0100002\nmnt_id:\t1\nino:\t%ju\n",
		       (uintmax_t)attr.st_ino);
	make_process("19");
	make_link(list, "19/fd/3");
	put("19/fdinfo/3", text, (size_t)len);
}

static void assert_printable(const char *text, size_t room)
{
	size_t len = strnlen(text, room);

	assert_true(len < room);
	for (size_t i = 0; i < len; i++)
		assert_in_range(text[i], ' ', '~');
}

static void remove_proc(void)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -r %s", proc);
	assert_int_equal(system(command), 0);
}

static const struct source_holder *find(const struct source_holder *found,
					size_t nr, pid_t pid)
{
	for (size_t i = 0; i < nr; i++) {
		if (found[i].pid == pid)
			return &found[i];
	}
	return NULL;
}

TEST(is_not_impressed_by_processes)
{
	struct source_options options = { .dir = ours.dir, .proc = proc };
	struct source_holder found[MAX];
	struct source *source;
	char list[160];
	size_t nr;

	strcpy(proc, "/tmp/imastage-test-proc-XXXXXX");
	assert_non_null(mkdtemp(proc));
	list_path(list, sizeof(list), ours.dir);
	make_bad_processes(list);
	make_good_process(list);
	assert_int_equal(source_open(&options, &source), 0);
	nr = source_holders(source, found, MAX);
	assert_int_equal(nr, 4);
	for (size_t i = 0; i < nr; i++) {
		assert_printable(found[i].comm, sizeof(found[i].comm));
		assert_printable(found[i].command, sizeof(found[i].command));
		assert_printable(found[i].path, sizeof(found[i].path));
	}
	assert_non_null(find(found, nr, 10));
	assert_non_null(find(found, nr, 11));
	assert_string_equal(find(found, nr, 11)->command, "");
	assert_true(find(found, nr, 17)->writes);
	assert_string_equal(find(found, nr, 17)->command, "a b c ???");
	assert_true(find(found, nr, 19)->writes);
	source_close(source);

	options.proc = "/does/not/exist";
	assert_int_equal(source_open(&options, &source), 0);
	assert_int_equal(source_holders(source, found, MAX), 0);
	source_close(source);
	remove_proc();
}

#define LIVE(test) cmocka_unit_test_setup(test, forget)

TEST_MAIN_WITH(start, stop, LIVE(finds_who_reads), LIVE(finds_who_writes),
	       LIVE(knows_our_own_view), LIVE(finds_who_was_passed_it),
	       LIVE(finds_who_is_elsewhere),
	       LIVE(finds_threads_with_files_of_their_own),
	       LIVE(finds_many_up_to_a_limit), LIVE(gives_up_and_tells_why),
	       LIVE(tells_of_a_long_wait), LIVE(gets_it_when_the_other_is_done),
	       LIVE(can_be_told_to_stop_waiting),
	       LIVE(does_not_wait_for_its_own_threads_for_ever),
	       LIVE(is_not_impressed_by_processes))
