// SPDX-License-Identifier: MIT
/*
 * Lines of many records at once, straight from the bytes of a binary list: without a
 * struct imastage_record, and what goes with it, for each. Only what nearly all records
 * are is known here. Of any other there is no line, and the general way (binary.c and
 * ascii_write.c) is to be gone; for these, that gives the same.
 */
#include "log/ascii_run.h"
#include "log/ascii_line.h"

#include <imastage/bank.h>

/* A record of a built-in template, framed as all of them are but the old one. */
struct framed {
	uint32_t pcr;
	struct imastage_bytes digest;
	const struct log_template *template;
	struct imastage_bytes data;
};

/* A call of memcmp() costs more than to look at both ends, which meet in the middle. */
static bool is_name(struct imastage_bytes name, struct imastage_bytes of)
{
	uint32_t first[2], last[2];

	if (name.len != of.len || of.len < 4 || of.len > 8)
		return bytes_equal(name, of);
	memcpy(&first[0], name.data, 4);
	memcpy(&first[1], of.data, 4);
	memcpy(&last[0], name.data + of.len - 4, 4);
	memcpy(&last[1], of.data + of.len - 4, 4);
	return first[0] == first[1] && last[0] == last[1];
}

/* @last: of the record before, as nearly always; NULL: there was none. */
static const struct log_template *template_of(struct imastage_bytes name,
					      const struct log_template *last)
{
	const struct log_template *template = last;

	if (!last || !is_name(name, last->name))
		template = log_template_by_name(name);
	return template && !template->is_old ? template : NULL;
}

static int read_framed(struct cursor *c, size_t digest_len,
		       struct framed *framed)
{
	struct imastage_bytes name;
	uint32_t len;

	if (cursor_read_u32(c, &framed->pcr) < 0 ||
	    cursor_read_bytes(c, digest_len, &framed->digest) < 0 ||
	    cursor_read_u32(c, &len) < 0 ||
	    cursor_read_bytes(c, len, &name) < 0)
		return -ENODATA;
	framed->template = template_of(name, framed->template);
	if (!framed->template)
		return -EBADMSG;
	if (cursor_read_u32(c, &len) < 0)
		return -ENODATA;
	return cursor_read_bytes(c, len, &framed->data);
}

/* NULL when they are not what the template says, all of it and no more. */
static uint8_t *put_fields(uint8_t *at, const struct framed *framed,
			   enum imastage_endian endian)
{
	struct cursor c;

	cursor_init(&c, framed->data, endian);
	for (unsigned int i = 0; i < framed->template->nr_fields; i++) {
		struct imastage_bytes bytes;
		struct line_field field;
		uint32_t len;

		field.known = log_template_field(framed->template, i);
		if (cursor_read_u32(&c, &len) < 0 ||
		    cursor_read_bytes(&c, len, &bytes) < 0 ||
		    line_find_field(&field, bytes) < 0)
			return NULL;
		at = line_put_field(at, &field, endian);
	}
	return cursor_remaining(&c) == 0 ? at : NULL;
}

static uint8_t *put_line(uint8_t *at, const struct framed *framed,
			 enum imastage_endian endian)
{
	at = line_put_head(at, framed->pcr, framed->digest,
			   framed->template->name);
	at = put_fields(at, framed, endian);
	if (at)
		*at++ = '\n';
	return at;
}

static size_t max_of(const struct framed *framed)
{
	return line_max(framed->digest.len, framed->template->name.len,
			framed->data.len, framed->template->nr_fields);
}

int ascii_run(const struct imastage_reader_options *of,
	      struct imastage_bytes list, uint64_t nr_max, void *data,
	      size_t capacity, struct ascii_run *ret_run)
{
	size_t digest_len = imastage_bank_digest_len(of->bank);
	struct framed framed = { .template = NULL };
	struct ascii_run run = { 0 };
	uint8_t *at = data, *end;
	struct cursor c;
	int r = 0;

	cursor_init(&c, list, of->endian);
	for (; run.nr < nr_max; run.nr++) {
		r = read_framed(&c, digest_len, &framed);
		if (r < 0 || max_of(&framed) > capacity - run.len)
			break;
		r = -EBADMSG;
		if (cursor_offset(&c) - run.used > of->max_record_len)
			break;
		end = put_line(at, &framed, of->endian);
		if (!end)
			break;
		r = 0;
		run.len += (size_t)(end - at);
		run.used = cursor_offset(&c);
		at = end;
	}
	*ret_run = run;
	return r;
}
