// SPDX-License-Identifier: MIT
/*
 * The options that name sources.
 */
#include "cmd/policy/sources.h"
#include "base/bytes.h"
#include "base/util.h"
#include "tool/cli.h"
#include "tool/parse.h"

#include <errno.h>

static int add_source(void *context, const char *value, enum source_kind kind)
{
	struct sources *sources = context;

	if (!*value)
		return -EINVAL;
	if (sources->nr == SOURCES_MAX)
		return cli_usage("more than %d sources", SOURCES_MAX);
	sources->of[sources->nr++] = (struct source){ kind, value };
	return 0;
}

static int set_deb(void *context, const char *value)
{
	return add_source(context, value, SOURCE_DEB);
}

static int set_apt(void *context, const char *value)
{
	return add_source(context, value, SOURCE_APT);
}

static int set_rpm(void *context, const char *value)
{
	return add_source(context, value, SOURCE_RPM);
}

static int set_tree(void *context, const char *value)
{
	return add_source(context, value, SOURCE_TREE);
}

static int set_initramfs(void *context, const char *value)
{
	return add_source(context, value, SOURCE_INITRAMFS);
}

static int set_list(void *context, const char *value)
{
	return add_source(context, value, SOURCE_LIST);
}

static int set_policy(void *context, const char *value)
{
	return add_source(context, value, SOURCE_POLICY);
}

static int set_key(void *context, const char *value)
{
	return policy_key_add(&((struct sources *)context)->keys, value);
}

static int set_digest(void *context, const char *value)
{
	return add_source(context, value, SOURCE_DIGEST);
}

static int set_withheld(void *context, const char *value)
{
	return add_source(context, value, SOURCE_WITHHELD);
}

static int set_withhold(void *context, const char *value)
{
	return withheld_prefixes_add(&((struct sources *)context)->withhold,
				     value);
}

static int add_text(struct text_row *row, const char *value)
{
	if (!*value)
		return -EINVAL;
	if (row->nr == KEYRINGS_MAX)
		return cli_usage("more than %d of one option", KEYRINGS_MAX);
	row->of[row->nr++] = value;
	return 0;
}

static int set_release(void *context, const char *value)
{
	return add_text(&((struct sources *)context)->releases, value);
}

static int set_apt_lists(void *context, const char *value)
{
	return add_text(&((struct sources *)context)->lists, value);
}

static int set_keyring(void *context, const char *value)
{
	return add_text(&((struct sources *)context)->keyrings, value);
}

static int set_rpm_key(void *context, const char *value)
{
	return add_text(&((struct sources *)context)->rpm_keys, value);
}

static int set_packages(void *context, const char *value)
{
	return add_text(&((struct sources *)context)->folders, value);
}

static int set_unsigned(void *context, const char *value)
{
	(void)value;
	((struct sources *)context)->is_unsigned = true;
	return 0;
}

static int set_weak(void *context, const char *value)
{
	(void)value;
	((struct sources *)context)->weak = true;
	return 0;
}

static int set_mounts(void *context, const char *value)
{
	(void)value;
	((struct sources *)context)->mounts = true;
	return 0;
}

static int set_real_names(void *context, const char *value)
{
	(void)value;
	((struct sources *)context)->real_names = true;
	return 0;
}

static int set_algorithm(void *context, const char *value)
{
	return parse_bank(value, &((struct sources *)context)->bank);
}

/* "/srv/root/" is "/srv/root", and "/" is nothing. */
static int set_prefix(void *context, const char *value)
{
	size_t len = strlen(value);

	if (value[0] != '/' || (len > 1 && value[len - 1] == '/'))
		return -EINVAL;
	((struct sources *)context)->prefix = len > 1 ? value : NULL;
	return 0;
}

static int set_cache(void *context, const char *value)
{
	((struct sources *)context)->cache_path = value;
	return *value ? 0 : -EINVAL;
}

static int set_threads(void *context, const char *value)
{
	return parse_number(value, 256,
			    &((struct sources *)context)->nr_threads);
}

static int set_progress(void *context, const char *value)
{
	struct sources *sources = context;

	if (!strcmp(value, "always"))
		sources->progress = PROGRESS_ALWAYS;
	else if (!strcmp(value, "never"))
		sources->progress = PROGRESS_NEVER;
	else if (!strcmp(value, "auto"))
		sources->progress = PROGRESS_AUTO;
	else
		return -EINVAL;
	return 0;
}

const struct opt sources_opts[] = {
	{ .text = "Where digests come from, each as often as wanted:" },
	{ "deb", 0, "FILE", "a Debian package, or a folder of packages",
	  set_deb, "a file or folder" },
	{ "apt", 0, "ROOT",
	  "the packages that dpkg has installed below ROOT, from the\n"
	  "files in ROOT/var/cache/apt/archives and --packages",
	  set_apt, "a folder" },
	{ "rpm", 0, "FILE",
	  "the header of an RPM package, or a folder of packages", set_rpm,
	  "a file or folder" },
	{ "tree", 0, "ROOT", "all regular files below ROOT", set_tree,
	  "a folder" },
	{ "initramfs", 0, "FILE", "the files in an initramfs", set_initramfs,
	  "a file" },
	{ "list", 0, "LIST",
	  "the files of a measurement list that was verified", set_list,
	  "a file or folder" },
	{ "policy", 0, "POLICY",
	  "all that another policy has; of switches the strictest", set_policy,
	  "a file" },
	{ "key", 'k', "FILE",
	  "P-256 key in PEM that each --policy has to be signed by;\n"
	  "of several one is enough",
	  set_key, "a file" },
	{ "digest", 0, "FILE=DIGEST",
	  "one digest of one path, as /bin/x=sha256:0123...", set_digest,
	  "a path, a hash and a digest" },
	{ "withheld", 0, "DIGEST",
	  "a template digest of a record that a machine withholds, as\n"
	  "sha256:0123...",
	  set_withheld, "a hash and a digest" },
	{ .text = "What packages are held against:" },
	{ "release", 0, "FILE",
	  "an InRelease, or a Release with Release.gpg beside it, of a\n"
	  "mirror or of apt",
	  set_release, "a file" },
	{ "apt-lists", 0, "FOLDER",
	  "all of these in a folder of apt's (/var/lib/apt/lists)",
	  set_apt_lists, "a folder" },
	{ "keyring", 0, "FILE",
	  "keys that sign a Release, such as\n"
	  "/usr/share/keyrings/debian-archive-keyring.gpg",
	  set_keyring, "a file" },
	{ "rpm-key", 0, "FILE", "a public key that signs RPM packages",
	  set_rpm_key, "a file" },
	{ "unsigned", 0, NULL, "take packages that nobody has signed",
	  set_unsigned, NULL },
	{ .text = "How they are read:" },
	{ "packages", 0, "FOLDER", "where --apt looks for packages, too",
	  set_packages, "a folder" },
	{ "weak", 0, NULL,
	  "of packages that --apt does not find, take the installed\n"
	  "files as far as dpkg's MD5 sums fit",
	  set_weak, NULL },
	{ "algorithm", 'a', "ALGORITHM",
	  "hash that the kernel measures files with (sha256)", set_algorithm,
	  WANTED_BANK },
	{ "withhold", 0, "PATH",
	  "of files at or below PATH, take from a --list the template\n"
	  "digests alone, as for 'imastage attest --withhold PATH'",
	  set_withhold, WITHHELD_WANTED },
	{ "prefix", 0, "PATH", "what --tree puts before the names", set_prefix,
	  "an absolute path without a slash at its end" },
	{ "mounts", 0, NULL, "let --tree enter other mounts", set_mounts,
	  NULL },
	{ "real-names", 0, NULL,
	  "do not add /bin/x for /usr/bin/x, nor the other way round",
	  set_real_names, NULL },
	{ "cache", 0, "FILE",
	  "keep digests of --tree here, and hash what is new", set_cache,
	  "a file" },
	{ "threads", 0, "N", "threads that hash (as many as processors)",
	  set_threads, "a number up to 256" },
	{ "progress", 0, "WHEN", "show progress: auto, always or never (auto)",
	  set_progress, "auto, always or never" },
	{ 0 },
};

static bool has(const struct sources *sources, enum source_kind kind)
{
	for (size_t i = 0; i < sources->nr; i++)
		if (sources->of[i].kind == kind)
			return true;
	return false;
}

bool sources_have_versions(const struct sources *sources)
{
	return has(sources, SOURCE_DEB) || has(sources, SOURCE_APT) ||
	       has(sources, SOURCE_RPM) || has(sources, SOURCE_INITRAMFS);
}

int sources_check(const struct sources *sources)
{
	bool debs = has(sources, SOURCE_DEB) || has(sources, SOURCE_APT);
	bool indexes = sources->releases.nr || sources->lists.nr;

	if (!sources->nr)
		return cli_usage(
			"no source; name one with --deb, --apt, --rpm, --tree, --initramfs, --list, --policy, --digest or --withheld");
	if (sources->withhold.nr && !has(sources, SOURCE_LIST))
		return cli_usage(
			"--withhold is for lists; name one with --list");
	if (sources->keys.nr && !has(sources, SOURCE_POLICY))
		return cli_usage("a key, and no --policy that it signed");
	if (debs && !indexes && !sources->is_unsigned)
		return cli_usage(
			"nothing to hold packages against; name --apt-lists or --release, and "
			"--keyring, or say --unsigned");
	if (indexes && sources->is_unsigned)
		return cli_usage(
			"--unsigned, and an index that was signed; give one of them");
	if (indexes && !sources->keyrings.nr)
		return cli_usage("no keys for the index; name --keyring");
	if (has(sources, SOURCE_RPM) && !sources->rpm_keys.nr &&
	    !sources->is_unsigned)
		return cli_usage(
			"no keys for RPM packages; name --rpm-key, or say --unsigned");
	return CLI_OK;
}
