// SPDX-License-Identifier: MIT
/*
 * A booted kernel. See kernel.h.
 *
 * Records are added in the order of ima_queue.c: under the lock, first what may
 * refuse, then the list, then the set of digests, then the TPM.
 */

#include "emu/kernel_private.h"

#include <sys/random.h>

#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/rculist.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "emu/twin.h"
#include "ushim.h"

/* The event of this very name, not any that is called so. */
static const char boot_aggregate[] = "boot_aggregate";

/* Places of the two digests that an entry has for the core. */
enum {
	DIGEST_SHA1,
	DIGEST_IMA,
};

static const struct algo *ima_algo(const struct kernel *kernel)
{
	return kernel->config->hash;
}

/* ---- adding records ------------------------------------------------------ */

int kernel_digests(struct kernel *kernel, struct ima_template_entry *entry,
		   uint8_t (*ret_digests)[ALGO_DIGEST_MAX])
{
	const struct banks *banks = &kernel->config->banks;
	int ret;

	ret = event_digest(entry, algo_sha1(),
			   entry->digests[DIGEST_SHA1].digest);
	if (!ret && ima_algo(kernel) != algo_sha1())
		ret = event_digest(entry, ima_algo(kernel),
				   entry->digests[DIGEST_IMA].digest);
	for (unsigned int i = 0; !ret && i < banks->nr_tpm; i++) {
		const struct algo *algo = banks->bank[i].algo;

		memset(ret_digests[i], 0, ALGO_DIGEST_MAX);
		if (!algo || algo == algo_sha1())
			memcpy(ret_digests[i],
			       entry->digests[DIGEST_SHA1].digest,
			       ALGO_SHA1_LEN);
		else if (algo == ima_algo(kernel))
			memcpy(ret_digests[i],
			       entry->digests[DIGEST_IMA].digest,
			       algo->digest_len);
		else
			ret = event_digest(entry, algo, ret_digests[i]);
	}
	return ret;
}

/* What a PCR is extended with so that no list explains it. */
static void invalid_digests(struct kernel *kernel,
			    uint8_t (*ret_digests)[ALGO_DIGEST_MAX])
{
	const struct banks *banks = &kernel->config->banks;

	for (unsigned int i = 0; i < banks->nr_tpm; i++) {
		memset(ret_digests[i], 0, ALGO_DIGEST_MAX);
		memset(ret_digests[i], 0xff,
		       banks->bank[i].algo ? banks->bank[i].digest_len :
					     ALGO_SHA1_LEN);
	}
}

int kernel_queue(struct kernel *kernel, const struct ima_template_entry *entry,
		 bool hashed)
{
	struct ima_queue_entry *qe;

	lockdep_assert_held(&kernel->extend_lock);
	if (ima_staging_reserve_digest(&kernel->staging))
		return -ENOMEM;
	qe = ima_record_new(entry);
	if (!qe)
		return -ENOMEM;

	if (!kernel->in_twin)
		twin_add(kernel->config->twin, qe);
	list_add_tail_rcu(&qe->later, &kernel->current_list);
	atomic_long_inc(&kernel->nr_current);
	if (hashed)
		ima_staging_add_digest(&kernel->staging, qe);
	kernel->len += ima_binary_runtime_size(entry->template_desc,
					       entry->template_data_len);
	return 0;
}

static bool is_known(struct kernel *kernel,
		     const struct ima_template_entry *entry)
{
	return ima_staging_has_digest(&kernel->staging,
				      entry->digests[ima_hash_algo_idx].digest,
				      entry->pcr);
}

int kernel_add_locked(struct kernel *kernel, struct ima_template_entry *entry,
		      const struct event *event,
		      const uint8_t (*digests)[ALGO_DIGEST_MAX])
{
	bool known;
	int ret;

	if (kernel->staging.suspended)
		return profile_is_linux_7_2(kernel->config->profile) ? -ENODEV :
								       -EACCES;

	known = !event->violation && is_known(kernel, entry);
	/* Where a kernel begins is recorded in any case. */
	if (known && event->name != boot_aggregate)
		return -EEXIST;

	ret = kernel_queue(kernel, entry, !event->violation && !known);
	if (!ret && tpm_extend(kernel->config->tpm, entry->pcr, digests))
		atomic_long_inc(&kernel->nr_tpm_errors);
	return ret;
}

static int add(struct kernel *kernel, struct ima_template_entry *entry,
	       const struct event *event)
{
	uint8_t digests[TPM_BANKS_MAX][ALGO_DIGEST_MAX];
	int ret = 0;

	if (event->violation)
		invalid_digests(kernel, digests);
	else
		ret = kernel_digests(kernel, entry, digests);
	if (ret)
		return ret;

	mutex_lock(&kernel->extend_lock);
	ret = kernel_add_locked(kernel, entry, event,
				(const uint8_t(*)[ALGO_DIGEST_MAX])digests);
	mutex_unlock(&kernel->extend_lock);
	return ret;
}

int kernel_measure(struct kernel *kernel, const struct event *event,
		   const struct template *template)
{
	struct ima_template_entry *entry;
	int ret;

	if (event->violation)
		atomic_long_inc(&kernel->nr_violations);
	ret = event_entry(event, template ? template : kernel->config->template,
			  &entry);
	if (ret)
		return ret;

	ret = add(kernel, entry, event);
	ima_free_template_entry(entry);
	return ret;
}

/* ---- boot_aggregate ------------------------------------------------------ */

/* The bank of IMA's hash, else of sha256, else of sha1; -1: none of them. */
static int aggregate_bank(const struct kernel *kernel)
{
	const struct banks *banks = &kernel->config->banks;
	int ret = -1;

	for (unsigned int i = 0; i < banks->nr_tpm; i++) {
		const struct algo *algo = banks->bank[i].algo;

		if (!algo)
			continue;
		if (algo == ima_algo(kernel))
			return i;
		if (algo == algo_by_name("sha256") ||
		    (ret < 0 && algo == algo_sha1()))
			ret = i;
	}
	return ret;
}

/* Over PCRs 0 to 7, and 8 and 9 unless by sha1. */
static int aggregate(const struct kernel *kernel, unsigned int bank,
		     uint8_t ret_digest[ALGO_DIGEST_MAX])
{
	const struct algo *algo = kernel->config->banks.bank[bank].algo;
	unsigned int nr = algo == algo_sha1() ? 8 : 10;
	uint8_t values[10][ALGO_DIGEST_MAX] = { 0 };
	struct algo_part parts[10];

	for (unsigned int i = 0; i < nr; i++) {
		int ret = tpm_read(kernel->config->tpm, i, bank, values[i]);

		if (ret)
			return ret;
		parts[i] = (struct algo_part){ values[i], algo->digest_len };
	}
	return algo_hash(algo, parts, nr, ret_digest);
}

/* What the field "d" of the template "ima" shows: zeros without a sha1 bank. */
static void aggregate_sha1(const struct kernel *kernel,
			   uint8_t ret_digest[ALGO_DIGEST_MAX])
{
	const struct banks *banks = &kernel->config->banks;

	memset(ret_digest, 0, ALGO_DIGEST_MAX);
	for (unsigned int i = 0; i < banks->nr_tpm; i++) {
		if (banks->bank[i].algo == algo_sha1() &&
		    aggregate(kernel, i, ret_digest))
			memset(ret_digest, 0, ALGO_DIGEST_MAX);
	}
}

static int add_boot_aggregate(struct kernel *kernel)
{
	uint8_t digest[ALGO_DIGEST_MAX] = { 0 }, sha1[ALGO_DIGEST_MAX];
	struct event event = {
		.name = boot_aggregate,
		.fd = -1,
		.algo = ima_algo(kernel),
		.digest = digest,
		.sha1 = sha1,
	};
	int bank = aggregate_bank(kernel);

	aggregate_sha1(kernel, sha1);
	if (bank >= 0) {
		int ret = aggregate(kernel, bank, digest);

		if (ret)
			return ret;
		event.algo = kernel->config->banks.bank[bank].algo;
	}
	return kernel_measure(kernel, &event, NULL);
}

/* ---- its life ------------------------------------------------------------ */

static struct kernel *kernel_new(const struct kernel_config *config)
{
	struct kernel *kernel = kzalloc(sizeof(*kernel), GFP_KERNEL);
	siphash_key_t key;

	if (getrandom(&key, sizeof(key), 0) != sizeof(key))
		ushim_bug("no random bytes");

	/* For good: files of the kernel before may be reading. */
	if (ima_hash_algo != config->hash->kernel_id)
		ushim_ima_hash(config->hash->kernel_id,
			       config->hash == algo_sha1() ? DIGEST_SHA1 :
							     DIGEST_IMA);
	kernel->config = config;
	atomic_set(&kernel->nr_refs, 1);
	mutex_init(&kernel->extend_lock);
	mutex_init(&kernel->snapshot_lock);
	INIT_LIST_HEAD(&kernel->current_list);
	ima_staging_init(&kernel->staging, &kernel->extend_lock,
			 &kernel->current_list, &kernel->nr_current,
			 &kernel->len);
	ima_staging_init_digests(&kernel->staging, config->hash->kernel_id,
				 config->hash->digest_len, &key);
	kernel->staging.flush_digests = config->flush_htable;
	return kernel;
}

int kernel_boot(const struct kernel_config *config, const struct out *image,
		struct kernel **ret_kernel)
{
	struct kernel *kernel = kernel_new(config);
	int ret = 0;

	if (!image)
		twin_restart(config->twin);
	/* A list that comes from elsewhere is where its twin begins. */
	kernel->in_twin = !twin_is_empty(config->twin);
	if (image)
		ret = kernel_restore(kernel, image);
	kernel->in_twin = false;
	if (!ret)
		ret = add_boot_aggregate(kernel);
	if (ret) {
		kernel_put(kernel);
		return ret;
	}
	*ret_kernel = kernel;
	return 0;
}

struct kernel *kernel_get(struct kernel *kernel)
{
	atomic_inc_return(&kernel->nr_refs);
	return kernel;
}

void kernel_put(struct kernel *kernel)
{
	if (atomic_dec_return(&kernel->nr_refs))
		return;

	ima_staging_fini(&kernel->staging);
	mutex_destroy(&kernel->extend_lock);
	mutex_destroy(&kernel->snapshot_lock);
	kfree(kernel);
}

void kernel_suspend(struct kernel *kernel)
{
	ima_staging_suspend(&kernel->staging);
}

bool kernel_is_suspended(struct kernel *kernel)
{
	bool ret;

	mutex_lock(&kernel->extend_lock);
	ret = kernel->staging.suspended;
	mutex_unlock(&kernel->extend_lock);
	return ret;
}

void kernel_retire(struct kernel *kernel)
{
	WRITE_ONCE(kernel->gone, true);
	kernel_put(kernel);
}

bool kernel_is_gone(const struct kernel *kernel)
{
	return READ_ONCE(kernel->gone);
}

void kernel_counts(struct kernel *kernel, struct kernel_counts *ret_counts)
{
	struct ima_staging_counts counts = ima_staging_counts(&kernel->staging);

	*ret_counts = (struct kernel_counts){
		.current = counts.nr_current,
		.staged = counts.nr_staged,
		.deleted = counts.nr_deleted,
		.violations = atomic_long_read(&kernel->nr_violations),
		.tpm_errors = atomic_long_read(&kernel->nr_tpm_errors),
		.bytes = ushim_slab_bytes(),
	};
}

const struct kernel_config *kernel_config(const struct kernel *kernel)
{
	return kernel->config;
}
