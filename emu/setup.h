/* SPDX-License-Identifier: MIT */
/*
 * What an emulator is told when it is started, and the machine that comes of it.
 */
#ifndef EMU_SETUP_H
#define EMU_SETUP_H

#include "tool/opts.h"
#include "emu/machine.h"
#include "emu/tree.h"

#define SETUP_WATCHES_MAX 16

/**
 * struct setup - options
 * @tpm_name: which TPM, see tpm_open()
 * @tpm: it, once opened (borrowed)
 * @hash: IMA's
 * @template: IMA's
 * @profile: which kernel's interface
 * @flush_htable: see struct kernel_config
 * @no_kexec_digests: see struct kernel_config
 * @twin_path: see twin.h, NULL: none
 * @twin: it, once opened (borrowed)
 * @restore: a file with a machine to begin with (image.h), NULL: none
 * @boot_id: see struct machine_files
 * @boot_log: see struct machine_files
 * @ek_ca: see tpm_open()
 * @watch: mounts that are watched from the beginning
 * @nr_watch: how many
 * @allow_other: see struct fs_config
 * @background: return once it is mounted
 * @dir: where to mount
 */
#define SETUP_LACKS_MAX 4

struct setup {
	const char *tpm_name;
	struct tpm *tpm;
	const struct algo *hash;
	const struct template *template;
	const struct algo
		*lacks[SETUP_LACKS_MAX]; /* hashes that the kernel lacks */
	unsigned int nr_lacks;
	enum profile profile;
	bool flush_htable;
	bool no_kexec_digests;
	const char *twin_path;
	struct twin *twin;
	const char *restore;
	const char *boot_id;
	const char *boot_log;
	const char *ek_ca;
	const char *watch[SETUP_WATCHES_MAX];
	unsigned int nr_watch;
	bool allow_other;
	bool background;
	const char *dir;
};

void setup_init(struct setup *setup);

/* Their context is a struct setup. */
extern const struct opt setup_opts[];

const char *setup_profile_name(enum profile profile);

/* Opens the TPM and the twin, and turns the machine on. What went wrong is said. */
int setup_machine(struct setup *setup, struct machine *ret_machine);

/* Ends all of it. */
void setup_end(struct setup *setup, struct machine *machine);

#endif
