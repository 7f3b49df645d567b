/* SPDX-License-Identifier: MIT */
/*
 * Custom: the part of the kernel's ima.h (as patched) that the measurement list
 * is made of. Members that nobody here looks at are left out.
 */
#ifndef USHIM_IMA_H
#define USHIM_IMA_H

#include <crypto/hash_info.h>
#include <linux/list.h>
#include <linux/types.h>

#define IMA_TEMPLATE_NUM_FIELDS_MAX 15

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

/* IMA's hash, and where its digest and that of sha1 are; see ushim_ima_hash(). */
extern int ima_hash_algo;
extern int ima_hash_algo_idx;
extern int ima_sha1_idx;

#include "ima_record.h"

void ima_free_template_entry(struct ima_template_entry *entry);
unsigned long ima_binary_runtime_size(const struct ima_template_desc *desc,
				      u32 template_data_len);

#endif
