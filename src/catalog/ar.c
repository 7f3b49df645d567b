// SPDX-License-Identifier: MIT
/*
 * ar archives.
 */
#include "catalog/ar.h"
#include "base/bytes.h"

#include <errno.h>

#define MAGIC "!<arch>\n"
#define HEAD_LEN 60
#define SIZE_AT 48
#define SIZE_LEN 10
#define END_AT 58

void ar_init(struct ar *ar, struct imastage_source source)
{
	*ar = (struct ar){ .source = source };
}

static int fail(struct ar *ar, const char *reason)
{
	ar->reason = reason;
	return -EBADMSG;
}

/* As many as there are, up to @len. */
static ssize_t read_full(struct ar *ar, uint8_t *data, size_t len)
{
	size_t nr = 0;
	ssize_t n = 1;

	while (nr < len && n > 0) {
		n = ar->source.read(ar->source.context, data + nr, len - nr);
		if (n < 0)
			return n;
		nr += (size_t)n;
	}
	ar->offset += nr;
	return (ssize_t)nr;
}

static int begin(struct ar *ar)
{
	uint8_t magic[sizeof(MAGIC) - 1];
	ssize_t n = read_full(ar, magic, sizeof(magic));

	if (n < 0)
		return (int)n;
	ar->begun = true;
	if (!bytes_equal_text(bytes_of(magic, (size_t)n), MAGIC))
		return fail(ar, "it is no Debian package");
	return 0;
}

/* The rest of the member at hand. */
static int pass_over(struct ar *ar)
{
	uint8_t room[4096];
	ssize_t n;

	while (ar->left) {
		n = ar_read(ar, room, sizeof(room));
		if (n < 0)
			return (int)n;
	}
	if (!ar->odd)
		return 0;
	ar->odd = false;
	n = read_full(ar, room, 1);
	if (n < 0)
		return (int)n;
	/* The last one may be without. */
	return n == 0 || room[0] == '\n' ? 0 : fail(ar, "a member has no end");
}

static int parse_size(struct ar *ar, struct imastage_bytes text)
{
	uint64_t size = 0;
	size_t len = bytes_find(text, ' ');

	if (len == 0 || !bytes_are_all(bytes_skip(text, len), ' '))
		return fail(ar, "the size of a member is no number");
	for (size_t i = 0; i < len; i++) {
		if (text.data[i] < '0' || text.data[i] > '9')
			return fail(ar, "the size of a member is no number");
		size = 10 * size + (text.data[i] - (unsigned int)'0');
	}
	ar->left = size;
	ar->odd = size & 1;
	return 0;
}

/* "data.tar.xz     ", or with a slash behind the name. */
static int parse_name(struct ar *ar, struct imastage_bytes text,
		      char ret_name[AR_NAME_MAX + 1])
{
	size_t len = bytes_find(text, ' ');

	if (!bytes_are_all(bytes_skip(text, len), ' '))
		return fail(ar, "the name of a member has spaces in it");
	if (len && text.data[len - 1] == '/')
		len--;
	if (len == 0)
		return fail(ar, "a member has no name");
	for (size_t i = 0; i < len; i++)
		if (text.data[i] <= ' ' || text.data[i] > '~')
			return fail(ar, "the name of a member is no text");
	memcpy(ret_name, text.data, len);
	ret_name[len] = '\0';
	return 0;
}

int ar_next(struct ar *ar, struct ar_member *ret_member)
{
	uint8_t head[HEAD_LEN];
	ssize_t n;
	int r = ar->begun ? pass_over(ar) : begin(ar);

	if (r < 0)
		return r;
	n = read_full(ar, head, sizeof(head));
	if (n <= 0)
		return n < 0 ? (int)n : AR_END;
	if (n < HEAD_LEN || memcmp(head + END_AT, "`\n", 2))
		return fail(ar, "a member has no head");
	r = parse_size(ar, bytes_of(head + SIZE_AT, SIZE_LEN));
	if (r == 0)
		r = parse_name(ar, bytes_of(head, AR_NAME_MAX),
			       ret_member->name);
	ret_member->size = ar->left;
	return r;
}

ssize_t ar_read(void *context, void *data, size_t len)
{
	struct ar *ar = context;
	ssize_t n;

	if (len > ar->left)
		len = (size_t)ar->left;
	if (len == 0)
		return 0;
	n = read_full(ar, data, len);
	if (n == 0)
		return fail(ar, "it ends inside a member");
	if (n > 0)
		ar->left -= (uint64_t)n;
	return n;
}
