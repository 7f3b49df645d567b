// SPDX-License-Identifier: MIT
/*
 * A record read back from the kernel's ASCII form.
 *
 * The line's head (PCR, digest, template) has no surprises. The fields do:
 * a name can hold spaces and newlines, which are printed as they are. Fields
 * before and after the template's text field have neither, so they are taken
 * off from both ends, and what remains is the text. Where the record ends is
 * tried at one newline after the other, and at each of them the shapes that a line
 * has had its way through editors and pipes: see imastage/reader.h.
 *
 * Template data is put together in reader->data, the digest in reader->text.
 */
#include "log/ascii.h"
#include "base/bytes.h"
#include "base/hex.h"
#include "log/ascii_guess.h"
#include "log/binary.h"
#include "log/buffer.h"
#include "log/reader.h"

#include <errno.h>

#define HEX_DIGITS "0123456789abcdefABCDEF"
#define NEWLINES_MAX 64 /* tried as the end of one record */
#define MORE_NEWLINES_MAX 16 /* tried after one that may be it */
#define TRIED_LEN_MAX ((size_t)64 << 10) /* bytes behind the first of them */
#define BLANK_LEN_MAX ((size_t)64 << 10) /* empty lines at the end */
#define ABSENT_MAX \
	5 /* fields at a line's end that are gone with their blanks */
#define SHAPES (2 * (ABSENT_MAX + 1))

/* The parts of a line, as views of it. */
struct line {
	uint32_t pcr;
	struct imastage_bytes digest; /* hexadecimal */
	struct imastage_bytes name;
	const struct imastage_template *added; /* the template, if it was */
	bool unknown; /* nobody has told its fields */
	size_t fields_at; /* where the rest begins, with a space or a newline */
};

static bool is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

/* Digits only; *ret_value is at most @max. */
static int parse_decimal(struct imastage_bytes text, uint64_t max,
			 uint64_t *ret_value)
{
	uint64_t value = 0;

	if (text.len == 0 || text.len > 20)
		return -EINVAL;
	for (size_t i = 0; i < text.len; i++) {
		uint64_t digit = (uint64_t)(text.data[i] - '0');

		if (!is_digit(text.data[i]) || value > (max - digit) / 10)
			return -EINVAL;
		value = value * 10 + digit;
	}
	*ret_value = value;
	return 0;
}

/* "%2d" of an int; so a PCR from 2^31 on is negative. */
static int parse_pcr(struct imastage_bytes text, uint32_t *ret_pcr)
{
	bool padded = text.len == 2 && text.data[0] == ' ';
	bool negative = text.len > 0 && text.data[0] == '-';
	uint64_t value;

	if (parse_decimal(bytes_skip(text, padded || negative),
			  (uint64_t)INT32_MAX + negative, &value) < 0)
		return -EINVAL;
	*ret_pcr = negative ? -(uint32_t)value : (uint32_t)value;
	return 0;
}

/*
 * Takes the text up to the next @stop off *rest. -ENODATA when there is none
 * within @max bytes because the text ends, -EBADMSG when it goes on.
 */
static int take_word(struct imastage_bytes *rest, size_t max,
		     struct imastage_bytes *ret_word)
{
	struct imastage_bytes near = bytes_first(*rest, max + 1);
	size_t space = bytes_find(near, ' ');

	if (space == near.len)
		return near.len > max ? -EBADMSG : -ENODATA;
	*ret_word = bytes_first(near, space);
	*rest = bytes_skip(*rest, space + 1);
	return 0;
}

/* A text that ends early may still become what it begins as. */
static bool has_only(struct imastage_bytes text, const char *characters)
{
	for (size_t i = 0; i < text.len; i++)
		if (text.data[i] == '\0' || !strchr(characters, text.data[i]))
			return false;
	return true;
}

/* The space that pads a PCR of one digit belongs to the word. */
static int take_pcr(struct imastage_bytes *rest, uint32_t *ret_pcr)
{
	struct imastage_bytes word, after = bytes_skip(*rest, 1);
	int r = rest->len > 0 ? take_word(&after, 11, &word) : -ENODATA;

	if (r == -ENODATA)
		return has_only(*rest, " -0123456789") ? r : -EBADMSG;
	if (r < 0)
		return r;
	word = bytes_of(rest->data, word.len + 1);
	*rest = after;
	return parse_pcr(word, ret_pcr) < 0 ? -EBADMSG : 0;
}

/* The template's name ends where its fields begin, or with the line. */
static int take_name(struct imastage_bytes rest,
		     struct imastage_bytes *ret_name)
{
	struct imastage_bytes near =
		bytes_first(rest, IMASTAGE_TEMPLATE_NAME_MAX + 1);
	size_t end = bytes_find(near, ' '), newline = bytes_find(near, '\n');

	if (newline < end)
		end = newline;
	if (end == near.len)
		return near.len > IMASTAGE_TEMPLATE_NAME_MAX ? -EBADMSG :
							       -ENODATA;
	if (end == 0)
		return -EBADMSG;
	*ret_name = bytes_first(rest, end);
	return 0;
}

static int take_digest(struct imastage_bytes *rest, size_t digest_len,
		       struct imastage_bytes *ret_digest)
{
	int r = take_word(rest, 2 * digest_len, ret_digest);

	if (r == -ENODATA)
		return has_only(*rest, HEX_DIGITS) ? r : -EBADMSG;
	if (r < 0)
		return r;
	return ret_digest->len == 2 * digest_len &&
			       has_only(*ret_digest, HEX_DIGITS) ?
		       0 :
		       -EBADMSG;
}

/* -ENODATA when @text ends before it can be told. */
static int parse_head(struct imastage_bytes text, size_t digest_len,
		      struct imastage_error *error, struct line *ret_line)
{
	struct imastage_bytes rest = text;
	struct line line;
	size_t at;
	int r = take_pcr(&rest, &line.pcr);

	if (r < 0)
		return reader_fail(error, 0, r,
				   r == -ENODATA ?
					   "ends inside the PCR number" :
					   "no PCR number");
	at = text.len - rest.len;
	r = take_digest(&rest, digest_len, &line.digest);
	if (r < 0)
		return reader_fail(error, at, r,
				   r == -ENODATA ?
					   "ends inside the template digest" :
					   "no template digest of the list's "
					   "bank");
	r = take_name(rest, &line.name);
	if (r < 0)
		return reader_fail(error, text.len - rest.len, r,
				   r == -ENODATA ?
					   "ends inside the template name" :
					   "no template name");
	line.fields_at = text.len - rest.len + line.name.len;
	*ret_line = line;
	return 0;
}

/* ---- fields ---------------------------------------------------------------- */

/* Splits "sha256:<hex>" and writes text, NUL and bytes. */
static int put_named_digest(struct imastage_buffer *data,
			    struct imastage_bytes text)
{
	size_t colon = bytes_find_last(text, ':');
	struct imastage_bytes label = bytes_first(text, colon + 1);
	int r;

	if (text.len == 0)
		return 0;
	if (colon == text.len) {
		/* Printed of a field that begins with its colon. */
		label = bytes_of_text(":");
		colon = (size_t)-1;
	}
	if (bytes_contain(label, '\0'))
		return -EINVAL;
	r = buffer_put(data, label);
	if (r == 0)
		r = buffer_put(data, bytes_of("", 1));
	if (r == 0)
		r = buffer_put_hex(data, bytes_skip(text, colon + 1));
	return r;
}

/* The kernel ends every name with a NUL, the list of xattr names if any. */
static int put_text(struct imastage_buffer *data, struct imastage_bytes text,
		    struct imastage_bytes id)
{
	int r;

	if (bytes_contain(text, '\0'))
		return -EINVAL;
	if (text.len == 0 && bytes_equal_text(id, "xattrnames"))
		return 0;
	r = buffer_put(data, text);
	return r < 0 ? r : buffer_put(data, bytes_of("", 1));
}

static int put_number(struct imastage_buffer *data, struct imastage_bytes text,
		      unsigned int len, enum imastage_endian endian)
{
	uint8_t number[8];
	uint64_t value;

	if (text.len == 0)
		return 0;
	if (parse_decimal(text, ((uint64_t)1 << (8 * len)) - 1, &value) < 0)
		return -EINVAL;
	for (unsigned int i = 0; i < len; i++)
		number[endian == IMASTAGE_BIG ? len - 1 - i : i] =
			(uint8_t)(value >> (8 * i));
	return buffer_put(data, bytes_of(number, len));
}

static int put_value(struct imastage_buffer *data, struct imastage_bytes text,
		     const struct log_field *field, enum imastage_endian endian)
{
	switch (field->kind) {
	case FIELD_NAMED_DIGEST:
		return put_named_digest(data, text);
	case FIELD_TEXT:
		return put_text(data, text, field->id);
	case FIELD_NUMBER:
		return put_number(data, text, field->number_len, endian);
	default:
		return buffer_put_hex(data, text);
	}
}

/* A field: its length and its bytes. */
int ascii_put_field(struct imastage_buffer *data, struct imastage_bytes text,
		    const struct log_field *field, enum imastage_endian endian)
{
	size_t at = data->len;
	int r = buffer_put_u32(data, 0, endian);

	if (r == 0)
		r = put_value(data, text, field, endian);
	if (r == 0)
		buffer_set_u32(data, at, (uint32_t)(data->len - at - 4),
			       endian);
	return r;
}

/*
 * Template "ima": 20 bytes, the name's length, the name. Wherever the name
 * ends, the digest is wrong or right.
 */
static int put_old(struct imastage_buffer *data,
		   const struct imastage_bytes texts[2],
		   enum imastage_endian endian)
{
	int r = buffer_put_hex(data, texts[0]);

	if (r == -EINVAL || (r == 0 && data->len != LOG_OLD_DIGEST_LEN))
		return -EBADMSG;
	if (r == 0 &&
	    (texts[1].len > LOG_OLD_NAME_MAX || bytes_contain(texts[1], '\0')))
		r = -EINVAL;
	if (r == 0)
		r = buffer_put_u32(data, (uint32_t)texts[1].len, endian);
	return r < 0 ? r : buffer_put(data, texts[1]);
}

/* ---- one record ------------------------------------------------------------ */

/* Those of the line's template. */
static int line_fields(const struct line *line,
		       const struct log_field *ret_fields[LOG_FIELDS_MAX])
{
	return line->added ? added_fields(line->added, ret_fields) :
			     log_template_fields(line->name, ret_fields);
}

static void find_template(const struct imastage_reader *reader,
			  struct line *line)
{
	const struct log_field *fields[LOG_FIELDS_MAX];

	line->added = NULL;
	if (!log_template_by_name(line->name))
		line->added =
			templates_find(reader->options.templates, line->name);
	line->unknown = line_fields(line, fields) < 0;
}

/* Position of the last text field, or -1. */
static int last_text(const struct log_field **fields, int nr)
{
	while (nr-- > 0 && fields[nr]->kind != FIELD_TEXT)
		;
	return nr;
}

/*
 * What became of a line on its way: how many empty fields at its end went with
 * the blanks before them, and whether a carriage return came before its newline.
 */
struct shape {
	int absent;
	bool cr;
	unsigned int
		guess; /* of a template that is not known: see ascii_guess.h */
	bool opaque; /* none was right */
};

/*
 * Takes @rest, " a b c", apart. What is before the last text field is taken
 * off the front, what is behind it off the end.
 */
static int split_fields(struct imastage_bytes rest,
			const struct log_field **fields, int nr,
			struct imastage_bytes *ret_texts)
{
	int middle = last_text(fields, nr), i;

	if (middle < 0)
		middle = nr - 1;
	for (i = nr - 1; i > middle; i--) {
		size_t space = bytes_find_last(rest, ' ');

		if (space == rest.len)
			return -EINVAL;
		ret_texts[i] = bytes_skip(rest, space + 1);
		rest = bytes_first(rest, space);
	}
	for (i = 0; i <= middle; i++) {
		size_t end;

		if (rest.len == 0 || rest.data[0] != ' ')
			return -EINVAL;
		rest = bytes_skip(rest, 1);
		end = i == middle ? rest.len : bytes_find(rest, ' ');
		ret_texts[i] = bytes_first(rest, end);
		rest = bytes_skip(rest, end);
	}
	return 0;
}

/*
 * Puts template data together from a line's fields. -EINVAL when they are not
 * those of the template, -EBADMSG when no other end of the line would help:
 * what is before the last text does not depend on it.
 */
static int put_data(struct imastage_buffer *data, const struct line *line,
		    struct imastage_bytes rest, int absent,
		    enum imastage_endian endian)
{
	const struct log_field *fields[LOG_FIELDS_MAX];
	struct imastage_bytes texts[LOG_FIELDS_MAX];
	int nr = line_fields(line, fields);
	int r = nr <= absent ? -EINVAL :
			       split_fields(rest, fields, nr - absent, texts);

	data->len = 0;
	for (int i = nr - absent; i < nr && r == 0; i++)
		texts[i] = bytes_of(NULL, 0);
	if (r == 0 && log_template_is_old(line->name)) {
		r = put_old(data, texts, endian);
		return r == -EBADMSG && absent ? -EINVAL : r;
	}
	for (int i = 0; i < nr && r == 0; i++) {
		r = ascii_put_field(data, texts[i], fields[i], endian);
		if (r == -EINVAL && i < last_text(fields, nr - absent))
			r = -EBADMSG;
	}
	return r;
}

/* With the newline, which the last line may lack. */
static size_t behind(const struct imastage_reader *reader, size_t end)
{
	return end < reader->window.len ? end + 1 : end;
}

/* The record of @line, if it ended at @end. */
static int build(struct imastage_reader *reader, const struct line *line,
		 size_t end, struct shape shape, struct imastage_record *record)
{
	enum imastage_endian endian = reader->options.endian;
	struct imastage_bytes rest;
	struct imastage_error error;
	int r = 0;

	rest = bytes_skip(bytes_first(reader->window, end - shape.cr),
			  line->fields_at);
	if (!line->unknown)
		r = put_data(&reader->data, line, rest, shape.absent, endian);
	else if (!shape.opaque)
		r = ascii_guess(&reader->data, rest, shape.guess, shape.absent,
				endian);
	reader->text.len = 0;
	if (r == 0)
		r = buffer_put_hex(&reader->text, line->digest);
	if (r < 0)
		return r;
	*record = (struct imastage_record){
		.pcr = line->pcr,
		.bank = reader->options.bank,
		.digest = bytes_of(reader->text.data, reader->text.len),
		.raw = bytes_first(reader->window, behind(reader, end)),
		.added = line->added,
	};
	if (shape.opaque) {
		record->name = line->name;
		record->endian = endian;
		record->opaque = true;
		return 0;
	}
	r = binary_adopt(line->name,
			 bytes_of(reader->data.data, reader->data.len), endian,
			 &error, record);
	return r == -EBADMSG ? -EINVAL : r;
}

/* 1 when the digest proves the record right, 0 when it does not. */
static int is_proven(struct imastage_reader *reader,
		     const struct imastage_record *record)
{
	struct imastage_digests digests;
	int r;

	if (imastage_record_is_violation(record) || record->opaque)
		return 0;
	r = imastage_hasher_template(&reader->hasher, record, &digests);
	if (r < 0)
		return r;
	return imastage_record_check_digest(record, &digests) !=
	       IMASTAGE_DIGEST_DIFFERS;
}

/* Only ends of lines follow: 1 up to the end of the list, -ENODATA so far. */
static int ends_with_blank_lines(const struct imastage_reader *reader,
				 size_t at)
{
	struct imastage_bytes rest = bytes_skip(reader->window, at);

	if (rest.len > 0 && (rest.data[0] > '\r' || rest.len > BLANK_LEN_MAX ||
			     !has_only(rest, "\r\n")))
		return 0;
	return reader->eof ? 1 : -ENODATA;
}

/* Does a record, or the end of the list, seem to follow at @at? */
static int record_follows(const struct imastage_reader *reader, size_t at)
{
	struct imastage_error error;
	struct line line;
	int r = ends_with_blank_lines(reader, at);

	if (r)
		return r;
	r = parse_head(bytes_skip(reader->window, at),
		       imastage_bank_digest_len(reader->options.bank), &error,
		       &line);
	if (r == -ENODATA && !reader->eof)
		return r;
	/* A record that is cut off is one, too: the next call will say so. */
	return r == 0 || r == -ENODATA;
}

/* Where a record ends, and the shape of its line. */
struct ending {
	size_t end;
	struct shape shape;
};

/* The search for the newline that ends a record. */
struct search {
	size_t first; /* the first newline tried */
	struct ending plausible; /* the first that a record seems to follow */
	bool found;
};

/*
 * Without proof a line may lack fields behind its text, but not the text, and then
 * has no more blanks than it has fields: the kernel writes '_' for those of names.
 */
static bool is_credible(const struct imastage_reader *reader,
			const struct line *line, size_t end, struct shape shape)
{
	const struct log_field *fields[LOG_FIELDS_MAX];
	int nr = line_fields(line, fields), blanks = 0;

	if (shape.absent == 0)
		return true;
	for (size_t at = line->fields_at; at < end; at++)
		blanks += reader->window.data[at] == ' ';
	return last_text(fields, nr) < nr - shape.absent &&
	       blanks == nr - shape.absent;
}

/* The same of a template that is not known. What is not proven stays opaque. */
static int try_guesses(struct imastage_reader *reader, const struct line *line,
		       size_t end, struct shape *ret_shape,
		       struct imastage_record *record)
{
	bool cr = end > line->fields_at && reader->window.data[end - 1] == '\r';
	struct shape shape = { .cr = cr && reader->crlf };
	unsigned int nr;
	int r = 0;

	nr = ascii_nr_guesses(bytes_skip(
		bytes_first(reader->window, end - shape.cr), line->fields_at));
	for (unsigned int i = 0; i < 2 * nr && r == 0; i++) {
		shape.absent = i >= nr;
		shape.guess = i % nr;
		r = build(reader, line, end, shape, record);
		if (r == 0)
			r = is_proven(reader, record);
		r = r == -EINVAL ? 0 : r;
	}
	if (r == 0)
		shape = (struct shape){ .cr = shape.cr, .opaque = true };
	*ret_shape = shape;
	return r < 0 || r == 1 ? r : build(reader, line, end, shape, record);
}

/*
 * Tries the shapes of a line that ends at @end. 1 when one is proven; 0 when none
 * is; -EINVAL when none has the fields of the template. Of the first that has
 * them, or the proven one, *ret_shape.
 */
static int try_shapes(struct imastage_reader *reader, const struct line *line,
		      size_t end, struct shape *ret_shape,
		      struct imastage_record *record)
{
	bool cr = end > line->fields_at && reader->window.data[end - 1] == '\r';
	bool built = false;

	if (line->unknown)
		return try_guesses(reader, line, end, ret_shape, record);
	/* Names have no blanks: what has all fields is no name without others. */
	for (int i = 0; i < SHAPES; i++) {
		struct shape shape = { .absent = i / 2,
				       .cr = (i % 2 == 0) == reader->crlf };
		int r = shape.cr && !cr ?
				-EINVAL :
				build(reader, line, end, shape, record);

		if (r == 0)
			r = is_proven(reader, record);
		if (r == 0 && !is_credible(reader, line, end, shape))
			r = -EINVAL;
		if (r == 1 || (r == 0 && !built))
			*ret_shape = shape;
		if (r != 0 && r != -EINVAL)
			return r;
		built |= r == 0;
		if (built && (i % 2 || imastage_record_is_violation(record)))
			break;
	}
	return built ? 0 : -EINVAL;
}

/* 1: it ends at @end, and *record is it. 0: perhaps elsewhere. */
static int try_end(struct imastage_reader *reader, const struct line *line,
		   size_t end, struct search *search, struct ending *ret_ending,
		   struct imastage_record *record)
{
	struct ending ending = { .end = end };
	int r = try_shapes(reader, line, end, &ending.shape, record);

	if (r == 1)
		*ret_ending = ending;
	if (r == -EINVAL)
		return 0;
	if (r || search->found)
		return r;
	r = end < reader->window.len ? record_follows(reader, end + 1) : 0;
	if (r <= 0)
		return r;
	search->found = true;
	search->plausible = ending;
	return 0;
}

static bool is_violation(const struct line *line)
{
	return bytes_are_all(line->digest, '0');
}

/*
 * Tries one newline after the other. 1 with the end in *ret_ending and the record, which
 * need not be put together once more; 0 when none
 * proved to be it; -ENODATA when there could be more of them.
 */
static int find_end(struct imastage_reader *reader, const struct line *line,
		    struct search *search, struct ending *ret_ending,
		    struct imastage_record *record)
{
	size_t at = line->fields_at;
	int left = NEWLINES_MAX;

	for (bool first = true; left > 0; first = false, left--) {
		struct imastage_bytes rest = bytes_skip(reader->window, at);
		size_t end = at + bytes_find(rest, '\n');
		bool last = end >= reader->window.len;
		int r;

		if (last && !(reader->eof && rest.len > 0))
			return reader->eof && search->found ? 0 : -ENODATA;
		if (first)
			search->first = end;
		if (end - search->first > TRIED_LEN_MAX)
			return 0;
		r = try_end(reader, line, end, search, ret_ending, record);
		if (r || (search->found && is_violation(line)))
			return r;
		if (line->unknown && !last)
			return 0;
		if (last)
			return search->found ? 0 : -ENODATA;
		if (search->found && left > MORE_NEWLINES_MAX)
			left = MORE_NEWLINES_MAX;
		at = end + 1;
	}
	return 0;
}

/* Is the line at @at a record that its digest proves? */
static int proves_itself(struct imastage_reader *reader, size_t at)
{
	struct imastage_bytes all = reader->window;
	struct imastage_record record;
	struct imastage_error error;
	struct shape shape;
	struct line line;
	int r;

	reader->window = bytes_skip(all, at);
	r = parse_head(reader->window,
		       imastage_bank_digest_len(reader->options.bank), &error,
		       &line);
	if (r == 0)
		find_template(reader, &line);
	if (r == 0)
		r = try_shapes(reader, &line,
			       line.fields_at +
				       bytes_find(bytes_skip(reader->window,
							     line.fields_at),
						  '\n'),
			       &shape, &record);
	reader->window = all;
	return r == -EINVAL || r == -EBADMSG || r == -ENODATA ? 0 : r;
}

/*
 * A record that nothing proves must not take one that is proven for a piece of its
 * name. 1 when it would.
 */
static int swallows(struct imastage_reader *reader, const struct search *search)
{
	size_t at = search->first;
	int r = 0;

	while (r == 0 && at < search->plausible.end) {
		r = proves_itself(reader, at + 1);
		at += 1 + bytes_find(bytes_skip(reader->window, at + 1), '\n');
	}
	return r;
}

/* The record where its digest or, for want of that, what follows says it ends. */
static int take_record(struct imastage_reader *reader, const struct line *line,
		       struct imastage_record *record)
{
	struct search search = { .found = false };
	struct ending ending = { .end = 0 };
	int r = find_end(reader, line, &search, &ending, record);

	if (r == 1) {
		reader->crlf = ending.shape.cr;
		r = 0;
	} else if (r == 0) {
		ending = search.plausible;
		r = search.found ? swallows(reader, &search) : 1;
		r = r > 0 ? -EBADMSG : r;
		if (r == 0)
			r = build(reader, line, ending.end, ending.shape,
				  record);
	}
	if (r == 0)
		reader->used = behind(reader, ending.end);
	return r;
}

int reader_parse_ascii(struct imastage_reader *reader,
		       struct imastage_error *error,
		       struct imastage_record *ret_record)
{
	size_t digest_len = imastage_bank_digest_len(reader->options.bank);
	struct imastage_record record;
	struct line line;
	int r = ends_with_blank_lines(reader, 0);

	if (r)
		return reader_fail(error, 0, r > 0 ? IMASTAGE_END : r,
				   "ends inside an empty line");
	if (reader->window.data[0] == '\n' || reader->window.data[0] == '\r')
		return reader_fail(error, 0, -EBADMSG, "an empty line");
	r = parse_head(reader->window, digest_len, error, &line);
	if (r < 0)
		return r;
	find_template(reader, &line);
	r = take_record(reader, &line, &record);
	if (r < 0)
		return reader_fail(
			error, line.fields_at, r,
			r == -ENODATA ? "ends inside the fields" :
			line.unknown  ? "its template is not known, and "
					"what follows is no record" :
					"not the fields of its template");
	*ret_record = record;
	return 0;
}
