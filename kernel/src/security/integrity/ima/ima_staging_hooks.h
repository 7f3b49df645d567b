/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Where staging meets the rest of IMA: what existing files call, so that a hook
 * is one line there. Without CONFIG_IMA_STAGING all of it is what was there
 * before. Included at the end of ima.h.
 */
#ifndef _SECURITY_IMA_STAGING_HOOKS_H
#define _SECURITY_IMA_STAGING_HOOKS_H

#include <linux/rculist.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/tpm.h>

#include "ima_staging.h"

/* The longest digest of a bank, in bytes. */
#define IMA_BANK_DIGEST_MAX	sizeof_field(struct tpm_digest, digest)

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

void ima_staging_init_hash(void);
int ima_staging_fs_init(struct dentry *ima_dir);
int ima_snapshot_fs_init(struct dentry *ima_dir);
unsigned long ima_kexec_extra_len(unsigned long list_len);
size_t ima_kexec_put_trailer(u8 *ret_buf, size_t room);
bool ima_restored_is_hashed(const struct ima_template_entry *entry);
void ima_staging_restore(const void *buf, size_t len);
u8 *ima_queue_entry_digest(const struct ima_queue_entry *qe,
			   struct ima_template_entry *view, int idx,
			   u8 buf[IMA_BANK_DIGEST_MAX]);

/*
 * What can fail of adding, before anything is changed. Called with
 * ima_extend_list_mutex held.
 */
static inline struct ima_queue_entry *
ima_queue_entry_new(struct ima_template_entry *entry)
{
	if (ima_staging_reserve_digest(&ima_staging))
		return NULL;
	return ima_record_new(entry);
}

/* Called with ima_extend_list_mutex held. */
static inline void ima_queue_entry_hash(struct ima_queue_entry *qe)
{
	ima_staging_add_digest(&ima_staging, qe);
}

/* The list has all of the entry now, in another form. */
static inline void ima_template_entry_queued(struct ima_template_entry *entry)
{
	ima_free_template_entry(entry);
}

static inline struct ima_template_entry *
ima_queue_entry_view(const struct ima_queue_entry *qe,
		     union ima_record_view *view)
{
	return ima_record_view(qe, view);
}

/* Called with ima_extend_list_mutex held. */
static inline bool ima_lookup_digest_entry(const u8 *digest, int pcr)
{
	return ima_staging_has_digest(&ima_staging, digest, pcr);
}

/* Called with ima_extend_list_mutex held. */
static inline bool ima_measuring_suspended(void)
{
	return ima_staging.suspended;
}

/* Does the record fit into the kexec segment, the trailer with it? */
static inline bool ima_kexec_fits(const struct seq_file *m,
				  const struct ima_queue_entry *qe)
{
	size_t end = m->count + ima_binary_runtime_size(qe->template_desc,
							qe->template_data_len);

	return m->size >= end + IMA_STAGING_TRAILER_LEN;
}

#else /* !CONFIG_IMA_STAGING */

#define IMA_LIST_FILE_MODE 0440

union ima_record_view {
};

static inline void ima_staging_init_hash(void)
{
}

static inline int ima_staging_fs_init(struct dentry *ima_dir)
{
	return 0;
}

static inline int ima_snapshot_fs_init(struct dentry *ima_dir)
{
	return 0;
}

static inline unsigned long ima_kexec_extra_len(unsigned long list_len)
{
	return 0;
}

static inline size_t ima_kexec_put_trailer(u8 *ret_buf, size_t room)
{
	return 0;
}

static inline bool
ima_restored_is_hashed(const struct ima_template_entry *entry)
{
	return false;
}

static inline void ima_staging_restore(const void *buf, size_t len)
{
}

static inline struct ima_queue_entry *
ima_queue_entry_new(struct ima_template_entry *entry)
{
	struct ima_queue_entry *qe;

	qe = kmalloc(sizeof(*qe), GFP_KERNEL);
	if (qe)
		qe->entry = entry;
	return qe;
}

static inline void ima_queue_entry_hash(struct ima_queue_entry *qe)
{
	unsigned int key;

	key = ima_hash_key(qe->entry->digests[ima_hash_algo_idx].digest);
	hlist_add_head_rcu(&qe->hnext, &ima_htable.queue[key]);
}

static inline void ima_template_entry_queued(struct ima_template_entry *entry)
{
}

static inline struct ima_template_entry *
ima_queue_entry_view(const struct ima_queue_entry *qe,
		     union ima_record_view *view)
{
	return qe->entry;
}

static inline u8 *ima_queue_entry_digest(const struct ima_queue_entry *qe,
					 struct ima_template_entry *view,
					 int idx, u8 buf[IMA_BANK_DIGEST_MAX])
{
	return view->digests[idx].digest;
}

static inline bool ima_measuring_suspended(void)
{
	return false;
}

static inline bool ima_kexec_fits(const struct seq_file *m,
				  const struct ima_queue_entry *qe)
{
	return m->count < m->size;
}

#endif /* CONFIG_IMA_STAGING */

#endif /* _SECURITY_IMA_STAGING_HOOKS_H */
