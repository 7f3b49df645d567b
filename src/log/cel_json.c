// SPDX-License-Identifier: MIT
/*
 * CEL_JSON. What is read of an object are views of it, and a record of them is put
 * together in reader->text (digest, template name) and reader->data: no tree is made.
 */
#include "base/hex.h"
#include "base/json_text.h"
#include "log/binary.h"
#include "log/buffer.h"
#include "log/cel.h"
#include "log/reader.h"

#include <errno.h>

#define SPACE_MAX ((size_t)64 << 10) /* bytes between objects */

/* ---- writing --------------------------------------------------------------- */

/* A name can hold any byte but NUL; each is the character of that number. */
static void put_name(struct out *out, struct imastage_bytes name)
{
	for (size_t i = 0; i < name.len; i++) {
		uint8_t c = name.data[i];

		if (c >= ' ' && c < 0x7f && c != '"' && c != '\\') {
			out_byte(out, c);
		} else {
			out_text(out, "\\u00");
			out_hex(out, bytes_of(&c, 1));
		}
	}
}

static void put_digests(struct out *out, unsigned int banks,
			const struct imastage_digests *digests)
{
	const char *comma = "";

	for (enum imastage_bank bank = 0; bank < IMASTAGE_NR_BANKS; bank++) {
		if (!(banks & 1u << bank))
			continue;
		out_text(out, comma);
		out_text(out, "{\"hashAlg\":\"");
		out_text(out, imastage_bank_name(bank));
		out_text(out, "\",\"digest\":\"");
		out_hex(out, bytes_of(digests->of[bank],
				      imastage_bank_digest_len(bank)));
		out_text(out, "\"}");
		comma = ",";
	}
}

void cel_json_write(struct out *out, const struct imastage_record *record,
		    uint64_t number, unsigned int banks,
		    const struct imastage_digests *digests)
{
	out_text(out, "{\"recnum\":");
	out_decimal(out, number);
	out_text(out, ",\"pcr\":");
	out_decimal(out, record->pcr);
	out_text(out, ",\"digests\":[");
	put_digests(out, banks, digests);
	out_text(out, "],\"content_type\":\"ima_template\",\"content\":{"
		      "\"template_name\":\"");
	put_name(out, record->name);
	out_text(out, "\",\"template_data\":\"");
	out_hex(out, record->data);
	out_text(out, "\"}}");
}

/* ---- finding an object ----------------------------------------------------- */

static bool is_space(uint8_t c)
{
	return c == ' ' || c == '\n' || c == '\t' || c == '\r';
}

static void look_at(struct json_scan *scan, uint8_t c)
{
	if (scan->in_string) {
		scan->in_string = scan->escaped || c != '"';
		scan->escaped = !scan->escaped && c == '\\';
		return;
	}
	scan->in_string = c == '"';
	scan->depth += (c == '{' || c == '[') - (c == '}' || c == ']');
}

/*
 * Length of the object that @text starts with, in scan->len. -EBADMSG; -ENODATA
 * when it is not whole: with the same *scan the search goes on where it was.
 */
static int find_object(struct imastage_bytes text, struct json_scan *scan)
{
	while (scan->len < text.len) {
		look_at(scan, text.data[scan->len++]);
		if (scan->depth > JSON_DEPTH_MAX)
			return -EBADMSG;
		if (scan->depth == 0)
			return 0;
	}
	return -ENODATA;
}

/*
 * Where the next object starts: behind white space, the array's bracket, the
 * comma. IMASTAGE_END when nothing but white space follows.
 */
static int find_start(const struct imastage_reader *reader, bool *in_array,
		      size_t *ret_at)
{
	struct imastage_bytes window = reader->window;
	bool first = !reader->parsed;
	bool comma = false, closed = false;

	for (size_t at = 0; at < window.len; at++) {
		uint8_t c = window.data[at];

		*ret_at = at;
		if (at == SPACE_MAX)
			return -EBADMSG;
		if (is_space(c) || (c == CEL_JSON_SEPARATOR && !*in_array))
			continue;
		if (closed)
			return -EBADMSG;
		if (c == '{')
			return *in_array && !first && !comma ? -EBADMSG : 0;
		if (c == '[' && first && !*in_array)
			*in_array = true;
		else if (c == ',' && *in_array && !first && !comma)
			comma = true;
		else if (c == ']' && *in_array && !comma)
			closed = true;
		else
			return -EBADMSG;
	}
	*ret_at = window.len;
	return *in_array && !closed ? -ENODATA : IMASTAGE_END;
}

/* ---- an object's members --------------------------------------------------- */

enum {
	PCR,
	NV_INDEX,
	DIGESTS,
	CONTENT_TYPE,
	CONTENT,
	NR_MEMBERS
};

static const char *const member_keys[] = { "pcr", "nv_index", "digests",
					   "content_type", "content" };

static int read_pcr(struct imastage_bytes value, uint32_t *ret_pcr)
{
	uint64_t pcr;

	if (json_text_number(value, &pcr) < 0 || pcr > UINT32_MAX)
		return -EBADMSG;
	*ret_pcr = (uint32_t)pcr;
	return 0;
}

/* Appends the bytes of a string; -EBADMSG for characters above U+00FF. */
static int put_characters(struct imastage_buffer *to,
			  struct imastage_bytes value)
{
	struct imastage_bytes string;
	int r = json_text_string(value, &string);
	uint8_t c;

	while (r == 0) {
		r = json_text_character(&string, &c);
		if (r == 0)
			return 0;
		if (r == 1)
			r = buffer_put(to, bytes_of(&c, 1));
	}
	return r;
}

/* Appends what a string of hex digits says. They are not written as escapes. */
static int put_hex(struct imastage_buffer *to, struct imastage_bytes value)
{
	struct imastage_bytes string;
	int r = json_text_string(value, &string);

	if (r == 0)
		r = buffer_put_hex(to, string);
	return r == -EINVAL ? -EBADMSG : r;
}

/* By name, or by the number of TPM_ALG. */
static bool is_of_bank(struct imastage_bytes alg, enum imastage_bank bank)
{
	struct imastage_bytes name;
	enum imastage_bank found;
	uint64_t number;

	if (json_text_number(alg, &number) == 0)
		return number == imastage_bank_tpm_alg(bank);
	return json_text_string(alg, &name) == 0 &&
	       imastage_bank_by_name(name, &found) == 0 && found == bank;
}

/* Puts the digest of the list's bank in @text, of the first that is of it. */
static int read_digest(struct imastage_bytes digests, enum imastage_bank bank,
		       struct imastage_buffer *text)
{
	static const char *const keys[] = { "hashAlg", "digest" };
	struct imastage_bytes each, values[2];
	int r = digests.len > 0 && digests.data[0] == '[' ? 0 : -EBADMSG;

	while (r == 0 && json_text_element(&digests, &each) == 1) {
		if (json_text_members(each, keys, 2, values) < 0 ||
		    !is_of_bank(values[0], bank))
			continue;
		r = put_hex(text, values[1]);
		return r < 0 || text->len == imastage_bank_digest_len(bank) ?
			       r :
			       -EBADMSG;
	}
	return -EBADMSG;
}

/* Puts the template's data in reader->data and its name behind the digest. */
static int read_content(struct imastage_reader *reader,
			struct imastage_bytes content)
{
	static const char *const keys[] = { "template_name", "template_data",
					    "template_value" };
	struct imastage_bytes values[3];
	int r = json_text_members(content, keys, 3, values);

	if (r == 0)
		r = put_characters(&reader->text, values[0]);
	if (r == 0)
		r = put_hex(&reader->data,
			    values[1].len > 0 ? values[1] : values[2]);
	return r;
}

static int read_ima(struct imastage_reader *reader,
		    const struct imastage_bytes *members, size_t at,
		    struct imastage_error *error,
		    struct imastage_record *record)
{
	size_t digest_len = imastage_bank_digest_len(record->bank);
	struct imastage_bytes text;
	int r;

	if (read_pcr(members[PCR], &record->pcr) < 0)
		return reader_fail(error, at, -EBADMSG, "no PCR number");
	r = read_digest(members[DIGESTS], record->bank, &reader->text);
	if (r < 0)
		return reader_fail(error, at, r,
				   "no digest of the list's bank");
	r = read_content(reader, members[CONTENT]);
	if (r < 0)
		return reader_fail(error, at, r,
				   "no content of an IMA template");
	text = bytes_of(reader->text.data, reader->text.len);
	record->digest = cel_read_digest(bytes_first(text, digest_len));
	r = binary_adopt(bytes_skip(text, digest_len),
			 bytes_of(reader->data.data, reader->data.len),
			 reader->options.endian, error, record);
	error->offset = at;
	return r < 0 ? r : cel_take_ima(reader, record->pcr, at, error);
}

/* Its name, though it may be written as a number. */
static int read_type(struct imastage_bytes value,
		     struct imastage_bytes *ret_name)
{
	uint64_t number;

	if (json_text_number(value, &number) < 0)
		return json_text_string(value, ret_name);
	*ret_name = bytes_of_text(cel_content_name(number));
	return 0;
}

static int leave_out(struct imastage_reader *reader,
		     const struct imastage_bytes *members,
		     struct imastage_bytes type, size_t at,
		     struct imastage_error *error)
{
	uint32_t pcr;

	if (read_pcr(members[PCR], &pcr) == 0)
		return cel_leave_out(reader, pcr, type, at, error);
	if (members[PCR].len == 0 && members[NV_INDEX].len > 0)
		return cel_leave_out(reader, CEL_NO_PCR, type, at, error);
	return reader_fail(error, at, -EBADMSG, "no PCR number");
}

static int read_object(struct imastage_reader *reader,
		       struct imastage_bytes object, size_t at,
		       struct imastage_error *error,
		       struct imastage_record *record)
{
	struct imastage_bytes members[NR_MEMBERS], type;

	reader->text.len = 0;
	reader->data.len = 0;
	if (json_text_members(object, member_keys, NR_MEMBERS, members) < 0)
		return reader_fail(error, at, -EBADMSG,
				   "not JSON, or a member is there twice");
	if (members[CONTENT_TYPE].len == 0 || members[CONTENT].len == 0 ||
	    read_type(members[CONTENT_TYPE], &type) < 0)
		return reader_fail(error, at, -EBADMSG, "no record of CEL");
	if (!json_text_is(type, cel_content_name(CEL_IMA_TEMPLATE)))
		return leave_out(reader, members, type, at, error);
	return read_ima(reader, members, at, error, record);
}

int reader_parse_cel_json(struct imastage_reader *reader,
			  struct imastage_error *error,
			  struct imastage_record *ret_record)
{
	struct imastage_record record = { .bank = reader->options.bank };
	bool in_array = reader->in_array;
	struct imastage_bytes object;
	size_t at = 0;
	int r = find_start(reader, &in_array, &at);

	if (r)
		return reader_fail(error, at, r,
				   r == -ENODATA ? "ends inside the array" :
						   "not an array of objects");
	r = find_object(bytes_skip(reader->window, at), &reader->scan);
	if (r < 0)
		return reader_fail(error, at, r,
				   r == -ENODATA ? "ends inside an object" :
						   "object is too deep");
	object = bytes_first(bytes_skip(reader->window, at), reader->scan.len);
	reader->scan = (struct json_scan){ 0 };
	r = read_object(reader, object, at, error, &record);
	if (r < 0)
		return r;
	reader->in_array = in_array;
	reader->used = at + object.len;
	record.raw = object;
	*ret_record = record;
	return r;
}
