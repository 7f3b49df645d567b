// SPDX-License-Identifier: MIT
/*
 * Reading a tar of known members.
 *
 * Invariant: what comes next in the source is `left` bytes of a member, `padding` bytes of
 * zeros, and then a block.
 */
#include "evidence/tar_read.h"
#include "base/bytes.h"

#include <errno.h>

static const char too_short[] = "the file ends too early";

void tar_reader_init(struct tar_reader *reader, struct imastage_source source,
		     const struct tar_member *members, size_t nr_members)
{
	*reader = (struct tar_reader){ .source = source,
				       .members = members,
				       .nr_members = nr_members };
}

static int refuse(struct tar_reader *reader, uint64_t offset,
		  const struct tar_member *member, const char *reason)
{
	reader->error = (struct tar_error){
		.offset = offset,
		.member = member ? member->name : NULL,
		.reason = reason,
	};
	reader->failed = -EBADMSG;
	return reader->failed;
}

/* 1 to @len bytes of the source, 0 at its end. */
static ssize_t take(struct tar_reader *reader, void *data, size_t len)
{
	ssize_t n = reader->source.read(reader->source.context, data, len);

	if (n > 0)
		reader->offset += (uint64_t)n;
	if (n < 0)
		reader->failed = (int)n;
	return n;
}

static int take_all(struct tar_reader *reader, uint8_t *data, size_t len)
{
	for (size_t done = 0; done < len;) {
		ssize_t n = take(reader, data + done, len - done);

		if (n == 0)
			return refuse(reader, reader->offset, reader->current,
				      too_short);
		if (n < 0)
			return (int)n;
		done += (size_t)n;
	}
	return 0;
}

/* ---- headers ---------------------------------------------------------------- */

static struct imastage_bytes field_of(const uint8_t *header,
				      const struct tar_field *field)
{
	return bytes_of(header + field->offset, field->len);
}

static bool equal_in(const uint8_t *a, const uint8_t *b,
		     const struct tar_field *field)
{
	return bytes_equal(field_of(a, field), field_of(b, field));
}

/* Of a block that was taken last. */
static int refuse_field(struct tar_reader *reader,
			const struct tar_member *member,
			const struct tar_field *field)
{
	return refuse(reader, reader->offset - TAR_BLOCK_LEN + field->offset,
		      member, field->otherwise);
}

static int parse_size(const uint8_t *header, uint64_t *ret_size)
{
	const uint8_t *digits = header + tar_size.offset;
	uint64_t size = 0;

	for (size_t i = 0; i < tar_size.len - 1; i++) {
		if (digits[i] < '0' || digits[i] > '7')
			return -EBADMSG;
		size = size << 3 | (uint64_t)(digits[i] - '0');
	}
	if (digits[tar_size.len - 1] != '\0')
		return -EBADMSG;
	*ret_size = size;
	return 0;
}

static bool is_name(struct imastage_bytes field, const char *name)
{
	size_t len = strlen(name);

	return bytes_equal_text(bytes_first(field, len), name) &&
	       bytes_are_all(bytes_skip(field, len), 0);
}

/* Which member of the table the name is. */
static const struct tar_member *find(const struct tar_reader *reader,
				     const uint8_t *header)
{
	for (size_t i = 0; i < reader->nr_members; i++)
		if (is_name(field_of(header, &tar_name),
			    reader->members[i].name))
			return &reader->members[i];
	return NULL;
}

/* Is it a header at all? */
static int check_form(struct tar_reader *reader, const uint8_t *header)
{
	uint8_t expected[TAR_BLOCK_LEN];

	if (!bytes_equal(field_of(header, &tar_magic),
			 bytes_of(TAR_MAGIC, tar_magic.len)))
		return refuse_field(reader, NULL, &tar_magic);
	memcpy(expected, header, sizeof(expected));
	tar_header_sum(expected);
	if (!equal_in(header, expected, &tar_checksum))
		return refuse_field(reader, NULL, &tar_checksum);
	return 0;
}

/* None that has to be there is left out before the table's @upto-th. */
static int check_missing(struct tar_reader *reader, size_t upto)
{
	for (size_t i = reader->next; i < upto; i++)
		if (!reader->members[i].optional)
			return refuse(reader, reader->offset - TAR_BLOCK_LEN,
				      &reader->members[i],
				      "the member is missing here");
	return 0;
}

/* May it come now? */
static int check_order(struct tar_reader *reader,
		       const struct tar_member *member)
{
	size_t at = (size_t)(member - reader->members);

	if (at < reader->next)
		return refuse(reader, reader->offset - TAR_BLOCK_LEN, member,
			      "the member is there twice, or out of order");
	return check_missing(reader, at);
}

static int check_fields(struct tar_reader *reader, const uint8_t *header,
			const struct tar_member *member, uint64_t size)
{
	static const uint8_t no_device[TAR_DEVICE_LEN];
	uint8_t expected[TAR_BLOCK_LEN];

	tar_header_make(member->name, size, expected);
	if (!memcmp(header + TAR_DEVICE, no_device, TAR_DEVICE_LEN))
		memset(expected + TAR_DEVICE, 0, TAR_DEVICE_LEN);
	for (size_t i = 0; i < tar_nr_fields; i++)
		if (!equal_in(header, expected, &tar_fields[i]))
			return refuse_field(reader, member, &tar_fields[i]);
	return 0;
}

static int check_size(struct tar_reader *reader, const uint8_t *header,
		      const struct tar_member *member, uint64_t *ret_size)
{
	if (parse_size(header, ret_size) < 0)
		return refuse_field(reader, member, &tar_size);
	if (*ret_size > member->size_max)
		return refuse(reader,
			      reader->offset - TAR_BLOCK_LEN + tar_size.offset,
			      member, "the member is larger than it may be");
	return 0;
}

static int begin(struct tar_reader *reader, const uint8_t *header)
{
	const struct tar_member *member;
	uint64_t size = 0;
	int r = check_form(reader, header);

	if (r < 0)
		return r;
	member = find(reader, header);
	if (header[tar_type.offset] != '0')
		return refuse_field(reader, member, &tar_type);
	if (!member)
		return refuse_field(reader, NULL, &tar_name);
	r = check_order(reader, member);
	if (r == 0)
		r = check_size(reader, header, member, &size);
	if (r == 0)
		r = check_fields(reader, header, member, size);
	if (r < 0)
		return r;
	reader->current = member;
	reader->next = (size_t)(member - reader->members) + 1;
	reader->left = size;
	reader->padding = tar_padding(size);
	return 0;
}

/* ---- the end ---------------------------------------------------------------- */

static int refuse_nonzero(struct tar_reader *reader,
			  struct imastage_bytes bytes, const char *reason)
{
	size_t at = 0;

	while (bytes.data[at] == 0)
		at++;
	return refuse(reader, reader->offset - bytes.len + at, reader->current,
		      reason);
}

/* The first block of zeros was taken. */
static int end(struct tar_reader *reader)
{
	uint8_t block[TAR_BLOCK_LEN];
	struct imastage_bytes second = bytes_of(block, sizeof(block));
	ssize_t n;
	int r = check_missing(reader, reader->nr_members);

	reader->current = NULL;
	if (r == 0)
		r = take_all(reader, block, sizeof(block));
	if (r < 0)
		return r;
	if (!bytes_are_all(second, 0))
		return refuse_nonzero(
			reader, second,
			"the second block of the end is not zeros");
	n = take(reader, block, 1);
	if (n < 0)
		return (int)n;
	if (n > 0)
		return refuse(reader, reader->offset - 1, NULL,
			      "bytes follow the end");
	reader->ended = true;
	return TAR_END;
}

static int finish_member(struct tar_reader *reader)
{
	uint8_t data[4096];
	struct imastage_bytes padding = bytes_of(data, reader->padding);
	int r = 0;

	while (reader->left > 0) {
		ssize_t n = tar_reader_read(reader, data, sizeof(data));

		if (n < 0)
			return (int)n;
	}
	r = take_all(reader, data, reader->padding);
	if (r < 0)
		return r;
	reader->padding = 0;
	return bytes_are_all(padding, 0) ?
		       0 :
		       refuse_nonzero(reader, padding,
				      "bytes behind the member are not zeros");
}

int tar_reader_next(struct tar_reader *reader, size_t *ret_member,
		    uint64_t *ret_size)
{
	uint8_t header[TAR_BLOCK_LEN];
	int r;

	if (reader->failed)
		return reader->failed;
	if (reader->ended)
		return TAR_END;
	r = finish_member(reader);
	if (r == 0)
		r = take_all(reader, header, sizeof(header));
	if (r < 0)
		return r;
	if (bytes_are_all(bytes_of(header, sizeof(header)), 0))
		return end(reader);
	r = begin(reader, header);
	if (r < 0)
		return r;
	*ret_member = reader->next - 1;
	*ret_size = reader->left;
	return 0;
}

ssize_t tar_reader_read(struct tar_reader *reader, void *data, size_t len)
{
	ssize_t n;

	if (reader->failed)
		return reader->failed;
	if (reader->left < len)
		len = (size_t)reader->left;
	if (len == 0)
		return 0;
	n = take(reader, data, len);
	if (n == 0)
		return refuse(reader, reader->offset, reader->current,
			      too_short);
	if (n > 0)
		reader->left -= (uint64_t)n;
	return n;
}
