// SPDX-License-Identifier: MIT
/*
 * Saved replays: resumed ones go on as if never stopped; every flipped bit and
 * every truncation is noticed; the format is as imastage/replay.h draws it.
 */
#include "base/bytes.h"
#include "lib/listbuilder.h"
#include "lib/lists.h"
#include "lib/testing.h"

#include <dirent.h>
#include <errno.h>

static struct imastage_buffer save(const struct imastage_replay *replay)
{
	struct imastage_buffer saved = { 0 };

	assert_int_equal(
		imastage_replay_save(replay, imastage_sink_buffer(&saved)), 0);
	return saved;
}

static void replay_list(struct imastage_replay *replay,
			const struct imastage_buffer *list)
{
	struct imastage_reader_options options = {
		.format = IMASTAGE_FORMAT_BINARY
	};
	struct imastage_reader *reader;
	struct imastage_summary summary;

	assert_int_equal(
		imastage_reader_new_memory(bytes_of(list->data, list->len),
					   &options, &reader),
		0);
	assert_int_equal(imastage_check(reader, replay, NULL, NULL, &summary),
			 0);
	imastage_reader_free(reader);
}

/* In all banks but sha1, or in sha256 only. */
static void set_forms(struct imastage_replay *replay, enum imastage_form form,
		      bool all)
{
	for (int bank = 1; bank < IMASTAGE_NR_BANKS; bank++)
		if (all || bank == IMASTAGE_SHA256)
			assert_int_equal(imastage_replay_set_form(replay, bank,
								  form),
					 0);
}

static void resume(enum imastage_form form, bool all)
{
	uint32_t seed = 21;
	struct imastage_buffer first = random_list(0, 0, 20, &seed);
	struct imastage_buffer second = random_list(0, 0, 20, &seed);
	struct imastage_buffer saved, other;
	struct imastage_replay *replay, *resumed;

	assert_int_equal(imastage_replay_new(imastage_banks_available(),
					     3u << 10, &replay),
			 0);
	set_forms(replay, form, all);
	replay_list(replay, &first);
	saved = save(replay);
	assert_int_equal(imastage_replay_load(bytes_of(saved.data, saved.len),
					      NULL, &resumed),
			 0);
	assert_int_equal(imastage_replay_nr_records(resumed), 20);
	for (int bank = 0; bank < IMASTAGE_NR_BANKS; bank++)
		assert_int_equal(imastage_replay_form(resumed, bank),
				 imastage_replay_form(replay, bank));
	replay_list(replay, &second);
	replay_list(resumed, &second);
	free(saved.data);

	saved = save(replay);
	other = save(resumed);
	assert_true(bytes_equal(bytes_of(saved.data, saved.len),
				bytes_of(other.data, other.len)));
	assert_int_equal(imastage_replay_nr_records(resumed), 40);
	imastage_replay_free(replay);
	imastage_replay_free(resumed);
	free(saved.data);
	free(other.data);
	free(first.data);
	free(second.data);
}

TEST(a_resumed_replay_goes_on)
{
	for (int form = 0; form < IMASTAGE_NR_FORMS; form++) {
		resume(form, true);
		resume(form, false);
	}
}

static struct imastage_buffer small_state(enum imastage_form form)
{
	struct imastage_replay *replay;
	struct imastage_buffer saved;

	assert_int_equal(imastage_replay_new(1u << IMASTAGE_SHA1 |
						     1u << IMASTAGE_SHA256,
					     1u << 10, &replay),
			 0);
	set_forms(replay, form, false);
	saved = save(replay);
	imastage_replay_free(replay);
	return saved;
}

TEST(the_format_is_as_documented)
{
	static const uint8_t head[] = "imareply"
				      "\1\0\0\0"
				      "\x7c\0\0\0"
				      "\0\0\0\0\0\0\0\0"
				      "\0\4\0\0"
				      "\2\0\0\0"
				      "\4\0\x14\0";
	struct imastage_buffer saved = small_state(IMASTAGE_FORM_OWN);

	assert_int_equal(saved.len, 32 + 4 + 20 + 4 + 32 + 32);
	assert_memory_equal(saved.data, head, sizeof(head) - 1);
	assert_memory_equal(saved.data + 32 + 4 + 20, "\x0b\0\x20\0", 4);
	free(saved.data);

	saved = small_state(IMASTAGE_FORM_PADDED_ONES);
	assert_int_equal(saved.len, 32 + 6 + 20 + 6 + 32 + 32);
	assert_memory_equal(saved.data + 8, "\2\0\0\0\x80\0\0\0", 8);
	assert_memory_equal(saved.data + 32, "\4\0\x14\0\0\0", 6);
	assert_memory_equal(saved.data + 32 + 6 + 20, "\x0b\0\x20\0\2\0", 6);
	free(saved.data);
}

static void assert_refused(const uint8_t *data, size_t len)
{
	struct imastage_replay *replay = NULL;
	const char *reason = NULL;
	int r = imastage_replay_load(bytes_of(data, len), &reason, &replay);

	assert_true(r == -EBADMSG || r == -ENOTSUP);
	assert_non_null(reason);
	assert_null(replay);
}

TEST(every_flipped_bit_is_noticed)
{
	struct imastage_buffer saved = small_state(IMASTAGE_FORM_PADDED);

	for (size_t bit = 0; bit < saved.len * 8; bit++) {
		saved.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_refused(saved.data, saved.len);
		saved.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	free(saved.data);
}

TEST(every_truncation_is_noticed)
{
	struct imastage_buffer saved = small_state(IMASTAGE_FORM_PADDED);

	for (size_t len = 0; len < saved.len; len++) {
		uint8_t *copy = malloc(len ? len : 1);

		assert_non_null(copy);
		memcpy(copy, saved.data, len);
		assert_refused(copy, len);
		free(copy);
	}
	free(saved.data);
}

/* Good checksums over bad contents: tests/should-fail/state-*.hex */
static const char not_those[] = "values are not those of banks and PCRs";

TEST(what_a_checksum_does_not_tell)
{
	static const struct {
		const char *file;
		int code;
		const char *reason;
	} cases[] = {
		{ "state-other-version.hex", -ENOTSUP,
		  "saved by another version" },
		{ "state-longer-than-it-says.hex", -EBADMSG,
		  "not as long as it says" },
		{ "state-no-banks.hex", -EBADMSG, not_those },
		{ "state-no-pcrs.hex", -EBADMSG, not_those },
		{ "state-pcr-24.hex", -EBADMSG, not_those },
		{ "state-bank-twice.hex", -EBADMSG, not_those },
		{ "state-banks-descend.hex", -EBADMSG, not_those },
		{ "state-unknown-bank.hex", -ENOTSUP,
		  "values are not those of banks and PCRs" },
		{ "state-wrong-digest-length.hex", -EBADMSG, not_those },
		{ "state-too-many-banks.hex", -EBADMSG, not_those },
		{ "state-unknown-form.hex", -EBADMSG, not_those },
		{ "state-padded-sha1.hex", -EBADMSG, not_those },
		{ "state-form-missing.hex", -EBADMSG, not_those },
		{ "state-forms-own.hex", -EBADMSG, not_those },
		{ "state-bytes-left.hex", -EBADMSG, not_those },
	};
	DIR *dir = opendir(TEST_DATA "/should-fail");
	struct dirent *entry;
	size_t nr_files = 0;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct imastage_replay *replay;
		const char *reason = NULL;
		char path[512];
		uint8_t *data;
		size_t len;

		print_message("# %s\n", cases[i].file);
		snprintf(path, sizeof(path), TEST_DATA "/should-fail/%s",
			 cases[i].file);
		assert_int_equal(hexfile_read(path, &data, &len), 0);
		assert_int_equal(imastage_replay_load(bytes_of(data, len),
						      &reason, &replay),
				 cases[i].code);
		assert_string_equal(reason, cases[i].reason);
		free(data);
	}
	assert_non_null(dir);
	while ((entry = readdir(dir)))
		nr_files += !strncmp(entry->d_name, "state-", 6);
	closedir(dir);
	assert_int_equal(nr_files, ARRAY_SIZE(cases));
}

TEST_MAIN(cmocka_unit_test(a_resumed_replay_goes_on),
	  cmocka_unit_test(the_format_is_as_documented),
	  cmocka_unit_test(every_flipped_bit_is_noticed),
	  cmocka_unit_test(every_truncation_is_noticed),
	  cmocka_unit_test(what_a_checksum_does_not_tell))
