// SPDX-License-Identifier: MIT
/*
 * Every tests/golden/NAME.hex against NAME.expect: numbers of records and
 * violations, every record's own digest, PCR values in all banks.
 * What else is done with them is in test_formats.c. See tests/golden/README.md.
 */
#include "base/bytes.h"
#include "base/file.h"
#include "base/hex.h"
#include "lib/testing.h"

#include <dirent.h>
#include <imastage/imastage.h>

#define GOLDEN TEST_DATA "/golden/"

/* One list while it is being checked. */
struct golden {
	uint8_t *data; /* owned */
	size_t len;
	enum imastage_bank bank;
	enum imastage_endian endian;
	uint64_t nr_records;
	uint64_t nr_violations;
	uint64_t nr_padded;
	struct imastage_replay *replay[IMASTAGE_NR_FORMS];
};

/* As NAME.expect calls the values of each form. */
static const char *const form_names[IMASTAGE_NR_FORMS] = {
	[IMASTAGE_FORM_OWN] = "pcr",
	[IMASTAGE_FORM_PADDED] = "padded",
	[IMASTAGE_FORM_PADDED_ONES] = "padded-ones",
};

static void check_record(struct golden *g, const struct imastage_record *record)
{
	struct imastage_replay *own = g->replay[IMASTAGE_FORM_OWN];
	struct imastage_digests digests;
	int r;

	assert_true(imastage_replay_extend(own, record, &digests) >= 0);
	r = imastage_record_check_digest(record, &digests);
	assert_true(r == 0 || r == IMASTAGE_DIGEST_PADDED);
	g->nr_records++;
	g->nr_violations += imastage_record_is_violation(record);
	g->nr_padded += r == IMASTAGE_DIGEST_PADDED;
	for (int form = 1; form < IMASTAGE_NR_FORMS; form++)
		assert_true(imastage_replay_extend(g->replay[form], record,
						   NULL) >= 0);
}

static void replay_list(struct golden *g)
{
	struct imastage_reader_options options = {
		.format = IMASTAGE_FORMAT_BINARY,
		.bank = g->bank,
		.endian = g->endian,
	};
	struct imastage_reader *reader;
	struct imastage_record record;
	int r;

	assert_int_equal(imastage_reader_new_memory(bytes_of(g->data, g->len),
						    &options, &reader),
			 0);
	while ((r = imastage_reader_next(reader, &record)) == 0)
		check_record(g, &record);
	assert_int_equal(r, IMASTAGE_END);
	assert_int_equal(imastage_reader_offset(reader), g->len);
	imastage_reader_free(reader);
}

/* @form_name: true when it is one */
static bool expect_pcr(struct golden *g, const char *form_name,
		       const char *bank_name, unsigned int pcr,
		       const char *value)
{
	char text[HEX_TEXT_LEN(IMASTAGE_DIGEST_MAX)];
	enum imastage_bank bank;
	int form = 0;

	while (form < IMASTAGE_NR_FORMS && strcmp(form_names[form], form_name))
		form++;
	if (form == IMASTAGE_NR_FORMS)
		return false;
	assert_int_equal(imastage_bank_by_name(bytes_of_text(bank_name), &bank),
			 0);
	hex_encode(imastage_replay_value(g->replay[form], bank, pcr), text);
	assert_string_equal(text, value);
	return true;
}

/* @line: key and values, as make-golden writes them */
static void apply_line(struct golden *g, const char *line, bool replayed)
{
	char bank[16], order[16], value[HEX_TEXT_LEN(IMASTAGE_DIGEST_MAX)];
	char form[16];
	unsigned int number;

	if (sscanf(line, "list-bank %15s", bank) == 1)
		assert_int_equal(imastage_bank_by_name(bytes_of_text(bank),
						       &g->bank),
				 0);
	else if (sscanf(line, "order %15s", order) == 1)
		g->endian = strcmp(order, "big") ? IMASTAGE_LITTLE :
						   IMASTAGE_BIG;
	else if (sscanf(line, "%15s %15s %u %128s", form, bank, &number,
			value) == 4 &&
		 form[0] != '#')
		assert_true(!replayed ||
			    expect_pcr(g, form, bank, number, value));
	else if (sscanf(line, "records %u", &number) == 1)
		assert_true(!replayed || g->nr_records == number);
	else if (sscanf(line, "violations %u", &number) == 1)
		assert_true(!replayed || g->nr_violations == number);
	else if (sscanf(line, "padded-digests %u", &number) == 1)
		assert_true(!replayed || g->nr_padded == number);
	else
		assert_true(line[0] == '#');
}

static void apply_expectations(struct golden *g, const char *path,
			       bool replayed)
{
	FILE *file = fopen(path, "re");
	char line[256];

	assert_non_null(file);
	while (fgets(line, sizeof(line), file))
		apply_line(g, line, replayed);
	fclose(file);
}

/* One replay for each form, in all banks but sha1, which has but its own. */
static void make_replays(struct golden *g)
{
	for (int form = 0; form < IMASTAGE_NR_FORMS; form++) {
		assert_int_equal(imastage_replay_new(imastage_banks_available(),
						     1u << 10 | 1u << 11,
						     &g->replay[form]),
				 0);
		for (int bank = 1; bank < IMASTAGE_NR_BANKS; bank++)
			assert_int_equal(imastage_replay_set_form(
						 g->replay[form], bank, form),
					 0);
	}
}

static void check_golden(const char *name)
{
	struct golden g = { 0 };
	char hex[300], expect[300];

	print_message("# %s\n", name);
	snprintf(hex, sizeof(hex), GOLDEN "%s.hex", name);
	snprintf(expect, sizeof(expect), GOLDEN "%s.expect", name);
	assert_int_equal(hexfile_read(hex, &g.data, &g.len), 0);
	make_replays(&g);

	apply_expectations(&g, expect, false);
	replay_list(&g);
	apply_expectations(&g, expect, true);

	for (int form = 0; form < IMASTAGE_NR_FORMS; form++)
		imastage_replay_free(g.replay[form]);
	free(g.data);
}

TEST(every_list_is_as_expected)
{
	DIR *dir = opendir(GOLDEN);
	struct dirent *entry;
	int nr_lists = 0;

	assert_non_null(dir);
	while ((entry = readdir(dir))) {
		char *dot = strrchr(entry->d_name, '.');

		if (!dot || strcmp(dot, ".expect"))
			continue;
		*dot = '\0';
		check_golden(entry->d_name);
		nr_lists++;
	}
	closedir(dir);
	assert_true(nr_lists >= 10);
}

/* What NAME.expect says, from the number of records on. */
static void read_outcome(const char *name, char *ret_text, size_t capacity)
{
	cleanup_free uint8_t *data = NULL;
	char path[300];
	uint8_t *from;
	size_t len;

	snprintf(path, sizeof(path), GOLDEN "%s.expect", name);
	assert_int_equal(file_read(path, capacity - 1, &data, &len), 0);
	from = memmem(data, len, "records ", 8);
	assert_non_null(from);
	snprintf(ret_text, capacity, "%.*s", (int)(data + len - from), from);
}

/* The four files of one list differ in their digests and in nothing else. */
TEST(lists_of_all_banks_lead_to_the_same_pcrs)
{
	char first[4096], other[4096], name[32];

	read_outcome("mixed-sha1", first, sizeof(first));
	for (enum imastage_bank bank = IMASTAGE_SHA256; bank <= IMASTAGE_SHA512;
	     bank++) {
		snprintf(name, sizeof(name), "mixed-%s",
			 imastage_bank_name(bank));
		read_outcome(name, other, sizeof(other));
		assert_string_equal(first, other);
	}
}

TEST_MAIN(cmocka_unit_test(every_list_is_as_expected),
	  cmocka_unit_test(lists_of_all_banks_lead_to_the_same_pcrs))
