// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Recording a snapshot_aggregate. See ima_snapshot.h.
 *
 * The value of the PCR that IMA extends has to be that before the record itself,
 * so it is read, and the record made and added, under the lock that measuring
 * tasks wait for. All other PCRs are read before.
 */

#include <linux/capability.h>
#include <linux/fs.h>
#include <linux/init.h>
#include <linux/minmax.h>
#include <linux/mutex.h>
#include <linux/security.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/tpm.h>
#include <linux/uaccess.h>

#include "ima.h"
#include "ima_snapshot.h"

/* One snapshot at a time: the values in it belong together. */
static DEFINE_MUTEX(snapshot_mutex);

/* 0 to 10, and that of IMA. */
static void set_pcrs(struct ima_snapshot *snap)
{
	unsigned int pcr;

	for (pcr = 0; pcr <= TPM_PCR10; pcr++)
		snap->pcrs[snap->nr_pcrs++] = pcr;
	if (CONFIG_IMA_MEASURE_PCR_IDX > TPM_PCR10)
		snap->pcrs[snap->nr_pcrs++] = CONFIG_IMA_MEASURE_PCR_IDX;
}

static int set_banks(struct ima_snapshot *snap)
{
	unsigned int i;

	snap->nr_banks = NR_BANKS(ima_tpm_chip);
	snap->banks = kvcalloc(max(snap->nr_banks, 1U), sizeof(*snap->banks),
			       GFP_KERNEL);
	if (!snap->banks)
		return -ENOMEM;

	for (i = 0; i < snap->nr_banks; i++) {
		struct tpm_bank_info *info = &ima_tpm_chip->allocated_banks[i];
		struct ima_snapshot_bank *bank = &snap->banks[i];

		bank->digest_len = min_t(unsigned int, info->digest_size,
					 IMA_BANK_DIGEST_MAX);
		if (info->crypto_id == HASH_ALGO__LAST)
			scnprintf(bank->name, sizeof(bank->name), "tpm_alg_%x",
				  info->alg_id);
		else
			strscpy(bank->name, hash_algo_name[info->crypto_id],
				sizeof(bank->name));
	}
	return 0;
}

static int read_pcr(struct ima_snapshot *snap, unsigned int i)
{
	unsigned int bank;
	int ret;

	for (bank = 0; bank < snap->nr_banks; bank++) {
		struct tpm_digest digest = {
			.alg_id = ima_tpm_chip->allocated_banks[bank].alg_id,
		};

		ret = tpm_pcr_read(ima_tpm_chip, snap->pcrs[i], &digest);
		if (ret)
			return ret < 0 ? ret : -EIO;
		memcpy(snap->banks[bank].pcrs[i], digest.digest,
		       snap->banks[bank].digest_len);
	}
	return 0;
}

/* Those of IMA, or all others. */
static int read_pcrs(struct ima_snapshot *snap, bool of_ima)
{
	unsigned int i;
	int ret = 0;

	for (i = 0; i < snap->nr_pcrs && !ret; i++) {
		bool is_imas = snap->pcrs[i] == CONFIG_IMA_MEASURE_PCR_IDX;

		if (is_imas == of_ima)
			ret = read_pcr(snap, i);
	}
	return ret;
}

static int make_entry(const char *text, size_t len,
		      struct ima_template_entry **ret_entry)
{
	struct ima_max_digest_data hash = {};
	struct ima_digest_data *hash_hdr =
		container_of(&hash.hdr, struct ima_digest_data, hdr);
	struct ima_iint_cache iint = { .ima_hash = hash_hdr };
	struct ima_event_data event = {
		.iint = &iint,
		.filename = IMA_SNAPSHOT_NAME,
		.buf = text,
		.buf_len = len,
	};
	struct ima_template_entry *entry;
	int ret;

	hash_hdr->algo = ima_hash_algo;
	hash_hdr->length = hash_digest_size[ima_hash_algo];
	ret = ima_calc_buffer_hash(text, len, hash_hdr);
	if (ret)
		return ret;

	ret = ima_alloc_init_template(&event, &entry, ima_template_desc_buf());
	if (ret)
		return ret;

	entry->pcr = CONFIG_IMA_MEASURE_PCR_IDX;
	ret = ima_calc_field_array_hash(entry->template_data, entry);
	if (ret) {
		ima_free_template_entry(entry);
		return ret;
	}

	*ret_entry = entry;
	return 0;
}

/* What happens while all measuring waits. */
static int record_locked(struct ima_snapshot *snap, char *text, size_t room,
			 char cause[AUDIT_CAUSE_LEN_MAX], int *ret_audit_info)
{
	struct ima_template_entry *entry;
	size_t len;
	int ret;

	strscpy(cause, "PCR_read", AUDIT_CAUSE_LEN_MAX);
	ret = read_pcrs(snap, true);
	if (ret)
		return ret;

	strscpy(cause, "hashing_error", AUDIT_CAUSE_LEN_MAX);
	snap->nr_records = ima_staging_nr_records(&ima_staging);
	len = ima_snapshot_text(snap, text, room);
	ret = make_entry(text, len, &entry);
	if (ret)
		return ret;

	ret = ima_add_template_entry_locked(entry, 0, IMA_SNAPSHOT_NAME, cause,
					    ret_audit_info);
	ima_free_template_entry(entry);
	return ret;
}

static int record(struct ima_snapshot *snap, char *text, size_t room)
{
	char cause[AUDIT_CAUSE_LEN_MAX];
	int info = 0;
	int ret;

	mutex_lock(ima_staging.extend_lock);
	ret = record_locked(snap, text, room, cause, &info);
	mutex_unlock(ima_staging.extend_lock);
	integrity_audit_msg(AUDIT_INTEGRITY_PCR, NULL, IMA_SNAPSHOT_NAME,
			    "snapshot", cause, ret, info);
	return ret;
}

static u64 count_attempt(void)
{
	u64 attempt;

	mutex_lock(ima_staging.extend_lock);
	attempt = ++ima_staging.nr_snapshots;
	mutex_unlock(ima_staging.extend_lock);
	return attempt;
}

static int attempt_record(void)
{
	struct ima_snapshot snap = { .attempt = count_attempt() };
	size_t room;
	char *text;
	int ret;

	set_pcrs(&snap);
	ret = set_banks(&snap);
	if (ret)
		return ret;

	room = ima_snapshot_text_room(&snap);
	text = kvmalloc(room, GFP_KERNEL);
	ret = text ? read_pcrs(&snap, false) : -ENOMEM;
	if (!ret)
		ret = record(&snap, text, room);
	kvfree(text);
	kvfree(snap.banks);
	return ret;
}

/*
 * -EACCES if measuring is suspended; other negative errors if the TPM or memory
 * fail. Then nothing is recorded, but the attempt was counted.
 */
static int record_snapshot(void)
{
	int ret;

	mutex_lock(&snapshot_mutex);
	ret = attempt_record();
	mutex_unlock(&snapshot_mutex);
	return ret;
}

static int snapshot_open(struct inode *inode, struct file *file)
{
	return capable(CAP_SYS_ADMIN) ? nonseekable_open(inode, file) : -EPERM;
}

static ssize_t snapshot_write(struct file *file, const char __user *buf,
			      size_t len, loff_t *ppos)
{
	char text[2];
	int ret;

	if (len != sizeof(text))
		return -EINVAL;
	if (copy_from_user(text, buf, len))
		return -EFAULT;
	if (memcmp(text, "1\n", sizeof(text)))
		return -EINVAL;

	ret = record_snapshot();
	return ret ? ret : len;
}

static const struct file_operations snapshot_ops = {
	.open = snapshot_open,
	.write = snapshot_write,
};

/**
 * ima_snapshot_fs_init - create the file by which snapshots are asked for
 * @ima_dir: IMA's directory in securityfs
 *
 * Return: 0 or a negative error
 */
int __init ima_snapshot_fs_init(struct dentry *ima_dir)
{
	struct dentry *dentry;

	dentry = securityfs_create_file("snapshot", 0200, ima_dir, NULL,
					&snapshot_ops);
	return PTR_ERR_OR_ZERO(dentry);
}
