// SPDX-License-Identifier: MIT
/*
 * Fuzz target: the text of a snapshot_aggregate. A replay that starts with what
 * it holds agrees with it, and does not once a PCR has been extended.
 */
#include "base/bytes.h"
#include "fuzz/promises.h"
#include "log/binary.h"
#include "log/buffer.h"

#include <errno.h>
#include <stdlib.h>

static void put_field(struct imastage_buffer *data, struct imastage_bytes field)
{
	must(buffer_put_u32(data, (uint32_t)field.len, IMASTAGE_LITTLE) == 0);
	must(buffer_put(data, field) == 0);
}

/* Template "ima-buf": a digest that is not looked at, a name, the text. */
static void put_data(struct imastage_buffer *data, struct imastage_bytes text)
{
	static const char name[] = "snapshot_aggregate";
	static const char digest[] = "sha1:\0" /* and 20 bytes: */
				     "aaaaaaaaaaaaaaaaaaaa";

	put_field(data, bytes_of(digest, sizeof(digest) - 1));
	put_field(data, bytes_of(name, sizeof(name)));
	put_field(data, text);
}

/* PCRs of which it has a value in every bank that is replayed. */
static uint32_t pcrs_of(const struct imastage_snapshot *snapshot)
{
	struct imastage_bytes hex;
	uint32_t pcrs = 0;

	for (unsigned int pcr = 0; pcr < IMASTAGE_NR_PCRS; pcr++) {
		if (imastage_snapshot_value(snapshot, IMASTAGE_SHA256, pcr,
					    &hex) < 0)
			continue;
		must(hex.len == 2 * imastage_bank_digest_len(IMASTAGE_SHA256));
		pcrs |= 1u << pcr;
	}
	return pcrs;
}

static void check(const struct imastage_record *record,
		  const struct imastage_snapshot *snapshot)
{
	uint32_t pcrs = pcrs_of(snapshot);
	struct imastage_replay *replay;
	enum imastage_bank bank;
	unsigned int pcr;
	bool has_own = pcrs & 1u << record->pcr;

	if (!pcrs)
		return;
	must(imastage_replay_new(1u << IMASTAGE_SHA256, pcrs, &replay) == 0);
	must(imastage_snapshot_start(snapshot, replay, &bank, &pcr) == 0);
	must(imastage_snapshot_compare(snapshot, replay, &bank) == 0);
	must(imastage_replay_extend(replay, record, NULL) ==
	     (has_own ? 0 : IMASTAGE_OTHER_PCR));
	must(imastage_snapshot_compare(snapshot, replay, &bank) ==
	     (has_own ? IMASTAGE_SNAPSHOT_DISAGREES : 0));
	imastage_replay_free(replay);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t digest[32] = { 1 };
	struct imastage_record record = {
		.pcr = IMASTAGE_PCR_IMA,
		.bank = IMASTAGE_SHA256,
		.digest = bytes_of(digest, sizeof(digest)),
	};
	struct imastage_buffer built = { 0 };
	struct imastage_snapshot snapshot;
	struct imastage_error error;
	int r;

	put_data(&built, bytes_of(data, size));
	must(binary_adopt(bytes_of_text("ima-buf"),
			  bytes_of(built.data, built.len), IMASTAGE_LITTLE,
			  &error, &record) == 0);
	must(imastage_record_is_snapshot(&record));
	r = imastage_snapshot_parse(&record, &snapshot);
	must(r == 0 || r == -EBADMSG);
	if (r == 0)
		check(&record, &snapshot);
	free(built.data);
	return 0;
}
