// SPDX-License-Identifier: MIT
/*
 * What a source makes of a folder: of each kernel (emulator), and of folders with
 * names and numbers that no kernel has. Probing leaves everything as it was.
 */
#include "source/source.h"

#include "lib/emulator.h"
#include "lib/testing.h"

#include <imastage/bank.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

static char dir[64];

static int make_dir(void **state)
{
	(void)state;
	strcpy(dir, "/tmp/imastage-test-probe-XXXXXX");
	return mkdtemp(dir) ? 0 : -1;
}

static int remove_dir(void **state)
{
	DIR *names = opendir(dir);
	struct dirent *entry;

	(void)state;
	while (names && (entry = readdir(names)))
		unlinkat(dirfd(names), entry->d_name, 0);
	if (names)
		closedir(names);
	return rmdir(dir);
}

static void put(const char *name, const char *text)
{
	char path[256];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	file = fopen(path, "w");
	assert_non_null(file);
	fputs(text, file);
	assert_int_equal(fclose(file), 0);
}

/* The file that tells kernels apart by its mode. */
static void put_list(mode_t mode)
{
	char path[256];

	put("binary_runtime_measurements", "");
	snprintf(path, sizeof(path), "%s/binary_runtime_measurements", dir);
	assert_return_code(chmod(path, mode), errno);
}

static struct source *open_source(const char *path)
{
	struct source_options options = { .dir = path, .wait_ms = PATIENCE_MS };
	struct source *source = NULL;

	assert_int_equal(source_open(&options, &source), 0);
	return source;
}

/* ---- folders ------------------------------------------------------------- */

TEST(knows_older_kernels)
{
	struct source *source;
	const struct source_abilities *can;

	put_list(0440);
	source = open_source(dir);
	can = source_abilities(source);
	assert_int_equal(can->kind, SOURCE_UNPATCHED);
	assert_int_equal(can->banks, 1U << IMASTAGE_SHA1);
	assert_false(can->stage || can->stage_n || can->trim ||
		     can->guarded_trim || can->deleted_count || can->snapshot);
	source_close(source);
}

/* Linux 7.2 with CONFIG_IMA_STAGING off. That it can trim is a promise till then. */
TEST(knows_lists_that_can_be_written_to)
{
	struct source *source;
	const struct source_abilities *can;

	put_list(0660);
	source = open_source(dir);
	can = source_abilities(source);
	assert_int_equal(can->kind, SOURCE_TRIM_ONLY);
	assert_true(can->trim && !can->tried);
	assert_false(can->stage || can->stage_n || can->guarded_trim ||
		     can->deleted_count || can->snapshot);
	assert_string_equal(source_kind_name(can->kind),
			    "Linux 7.2 without staging");
	source_close(source);
}

TEST(knows_banks_by_names)
{
	struct source *source;

	put("binary_runtime_measurements", "");
	put("binary_runtime_measurements_sha1", "");
	put("binary_runtime_measurements_sha256", "");
	put("binary_runtime_measurements_sha512_staged", "");
	put("ascii_runtime_measurements_sha384", "");
	put("binary_runtime_measurements_sm3", "");
	put("binary_runtime_measurements_sha3-256", "");
	put("binary_runtime_measurements_", "");
	put("binary_runtime_measurements_tpm_alg_99", "");
	source = open_source(dir);
	assert_int_equal(source_abilities(source)->banks,
			 1U << IMASTAGE_SHA1 | 1U << IMASTAGE_SHA256 |
				 1U << IMASTAGE_SM3);
	source_close(source);
}

/* One of the two counts alone is not what this project's kernels have. */
TEST(knows_kinds_by_names)
{
	struct source *source;

	put("binary_runtime_measurements", "");
	put("binary_runtime_measurements_staged", "");
	put("staged_measurements_count", "0\n");
	source = open_source(dir);
	assert_int_equal(source_abilities(source)->kind, SOURCE_LINUX_7_2);
	assert_false(source_abilities(source)->stage_n);
	source_close(source);
	put("deleted_measurements_count", "0\n");
	source = open_source(dir);
	assert_int_equal(source_abilities(source)->kind, SOURCE_IMASTAGE);
	assert_false(source_abilities(source)->snapshot);
	source_close(source);
}

static int counts_of(const char *text, uint64_t *ret_current)
{
	struct source_counts counts;
	struct source *source;
	int r;

	put("runtime_measurements_count", text);
	source = open_source(dir);
	r = source_counts(source, &counts);
	if (r == 0)
		*ret_current = counts.current;
	source_close(source);
	return r;
}

TEST(believes_numbers_only)
{
	static const char *const bad[] = {
		"",
		"\n",
		"a",
		"1a",
		"-1",
		"+1",
		" 1",
		"1 ",
		"1\n\n",
		"0x1",
		"18446744073709551616\n",
		"99999999999999999999999",
		"000000000000000000000000000000000000000000000000000000001",
	};
	uint64_t nr = 0;

	put("binary_runtime_measurements", "");
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(counts_of(bad[i], &nr), -EBADMSG);
	assert_int_equal(counts_of("18446744073709551615\n", &nr), 0);
	assert_true(nr == UINT64_MAX);
	assert_int_equal(counts_of("7", &nr), 0);
	assert_int_equal(nr, 7);
}

/* ---- kernels ------------------------------------------------------------- */

struct state {
	char *list, *staged, counts[64];
};

static char *read_file(const struct emulator *emulator, const char *name)
{
	char path[160], *text = calloc(1, 1 << 20);
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", emulator->dir, name);
	file = fopen(path, "r");
	assert_non_null(text);
	if (file) {
		assert_true(fread(text, 1, (1 << 20) - 1, file) <
			    (1 << 20) - 1);
		fclose(file);
	}
	return text;
}

static void look_at(const struct emulator *emulator, struct state *ret_state)
{
	char status[512], *end;

	emulator_read(emulator, "status", status, sizeof(status));
	end = strstr(status, "violations");
	assert_non_null(end);
	*end = '\0';
	ret_state->list = read_file(emulator, "ascii_runtime_measurements");
	ret_state->staged =
		read_file(emulator, "ascii_runtime_measurements_staged");
	snprintf(ret_state->counts, sizeof(ret_state->counts), "%.63s", status);
}

static void assert_unchanged(const struct emulator *emulator,
			     const struct state *before)
{
	struct state after;

	look_at(emulator, &after);
	assert_string_equal(after.list, before->list);
	assert_string_equal(after.staged, before->staged);
	assert_string_equal(after.counts, before->counts);
	free(after.list);
	free(after.staged);
}

/* What the first session that writes tries changes nothing. */
static void try_it(const struct emulator *emulator,
		   struct source_abilities *ret_abilities)
{
	struct source *source;
	struct state before;

	look_at(emulator, &before);
	source = open_source(emulator->dir);
	assert_false(source_abilities(source)->tried);
	assert_int_equal(source_begin(source, SOURCE_WRITE), 0);
	assert_true(source_abilities(source)->tried);
	*ret_abilities = *source_abilities(source);
	source_end(source);
	source_close(source);
	assert_unchanged(emulator, &before);
	free(before.list);
	free(before.staged);
}

/* With an empty list, a full one, and something staged: the same answers. */
static void try_all(const char *option, const char *value,
		    struct source_abilities *ret_abilities)
{
	struct source_abilities empty, full;
	struct emulator emulator;
	struct source *source;

	emulator_start(&emulator, option, value, NULL);
	emulator_load(&emulator, 1, 20);
	try_it(&emulator, &full);

	source = open_source(emulator.dir);
	assert_int_equal(source_begin(source, SOURCE_WRITE), 0);
	assert_int_equal(source_stage(source, SOURCE_ALL), 0);
	source_end(source);
	try_it(&emulator, ret_abilities);
	assert_memory_equal(&full, ret_abilities, sizeof(full));

	assert_int_equal(source_begin(source, SOURCE_WRITE), 0);
	assert_int_equal(source_delete(source), 0);
	source_end(source);
	source_close(source);
	try_it(&emulator, &empty);
	assert_memory_equal(&empty, ret_abilities, sizeof(empty));
	emulator_stop(&emulator);
}

TEST(tries_ours)
{
	struct source_abilities can;

	try_all("--profile", "imastage", &can);
	assert_int_equal(can.kind, SOURCE_IMASTAGE);
	assert_true(can.stage && can.stage_n && can.trim && can.guarded_trim &&
		    can.deleted_count && can.snapshot);
}

TEST(tries_ours_with_flushing)
{
	struct source_abilities can;

	try_all("--flush-htable", NULL, &can);
	assert_int_equal(can.kind, SOURCE_IMASTAGE);
	assert_true(can.stage && can.stage_n);
	assert_false(can.trim || can.guarded_trim);
}

TEST(tries_linux_7_2)
{
	struct source_abilities can;

	try_all("--profile", "7.2", &can);
	assert_int_equal(can.kind, SOURCE_LINUX_7_2);
	assert_true(can.stage && can.trim);
	assert_false(can.stage_n || can.guarded_trim || can.deleted_count ||
		     can.snapshot);
}

TEST(tries_linux_7_2_without_staging)
{
	struct source_abilities can;
	struct emulator emulator;
	struct source *source;

	emulator_start(&emulator, "--profile", "7.2-off", NULL);
	emulator_load(&emulator, 1, 20);
	try_it(&emulator, &can);
	assert_int_equal(can.kind, SOURCE_TRIM_ONLY);
	assert_true(can.trim);
	assert_false(can.stage || can.stage_n || can.guarded_trim ||
		     can.deleted_count || can.snapshot);
	source = open_source(emulator.dir);
	assert_int_equal(source_begin(source, SOURCE_WRITE), 0);
	assert_int_equal(source_trim(source, NULL, 21), 0);
	source_end(source);
	source_close(source);
	try_it(&emulator, &can);
	assert_true(can.trim);
	emulator_stop(&emulator);
}

/* The mode alone is not believed: this one takes no command at all. */
TEST(tries_what_modes_promise)
{
	struct emulator emulator;
	struct source *source;
	char path[160];

	emulator_start(&emulator, "--profile", "unpatched", NULL);
	snprintf(path, sizeof(path), "%s/binary_runtime_measurements",
		 emulator.dir);
	assert_return_code(chmod(path, 0660), errno);
	source = open_source(emulator.dir);
	assert_int_equal(source_abilities(source)->kind, SOURCE_TRIM_ONLY);
	assert_int_equal(source_begin(source, SOURCE_WRITE), 0);
	assert_false(source_abilities(source)->trim);
	assert_int_equal(source_trim(source, NULL, 1), -EOPNOTSUPP);
	source_end(source);
	source_close(source);
	emulator_stop(&emulator);
}

TEST(looks_at_unpatched_ones)
{
	struct emulator emulator;
	struct source *source;

	emulator_start(&emulator, "--profile", "unpatched", NULL);
	source = open_source(emulator.dir);
	assert_int_equal(source_abilities(source)->kind, SOURCE_UNPATCHED);
	assert_string_equal(source_kind_name(SOURCE_UNPATCHED), "unpatched");
	source_close(source);
	emulator_stop(&emulator);
}

#define IN_DIR(test) cmocka_unit_test_setup_teardown(test, make_dir, remove_dir)

TEST_MAIN(IN_DIR(knows_older_kernels),
	  IN_DIR(knows_lists_that_can_be_written_to),
	  IN_DIR(knows_banks_by_names), IN_DIR(knows_kinds_by_names),
	  IN_DIR(believes_numbers_only), WITH_EMULATOR(tries_ours),
	  WITH_EMULATOR(tries_ours_with_flushing),
	  WITH_EMULATOR(tries_linux_7_2),
	  WITH_EMULATOR(tries_linux_7_2_without_staging),
	  WITH_EMULATOR(tries_what_modes_promise),
	  WITH_EMULATOR(looks_at_unpatched_ones))
