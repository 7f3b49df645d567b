// SPDX-License-Identifier: MIT
/*
 * Messages: for each kind of value one function that reads it and one that writes it.
 */
#include "evidence/message.h"
#include "base/base64.h"
#include "base/hex.h"
#include "base/json_text.h"
#include "base/util.h"
#include "log/buffer.h"
#include "tool/parse.h"

#include <errno.h>
#include <inttypes.h>

#define VERSION "imastage"
#define CHARACTERS_MAX \
	BASE64_LEN(MESSAGE_VALUE_MAX) /* hexadecimal is shorter */
#define HEX_BYTES_MAX (CHARACTERS_MAX / 2)

static bool is_printable(uint8_t c)
{
	return c >= ' ' && c <= '~';
}

static bool is_length(const struct message_member *member, size_t len)
{
	return len >= member->min && len <= member->max;
}

/* ---- reading ---------------------------------------------------------------- */

/* The characters of the string @value, which are printable ASCII. */
static int read_characters(struct imastage_bytes value, size_t capacity,
			   char *ret_text, size_t *ret_len)
{
	struct imastage_bytes string;
	size_t len = 0;
	uint8_t c;
	int r = json_text_string(value, &string);

	if (r < 0)
		return r;
	while ((r = json_text_character(&string, &c)) == 1) {
		if (len == capacity || !is_printable(c))
			return -EBADMSG;
		ret_text[len++] = (char)c;
	}
	*ret_len = len;
	return r;
}

static int decode(enum message_kind kind, struct imastage_bytes text,
		  uint8_t *ret_data, size_t *ret_len)
{
	size_t at;

	if (kind == MESSAGE_HEX)
		return hex_decode(text, MESSAGE_VALUE_MAX, ret_data, ret_len);
	return base64_decode(text, ret_data, ret_len, &at);
}

static int read_bytes(const struct message_member *member,
		      struct imastage_bytes value, char *ret_at)
{
	char text[CHARACTERS_MAX];
	uint8_t data[BASE64_DATA_MAX(CHARACTERS_MAX)];
	size_t len;

	if (read_characters(value, sizeof(text), text, &len) < 0 ||
	    decode(member->kind, bytes_of(text, len), data, &len) < 0 ||
	    !is_length(member, len))
		return -EBADMSG;
	memcpy(ret_at, &len, sizeof(len));
	memcpy(ret_at + sizeof(len), data, len);
	return 0;
}

static int read_text(const struct message_member *member,
		     struct imastage_bytes value, char *ret_at)
{
	size_t len;

	if (read_characters(value, member->max, ret_at, &len) < 0)
		return -EBADMSG;
	ret_at[len] = '\0';
	return is_length(member, len) ? 0 : -EBADMSG;
}

static int read_number(const struct message_member *member,
		       struct imastage_bytes value, char *ret_at)
{
	struct imastage_bytes digits;
	uint64_t number;

	(void)member;
	if (json_text_string(value, &digits) < 0 ||
	    json_text_number(digits, &number) < 0)
		return -EBADMSG;
	memcpy(ret_at, &number, sizeof(number));
	return 0;
}

/* "sha256:0-10" */
static int read_selection(struct imastage_bytes text,
			  struct evidence_selections *selections)
{
	size_t colon = bytes_find(text, ':');
	enum imastage_bank bank;
	uint32_t pcrs = 0;

	if (selections->nr == IMASTAGE_SELECTIONS_MAX || colon == text.len ||
	    imastage_bank_by_name(bytes_first(text, colon), &bank) < 0 ||
	    parse_pcrs(bytes_skip(text, colon + 1), &pcrs) < 0)
		return -EBADMSG;
	for (size_t i = 0; i < selections->nr; i++)
		if (selections->of[i].alg == imastage_bank_tpm_alg(bank))
			return -EBADMSG;
	selections->of[selections->nr].alg = imastage_bank_tpm_alg(bank);
	selections->of[selections->nr++].pcrs = pcrs;
	return 0;
}

static int read_pcrs(const struct message_member *member,
		     struct imastage_bytes value, char *ret_at)
{
	struct evidence_selections selections = { 0 };
	struct imastage_bytes rest, each;
	char text[1024];
	size_t len, plus;

	(void)member;
	if (read_characters(value, sizeof(text), text, &len) < 0)
		return -EBADMSG;
	rest = bytes_of(text, len);
	do {
		plus = bytes_find(rest, '+');
		each = bytes_first(rest, plus);
		if (read_selection(each, &selections) < 0)
			return -EBADMSG;
		rest = bytes_skip(rest, plus + 1);
	} while (each.data + each.len < (const uint8_t *)text + len);
	memcpy(ret_at, &selections, sizeof(selections));
	return 0;
}

static int read_json(const struct message_member *member,
		     struct imastage_bytes value, char *ret_at)
{
	if (value.len > member->max ||
	    (value.data[0] != '{' && value.data[0] != '['))
		return -EBADMSG;
	memcpy(ret_at, &value, sizeof(value));
	return 0;
}

/* ---- writing ---------------------------------------------------------------- */

static int put(struct imastage_buffer *text, const char *characters)
{
	return buffer_put(text, bytes_of_text(characters));
}

static int write_bytes(const struct message_member *member, const char *at,
		       struct imastage_buffer *text)
{
	char characters[CHARACTERS_MAX + 1];
	struct imastage_bytes bytes;
	size_t len;

	memcpy(&len, at, sizeof(len));
	if (!is_length(member, len))
		return -EINVAL;
	bytes = bytes_of(at + sizeof(len), len);
	if (member->kind == MESSAGE_HEX) {
		if (len > HEX_BYTES_MAX)
			return -EINVAL;
		hex_encode(bytes, characters);
		return put(text, characters);
	}
	base64_encode(bytes, characters);
	return buffer_put(text, bytes_of(characters, BASE64_LEN(len)));
}

static int write_text(const struct message_member *member, const char *at,
		      struct imastage_buffer *text)
{
	size_t len = strnlen(at, member->max + 1);
	int r = 0;

	if (!is_length(member, len))
		return -EINVAL;
	for (size_t i = 0; r == 0 && i < len; i++) {
		if (!is_printable((uint8_t)at[i]))
			return -EINVAL;
		if (at[i] == '"' || at[i] == '\\')
			r = put(text, "\\");
		if (r == 0)
			r = buffer_put(text, bytes_of(at + i, 1));
	}
	return r;
}

static int write_number(const struct message_member *member, const char *at,
			struct imastage_buffer *text)
{
	char digits[24];
	uint64_t number;

	(void)member;
	memcpy(&number, at, sizeof(number));
	snprintf(digits, sizeof(digits), "%" PRIu64, number);
	return put(text, digits);
}

/* The PCRs of a mask from @from on that follow one another. */
static unsigned int row_of(uint32_t pcrs, unsigned int from)
{
	unsigned int nr = 0;

	while (from + nr < IMASTAGE_NR_PCRS && pcrs & 1u << (from + nr))
		nr++;
	return nr;
}

/* "0-7,10" */
static int put_mask(uint32_t pcrs, struct imastage_buffer *text)
{
	const char *comma = "";
	char item[16];
	int r = 0;

	for (unsigned int pcr = 0; r == 0 && pcr < IMASTAGE_NR_PCRS; pcr++) {
		unsigned int nr = row_of(pcrs, pcr);

		if (nr == 0)
			continue;
		snprintf(item, sizeof(item), nr > 1 ? "%s%u-%u" : "%s%u", comma,
			 pcr, pcr + nr - 1);
		r = put(text, item);
		comma = ",";
		pcr += nr - 1;
	}
	return r;
}

static int write_selection(uint16_t alg, uint32_t pcrs,
			   struct imastage_buffer *text)
{
	enum imastage_bank bank;
	int r;

	if (imastage_bank_by_tpm_alg(alg, &bank) < 0 || pcrs == 0 ||
	    pcrs >> IMASTAGE_NR_PCRS != 0)
		return -EINVAL;
	r = put(text, imastage_bank_name(bank));
	if (r == 0)
		r = put(text, ":");
	return r < 0 ? r : put_mask(pcrs, text);
}

static int write_pcrs(const struct message_member *member, const char *at,
		      struct imastage_buffer *text)
{
	struct evidence_selections all;
	uint32_t seen = 0;
	int r = 0;

	(void)member;
	memcpy(&all, at, sizeof(all));
	if (all.nr == 0 || all.nr > IMASTAGE_SELECTIONS_MAX)
		return -EINVAL;
	for (size_t i = 0; r == 0 && i < all.nr; i++) {
		enum imastage_bank bank;

		if (imastage_bank_by_tpm_alg(all.of[i].alg, &bank) < 0 ||
		    seen & 1u << bank)
			return -EINVAL;
		seen |= 1u << bank;
		r = put(text, i > 0 ? "+" : "");
		if (r == 0)
			r = write_selection(all.of[i].alg, all.of[i].pcrs,
					    text);
	}
	return r;
}

static int write_json(const struct message_member *member, const char *at,
		      struct imastage_buffer *text)
{
	struct imastage_bytes value;

	memcpy(&value, at, sizeof(value));
	return value.len == 0 || value.len > member->max ?
		       -EINVAL :
		       buffer_put(text, value);
}

/* ---- both ------------------------------------------------------------------- */

static const struct {
	int (*read)(const struct message_member *member,
		    struct imastage_bytes value, char *ret_at);
	int (*write)(const struct message_member *member, const char *at,
		     struct imastage_buffer *text);
	const char *reason;
} kinds[] = {
	[MESSAGE_BASE64] = { read_bytes, write_bytes,
			     "a value is not base64 of a length it may have" },
	[MESSAGE_HEX] = { read_bytes, write_bytes,
			  "a value is not hexadecimal of a length it may "
			  "have" },
	[MESSAGE_TEXT] = { read_text, write_text,
			   "a value is not printable ASCII of a length it may "
			   "have" },
	[MESSAGE_NUMBER] = { read_number, write_number,
			     "a value is not a decimal number below 2^64" },
	[MESSAGE_PCRS] = { read_pcrs, write_pcrs,
			   "a value does not name PCRs, as "
			   "sha256:0-10+sha1:10" },
	[MESSAGE_JSON] = { read_json, write_json,
			   "a value is no object or array, or too long" },
};

static int refuse(struct evidence_error *error, size_t offset,
		  const char *reason)
{
	error->offset = offset;
	error->reason = reason;
	return -EBADMSG;
}

static int read_values(const struct message_form *form,
		       struct imastage_bytes text,
		       const struct imastage_bytes *values, char *ret_message,
		       struct evidence_error *error)
{
	for (size_t i = 0; i < form->nr; i++) {
		const struct message_member *member = &form->members[i];

		if (values[i].len == 0)
			return refuse(error, text.len, "a member is missing");
		if (kinds[member->kind].read(member, values[i],
					     ret_message + member->at) < 0)
			return refuse(error,
				      (size_t)(values[i].data - text.data),
				      kinds[member->kind].reason);
	}
	return 0;
}

static bool is_form(const struct message_form *form,
		    struct imastage_bytes value)
{
	struct imastage_bytes string;

	return json_text_string(value, &string) == 0 &&
	       json_text_is(string, form->name);
}

/* Is it of this form, going by its member "imastage"? */
static int check_form(const struct message_form *form,
		      struct imastage_bytes text, struct evidence_error *error)
{
	static const char *const key = VERSION;
	struct imastage_bytes value;

	if (json_text_members(text, &key, 1, &value) < 0)
		return refuse(error, 0, "it is not a JSON object");
	return is_form(form, value) ?
		       0 :
		       refuse(error, 0,
			      "its member imastage does not name this form");
}

int message_parse(const struct message_form *form, struct imastage_bytes text,
		  void *ret_message, struct evidence_error *ret_error)
{
	struct imastage_bytes values[MESSAGE_MEMBERS_MAX + 1];
	const char *keys[MESSAGE_MEMBERS_MAX + 1];
	int r = 0;

	if (text.len > MESSAGE_LEN_MAX)
		return refuse(ret_error, MESSAGE_LEN_MAX, "it is too long");
	if (form->name)
		r = check_form(form, text, ret_error);
	if (r < 0)
		return r;
	for (size_t i = 0; i < form->nr; i++)
		keys[i] = form->members[i].name;
	keys[form->nr] = VERSION;
	if (json_text_only(text, keys, form->nr + (form->name != NULL),
			   values) < 0)
		return refuse(ret_error, 0,
			      "it has a member twice or one of another form");
	return read_values(form, text, values, ret_message, ret_error);
}

static int write_member(const struct message_member *member,
			const char *message, struct imastage_buffer *text)
{
	const char *quote = member->kind == MESSAGE_JSON ? "" : "\"";
	int r = put(text, "\"");

	if (r == 0)
		r = put(text, member->name);
	if (r == 0)
		r = put(text, "\":");
	if (r == 0)
		r = put(text, quote);
	if (r == 0)
		r = kinds[member->kind].write(member, message + member->at,
					      text);
	return r < 0 ? r : put(text, quote);
}

static int write_head(const struct message_form *form,
		      struct imastage_buffer *text)
{
	int r = put(text, "{");

	if (r == 0 && form->name)
		r = put(text, "\"" VERSION "\":\"");
	if (r == 0 && form->name)
		r = put(text, form->name);
	return r == 0 && form->name ? put(text, "\",") : r;
}

int message_write(const struct message_form *form, const void *message,
		  struct imastage_buffer *text)
{
	int r = write_head(form, text);

	for (size_t i = 0; r == 0 && i < form->nr; i++) {
		r = put(text, i > 0 ? "," : "");
		if (r == 0)
			r = write_member(&form->members[i], message, text);
	}
	return r < 0 ? r : put(text, form->name ? "}\n" : "}");
}
