// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Staging of the IMA measurement list: the trailer that follows the list to the
 * next kernel. Its format is in ima_staging.h.
 *
 * A trailer that is read is believed in nothing before its checksum is right, and
 * then only as far as its own lengths agree.
 */

#include <linux/crc32.h>
#include <linux/errno.h>
#include <linux/limits.h>
#include <linux/string.h>
#include <linux/unaligned.h>

#include "ima.h"
#include "ima_staging.h"

static const char trailer_magic[8] = { 'I', 'M', 'A', 'S', 'T', 'A', 'G', 'E' };

enum {
	TRAILER_VERSION = 8,
	TRAILER_CRC = 12,
	TRAILER_LEN = 16,
	TRAILER_NR_DELETED = 24,
	TRAILER_NR_SNAPSHOTS = 32,
	TRAILER_NR_LEFT = 40,
	TRAILER_NR_DIGESTS = 48,
	TRAILER_HASH_ALGO = 56,
	TRAILER_DIGEST_LEN = 58,
};

static u32 trailer_crc(const u8 *buf, size_t len)
{
	static const u8 zero[sizeof(u32)];
	u32 crc = ~0U;

	crc = crc32_le(crc, buf, TRAILER_CRC);
	crc = crc32_le(crc, zero, sizeof(zero));
	crc = crc32_le(crc, buf + TRAILER_LEN, len - TRAILER_LEN);
	return ~crc;
}

/**
 * ima_staging_digests_len - room in a trailer that no digest is left out of
 * @s: the measurement list
 *
 * Return: bytes, for the digests alone; more than needed by as many as are of
 * records that are not deleted.
 */
size_t ima_staging_digests_len(const struct ima_staging *s)
{
	return READ_ONCE(s->digests.nr) * ima_digest_set_entry_len(&s->digests);
}

/* What comes over with its record need not come over by itself. */
static void forget_records(struct ima_staging *s, struct list_head *list)
{
	struct ima_queue_entry *qe;

	list_for_each_entry(qe, list, later) {
		if (qe->hashed)
			ima_digest_set_remove(&s->digests,
					      ima_record_digest(qe), qe->pcr);
	}
}

/* Returns how many there was room for. */
static u64 put_digests(struct ima_staging *s, u8 *ret_buf, size_t room,
		       u64 *ret_nr_left)
{
	u64 nr;

	mutex_lock(s->extend_lock);
	forget_records(s, &s->staged_list);
	forget_records(s, s->current_list);
	nr = ima_digest_set_copy(&s->digests, ret_buf, room);
	*ret_nr_left = s->digests.nr - nr;
	mutex_unlock(s->extend_lock);
	return nr;
}

/**
 * ima_staging_put_trailer - write what the next kernel needs to know
 * @s: the measurement list, suspended, and of no use for measuring afterwards
 * @ret_buf: where to
 * @room: bytes there, at least IMA_STAGING_TRAILER_LEN
 * @digests: the digests of deleted records, too, as many as there is room for
 *
 * Return: its length in bytes.
 */
size_t ima_staging_put_trailer(struct ima_staging *s, u8 *ret_buf, size_t room,
			       bool digests)
{
	size_t len = IMA_STAGING_TRAILER_LEN;
	u64 nr = 0, nr_left = 0;

	if (digests)
		nr = put_digests(s, ret_buf + len, room - len, &nr_left);
	len += nr * ima_digest_set_entry_len(&s->digests);

	memset(ret_buf, 0, IMA_STAGING_TRAILER_LEN);
	memcpy(ret_buf, trailer_magic, sizeof(trailer_magic));
	put_unaligned_le32(1, ret_buf + TRAILER_VERSION);
	put_unaligned_le64(len, ret_buf + TRAILER_LEN);
	put_unaligned_le64(atomic64_read(&s->nr_deleted),
			   ret_buf + TRAILER_NR_DELETED);
	put_unaligned_le64(s->nr_snapshots, ret_buf + TRAILER_NR_SNAPSHOTS);
	put_unaligned_le64(nr_left, ret_buf + TRAILER_NR_LEFT);
	put_unaligned_le64(nr, ret_buf + TRAILER_NR_DIGESTS);
	put_unaligned_le16(s->hash_algo, ret_buf + TRAILER_HASH_ALGO);
	put_unaligned_le16(s->digests.digest_len, ret_buf + TRAILER_DIGEST_LEN);
	put_unaligned_le32(trailer_crc(ret_buf, len), ret_buf + TRAILER_CRC);
	return len;
}

/* Is it there, whole and sound? */
static int check_trailer(const u8 *buf, size_t len)
{
	u64 trailer_len, nr;
	u16 digest_len;

	if (len < sizeof(trailer_magic) ||
	    memcmp(buf, trailer_magic, sizeof(trailer_magic)))
		return -ENOENT;
	if (len < IMA_STAGING_TRAILER_LEN)
		return -EINVAL;

	trailer_len = get_unaligned_le64(buf + TRAILER_LEN);
	if (trailer_len < IMA_STAGING_TRAILER_LEN || trailer_len > len)
		return -EINVAL;
	if (get_unaligned_le32(buf + TRAILER_CRC) !=
	    trailer_crc(buf, trailer_len))
		return -EINVAL;

	nr = get_unaligned_le64(buf + TRAILER_NR_DIGESTS);
	digest_len = get_unaligned_le16(buf + TRAILER_DIGEST_LEN);
	if (get_unaligned_le32(buf + TRAILER_VERSION) < 1 ||
	    get_unaligned_le64(buf + TRAILER_NR_DELETED) > S64_MAX ||
	    get_unaligned_le64(buf + TRAILER_NR_LEFT) > S64_MAX ||
	    nr > (trailer_len - IMA_STAGING_TRAILER_LEN) / (1 + digest_len))
		return -EINVAL;
	return 0;
}

/* Of IMA's hash as it is now; those of records in memory are there already. */
static u64 get_digests(struct ima_staging *s, const u8 *entry, u64 nr)
{
	size_t entry_len = ima_digest_set_entry_len(&s->digests);
	u64 i;

	for (i = 0; i < nr; i++, entry += entry_len) {
		if (ima_digest_set_has(&s->digests, entry + 1, entry[0]))
			continue;
		if (ima_digest_set_reserve(&s->digests, 1))
			break;
		ima_digest_set_add(&s->digests, entry + 1, entry[0]);
	}
	return i;
}

static bool same_hash(const struct ima_staging *s, const u8 *trailer)
{
	return get_unaligned_le16(trailer + TRAILER_HASH_ALGO) ==
		       s->hash_algo &&
	       get_unaligned_le16(trailer + TRAILER_DIGEST_LEN) ==
		       s->digests.digest_len;
}

/**
 * ima_staging_get_trailer - take over from the kernel before
 * @s: the measurement list with the records of that kernel, before anybody else
 *     looks at it
 * @buf: what follows the serialized records, from whomever; any alignment
 * @len: all bytes of it
 * @digests: the digests, too
 * @ret: what became of the digests
 *
 * Return: 0; -ENOENT if there is no trailer, -EINVAL if there is one that does
 * not check out. @s and @ret are then as before.
 */
int ima_staging_get_trailer(struct ima_staging *s, const void *buf, size_t len,
			    bool digests, struct ima_staging_restored *ret)
{
	const u8 *trailer = buf;
	u64 nr;
	int err;

	err = check_trailer(trailer, len);
	if (err)
		return err;

	nr = get_unaligned_le64(trailer + TRAILER_NR_DIGESTS);
	ret->nr = 0;
	if (digests && same_hash(s, trailer))
		ret->nr = get_digests(s, trailer + IMA_STAGING_TRAILER_LEN, nr);
	ret->nr_left = get_unaligned_le64(trailer + TRAILER_NR_LEFT) + nr -
		       ret->nr;
	s->nr_snapshots = get_unaligned_le64(trailer + TRAILER_NR_SNAPSHOTS);
	atomic64_set(&s->nr_deleted,
		     get_unaligned_le64(trailer + TRAILER_NR_DELETED));
	return 0;
}
