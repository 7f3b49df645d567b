/* SPDX-License-Identifier: MIT */
/*
 * A booted kernel: the staging core with a list, and what measures into it.
 *
 * A machine (machine.h) has one at a time. Its open files keep it, so that one that
 * was left behind by a kexec is there until they are closed; by then it is
 * suspended and dead, and shows nothing any more.
 */
#ifndef EMU_KERNEL_H
#define EMU_KERNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "emu/banks.h"
#include "emu/out.h"
#include "emu/profile.h"

struct kernel;
struct event;
struct faults;
struct template;
struct twin;

/**
 * struct kernel_config - what a kernel is booted with; the same for all
 * @hash: ima_hash=
 * @template: ima_template= or ima_template_fmt=
 * @buf_template: ima-buf
 * @flush_htable: ima_flush_htable
 * @kexec_digests: not ima_kexec_digests=0
 * @profile: which kernel it is
 * @banks: of @tpm
 * @tpm: the TPM, NULL: none (borrowed)
 * @twin: a file with all records, NULL: none (borrowed)
 * @faults: what is to fail, NULL: nothing (borrowed)
 */
struct kernel_config {
	const struct algo *hash;
	const struct template *template;
	const struct template *buf_template;
	bool flush_htable;
	bool kexec_digests;
	enum profile profile;
	struct banks banks;
	struct tpm *tpm;
	struct twin *twin;
	struct faults *faults;
};

/**
 * struct kernel_counts - how many records there are, and so on
 * @current: in the current list
 * @staged: in the staged list
 * @deleted: since hard boot
 * @violations: since this kernel booted
 * @tpm_errors: records that the PCR was not extended with, since this kernel booted
 * @bytes: of memory that the core has allocated
 */
struct kernel_counts {
	long long current;
	long long staged;
	long long deleted;
	long long violations;
	long long tpm_errors;
	size_t bytes;
};

/*
 * @image: what the kernel before has left (kernel_dump()), NULL: a hard boot.
 * Restores it, then records boot_aggregate. @config is there as long as the kernel.
 */
int kernel_boot(const struct kernel_config *config, const struct out *image,
		struct kernel **ret_kernel);
struct kernel *kernel_get(struct kernel *kernel);
void kernel_put(struct kernel *kernel);

/*
 * Gives the kernel back for a machine that has booted another one: those who still
 * have files of it open are told.
 */
void kernel_retire(struct kernel *kernel);
bool kernel_is_gone(const struct kernel *kernel);

/* From now on nothing is measured, staged or deleted. */
void kernel_suspend(struct kernel *kernel);
bool kernel_is_suspended(struct kernel *kernel);

/*
 * The list as kexec hands it on, with what follows it; the kernel is suspended and
 * of no further use.
 */
int kernel_dump(struct kernel *kernel, struct out *ret_image);

/*
 * Records something. @template: NULL: the one that was booted with. Returns 0;
 * -EEXIST if there was such a record; -EACCES (Linux 7.2: -ENODEV) if measuring is
 * suspended; -ENOMEM, -EIO, or the error of reading the file. A TPM that fails is only counted, as in
 * the kernel.
 */
int kernel_measure(struct kernel *kernel, const struct event *event,
		   const struct template *template);

/* snapshot_aggregate. -EACCES if suspended, -EIO if the TPM fails. */
int kernel_snapshot(struct kernel *kernel);

void kernel_counts(struct kernel *kernel, struct kernel_counts *ret_counts);
const struct kernel_config *kernel_config(const struct kernel *kernel);

#endif
