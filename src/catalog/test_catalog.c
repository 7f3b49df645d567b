// SPDX-License-Identifier: MIT
/*
 * Names, diversions, stanzas, outer archives and the cache, as far as packages do not show them
 * (tests/policy/test-create).
 */
#include "base/bytes.h"
#include "catalog/ar.h"
#include "catalog/crew.h"
#include "catalog/digest_cache.h"
#include "catalog/explain.h"
#include "catalog/names.h"
#include "catalog/stanza.h"
#include "base/util.h"
#include "lib/testing.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* ---- names ----------------------------------------------------------------- */

static void expect_clean(const char *name, bool absolute, const char *wanted)
{
	char path[CATALOG_PATH_MAX];
	int r = name_clean(bytes_of_text(name), absolute, path);

	if (!wanted) {
		assert_int_equal(r, -EINVAL);
		return;
	}
	assert_int_equal(r, 0);
	assert_string_equal(path, wanted);
}

static void names_stay_in_the_root(void **state)
{
	(void)state;
	expect_clean("./usr/x", false, "/usr/x");
	expect_clean("usr/x", false, "/usr/x");
	expect_clean("/usr/x", true, "/usr/x");
	expect_clean("..x/y..", false, "/..x/y..");
	expect_clean("/usr/x", false, NULL);
	expect_clean("../x", false, NULL);
	expect_clean("./../x", false, NULL);
	expect_clean("a/../x", false, NULL);
	expect_clean("a/..", false, NULL);
	expect_clean("a/./x", false, NULL);
	expect_clean("a//x", false, NULL);
	expect_clean("//x", true, NULL);
	expect_clean("a/", false, NULL);
	expect_clean("./", false, NULL);
	expect_clean(".", false, NULL);
	expect_clean("", true, NULL);
}

static void a_name_has_the_length_of_a_path(void **state)
{
	char name[CATALOG_PATH_MAX + 1], path[CATALOG_PATH_MAX];

	(void)state;
	memset(name, 'a', sizeof(name));
	assert_int_equal(name_clean(bytes_of(name, CATALOG_PATH_MAX - 2), false,
				    path),
			 0);
	assert_int_equal(strlen(path), CATALOG_PATH_MAX - 1);
	assert_int_equal(name_clean(bytes_of(name, CATALOG_PATH_MAX - 1), false,
				    path),
			 -EINVAL);
	assert_int_equal(name_clean(bytes_of("a\0b", 3), false, path), -EINVAL);
}

static void expect_merged(const char *path, const char *wanted)
{
	char merged[CATALOG_PATH_MAX];

	assert_int_equal(name_merged(path, merged), wanted != NULL);
	if (wanted)
		assert_string_equal(merged, wanted);
}

static void merged_folders_have_two_names(void **state)
{
	(void)state;
	expect_merged("/bin/sh", "/usr/bin/sh");
	expect_merged("/usr/bin/sh", "/bin/sh");
	expect_merged("/lib/x86_64-linux-gnu/libc.so.6",
		      "/usr/lib/x86_64-linux-gnu/libc.so.6");
	expect_merged("/usr/lib64/ld.so", "/lib64/ld.so");
	expect_merged("/binary", NULL);
	expect_merged("/usr/share/bin/x", NULL);
	expect_merged("/usr/usr/bin/x", NULL);
	expect_merged("/etc/passwd", NULL);
}

static void diversions_are_found_by_name(void **state)
{
	const char *text = "/usr/bin/x\n/usr/bin/x.real\n:\n"
			   "/bin/sh\n/bin/sh.distrib\ndash\n";
	struct diversions *diversions;
	size_t line;

	(void)state;
	assert_int_equal(
		diversions_read(bytes_of_text(text), &diversions, &line), 0);
	assert_int_equal(diversions_nr(diversions), 2);
	assert_string_equal(diversions_find(diversions, "/bin/sh", "bash:all"),
			    "/bin/sh.distrib");
	assert_null(diversions_find(diversions, "/bin/sh", "dash:amd64"));
	assert_string_equal(diversions_find(diversions, "/bin/sh", "das"),
			    "/bin/sh.distrib");
	assert_string_equal(diversions_find(diversions, "/usr/bin/x", NULL),
			    "/usr/bin/x.real");
	assert_null(diversions_find(diversions, "/bin/bash", "bash"));
	diversions_free(diversions);
}

static void expect_no_diversions(const char *text)
{
	struct diversions *diversions;
	size_t line;

	assert_int_equal(diversions_read(bytes_of_text(text), &diversions,
					 &line),
			 -EBADMSG);
}

static void what_is_no_diversion_is_refused(void **state)
{
	(void)state;
	expect_no_diversions("/a\n/b\n");
	expect_no_diversions("/a\n/b\nc");
	expect_no_diversions("a\n/b\nc\n");
	expect_no_diversions("/a\n/b/../c\nd\n");
	expect_no_diversions("/a\n/b\n\n");
}

/* ---- stanzas --------------------------------------------------------------- */

static void stanzas_have_fields(void **state)
{
	static const char *const names[] = { "a", "c", "d" };
	struct imastage_bytes text =
		bytes_of_text("\n\nA: 1 \nB: x\n y\n\n\nC:\n 2\n  3\nD: 4\n");
	struct imastage_bytes stanza, values[3];

	(void)state;
	assert_int_equal(stanza_next(&text, &stanza), 1);
	assert_int_equal(stanza_fields(stanza, names, 3, values), 0);
	assert_true(bytes_equal_text(values[0], "1"));
	assert_int_equal(values[1].len, 0);
	assert_int_equal(stanza_next(&text, &stanza), 1);
	assert_int_equal(stanza_fields(stanza, names, 3, values), 0);
	assert_true(bytes_equal_text(values[1], "2\n  3"));
	assert_true(bytes_equal_text(values[2], "4"));
	assert_int_equal(stanza_next(&text, &stanza), 0);
}

static void expect_no_fields(const char *text)
{
	static const char *const names[] = { "A" };
	struct imastage_bytes values[1];

	assert_int_equal(stanza_fields(bytes_of_text(text), names, 1, values),
			 -EBADMSG);
}

static void what_is_no_field_is_refused(void **state)
{
	(void)state;
	expect_no_fields("A: 1\na: 2\n");
	expect_no_fields("A: \na: 2\n");
	expect_no_fields("A 1\n");
	expect_no_fields(": 1\n");
	expect_no_fields(" A: 1\n");
}

/* ---- ar -------------------------------------------------------------------- */

static ssize_t read_text(void *context, void *data, size_t len)
{
	struct imastage_bytes *left = context;

	len = len < left->len ? len : left->len;
	if (len)
		memcpy(data, left->data, len);
	*left = bytes_skip(*left, len);
	return (ssize_t)len;
}

#define AR_REST "  0           0     0     100644  "

/* The result of the first member of an archive of @head and @bytes. */
static int first_of(const char *head, const char *bytes,
		    struct ar_member *ret_member)
{
	char text[256];
	struct imastage_bytes left;
	struct ar ar;

	snprintf(text, sizeof(text), "!<arch>\n%s%s", head, bytes);
	left = bytes_of_text(text);
	ar_init(&ar, (struct imastage_source){ read_text, &left });
	return ar_next(&ar, ret_member);
}

static void members_are_as_dpkg_has_them(void **state)
{
	struct ar_member member;

	(void)state;
	assert_int_equal(first_of("debian-binary   " AR_REST "4         `\n",
				  "2.0\n", &member),
			 -EBADMSG);
	assert_int_equal(first_of("debian-binary 0           0     0     "
				  "100644  4         `\n",
				  "2.0\n", &member),
			 -EBADMSG);
	assert_int_equal(first_of("debian-binary   0           0     0     "
				  "100644  4         `\n",
				  "2.0\n", &member),
			 0);
	assert_string_equal(member.name, "debian-binary");
	assert_int_equal(member.size, 4);
	assert_int_equal(first_of("debian-binary   0           0     0     "
				  "100644  4x        `\n",
				  "2.0\n", &member),
			 -EBADMSG);
	assert_int_equal(first_of("debian binary   0           0     0     "
				  "100644  4         `\n",
				  "2.0\n", &member),
			 -EBADMSG);
	assert_int_equal(first_of("", "", &member), AR_END);
}

/* ---- the cache ------------------------------------------------------------- */

static const struct stat old_file = { .st_dev = 1,
				      .st_ino = 2,
				      .st_size = 3,
				      .st_mtim = { 4, 5 },
				      .st_ctim = { 6, 7 } };

static void each_number_tells_a_file(void **state)
{
	uint8_t digest[IMASTAGE_DIGEST_MAX] = { 0xab },
		got[IMASTAGE_DIGEST_MAX];
	struct digest_cache *cache;
	char path[] = "/tmp/imastage-cache-XXXXXX";
	struct stat other[5];
	int fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0);
	close(fd);
	unlink(path);
	assert_int_equal(digest_cache_open(path, IMASTAGE_SHA256, 1000, NULL,
					   &cache),
			 0);
	digest_cache_put(cache, &old_file, digest);
	digest_cache_put(cache, &old_file, digest);
	assert_int_equal(digest_cache_save(cache, NULL), 0);
	digest_cache_free(cache);
	assert_int_equal(digest_cache_open(path, IMASTAGE_SHA256, 1000, NULL,
					   &cache),
			 0);
	assert_true(digest_cache_find(cache, &old_file, got));
	assert_memory_equal(got, digest, 32);
	for (int i = 0; i < 5; i++)
		other[i] = old_file;
	other[0].st_dev++;
	other[1].st_ino++;
	other[2].st_size++;
	other[3].st_mtim.tv_nsec++;
	other[4].st_ctim.tv_nsec++;
	for (int i = 0; i < 5; i++)
		assert_false(digest_cache_find(cache, &other[i], got));
	digest_cache_free(cache);
	unlink(path);
}

static void a_file_that_just_changed_is_not_kept(void **state)
{
	uint8_t digest[IMASTAGE_DIGEST_MAX] = { 0 };
	struct digest_cache *cache;
	char path[] = "/tmp/imastage-cache-XXXXXX";

	(void)state;
	close(mkstemp(path));
	unlink(path);
	assert_int_equal(
		digest_cache_open(path, IMASTAGE_SHA256, 7, NULL, &cache), 0);
	digest_cache_put(cache, &old_file, digest);
	assert_int_equal(digest_cache_save(cache, NULL), 0);
	digest_cache_free(cache);
	assert_int_equal(access(path, F_OK), -1);
}

/* ---- threads --------------------------------------------------------------- */

static _Atomic size_t nr_done;

static int count_job(void *context, size_t job)
{
	atomic_fetch_add(&nr_done, 1);
	return context && job == 10 ? -EIO : 0;
}

static void every_job_is_done_once(void **state)
{
	bool fails = true;

	(void)state;
	atomic_store(&nr_done, 0);
	assert_int_equal(crew_run(4, 1000, count_job, NULL), 0);
	assert_int_equal(atomic_load(&nr_done), 1000);
	assert_int_equal(crew_run(4, 0, count_job, NULL), 0);
	atomic_store(&nr_done, 0);
	assert_int_equal(crew_run(1, 1000, count_job, &fails), -EIO);
	assert_int_equal(atomic_load(&nr_done), 11);
}

/* ---- questions ------------------------------------------------------------- */

/* @package: "" for none. */
static void list_file(struct policy_builder *builder, const char *path,
		      uint8_t digest, const char *package)
{
	const struct policy_package named = { .name = bytes_of_text(package) };
	uint8_t bytes[32] = { digest };
	struct policy_entry entry = { .space = POLICY_FILES,
				      .name = bytes_of_text(path),
				      .alg = POLICY_SHA256,
				      .digest = bytes_of(bytes, 32) };

	if (*package)
		assert_int_equal(
			policy_add_package(builder, &named, &entry.package), 0);
	assert_int_equal(policy_add(builder, &entry), 0);
}

static struct policy *listed_policy(void)
{
	struct policy_builder *builder;
	struct policy *policy;

	assert_int_equal(policy_builder_new(&builder), 0);
	list_file(builder, "/usr/bin/tool", 1, "tool");
	list_file(builder, "/opt/a/x", 2, "a");
	list_file(builder, "/opt/a/y", 3, "");
	list_file(builder, "/opt/b/x", 4, "a");
	list_file(builder, "/opt/b/y", 5, "b");
	list_file(builder, "/opt/c/x", 2, "");
	assert_int_equal(policy_finish(builder, NULL, &policy), 0);
	policy_builder_free(builder);
	return policy;
}

static const struct {
	const char *path;
	uint8_t digest; /* 0: none is asked for */
	enum explain_guess guess;
	const char *package;
	size_t nr_listed, nr_same;
} questions[] = {
	{ "/usr/bin/tool", 9, EXPLAIN_BY_PATH, "tool", 1, 0 },
	{ "/bin/tool", 9, EXPLAIN_BY_MERGED_PATH, "tool", 0, 0 },
	{ "/srv/copy", 4, EXPLAIN_BY_DIGEST, "a", 0, 1 },
	{ "/srv/copy", 2, EXPLAIN_BY_DIGEST, "a", 0, 2 },
	{ "/opt/a/z", 9, EXPLAIN_BY_FOLDER, "a", 0, 0 },
	{ "/opt/a/y", 9, EXPLAIN_BY_FOLDER, "a", 1, 0 },
	{ "/opt/b/z", 9, EXPLAIN_NO_PACKAGE, "", 0, 0 },
	{ "/opt/c/z", 9, EXPLAIN_NO_PACKAGE, "", 0, 0 },
	{ "/opt/c/z", 0, EXPLAIN_NO_PACKAGE, "", 0, 0 },
	{ "/opt", 9, EXPLAIN_NO_PACKAGE, "", 0, 0 },
	{ "no path", 1, EXPLAIN_BY_DIGEST, "tool", 0, 1 },
	{ "", 9, EXPLAIN_NO_PACKAGE, "", 0, 0 },
};

static uint8_t asked_digests[ARRAY_SIZE(questions)][32];

static struct explain_question question_of(size_t i)
{
	asked_digests[i][0] = questions[i].digest;
	return (struct explain_question){
		.path = bytes_of_text(questions[i].path),
		.alg = POLICY_SHA256,
		.digest = bytes_of(asked_digests[i],
				   questions[i].digest ? 32 : 0),
	};
}

static void expect_answer(size_t i, const struct explanation *found)
{
	assert_int_equal(found->guess, questions[i].guess);
	assert_int_equal(found->nr_listed, questions[i].nr_listed);
	assert_int_equal(found->nr_same, questions[i].nr_same);
	assert_true(
		bytes_equal_text(found->package.name, questions[i].package));
}

/* However many are asked at once, and in which order. */
static void each_question_has_its_answer(void **state)
{
	struct explain_question all[3 * ARRAY_SIZE(questions)];
	struct policy *policy = listed_policy();

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(questions); i++) {
		struct explain_question alone = question_of(i);

		assert_int_equal(explain_all(policy, &alone, 1), 0);
		expect_answer(i, &alone.found);
	}
	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		all[i] = question_of(i * 5 % ARRAY_SIZE(questions));
	assert_int_equal(explain_all(policy, all, ARRAY_SIZE(all)), 0);
	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		expect_answer(i * 5 % ARRAY_SIZE(questions), &all[i].found);
	assert_int_equal(explain_all(policy, NULL, 0), 0);
	policy_free(policy);
}

TEST_MAIN(cmocka_unit_test(each_question_has_its_answer),
	  cmocka_unit_test(names_stay_in_the_root),
	  cmocka_unit_test(a_name_has_the_length_of_a_path),
	  cmocka_unit_test(merged_folders_have_two_names),
	  cmocka_unit_test(diversions_are_found_by_name),
	  cmocka_unit_test(what_is_no_diversion_is_refused),
	  cmocka_unit_test(stanzas_have_fields),
	  cmocka_unit_test(what_is_no_field_is_refused),
	  cmocka_unit_test(members_are_as_dpkg_has_them),
	  cmocka_unit_test(each_number_tells_a_file),
	  cmocka_unit_test(a_file_that_just_changed_is_not_kept),
	  cmocka_unit_test(every_job_is_done_once))
