// SPDX-License-Identifier: MIT
/*
 * Recording a snapshot_aggregate, in the order that the kernel does: the PCRs that
 * IMA does not extend first, then, with the lock held, the one that it does, the
 * record, and the extend.
 */

#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "emu/fault.h"
#include "emu/kernel_private.h"
#include "ima_snapshot.h"

static int set_banks(const struct kernel *kernel, struct ima_snapshot *snap)
{
	const struct banks *banks = &kernel->config->banks;

	snap->nr_banks = banks->nr_tpm;
	snap->banks = kcalloc(max(snap->nr_banks, 1U), sizeof(*snap->banks),
			      GFP_KERNEL);
	if (!snap->banks)
		return -ENOMEM;
	for (unsigned int i = 0; i < snap->nr_banks; i++) {
		snap->banks[i].digest_len = banks->bank[i].digest_len;
		bank_name(&banks->bank[i], snap->banks[i].name,
			  sizeof(snap->banks[i].name));
	}
	return 0;
}

/* That of IMA, or all others. */
static int read_pcrs(const struct kernel *kernel, struct ima_snapshot *snap,
		     bool of_ima)
{
	int ret = 0;

	for (unsigned int i = 0; i < snap->nr_pcrs; i++) {
		if ((snap->pcrs[i] == TPM_IMA_PCR) != of_ima)
			continue;
		for (unsigned int bank = 0; !ret && bank < snap->nr_banks;
		     bank++)
			ret = tpm_read(kernel->config->tpm, snap->pcrs[i], bank,
				       snap->banks[bank].pcrs[i]);
	}
	return ret;
}

static int add_text(struct kernel *kernel, const char *text, size_t len)
{
	uint8_t digests[TPM_BANKS_MAX][ALGO_DIGEST_MAX];
	const struct algo *algo = kernel->config->hash;
	struct algo_part part = { text, len };
	uint8_t digest[ALGO_DIGEST_MAX];
	struct event event = {
		.name = IMA_SNAPSHOT_NAME,
		.fd = -1,
		.algo = algo,
		.digest = digest,
		.buf = text,
		.buf_len = len,
	};
	struct ima_template_entry *entry;
	int ret;

	ret = algo_hash(algo, &part, 1, digest);
	if (!ret)
		ret = event_entry(&event, kernel->config->buf_template, &entry);
	if (ret)
		return ret;

	ret = kernel_digests(kernel, entry, digests);
	if (!ret)
		ret = kernel_add_locked(
			kernel, entry, &event,
			(const uint8_t(*)[ALGO_DIGEST_MAX])digests);
	ima_free_template_entry(entry);
	return ret;
}

static int record(struct kernel *kernel, struct ima_snapshot *snap, char *text,
		  size_t room)
{
	int ret;

	mutex_lock(&kernel->extend_lock);
	ret = read_pcrs(kernel, snap, true);
	if (!ret) {
		snap->nr_records = ima_staging_nr_records(&kernel->staging);
		ret = add_text(kernel, text,
			       ima_snapshot_text(snap, text, room));
	}
	mutex_unlock(&kernel->extend_lock);
	return ret;
}

static u64 count_attempt(struct kernel *kernel)
{
	u64 attempt;

	mutex_lock(&kernel->extend_lock);
	attempt = ++kernel->staging.nr_snapshots;
	mutex_unlock(&kernel->extend_lock);
	return attempt;
}

static int attempt_record(struct kernel *kernel)
{
	struct ima_snapshot snap = { .attempt = count_attempt(kernel) };
	char *text = NULL;
	size_t room = 0;
	int ret;

	for (unsigned int pcr = 0; pcr <= TPM_IMA_PCR; pcr++)
		snap.pcrs[snap.nr_pcrs++] = pcr;
	ret = set_banks(kernel, &snap);
	if (!ret) {
		room = ima_snapshot_text_room(&snap);
		text = kmalloc(room, GFP_KERNEL);
		ret = text ? read_pcrs(kernel, &snap, false) : -ENOMEM;
	}
	if (!ret)
		ret = record(kernel, &snap, text, room);
	kfree(text);
	kfree(snap.banks);
	return ret;
}

int kernel_snapshot(struct kernel *kernel)
{
	int ret;

	if (kernel_is_gone(kernel))
		return -EIO;
	ret = faults_take(kernel->config->faults, FAULT_SNAPSHOT);
	if (ret)
		return ret;

	mutex_lock(&kernel->snapshot_lock);
	ret = attempt_record(kernel);
	mutex_unlock(&kernel->snapshot_lock);
	return ret;
}
