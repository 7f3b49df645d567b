// SPDX-License-Identifier: MIT
/*
 * CEL_JSON. Where an object ends in the list is found here, so that memory
 * stays bounded; what is in it is for json-c.
 */
#include "base/hex.h"
#include "log/binary.h"
#include "log/buffer.h"
#include "log/cel.h"
#include "log/reader.h"

#include <errno.h>
#include <json-c/json.h>

#define DEPTH_MAX 8 /* of objects and arrays; a record has three */
/*
 * Values in an object, and one more for each VALUE_LEN bytes before it: json-c
 * takes forty times as much memory for a value of one digit as that is long.
 * What `imastage log show` adds of a field takes fewer, behind eight digits of
 * template data at least.
 */
#define VALUES_MAX 1024
#define VALUE_LEN 8
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
	scan->nr_values += c == '{' || c == '[' || c == ',';
}

/*
 * Length of the object that @text starts with, in scan->len. -EBADMSG; -ENODATA
 * when it is not whole: with the same *scan the search goes on where it was.
 */
static int find_object(struct imastage_bytes text, struct json_scan *scan)
{
	while (scan->len < text.len) {
		look_at(scan, text.data[scan->len++]);
		if (scan->depth > DEPTH_MAX ||
		    scan->nr_values > VALUES_MAX + scan->len / VALUE_LEN)
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
	bool first = reader->index == reader->options.first_index;
	bool comma = false, closed = false;

	for (size_t at = 0; at < window.len; at++) {
		uint8_t c = window.data[at];

		*ret_at = at;
		if (at == SPACE_MAX)
			return -EBADMSG;
		if (is_space(c))
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

static struct json_object *parse_object(struct imastage_bytes text)
{
	struct json_tokener *tokener = json_tokener_new_ex(DEPTH_MAX);
	struct json_object *object = NULL;

	if (!tokener)
		return NULL;
	/* The window, and so an object, is far below 2 GiB. */
	if (text.len <= INT32_MAX)
		object = json_tokener_parse_ex(tokener, (const char *)text.data,
					       (int)text.len);
	if (json_tokener_get_error(tokener) != json_tokener_success) {
		json_object_put(object);
		object = NULL;
	}
	json_tokener_free(tokener);
	return object;
}

static struct json_object *member(struct json_object *object, const char *key,
				  enum json_type type)
{
	struct json_object *value;

	if (!json_object_object_get_ex(object, key, &value) ||
	    !json_object_is_type(value, type))
		return NULL;
	return value;
}

static struct imastage_bytes text_of(struct json_object *string)
{
	return bytes_of(json_object_get_string(string),
			(size_t)json_object_get_string_len(string));
}

static int read_pcr(struct json_object *object, uint32_t *ret_pcr)
{
	struct json_object *value = member(object, "pcr", json_type_int);
	int64_t pcr = value ? json_object_get_int64(value) : -1;

	if (pcr < 0 || pcr > UINT32_MAX)
		return -EBADMSG;
	*ret_pcr = (uint32_t)pcr;
	return 0;
}

/* By name, or by the number of TPM_ALG. */
static bool is_of_bank(struct json_object *digest, enum imastage_bank bank)
{
	struct json_object *name = member(digest, "hashAlg", json_type_string);
	struct json_object *alg = member(digest, "hashAlg", json_type_int);
	enum imastage_bank found;

	if (name)
		return imastage_bank_by_name(text_of(name), &found) == 0 &&
		       found == bank;
	return alg && json_object_get_int64(alg) == imastage_bank_tpm_alg(bank);
}

/* Puts the digest of the list's bank in @text. */
static int read_digest(struct json_object *object, enum imastage_bank bank,
		       struct imastage_buffer *text)
{
	struct json_object *digests =
		member(object, "digests", json_type_array);
	size_t nr = digests ? json_object_array_length(digests) : 0;

	for (size_t i = 0; i < nr; i++) {
		struct json_object *each =
			json_object_array_get_idx(digests, i);
		struct json_object *hex;
		int r;

		if (!json_object_is_type(each, json_type_object) ||
		    !is_of_bank(each, bank))
			continue;
		hex = member(each, "digest", json_type_string);
		r = hex ? buffer_put_hex(text, text_of(hex)) : -EINVAL;
		if (r == 0 && text->len != imastage_bank_digest_len(bank))
			r = -EINVAL;
		return r == -EINVAL ? -EBADMSG : r;
	}
	return -EBADMSG;
}

/* Characters up to U+00FF as bytes: UTF-8 of two bytes is 110000xx 10xxxxxx. */
static int put_name_bytes(struct imastage_buffer *text,
			  struct imastage_bytes utf8)
{
	for (size_t i = 0; i < utf8.len; i++) {
		uint8_t c = utf8.data[i];
		int r;

		if (c >= 0x80) {
			if ((c & 0xfc) != 0xc0 || i + 1 == utf8.len)
				return -EBADMSG;
			c = (uint8_t)(c << 6 | (utf8.data[++i] & 0x3f));
		}
		r = buffer_put(text, bytes_of(&c, 1));
		if (r < 0)
			return r;
	}
	return 0;
}

static struct json_object *data_member(struct json_object *content)
{
	struct json_object *data =
		member(content, "template_data", json_type_string);

	return data ? data :
		      member(content, "template_value", json_type_string);
}

/* Puts the template's data in reader->data and its name behind the digest. */
static int read_content(struct imastage_reader *reader,
			struct json_object *object)
{
	struct json_object *type =
		member(object, "content_type", json_type_string);
	struct json_object *content, *name, *data;
	int r;

	if (!type || !bytes_equal_text(text_of(type), "ima_template"))
		return -EBADMSG;
	content = member(object, "content", json_type_object);
	name = content ? member(content, "template_name", json_type_string) :
			 NULL;
	data = content ? data_member(content) : NULL;
	if (!name || !data)
		return -EBADMSG;
	r = put_name_bytes(&reader->text, text_of(name));
	if (r == 0)
		r = buffer_put_hex(&reader->data, text_of(data));
	return r == -EINVAL ? -EBADMSG : r;
}

static int read_members(struct imastage_reader *reader,
			struct json_object *object, size_t at,
			struct imastage_error *error,
			struct imastage_record *record)
{
	size_t digest_len = imastage_bank_digest_len(record->bank);
	struct imastage_bytes text;
	int r;

	reader->text.len = 0;
	reader->data.len = 0;
	if (!json_object_is_type(object, json_type_object))
		return reader_fail(error, at, -EBADMSG, "not JSON");
	if (read_pcr(object, &record->pcr) < 0)
		return reader_fail(error, at, -EBADMSG, "no PCR number");
	r = read_digest(object, record->bank, &reader->text);
	if (r < 0)
		return reader_fail(error, at, r,
				   "no digest of the list's bank");
	r = read_content(reader, object);
	if (r < 0)
		return reader_fail(error, at, r,
				   "no content of an IMA template");
	text = bytes_of(reader->text.data, reader->text.len);
	record->digest = cel_read_digest(bytes_first(text, digest_len));
	r = binary_adopt(bytes_skip(text, digest_len),
			 bytes_of(reader->data.data, reader->data.len),
			 reader->options.endian, error, record);
	error->offset = at;
	return r;
}

int reader_parse_cel_json(struct imastage_reader *reader,
			  struct imastage_error *error,
			  struct imastage_record *ret_record)
{
	struct imastage_record record = { .bank = reader->options.bank };
	struct json_object *object;
	bool in_array = reader->in_array;
	size_t at = 0, len;
	int r = find_start(reader, &in_array, &at);

	if (r)
		return reader_fail(error, at, r,
				   r == -ENODATA ? "ends inside the array" :
						   "not an array of objects");
	r = find_object(bytes_skip(reader->window, at), &reader->scan);
	if (r < 0)
		return reader_fail(error, at, r,
				   r == -ENODATA ? "ends inside an object" :
						   "object is too deep, or has "
						   "too many values");
	len = reader->scan.len;
	reader->scan = (struct json_scan){ 0 };
	object = parse_object(bytes_first(bytes_skip(reader->window, at), len));
	r = read_members(reader, object, at, error, &record);
	json_object_put(object);
	if (r < 0)
		return r;
	reader->in_array = in_array;
	reader->used = at + len;
	record.raw = bytes_first(bytes_skip(reader->window, at), len);
	*ret_record = record;
	return 0;
}
