// SPDX-License-Identifier: MIT
/*
 * An archive is its owner's alone, whoever made it under whatever umask, and whatever
 * somebody has made of its modes since.
 */
#include "lib/keeping.h"
#include "lib/testing.h"

#include <errno.h>
#include <ftw.h>
#include <sys/stat.h>

/* ---- looking --------------------------------------------------------------- */

static unsigned int nr_seen;
static const char *uncommitted;

static int check_one(const char *path, const struct stat *st, int type,
		     struct FTW *ftw)
{
	mode_t wanted = S_ISDIR(st->st_mode) ? 0700 : 0600;

	(void)type, (void)ftw;
	nr_seen++;
	if ((st->st_mode & 07777) != wanted)
		fail_msg("%s: mode %04o", path, st->st_mode & 07777);
	assert_int_equal(st->st_uid, geteuid());
	if (strstr(path, ".uncommitted"))
		uncommitted = ".uncommitted";
	return 0;
}

/* Returns how many files and folders there are. */
static unsigned int check_all(const char *dir)
{
	nr_seen = 0;
	assert_int_equal(nftw(dir, check_one, 16, FTW_PHYS), 0);
	return nr_seen;
}

static void shell(struct kept_archive *f, const char *command)
{
	char text[512];

	snprintf(text, sizeof(text), "cd %s && { %s; } >&2", f->dir, command);
	if (system(text) != 0)
		fail_msg("%s", command);
}

/* ---- making ---------------------------------------------------------------- */

/* All that a writer makes: segments, compressed ones, what it puts aside, a folder. */
static void live(struct kept_archive *f)
{
	struct archive_boot key = { .boot_id = "another" }, boot;

	kept_archive_add(f, 0, 900);
	assert_int_equal(archive_compress(f->archive, 2, NULL), 0);
	shell(f,
	      "for f in 00000001/*.ima; do last=$f; done; echo more >>$last");
	kept_archive_open_again(f);
	assert_int_equal(archive_new_boot(f->archive, &key, &boot), 0);
	kept_archive_add(f, 0, 10);
}

static void make_under(struct kept_archive *f, mode_t mask)
{
	struct archive_boot key = { .boot_id = "one" }, boot;
	mode_t before;

	archive_close(f->archive);
	f->archive = NULL;
	keeping_remove_dir(f->dir);
	before = umask(mask);
	kept_archive_open_again(f);
	assert_int_equal(archive_new_boot(f->archive, &key, &boot), 0);
	live(f);
	umask(before);
	uncommitted = NULL;
	assert_true(check_all(f->dir) > 10);
	assert_non_null(uncommitted);
}

TEST(modes_do_not_depend_on_the_umask)
{
	static const mode_t masks[] = { 0, 022, 027, 077, 0777 };

	for (size_t i = 0; i < ARRAY_SIZE(masks); i++)
		make_under(*state, masks[i]);
}

/* ---- mending --------------------------------------------------------------- */

TEST(modes_are_mended)
{
	struct kept_archive *f = *state;
	unsigned int nr;

	live(f);
	nr = check_all(f->dir);
	archive_close(f->archive);
	f->archive = NULL;
	shell(f, "chmod -R a+rwX . && chmod 4755 lock");
	kept_archive_open_again(f);
	assert_int_equal(check_all(f->dir), nr);
	assert_non_null(strstr(f->said.text, "00000001: its mode or owner"));
	assert_non_null(strstr(f->said.text, "index.db: its mode or owner"));
	/* What is as it should be is not mentioned again. */
	kept_said_init(&f->said);
	kept_archive_open_again(f);
	assert_null(strstr(f->said.text, "its mode or owner"));
}

TEST(owners_are_mended)
{
	struct kept_archive *f = *state;

	if (geteuid() != 0) {
		print_message("# missing root\n");
		skip();
	}
	live(f);
	archive_close(f->archive);
	f->archive = NULL;
	shell(f, "chown -R 65534 .");
	kept_archive_open_again(f);
	assert_true(check_all(f->dir) > 10);
}

/* A link that somebody put there is not followed. */
TEST(nothing_else_is_mended)
{
	struct kept_archive *f = *state;
	char path[128];
	struct stat st;

	live(f);
	archive_close(f->archive);
	f->archive = NULL;
	shell(f,
	      "touch other && chmod 644 other && f=$(echo 00000001/*.zst) && f=${f%% *} && rm $f && ln -s ../other $f");
	kept_archive_open_again(f);
	snprintf(path, sizeof(path), "%s/other", f->dir);
	assert_return_code(stat(path, &st), errno);
	assert_int_equal(st.st_mode & 07777, 0644);
}

#define CASE(name)                                                \
	cmocka_unit_test_setup_teardown(name, kept_archive_setup, \
					kept_archive_teardown)

TEST_MAIN(CASE(modes_do_not_depend_on_the_umask), CASE(modes_are_mended),
	  CASE(owners_are_mended), CASE(nothing_else_is_mended))
