// SPDX-License-Identifier: MIT
/*
 * The cache: what was read is in order and found by halving; what is new lies behind it until
 * it is saved.
 */
#include "catalog/digest_cache.h"
#include "base/bytes.h"
#include "base/file.h"
#include "base/hex.h"
#include "base/output.h"
#include "base/util.h"
#include "log/buffer.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>

#define CACHE_LEN_MAX ((size_t)4 << 30)
#define SETTLED 2 /* seconds after which a change is in another step of time */
#define NR_NUMBERS 5

struct known {
	uint64_t numbers[NR_NUMBERS]; /* device, inode, size, mtime, ctime */
	uint8_t digest[IMASTAGE_DIGEST_MAX];
};

struct known_row {
	struct known *of; /* owned */
	size_t nr, capacity;
};

struct digest_cache {
	const char *path;
	enum imastage_bank bank;
	int64_t now;
	struct known_row old; /* in order, from the file */
	pthread_mutex_t lock; /* of what follows */
	struct known_row new;
};

static int compare_numbers(const void *a, const void *b, size_t nr)
{
	const struct known *one = a, *other = b;

	for (size_t i = 0; i < nr; i++)
		if (one->numbers[i] != other->numbers[i])
			return one->numbers[i] < other->numbers[i] ? -1 : 1;
	return 0;
}

/* One file has one entry. */
static int compare(const void *a, const void *b)
{
	return compare_numbers(a, b, 2);
}

static int push(struct known_row *row, const struct known *known)
{
	size_t capacity = row->capacity ? 2 * row->capacity : 1024;
	struct known *more;

	if (row->nr == row->capacity) {
		more = reallocarray(row->of, capacity, sizeof(*more));
		if (!more)
			return -ENOMEM;
		row->of = more;
		row->capacity = capacity;
	}
	row->of[row->nr++] = *known;
	return 0;
}

/* ---- reading --------------------------------------------------------------- */

static int parse_number_before(struct imastage_bytes *line,
			       uint64_t *ret_number)
{
	size_t len = bytes_find(*line, ' ');
	uint64_t number = 0;

	if (len == 0 || len == line->len)
		return -EBADMSG;
	for (size_t i = 0; i < len; i++) {
		unsigned int digit = line->data[i] - (unsigned int)'0';

		if (digit > 9 || __builtin_mul_overflow(number, 10, &number) ||
		    __builtin_add_overflow(number, digit, &number))
			return -EBADMSG;
	}
	*line = bytes_skip(*line, len + 1);
	*ret_number = number;
	return 0;
}

static int parse_line(const struct digest_cache *cache,
		      struct imastage_bytes line, struct known *ret_known)
{
	size_t len;

	for (size_t i = 0; i < NR_NUMBERS; i++)
		if (parse_number_before(&line, &ret_known->numbers[i]) < 0)
			return -EBADMSG;
	if (hex_decode(line, sizeof(ret_known->digest), ret_known->digest,
		       &len) < 0 ||
	    len != imastage_bank_digest_len(cache->bank))
		return -EBADMSG;
	return 0;
}

static int parse(struct digest_cache *cache, struct imastage_bytes text)
{
	char head[64];
	size_t len;
	int r = 0;

	snprintf(head, sizeof(head), "imastage digest cache 1 %s\n",
		 imastage_bank_name(cache->bank));
	if (!bytes_equal_text(bytes_first(text, strlen(head)), head) ||
	    text.data[text.len - 1] != '\n')
		return -EBADMSG;
	text = bytes_skip(text, strlen(head));
	while (text.len && r == 0) {
		struct known known = { 0 };

		len = bytes_find(text, '\n');
		r = parse_line(cache, bytes_first(text, len), &known);
		if (r == 0 && cache->old.nr &&
		    compare(&cache->old.of[cache->old.nr - 1], &known) >= 0)
			r = -EBADMSG;
		if (r == 0)
			r = push(&cache->old, &known);
		text = bytes_skip(text, len + 1);
	}
	return r;
}

static int read_whole(struct digest_cache *cache, const struct say *say_to)
{
	cleanup_free uint8_t *data = NULL;
	struct stat st;
	size_t len;
	int r;

	if (stat(cache->path, &st) < 0)
		return errno == ENOENT ?
			       0 :
			       say_errno(say_to, -errno, "%s", cache->path);
	if (!S_ISREG(st.st_mode) || st.st_uid != geteuid() ||
	    st.st_mode & (S_IWGRP | S_IWOTH)) {
		say(say_to, SAY_ERROR,
		    "%s: another user could have written this cache; remove it",
		    cache->path);
		return -EPERM;
	}
	r = file_read(cache->path, CACHE_LEN_MAX, &data, &len);
	if (r < 0)
		return say_errno(say_to, r, "%s", cache->path);
	r = parse(cache, bytes_of(data, len));
	if (r == -EBADMSG)
		say(say_to, SAY_ERROR,
		    "%s: no cache of %s digests, or damaged; remove it, or name another one",
		    cache->path, imastage_bank_name(cache->bank));
	return r;
}

int digest_cache_open(const char *path, enum imastage_bank bank, int64_t now,
		      const struct say *say_to, struct digest_cache **ret_cache)
{
	struct digest_cache *cache = calloc(1, sizeof(*cache));
	int r;

	if (!cache)
		return -ENOMEM;
	pthread_mutex_init(&cache->lock, NULL);
	cache->path = path;
	cache->bank = bank;
	cache->now = now;
	r = read_whole(cache, say_to);
	if (r < 0)
		digest_cache_free(cache);
	else
		*ret_cache = cache;
	return r;
}

void digest_cache_free(struct digest_cache *cache)
{
	if (!cache)
		return;
	pthread_mutex_destroy(&cache->lock);
	free(cache->old.of);
	free(cache->new.of);
	free(cache);
}

/* ---- asking ---------------------------------------------------------------- */

static uint64_t in_ns(const struct timespec *time)
{
	return (uint64_t)time->tv_sec * 1000000000u + (uint64_t)time->tv_nsec;
}

static struct known known_of(const struct stat *st)
{
	return (struct known){
		.numbers = { st->st_dev, st->st_ino, (uint64_t)st->st_size,
			     in_ns(&st->st_mtim), in_ns(&st->st_ctim) }
	};
}

bool digest_cache_find(struct digest_cache *cache, const struct stat *st,
		       uint8_t *ret_digest)
{
	struct known wanted;
	const struct known *found = NULL;

	if (!cache)
		return false;
	wanted = known_of(st);
	if (cache->old.nr)
		found = bsearch(&wanted, cache->old.of, cache->old.nr,
				sizeof(wanted), compare);
	if (!found || compare_numbers(found, &wanted, NR_NUMBERS))
		return false;
	memcpy(ret_digest, found->digest,
	       imastage_bank_digest_len(cache->bank));
	return true;
}

void digest_cache_put(struct digest_cache *cache, const struct stat *st,
		      const uint8_t *digest)
{
	struct known known;

	if (!cache || st->st_ctim.tv_sec + SETTLED > cache->now)
		return;
	known = known_of(st);
	memcpy(known.digest, digest, imastage_bank_digest_len(cache->bank));
	pthread_mutex_lock(&cache->lock);
	(void)push(&cache->new, &known);
	pthread_mutex_unlock(&cache->lock);
}

/* ---- saving ---------------------------------------------------------------- */

static void put_known(const struct digest_cache *cache,
		      const struct known *known, FILE *file)
{
	char hex[HEX_TEXT_LEN(IMASTAGE_DIGEST_MAX)];

	for (size_t i = 0; i < NR_NUMBERS; i++)
		fprintf(file, "%" PRIu64 " ", known->numbers[i]);
	hex_encode(bytes_of(known->digest,
			    imastage_bank_digest_len(cache->bank)),
		   hex);
	fprintf(file, "%s\n", hex);
}

/* Of several entries for one file, the last one stays. */
static void drop_doubles(struct known_row *row)
{
	size_t nr = 0;

	for (size_t i = 0; i < row->nr; i++)
		if (i + 1 == row->nr || compare(&row->of[i], &row->of[i + 1]))
			row->of[nr++] = row->of[i];
	row->nr = nr;
}

/* Which row has the next file: negative the old one, positive the new one, 0 both. */
static int next_of(const struct known_row *old, size_t i,
		   const struct known_row *new, size_t j)
{
	if (i == old->nr)
		return 1;
	return j == new->nr ? -1 : compare(&old->of[i], &new->of[j]);
}

/* Both rows in one order; of a file that both have, the new entry. */
static void put_all(struct digest_cache *cache, FILE *file)
{
	const struct known_row *old = &cache->old, *new = &cache->new;
	size_t i = 0, j = 0;
	int order;

	fprintf(file, "imastage digest cache 1 %s\n",
		imastage_bank_name(cache->bank));
	while (i < old->nr || j < new->nr) {
		order = next_of(old, i, new, j);
		put_known(cache, order < 0 ? &old->of[i] : &new->of[j], file);
		i += order <= 0;
		j += order >= 0;
	}
}

int digest_cache_save(struct digest_cache *cache, const struct say *say_to)
{
	struct output output = { 0 };
	int r;

	if (!cache->new.nr)
		return 0;
	qsort(cache->new.of, cache->new.nr, sizeof(struct known), compare);
	drop_doubles(&cache->new);
	r = output_open_regular(&output, cache->path, 0600);
	if (r < 0) {
		say(say_to, SAY_ERROR, "%s: %s", cache->path, path_strerror(r));
		return r;
	}
	put_all(cache, output.file);
	r = ferror(output.file) ? -EIO : output_commit(&output);
	output_fini(&output);
	if (r < 0)
		say_errno(say_to, r, "%s", cache->path);
	return r;
}
