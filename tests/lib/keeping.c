// SPDX-License-Identifier: MIT
/*
 * What tests of archives share.
 */
#include "lib/keeping.h"
#include "base/bytes.h"
#include "lib/lists.h"
#include "lib/testing.h"

#include <errno.h>
#include <ftw.h>

/* ---- folders --------------------------------------------------------------- */

void keeping_make_dir(char *path)
{
	assert_non_null(mkdtemp(path));
}

static int remove_one(const char *path, const struct stat *st, int type,
		      struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

void keeping_remove_dir(const char *path)
{
	assert_int_equal(nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS), 0);
}

/* ---- lists ----------------------------------------------------------------- */

/* Records from memory are views of it: they stay as long as the list. */
static void find_records(struct kept_list *list, uint64_t max)
{
	const struct imastage_reader_options options = {
		.format = IMASTAGE_FORMAT_BINARY,
		.bank = IMASTAGE_SHA1,
	};
	struct imastage_reader *reader;
	struct imastage_record record;

	list->offsets = calloc(max + 1, sizeof(*list->offsets));
	list->records = calloc(max + 1, sizeof(*list->records));
	assert_true(list->offsets && list->records);
	assert_int_equal(imastage_reader_new_memory(bytes_of(list->bytes.data,
							     list->bytes.len),
						    &options, &reader),
			 0);
	for (list->nr = 0; imastage_reader_next(reader, &record) == 0;) {
		assert_true(list->nr < max);
		list->records[list->nr++] = record;
		list->offsets[list->nr] = imastage_reader_offset(reader);
	}
	imastage_reader_free(reader);
	assert_int_equal(list->offsets[list->nr], list->bytes.len);
}

void kept_list_random(struct kept_list *list, unsigned int nr, uint32_t seed)
{
	*list = (struct kept_list){
		.bytes = random_list(IMASTAGE_SHA1, IMASTAGE_LITTLE, nr, &seed)
	};
	find_records(list, nr);
}

void kept_list_read(struct kept_list *list, const char *path)
{
	*list = (struct kept_list){ 0 };
	assert_int_equal(
		hexfile_read(path, &list->bytes.data, &list->bytes.len), 0);
	find_records(list, list->bytes.len);
}

void kept_list_fini(struct kept_list *list)
{
	free(list->bytes.data);
	free(list->offsets);
	free(list->records);
	*list = (struct kept_list){ 0 };
}

int kept_list_put(const struct kept_list *list, struct archive *archive,
		  uint64_t from, uint64_t to)
{
	int r = 0;

	for (uint64_t i = from; i < to && r == 0; i++)
		r = archive_put(archive, &list->records[i]);
	return r;
}

static void check_record(const struct kept_list *list, uint64_t index,
			 const struct imastage_record *record)
{
	assert_true(index < list->nr);
	assert_int_equal(record->raw.len,
			 list->offsets[index + 1] - list->offsets[index]);
	assert_memory_equal(record->raw.data,
			    list->bytes.data + list->offsets[index],
			    record->raw.len);
}

static uint64_t first_record(struct archive *archive, int64_t id)
{
	struct archive_boot boot;
	char name[32];

	snprintf(name, sizeof(name), "%lld", (long long)id);
	assert_int_equal(archive_find_boot(archive, name, &boot), 0);
	return boot.first < boot.end && boot.nr_gaps == 0 ? boot.first : 0;
}

uint64_t kept_list_check(const struct kept_list *list, struct archive *archive,
			 int64_t boot)
{
	uint64_t index = first_record(archive, boot);
	struct archive_cursor *cursor;
	struct imastage_record record;
	int r;

	assert_int_equal(archive_cursor_open(archive, boot, index, &cursor), 0);
	while ((r = archive_cursor_next(cursor, &record)) != IMASTAGE_END) {
		if (r == 0)
			check_record(list, index, &record);
		else
			assert_int_equal(r, ARCHIVE_GAP);
		index = archive_cursor_index(cursor);
	}
	archive_cursor_close(cursor);
	return index;
}

/* ---- what is found --------------------------------------------------------- */

struct findings {
	FILE *file;
	char *text;
	size_t len;
};

static int note_finding(void *context, const struct archive_finding *finding)
{
	struct findings *findings = context;

	fprintf(findings->file, "%s: record %llu: byte %llu: %s\n",
		finding->file, (unsigned long long)finding->index,
		(unsigned long long)finding->offset, finding->text);
	return 0;
}

char *keeping_try_findings(struct archive *archive)
{
	struct findings findings = { 0 };
	const struct archive_verify_options options = {
		.report = note_finding,
		.context = &findings,
	};
	int r;

	findings.file = open_memstream(&findings.text, &findings.len);
	assert_non_null(findings.file);
	r = archive_verify(archive, &options);
	assert_int_equal(fclose(findings.file), 0);
	if (r >= 0) {
		assert_int_equal(r, findings.len ? ARCHIVE_DAMAGED : 0);
		return findings.text;
	}
	free(findings.text);
	return NULL;
}

void keeping_verify(struct archive *archive)
{
	char *text = keeping_try_findings(archive);

	assert_non_null(text);
	assert_string_equal(text, "");
	free(text);
}

/* ---- what is said ---------------------------------------------------------- */

static void hear(void *context, enum say_level level, const char *text)
{
	struct kept_said *said = context;
	size_t len = strlen(text);

	if (getenv("KEEPING_VERBOSE"))
		printf("# %s\n", text);

	if (level <= SAY_ERROR)
		said->nr_errors++;
	if (said->len + len + 2 > sizeof(said->text))
		said->len = 0;
	memcpy(said->text + said->len, text, len);
	said->len += len;
	said->text[said->len++] = '\n';
	said->text[said->len] = '\0';
}

void kept_said_init(struct kept_said *said)
{
	memset(said, 0, sizeof(*said));
	said->say = (struct say){ hear, said };
}

/* ---- an archive ------------------------------------------------------------ */

void kept_archive_open_again(struct kept_archive *kept)
{
	archive_close(kept->archive);
	kept->archive = NULL;
	assert_int_equal(archive_open_writer(&kept->options, &kept->archive),
			 0);
}

int kept_archive_setup(void **state)
{
	const struct archive_boot kernel = {
		.has_reset_count = true,
		.reset_count = 7,
		.boot_id = "6f4e2f4c-63b8-4c7f-9f0c-6f3d1f0a0001",
	};
	struct kept_archive *kept = calloc(1, sizeof(*kept));

	assert_non_null(kept);
	strcpy(kept->dir, "/tmp/imastage-test-archive-XXXXXX");
	keeping_make_dir(kept->dir);
	kept_said_init(&kept->said);
	kept->options = (struct archive_options){
		.dir = kept->dir,
		.say = &kept->said.say,
		.segment_len = 20000,
	};
	kept_archive_open_again(kept);
	assert_int_equal(archive_new_boot(kept->archive, &kernel, &kept->boot),
			 0);
	kept_list_random(&kept->list, 2000, 1);
	*state = kept;
	return 0;
}

int kept_archive_teardown(void **state)
{
	struct kept_archive *kept = *state;

	archive_close(kept->archive);
	keeping_remove_dir(kept->dir);
	kept_list_fini(&kept->list);
	free(kept);
	return 0;
}

void kept_archive_add(struct kept_archive *kept, uint64_t from, uint64_t to)
{
	assert_int_equal(kept_list_put(&kept->list, kept->archive, from, to),
			 0);
	assert_int_equal(archive_commit(kept->archive, NULL), 0);
}
