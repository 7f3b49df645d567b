// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Makes records: small files with unique names and contents are created, read
 * and removed. Names begin with the test's tag and carry producer and sequence
 * number, so that any record found in a list can be told from others' and put
 * in order. With -m, a command reads the files instead.
 */

#include "ima_staging_test.h"

#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define NAME_ROOM	64
#define BATCH		16	/* files given to one run of the command */
#define MAX_WORDS	16	/* of the command itself */
#define DIR_NAME_LEN	200

static unsigned int next_seq[256];
static char workpath[512];

void measure_init(void)
{
	snprintf(workpath, sizeof(workpath), "%s/%s", cfg.workdir, cfg.tag);
	CHECK(!mkdir(workpath, 0700), "%s: %s", workpath, strerror(errno));
	cfg.workfd = open(workpath, O_PATH | O_DIRECTORY | O_CLOEXEC);
	CHECK(cfg.workfd >= 0, "%s: %s", workpath, strerror(errno));
}

void measure_exit(void)
{
	rmdir(workpath);
}

static void file_name(char producer, unsigned int seq, char *ret_name)
{
	snprintf(ret_name, NAME_ROOM, "%s-%c-%05u", cfg.tag, producer, seq);
}

static void file_create(const char *name, const char *content)
{
	int fd = openat(cfg.workfd, name,
			O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
	size_t len = strlen(content);

	CHECK(fd >= 0, "%s: %s", name, strerror(errno));
	CHECK(write(fd, content, len) == (ssize_t)len, "%s: %s", name,
	      strerror(errno));
	close(fd);
}

static void file_read(const char *name)
{
	int fd = openat(cfg.workfd, name, O_RDONLY | O_CLOEXEC);
	char c;

	CHECK(fd >= 0, "%s: %s", name, strerror(errno));
	CHECK(read(fd, &c, 1) >= 0, "%s: %s", name, strerror(errno));
	close(fd);
}

/* the command's words, split at blanks, then the paths */
static noreturn void command_exec(const char *names, size_t room, int nr)
{
	char *argv[MAX_WORDS + BATCH + 1];
	char *words = strdup(cfg.command);
	int i, argc = 0;
	char *word;

	for (word = strtok(words, " "); word && argc < MAX_WORDS;
	     word = strtok(NULL, " "))
		argv[argc++] = word;
	for (i = 0; i < nr; i++) {
		if (asprintf(&argv[argc++], "%s/%s", workpath,
			     names + i * room) < 0)
			_exit(TEST_FAIL);
	}
	argv[argc] = NULL;
	dup2(STDERR_FILENO, STDOUT_FILENO);
	execvp(argv[0], argv);
	_exit(127);
}

static void command_run(const char *names, size_t room, int nr)
{
	int status;
	pid_t pid = fork();

	if (!pid)
		command_exec(names, room, nr);
	CHECK(pid > 0 && waitpid(pid, &status, 0) == pid, "%s",
	      strerror(errno));
	CHECK(WIFEXITED(status) && !WEXITSTATUS(status),
	      "\"%s\" ended with status %#x", cfg.command, status);
}

static void files_measure(const char *names, size_t room, int nr)
{
	int i;

	if (cfg.command && nr)
		command_run(names, room, nr);
	for (i = 0; i < nr; i++) {
		if (!cfg.command)
			file_read(names + i * room);
		unlinkat(cfg.workfd, names + i * room, 0);
	}
}

void measure_as(char producer, unsigned int n)
{
	char names[BATCH][NAME_ROOM];
	int nr;

	while (n) {
		for (nr = 0; nr < BATCH && n; nr++, n--) {
			file_name(producer, next_seq[(int)producer]++,
				  names[nr]);
			file_create(names[nr], names[nr]);
		}
		files_measure(names[0], NAME_ROOM, nr);
	}
}

void measure(unsigned int n)
{
	measure_as('a', n);
}

unsigned int measured(char producer)
{
	return next_seq[(int)producer];
}

void measure_file(char producer, unsigned int seq, const char *content)
{
	char name[NAME_ROOM];

	file_name(producer, seq, name);
	file_create(name, content);
	files_measure(name, sizeof(name), 1);
}

/* a path of about path_len bytes: directories with long names, then the file */
void measure_big(unsigned int path_len)
{
	char path[4096] = "";
	size_t len = 0;

	while (strlen(workpath) + len + DIR_NAME_LEN + NAME_ROOM < path_len) {
		memset(path + len, 'd', DIR_NAME_LEN);
		len += DIR_NAME_LEN;
		path[len] = 0;
		CHECK(!mkdirat(cfg.workfd, path, 0700), "%s", strerror(errno));
		path[len++] = '/';
	}
	file_name('a', next_seq['a']++, path + len);
	file_create(path, path + len);
	files_measure(path, sizeof(path), 1);
	while (len) {
		path[--len] = 0;
		unlinkat(cfg.workfd, path, AT_REMOVEDIR);
		while (len && path[len - 1] != '/')
			len--;
	}
}

unsigned int count_own(const struct buf *buf, char producer, unsigned int seq)
{
	unsigned int its_seq, nr = 0;
	struct records records;
	char its_producer;
	size_t i;

	CHECK(records_parse(buf, digest_len(CURRENT), &records), "corrupt list");
	for (i = 0; i < records.nr; i++)
		nr += record_own(&records.r[i], &its_producer, &its_seq) &&
		      its_producer == producer && its_seq == seq;
	records_free(&records);
	return nr;
}

/* what a record should be in a list of one producer's records alone */
static void expect_record(const struct record *r, char producer,
			  unsigned int seq)
{
	unsigned int its_seq;
	char its_producer;

	if (!record_own(r, &its_producer, &its_seq)) {
		foreign_record_seen();
		CHECK(false, "not from this test: %.*s", (int)r->path_len,
		      r->path ? r->path : "");
	}
	CHECK(its_producer == producer && its_seq == seq,
	      "record %c %u instead of %c %u", its_producer, its_seq, producer,
	      seq);
}

void expect_sequence(const struct buf *buf, char producer, unsigned int first,
		     unsigned int n)
{
	struct records records;
	size_t i;

	CHECK(records_parse(buf, digest_len(CURRENT), &records), "corrupt list");
	for (i = 0; i < records.nr; i++)
		expect_record(&records.r[i], producer, first + i);
	CHECK(records.nr == n, "%zu records instead of %u", records.nr, n);
	records_free(&records);
}

/* is anything measured at all? run in a child: it may end the process */
bool measure_works(void)
{
	struct buf current;
	bool works;

	measure(1);
	read_list(CURRENT, &current);
	works = count_own(&current, 'a', 0) == 1;
	buf_free(&current);
	return works;
}
