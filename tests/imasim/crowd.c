// SPDX-License-Identifier: MIT
/*
 * crowd DIR PARTS SECONDS [SEED]
 *
 * Clients of the measurement list in DIR, as many as there are letters in the roles
 * below, all at once, each doing its own for ever. They are killed at any moment, and
 * replaced. Some stage and delete, some trim, and these save what they are about to
 * delete in PARTS, under the absolute index of the first record: whoever is killed
 * between saving and deleting has saved what the next one saves again. Nobody comes
 * after the last one: what it has saved and not deleted is taken out of PARTS. So in
 * the end, PARTS in the order of their names, what is staged and what is current are
 * all that was measured.
 *
 * Exit status: 0, or 1 when a client has seen what may not be.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/util.h"

#define CURRENT "binary_runtime_measurements"
#define STAGED CURRENT "_staged"
#define LIST_MAX (64 << 20)

/* Exit status of a client that found something wrong. */
#define WRONG 3

/* drain, trim, read, look at counts, stay, snapshot, come and go */
static const char roles[] = "ddttrrrcsno";

static int dir, parts;
static char *list;

__attribute__((__noreturn__)) static void wrong(const char *what)
{
	fprintf(stderr, "crowd: %s: %s\n", what, strerror(errno));
	_exit(WRONG);
}

static void pause_us(unsigned int us)
{
	nanosleep(&(struct timespec){ .tv_nsec = us * 1000L }, NULL);
}

/* -1: somebody else is at it. */
static int open_list(const char *name, int flags)
{
	int fd = openat(dir, name, flags | O_CLOEXEC);

	if (fd < 0 && errno != EBUSY)
		wrong(name);
	return fd;
}

static size_t read_to_end(int fd)
{
	size_t len = 0;
	ssize_t got;

	while ((got = read(fd, list + len, 4096)) > 0) {
		len += got;
		if (len > LIST_MAX - 4096)
			break;
	}
	if (got < 0)
		wrong("read");
	return len;
}

static long long count(const char *name)
{
	cleanup_close int fd = openat(dir, name, O_RDONLY | O_CLOEXEC);
	char text[32];
	ssize_t len = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

	if (len < 2)
		wrong(name);
	text[len] = '\0';
	return atoll(text);
}

/* Is it carried out? @refused: why it may not be */
static bool command(int fd, const char *text, const int refused[3])
{
	if (write(fd, text, strlen(text)) > 0)
		return true;
	for (int i = 0; i < 3; i++) {
		if (errno == refused[i])
			return false;
	}
	wrong(text);
}

static void save(long long index, size_t len)
{
	char name[32], temporary[64];
	int fd;

	snprintf(name, sizeof(name), "%020lld", index);
	snprintf(temporary, sizeof(temporary), "new-%d", (int)getpid());
	fd = openat(parts, temporary, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	if (fd < 0 || write(fd, list, len) != (ssize_t)len || close(fd) ||
	    renameat(parts, temporary, parts, name))
		wrong("save");
}

/* Returns whether there is something to delete now. */
static bool stage_and_save(int fd)
{
	char text[32];

	snprintf(text, sizeof(text), random() % 2 ? "A\n" : "%ld\n",
		 1 + random() % 500);
	command(fd, text, (int[3]){ EEXIST, ENOENT, 0 });
	if (!count("staged_measurements_count"))
		return false;
	save(count("deleted_measurements_count"), read_to_end(fd));
	return true;
}

static void drain(void)
{
	cleanup_close int fd = open_list(STAGED, O_RDWR);

	if (fd >= 0 && stage_and_save(fd))
		command(fd, "D\n", (int[3]){ 0 });
}

static uint32_t u32_at(size_t offset)
{
	uint32_t value;

	memcpy(&value, list + offset, sizeof(value));
	return value;
}

/* The first records of the list, at most @max: bytes, and how many. */
static size_t first_records(size_t len, unsigned int max, unsigned int *ret_nr)
{
	size_t offset = 0;

	for (*ret_nr = 0; offset < len && *ret_nr < max; ++*ret_nr) {
		offset += 4 + 20;
		offset += 4 + u32_at(offset);
		offset += 4 + u32_at(offset);
	}
	if (offset > len)
		wrong("records that are cut off");
	return offset;
}

static void trim(void)
{
	cleanup_close int fd = open_list(CURRENT, O_RDWR);
	long long deleted;
	unsigned int nr;
	char text[64];
	size_t len;

	if (fd < 0 || count("staged_measurements_count"))
		return;
	deleted = count("deleted_measurements_count");
	len = first_records(read_to_end(fd), 1 + random() % 500, &nr);
	if (!nr)
		return;
	save(deleted, len);
	snprintf(text, sizeof(text), "%lld:%u\n", deleted, nr);
	command(fd, text, (int[3]){ 0 });
}

static void read_lists(void)
{
	const char *name = random() % 2 ? STAGED : CURRENT;
	cleanup_close int fd = open_list(name, O_RDONLY);
	unsigned int nr;

	if (fd < 0)
		return;
	first_records(read_to_end(fd), UINT32_MAX, &nr);
}

/* While a list is open, two of the counts stand still. */
static void look_at_counts(void)
{
	cleanup_close int fd = open_list(CURRENT, O_RDONLY);
	long long deleted, staged;

	if (fd < 0)
		return;
	deleted = count("deleted_measurements_count");
	staged = count("staged_measurements_count");
	pause_us(random() % 1000);
	if (deleted != count("deleted_measurements_count") ||
	    staged != count("staged_measurements_count"))
		wrong("counts changed beside a reader");
}

static void stay(void)
{
	cleanup_close int fd =
		open_list(STAGED, random() % 2 ? O_RDONLY : O_RDWR);

	if (fd >= 0)
		pause_us(random() % 5000);
}

static void snapshot(void)
{
	cleanup_close int fd = openat(dir, "snapshot", O_WRONLY | O_CLOEXEC);

	pause_us(50000);
	if (fd < 0 || write(fd, "1\n", 2) != 2)
		wrong("snapshot");
}

static void come_and_go(void)
{
	int fd = open_list(CURRENT, random() % 2 ? O_RDONLY : O_WRONLY);

	if (fd >= 0)
		close(fd);
}

static void (*const acts[128])(void) = {
	['d'] = drain,		['t'] = trim, ['r'] = read_lists,
	['c'] = look_at_counts, ['s'] = stay, ['n'] = snapshot,
	['o'] = come_and_go,
};

static pid_t start(char role)
{
	static unsigned int seed;
	pid_t pid = fork();

	seed++;
	if (pid)
		return pid;
	srandom(seed * 7919 + role);
	for (;;) {
		acts[(int)role]();
		/* Who only looks on leaves room for those who change it. */
		pause_us(random() % (strchr("dt", role) ? 300 : 30000));
	}
}

static bool end(pid_t pid)
{
	int status;

	kill(pid, SIGKILL);
	if (waitpid(pid, &status, 0) != pid)
		return false;
	return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
}

static bool run(unsigned int seconds)
{
	pid_t pids[sizeof(roles) - 1];
	time_t until = time(NULL) + seconds;
	bool good = true;

	for (size_t i = 0; i < ARRAY_SIZE(pids); i++)
		pids[i] = start(roles[i]);
	while (time(NULL) < until && good) {
		size_t i = random() % ARRAY_SIZE(pids);

		pause_us(random() % 20000);
		good = end(pids[i]);
		pids[i] = start(roles[i]);
	}
	for (size_t i = 0; i < ARRAY_SIZE(pids); i++)
		good &= end(pids[i]);
	return good;
}

/* Nobody is left: the lock must come free. */
static bool lock_is_free(void)
{
	for (int i = 0; i < 2000; i++) {
		cleanup_close int fd = open_list(STAGED, O_RDWR);

		if (fd >= 0)
			return true;
		pause_us(1000);
	}
	fputs("crowd: the lock is stuck\n", stderr);
	return false;
}

/*
 * As the last one of a crowd now and then ends: killed before it deletes. A snapshot
 * is something to save in any case.
 */
static bool save_and_leave(void)
{
	cleanup_close int fd = -1;

	snapshot();
	fd = open_list(STAGED, O_RDWR);
	return fd >= 0 && stage_and_save(fd);
}

static bool forget_what_is_not_deleted(void)
{
	long long deleted = count("deleted_measurements_count");
	DIR *all = fdopendir(openat(parts, ".", O_RDONLY | O_CLOEXEC));
	struct dirent *entry;

	while (all && (entry = readdir(all))) {
		/* Names without a number are of what is half written. */
		if (entry->d_name[0] != '.' &&
		    (entry->d_name[0] == 'n' ||
		     atoll(entry->d_name) >= deleted) &&
		    unlinkat(parts, entry->d_name, 0))
			return false;
	}
	return all && !closedir(all);
}

int main(int argc, char **argv)
{
	if (argc < 4)
		return 2;
	dir = open(argv[1], O_PATH | O_DIRECTORY);
	parts = open(argv[2], O_PATH | O_DIRECTORY);
	list = malloc(LIST_MAX);
	if (dir < 0 || parts < 0 || !list)
		return 2;
	srandom(argc > 4 ? atoi(argv[4]) : 1);
	return run(atoi(argv[3])) && lock_is_free() && save_and_leave() &&
			       forget_what_is_not_deleted() ?
		       0 :
		       1;
}
