// SPDX-License-Identifier: MIT
/*
 * An archive whose file system is not mounted is not begun anew: on real mounts, in a
 * namespace of its own.
 */
#include "service/mounts.h"

#include "base/file.h"
#include "lib/testing.h"

#include <errno.h>
#include <ftw.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>

static char home[64], disk[80], archive[96], own[80], lines[128];
static char said[2048];

static void hear(void *context, enum say_level level, const char *text)
{
	(void)context, (void)level;
	snprintf(said, sizeof(said), "%s", text);
}

static const struct say log_said = { hear, NULL };

static bool can_mount(void)
{
	static int can = -1;

	if (can < 0)
		can = unshare(CLONE_NEWNS) == 0 &&
		      mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0;
	return can;
}

static void make_folder(const char *path)
{
	assert_return_code(mkdir(path, 0700), errno);
}

static int setup(void **context)
{
	(void)context;
	strcpy(home, "/tmp/imastage-test-mounts-XXXXXX");
	assert_non_null(mkdtemp(home));
	snprintf(disk, sizeof(disk), "%s/disk", home);
	snprintf(archive, sizeof(archive), "%s/archive", disk);
	snprintf(own, sizeof(own), "%s/state", home);
	snprintf(lines, sizeof(lines), "%s/mounts", own);
	make_folder(disk);
	setenv("STATE_DIRECTORY", own, 1);
	said[0] = '\0';
	return 0;
}

static int remove_one(const char *path, const struct stat *st, int type,
		      struct FTW *ftw)
{
	(void)st, (void)type, (void)ftw;
	return remove(path);
}

static int teardown(void **context)
{
	(void)context;
	umount2(disk, MNT_DETACH);
	return nftw(home, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static void mount_disk(void)
{
	assert_return_code(mount("none", disk, "tmpfs", 0, NULL), errno);
}

static void write_file(const char *path, const char *text, size_t len)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_int_equal(fwrite(text, 1, len, file), len);
	assert_int_equal(fclose(file), 0);
}

static void make_archive(const char *dir)
{
	char path[128];

	make_folder(dir);
	snprintf(path, sizeof(path), "%s/index.db", dir);
	write_file(path, "", 0);
}

static void assert_lines(const char *expected)
{
	uint8_t *data;
	size_t len;

	assert_int_equal(file_read(lines, 65536, &data, &len), 0);
	assert_int_equal(len, strlen(expected));
	assert_memory_equal(data, expected, len);
	free(data);
}

static char *line_of(const char *mount, const char *dir)
{
	static char text[256];

	snprintf(text, sizeof(text), "%s\t%s\n", mount, dir);
	return text;
}

TEST(one_that_is_not_on_a_mount_needs_no_line)
{
	struct stat st;

	make_archive(archive);
	assert_int_equal(mounts_check(archive, &log_said), 0);
	mounts_note(archive, &log_said);
	/* Unless the temporary folder itself is one: then its line is kept. */
	if (stat(lines, &st) < 0)
		assert_int_equal(errno, ENOENT);
	assert_string_equal(said, "");
}

TEST(one_whose_file_system_is_not_mounted_is_not_begun)
{
	if (!can_mount())
		skip();
	mount_disk();
	assert_int_equal(mounts_check(archive, &log_said), 0);
	make_archive(archive);
	mounts_note(archive, &log_said);
	assert_lines(line_of(disk, archive));
	mounts_note(archive, &log_said);
	assert_lines(line_of(disk, archive));
	assert_int_equal(mounts_check(archive, &log_said), 0);
	assert_return_code(umount(disk), errno);
	assert_int_equal(mounts_check(archive, &log_said), -ENODEV);
	assert_non_null(strstr(said, disk));
	assert_non_null(strstr(said, "nothing is mounted there: mount it"));
	assert_non_null(strstr(said, lines));
	/* Another path is another archive; what is mounted may be empty. */
	assert_int_equal(mounts_check(own, &log_said), 0);
	mount_disk();
	assert_int_equal(mounts_check(archive, &log_said), 0);
}

/* In a system so small that there is no /var/lib, either. */
TEST(the_folder_of_the_note_is_made_with_those_above)
{
	char folder[96];
	struct stat st;
	mode_t mask;

	if (!can_mount())
		skip();
	mount_disk();
	make_archive(archive);
	snprintf(folder, sizeof(folder), "%s/lib/imastage", own);
	setenv("STATE_DIRECTORY", folder, 1);
	snprintf(lines, sizeof(lines), "%s/mounts", folder);
	mask = umask(0077);
	mounts_note(archive, &log_said);
	umask(mask);
	assert_string_equal(said, "");
	assert_lines(line_of(disk, archive));
	assert_return_code(stat(folder, &st), errno);
	assert_int_equal(st.st_mode, S_IFDIR | 0700);
	/* What others use, too, is not closed to them. */
	assert_return_code(stat(own, &st), errno);
	assert_int_equal(st.st_mode, S_IFDIR | 0755);
}

/* Where it cannot be made, that is said. */
TEST(what_cannot_be_noted_is_said)
{
	if (!can_mount())
		skip();
	mount_disk();
	make_archive(archive);
	write_file(own, "", 0);
	mounts_note(archive, &log_said);
	assert_non_null(strstr(said, "it cannot be noted"));
	assert_non_null(strstr(said, archive));
}

TEST(the_mount_point_itself_may_be_the_archive)
{
	char path[128];

	if (!can_mount())
		skip();
	mount_disk();
	snprintf(path, sizeof(path), "%s/index.db", disk);
	write_file(path, "", 0);
	mounts_note(disk, &log_said);
	assert_lines(line_of(disk, disk));
	assert_return_code(umount(disk), errno);
	assert_int_equal(mounts_check(disk, &log_said), -ENODEV);
}

/* One that was moved to / since, and one that was removed from a file system that is there. */
TEST(lines_that_are_no_longer_true_go)
{
	char text[512];

	if (!can_mount())
		skip();
	make_folder(own);
	mount_disk();
	make_archive(archive);
	snprintf(text, sizeof(text),
		 "%s\t%s/gone\n/nowhere\t/nowhere/archive\n", disk, disk);
	write_file(lines, text, strlen(text));
	mounts_note(archive, &log_said);
	snprintf(text, sizeof(text), "/nowhere\t/nowhere/archive\n%s",
		 line_of(disk, archive));
	assert_lines(text);
	assert_int_equal(mounts_check("/nowhere/archive", &log_said), -ENODEV);
}

TEST(what_is_no_line_is_no_matter)
{
	static const char garbage[] =
		"\n\t\nno tab\nrelative\tpath\n/\t\n\t/x\n/a\0b\t/x\n";

	make_folder(own);
	write_file(lines, garbage, sizeof(garbage) - 1);
	assert_int_equal(mounts_check("/x", &log_said), 0);
	assert_int_equal(mounts_check("", &log_said), 0);
}

TEST(a_file_that_is_too_long_is_an_error)
{
	char *text = calloc(1, MOUNTS_FILE_MAX + 1);

	assert_non_null(text);
	make_folder(own);
	write_file(lines, text, MOUNTS_FILE_MAX + 1);
	free(text);
	assert_int_equal(mounts_check("/x", &log_said), -EFBIG);
	assert_non_null(strstr(said, lines));
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

TEST_MAIN(CASE(one_that_is_not_on_a_mount_needs_no_line),
	  CASE(one_whose_file_system_is_not_mounted_is_not_begun),
	  CASE(the_folder_of_the_note_is_made_with_those_above),
	  CASE(what_cannot_be_noted_is_said),
	  CASE(the_mount_point_itself_may_be_the_archive),
	  CASE(lines_that_are_no_longer_true_go),
	  CASE(what_is_no_line_is_no_matter),
	  CASE(a_file_that_is_too_long_is_an_error))
