// SPDX-License-Identifier: MIT
/* Bytes that the index does not speak of when a writer begins: see uncommitted.c. */
#include "archive/archive.h"
#include "base/file.h"
#include "lib/keeping.h"
#include "lib/testing.h"

/* In the archive's folder. */
static void shell(struct kept_archive *f, const char *what)
{
	char command[512];

	snprintf(command, sizeof(command), "cd %s && %s", f->dir, what);
	assert_int_equal(system(command), 0);
}

/* What is put aside in a file, from record @first on, is the list's up to @end. */
static void check_kept(struct kept_archive *f, uint64_t first, uint64_t end)
{
	size_t from = f->list.offsets[first], to = f->list.offsets[end], len;
	char path[160];
	uint8_t *data;

	snprintf(path, sizeof(path), "%s/00000001/%020llu.ima.uncommitted",
		 f->dir, (unsigned long long)first);
	assert_int_equal(file_read(path, SIZE_MAX, &data, &len), 0);
	assert_int_equal(len, to - from);
	assert_memory_equal(data, f->list.bytes.data + from, len);
	free(data);
}

struct begins {
	uint64_t first[100], count[100];
	unsigned int nr;
};

static int note_begin(void *context, const struct archive_segment *segment)
{
	struct begins *begins = context;

	begins->first[begins->nr] = segment->first;
	begins->count[begins->nr++] = segment->count;
	return 0;
}

/* An older index is put back: what it does not know of is not destroyed. */
TEST(what_the_index_does_not_know_is_kept)
{
	struct kept_archive *f = *state;
	struct begins begins = { .nr = 0 };

	kept_archive_add(f, 0, 30);
	kept_archive_open_again(f); /* checkpoints */
	shell(f, "cp index.db old");
	kept_archive_add(f, 30, 500);
	assert_int_equal(
		archive_each_segment(f->archive, 1, note_begin, &begins), 0);
	assert_true(begins.nr > 2);
	archive_close(f->archive);
	f->archive = NULL;
	shell(f, "cp old index.db && rm -f index.db-*");

	for (int i = 0; i < 3; i++) { /* nor by another start */
		kept_archive_open_again(f);
		assert_int_equal(archive_end(f->archive), 30);
		check_kept(f, 30, begins.count[0]);
		for (unsigned int k = 1; k < begins.nr; k++)
			check_kept(f, begins.first[k],
				   begins.first[k] + begins.count[k]);
	}
	assert_non_null(strstr(f->said.text, "are kept as"));
	keeping_verify(f->archive);
	kept_archive_add(f, 30, 500); /* the same names again */
	assert_int_equal(kept_list_check(&f->list, f->archive, 1), 500);
	check_kept(f, 30, begins.count[0]);
	assert_int_equal(archive_forget_uncommitted(f->archive), 0);
	shell(f, "! ls 00000001 | grep uncommitted");
	assert_int_equal(kept_list_check(&f->list, f->archive, 1), 500);
}

/* Nor what was compressed since, nor what would take the place of a file that is gone. */
TEST(the_only_copy_is_kept)
{
	struct kept_archive *f = *state;

	kept_archive_add(f, 0, 400);
	kept_archive_open_again(f);
	shell(f, "cp index.db old");
	kept_archive_add(f, 400, 1500);
	assert_int_equal(archive_compress(f->archive, 100, NULL), 0);
	archive_close(f->archive);
	f->archive = NULL;
	shell(f, "cp -a 00000001 all && cp old index.db && rm -f index.db-*");
	/* The index has these as they were before they were compressed. */
	assert_true(archive_open_writer(&f->options, &f->archive) < 0);
	shell(f,
	      "for i in all/*.zst; do cmp $i 00000001/${i##*/} || cmp $i 00000001/${i##*/}.uncommitted || exit 1; done");
	shell(f, "ls 00000001/*.zst && ls 00000001/*.ima.zst.uncommitted");
}

/* What was compressed or pruned meanwhile, or rolled back, is nothing to be kept. */
TEST(what_is_superfluous_is_not_kept)
{
	struct kept_archive *f = *state;
	const struct archive_prune_options prune = { .max_bytes = 1,
						     .force = true };
	struct archive_prune_result result;

	kept_archive_add(f, 0, 700);
	shell(f, "cp -a 00000001 files");
	assert_int_equal(archive_compress(f->archive, 1, NULL), 0);
	shell(f, "cp -n files/* 00000001/");
	kept_archive_open_again(f);
	shell(f, "! ls 00000001 | grep uncommitted");
	assert_int_equal(archive_prune(f->archive, &prune, &result), 0);
	assert_true(result.nr_segments > 1);
	shell(f, "cp -n files/* 00000001/");
	kept_archive_open_again(f);
	shell(f, "! ls 00000001 | grep uncommitted");
	assert_int_equal(kept_list_put(&f->list, f->archive, 700, 1500), 0);
	assert_int_equal(archive_rollback(f->archive), 0);
	shell(f, "! ls 00000001 | grep uncommitted");
}

/* A boot that is pruned takes with it what was put aside of it. */
TEST(what_is_kept_goes_with_its_boot)
{
	const struct archive_prune_options prune = { .keep_boots = 1,
						     .force = true };
	struct archive_boot key = { .boot_id = "another" }, boot;
	struct archive_prune_result result;
	struct kept_archive *f = *state;

	kept_archive_add(f, 0, 30);
	shell(f,
	      "cp 00000001/*.ima tail && cat tail >>00000001/00000000000000000000.ima");
	kept_archive_open_again(f);
	shell(f, "cmp tail 00000001/*.ima.uncommitted");
	assert_int_equal(archive_new_boot(f->archive, &key, &boot), 0);
	assert_int_equal(archive_prune(f->archive, &prune, &result), 0);
	assert_int_equal(result.nr_boots, 1);
	shell(f, "test ! -e 00000001");
}

#define CASE(name)                                                \
	cmocka_unit_test_setup_teardown(name, kept_archive_setup, \
					kept_archive_teardown)

TEST_MAIN(CASE(what_the_index_does_not_know_is_kept),
	  CASE(the_only_copy_is_kept), CASE(what_is_superfluous_is_not_kept),
	  CASE(what_is_kept_goes_with_its_boot))
