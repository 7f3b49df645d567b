// SPDX-License-Identifier: MIT
/*
 * Sources, one after the other, into the builder of a policy.
 */
#include "cmd/policy/sources.h"
#include "base/bytes.h"
#include "base/hex.h"
#include "base/util.h"
#include "catalog/deb.h"
#include "catalog/initramfs.h"
#include "catalog/tree.h"
#include "tool/cli.h"
#include "tool/json.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <sys/stat.h>
#include <time.h>

#define PACKAGES_MAX ((size_t)1 << 20) /* in a folder */

/* Messages come from all threads, progress from one at a time. */
static pthread_mutex_t terminal = PTHREAD_MUTEX_INITIALIZER;

static void complain(void *context, enum say_level level, const char *text)
{
	(void)context;
	if (level > SAY_WARNING)
		return;
	pthread_mutex_lock(&terminal);
	cli_error("%s", text);
	pthread_mutex_unlock(&terminal);
}

static const struct say say_to = { complain, NULL };

static int tick(void *context, const struct catalog_counts *counts)
{
	(void)context;
	if (cli_interrupted())
		return -EINTR;
	pthread_mutex_lock(&terminal);
	progress_update(counts->nr_files, counts->nr_bytes, 0);
	pthread_mutex_unlock(&terminal);
	return 0;
}

/* ---- into the policy ------------------------------------------------------- */

static bool is_last(const struct sources *sources,
		    const struct catalog_package *package)
{
	return sources->last.name &&
	       !strcmp(sources->last.name, package->name) &&
	       !strcmp(sources->last.version, package->version);
}

static void forget_last(struct sources *sources)
{
	free((char *)(uintptr_t)sources->last.name);
	free((char *)(uintptr_t)sources->last.version);
	sources->last = (struct catalog_package){ 0 };
}

/* All entries of a package come one after the other. */
static int number_package(struct sources *sources,
			  const struct catalog_package *package)
{
	const struct policy_package added = {
		.name = bytes_of_text(package->name),
		.version = bytes_of_text(package->version),
	};
	int r;

	if (is_last(sources, package))
		return 0;
	r = policy_add_package(sources->builder, &added, &sources->package);
	if (r < 0)
		return r;
	forget_last(sources);
	sources->last.name = strdup(package->name);
	sources->last.version = strdup(package->version);
	if (sources->last.name && sources->last.version)
		return 0;
	forget_last(sources);
	return -ENOMEM;
}

static int found(void *context, const struct catalog_entry *from)
{
	struct sources *sources = context;
	struct policy_entry entry = {
		.space = POLICY_FILES,
		.name = from->path,
		.digest = bytes_of(from->digest,
				   imastage_bank_digest_len(from->bank)),
	};
	int r = policy_algorithm_by_name(
		bytes_of_text(imastage_bank_name(from->bank)), &entry.alg);

	if (r == 0 && from->package)
		r = number_package(sources, from->package);
	if (r < 0)
		return r;
	entry.package = from->package ? sources->package : 0;
	return policy_add(sources->builder, &entry);
}

static int found_template(void *context, enum imastage_bank bank,
			  const uint8_t *digest)
{
	struct sources *sources = context;
	struct policy_entry entry = {
		.space = POLICY_WITHHELD,
		.digest = bytes_of(digest, imastage_bank_digest_len(bank)),
	};
	int r = policy_algorithm_by_name(
		bytes_of_text(imastage_bank_name(bank)), &entry.alg);

	return r < 0 ? r : policy_add(sources->builder, &entry);
}

/* ---- folders of packages --------------------------------------------------- */

struct package_path {
	char *path; /* owned */
	off_t size;
};

struct package_row {
	struct package_path *of; /* owned */
	size_t nr, capacity;
};

static void row_fini(struct package_row *row)
{
	for (size_t i = 0; i < row->nr; i++)
		free(row->of[i].path);
	free(row->of);
}

static int row_push(struct package_row *row, char *path, off_t size)
{
	size_t capacity = row->capacity ? 2 * row->capacity : 64;
	struct package_path *more;

	if (row->nr == PACKAGES_MAX)
		return -E2BIG;
	if (row->nr == row->capacity) {
		more = reallocarray(row->of, capacity, sizeof(*more));
		if (!more)
			return -ENOMEM;
		row->of = more;
		row->capacity = capacity;
	}
	row->of[row->nr++] = (struct package_path){ path, size };
	return 0;
}

static bool ends(const char *text, const char *with)
{
	size_t len = strlen(text), with_len = strlen(with);

	return len > with_len && !strcmp(text + len - with_len, with);
}

static int add_path(struct package_row *row, const char *folder,
		    const char *name)
{
	struct stat st = { 0 };
	char *path = NULL;
	int r;

	if (asprintf(&path, "%s%s%s", folder ? folder : "", folder ? "/" : "",
		     name) < 0)
		return -ENOMEM;
	(void)stat(path, &st); /* who reads it says what is wrong */
	r = row_push(row, path, st.st_size);
	if (r < 0)
		free(path);
	return r;
}

static int add_folder(struct package_row *row, const char *path, DIR *dir,
		      const char *extension)
{
	const struct dirent *entry;
	int r = 0;

	while (r == 0 && (entry = readdir(dir)))
		if (ends(entry->d_name, extension))
			r = add_path(row, path, entry->d_name);
	return r;
}

/* The largest first: so no thread is left with a large one at the end. */
static int compare(const void *a, const void *b)
{
	const struct package_path *one = a, *other = b;

	if (one->size != other->size)
		return one->size > other->size ? -1 : 1;
	return strcmp(one->path, other->path);
}

/* @path itself, or what is in it. */
static int find_packages(const char *path, const char *extension,
			 struct package_row *row)
{
	DIR *dir = opendir(path);
	size_t nr = row->nr;
	int r;

	if (!dir)
		return add_path(row, NULL, path);
	r = add_folder(row, path, dir, extension);
	closedir(dir);
	if (r == 0 && row->nr == nr) {
		cli_error("%s: no file with a name that ends in '%s' is in it",
			  path, extension);
		r = -ENOENT;
	}
	return r;
}

static int read_debs(struct sources *sources, const struct package_row *row)
{
	cleanup_free char **paths = calloc(row->nr + 1, sizeof(*paths));

	if (!paths)
		return -ENOMEM;
	for (size_t i = 0; i < row->nr; i++)
		paths[i] = row->of[i].path;
	return deb_read_all(&sources->catalog, paths, row->nr, sources->index);
}

static int read_rpms(struct sources *sources, const struct package_row *row)
{
	int r = 0;

	if (!sources->rpm)
		r = rpm_reader_new(sources->is_unsigned ? NULL :
							  sources->rpm_keys.of,
				   &say_to, &sources->rpm);
	for (size_t i = 0; i < row->nr && r >= 0; i++)
		r = rpm_read(sources->rpm, &sources->catalog, row->of[i].path);
	return r < 0 ? r : 0;
}

static int read_packages(struct sources *sources, enum source_kind kind)
{
	struct package_row row = { 0 };
	int r = 0;

	for (size_t i = 0; i < sources->nr && r == 0; i++)
		if (sources->of[i].kind == kind)
			r = find_packages(sources->of[i].path,
					  kind == SOURCE_DEB ? ".deb" : ".rpm",
					  &row);
	if (r == 0 && row.nr) {
		qsort(row.of, row.nr, sizeof(*row.of), compare);
		r = kind == SOURCE_DEB ? read_debs(sources, &row) :
					 read_rpms(sources, &row);
	}
	row_fini(&row);
	return r;
}

/* ---- the others ------------------------------------------------------------ */

static int read_root(struct sources *sources, const char *path)
{
	const struct dpkg_root root = { .root = path,
					.folders = sources->folders.of,
					.index = sources->index,
					.weak = sources->weak };
	struct dpkg_counts counts;
	int r = dpkg_root_read(&sources->catalog, &root, &counts);

	if (r < 0)
		return r;
	sources->dpkg.nr_installed += counts.nr_installed;
	sources->dpkg.nr_missing += counts.nr_missing;
	sources->dpkg.nr_weak += counts.nr_weak;
	sources->dpkg.nr_weak_files += counts.nr_weak_files;
	sources->dpkg.nr_changed_files += counts.nr_changed_files;
	return 0;
}

static int read_list(struct sources *sources, const char *path)
{
	const struct input_options options = { .progress = PROGRESS_NEVER };
	char *args[] = { (char *)(uintptr_t)path, NULL };
	struct catalog_list_counts counts;
	struct input input = { .fd = -1 };
	int r = input_init(&input, &options, args) == CLI_OK ? 0 : -EIO;

	if (r == 0)
		r = catalog_list_read(&sources->catalog, &input, &counts);
	input_fini(&input);
	if (r == CATALOG_LIST_REFUSED)
		sources->nr_lists_refused++;
	if (r)
		return r < 0 ? r : 0;
	sources->list.nr_records += counts.nr_records;
	sources->list.nr_files += counts.nr_files;
	sources->list.nr_withheld += counts.nr_withheld;
	sources->list.nr_violations += counts.nr_violations;
	sources->list.nr_others += counts.nr_others;
	return 0;
}

/* ALGORITHM:HEX, of which the digest is put into @digest. */
static int add_digest(struct sources *sources, const char *text,
		      struct policy_entry *entry)
{
	const char *colon = strrchr(text, ':');
	uint8_t digest[IMASTAGE_DIGEST_MAX];
	size_t len = 0;
	int r = -EINVAL;

	if (colon)
		r = policy_algorithm_by_name(
			bytes_of(text, (size_t)(colon - text)), &entry->alg);
	if (r == 0)
		r = hex_decode(bytes_of_text(colon + 1), sizeof(digest), digest,
			       &len);
	if (r < 0)
		return r;
	entry->digest = bytes_of(digest, len);
	return policy_add(sources->builder, entry);
}

/* As somebody says. */
static int read_withheld(struct sources *sources, const char *text)
{
	struct policy_entry entry = { .space = POLICY_WITHHELD };
	int r = strstr(text, "verity:") ? -EINVAL :
					  add_digest(sources, text, &entry);

	if (r < 0)
		cli_error("%s: not a hash and a template digest, as of "
			  "sha256:0123...",
			  text);
	return r;
}

/* PATH=ALGORITHM:HEX, as somebody says. The last '=' ends the path. */
static int read_digest(struct sources *sources, const char *text)
{
	const char *end = strrchr(text, '=');
	struct policy_entry entry = { .space = POLICY_FILES };
	int r = -EINVAL;

	entry.name = bytes_of(text, end ? (size_t)(end - text) : 0);
	if (text[0] == '/' && end)
		r = add_digest(sources, end + 1, &entry);
	if (r < 0)
		cli_error("%s: not a path, a hash and a digest, as of "
			  "/bin/x=sha256:0123...",
			  text);
	return r;
}

static int read_tree(struct sources *sources, const char *path)
{
	const struct tree tree = { .root = path,
				   .prefix = sources->prefix,
				   .mounts = sources->mounts,
				   .cache = sources->cache };

	return tree_read(&sources->catalog, &tree);
}

/* What one refuses, all together refuse. */
static void add_switches(struct sources *sources,
			 const struct policy_switches *more)
{
	struct policy_switches *is = &sources->switches;

	if (sources->nr_policies++ == 0)
		*is = *more;
	is->violations_warn = is->violations_warn && more->violations_warn;
	is->weak_allowed = is->weak_allowed && more->weak_allowed;
	is->require_both = is->require_both || more->require_both;
	is->withheld_warn = is->withheld_warn && more->withheld_warn;
	policy_set_switches(sources->builder, is);
}

static int read_policy(struct sources *sources, const char *path)
{
	struct policy *policy;
	int r;

	if (policy_load(path, &sources->keys, &policy) != CLI_OK)
		return -EIO;
	add_switches(sources, policy_switches(policy));
	r = policy_add_all(sources->builder, policy);
	if (r < 0 && r != -ENOMEM && r != -E2BIG)
		cli_error("%s: %s", path, strerror(-r));
	policy_free(policy);
	return r;
}

static int read_source(struct sources *sources, const struct source *source)
{
	int r;

	switch (source->kind) {
	case SOURCE_APT:
		return read_root(sources, source->path);
	case SOURCE_TREE:
		return read_tree(sources, source->path);
	case SOURCE_INITRAMFS:
		r = initramfs_read(&sources->catalog, source->path);
		return r < 0 ? r : 0;
	case SOURCE_DIGEST:
		return read_digest(sources, source->path);
	case SOURCE_WITHHELD:
		return read_withheld(sources, source->path);
	case SOURCE_LIST:
		return read_list(sources, source->path);
	case SOURCE_POLICY:
		return read_policy(sources, source->path);
	default:
		return 0; /* read_packages() */
	}
}

static int read_index(struct sources *sources)
{
	int r = 0;

	if (sources->is_unsigned ||
	    (!sources->releases.nr && !sources->lists.nr))
		return 0;
	r = apt_index_new(&sources->index);
	for (size_t i = 0; i < sources->releases.nr && r == 0; i++)
		r = apt_index_add(sources->index, sources->releases.of[i],
				  sources->keyrings.of, &say_to);
	for (size_t i = 0; i < sources->lists.nr && r == 0; i++)
		r = apt_index_add_lists(sources->index, sources->lists.of[i],
					sources->keyrings.of, &say_to);
	if (r == 0)
		apt_index_close(sources->index);
	return r;
}

static int open_cache(struct sources *sources)
{
	if (!sources->cache_path)
		return 0;
	return digest_cache_open(sources->cache_path, sources->bank, time(NULL),
				 &say_to, &sources->cache);
}

static int read_all(struct sources *sources)
{
	int r = open_cache(sources);

	if (r == 0)
		r = read_index(sources);
	if (r == 0)
		r = read_packages(sources, SOURCE_DEB);
	if (r == 0)
		r = read_packages(sources, SOURCE_RPM);
	for (size_t i = 0; i < sources->nr && r == 0; i++)
		r = read_source(sources, &sources->of[i]);
	/* Also after an interruption: the next time goes on from there. */
	if (sources->cache && digest_cache_save(sources->cache, &say_to) < 0 &&
	    r == 0)
		r = -EIO;
	return r;
}

int sources_read(struct sources *sources)
{
	struct catalog *catalog = &sources->catalog;
	int r;

	catalog->bank = sources->bank;
	catalog->nr_threads = (unsigned int)sources->nr_threads;
	catalog->merged = !sources->real_names;
	catalog->found = found;
	catalog->withhold = &sources->withhold;
	catalog->found_template = found_template;
	catalog->tick = tick;
	catalog->context = sources;
	catalog->say = &say_to;
	r = catalog_init(catalog);
	if (r < 0) {
		cli_error("%s: OpenSSL does not have it",
			  imastage_bank_name(sources->bank));
		return CLI_FAILED;
	}
	if (policy_keys_load(&sources->keys) != CLI_OK)
		return CLI_FAILED;
	progress_start_of(sources->progress, "files");
	r = read_all(sources);
	progress_clear();
	/* Other errors were said where they are. */
	if (r == -ENOMEM || r == -E2BIG)
		cli_error("%s", strerror(-r));
	return r < 0 ? CLI_FAILED : CLI_OK;
}

void sources_fini(struct sources *sources)
{
	if (sources->catalog.found)
		catalog_fini(&sources->catalog);
	apt_index_free(sources->index);
	digest_cache_free(sources->cache);
	rpm_reader_free(sources->rpm);
	policy_key_files_fini(&sources->keys);
	forget_last(sources);
}

/* ---- what was read --------------------------------------------------------- */

bool sources_are_whole(const struct sources *sources)
{
	const struct catalog_counts *counts = &sources->catalog.counts;

	return !counts->nr_refused && !counts->nr_unread &&
	       !sources->nr_lists_refused && !sources->dpkg.nr_changed_files &&
	       sources->dpkg.nr_missing == sources->dpkg.nr_weak;
}

static const char *const kind_words[CATALOG_NR_KINDS] = {
	[CATALOG_FILE] = "file",	 [CATALOG_MERGED] = "merged",
	[CATALOG_DIVERTED] = "diverted", [CATALOG_SCRIPT] = "script",
	[CATALOG_CONFIG] = "config",
};

static void print_dpkg(const struct dpkg_counts *dpkg, FILE *file)
{
	if (!dpkg->nr_installed)
		return;
	fprintf(file,
		"installed      %" PRIu64 " packages, %" PRIu64
		" of them without a file\n",
		dpkg->nr_installed, dpkg->nr_missing);
	if (dpkg->nr_weak)
		fprintf(file,
			"weak           %" PRIu64 " packages, %" PRIu64
			" files: proved by MD5 alone\n",
			dpkg->nr_weak, dpkg->nr_weak_files);
	if (dpkg->nr_changed_files)
		fprintf(file,
			"changed        %" PRIu64
			" installed files, left out\n",
			dpkg->nr_changed_files);
}

static void print_rpm(const struct rpm_reader *rpm, FILE *file)
{
	const struct rpm_report *report = rpm ? rpm_reader_report(rpm) : NULL;

	if (!report || !report->nr_signed)
		return;
	fprintf(file, "signed         %" PRIu64 " files, by key",
		report->nr_signed);
	for (size_t i = 0; i < report->nr_keys; i++)
		fprintf(file, " %02x%02x%02x%02x", report->keys[i][0],
			report->keys[i][1], report->keys[i][2],
			report->keys[i][3]);
	fputc('\n', file);
}

void sources_print(const struct sources *sources, FILE *file)
{
	const struct catalog_counts *counts = &sources->catalog.counts;

	fprintf(file,
		"packages       %" PRIu64 ", and %" PRIu64 " refused\n"
		"files          %" PRIu64 ", %.1f MB hashed\n",
		counts->nr_packages, counts->nr_refused, counts->nr_files,
		(double)counts->nr_bytes / 1e6);
	fprintf(file, "names         ");
	for (int i = 0; i < CATALOG_NR_KINDS; i++)
		fprintf(file, " %s %" PRIu64, kind_words[i],
			counts->nr_names[i]);
	fputc('\n', file);
	if (counts->nr_unnamed)
		fprintf(file,
			"unnamed        %" PRIu64
			" scripts run under a new name each time\n",
			counts->nr_unnamed);
	if (counts->nr_unread)
		fprintf(file, "unread         %" PRIu64 " files\n",
			counts->nr_unread);
	if (sources->nr_policies)
		fprintf(file, "policies       %" PRIu64 "\n",
			sources->nr_policies);
	print_dpkg(&sources->dpkg, file);
	print_rpm(sources->rpm, file);
	if (sources->list.nr_records)
		fprintf(file,
			"list           %" PRIu64 " records: %" PRIu64
			" of files, %" PRIu64 " of these withheld, %" PRIu64
			" violations, %" PRIu64 " others\n",
			sources->list.nr_records, sources->list.nr_files,
			sources->list.nr_withheld, sources->list.nr_violations,
			sources->list.nr_others);
}

static void put_rpm(const struct rpm_reader *rpm, struct json *json)
{
	const struct rpm_report *report = rpm ? rpm_reader_report(rpm) : NULL;

	if (!report)
		return;
	json_open(json, "rpm", '{');
	json_number(json, "signed", report->nr_signed);
	json_number(json, "weak", report->nr_weak);
	json_open(json, "keys", '[');
	for (size_t i = 0; i < report->nr_keys; i++)
		json_hex(json, NULL, bytes_of(report->keys[i], RPM_KEY_ID_LEN));
	json_close(json, ']');
	json_close(json, '}');
}

static void put_dpkg(const struct dpkg_counts *dpkg, struct json *json)
{
	if (!dpkg->nr_installed)
		return;
	json_open(json, "dpkg", '{');
	json_number(json, "installed", dpkg->nr_installed);
	json_number(json, "missing", dpkg->nr_missing);
	json_number(json, "weak", dpkg->nr_weak);
	json_number(json, "weak_files", dpkg->nr_weak_files);
	json_number(json, "changed_files", dpkg->nr_changed_files);
	json_close(json, '}');
}

void sources_put(const struct sources *sources, struct json *json)
{
	const struct catalog_counts *counts = &sources->catalog.counts;

	json_number(json, "packages", counts->nr_packages);
	json_number(json, "refused", counts->nr_refused);
	json_number(json, "files", counts->nr_files);
	json_number(json, "hashed", counts->nr_hashed);
	json_number(json, "bytes", counts->nr_bytes);
	json_open(json, "names", '{');
	for (int i = 0; i < CATALOG_NR_KINDS; i++)
		json_number(json, kind_words[i], counts->nr_names[i]);
	json_close(json, '}');
	json_number(json, "unnamed", counts->nr_unnamed);
	json_number(json, "unread", counts->nr_unread);
	json_number(json, "policies", sources->nr_policies);
	put_dpkg(&sources->dpkg, json);
	put_rpm(sources->rpm, json);
	if (!sources->list.nr_records && !sources->nr_lists_refused)
		return;
	json_open(json, "list", '{');
	json_number(json, "records", sources->list.nr_records);
	json_number(json, "files", sources->list.nr_files);
	json_number(json, "withheld", sources->list.nr_withheld);
	json_number(json, "violations", sources->list.nr_violations);
	json_number(json, "others", sources->list.nr_others);
	json_number(json, "refused", sources->nr_lists_refused);
	json_close(json, '}');
}
