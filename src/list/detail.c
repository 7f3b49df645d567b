// SPDX-License-Identifier: MIT
/*
 * What a record says beside its name and digests, in words. Buffers are untrusted
 * bytes: what is shown of them is bounded and escaped.
 */
#include "list/detail.h"
#include "base/cursor.h"
#include "base/util.h"
#include "base/text.h"
#include "log/record.h"

#include <inttypes.h>

/* ---- text ------------------------------------------------------------------ */

static bool is_printable(uint8_t c)
{
	return (c >= ' ' && c < 0x7f) || c == '\n' || c == '\t' || c == '\r';
}

bool detail_is_text(struct imastage_bytes buffer,
		    struct imastage_bytes *ret_text)
{
	while (buffer.len > 0 && buffer.data[buffer.len - 1] == '\0')
		buffer.len--;
	for (size_t i = 0; i < buffer.len; i++)
		if (!is_printable(buffer.data[i]))
			return false;
	if (buffer.len == 0)
		return false;
	*ret_text = buffer;
	return true;
}

/* ---- certificates ---------------------------------------------------------- */

enum {
	DER_INTEGER = 0x02,
	DER_OID = 0x06,
	DER_SEQUENCE = 0x30,
	DER_SET = 0x31,
	DER_VERSION = 0xa0,
};

/* A length in one byte, or in up to four that follow the first. */
static int read_len(struct cursor *c, size_t *ret_len)
{
	uint64_t len;
	uint8_t first;
	int r = cursor_read_u8(c, &first);

	if (r < 0)
		return r;
	len = first;
	if (first & 0x80) {
		if ((first & 0x7f) == 0 || (first & 0x7f) > 4)
			return -EBADMSG;
		r = cursor_read_number(c, first & 0x7f, &len);
	}
	if (r == 0)
		*ret_len = (size_t)len;
	return r;
}

static int read_element(struct cursor *c, uint8_t *ret_tag,
			struct imastage_bytes *ret_value)
{
	size_t len;
	int r = cursor_read_u8(c, ret_tag);

	if (r == 0)
		r = read_len(c, &len);
	return r == 0 ? cursor_read_bytes(c, len, ret_value) : r;
}

/* Goes into an element of that kind. */
static int enter(struct cursor *c, uint8_t wanted, struct cursor *ret_inner)
{
	struct imastage_bytes value;
	uint8_t tag;
	int r = read_element(c, &tag, &value);

	if (r == 0 && tag != wanted)
		r = -EBADMSG;
	if (r == 0)
		cursor_init(ret_inner, value, IMASTAGE_BIG);
	return r;
}

/*
 * tbsCertificate: [0] version, serial number, algorithm, issuer, validity, subject.
 * RFC 5280, section 4.1; the version is absent in the first one.
 */
static int find_subject(struct imastage_bytes der, struct cursor *ret_subject)
{
	struct imastage_bytes value;
	struct cursor c, certificate, tbs;
	uint8_t tag = 0;
	int r;

	cursor_init(&c, der, IMASTAGE_BIG);
	r = enter(&c, DER_SEQUENCE, &certificate);
	if (r == 0)
		r = enter(&certificate, DER_SEQUENCE, &tbs);
	if (r == 0)
		r = read_element(&tbs, &tag, &value);
	if (r == 0 && tag == DER_VERSION)
		r = read_element(&tbs, &tag, &value);
	if (r == 0 && tag != DER_INTEGER)
		r = -EBADMSG;
	for (int i = 0; i < 3 && r == 0; i++)
		r = read_element(&tbs, &tag, &value);
	return r < 0 ? r : enter(&tbs, DER_SEQUENCE, ret_subject);
}

/* The next attribute of a name: SET of SEQUENCE of its kind and its value. */
static int next_attribute(struct cursor *subject,
			  struct imastage_bytes *ret_oid,
			  struct imastage_bytes *ret_value)
{
	struct cursor set, attribute;
	uint8_t tag;
	int r = enter(subject, DER_SET, &set);

	if (r == 0)
		r = enter(&set, DER_SEQUENCE, &attribute);
	if (r == 0)
		r = read_element(&attribute, &tag, ret_oid);
	if (r == 0 && tag != DER_OID)
		r = -EBADMSG;
	return r == 0 ? read_element(&attribute, &tag, ret_value) : r;
}

/* The common name, or else the organization. */
bool detail_certificate_name(struct imastage_bytes der,
			     struct imastage_bytes *ret_name)
{
	static const uint8_t common_name[] = { 0x55, 4, 3 };
	static const uint8_t organization[] = { 0x55, 4, 10 };
	struct imastage_bytes oid, value;
	struct cursor subject = { 0 };
	bool found = false;

	if (find_subject(der, &subject) < 0)
		return false;
	while (next_attribute(&subject, &oid, &value) == 0) {
		if (bytes_equal(oid, bytes_of(common_name, 3))) {
			*ret_name = value;
			return true;
		}
		if (bytes_equal(oid, bytes_of(organization, 3))) {
			*ret_name = value;
			found = true;
		}
	}
	return found;
}

/* ---- printing -------------------------------------------------------------- */

static void print_rest(FILE *file, size_t len, size_t shown)
{
	if (len > shown)
		fprintf(file, "... (%zu bytes)", len);
}

static void print_buffer(FILE *file, struct imastage_bytes buffer, size_t max)
{
	struct imastage_bytes shown;

	fputc(' ', file);
	if (buffer.len == 0) {
		fputs("(empty)", file);
	} else if (detail_is_text(buffer, &shown)) {
		text_print(file, bytes_first(shown, max));
		print_rest(file, shown.len, max);
	} else if (detail_certificate_name(buffer, &shown)) {
		fputs("certificate of ", file);
		text_print(file, bytes_first(shown, max));
		print_rest(file, shown.len, max);
		fprintf(file, ", %zu bytes", buffer.len);
	} else {
		text_print_hex(file, bytes_first(buffer, max / 2));
		print_rest(file, buffer.len, max / 2);
	}
}

/* By how it looks, for nobody has said what it is. */
static void print_field(FILE *file, struct imastage_bytes field, size_t max)
{
	struct imastage_bytes label, digest;

	if (detail_is_text(field, &digest)) {
		text_print(file, digest);
	} else if (record_split_digest(field, &label, &digest) == 0) {
		text_print(file, label);
		text_print_hex(file, digest);
	} else {
		text_print_hex(file, bytes_first(field, max / 2));
	}
}

/* Of a record without an event name all there is. */
static void print_fields(FILE *file, const struct imastage_record *record,
			 size_t max)
{
	struct imastage_fields fields;
	struct imastage_bytes field;

	imastage_fields_init(&fields, record);
	while (max > 0 && imastage_fields_next(&fields, &field) == 0) {
		size_t len = field.len < max ? field.len : max;

		fputc(' ', file);
		print_field(file, bytes_first(field, len), len);
		max -= len;
	}
}

/* PCR, digest and name are before it, each with one space behind. */
struct imastage_bytes detail_opaque_text(const struct imastage_record *record)
{
	struct imastage_bytes rest = record->raw;

	if (rest.len > 0 && rest.data[0] == ' ')
		rest = bytes_skip(rest, 1);
	for (int i = 0; i < 2; i++)
		rest = bytes_skip(rest, bytes_find(rest, ' ') + 1);
	rest = bytes_skip(rest, record->name.len + 1);
	while (rest.len > 0 && (rest.data[rest.len - 1] == '\n' ||
				rest.data[rest.len - 1] == '\r'))
		rest.len--;
	return rest;
}

/* Digests of zeros: the kernel had nothing to aggregate. */
static bool is_empty(const struct imastage_record *record)
{
	struct imastage_bytes algorithm, digest;

	return imastage_record_file_digest(record, &algorithm, &digest) < 0 ||
	       bytes_are_all(digest, 0);
}

static void print_boot(FILE *file, const struct imastage_record *record,
		       struct imastage_bytes name)
{
	bool late = bytes_equal_text(name, "boot_aggregate_late");

	if (!late && !bytes_equal_text(name, "boot_aggregate"))
		return;
	if (late)
		fputs(" (late: IMA began after its usual time)", file);
	if (is_empty(record))
		fputs(" (empty: no TPM when IMA began)", file);
}

void detail_print(FILE *file, const struct imastage_record *record, size_t max)
{
	struct imastage_bytes name, buffer;

	if (record->opaque) {
		buffer = detail_opaque_text(record);
		fputc(' ', file);
		text_print(file, bytes_first(buffer, max));
		print_rest(file, buffer.len, max);
		return;
	}
	if (imastage_record_event_name(record, &name) < 0)
		print_fields(file, record, max);
	else
		print_boot(file, record, name);
	if (imastage_record_find(record, "buf", &buffer) == 0)
		print_buffer(file, buffer, max);
}
