// SPDX-License-Identifier: MIT
/*
 * snapshot_aggregate, seen from a replay: a record that holds the PCRs' values
 * before it. A replay may start there, and if it comes there must agree.
 *
 * Its data is text, see kernel/src/security/integrity/ima/ima_snapshot.h:
 * Snapshot_Attempt_Count=<n>;Records=<n>; then <bank>:PCR<i>=<hex>; many times.
 */
#include "tools/replay.h"
#include "base/hex.h"

#include <errno.h>

#define EVENT_NAME "snapshot_aggregate"
#define DATA_FIELD 2

/* Cuts off all up to @end, and @end itself. False: it is not there. */
static bool cut(struct bytes *text, char end, struct bytes *ret_part)
{
	const uint8_t *p = text->len ? memchr(text->data, end, text->len) :
				       NULL;
	size_t len;

	if (!p)
		return false;
	len = (size_t)(p - text->data);
	*ret_part = bytes_of(text->data, len);
	*text = bytes_of(p + 1, text->len - len - 1);
	return true;
}

static bool is_text(struct bytes bytes, const char *text)
{
	return bytes.len == strlen(text) &&
	       !memcmp(bytes.data, text, bytes.len);
}

static bool parse_pcr(struct bytes text, unsigned int *ret_pcr)
{
	struct bytes digits = bytes_of(text.data + 3, text.len - 3);
	unsigned int pcr = 0;

	if (text.len < 4 || text.len > 5 || memcmp(text.data, "PCR", 3) != 0)
		return false;
	for (size_t i = 0; i < digits.len; i++) {
		if (digits.data[i] < '0' || digits.data[i] > '9')
			return false;
		pcr = 10 * pcr + digits.data[i] - '0';
	}
	*ret_pcr = pcr;
	return pcr < LOG_NR_PCRS;
}

/* One <bank>:PCR<i>=<hex>. Banks that nobody replays may be unknown ones. */
static int use_value(struct bytes item, struct log_replay *replay, bool start)
{
	uint8_t value[LOG_DIGEST_MAX], *replayed;
	struct bytes name, pcr_name;
	enum log_bank bank;
	unsigned int pcr;
	size_t len;

	if (!cut(&item, ':', &name) || !cut(&item, '=', &pcr_name) ||
	    !parse_pcr(pcr_name, &pcr))
		return -EBADMSG;
	if (log_bank_by_name(name, &bank) < 0 ||
	    !(replay->hasher->banks & 1u << bank) ||
	    !(replay->pcrs & 1u << pcr))
		return 0;
	if (hex_decode(item, sizeof(value), value, &len) < 0 ||
	    len != log_bank_digest_len(bank))
		return -EBADMSG;
	replayed = replay->value[bank][pcr];
	if (start)
		memcpy(replayed, value, len);
	return memcmp(replayed, value, len) ? SNAPSHOT_DISAGREES : 0;
}

bool snapshot_is(const struct log_record *record)
{
	struct bytes name;

	return is_text(record->name, "ima-buf") &&
	       log_record_event_name(record, &name) == 0 &&
	       is_text(name, EVENT_NAME);
}

int snapshot_use(const struct log_record *record, struct log_replay *replay,
		 bool start)
{
	struct bytes text, item, key;
	int r = log_record_field(record, DATA_FIELD, &text);

	if (r < 0)
		return r;
	for (unsigned int i = 0; text.len > 0; i++) {
		if (!cut(&text, ';', &item))
			return -EBADMSG;
		if (i < 2 && cut(&item, '=', &key))
			continue;
		r = use_value(item, replay, start);
		if (r != 0)
			return r;
	}
	return 0;
}
