// SPDX-License-Identifier: MIT
/* Options. See setup.h. */

#include "emu/setup.h"

#include <errno.h>
#include <string.h>

#include "base/util.h"
#include "tool/cli.h"
#include "emu/image.h"
#include "emu/template.h"
#include "emu/twin.h"

static const char *const profiles[] = {
	[PROFILE_IMASTAGE] = "imastage",
	[PROFILE_LINUX_7_2] = "7.2",
	[PROFILE_LINUX_7_2_OFF] = "7.2-off",
	[PROFILE_UNPATCHED] = "unpatched",
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

const char *setup_profile_name(enum profile profile)
{
	return profiles[profile];
}

/* ---- options ------------------------------------------------------------- */

static int set_tpm(void *context, const char *value)
{
	((struct setup *)context)->tpm_name = value;
	return 0;
}

static int set_hash(void *context, const char *value)
{
	struct setup *setup = context;

	setup->hash = algo_by_name(value);
	return setup->hash ? 0 : -EINVAL;
}

/* sha1 is in every kernel that has IMA. */
static int set_lacks(void *context, const char *value)
{
	struct setup *setup = context;
	const struct algo *algo = algo_by_name(value);

	if (!algo || algo == algo_sha1())
		return -EINVAL;
	if (setup->nr_lacks == SETUP_LACKS_MAX)
		return -E2BIG;
	setup->lacks[setup->nr_lacks++] = algo;
	return 0;
}

static int set_template(void *context, const char *value)
{
	struct setup *setup = context;

	setup->template = template_get(value);
	return setup->template ? 0 : -EINVAL;
}

static int set_profile(void *context, const char *value)
{
	for (size_t i = 0; i < ARRAY_SIZE(profiles); i++) {
		if (!strcmp(profiles[i], value)) {
			((struct setup *)context)->profile = i;
			return 0;
		}
	}
	return -EINVAL;
}

static int set_flush_htable(void *context, const char *value)
{
	(void)value;
	((struct setup *)context)->flush_htable = true;
	return 0;
}

static int set_no_kexec_digests(void *context, const char *value)
{
	(void)value;
	((struct setup *)context)->no_kexec_digests = true;
	return 0;
}

static int set_restore(void *context, const char *value)
{
	((struct setup *)context)->restore = value;
	return 0;
}

static int set_twin(void *context, const char *value)
{
	((struct setup *)context)->twin_path = value;
	return 0;
}

static int set_boot_id(void *context, const char *value)
{
	((struct setup *)context)->boot_id = value;
	return 0;
}

static int set_boot_log(void *context, const char *value)
{
	((struct setup *)context)->boot_log = value;
	return 0;
}

static int set_ek_ca(void *context, const char *value)
{
	((struct setup *)context)->ek_ca = value;
	return *value ? 0 : -EINVAL;
}

static int set_watch(void *context, const char *value)
{
	struct setup *setup = context;

	if (setup->nr_watch == SETUP_WATCHES_MAX)
		return -E2BIG;
	setup->watch[setup->nr_watch++] = value;
	return 0;
}

static int set_allow_other(void *context, const char *value)
{
	(void)value;
	((struct setup *)context)->allow_other = true;
	return 0;
}

static int set_background(void *context, const char *value)
{
	(void)value;
	((struct setup *)context)->background = true;
	return 0;
}

const struct opt setup_opts[] = {
	{ .text = "What kernel it is:" },
	{ "profile", 0, "KERNEL",
	  "whose files and commands: imastage (this project's\n"
	  "staging, the default), 7.2 (that of Linux 7.2 and\n"
	  "7.3), 7.2-off (those without CONFIG_IMA_STAGING, where\n"
	  "lists can be trimmed) or unpatched (none)",
	  set_profile, "imastage, 7.2, 7.2-off or unpatched" },
	{ "hash", 0, "ALGORITHM",
	  "ima_hash=: sha1, sha256 (default), sha384, "
	  "sha512 or sm3",
	  set_hash, "sha1, sha256, sha384, sha512 or sm3" },
	{ "lacks", 0, "ALGORITHM",
	  "a hash that the kernel does not know: that bank of the\n"
	  "TPM is extended with sha1 and zeros, as all but sha1 were\n"
	  "before Linux 5.7; may be repeated",
	  set_lacks, "sha256, sha384, sha512 or sm3" },
	{ "template", 0, "TEMPLATE",
	  "ima_template= (default ima-ng) or ima_template_fmt=", set_template,
	  "a template like ima-sig, or fields like 'd-ng|n-ng|iuid'" },
	{ "flush-htable", 0, NULL, "ima_flush_htable", set_flush_htable, NULL },
	{ "no-kexec-digests", 0, NULL, "ima_kexec_digests=0",
	  set_no_kexec_digests, NULL },
	{ .text = "What machine it runs on:" },
	{ "tpm", 0, "TPM",
	  "whose PCR 10 is extended: none (default), swtpm (one\n"
	  "is started and ends with it), or a TCTI such as\n"
	  "device:/dev/tpmrm0",
	  set_tpm, "none, swtpm or a TCTI" },
	{ "ek-ca", 0, "DIR",
	  "its endorsement keys have certificates of a CA whose\n"
	  "files are in DIR, where they are made; for a swtpm",
	  set_ek_ca, "a folder" },
	{ "boot-log", 0, "FILE",
	  "firmware extends PCR 0 to 9 at each hard boot, and its\n"
	  "event log is kept in FILE; for a swtpm",
	  set_boot_log, "a file" },
	{ "restore", 0, "FILE", "begin with what 'imasim save' has written",
	  set_restore, "a file" },
	{ "watch", 0, "DIR",
	  "measure what is executed or read on the mount of DIR\n"
	  "from the beginning (see 'imasim watch'); may be repeated",
	  set_watch, "a folder" },
	{ .text = "How it runs:" },
	{ "twin", 0, "FILE",
	  "keep all records in FILE, as if none were deleted", set_twin,
	  "a file" },
	{ "boot-id", 0, "FILE",
	  "keep there what /proc/sys/kernel/random/boot_id is", set_boot_id,
	  "a file" },
	{ "allow-other", 0, NULL, "for other users, too, as modes say",
	  set_allow_other, NULL },
	{ "background", 'b', NULL, "return once the files are there",
	  set_background, NULL },
	{ 0 },
};

/* ---- the machine --------------------------------------------------------- */

static int complain(const char *what, int err)
{
	cli_error("%s: %s", what, strerror(-err));
	return err;
}

static int open_parts(struct setup *setup, const struct image *image)
{
	int ret = tpm_open(setup->tpm_name, setup->ek_ca, &image->tpm,
			   &setup->tpm);

	if (ret)
		return complain(setup->tpm_name, ret);
	if (setup->restore && strcmp(setup->tpm_name, "none") != 0 &&
	    !image->tpm.changing.len)
		cli_error("%s: there is no swtpm in it: the PCRs do not stand "
			  "for its records",
			  setup->restore);
	ret = setup->twin_path ? twin_open(setup->twin_path, &setup->twin) : 0;
	return ret ? complain(setup->twin_path, ret) : 0;
}

static int boot(const struct setup *setup, const struct image *image,
		struct machine *ret_machine)
{
	struct kernel_config config = {
		.hash = setup->hash,
		.template = setup->template,
		.buf_template = template_get("ima-buf"),
		.flush_htable = setup->flush_htable,
		.kexec_digests = !setup->no_kexec_digests,
		.profile = setup->profile,
		.tpm = setup->tpm,
		.twin = setup->twin,
	};
	const struct machine_files files = { setup->boot_id, setup->boot_log };
	int ret;

	banks_init(&config.banks, setup->tpm);
	for (unsigned int i = 0; i < setup->nr_lacks; i++)
		banks_forget(&config.banks, setup->lacks[i]);
	ret = machine_init(ret_machine, &config, &files,
			   setup->restore ? &image->list : NULL,
			   image->tpm.changing.len > 0);
	return ret ? complain("boot", ret) : 0;
}

static void close_parts(struct setup *setup)
{
	twin_close(setup->twin);
	tpm_close(setup->tpm);
}

/* Nobody's PCR 0 to 9 are extended, and nobody's keys certified, but our own TPM's. */
static int check_tpm(const struct setup *setup)
{
	if ((setup->boot_log || setup->ek_ca) &&
	    strcmp(setup->tpm_name, "swtpm") != 0)
		return cli_usage("--boot-log and --ek-ca take --tpm swtpm"),
		       -EINVAL;
	return 0;
}

int setup_machine(struct setup *setup, struct machine *ret_machine)
{
	struct image image = { 0 };
	int ret = check_tpm(setup);

	if (ret)
		return ret;
	for (unsigned int i = 0; i < setup->nr_lacks; i++)
		if (setup->lacks[i] == setup->hash)
			return cli_usage("--lacks takes another hash than "
					 "--hash has"),
			       -EINVAL;
	if (template_is_old(setup->template) && setup->hash != algo_sha1())
		return cli_usage("--template ima takes --hash sha1"), -EINVAL;
	ret = setup->restore ? image_load(setup->restore, &image) : 0;
	if (ret)
		return complain(setup->restore, ret);
	ret = open_parts(setup, &image);
	if (!ret)
		ret = boot(setup, &image, ret_machine);
	if (ret)
		close_parts(setup);
	image_fini(&image);
	return ret;
}

void setup_end(struct setup *setup, struct machine *machine)
{
	machine_fini(machine);
	close_parts(setup);
}
