/* SPDX-License-Identifier: MIT */
/*
 * Custom: the part of the kernel's ima.h (as patched) that the measurement list
 * is made of. Members that nobody here looks at are left out.
 */
#ifndef USHIM_IMA_H
#define USHIM_IMA_H

#include <linux/list.h>
#include <linux/types.h>

#define TPM_MAX_DIGEST_SIZE 64

struct tpm_digest {
	u16 alg_id;
	u8 digest[TPM_MAX_DIGEST_SIZE];
};

struct ima_field_data {
	u8 *data;
	u32 len;
};

struct ima_template_desc {
	char *name;
	char *fmt;
	int num_fields;
};

struct ima_template_entry {
	int pcr;
	struct tpm_digest *digests;
	struct ima_template_desc *template_desc;
	u32 template_data_len;
	struct ima_field_data template_data[];
};

/*
 * Place in the hash table and in the list, the record, and what of it duplicate
 * detection still needs when the record is gone.
 */
struct ima_queue_entry {
	struct hlist_node hnext;
	struct list_head later;
	struct ima_template_entry *entry;
	int pcr;
	u8 digest[];
};

void ima_free_template_entry(struct ima_template_entry *entry);
unsigned long ima_binary_runtime_size(const struct ima_template_entry *entry);

#endif
