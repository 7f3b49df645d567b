// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Selftest of staging of the IMA measurement list: its files in securityfs,
 * seen from user space.
 *
 * It takes the list of the running machine to pieces: every record there was
 * is deleted. Run it where no one needs them, as root, with a policy such as
 *
 *	dont_measure fsmagic=0x73636673
 *	dont_measure fsmagic=0x9fa0
 *	measure func=FILE_CHECK mask=MAY_READ
 *
 * (securityfs, procfs; without the first two lines it works as well, but not
 * under ima_flush_htable, where looking at the lists would lengthen them.)
 *
 * Nothing here is about the kernel's own securityfs: with -d and -m the same
 * tests run against an emulator. What cannot be tried from user space is what
 * happens while measuring is suspended (EACCES, ESTALE), because that ends in
 * a reboot. The KUnit tests do that.
 *
 * Exit code: 0 all passed, 1 not all, 4 all skipped.
 */

#include "ima_staging_test.h"

#include <stdio.h>
#include <sys/random.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <time.h>

#define SECURITYFS_MAGIC	0x73636673

/* exit codes of warm_up() */
enum {
	NOT_MEASURED = 100,
	LISTS_MEASURED,
};

struct config cfg = {
	.dir = "/sys/kernel/security/ima",
	.workdir = "/tmp",
	.factor = 1,
	.dirfd = -1,
	.workfd = -1,
};

static const struct test *const tables[] = {
	file_tests, open_tests, busy_tests, release_tests, write_tests,
	order_tests, stage_tests, trim_tests, read_tests, offset_tests,
	race_tests, hash_tests, snapshot_tests,
};

static const char usage[] =
	"usage: ima_staging_test [-d DIR] [-w WORKDIR] [-m COMMAND] [-t NAME]\n"
	"                        [-n FACTOR] [-s SEED] [-F] [-l] [-v]\n"
	"  -d DIR      the lists (default /sys/kernel/security/ima)\n"
	"  -w WORKDIR  where files to be measured are made (default /tmp)\n"
	"  -m COMMAND  measures the files given as arguments; default: read them\n"
	"  -t NAME     run tests whose name contains NAME\n"
	"  -n FACTOR   as many times the records and rounds\n"
	"  -s SEED     of what is random\n"
	"  -F          the kernel was booted with ima_flush_htable\n"
	"  -l          list the tests, run none\n"
	"  -v          say more\n";

static void options(int argc, char **argv, bool *ret_list)
{
	int opt;

	while ((opt = getopt(argc, argv, "d:w:m:t:n:s:Flv")) != -1) {
		switch (opt) {
		case 'd':
			cfg.dir = optarg;
			break;
		case 'w':
			cfg.workdir = optarg;
			break;
		case 'm':
			cfg.command = optarg;
			break;
		case 't':
			cfg.match = optarg;
			break;
		case 'n':
			cfg.factor = strtoul(optarg, NULL, 10);
			break;
		case 's':
			cfg.seed = strtoul(optarg, NULL, 10);
			break;
		case 'F':
			cfg.flush_htable = true;
			break;
		case 'l':
			*ret_list = true;
			break;
		case 'v':
			cfg.verbose = true;
			break;
		default:
			dprintf(STDERR_FILENO, "%s", usage);
			exit(2);
		}
	}
	if (!cfg.factor || optind < argc) {
		dprintf(STDERR_FILENO, "%s", usage);
		exit(2);
	}
}

static int skip_all(const char *reason, int err)
{
	if (err)
		dprintf(STDOUT_FILENO, "1..0 # SKIP %s: %s\n", reason,
			strerror(err));
	else
		dprintf(STDOUT_FILENO, "1..0 # SKIP %s\n", reason);
	return TEST_SKIP;
}

/* digests are kept for ever: no name may ever come again in this boot */
static void tag_init(void)
{
	unsigned long long nonce;

	if (getrandom(&nonce, sizeof(nonce), GRND_NONBLOCK) != sizeof(nonce)) {
		struct timespec ts;

		clock_gettime(CLOCK_MONOTONIC, &ts);
		nonce = ts.tv_sec * 1000000000ULL + ts.tv_nsec + getpid();
	}
	snprintf(cfg.tag, sizeof(cfg.tag), "ist%012llx",
		 nonce & 0xffffffffffffULL);
	if (!cfg.seed)
		cfg.seed = nonce >> 48 ? nonce >> 48 : 1;
}

/* is reading a list itself recorded? */
static bool lists_measured(void)
{
	static const char part[] = "_runtime_measurements_";
	struct records records;
	struct buf current;
	bool found = false;
	size_t i;

	read_list(CURRENT, &current);
	CHECK(records_parse(&current, digest_len(CURRENT), &records),
	      "corrupt list");
	for (i = 0; i < records.nr; i++)
		found |= records.r[i].path &&
			 memmem(records.r[i].path, records.r[i].path_len, part,
				strlen(part));
	records_free(&records);
	buf_free(&current);
	return found;
}

/*
 * Files that are measured when they are opened for reading have been so
 * before the tests count, and that a test's file is measured is certain.
 */
static void warm_up(void *arg)
{
	unsigned int i;
	int fd;

	(void)arg;
	snprintf(cfg.tag + strlen(cfg.tag), 8, "-0.0");
	list_reset();
	for (i = 0; i < nr_lists * 2; i++) {
		const char *name = list_names[i / 2];

		fd = list_open(i % 2 ? staged_name(name) : name, O_RDONLY);
		close(fd);
	}
	if (!measure_works())
		_exit(NOT_MEASURED);
	if (lists_measured())
		_exit(LISTS_MEASURED);
}

static int check_lists(void)
{
	struct statfs fs;
	int fd;

	cfg.dirfd = open(cfg.dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (cfg.dirfd < 0)
		return skip_all(cfg.dir, errno);
	if (!fstatfs(cfg.dirfd, &fs))
		cfg.securityfs = fs.f_type == SECURITYFS_MAGIC;
	lists_find();
	fd = try_open(STAGED, O_RDWR);
	if (fd == -EBUSY)
		say("somebody has a list open");
	if (fd < 0)
		return skip_all(STAGED, -fd);
	close(fd);
	return TEST_PASS;
}

static int check_measuring(void)
{
	int status;
	pid_t pid = child_start(warm_up, NULL);

	if (waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		return TEST_FAIL;
	switch (WEXITSTATUS(status)) {
	case TEST_PASS:
		return TEST_PASS;
	case NOT_MEASURED:
		return skip_all("files are not measured: load a policy", 0);
	case LISTS_MEASURED:
		if (cfg.flush_htable)
			return skip_all("the policy measures securityfs", 0);
		cfg.lists_measured = true;
		return TEST_PASS;
	default:
		say("cannot look at the lists: no test is run");
		return TEST_FAIL;
	}
}

int main(int argc, char **argv)
{
	bool list = false;
	int ret;

	options(argc, argv, &list);
	if (list) {
		tests_list(tables, ARRAY_SIZE(tables));
		return 0;
	}
	dprintf(STDOUT_FILENO, "TAP version 13\n");
	ret = check_lists();
	if (ret)
		return ret;
	tag_init();
	say("%s, %u lists, seed %u", cfg.dir, nr_lists, cfg.seed);
	measure_init();
	ret = check_measuring();
	if (!ret)
		ret = tests_run(tables, ARRAY_SIZE(tables));
	measure_exit();
	return ret;
}
