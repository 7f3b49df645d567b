/* SPDX-License-Identifier: MIT */
/*
 * A machine in a file: the list as kexec hands it on, and the state of a TPM of its
 * own, so that PCRs go on from where they were.
 *
 *	"imasim1\n"
 *	u64 bytes | list (restore.c draws it)
 *	u64 bytes | permanent state of swtpm	both 0 bytes for another TPM,
 *	u64 bytes | volatile state of swtpm	or none
 *
 * Numbers are in host order. A file that does not begin so is taken for a list alone.
 */
#ifndef EMU_IMAGE_H
#define EMU_IMAGE_H

#include "emu/machine.h"
#include "emu/tpm.h"

/**
 * struct image - what is in the file
 * @list: for kernel_boot()
 * @tpm: for tpm_open()
 */
struct image {
	struct out list;
	struct tpm_state tpm;
};

/*
 * Suspends the machine and writes it to @fd, synced. It is of no further use but for
 * kexec and reboot, whether this succeeds or not.
 */
int image_save(struct machine *machine, int fd);

/* The TPM alone: a list of no bytes. -EOPNOTSUPP: it is none of ours. */
int image_save_tpm(struct tpm *tpm, int fd);

/* -EINVAL: cut off. What it says of the list is for kernel_boot() to judge. */
int image_load(const char *path, struct image *ret_image);
int image_read(int fd, struct image *ret_image);
void image_fini(struct image *image);

#endif
