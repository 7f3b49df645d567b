// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Staging of the IMA measurement list: its files in securityfs, its start at boot,
 * its end at reboot.
 *
 * Every list file shows one of the two lists through seq_file. What a reader
 * sees is a plain file: after a command has changed the lists, a descriptor
 * keeps its offset, and reads on in the new contents from there.
 */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/capability.h>
#include <linux/fs.h>
#include <linux/init.h>
#include <linux/mm.h>
#include <linux/random.h>
#include <linux/reboot.h>
#include <linux/security.h>
#include <linux/seq_file.h>
#include <linux/uaccess.h>

#include "ima.h"

/* A read of the list that is larger than a page is served in larger pieces. */
#define LIST_BUF_LEN	(64 * 1024)

/* An open file on a list: the private data of its seq_file. */
struct list_file {
	struct ima_staging_file list;
	/* The lists were cut: find the offset anew (under the seq_file's lock). */
	bool find_offset;
};

static struct ima_staging_file *list_of_seq(struct seq_file *m)
{
	struct list_file *f = m->private;

	return &f->list;
}

static void *list_start(struct seq_file *m, loff_t *pos)
{
	return ima_staging_start(list_of_seq(m), *pos);
}

static void *list_next(struct seq_file *m, void *v, loff_t *pos)
{
	++*pos;
	return ima_staging_next(list_of_seq(m));
}

static void list_stop(struct seq_file *m, void *v)
{
	ima_staging_stop(list_of_seq(m));
}

static const struct seq_operations ascii_ops = {
	.start = list_start,
	.next = list_next,
	.stop = list_stop,
	.show = ima_ascii_measurements_show,
};

static const struct seq_operations binary_ops = {
	.start = list_start,
	.next = list_next,
	.stop = list_stop,
	.show = ima_measurements_show,
};

/**
 * ima_queue_entry_digest - get a record's template digest of any bank
 * @qe: the record
 * @view: the same as a template entry
 * @idx: index of the bank in ima_algo_array
 * @buf: where a digest that is not kept is calculated
 *
 * Return: the digest, in @buf or owned by @qe; NULL if calculating fails.
 */
u8 *ima_queue_entry_digest(const struct ima_queue_entry *qe,
			   struct ima_template_entry *view, int idx,
			   u8 buf[IMA_BANK_DIGEST_MAX])
{
	if (idx == ima_hash_algo_idx)
		return (u8 *)ima_record_digest(qe);
	if (idx == ima_sha1_idx)
		return (u8 *)ima_record_sha1(qe);

	memset(buf, 0, IMA_BANK_DIGEST_MAX);
	if (ima_record_is_violation(qe))
		return buf;

	/* Of an algorithm that the kernel does not know, it is a padded sha1. */
	if (!ima_algo_array[idx].tfm)
		return memcpy(buf, ima_record_sha1(qe), SHA1_DIGEST_SIZE);

	if (ima_calc_field_array_hash_tfm(view->template_data,
					  view->template_desc, idx, buf))
		return NULL;
	return buf;
}

static int open_seq(struct file *file, const struct seq_operations *ops,
		    struct list_file *f)
{
	struct seq_file *m;
	int ret;

	ret = seq_open(file, ops);
	if (ret)
		return ret;

	m = file->private_data;
	m->private = f;
	m->buf = kvmalloc(LIST_BUF_LEN, GFP_KERNEL | __GFP_NOWARN);
	if (m->buf)
		m->size = LIST_BUF_LEN;
	return 0;
}

static int list_open(struct file *file, bool staged,
		     const struct seq_operations *ops)
{
	bool write = file->f_mode & FMODE_WRITE;
	struct list_file *f;
	int ret;

	if (write && !capable(CAP_SYS_ADMIN))
		return -EPERM;

	f = kzalloc(sizeof(*f), GFP_KERNEL);
	if (!f)
		return -ENOMEM;

	ret = ima_staging_open(&ima_staging, &f->list, staged, write);
	if (ret)
		goto free;

	ret = open_seq(file, ops, f);
	if (ret)
		goto release;
	return 0;

release:
	ima_staging_release(&f->list);
free:
	kfree(f);
	return ret;
}

static int list_release(struct inode *inode, struct file *file)
{
	struct seq_file *m = file->private_data;
	struct list_file *f = m->private;

	ima_staging_release(&f->list);
	kfree(f);
	return seq_release(inode, file);
}

/*
 * Once the lists are no longer as they were, what seq_file has buffered is of the
 * past, and where the offset lies in the new contents is to be found out: until
 * there is something to read, for it may lie behind the end.
 */
static ssize_t list_read(struct file *file, char __user *buf, size_t len,
			 loff_t *ppos)
{
	struct seq_file *m = file->private_data;
	struct list_file *f = m->private;
	ssize_t ret;

	mutex_lock(&m->lock);
	if (ima_staging_moved(&f->list))
		f->find_offset = true;
	if (f->find_offset)
		m->read_pos = -1;
	mutex_unlock(&m->lock);

	ret = seq_read(file, buf, len, ppos);
	if (ret > 0)
		WRITE_ONCE(f->find_offset, false);
	return ret;
}

static ssize_t list_write(struct file *file, const char __user *buf, size_t len,
			  loff_t *ppos)
{
	struct seq_file *m = file->private_data;
	struct ima_staging_file *f = list_of_seq(m);
	char text[IMA_STAGING_CMD_MAX];
	struct ima_staging_cmd cmd;
	int ret;

	if (len < IMA_STAGING_CMD_MIN || len > sizeof(text))
		return -EINVAL;
	if (copy_from_user(text, buf, len))
		return -EFAULT;

	ret = ima_staging_parse(text, len, f->staged, &cmd);
	if (!ret)
		ret = ima_staging_execute(f, &cmd);
	return ret ? ret : len;
}

static int current_ascii_open(struct inode *inode, struct file *file)
{
	return list_open(file, false, &ascii_ops);
}

static int current_binary_open(struct inode *inode, struct file *file)
{
	return list_open(file, false, &binary_ops);
}

static int staged_ascii_open(struct inode *inode, struct file *file)
{
	return list_open(file, true, &ascii_ops);
}

static int staged_binary_open(struct inode *inode, struct file *file)
{
	return list_open(file, true, &binary_ops);
}

#define DEFINE_LIST_OPS(which)						\
const struct file_operations ima_staging_##which##_ops = {		\
	.open = which##_open,						\
	.read = list_read,						\
	.write = list_write,						\
	.llseek = seq_lseek,						\
	.release = list_release,					\
}

DEFINE_LIST_OPS(current_ascii);
DEFINE_LIST_OPS(current_binary);
DEFINE_LIST_OPS(staged_ascii);
DEFINE_LIST_OPS(staged_binary);

static ssize_t show_count(char __user *buf, size_t len, loff_t *ppos, s64 count)
{
	char text[24];
	int text_len = scnprintf(text, sizeof(text), "%lld\n", count);

	return simple_read_from_buffer(buf, len, ppos, text, text_len);
}

static ssize_t staged_count_read(struct file *file, char __user *buf,
				 size_t len, loff_t *ppos)
{
	return show_count(buf, len, ppos,
			  ima_staging_counts(&ima_staging).nr_staged);
}

static ssize_t deleted_count_read(struct file *file, char __user *buf,
				  size_t len, loff_t *ppos)
{
	return show_count(buf, len, ppos,
			  ima_staging_counts(&ima_staging).nr_deleted);
}

static const struct file_operations staged_count_ops = {
	.read = staged_count_read,
	.llseek = generic_file_llseek,
};

static const struct file_operations deleted_count_ops = {
	.read = deleted_count_read,
	.llseek = generic_file_llseek,
};

static int __init create_count(struct dentry *ima_dir, const char *name,
			       const struct file_operations *ops)
{
	struct dentry *dentry;

	dentry = securityfs_create_file(name, 0440, ima_dir, NULL, ops);
	return PTR_ERR_OR_ZERO(dentry);
}

static int __init create_link(struct dentry *ima_dir, const char *name,
			      const char *target)
{
	struct dentry *dentry;

	dentry = securityfs_create_symlink(name, ima_dir, target, NULL);
	return PTR_ERR_OR_ZERO(dentry);
}

static int suspend_measuring(struct notifier_block *self, unsigned long action,
			     void *data)
{
	ima_staging_suspend(&ima_staging);
	return NOTIFY_OK;
}

/*
 * Default priority: before the notifier (of the lowest one) that dumps the lists
 * for the next kernel.
 */
static struct notifier_block suspend_nb = {
	.notifier_call = suspend_measuring,
};

/**
 * ima_staging_fs_init - create the files that only staging has
 * @ima_dir: IMA's directory in securityfs
 *
 * The files of the lists are created with those of the current list.
 *
 * Return: 0 or a negative error
 */
int __init ima_staging_fs_init(struct dentry *ima_dir)
{
	int ret;

	ret = create_link(ima_dir, "ascii_runtime_measurements_staged",
			  "ascii_runtime_measurements_sha1_staged");
	if (ret)
		return ret;
	ret = create_link(ima_dir, "binary_runtime_measurements_staged",
			  "binary_runtime_measurements_sha1_staged");
	if (ret)
		return ret;
	ret = create_count(ima_dir, "staged_measurements_count",
			   &staged_count_ops);
	if (ret)
		return ret;
	ret = create_count(ima_dir, "deleted_measurements_count",
			   &deleted_count_ops);
	if (ret)
		return ret;

	return register_reboot_notifier(&suspend_nb);
}

/**
 * ima_staging_init_hash - make duplicates findable, before the first record
 */
void __init ima_staging_init_hash(void)
{
	siphash_key_t key;

	get_random_bytes(&key, sizeof(key));
	ima_staging_init_digests(&ima_staging, ima_hash_algo,
				 hash_digest_size[ima_hash_algo], &key);
}

static int __init flush_htable_setup(char *str)
{
	ima_staging.flush_digests = true;
	return 1;
}
__setup("ima_flush_htable", flush_htable_setup);
