// SPDX-License-Identifier: MIT
/* Options. See setup.h. */

#include "emu/setup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/util.h"
#include "emu/template.h"

static const struct {
	const char *name;
	enum profile profile;
} profiles[] = {
	{ "imastage", PROFILE_IMASTAGE },
	{ "7.2", PROFILE_LINUX_7_2 },
	{ "unpatched", PROFILE_UNPATCHED },
};

void setup_init(struct setup *setup)
{
	*setup = (struct setup){
		.tpm_name = "none",
		.hash = algo_by_name("sha256"),
		.template = template_get("ima-ng"),
		.profile = PROFILE_IMASTAGE,
		/* Where nobody but root may pass them on, they may as well look. */
		.allow_other = !geteuid(),
	};
}

static int bad(const char *what, const char *arg)
{
	fprintf(stderr, "imasim: %s '%s' is not known\n", what, arg);
	return -EINVAL;
}

static int set_profile(struct setup *setup, const char *arg)
{
	for (size_t i = 0; i < ARRAY_SIZE(profiles); i++) {
		if (!strcmp(profiles[i].name, arg)) {
			setup->profile = profiles[i].profile;
			return 0;
		}
	}
	return bad("profile", arg);
}

static int set_flag(struct setup *setup, int opt)
{
	switch (opt) {
	case 'f':
		setup->flush_htable = true;
		return 0;
	case 'k':
		setup->no_kexec_digests = true;
		return 0;
	case 'o':
		setup->allow_other = true;
		return 0;
	case 'b':
		setup->background = true;
		return 0;
	default:
		return -EINVAL;
	}
}

int setup_option(struct setup *setup, int opt, const char *arg)
{
	switch (opt) {
	case 't':
		setup->tpm_name = arg;
		return 0;
	case 'h':
		setup->hash = algo_by_name(arg);
		return setup->hash ? 0 : bad("hash", arg);
	case 'm':
		setup->template = template_get(arg);
		return setup->template ? 0 : bad("template", arg);
	case 'p':
		return set_profile(setup, arg);
	case 'w':
		setup->twin_path = arg;
		return 0;
	case 'r':
		setup->restore = arg;
		return 0;
	case 'i':
		setup->boot_id = arg;
		return 0;
	default:
		return set_flag(setup, opt);
	}
}

static int read_image(const char *path, struct out *ret_image)
{
	cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC);
	char piece[65536];
	ssize_t len;

	if (fd < 0)
		return -errno;
	while ((len = read(fd, piece, sizeof(piece))) > 0)
		emu_out_bytes(ret_image, piece, len);
	return len < 0 ? -errno : 0;
}

int setup_machine(const struct setup *setup, struct machine *ret_machine)
{
	struct kernel_config config = {
		.hash = setup->hash,
		.template = setup->template,
		.buf_template = template_get("ima-buf"),
		.flush_htable = setup->flush_htable,
		.kexec_digests = !setup->no_kexec_digests,
		.extended = setup->profile == PROFILE_IMASTAGE,
		.tpm = setup->tpm,
		.twin = setup->twin,
	};
	struct out image = { 0 };
	int ret = 0;

	if (template_is_old(setup->template) && setup->hash != algo_sha1()) {
		fputs("imasim: template ima takes --hash sha1\n", stderr);
		return -EINVAL;
	}
	banks_init(&config.banks, setup->tpm);
	if (setup->restore)
		ret = read_image(setup->restore, &image);
	if (!ret)
		ret = machine_init(ret_machine, &config, setup->boot_id,
				   setup->restore ? &image : NULL);
	emu_out_fini(&image);
	return ret;
}
