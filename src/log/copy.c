// SPDX-License-Identifier: MIT
/*
 * Copies of records.
 */
#include "log/copy.h"
#include "base/bytes.h"

/* Is all that the record looks at in @raw, as in the kernel's binary format? */
static bool is_in(struct imastage_bytes raw, struct imastage_bytes part)
{
	uintptr_t at = (uintptr_t)part.data - (uintptr_t)raw.data;

	return at < raw.len && part.len <= raw.len - at;
}

static bool is_raw(const struct imastage_record *record)
{
	return is_in(record->raw, record->digest) &&
	       is_in(record->raw, record->name) &&
	       is_in(record->raw, record->data);
}

size_t record_copy_len(const struct imastage_record *record)
{
	return is_raw(record) ?
		       record->raw.len :
		       record->digest.len + record->name.len + record->data.len;
}

static uint8_t *take(uint8_t *at, struct imastage_bytes *bytes)
{
	if (bytes->len > 0)
		memcpy(at, bytes->data, bytes->len);
	*bytes = bytes_of(at, bytes->len);
	return at + bytes->len;
}

/* All at once. */
static void copy_raw(struct imastage_record *record, uint8_t *at)
{
	const uint8_t *old = record->raw.data;

	(void)take(at, &record->raw);
	record->digest.data = at + (record->digest.data - old);
	record->name.data = at + (record->name.data - old);
	record->data.data = at + (record->data.data - old);
}

void record_copy(struct imastage_record *record, uint8_t *at)
{
	if (is_raw(record)) {
		copy_raw(record, at);
		return;
	}
	at = take(at, &record->digest);
	at = take(at, &record->name);
	(void)take(at, &record->data);
	record->raw.data = NULL;
}
