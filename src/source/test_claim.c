// SPDX-License-Identifier: MIT
/*
 * One kernel, one keeper: by whatever path, from whatever mount namespace or process.
 */
#include "source/source.h"

#include "lib/emulator.h"
#include "lib/testing.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

static struct source *open_source(const char *path)
{
	struct source_options options = { .dir = path };
	struct source *source = NULL;

	assert_int_equal(source_open(&options, &source), 0);
	return source;
}

/* What another keeper gets that asks by @path. */
static int try_claim(const char *path, bool shared)
{
	struct source *source = open_source(path);
	int r = source_claim(source, shared);

	source_close(source);
	return r;
}

TEST(one_keeper_has_a_kernel)
{
	struct emulator emulator, other;
	struct source *source;

	emulator_start(&emulator, "--profile", "imastage", NULL);
	emulator_start(&other, "--profile", "7.2", NULL);
	source = open_source(emulator.dir);
	assert_int_equal(try_claim(emulator.dir, false), 0);
	assert_int_equal(source_claim(source, false), 0);
	assert_int_equal(source_claim(source, false), 0); /* it has it */
	assert_int_equal(try_claim(emulator.dir, false), -EBUSY);
	assert_int_equal(try_claim(emulator.dir, true), -EBUSY);
	assert_int_equal(try_claim(other.dir, false), 0);
	/* Whoever is another kernel's keeper by now: the folder is the same. */
	emulator_ask(&emulator, "kexec", NULL);
	assert_int_equal(try_claim(emulator.dir, false), -EBUSY);
	source_close(source);
	assert_int_equal(try_claim(emulator.dir, false), 0);
	emulator_stop(&other);
	emulator_stop(&emulator);
}

TEST(those_who_copy_share_it)
{
	struct source *one, *two;
	struct emulator emulator;

	emulator_start(&emulator, "--profile", "unpatched", NULL);
	one = open_source(emulator.dir);
	two = open_source(emulator.dir);
	assert_int_equal(source_claim(one, true), 0);
	assert_int_equal(source_claim(two, true), 0);
	assert_int_equal(try_claim(emulator.dir, false), -EBUSY);
	source_close(one);
	assert_int_equal(try_claim(emulator.dir, false), -EBUSY);
	source_close(two);
	assert_int_equal(try_claim(emulator.dir, false), 0);
	emulator_stop(&emulator);
}

/* In a namespace of its own it mounts the kernel's files elsewhere. Exits with the errno. */
static void claim_elsewhere(const char *dir)
{
	char elsewhere[] = "/tmp/imastage-test-claim-XXXXXX";
	int r = mkdtemp(elsewhere) ? 0 : -errno;

	if (r == 0 && (unshare(CLONE_NEWNS) < 0 ||
		       mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
		       mount(dir, elsewhere, NULL, MS_BIND, NULL) < 0))
		r = -errno;
	if (r == 0) {
		r = try_claim(elsewhere, false);
		umount2(elsewhere, MNT_DETACH);
	}
	rmdir(elsewhere);
	_exit(-r);
}

TEST(another_mount_namespace_sees_the_same_kernel)
{
	struct emulator emulator;
	struct source *source;
	int status;
	pid_t pid;

	if (geteuid() != 0) {
		print_message("# missing root\n");
		skip();
	}
	emulator_start(&emulator, "--profile", "imastage", NULL);
	source = open_source(emulator.dir);
	assert_int_equal(source_claim(source, false), 0);
	pid = fork();
	if (pid == 0)
		claim_elsewhere(emulator.dir);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == EPERM) {
		print_message("# missing CAP_SYS_ADMIN\n");
		skip();
	}
	assert_int_equal(WEXITSTATUS(status), EBUSY);
	source_close(source);
	emulator_stop(&emulator);
}

TEST(it_ends_with_its_process)
{
	struct emulator emulator;
	int ready[2], status;
	char byte;
	pid_t pid;

	emulator_start(&emulator, "--profile", "imastage", NULL);
	assert_return_code(pipe(ready), errno);
	pid = fork();
	if (pid == 0) {
		if (source_claim(open_source(emulator.dir), false) == 0)
			(void)!write(ready[1], "", 1);
		pause();
	}
	assert_int_equal(read(ready[0], &byte, 1), 1);
	assert_int_equal(try_claim(emulator.dir, false), -EBUSY);
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(try_claim(emulator.dir, false), 0);
	close(ready[0]);
	close(ready[1]);
	emulator_stop(&emulator);
}

TEST_MAIN(WITH_EMULATOR(one_keeper_has_a_kernel),
	  WITH_EMULATOR(those_who_copy_share_it),
	  WITH_EMULATOR(another_mount_namespace_sees_the_same_kernel),
	  WITH_EMULATOR(it_ends_with_its_process))
