/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * What the KUnit tests of the staging core share.
 *
 * Every test has a measurement list of its own, with its own lock and counters;
 * the kernel's is never touched. The number of a record is its absolute index,
 * counted from 0, so that a list is right if its numbers are consecutive and
 * start where they should.
 */
#ifndef IMA_STAGING_KUNIT_H
#define IMA_STAGING_KUNIT_H

#include <kunit/test.h>
#include <linux/atomic.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/types.h>

#include "ima.h"
#include "ima_staging.h"

/* No test digest is longer. */
#define IMA_STAGING_TEST_DIGEST_LEN	64

/**
 * struct ima_staging_test - a measurement list and one who works on it
 * @lock: its extend_lock
 * @list: its current list
 * @nr: records in @list
 * @len: bytes of @list and of what is staged
 * @s: what is tested
 * @next: number of the next record
 * @f: a writer's file on the current list
 * @staged: the same writer's file on the staged list
 */
struct ima_staging_test {
	struct mutex lock;	/* all but the files */
	struct list_head list;
	atomic_long_t nr;
	unsigned long len;
	struct ima_staging s;
	u32 next;
	struct ima_staging_file f;
	struct ima_staging_file staged;
};

/* Of each suite: test->priv is a struct ima_staging_test during a test. */
int ima_staging_test_init(struct kunit *test);
void ima_staging_test_exit(struct kunit *test);

struct ima_queue_entry *ima_staging_test_append(struct kunit *test,
						bool hashed);
void ima_staging_test_append_many(struct kunit *test, int nr);
struct ima_queue_entry *ima_staging_test_append_buf(struct kunit *test,
						    const char *event,
						    const char *text);
bool ima_staging_test_has_digest(struct kunit *test, u32 number);

void ima_staging_test_open_writer(struct kunit *test);
void ima_staging_test_close_writer(struct kunit *test);
int ima_staging_test_command(struct ima_staging_file *f, const char *text);

void ima_staging_test_expect_lists(struct kunit *test, s64 nr_deleted,
				   long nr_staged, long nr_current);

/* A macro, so that a failure names the line of the test. */
#define EXPECT_COMMAND(test, f, text, ret)				\
	KUNIT_EXPECT_EQ(test, ima_staging_test_command(f, text), ret)

#endif /* IMA_STAGING_KUNIT_H */
