/* SPDX-License-Identifier: MIT */
/*
 * What an emulator is told when it is started, and the machine that comes of it.
 */
#ifndef EMU_SETUP_H
#define EMU_SETUP_H

#include "emu/machine.h"
#include "emu/tree.h"

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
 * @restore: a file with a list to begin with, NULL: none
 * @boot_id: see struct machine
 * @allow_other: see struct fs_config
 * @background: return once it is mounted
 * @dir: where to mount
 */
struct setup {
	const char *tpm_name;
	struct tpm *tpm;
	const struct algo *hash;
	const struct template *template;
	enum profile profile;
	bool flush_htable;
	bool no_kexec_digests;
	const char *twin_path;
	struct twin *twin;
	const char *restore;
	const char *boot_id;
	bool allow_other;
	bool background;
	const char *dir;
};

void setup_init(struct setup *setup);

/* @opt: its letter. What is wrong with it is on stderr. */
int setup_option(struct setup *setup, int opt, const char *arg);

/* Turns it on. */
int setup_machine(const struct setup *setup, struct machine *ret_machine);

#endif
