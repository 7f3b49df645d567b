/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * What the files of the ima_staging selftest share.
 *
 * Every test runs in a process (and process group) of its own, so a failed
 * check simply ends that process: descriptors and the list's lock go with it.
 * Helpers therefore return no errors; they CHECK() and end the test instead.
 */

#ifndef IMA_STAGING_TEST_H
#define IMA_STAGING_TEST_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <stdnoreturn.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

/* without the kernel's headers there is no __printf() */
#define FORMAT(fmt_arg, first) __attribute__\
((format(printf, fmt_arg, first)))
#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

struct config {
	const char *dir;	/* securityfs ima/ or an emulator's */
	const char *workdir;	/* where files to be measured are made */
	const char *command;	/* measures the paths given to it; or NULL */
	const char *match;	/* run tests whose name contains this */
	unsigned int factor;	/* scales numbers of records and rounds */
	unsigned int seed;	/* of random(), printed at the start */
	bool flush_htable;	/* booted with ima_flush_htable */
	bool verbose;
	bool securityfs;	/* dir is the kernel's, not an emulator's */
	bool lists_measured;	/* reading a list is itself recorded */
	int dirfd;
	int workfd;
	char tag[40];		/* begins the name of this test's files */
};

extern struct config cfg;

/* --- tap.c: results, checks, processes --------------------------------- */

enum {
	TEST_PASS	= 0,
	TEST_FAIL	= 1,
	TEST_SKIP	= 4,
};

/* what a test needs; bits */
enum {
	T_TRIM		= 1,	/* N on original lists: not with -F */
	T_FLUSH		= 2,	/* -F */
	T_KEEP		= 4,	/* digests that are kept: not with -F */
	T_CAPS		= 8,	/* root, to change user and capabilities */
	T_SNAPSHOT	= 16,	/* the file snapshot */
};

struct test {
	const char *name;
	void (*run)(void);
	unsigned int needs;	/* T_* */
};

extern const struct test file_tests[], open_tests[], busy_tests[];
extern const struct test release_tests[], write_tests[], order_tests[];
extern const struct test stage_tests[], trim_tests[], read_tests[];
extern const struct test offset_tests[], race_tests[], hash_tests[];
extern const struct test snapshot_tests[];

void say(const char *fmt, ...) FORMAT(1, 2);
void detail(const char *fmt, ...) FORMAT(1, 2);	/* only with -v */
noreturn void test_skip(const char *fmt, ...) FORMAT(1, 2);
noreturn void test_fail(const char *file, int line, const char *fmt, ...)
	FORMAT(3, 4);
void foreign_record_seen(void);
int tests_run(const struct test *const *tables, size_t nr_tables);
void tests_list(const struct test *const *tables, size_t nr_tables);

#define CHECK(cond, ...) do {						\
	if (!(cond))							\
		test_fail(__FILE__, __LINE__, #cond ": " __VA_ARGS__);	\
} while (0)

#define CHECK_EQ(got, want) do {					\
	long long _got = (got), _want = (want);				\
									\
	if (_got != _want)						\
		test_fail(__FILE__, __LINE__,				\
			  #got " is %lld, expected %lld", _got, _want);	\
} while (0)

pid_t child_start(void (*run)(void *arg), void *arg);
void child_wait(pid_t pid);			/* must have exited with 0 */
void pause_ms(unsigned int ms);
unsigned long long now_ms(void);
unsigned int random_below(unsigned int n);

/* --- records.c: the bounded parser of the binary list ------------------- */

struct buf {
	unsigned char *p;
	size_t len;
	size_t room;
};

struct record {
	size_t off;		/* in the list */
	size_t len;		/* of the whole record */
	unsigned int pcr;
	const unsigned char *template_name;
	size_t template_name_len;
	const unsigned char *data;
	size_t data_len;
	const char *path;	/* not NUL-terminated; NULL if there is none */
	size_t path_len;
};

struct records {
	struct record *r;
	size_t nr;
};

void buf_add(struct buf *buf, const void *p, size_t len);
void buf_free(struct buf *buf);
bool buf_same(const struct buf *a, const struct buf *b);
bool buf_starts_with(const struct buf *whole, const struct buf *prefix);
size_t digest_len(const char *list_name);	/* 0: not a known algorithm */
bool records_parse(const struct buf *buf, size_t digest_len,
		   struct records *ret_records);
void records_free(struct records *records);
bool record_own(const struct record *r, char *ret_producer,
		unsigned int *ret_seq);

/* --- lists.c: the files under test -------------------------------------- */

#define CURRENT		"binary_runtime_measurements_sha1"
#define STAGED		CURRENT "_staged"
#define CURRENT_ASCII	"ascii_runtime_measurements_sha1"
#define STAGED_ASCII	CURRENT_ASCII "_staged"
#define NR_CURRENT	"runtime_measurements_count"
#define NR_STAGED	"staged_measurements_count"
#define NR_DELETED	"deleted_measurements_count"

#define MAX_LISTS	64
#define RETRY_MS	2000	/* for the lock to get free, on FUSE */

/* names without _staged of all lists, both formats, every algorithm */
extern char list_names[MAX_LISTS][96];
extern unsigned int nr_lists;

struct counts {
	long long deleted;
	long long staged;
	long long current;
};

struct state {
	struct counts nr;
	struct buf current;	/* binary, sha1 */
	struct buf staged;
};

struct lists {
	struct buf list[MAX_LISTS];
};

void lists_find(void);
const char *staged_name(const char *name);
int try_open(const char *name, int flags);	/* descriptor or -errno */
int list_open(const char *name, int flags);
int list_open_any(const char *name);		/* writer's or reader's */
void read_fd(int fd, size_t piece, struct buf *ret_buf);
void read_list(const char *name, struct buf *ret_buf);
void lists_get(bool staged, struct lists *ret_lists);
void lists_free(struct lists *lists);
long long count_get(const char *name);
struct counts counts_get(void);
long long counts_total(struct counts nr);
void state_get(struct state *ret_state);
void state_free(struct state *state);
int try_write(int fd, const void *text, size_t len);	/* 0 or -errno */
void list_reset(void);		/* nothing staged, nothing in current */
void lock_must_be_free(void);	/* to another process, to read and to write */

void command_at(const char *file, int line, int fd, const char *text);
void refused_at(const char *file, int line, int fd, const char *text,
		int err);
void refused_len_at(const char *file, int line, int fd, const void *text,
		    size_t len, int err);
void open_refused_at(const char *file, int line, const char *name, int flags,
		     int err);
void same_state_at(const char *file, int line, const struct state *before);

/* one legal command */
#define COMMAND(fd, text)	command_at(__FILE__, __LINE__, fd, text)
/* refused with err; counts, lists and read position stay as they were */
#define EXPECT_REFUSED(fd, text, err) \
	refused_at(__FILE__, __LINE__, fd, text, err)
#define EXPECT_REFUSED_LEN(fd, text, len, err) \
	refused_len_at(__FILE__, __LINE__, fd, text, len, err)
#define EXPECT_OPEN_REFUSED(name, flags, err) \
	open_refused_at(__FILE__, __LINE__, name, flags, err)
#define EXPECT_SAME_STATE(before)	same_state_at(__FILE__, __LINE__, before)

/* --- measure.c: makes records ------------------------------------------- */

void measure_init(void);
void measure_exit(void);
bool measure_works(void);
void measure(unsigned int n);		/* n new records of producer 'a' */
void measure_as(char producer, unsigned int n);
void measure_file(char producer, unsigned int seq, const char *content);
void measure_big(unsigned int path_len);	/* next record of 'a' */
unsigned int measured(char producer);	/* how many so far in this process */
void expect_sequence(const struct buf *buf, char producer, unsigned int first,
		     unsigned int n);	/* these and no others */
unsigned int count_own(const struct buf *buf, char producer, unsigned int seq);

/* --- peer.c: other tasks that open, close and write on request ---------- */

enum peer_privilege {
	PEER_ROOT_NO_CAP,	/* uid 0, no capability at all */
	PEER_ROOT_ONLY_ADMIN_MISSING,
	PEER_GROUP_NO_CAP,	/* uid nobody, gid 0 */
	PEER_NOBODY,		/* uid and gid nobody */
	PEER_GROUP_ADMIN,	/* uid nobody, gid 0, CAP_SYS_ADMIN alone */
};

struct peer;

struct peer *peer_process(void);
struct peer *peer_thread(void);
int peer_open(struct peer *peer, const char *name, int flags);
int peer_must_open(struct peer *peer, const char *name, int flags);
int peer_close(struct peer *peer, int fd);
int peer_write(struct peer *peer, int fd, const char *text);
int peer_read(struct peer *peer, int fd);	/* bytes to EOF or -errno */
int peer_send_fd(struct peer *peer, int fd);	/* its number over there */
void peer_offer_fd(struct peer *peer, int fd);	/* for peer_take_fd() */
int peer_take_fd(struct peer *peer);
void peer_become(struct peer *peer, enum peer_privilege privilege);
void peer_fork_and_exit(struct peer *peer);	/* its child answers from now */
void peer_kill(struct peer *peer);
void peer_stop(struct peer *peer);

#endif
