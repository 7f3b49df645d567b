// SPDX-License-Identifier: MIT
/*
 * The text of a checkpoint: a message, with PCR values, policies and reasons in it.
 */
#include "verify/checkpoint_text.h"
#include "base/hex.h"
#include "base/json_text.h"
#include "base/util.h"
#include "evidence/message.h"
#include "log/buffer.h"

#include <errno.h>
#include <inttypes.h>

#define ID_MAX 64
#define DIGITS_MAX 20

static int put(struct imastage_buffer *text, const char *characters)
{
	return buffer_put(text, bytes_of_text(characters));
}

/* ---- reasons --------------------------------------------------------------------- */

/* As it is written; a place is empty where there is none. */
struct reason_text {
	char id[ID_MAX + 1];
	char index[DIGITS_MAX + 1], byte[DIGITS_MAX + 1];
	MESSAGE_BYTES(VERIFY_PATH_MAX) path;
	char text[VERIFY_TEXT_MAX + 1];
};

#define REASON(kind, name, min, max) \
	MESSAGE_MEMBER(struct reason_text, kind, name, min, max)

static const struct message_member reason_members[] = {
	REASON(MESSAGE_TEXT, id, 1, ID_MAX),
	REASON(MESSAGE_TEXT, index, 0, DIGITS_MAX),
	REASON(MESSAGE_TEXT, byte, 0, DIGITS_MAX),
	REASON(MESSAGE_HEX, path, 0, VERIFY_PATH_MAX),
	REASON(MESSAGE_TEXT, text, 0, VERIFY_TEXT_MAX - 1),
};

static const struct message_form reason_form = { NULL, reason_members,
						 ARRAY_SIZE(reason_members) };

static int read_place(const char *digits, bool *ret_has, uint64_t *ret_place)
{
	*ret_has = *digits;
	return *digits ? json_text_number(bytes_of_text(digits), ret_place) : 0;
}

static int read_reason(struct imastage_bytes text,
		       struct verify_reason *ret_reason)
{
	struct verify_reason reason = { 0 };
	struct evidence_error error;
	struct reason_text is;

	if (message_parse(&reason_form, text, &is, &error) < 0)
		return -EBADMSG;
	reason.id = verify_id_by_name(is.id);
	if (reason.id == VERIFY_NR_IDS ||
	    verify_id_level(reason.id) == VERIFY_NOTE ||
	    read_place(is.index, &reason.has_index, &reason.index) < 0 ||
	    read_place(is.byte, &reason.has_byte, &reason.byte) < 0)
		return -EBADMSG;
	reason.path_len = is.path.len;
	memcpy(reason.path, is.path.data, is.path.len);
	memcpy(reason.text, is.text, sizeof(reason.text));
	*ret_reason = reason;
	return 0;
}

int carried_parse(struct imastage_bytes text,
		  struct verify_carried *ret_carried)
{
	struct imastage_bytes element;
	size_t nr = 0;
	int r;

	while ((r = json_text_element(&text, &element)) == 1) {
		if (nr == VERIFY_CARRIED_MAX ||
		    read_reason(element, &ret_carried->reasons[nr++]) < 0)
			return -EBADMSG;
	}
	ret_carried->nr = nr;
	return r < 0 || text.len > 0 ? -EBADMSG : 0;
}

/* Whatever is no printable ASCII in details becomes '?'. */
static void set_text(char ret_text[VERIFY_TEXT_MAX + 1], const char *text)
{
	snprintf(ret_text, VERIFY_TEXT_MAX, "%s", text);
	for (; *ret_text; ret_text++)
		if (*ret_text < ' ' || *ret_text > '~')
			*ret_text = '?';
}

static int write_reason(const struct verify_reason *reason,
			struct imastage_buffer *text)
{
	struct reason_text is = { .path.len = reason->path_len };

	snprintf(is.id, sizeof(is.id), "%s", verify_id_name(reason->id));
	if (reason->has_index)
		snprintf(is.index, sizeof(is.index), "%" PRIu64, reason->index);
	if (reason->has_byte)
		snprintf(is.byte, sizeof(is.byte), "%" PRIu64, reason->byte);
	memcpy(is.path.data, reason->path, reason->path_len);
	set_text(is.text, reason->text);
	return message_write(&reason_form, &is, text);
}

int carried_write(const struct verify_carried *carried,
		  struct imastage_buffer *text)
{
	int r = put(text, "[");

	for (size_t i = 0; r == 0 && i < carried->nr; i++) {
		r = put(text, i > 0 ? "," : "");
		if (r == 0)
			r = write_reason(&carried->reasons[i], text);
	}
	return r < 0 ? r : put(text, "]");
}

/* ---- PCR values ---------------------------------------------------------------------- */

/* "0" to "23" */
struct pcr_keys {
	char names[IMASTAGE_NR_PCRS][4];
	const char *keys[IMASTAGE_NR_PCRS];
};

static void set_pcr_keys(struct pcr_keys *keys)
{
	for (unsigned int pcr = 0; pcr < IMASTAGE_NR_PCRS; pcr++) {
		snprintf(keys->names[pcr], sizeof(keys->names[pcr]), "%u", pcr);
		keys->keys[pcr] = keys->names[pcr];
	}
}

static int read_value(enum imastage_bank bank, unsigned int pcr,
		      struct imastage_bytes value, struct pcr_values *values)
{
	uint8_t data[IMASTAGE_DIGEST_MAX];
	struct imastage_bytes hex;
	size_t len;

	if (json_text_string(value, &hex) < 0 ||
	    hex_decode(hex, sizeof(data), data, &len) < 0 ||
	    pcr_values_set(values, bank, pcr, bytes_of(data, len)) < 0)
		return -EBADMSG;
	return 0;
}

static int read_bank(enum imastage_bank bank, struct imastage_bytes text,
		     struct pcr_values *values)
{
	struct imastage_bytes of[IMASTAGE_NR_PCRS];
	struct pcr_keys keys;

	set_pcr_keys(&keys);
	if (json_text_only(text, keys.keys, IMASTAGE_NR_PCRS, of) < 0)
		return -EBADMSG;
	for (unsigned int pcr = 0; pcr < IMASTAGE_NR_PCRS; pcr++)
		if (of[pcr].len > 0 &&
		    read_value(bank, pcr, of[pcr], values) < 0)
			return -EBADMSG;
	return values->set[bank] ? 0 : -EBADMSG;
}

static int read_pcrs(struct imastage_bytes text, struct pcr_values *ret_values)
{
	struct imastage_bytes banks[IMASTAGE_NR_BANKS];
	const char *names[IMASTAGE_NR_BANKS];
	bool any = false;

	for (unsigned int i = 0; i < IMASTAGE_NR_BANKS; i++)
		names[i] = imastage_bank_name((enum imastage_bank)i);
	if (json_text_only(text, names, IMASTAGE_NR_BANKS, banks) < 0)
		return -EBADMSG;
	memset(ret_values, 0, sizeof(*ret_values));
	for (unsigned int i = 0; i < IMASTAGE_NR_BANKS; i++) {
		if (banks[i].len == 0)
			continue;
		any = true;
		if (read_bank((enum imastage_bank)i, banks[i], ret_values) < 0)
			return -EBADMSG;
	}
	return any ? 0 : -EBADMSG;
}

static int write_value(const struct pcr_values *values, enum imastage_bank bank,
		       unsigned int pcr, bool first,
		       struct imastage_buffer *text)
{
	char member[IMASTAGE_DIGEST_MAX * 2 + 16];
	char hex[HEX_TEXT_LEN(IMASTAGE_DIGEST_MAX)];

	hex_encode(bytes_of(values->of[bank][pcr],
			    imastage_bank_digest_len(bank)),
		   hex);
	snprintf(member, sizeof(member), "%s\"%u\":\"%s\"", first ? "" : ",",
		 pcr, hex);
	return put(text, member);
}

static int write_bank(const struct pcr_values *values, enum imastage_bank bank,
		      bool first, struct imastage_buffer *text)
{
	char head[32];
	int r;

	snprintf(head, sizeof(head), "%s\"%s\":{", first ? "" : ",",
		 imastage_bank_name(bank));
	r = put(text, head);
	first = true;
	for (unsigned int pcr = 0; r == 0 && pcr < IMASTAGE_NR_PCRS; pcr++) {
		if (!(values->set[bank] & 1u << pcr))
			continue;
		r = write_value(values, bank, pcr, first, text);
		first = false;
	}
	return r < 0 ? r : put(text, "}");
}

static int write_pcrs(const struct pcr_values *values,
		      struct imastage_buffer *text)
{
	bool first = true;
	int r = put(text, "{");

	for (unsigned int i = 0; r == 0 && i < IMASTAGE_NR_BANKS; i++) {
		if (values->set[i] == 0)
			continue;
		r = write_bank(values, (enum imastage_bank)i, first, text);
		first = false;
	}
	if (r < 0)
		return r;
	return first ? -EINVAL : put(text, "}");
}

/* ---- policies ------------------------------------------------------------------------- */

static int read_policies(struct imastage_bytes text,
			 struct checkpoint *checkpoint)
{
	struct imastage_bytes element, hex;
	size_t nr = 0, len;
	int r;

	while ((r = json_text_element(&text, &element)) == 1) {
		if (nr == CHECKPOINT_POLICIES_MAX ||
		    json_text_string(element, &hex) < 0 ||
		    hex_decode(hex, CHECKPOINT_HASH_LEN,
			       checkpoint->policies[nr++], &len) < 0 ||
		    len != CHECKPOINT_HASH_LEN)
			return -EBADMSG;
	}
	checkpoint->nr_policies = nr;
	return r < 0 || text.len > 0 ? -EBADMSG : 0;
}

static int write_policies(const struct checkpoint *checkpoint,
			  struct imastage_buffer *text)
{
	char hex[HEX_TEXT_LEN(CHECKPOINT_HASH_LEN)];
	int r = put(text, "[");

	for (size_t i = 0; r == 0 && i < checkpoint->nr_policies; i++) {
		hex_encode(bytes_of(checkpoint->policies[i],
				    CHECKPOINT_HASH_LEN),
			   hex);
		r = put(text, i > 0 ? ",\"" : "\"");
		if (r == 0)
			r = put(text, hex);
		if (r == 0)
			r = put(text, "\"");
	}
	return r < 0 ? r : put(text, "]");
}

/* ---- all of it --------------------------------------------------------------------------- */

struct checkpoint_text {
	char machine[EVIDENCE_ID_MAX + 1];
	MESSAGE_BYTES(EVIDENCE_NAME_MAX) ak_name;
	uint64_t sequence;
	MESSAGE_BYTES(CHECKPOINT_HASH_LEN) previous;
	uint64_t made, resets, restarts, clock, safe, firmware;
	MESSAGE_BYTES(VERIFY_RECORD_LEN) first_record;
	uint64_t next, kexec;
	struct imastage_bytes pcrs, policies;
	char verdict[16];
	struct imastage_bytes reasons;
};

#define MEMBER(kind, name, min, max) \
	MESSAGE_MEMBER(struct checkpoint_text, kind, name, min, max)

static const struct message_member members[] = {
	MEMBER(MESSAGE_TEXT, machine, 1, EVIDENCE_ID_MAX),
	MEMBER(MESSAGE_HEX, ak_name, 1, EVIDENCE_NAME_MAX),
	MEMBER(MESSAGE_NUMBER, sequence, 0, 0),
	MEMBER(MESSAGE_HEX, previous, CHECKPOINT_HASH_LEN, CHECKPOINT_HASH_LEN),
	MEMBER(MESSAGE_NUMBER, made, 0, 0),
	MEMBER(MESSAGE_NUMBER, resets, 0, 0),
	MEMBER(MESSAGE_NUMBER, restarts, 0, 0),
	MEMBER(MESSAGE_NUMBER, clock, 0, 0),
	MEMBER(MESSAGE_NUMBER, safe, 0, 0),
	MEMBER(MESSAGE_NUMBER, firmware, 0, 0),
	MEMBER(MESSAGE_HEX, first_record, 0, VERIFY_RECORD_LEN),
	MEMBER(MESSAGE_NUMBER, next, 0, 0),
	MEMBER(MESSAGE_NUMBER, kexec, 0, 0),
	MEMBER(MESSAGE_JSON, pcrs, 0, MESSAGE_LEN_MAX),
	MEMBER(MESSAGE_JSON, policies, 0, MESSAGE_LEN_MAX),
	MEMBER(MESSAGE_TEXT, verdict, 1, 15),
	MEMBER(MESSAGE_JSON, reasons, 0, MESSAGE_LEN_MAX),
};

static const struct message_form form = { "checkpoint-1", members,
					  ARRAY_SIZE(members) };

static int fail(struct evidence_error *error, struct imastage_bytes text,
		struct imastage_bytes at, const char *reason)
{
	error->offset = at.data ? (size_t)(at.data - text.data) : 0;
	error->reason = reason;
	return -EBADMSG;
}

static bool read_result(const char *name, enum verify_result *ret_result)
{
	for (enum verify_result result = VERIFY_ACCEPTED;
	     result <= VERIFY_REJECTED; result++) {
		if (strcmp(name, verify_result_name(result)))
			continue;
		*ret_result = result;
		return true;
	}
	return false;
}

static bool read_numbers(const struct checkpoint_text *is,
			 struct checkpoint *checkpoint)
{
	checkpoint->sequence = is->sequence;
	checkpoint->made = is->made;
	checkpoint->clock.resets = (uint32_t)is->resets;
	checkpoint->clock.restarts = (uint32_t)is->restarts;
	checkpoint->clock.clock = is->clock;
	checkpoint->clock.safe = is->safe;
	checkpoint->firmware = is->firmware;
	checkpoint->next = is->next;
	checkpoint->kexec = (unsigned int)is->kexec;
	checkpoint->carried.resets = checkpoint->clock.resets;
	return is->sequence > 0 && is->resets <= UINT32_MAX &&
	       is->restarts <= UINT32_MAX && is->safe <= 1 && is->next > 0 &&
	       is->kexec <= (VERIFY_KEXEC_IMAGE | VERIFY_KEXEC_LINE) &&
	       (is->first_record.len == 0 ||
		is->first_record.len == VERIFY_RECORD_LEN);
}

static void read_bytes(const struct checkpoint_text *is,
		       struct checkpoint *checkpoint)
{
	memcpy(checkpoint->machine, is->machine, sizeof(is->machine));
	checkpoint->ak_name.len = is->ak_name.len;
	memcpy(checkpoint->ak_name.bytes, is->ak_name.data, is->ak_name.len);
	memcpy(checkpoint->previous, is->previous.data, CHECKPOINT_HASH_LEN);
	checkpoint->has_first_record = is->first_record.len > 0;
	memcpy(checkpoint->first_record, is->first_record.data,
	       is->first_record.len);
}

int checkpoint_parse(struct imastage_bytes text,
		     struct checkpoint *ret_checkpoint,
		     struct evidence_error *ret_error)
{
	struct checkpoint *checkpoint = ret_checkpoint;
	const struct imastage_bytes nowhere = { 0 };
	struct checkpoint_text is;
	int r = message_parse(&form, text, &is, ret_error);

	if (r < 0)
		return r;
	memset(checkpoint, 0, sizeof(*checkpoint));
	read_bytes(&is, checkpoint);
	if (!read_numbers(&is, checkpoint))
		return fail(ret_error, text, nowhere,
			    "a number of it is out of its range");
	if (!read_result(is.verdict, &checkpoint->verdict))
		return fail(ret_error, text, nowhere, "its verdict is none");
	if (read_pcrs(is.pcrs, &checkpoint->pcrs) < 0)
		return fail(ret_error, text, is.pcrs,
			    "its PCR values are not of their form");
	if (read_policies(is.policies, checkpoint) < 0)
		return fail(ret_error, text, is.policies,
			    "its policies are not of their form");
	if (carried_parse(is.reasons, &checkpoint->carried) < 0)
		return fail(ret_error, text, is.reasons,
			    "its reasons are not of their form");
	return 0;
}

static void set_text_of(const struct checkpoint *checkpoint,
			struct checkpoint_text *is)
{
	memcpy(is->machine, checkpoint->machine, sizeof(is->machine));
	is->ak_name.len = checkpoint->ak_name.len;
	memcpy(is->ak_name.data, checkpoint->ak_name.bytes,
	       checkpoint->ak_name.len);
	is->sequence = checkpoint->sequence;
	is->previous.len = CHECKPOINT_HASH_LEN;
	memcpy(is->previous.data, checkpoint->previous, CHECKPOINT_HASH_LEN);
	is->made = checkpoint->made;
	is->resets = checkpoint->clock.resets;
	is->restarts = checkpoint->clock.restarts;
	is->clock = checkpoint->clock.clock;
	is->safe = checkpoint->clock.safe;
	is->firmware = checkpoint->firmware;
	is->first_record.len =
		checkpoint->has_first_record ? VERIFY_RECORD_LEN : 0;
	memcpy(is->first_record.data, checkpoint->first_record,
	       VERIFY_RECORD_LEN);
	is->next = checkpoint->next;
	is->kexec = checkpoint->kexec;
	snprintf(is->verdict, sizeof(is->verdict), "%s",
		 verify_result_name(checkpoint->verdict));
}

int checkpoint_write(const struct checkpoint *checkpoint,
		     struct imastage_buffer *text)
{
	struct imastage_buffer parts[3] = { 0 };
	struct checkpoint_text is = { 0 };
	int r = write_pcrs(&checkpoint->pcrs, &parts[0]);

	if (r == 0)
		r = write_policies(checkpoint, &parts[1]);
	if (r == 0)
		r = carried_write(&checkpoint->carried, &parts[2]);
	if (r == 0) {
		set_text_of(checkpoint, &is);
		is.pcrs = bytes_of(parts[0].data, parts[0].len);
		is.policies = bytes_of(parts[1].data, parts[1].len);
		is.reasons = bytes_of(parts[2].data, parts[2].len);
		r = message_write(&form, &is, text);
	}
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
		free(parts[i].data);
	return r;
}
