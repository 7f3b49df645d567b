// SPDX-License-Identifier: MIT
/*
 * Who this machine is, kept in a file.
 */
#include "attest/enrolled.h"

#include "lib/testing.h"

#include <errno.h>
#include <sys/stat.h>

static char folder[] = "/tmp/test_enrolled.XXXXXX";
static char path[sizeof(folder) + 16];

static int make_folder(void **state)
{
	(void)state;
	if (!mkdtemp(folder))
		return -1;
	snprintf(path, sizeof(path), "%s/enrolled", folder);
	return 0;
}

static int remove_folder(void **state)
{
	(void)state;
	unlink(path);
	return rmdir(folder);
}

static const struct enrolled somebody = {
	.machine = "machine 1",
	.verifier = "verifier \"2\"",
	.ak_name = { 3, { 0, 11, 255 } },
};

static int read_back(struct enrolled *ret_enrolled)
{
	struct evidence_error error;

	return enrolled_read(path, ret_enrolled, &error);
}

TEST(what_is_written_is_read_again)
{
	struct enrolled enrolled;
	struct stat st;

	unlink(path);
	assert_int_equal(read_back(&enrolled), -ENOENT);
	assert_int_equal(enrolled_write(path, &somebody), 0);
	assert_int_equal(read_back(&enrolled), 0);
	assert_memory_equal(&enrolled, &somebody, sizeof(enrolled));
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
}

/* Nobody is told of a machine that could not be named again. */
TEST(what_could_not_be_read_is_not_written)
{
	struct enrolled nobody = somebody, enrolled;

	assert_int_equal(enrolled_write(path, &somebody), 0);
	nobody.machine[0] = '\0';
	assert_int_equal(enrolled_write(path, &nobody), -EINVAL);
	nobody.machine[0] = '\n';
	assert_int_equal(enrolled_write(path, &nobody), -EINVAL);
	assert_int_equal(read_back(&enrolled), 0);
	assert_memory_equal(&enrolled, &somebody, sizeof(enrolled));
}

TEST(a_file_that_was_cut_off_is_none)
{
	struct enrolled enrolled;
	struct stat st;

	assert_int_equal(enrolled_write(path, &somebody), 0);
	assert_int_equal(stat(path, &st), 0);
	for (off_t len = st.st_size - 2; len >= 0; len--) {
		assert_int_equal(truncate(path, len), 0);
		assert_int_equal(read_back(&enrolled), -EBADMSG);
	}
	assert_int_equal(truncate(path, (off_t)MESSAGE_LEN_MAX + 1), 0);
	assert_int_equal(read_back(&enrolled), -EFBIG);
}

TEST_MAIN_WITH(make_folder, remove_folder,
	       cmocka_unit_test(what_is_written_is_read_again),
	       cmocka_unit_test(what_could_not_be_read_is_not_written),
	       cmocka_unit_test(a_file_that_was_cut_off_is_none))
