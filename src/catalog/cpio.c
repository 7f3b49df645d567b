// SPDX-License-Identifier: MIT
/*
 * cpio archives.
 */
#include "catalog/cpio.h"
#include "base/bytes.h"

#include <errno.h>

#define NR_NUMBERS 13
#define HEAD_LEN (CPIO_MAGIC_LEN + 8 * NR_NUMBERS)
#define TRAILER "TRAILER!!!"

enum {
	INODE,
	MODE,
	UID,
	GID,
	LINKS,
	MTIME,
	SIZE,
	MAJOR,
	MINOR,
	RDEV_MAJOR,
	RDEV_MINOR,
	NAME_LEN,
	SUM
};

void cpio_init(struct cpio *cpio, struct imastage_source source)
{
	cpio->source = source;
	cpio->offset = 0;
	cpio->left = 0;
	cpio->padding = 0;
	cpio->has_first = false;
	cpio->reason = NULL;
}

bool cpio_is_magic(const uint8_t *data)
{
	return !memcmp(data, "070701", CPIO_MAGIC_LEN) ||
	       !memcmp(data, "070702", CPIO_MAGIC_LEN);
}

static int fail(struct cpio *cpio, const char *reason)
{
	cpio->reason = reason;
	return -EBADMSG;
}

static int read_all(struct cpio *cpio, void *data, size_t len)
{
	uint8_t *at = data;
	ssize_t n;

	while (len) {
		n = cpio->source.read(cpio->source.context, at, len);
		if (n < 0)
			return (int)n;
		if (n == 0)
			return fail(cpio, "the archive ends too early");
		at += n;
		len -= (size_t)n;
		cpio->offset += (uint64_t)n;
	}
	return 0;
}

int cpio_begin(struct cpio *cpio)
{
	ssize_t n;

	do {
		n = cpio->source.read(cpio->source.context, &cpio->first, 1);
		if (n <= 0)
			return n < 0 ? (int)n : CPIO_END;
		cpio->offset++;
	} while (cpio->first == 0);
	cpio->has_first = true;
	return 0;
}

static int pass_over(struct cpio *cpio)
{
	uint8_t room[4096];
	ssize_t n = 1;

	while (n > 0)
		n = cpio_read(cpio, room, sizeof(room));
	if (n < 0)
		return (int)n;
	n = read_all(cpio, room, cpio->padding);
	cpio->padding = 0;
	return (int)n;
}

static int parse_number(const uint8_t *digits, uint32_t *ret_number)
{
	uint32_t number = 0;

	for (size_t i = 0; i < 8; i++) {
		uint8_t c = digits[i] | 0x20;

		if (digits[i] >= '0' && digits[i] <= '9')
			number = number << 4 | (uint32_t)(digits[i] - '0');
		else if (c >= 'a' && c <= 'f')
			number = number << 4 | (uint32_t)(c - 'a' + 10);
		else
			return -EBADMSG;
	}
	*ret_number = number;
	return 0;
}

static int read_head(struct cpio *cpio, uint32_t numbers[NR_NUMBERS])
{
	uint8_t head[HEAD_LEN];
	size_t had = cpio->has_first;
	int r;

	head[0] = cpio->first;
	cpio->has_first = false;
	r = read_all(cpio, head + had, sizeof(head) - had);
	if (r < 0)
		return r;
	if (!cpio_is_magic(head))
		return fail(cpio, "no cpio archive of the kernel's format");
	for (size_t i = 0; i < NR_NUMBERS && r == 0; i++)
		r = parse_number(head + CPIO_MAGIC_LEN + 8 * i, &numbers[i]);
	return r < 0 ? fail(cpio, "a number in a head is none") : 0;
}

static size_t padding_of(uint64_t len)
{
	return (size_t)(-len & 3);
}

/* The name, its NUL, and what fills up. */
static int read_name(struct cpio *cpio, uint32_t len)
{
	uint8_t padding[4];
	int r;

	if (len < 2 || len > sizeof(cpio->name))
		return fail(cpio, "a name is empty or too long");
	r = read_all(cpio, cpio->name, len);
	if (r == 0 && memchr(cpio->name, 0, len) != cpio->name + len - 1)
		r = fail(cpio, "a name has its end elsewhere");
	if (r == 0)
		r = read_all(cpio, padding, padding_of(HEAD_LEN + len));
	return r;
}

int cpio_next(struct cpio *cpio, struct cpio_member *ret_member)
{
	uint32_t numbers[NR_NUMBERS];
	int r = pass_over(cpio);

	if (r == 0)
		r = read_head(cpio, numbers);
	if (r == 0)
		r = read_name(cpio, numbers[NAME_LEN]);
	if (r < 0)
		return r;
	if (!strcmp(cpio->name, TRAILER))
		return CPIO_END;
	cpio->left = numbers[SIZE];
	cpio->padding = padding_of(numbers[SIZE]);
	*ret_member = (struct cpio_member){
		.name = cpio->name,
		.mode = numbers[MODE],
		.links = numbers[LINKS],
		.inode = numbers[INODE],
		.device = (uint64_t)numbers[MAJOR] << 32 | numbers[MINOR],
		.size = numbers[SIZE],
	};
	return 0;
}

ssize_t cpio_read(struct cpio *cpio, void *data, size_t len)
{
	ssize_t n;

	if (len > cpio->left)
		len = (size_t)cpio->left;
	if (len == 0)
		return 0;
	n = cpio->source.read(cpio->source.context, data, len);
	if (n == 0)
		return fail(cpio, "the archive ends inside a file");
	if (n > 0) {
		cpio->left -= (uint64_t)n;
		cpio->offset += (uint64_t)n;
	}
	return n;
}
