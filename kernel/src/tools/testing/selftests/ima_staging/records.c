// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * The binary measurement list, parsed with every length checked.
 *
 *	u32 pcr
 *	u8  template digest[size of the list's algorithm]
 *	u32 length, template name
 *	u32 length, template data	(no length for the template "ima")
 *
 * Template data is a row of fields, u32 length and bytes each. In all
 * templates that measure files the second field is the file's path. "ima" has
 * 20 bytes of digest without a length first, then the path. Integers are in
 * host order (not with ima_canonical_fmt on big endian, which is not tested).
 */

#include "ima_staging_test.h"

#define MAX_TEMPLATE_NAME	256
#define MAX_TEMPLATE_DATA	(16U << 20)
#define IMA_DIGEST_LEN		20

struct cursor {
	const unsigned char *p;
	size_t left;
};

void buf_add(struct buf *buf, const void *p, size_t len)
{
	if (buf->len + len > buf->room) {
		buf->room = (buf->len + len) * 2 + 4096;
		buf->p = realloc(buf->p, buf->room);
		CHECK(buf->p, "out of memory");
	}
	if (len)
		memcpy(buf->p + buf->len, p, len);
	buf->len += len;
}

void buf_free(struct buf *buf)
{
	free(buf->p);
	memset(buf, 0, sizeof(*buf));
}

bool buf_same(const struct buf *a, const struct buf *b)
{
	return a->len == b->len && buf_starts_with(a, b);
}

bool buf_starts_with(const struct buf *whole, const struct buf *prefix)
{
	return whole->len >= prefix->len &&
	       (!prefix->len || !memcmp(whole->p, prefix->p, prefix->len));
}

size_t digest_len(const char *list_name)
{
	static const struct {
		const char *name;
		size_t len;
	} algos[] = {
		{ "md5", 16 }, { "sha1", 20 }, { "rmd160", 20 },
		{ "sha224", 28 }, { "sha256", 32 }, { "sha384", 48 },
		{ "sha512", 64 }, { "wp512", 64 }, { "sm3", 32 },
		{ "streebog256", 32 }, { "streebog512", 64 },
		{ "sha3-256", 32 }, { "sha3-384", 48 }, { "sha3-512", 64 },
	};
	const char *algo = strstr(list_name, "_measurements_");
	size_t i, len;

	if (!algo)
		return 0;
	algo += strlen("_measurements_");
	len = strcspn(algo, "_");
	for (i = 0; i < ARRAY_SIZE(algos); i++)
		if (strlen(algos[i].name) == len &&
		    !strncmp(algos[i].name, algo, len))
			return algos[i].len;
	return 0;
}

static const unsigned char *take(struct cursor *c, size_t len)
{
	const unsigned char *p = c->p;

	if (len > c->left)
		return NULL;
	c->p += len;
	c->left -= len;
	return p;
}

static bool take_u32(struct cursor *c, unsigned int *ret_value)
{
	const unsigned char *p = take(c, sizeof(*ret_value));

	if (!p)
		return false;
	memcpy(ret_value, p, sizeof(*ret_value));
	return true;
}

static const unsigned char *take_field(struct cursor *c, size_t max,
				       size_t *ret_len)
{
	unsigned int len;

	if (!take_u32(c, &len) || len > max)
		return NULL;
	*ret_len = len;
	return take(c, len);
}

static bool record_data_ima(struct cursor *c, struct record *r)
{
	struct cursor start = *c;
	const unsigned char *path;

	if (!take(c, IMA_DIGEST_LEN))
		return false;
	path = take_field(c, MAX_TEMPLATE_DATA, &r->path_len);
	if (!path)
		return false;
	r->path = (const char *)path;
	r->data = start.p;
	r->data_len = start.left - c->left;
	return true;
}

static bool record_data(struct cursor *c, struct record *r)
{
	struct cursor fields;
	size_t len;

	r->data = take_field(c, MAX_TEMPLATE_DATA, &r->data_len);
	if (!r->data)
		return false;
	fields.p = r->data;
	fields.left = r->data_len;
	if (!take_field(&fields, r->data_len, &len))
		return false;
	r->path = (const char *)take_field(&fields, r->data_len, &r->path_len);
	while (fields.left)
		if (!take_field(&fields, r->data_len, &len))
			return false;
	return true;
}

static bool record_parse(struct cursor *c, size_t nr_digest, struct record *r)
{
	bool old;

	if (!take_u32(c, &r->pcr) || !take(c, nr_digest))
		return false;
	r->template_name = take_field(c, MAX_TEMPLATE_NAME,
				      &r->template_name_len);
	if (!r->template_name)
		return false;
	old = r->template_name_len == 3 && !memcmp(r->template_name, "ima", 3);
	if (old ? !record_data_ima(c, r) : !record_data(c, r))
		return false;
	if (r->path && r->path_len && !r->path[r->path_len - 1])
		r->path_len--;
	return true;
}

bool records_parse(const struct buf *buf, size_t nr_digest,
		   struct records *ret_records)
{
	struct cursor c = { .p = buf->p, .left = buf->len };
	struct records records = { 0 };

	while (c.left) {
		struct record r = { .off = buf->len - c.left };

		if (!record_parse(&c, nr_digest, &r)) {
			say("no record at offset %zu of %zu", r.off, buf->len);
			free(records.r);
			return false;
		}
		r.len = buf->len - c.left - r.off;
		records.r = realloc(records.r,
				    (records.nr + 1) * sizeof(*records.r));
		CHECK(records.r, "out of memory");
		records.r[records.nr++] = r;
	}
	*ret_records = records;
	return true;
}

void records_free(struct records *records)
{
	free(records->r);
	memset(records, 0, sizeof(*records));
}

static bool take_number(const char **p, const char *end, unsigned int *ret)
{
	const char *start = *p;
	unsigned int n = 0;

	while (*p < end && **p >= '0' && **p <= '9')
		n = n * 10 + *(*p)++ - '0';
	*ret = n;
	return *p > start;
}

/* <tag>-<producer>-<sequence number>, as measure.c names its files */
bool record_own(const struct record *r, char *ret_producer,
		unsigned int *ret_seq)
{
	size_t tag_len = strlen(cfg.tag);
	const char *p, *end;

	if (!r->path)
		return false;
	end = r->path + r->path_len;
	for (p = end; p > r->path && p[-1] != '/'; p--)
		;
	if ((size_t)(end - p) < tag_len + 4 || memcmp(p, cfg.tag, tag_len))
		return false;
	p += tag_len;
	if (p[0] != '-' || p[2] != '-')
		return false;
	*ret_producer = p[1];
	p += 3;
	return take_number(&p, end, ret_seq) && p == end;
}
