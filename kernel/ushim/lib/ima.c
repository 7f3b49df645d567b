// SPDX-License-Identifier: MIT
/* Records as the kernel frees and measures them. */

#include <linux/crc32.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <zlib.h>

#include "ima.h"
#include "ushim.h"

#define SHA1_DIGEST_SIZE 20

void ima_free_template_entry(struct ima_template_entry *entry)
{
	int i;

	for (i = 0; i < entry->template_desc->num_fields; i++)
		kfree(entry->template_data[i].data);
	kfree(entry->digests);
	kfree(entry);
}

/* PCR, digest, length and text of the template's name, length and data. */
unsigned long ima_binary_runtime_size(const struct ima_template_entry *entry)
{
	ushim_slow();
	return sizeof(u32) + SHA1_DIGEST_SIZE + sizeof(u32) +
	       strlen(entry->template_desc->name) + sizeof(u32) +
	       entry->template_data_len;
}

u32 crc32_le(u32 crc, const void *buf, size_t len)
{
	return len ? ~crc32(~crc, buf, len) : crc;
}
