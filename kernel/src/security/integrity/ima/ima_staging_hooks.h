/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Where staging meets the rest of IMA: what existing files call, so that a hook
 * is one line there. Without CONFIG_IMA_STAGING all of it is what was there
 * before. Included at the end of ima.h.
 */
#ifndef _SECURITY_IMA_STAGING_HOOKS_H
#define _SECURITY_IMA_STAGING_HOOKS_H

#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "ima_staging.h"

/* The one measurement list of this kernel; defined with staging only. */
extern struct ima_staging ima_staging;

/* Files of the lists: current or staged, text or binary. */
extern const struct file_operations ima_staging_current_ascii_ops;
extern const struct file_operations ima_staging_current_binary_ops;
extern const struct file_operations ima_staging_staged_ascii_ops;
extern const struct file_operations ima_staging_staged_binary_ops;

#ifdef CONFIG_IMA_STAGING

/* Mode of the files of the lists, which take commands. */
#define IMA_LIST_FILE_MODE 0660

/* Room for measuring between kexec load and execute, beyond half a page. */
#define IMA_KEXEC_EXTRA_LEN \
	(CONFIG_IMA_STAGING_KEXEC_EXTRA_KB * 1024UL + IMA_STAGING_TRAILER_LEN)

int ima_staging_fs_init(struct dentry *ima_dir);
void ima_staging_restore(const void *buf, size_t len);

/*
 * A queue entry brings what duplicate detection needs, and so can do without
 * its template entry once that is deleted. Not hashed, not in a list yet.
 */
static inline struct ima_queue_entry *
ima_queue_entry_alloc(struct ima_template_entry *entry)
{
	const u8 *digest = entry->digests[ima_hash_algo_idx].digest;
	size_t digest_len = hash_digest_size[ima_hash_algo];
	struct ima_queue_entry *qe;

	qe = kmalloc(struct_size(qe, digest, digest_len), GFP_KERNEL);
	if (!qe)
		return NULL;

	INIT_HLIST_NODE(&qe->hnext);
	qe->pcr = entry->pcr;
	memcpy(qe->digest, digest, digest_len);
	return qe;
}

static inline bool ima_queue_entry_is(const struct ima_queue_entry *qe,
				      const u8 *digest, int pcr)
{
	return !memcmp(qe->digest, digest, hash_digest_size[ima_hash_algo]) &&
	       qe->pcr == pcr;
}

/* Was there such a record, now deleted? Called with ima_extend_list_mutex held. */
static inline bool ima_digest_was_deleted(const u8 *digest, int pcr)
{
	return ima_digest_set_has(&ima_staging.digests, digest, pcr);
}

/* Called with ima_extend_list_mutex held. */
static inline bool ima_measuring_suspended(void)
{
	return ima_staging.suspended;
}

/* Does the record fit into the kexec segment, the trailer with it? */
static inline bool ima_kexec_fits(const struct seq_file *m,
				  const struct ima_template_entry *entry)
{
	size_t end = m->count + ima_binary_runtime_size(entry);

	return m->size >= end + IMA_STAGING_TRAILER_LEN;
}

#else /* !CONFIG_IMA_STAGING */

#define IMA_LIST_FILE_MODE 0440
#define IMA_KEXEC_EXTRA_LEN 0UL

static inline int ima_staging_fs_init(struct dentry *ima_dir)
{
	return 0;
}

static inline void ima_staging_restore(const void *buf, size_t len)
{
}

static inline struct ima_queue_entry *
ima_queue_entry_alloc(struct ima_template_entry *entry)
{
	return kmalloc(sizeof(struct ima_queue_entry), GFP_KERNEL);
}

static inline bool ima_queue_entry_is(const struct ima_queue_entry *qe,
				      const u8 *digest, int pcr)
{
	return !memcmp(qe->entry->digests[ima_hash_algo_idx].digest, digest,
		       hash_digest_size[ima_hash_algo]) &&
	       qe->entry->pcr == pcr;
}

static inline bool ima_digest_was_deleted(const u8 *digest, int pcr)
{
	return false;
}

static inline bool ima_measuring_suspended(void)
{
	return false;
}

static inline bool ima_kexec_fits(const struct seq_file *m,
				  const struct ima_template_entry *entry)
{
	return m->count < m->size;
}

#endif /* CONFIG_IMA_STAGING */

#endif /* _SECURITY_IMA_STAGING_HOOKS_H */
