// SPDX-License-Identifier: MIT
/*
 * A keep, what identifies a boot, and the steps. See keep.h.
 */
#include "keep/private.h"

#include "base/util.h"

#include <errno.h>

const struct keep_step_name keep_steps[] = {
	{ "place", "nothing is known yet, a session is begun" },
	{ "decided", "it is known what to do, nothing is done" },
	{ "boot", "another boot is begun, its gap not archived yet" },
	{ "gap", "a gap is archived, what was pending is not settled" },
	{ "placed",
	  "what is pending is right, the kernel's boot id not noted" },
	{ "begun", "all is known, nothing is staged" },
	{ "staged", "staged, nothing read" },
	{ "read", "a record was read and put or compared; once for each" },
	{ "put", "all is put, nothing is committed" },
	{ "committed", "saved; pending, not deleted" },
	{ "deleted", "deleted from the kernel; still pending" },
	{ "settled", "all of the transaction is done" },
	{ "copied", "records that stay in the kernel are committed" },
	{ "noted", "a kexec is expected, nothing is flushed" },
	{ NULL, NULL },
};

static bool is_step(const char *name)
{
	for (const struct keep_step_name *step = keep_steps; step->name; step++)
		if (!strcmp(step->name, name))
			return true;
	return false;
}

int keep_step(struct keep *keep, const char *name)
{
	if (!keep->options.step)
		return 0;
	return is_step(name) ? keep->options.step(keep->options.context, name) :
			       -EINVAL;
}

int keep_new(const struct keep_options *options, struct keep **ret_keep)
{
	struct keep *keep = calloc(1, sizeof(*keep));

	if (!keep)
		return -ENOMEM;
	keep->options = *options;
	if (!keep->options.boot_id)
		keep->options.boot_id = KEEP_BOOT_ID_PATH;
	if (!keep->options.kexec_loaded)
		keep->options.kexec_loaded = KEEP_KEXEC_LOADED_PATH;
	if (!keep->options.io)
		keep->options.io = &io_system;
	*ret_keep = keep;
	return 0;
}

void keep_free(struct keep *keep)
{
	for (int form = 0; keep && form < IMASTAGE_NR_FORMS; form++)
		keep_forms_fini(&keep->forms[form]);
	free(keep);
}

const struct keep_report *keep_last_report(const struct keep *keep)
{
	return keep->reported ? &keep->report : NULL;
}

/*
 * When even the rollback fails, the archive returns the error again until one
 * succeeds: the next placing tries.
 */
int keep_fail(struct keep *keep, int err)
{
	keep->placed = false;
	keep->mark.valid = false;
	(void)archive_rollback(keep->options.archive);
	return err;
}

/* ---- who it is ------------------------------------------------------------- */

/* 36 characters of hex and hyphens. */
static bool is_boot_id(const char *text)
{
	size_t len = strspn(text, "0123456789abcdefABCDEF-");

	return len == 36 && (text[len] == '\n' || text[len] == '\0');
}

static int read_boot_id(const char *path, char ret_id[37])
{
	cleanup_fclose FILE *file = fopen(path, "re");
	char text[64] = "";

	if (!file)
		return -errno;
	if (!fgets(text, sizeof(text), file) || !is_boot_id(text))
		return -EBADMSG;
	memcpy(ret_id, text, 36);
	ret_id[36] = '\0';
	return 0;
}

static enum keep_tpm ask_tpm(struct tpm *tpm, struct tpm_identity *ret_is)
{
	int r;

	if (!tpm)
		return KEEP_TPM_NONE;
	r = tpm_identify(tpm, ret_is);
	return r == 0	    ? KEEP_TPM_ANSWERS :
	       r == -ENODEV ? KEEP_TPM_ABSENT :
			      KEEP_TPM_SILENT;
}

int keep_identify(struct tpm *tpm, const char *boot_id, const struct say *log,
		  struct keep_identity *ret_identity)
{
	struct keep_identity identity = { 0 };
	int r = read_boot_id(boot_id, identity.boot_id);

	if (r < 0) {
		say(log, SAY_ERROR, "%s: no boot id: %s", boot_id,
		    strerror(-r));
		return r;
	}
	identity.tpm = ask_tpm(tpm, &identity.is);
	*ret_identity = identity;
	return 0;
}

int keep_look(struct keep *keep)
{
	return keep_identify(keep->options.tpm, keep->options.boot_id,
			     keep->options.say, &keep->identity);
}
