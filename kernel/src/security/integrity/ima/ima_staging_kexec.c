// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Staging of the IMA measurement list across kexec: how much room what goes with
 * the list gets, and what this kernel takes over from the one before.
 *
 * The list comes first: digests only get room that it can do without.
 */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/init.h>
#include <linux/kernel.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/string.h>

#include "ima.h"

/*
 * Digests of deleted records are handed on in at most so many per cent of all
 * memory; 0: neither handed on nor taken over, and what is restored is measured
 * again. ima_kexec_digests= sets it.
 */
static unsigned int digests_percent __ro_after_init = 5;

/* The segment as a whole is given up where it takes more than half of memory. */
static unsigned long room_beside_list(unsigned long list_len)
{
	unsigned long half = totalram_pages() / 2 * PAGE_SIZE;
	unsigned long taken = list_len + 4 * PAGE_SIZE;

	return half > taken ? half - taken : 0;
}

/**
 * ima_kexec_extra_len - what the kexec segment has to hold beside the list
 * @list_len: bytes of the serialized list as it is now
 *
 * Return: bytes for records that are measured until the next kernel is executed,
 * and for the trailer.
 */
unsigned long ima_kexec_extra_len(unsigned long list_len)
{
	unsigned long extra = CONFIG_IMA_STAGING_KEXEC_EXTRA_KB * 1024UL +
			      IMA_STAGING_TRAILER_LEN;
	unsigned long share = totalram_pages() / 100 * digests_percent *
			      PAGE_SIZE;

	if (list_len > ULONG_MAX / 2)
		return extra;
	return extra + min3(ima_staging_digests_len(&ima_staging), share,
			    room_beside_list(list_len + extra));
}

/**
 * ima_kexec_put_trailer - write what the next kernel gets beside the list
 * @ret_buf: behind the list
 * @room: bytes there, at least IMA_STAGING_TRAILER_LEN
 *
 * Return: bytes written.
 */
size_t ima_kexec_put_trailer(u8 *ret_buf, size_t room)
{
	return ima_staging_put_trailer(&ima_staging, ret_buf, room,
				       digests_percent > 0);
}

/**
 * ima_restored_is_hashed - are duplicates of a restored record to be found?
 * @entry: the record, not yet in the list; ima_extend_list_mutex is held
 *
 * Return: true if they are, and it is the first of its digest.
 */
bool ima_restored_is_hashed(const struct ima_template_entry *entry)
{
	const u8 *digest = entry->digests[ima_hash_algo_idx].digest;

	if (!digests_percent || IS_ENABLED(CONFIG_IMA_DISABLE_HTABLE))
		return false;

	/* Violations are not. */
	return memchr_inv(digest, 0, hash_digest_size[ima_hash_algo]) &&
	       !ima_staging_has_digest(&ima_staging, digest, entry->pcr);
}

static void __init restore_trailer(const void *buf, size_t len)
{
	struct ima_staging_restored digests = {};
	int ret;

	mutex_lock(ima_staging.extend_lock);
	ret = ima_staging_get_trailer(&ima_staging, buf, len,
				      digests_percent > 0 &&
				      !IS_ENABLED(CONFIG_IMA_DISABLE_HTABLE),
				      &digests);
	mutex_unlock(ima_staging.extend_lock);
	if (ret == -EINVAL)
		pr_warn("what the previous kernel left behind the measurement list is damaged: the count of deleted records starts from 0, and their files are measured again\n");
	if (!ret && digests_percent && digests.nr_left)
		pr_warn("%llu of %llu digests of deleted records were not taken over from the previous kernel: their files are measured again\n",
			digests.nr_left, digests.nr + digests.nr_left);
}

/**
 * ima_staging_restore - take over what the kernel before left behind the list
 * @buf: the kexec buffer: header, records, what follows them
 * @len: its length in bytes
 */
void __init ima_staging_restore(const void *buf, size_t len)
{
	const struct ima_kexec_hdr *khdr = buf;

	/* What restoring the list left of the header is in host order. */
	if (len < sizeof(*khdr) || khdr->version != 1 ||
	    khdr->buffer_size < sizeof(*khdr) || khdr->buffer_size > len)
		return;

	restore_trailer(buf + khdr->buffer_size, len - khdr->buffer_size);
}

static int __init kexec_digests_setup(char *str)
{
	unsigned int percent;

	if (kstrtouint(str, 10, &percent) || percent > 50) {
		pr_err("ima_kexec_digests=%s: not a number from 0 to 50, using %u\n",
		       str, digests_percent);
		return 1;
	}
	digests_percent = percent;
	return 1;
}
__setup("ima_kexec_digests=", kexec_digests_setup);
