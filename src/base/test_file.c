// SPDX-License-Identifier: MIT
/* Reading files whole: sizes around the buffer's, limits, and errors. */
#include "base/file.h"
#include "lib/testing.h"

#include <errno.h>

static char path[] = "/tmp/imastage-test-file-XXXXXX";

static int make_file(void **state)
{
	int fd = mkstemp(path);

	(void)state;
	return fd < 0 ? -1 : close(fd);
}

static int remove_file(void **state)
{
	(void)state;
	return unlink(path);
}

static void set_size(size_t len)
{
	assert_int_equal(truncate(path, (off_t)len), 0);
}

TEST(reads_files_of_any_size)
{
	static const size_t sizes[] = {
		0, 1, 4096, 65535, 65536, 65537, 131071, 131072, 131073, 1000000
	};

	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		cleanup_free uint8_t *data = NULL;
		size_t len = 77;

		set_size(sizes[i]);
		assert_int_equal(file_read(path, 1 << 20, &data, &len), 0);
		assert_non_null(data);
		assert_int_equal(len, sizes[i]);
		assert_true(bytes_are_all(bytes_of(data, len), 0));
	}
}

TEST(reads_files_that_do_not_know_their_size)
{
	cleanup_free uint8_t *data = NULL;
	size_t len;

	assert_int_equal(file_read("/proc/self/stat", 1 << 16, &data, &len), 0);
	assert_true(len > 0);
}

TEST(keeps_to_the_limit)
{
	uint8_t *data = NULL;
	size_t len = 77;

	set_size(101);
	assert_int_equal(file_read(path, 100, &data, &len), -EFBIG);
	assert_int_equal(file_read(path, 0, &data, &len), -EFBIG);
	assert_int_equal(file_read("/dev/zero", 1 << 20, &data, &len), -EFBIG);
	assert_null(data);
	assert_int_equal(len, 77);

	assert_int_equal(file_read(path, 101, &data, &len), 0);
	assert_int_equal(len, 101);
	free(data);
}

TEST(forwards_errors)
{
	uint8_t *data = NULL;
	size_t len;

	assert_int_equal(file_read("/does/not/exist", 1, &data, &len), -ENOENT);
	assert_int_equal(file_read("/", 1, &data, &len), -EISDIR);
	assert_null(data);
}

TEST_MAIN_WITH(make_file, remove_file,
	       cmocka_unit_test(reads_files_of_any_size),
	       cmocka_unit_test(reads_files_that_do_not_know_their_size),
	       cmocka_unit_test(keeps_to_the_limit),
	       cmocka_unit_test(forwards_errors))
