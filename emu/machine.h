/* SPDX-License-Identifier: MIT */
/*
 * A machine: a TPM, and the kernel that runs on it now. Kernels come and go by
 * kexec and reboot; what is open of the one before stays with whoever has it.
 *
 * All of this is for any thread.
 */
#ifndef EMU_MACHINE_H
#define EMU_MACHINE_H

#include <pthread.h>

#include "emu/fault.h"
#include "emu/kernel.h"
#include "emu/tpm.h"

/**
 * struct machine_files - what tells of boots
 * @boot_id: see boot_id.h, NULL: none
 * @boot_log: see boot_log.h, NULL: there is no firmware, PCRs of the boot are as at
 *	power-on
 */
struct machine_files {
	const char *boot_id;
	const char *boot_log;
};

/**
 * struct machine - a machine
 * @config: of its kernels
 * @files: files that are told of each boot (borrowed)
 * @faults: of its files
 * @lock: protects what follows; one boots at a time
 * @nr_kernels: that were booted since the hard boot
 * @kernel: the one that runs (owned)
 */
struct machine {
	struct kernel_config config;
	struct machine_files files;
	struct faults faults;
	pthread_mutex_t lock;
	uint64_t nr_kernels;
	struct kernel *kernel;
};

/*
 * Turned on, with an image of a list (kernel_dump()) or, if that is NULL, empty.
 * @goes_on: so do the PCRs of its TPM, which the firmware has extended before
 */
int machine_init(struct machine *machine, const struct kernel_config *config,
		 const struct machine_files *files, const struct out *image,
		 bool goes_on);
void machine_fini(struct machine *machine);

/* The kernel that runs, to be given back by kernel_put(). */
struct kernel *machine_kernel(struct machine *machine);

/* The list goes on to a new kernel, PCRs stay. */
int machine_kexec(struct machine *machine);

/*
 * Suspends it, for good unless kexec or reboot follows, and tells what another one
 * could begin with.
 */
int machine_save(struct machine *machine, struct out *ret_list,
		 struct tpm_state *ret_tpm);

/* Kernels that were booted since the hard boot. */
uint64_t machine_nr_kernels(struct machine *machine);

/*
 * A hard boot: PCRs begin anew, the list is empty. -EOPNOTSUPP, and nothing has
 * happened, if the TPM is not ours.
 */
int machine_reboot(struct machine *machine);

/*
 * Off and on again while the kernel stays, and its list and boot id with it: to disk,
 * after which PCRs begin anew, or to RAM, after which they go on. -EOPNOTSUPP.
 */
int machine_hibernate(struct machine *machine);
int machine_sleep(struct machine *machine);

#endif
