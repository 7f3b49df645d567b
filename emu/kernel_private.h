/* SPDX-License-Identifier: MIT */
/* What the parts of a booted kernel share. See kernel.h. */
#ifndef EMU_KERNEL_PRIVATE_H
#define EMU_KERNEL_PRIVATE_H

#include "emu/event.h"
#include "emu/kernel.h"
#include "emu/linux_7_2.h"
#include "ima_staging.h"

/**
 * struct kernel - a booted kernel
 * @config: what it was booted with (borrowed)
 * @nr_refs: who keeps it
 * @extend_lock: under which records are added and the PCR is extended
 * @current_list: under @extend_lock, see struct ima_staging
 * @nr_current: records in it
 * @len: bytes of all records as serialized
 * @staging: the core
 * @exclusion: Linux 7.2's, for the thread that opens and closes
 * @snapshot_lock: one snapshot at a time
 * @nr_violations: see struct kernel_counts
 * @nr_tpm_errors: see struct kernel_counts
 * @in_twin: records that are queued are in the twin already, from the kernel before
 * @gone: another kernel has been booted (atomic)
 */
struct kernel {
	const struct kernel_config *config;
	atomic_t nr_refs;
	struct mutex extend_lock;
	struct list_head current_list;
	atomic_long_t nr_current;
	unsigned long len;
	struct ima_staging staging;
	struct exclusion exclusion;
	struct mutex snapshot_lock;
	atomic_long_t nr_violations;
	atomic_long_t nr_tpm_errors;
	bool in_twin;
	bool gone;
};

/* kernel.c. Both with @extend_lock held; @entry stays the caller's. */
int kernel_queue(struct kernel *kernel, const struct ima_template_entry *entry,
		 bool hashed);
int kernel_add_locked(struct kernel *kernel, struct ima_template_entry *entry,
		      const struct event *event,
		      const uint8_t (*digests)[ALGO_DIGEST_MAX]);

/* Of all banks, and those that the core keeps of @entry. 0 or -EIO. */
int kernel_digests(struct kernel *kernel, struct ima_template_entry *entry,
		   uint8_t (*ret_digests)[ALGO_DIGEST_MAX]);

/* restore.c: before anybody else sees the kernel. */
int kernel_restore(struct kernel *kernel, const struct out *image);

#endif
