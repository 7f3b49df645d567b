// SPDX-License-Identifier: MIT
/*
 * snapshot_aggregate, as drawn in imastage/snapshot.h. Parsing checks all of
 * the text, so that looking for a value later cannot meet anything odd.
 */
#include "base/bytes.h"
#include "base/hex.h"

#include <errno.h>
#include <imastage/snapshot.h>

/* One "<bank>:PCR<i>=<hex>". Banks may be ones that nobody here knows. */
struct item {
	struct imastage_bytes bank;
	unsigned int pcr;
	struct imastage_bytes hex;
};

/* Cuts off all up to @end, and @end itself. False: it is not there. */
static bool cut(struct imastage_bytes *text, uint8_t end,
		struct imastage_bytes *ret_part)
{
	size_t at = bytes_find(*text, end);

	if (at == text->len)
		return false;
	*ret_part = bytes_first(*text, at);
	*text = bytes_skip(*text, at + 1);
	return true;
}

static bool cut_text(struct imastage_bytes *text, const char *start)
{
	size_t len = strlen(start);

	if (!bytes_equal_text(bytes_first(*text, len), start))
		return false;
	*text = bytes_skip(*text, len);
	return true;
}

static bool parse_number(struct imastage_bytes digits, uint64_t *ret_number)
{
	uint64_t number = 0;

	for (size_t i = 0; i < digits.len; i++) {
		if (digits.data[i] < '0' || digits.data[i] > '9' ||
		    __builtin_mul_overflow(number, 10, &number) ||
		    __builtin_add_overflow(number, digits.data[i] - '0',
					   &number))
			return false;
	}
	*ret_number = number;
	return digits.len > 0;
}

static bool next_number(struct imastage_bytes *text, const char *key,
			uint64_t *ret_number)
{
	struct imastage_bytes digits;

	return cut_text(text, key) && cut(text, ';', &digits) &&
	       parse_number(digits, ret_number);
}

static bool next_item(struct imastage_bytes *text, struct item *ret_item)
{
	struct imastage_bytes whole, digits;
	uint64_t pcr;

	if (!cut(text, ';', &whole) || !cut(&whole, ':', &ret_item->bank) ||
	    !cut_text(&whole, "PCR") || !cut(&whole, '=', &digits) ||
	    !parse_number(digits, &pcr) || pcr >= IMASTAGE_NR_PCRS)
		return false;
	ret_item->pcr = (unsigned int)pcr;
	ret_item->hex = whole;
	return true;
}

static bool is_well_formed(const struct item *item)
{
	uint8_t value[IMASTAGE_DIGEST_MAX];
	enum imastage_bank bank;
	size_t len;

	if (hex_decode(item->hex, sizeof(value), value, &len) < 0)
		return false;
	return imastage_bank_by_name(item->bank, &bank) < 0 ||
	       len == imastage_bank_digest_len(bank);
}

bool imastage_record_is_snapshot(const struct imastage_record *record)
{
	struct imastage_bytes name;

	return bytes_equal_text(record->name, "ima-buf") &&
	       imastage_record_event_name(record, &name) == 0 &&
	       bytes_equal_text(name, "snapshot_aggregate");
}

int imastage_snapshot_parse(const struct imastage_record *record,
			    struct imastage_snapshot *ret_snapshot)
{
	struct imastage_snapshot snapshot;
	struct imastage_bytes text, rest;
	struct item item;

	if (!imastage_record_is_snapshot(record) ||
	    imastage_record_find(record, "buf", &text) < 0 ||
	    !next_number(&text, "Snapshot_Attempt_Count=", &snapshot.attempt) ||
	    !next_number(&text, "Records=", &snapshot.nr_records))
		return -EBADMSG;
	snapshot.pcr = record->pcr;
	snapshot.values = text;
	for (rest = text; rest.len > 0;)
		if (!next_item(&rest, &item) || !is_well_formed(&item))
			return -EBADMSG;
	*ret_snapshot = snapshot;
	return 0;
}

int imastage_snapshot_value(const struct imastage_snapshot *snapshot,
			    enum imastage_bank bank, unsigned int pcr,
			    struct imastage_bytes *ret_hex)
{
	struct imastage_bytes rest = snapshot->values;
	enum imastage_bank found;
	struct item item;

	while (rest.len > 0 && next_item(&rest, &item)) {
		if (item.pcr != pcr ||
		    imastage_bank_by_name(item.bank, &found) < 0 ||
		    found != bank)
			continue;
		*ret_hex = item.hex;
		return 0;
	}
	return -ENOENT;
}

/* The value in bytes; empty when it has none. */
static struct imastage_bytes
value_bytes(const struct imastage_snapshot *snapshot, enum imastage_bank bank,
	    unsigned int pcr, uint8_t value[IMASTAGE_DIGEST_MAX])
{
	struct imastage_bytes hex;
	size_t len = 0;

	if (imastage_snapshot_value(snapshot, bank, pcr, &hex) == 0)
		(void)hex_decode(hex, IMASTAGE_DIGEST_MAX, value, &len);
	return bytes_of(value, len);
}

int imastage_snapshot_compare(const struct imastage_snapshot *snapshot,
			      const struct imastage_replay *replay,
			      enum imastage_bank *ret_bank)
{
	for (enum imastage_bank bank = 0; bank < IMASTAGE_NR_BANKS; bank++) {
		uint8_t value[IMASTAGE_DIGEST_MAX];
		struct imastage_bytes given, replayed;

		replayed = imastage_replay_value(replay, bank, snapshot->pcr);
		if (replayed.len == 0)
			continue;
		given = value_bytes(snapshot, bank, snapshot->pcr, value);
		if (given.len == 0 || bytes_equal(given, replayed))
			continue;
		*ret_bank = bank;
		return IMASTAGE_SNAPSHOT_DISAGREES;
	}
	return 0;
}

int imastage_snapshot_start(const struct imastage_snapshot *snapshot,
			    struct imastage_replay *replay,
			    enum imastage_bank *ret_bank, unsigned int *ret_pcr)
{
	for (unsigned int i = 0; i < IMASTAGE_NR_BANKS * IMASTAGE_NR_PCRS;
	     i++) {
		enum imastage_bank bank = i / IMASTAGE_NR_PCRS;
		unsigned int pcr = i % IMASTAGE_NR_PCRS;
		uint8_t value[IMASTAGE_DIGEST_MAX];
		int r;

		if (imastage_replay_value(replay, bank, pcr).len == 0)
			continue;
		/* None is of no bank's length. */
		r = imastage_replay_set_value(replay, bank, pcr,
					      value_bytes(snapshot, bank, pcr,
							  value));
		if (r == 0)
			continue;
		*ret_bank = bank;
		*ret_pcr = pcr;
		return -ENOENT;
	}
	return 0;
}
