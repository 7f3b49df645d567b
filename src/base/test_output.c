// SPDX-License-Identifier: MIT
/*
 * Files that appear whole or not at all.
 */
#include "base/file.h"
#include "base/output.h"
#include "lib/testing.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

static char folder[] = "/tmp/test_output.XXXXXX";
static char path[sizeof(folder) + 8];

static int make_folder(void **state)
{
	(void)state;
	if (!mkdtemp(folder))
		return -1;
	snprintf(path, sizeof(path), "%s/file", folder);
	return 0;
}

static int remove_folder(void **state)
{
	(void)state;
	unlink(path);
	return rmdir(folder);
}

static int nr_files(void)
{
	DIR *dir = opendir(folder);
	int nr = -2; /* . and .. */

	assert_non_null(dir);
	while (readdir(dir))
		nr++;
	closedir(dir);
	return nr;
}

static void assert_holds(const char *text)
{
	cleanup_free uint8_t *data = NULL;
	size_t len;

	assert_int_equal(file_read(path, 100, &data, &len), 0);
	assert_int_equal(len, strlen(text));
	assert_memory_equal(data, text, len);
}

static void write_file(const char *text, bool commit)
{
	struct output output;

	assert_int_equal(output_open(&output, path), 0);
	fputs(text, output.file);
	if (commit)
		assert_int_equal(output_commit(&output), 0);
	output_fini(&output);
}

TEST(appears_with_the_commit)
{
	struct output output;

	assert_int_equal(output_open(&output, path), 0);
	fputs("one", output.file);
	assert_int_equal(access(path, F_OK), -1);
	assert_int_equal(output_commit(&output), 0);
	output_fini(&output);
	assert_holds("one");
	assert_int_equal(nr_files(), 1);
}

/* Neither what was there first nor what came meanwhile. */
TEST(takes_the_place_of_nothing)
{
	struct output output;
	struct stat st;

	unlink(path);
	assert_int_equal(output_open_new(&output, path, 0600), 0);
	fputs("mine", output.file);
	write_file("theirs", true);
	assert_int_equal(output_commit(&output), -EEXIST);
	output_fini(&output);
	assert_int_equal(output_open_new(&output, path, 0600), -EEXIST);
	assert_holds("theirs");
	assert_int_equal(nr_files(), 1);
	unlink(path);
	assert_int_equal(output_open_new(&output, path, 0600), 0);
	fputs("mine", output.file);
	assert_int_equal(output_commit(&output), 0);
	output_fini(&output);
	assert_holds("mine");
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
}

TEST(replaces_what_was_there)
{
	write_file("one", true);
	write_file("two", true);
	assert_holds("two");
}

TEST(leaves_nothing_without_a_commit)
{
	write_file("one", true);
	write_file("two", false);
	assert_holds("one");
	assert_int_equal(nr_files(), 1);
}

TEST(has_the_rights_that_umask_leaves)
{
	mode_t mask = umask(027);
	struct stat st;

	unlink(path);
	write_file("one", true);
	umask(mask);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0640);
}

TEST(keeps_the_rights_of_what_it_replaces)
{
	struct stat st;

	write_file("one", true);
	assert_int_equal(chmod(path, 0600), 0);
	write_file("two", true);
	assert_holds("two");
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
}

TEST(is_nowhere_after_a_sync_alone)
{
	struct output output;

	write_file("one", true);
	assert_int_equal(output_open(&output, path), 0);
	fputs("two", output.file);
	assert_int_equal(output_sync(&output), 0);
	output_fini(&output);
	assert_holds("one");
	assert_int_equal(nr_files(), 1);
	assert_int_equal(output_open(&output, "/dev/full"), 0);
	fputs("one", output.file);
	assert_int_equal(output_sync(&output), -ENOSPC);
	output_fini(&output);
}

TEST(a_device_is_written_to_directly)
{
	struct output output;

	assert_int_equal(output_open(&output, "/dev/full"), 0);
	fputs("one", output.file);
	assert_int_equal(output_commit(&output), -ENOSPC);
	output_fini(&output);
}

TEST(a_folder_that_is_not_there)
{
	struct output output;

	assert_int_equal(output_open(&output, "/nonexistent/file"), -ENOENT);
	output_fini(&output);
}

/* ---- folders of others ---------------------------------------------------- */

static char other[sizeof(path) + 8];

/* Another file, that nobody may write through @path: "secret", for us alone. */
static void make_other(void)
{
	int fd;

	snprintf(other, sizeof(other), "%s/other", folder);
	unlink(path);
	unlink(other);
	fd = open(other, O_WRONLY | O_CREAT | O_EXCL, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, "secret", 6), 6);
	close(fd);
}

static void assert_other_is_untouched(void)
{
	cleanup_free uint8_t *data = NULL;
	struct stat st;
	size_t len;

	assert_int_equal(stat(other, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(file_read(other, 100, &data, &len), 0);
	assert_int_equal(len, 6);
	assert_memory_equal(data, "secret", 6);
}

static void clean_up(void)
{
	unlink(path);
	unlink(other);
	assert_int_equal(chmod(folder, 0700), 0);
}

static int open_and_leave(int (*open_it)(struct output *output))
{
	struct output output;
	int r = open_it(&output);

	output_fini(&output);
	return r;
}

static int open_path(struct output *output)
{
	return output_open(output, path);
}

static int open_regular(struct output *output)
{
	return output_open_regular(output, path, 0644);
}

TEST(follows_no_link_that_another_could_have_put_there)
{
	make_other();
	assert_int_equal(symlink("other", path), 0);
	assert_int_equal(chmod(folder, 0777), 0);
	assert_int_equal(open_and_leave(open_path), -ELOOP);
	assert_int_equal(open_and_leave(open_regular), -ELOOP);
	assert_int_equal(path_open_empty(path, 0600), -ELOOP);
	assert_other_is_untouched();
	clean_up();
}

TEST(follows_no_such_link_on_the_way)
{
	char way[sizeof(path) + 8];
	struct output output;

	make_other();
	snprintf(way, sizeof(way), "%s/way", folder);
	assert_int_equal(symlink(".", way), 0);
	strcat(way, "/file");
	assert_int_equal(output_open(&output, way), 0);
	output_fini(&output);
	assert_int_equal(chmod(folder, 0777), 0);
	assert_int_equal(output_open(&output, way), -ELOOP);
	output_fini(&output);
	*strrchr(way, '/') = '\0';
	unlink(way);
	clean_up();
}

TEST(replaces_what_a_link_of_ours_names)
{
	struct stat st;

	make_other();
	assert_int_equal(symlink("other", path), 0);
	write_file("one", true);
	assert_holds("one");
	assert_int_equal(lstat(path, &st), 0);
	assert_true(S_ISLNK(st.st_mode));
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	clean_up();
}

TEST(in_a_sticky_folder_the_owner_of_the_link_decides)
{
	make_other();
	assert_int_equal(symlink("other", path), 0);
	assert_int_equal(chmod(folder, 01777), 0);
	assert_int_equal(open_and_leave(open_path), 0);
	if (geteuid() == 0) {
		assert_int_equal(lchown(path, 65534, 65534), 0);
		assert_int_equal(open_and_leave(open_path), -ELOOP);
	}
	assert_other_is_untouched();
	clean_up();
}

TEST(gives_no_rights_that_another_has_chosen)
{
	mode_t mask;
	struct stat st;

	if (geteuid() != 0)
		skip();
	make_other();
	mask = umask(022);
	write_file("one", true);
	assert_int_equal(chmod(path, 0666), 0);
	assert_int_equal(chown(path, 65534, 65534), 0);
	write_file("two", true);
	umask(mask);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0644);
	assert_int_equal(st.st_uid, 0);
	clean_up();
}

TEST(writes_to_no_pipe_of_another)
{
	if (geteuid() != 0)
		skip();
	make_other();
	assert_int_equal(mkfifo(path, 0666), 0);
	assert_int_equal(chown(path, 65534, 65534), 0);
	assert_int_equal(chown(folder, 65534, 65534), 0);
	assert_int_equal(open_and_leave(open_path), -EPERM);
	assert_int_equal(chown(folder, 0, 0), 0);
	clean_up();
}

TEST(replaces_regular_files_only_when_asked_to)
{
	struct output output;
	mode_t mask = umask(077);
	struct stat st;

	make_other();
	assert_int_equal(open_regular(&output), 0);
	assert_int_equal(output_commit(&output), 0);
	output_fini(&output);
	umask(mask);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0644);
	unlink(path);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(open_and_leave(open_regular), -EEXIST);
	clean_up();
}

TEST(empties_no_file_that_has_another_name)
{
	make_other();
	assert_int_equal(link(other, path), 0);
	assert_int_equal(chmod(folder, 0777), 0);
	assert_int_equal(path_open_empty(path, 0600), -EPERM);
	assert_other_is_untouched();
	clean_up();
}

TEST(writes_through_the_links_of_procfs)
{
	char name[32], byte;
	struct output output;
	int fds[2];

	assert_int_equal(pipe(fds), 0);
	snprintf(name, sizeof(name), "/proc/self/fd/%d", fds[1]);
	assert_int_equal(output_open(&output, name), 0);
	fputc('x', output.file);
	assert_int_equal(output_commit(&output), 0);
	output_fini(&output);
	assert_int_equal(read(fds[0], &byte, 1), 1);
	assert_int_equal(byte, 'x');
	close(fds[0]);
	close(fds[1]);
}

TEST(names_that_are_none)
{
	struct output output;
	char far[PATH_MAX + 10];

	memset(far, 'x', sizeof(far));
	far[sizeof(far) - 1] = '\0';
	assert_int_equal(output_open(&output, far), -ENAMETOOLONG);
	assert_int_equal(output_open(&output, far + PATH_MAX - NAME_MAX),
			 -ENAMETOOLONG);
	assert_int_equal(output_open(&output, folder), -EISDIR);
	assert_int_equal(output_open(&output, "/"), -EISDIR);
	assert_int_equal(output_open(&output, "/tmp/.."), -EISDIR);
	assert_int_equal(output_open(&output, ""), -ENOENT);
	assert_int_equal(output_open(&output, "/dev/null/x"), -ENOTDIR);
}

TEST_MAIN_WITH(
	make_folder, remove_folder, cmocka_unit_test(appears_with_the_commit),
	cmocka_unit_test(takes_the_place_of_nothing),
	cmocka_unit_test(replaces_what_was_there),
	cmocka_unit_test(leaves_nothing_without_a_commit),
	cmocka_unit_test(has_the_rights_that_umask_leaves),
	cmocka_unit_test(keeps_the_rights_of_what_it_replaces),
	cmocka_unit_test(is_nowhere_after_a_sync_alone),
	cmocka_unit_test(a_device_is_written_to_directly),
	cmocka_unit_test(a_folder_that_is_not_there),
	cmocka_unit_test(follows_no_link_that_another_could_have_put_there),
	cmocka_unit_test(follows_no_such_link_on_the_way),
	cmocka_unit_test(replaces_what_a_link_of_ours_names),
	cmocka_unit_test(in_a_sticky_folder_the_owner_of_the_link_decides),
	cmocka_unit_test(gives_no_rights_that_another_has_chosen),
	cmocka_unit_test(writes_to_no_pipe_of_another),
	cmocka_unit_test(replaces_regular_files_only_when_asked_to),
	cmocka_unit_test(empties_no_file_that_has_another_name),
	cmocka_unit_test(writes_through_the_links_of_procfs),
	cmocka_unit_test(names_that_are_none))
