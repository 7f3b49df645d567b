// SPDX-License-Identifier: MIT
/*
 * Saving a replay and resuming it. The format is drawn in imastage/replay.h.
 */
#include "base/cursor.h"
#include "log/buffer.h"
#include "log/out.h"
#include "log/replay.h"

#include <errno.h>
#include <stdlib.h>

#define MAGIC "imareply"
#define MAGIC_LEN 8
#define VERSION 1
#define VERSION_FORMS 2 /* each bank with its form */
#define HEAD_LEN (MAGIC_LEN + 4 + 4 + 8 + 4 + 4)
#define CHECKSUM_LEN 32 /* sha256 */

static int checksum(struct imastage_bytes bytes, uint8_t ret[CHECKSUM_LEN])
{
	struct hash hash;
	int r = hash_init(&hash, IMASTAGE_SHA256);

	if (r < 0)
		return r;
	r = hash_two(&hash, bytes, bytes_of(NULL, 0), ret);
	hash_fini(&hash);
	return r;
}

/* ---- saving ---------------------------------------------------------------- */

static size_t banks_len(const struct imastage_replay *replay)
{
	size_t nr_pcrs = (size_t)__builtin_popcount(replay->pcrs), len = 0;
	size_t head = replay->padded ? 6 : 4;

	for (enum imastage_bank bank = 0; bank < IMASTAGE_NR_BANKS; bank++)
		if (replay->banks & 1u << bank)
			len += head + nr_pcrs * imastage_bank_digest_len(bank);
	return len;
}

static void put_bank(struct out *out, const struct imastage_replay *replay,
		     enum imastage_bank bank)
{
	size_t len = imastage_bank_digest_len(bank);

	out_number(out, imastage_bank_tpm_alg(bank), 2, IMASTAGE_LITTLE);
	out_number(out, len, 2, IMASTAGE_LITTLE);
	if (replay->padded)
		out_number(out, replay->form[bank], 2, IMASTAGE_LITTLE);
	for (unsigned int pcr = 0; pcr < IMASTAGE_NR_PCRS; pcr++)
		if (replay->pcrs & 1u << pcr)
			out_bytes(out, bytes_of(replay->value[bank][pcr], len));
}

static int put_state(const struct imastage_replay *replay,
		     struct imastage_sink sink)
{
	unsigned int banks = replay->banks;
	uint32_t version = replay->padded ? VERSION_FORMS : VERSION;
	struct out out;

	out_init(&out, sink);
	out_text(&out, MAGIC);
	out_number(&out, version, 4, IMASTAGE_LITTLE);
	out_number(&out, HEAD_LEN + banks_len(replay) + CHECKSUM_LEN, 4,
		   IMASTAGE_LITTLE);
	out_number(&out, replay->nr_records, 8, IMASTAGE_LITTLE);
	out_number(&out, replay->pcrs, 4, IMASTAGE_LITTLE);
	out_number(&out, (uint64_t)__builtin_popcount(banks), 4,
		   IMASTAGE_LITTLE);
	for (enum imastage_bank bank = 0; bank < IMASTAGE_NR_BANKS; bank++)
		if (banks & 1u << bank)
			put_bank(&out, replay, bank);
	return out_flush(&out);
}

int imastage_replay_save(const struct imastage_replay *replay,
			 struct imastage_sink sink)
{
	struct imastage_buffer state = { 0 };
	uint8_t sum[CHECKSUM_LEN];
	int r = 0;

	for (enum imastage_bank bank = 0; bank < IMASTAGE_NR_BANKS; bank++)
		if (replay->lost[bank])
			r = -ENODATA;
	if (r == 0)
		r = put_state(replay, imastage_sink_buffer(&state));

	if (r == 0)
		r = checksum(bytes_of(state.data, state.len), sum);
	if (r == 0)
		r = buffer_put(&state, bytes_of(sum, sizeof(sum)));
	if (r == 0)
		r = sink.write(sink.context, state.data, state.len);
	free(state.data);
	return r;
}

/* ---- resuming -------------------------------------------------------------- */

struct head {
	uint32_t version;
	uint64_t nr_records;
	uint32_t pcrs;
	uint32_t nr_banks;
};

/* Version before checksum: another version may have another one. */
static int read_frame(struct imastage_bytes state, struct cursor *ret_inner,
		      uint32_t *ret_version, const char **reason)
{
	uint8_t sum[CHECKSUM_LEN];
	struct imastage_bytes magic;
	uint32_t version, len;
	struct cursor c;

	cursor_init(&c, state, IMASTAGE_LITTLE);
	*reason = "not a saved replay";
	if (cursor_read_bytes(&c, MAGIC_LEN, &magic) < 0 ||
	    !bytes_equal_text(magic, MAGIC) ||
	    cursor_read_u32(&c, &version) < 0)
		return -EBADMSG;
	*reason = "saved by another version";
	if (version != VERSION && version != VERSION_FORMS)
		return -ENOTSUP;
	*reason = "not as long as it says";
	if (cursor_read_u32(&c, &len) < 0 || len != state.len ||
	    len < HEAD_LEN + CHECKSUM_LEN)
		return -EBADMSG;
	c.bytes.len -= CHECKSUM_LEN;
	*reason = "checksum is wrong";
	if (checksum(c.bytes, sum) < 0 ||
	    memcmp(sum, state.data + c.bytes.len, sizeof(sum)))
		return -EBADMSG;
	*ret_inner = c;
	*ret_version = version;
	return 0;
}

/* A state of version 2 has another form than their own in at least one bank. */
static int read_form(struct cursor *c, uint32_t version,
		     enum imastage_form *ret_form)
{
	uint16_t form = IMASTAGE_FORM_OWN;
	int r = version == VERSION_FORMS ? cursor_read_u16(c, &form) : 0;

	if (r == 0 && form >= IMASTAGE_NR_FORMS)
		r = -EBADMSG;
	if (r == 0)
		*ret_form = (enum imastage_form)form;
	return r;
}

/* Takes the values of one bank, or only steps over them without @replay. */
static int read_bank(struct cursor *c, const struct head *head,
		     enum imastage_bank *bank, struct imastage_replay *replay)
{
	enum imastage_form form;
	struct imastage_bytes value;
	uint16_t alg, len;
	int r = cursor_read_u16(c, &alg);

	if (r == 0)
		r = cursor_read_u16(c, &len);
	if (r == 0)
		r = read_form(c, head->version, &form);
	if (r < 0)
		return r;
	if (imastage_bank_by_tpm_alg(alg, bank) < 0)
		return -ENOTSUP;
	if (len != imastage_bank_digest_len(*bank))
		return -EBADMSG;
	if (replay && imastage_replay_set_form(replay, *bank, form) < 0)
		return -EBADMSG;
	for (unsigned int pcr = 0; pcr < IMASTAGE_NR_PCRS && r == 0; pcr++) {
		if (!(head->pcrs & 1u << pcr))
			continue;
		r = cursor_read_bytes(c, len, &value);
		if (r == 0 && replay)
			r = imastage_replay_set_value(replay, *bank, pcr,
						      value);
	}
	return r;
}

/* The banks, in ascending order; all that follows the head. */
static int read_banks(struct cursor c, const struct head *head,
		      struct imastage_replay *replay, unsigned int *ret_banks)
{
	unsigned int banks = 0;

	for (uint32_t i = 0; i < head->nr_banks; i++) {
		enum imastage_bank bank;
		int r = read_bank(&c, head, &bank, replay);

		if (r == 0 && banks >> bank)
			r = -EBADMSG;
		if (r < 0)
			return r == -ENOTSUP ? r : -EBADMSG;
		banks |= 1u << bank;
	}
	*ret_banks = banks;
	return cursor_remaining(&c) ? -EBADMSG : 0;
}

static int load(struct imastage_bytes state, const char **reason,
		struct imastage_replay **ret_replay)
{
	struct imastage_replay *replay;
	struct cursor c;
	struct head head;
	unsigned int banks;
	int r = read_frame(state, &c, &head.version, reason);

	if (r < 0)
		return r;
	*reason = "values are not those of banks and PCRs";
	if (cursor_read_u64(&c, &head.nr_records) < 0 ||
	    cursor_read_u32(&c, &head.pcrs) < 0 ||
	    cursor_read_u32(&c, &head.nr_banks) < 0)
		return -EBADMSG;
	r = read_banks(c, &head, NULL, &banks);
	if (r == 0)
		r = imastage_replay_new(banks, head.pcrs, &replay);
	if (r < 0)
		return r == -EINVAL ? -EBADMSG : r;
	r = read_banks(c, &head, replay, &banks);
	if (r == 0 && head.version == VERSION_FORMS && !replay->padded)
		r = -EBADMSG;
	if (r < 0) {
		imastage_replay_free(replay);
		return r;
	}
	replay->nr_records = head.nr_records;
	*ret_replay = replay;
	return 0;
}

int imastage_replay_load(struct imastage_bytes state, const char **ret_reason,
			 struct imastage_replay **ret_replay)
{
	const char *reason = NULL;
	int r = load(state, &reason, ret_replay);

	if (r < 0 && ret_reason)
		*ret_reason = reason;
	return r;
}
