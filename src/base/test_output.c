// SPDX-License-Identifier: MIT
/*
 * Files that appear whole or not at all.
 */
#include "base/file.h"
#include "base/output.h"
#include "lib/testing.h"

#include <dirent.h>
#include <errno.h>
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

TEST_MAIN_WITH(make_folder, remove_folder,
	       cmocka_unit_test(appears_with_the_commit),
	       cmocka_unit_test(replaces_what_was_there),
	       cmocka_unit_test(leaves_nothing_without_a_commit),
	       cmocka_unit_test(has_the_rights_that_umask_leaves),
	       cmocka_unit_test(keeps_the_rights_of_what_it_replaces),
	       cmocka_unit_test(is_nowhere_after_a_sync_alone),
	       cmocka_unit_test(a_device_is_written_to_directly),
	       cmocka_unit_test(a_folder_that_is_not_there))
