// SPDX-License-Identifier: MIT
/*
 * Fuzz target: a measurement list, read as that of every bank and in both byte
 * orders. Nearly every wrong reading ends at its first name.
 *
 * Beyond not crashing, what was accepted must keep the promises of
 * log/record.h: views inside the record, fields that can be had, the same
 * bytes when written again, all bytes accounted for.
 */
#include "base/util.h"
#include "log/list.h"
#include "log/replay.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
	if (!holds)
		abort();
}

static void check_fields(const struct log_record *record)
{
	size_t len = 0;
	struct bytes field;

	for (unsigned int i = 0; i < record->nr_fields && i < 32; i++) {
		must(log_record_field(record, i, &field) == 0);
		must(field.len <= record->data.len - len);
		len += field.len;
	}
	must(log_record_field(record, record->nr_fields, &field) < 0);
	if (log_record_event_name(record, &field) == 0)
		must(field.len <= record->data.len);
}

static void check_written(const struct log_record *record)
{
	cleanup_free uint8_t *copy = malloc(record->raw.len);
	struct writer writer;

	must(copy != NULL);
	writer_init(&writer, copy, record->raw.len, ENDIAN_HOST);
	must(log_record_write(record, &writer) == 0);
	must(bytes_equal(writer_bytes(&writer), record->raw));
}

static void check_replayed(const struct log_record *record,
			   struct log_replay *replay)
{
	struct log_digests digests;

	must(log_hasher_template(replay->hasher, record, &digests) == 0);
	must(log_replay_extend(replay, record, &digests) >= 0);
}

static void check_list(struct log_list *list, struct log_replay *replay)
{
	struct log_record record;
	size_t len = 0;
	int r;

	while ((r = log_list_next(list, &record)) == 0) {
		len += record.raw.len;
		must(len == log_list_offset(list));
		check_fields(&record);
		check_written(&record);
		check_replayed(&record, replay);
	}
	must(len == log_list_offset(list));
	if (r == LOG_LIST_END) {
		must(cursor_remaining(&list->cursor) == 0);
		return;
	}
	must(list->error.reason && list->error.index == list->next_index);
	must(list->error.offset >= len &&
	     list->error.offset <= list->cursor.bytes.len);
}

static void check_reading(struct bytes bytes, enum log_bank bank,
			  enum endian endian, struct log_hasher *hasher)
{
	struct log_replay replay;
	struct log_list list;

	log_replay_init(&replay, hasher, 1u << LOG_PCR_IMA);
	log_list_init(&list, bytes, endian, bank, 0);
	check_list(&list, &replay);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct log_hasher hasher;
	struct bytes bytes = bytes_of(data, size);

	if (!hasher.banks)
		must(log_hasher_init(&hasher, 1u << LOG_BANK_SHA1 |
						      1u << LOG_BANK_SHA256) ==
		     0);
	for (enum log_bank bank = 0; bank < LOG_NR_BANKS; bank++) {
		check_reading(bytes, bank, ENDIAN_LITTLE, &hasher);
		check_reading(bytes, bank, ENDIAN_BIG, &hasher);
	}
	return 0;
}
