// SPDX-License-Identifier: MIT
/*
 * The system of dpkg: a row of installed packages, then a job for each of them.
 */
#include "catalog/dpkg_root.h"
#include "base/bytes.h"
#include "base/file.h"
#include "base/util.h"
#include "catalog/crew.h"
#include "catalog/deb.h"
#include "catalog/dpkg_weak.h"
#include "catalog/names.h"
#include "catalog/stanza.h"

#include <errno.h>
#include <stdio.h>

#define STATUS_MAX ((size_t)256 << 20)
#define MISSING_SHOWN 10

struct root {
	struct catalog *catalog;
	const struct dpkg_root *options;
	struct dpkg_installed *of; /* owned; views of the status */
	size_t nr, capacity;
	struct dpkg_counts counts; /* under the catalog's lock while jobs run */
};

/* ---- what is installed ----------------------------------------------------- */

enum {
	PACKAGE,
	STATUS,
	VERSION,
	ARCHITECTURE,
	MULTI_ARCH,
	NR_FIELDS
};

/* "install ok installed": files are there unless only the configuration is left, or nothing. */
static bool has_files(struct imastage_bytes status)
{
	struct imastage_bytes word;

	stanza_word(&status);
	stanza_word(&status);
	word = stanza_word(&status);
	return word.len && !bytes_equal_text(word, "not-installed") &&
	       !bytes_equal_text(word, "config-files") &&
	       !bytes_equal_text(word, "half-installed");
}

static bool is_word(struct imastage_bytes text)
{
	if (!text.len || text.len > CATALOG_WORD_MAX)
		return false;
	for (size_t i = 0; i < text.len; i++)
		if (text.data[i] <= ' ' || text.data[i] > '~' ||
		    text.data[i] == '/')
			return false;
	return true;
}

static int push(struct root *root, const struct imastage_bytes *values)
{
	size_t capacity = root->capacity ? 2 * root->capacity : 256;
	struct dpkg_installed *more;

	if (root->nr == root->capacity) {
		more = reallocarray(root->of, capacity, sizeof(*more));
		if (!more)
			return -ENOMEM;
		root->of = more;
		root->capacity = capacity;
	}
	root->of[root->nr++] = (struct dpkg_installed){
		.name = values[PACKAGE],
		.version = values[VERSION],
		.architecture = values[ARCHITECTURE],
		.is_same = bytes_equal_text(values[MULTI_ARCH], "same"),
	};
	return 0;
}

static int take_stanza(struct root *root, struct imastage_bytes stanza)
{
	static const char *const names[NR_FIELDS] = { "Package", "Status",
						      "Version", "Architecture",
						      "Multi-Arch" };
	struct imastage_bytes values[NR_FIELDS];

	if (stanza_fields(stanza, names, NR_FIELDS, values) < 0)
		return -EBADMSG;
	if (!has_files(values[STATUS]))
		return 0;
	if (!is_word(values[PACKAGE]) || !is_word(values[VERSION]) ||
	    !is_word(values[ARCHITECTURE]))
		return -EBADMSG;
	return push(root, values);
}

static int parse_status(struct root *root, struct imastage_bytes text)
{
	struct imastage_bytes stanza;
	int r = 0;

	while (r == 0 && stanza_next(&text, &stanza) == 1)
		r = take_stanza(root, stanza);
	root->counts.nr_installed = root->nr;
	return r;
}

/* ---- one package ----------------------------------------------------------- */

/* NAME_VERSION_ARCHITECTURE.deb; apt writes a colon as %3a. */
static bool build_name(const struct dpkg_installed *installed,
		       const char *folder, char *ret_path, size_t len)
{
	char version[3 * CATALOG_WORD_MAX + 1];
	size_t at = 0;

	for (size_t i = 0; i < installed->version.len; i++)
		at += (size_t)sprintf(
			version + at,
			installed->version.data[i] == ':' ? "%%3a" : "%c",
			installed->version.data[i]);
	return snprintf(ret_path, len, "%s/%.*s_%s_%.*s.deb", folder,
			(int)installed->name.len, installed->name.data, version,
			(int)installed->architecture.len,
			installed->architecture.data) < (int)len;
}

static bool find_in(const struct dpkg_installed *installed, const char *folder,
		    char ret_path[CATALOG_PATH_MAX])
{
	return build_name(installed, folder, ret_path, CATALOG_PATH_MAX) &&
	       access(ret_path, F_OK) == 0;
}

static bool find_package(const struct root *root,
			 const struct dpkg_installed *installed,
			 char ret_path[CATALOG_PATH_MAX])
{
	const char *const *folders = root->options->folders;
	char archives[CATALOG_PATH_MAX];

	snprintf(archives, sizeof(archives), "%s/var/cache/apt/archives",
		 root->options->root);
	if (find_in(installed, archives, ret_path))
		return true;
	for (size_t i = 0; folders && folders[i]; i++)
		if (find_in(installed, folders[i], ret_path))
			return true;
	return false;
}

static int read_weak(struct root *root, const struct dpkg_installed *installed)
{
	struct dpkg_weak_counts counts = { 0 };
	int r = dpkg_weak_read(root->catalog, root->options->root, installed,
			       &counts);

	pthread_mutex_lock(&root->catalog->lock);
	root->counts.nr_weak++;
	root->counts.nr_weak_files += counts.nr_files;
	root->counts.nr_changed_files += counts.nr_changed;
	pthread_mutex_unlock(&root->catalog->lock);
	return r;
}

static int miss(struct root *root, const struct dpkg_installed *installed)
{
	uint64_t nr;

	pthread_mutex_lock(&root->catalog->lock);
	nr = ++root->counts.nr_missing;
	pthread_mutex_unlock(&root->catalog->lock);
	if (root->options->weak)
		return read_weak(root, installed);
	if (nr <= MISSING_SHOWN)
		say(root->catalog->say, SAY_WARNING,
		    "%.*s: its package is nowhere; get it with: apt-get download %.*s:%.*s=%.*s",
		    (int)installed->name.len, installed->name.data,
		    (int)installed->name.len, installed->name.data,
		    (int)installed->architecture.len,
		    installed->architecture.data, (int)installed->version.len,
		    installed->version.data);
	return 0;
}

static int read_job(void *context, size_t job)
{
	struct root *root = context;
	const struct dpkg_installed *installed = &root->of[job];
	char path[CATALOG_PATH_MAX], name[2 * CATALOG_WORD_MAX + 2];
	char version[CATALOG_WORD_MAX + 1];
	const struct deb_expected expected = { name, version };
	int r;

	if (!find_package(root, installed, path))
		return miss(root, installed);
	snprintf(name, sizeof(name), "%.*s:%.*s", (int)installed->name.len,
		 installed->name.data, (int)installed->architecture.len,
		 installed->architecture.data);
	snprintf(version, sizeof(version), "%.*s", (int)installed->version.len,
		 installed->version.data);
	r = deb_read(root->catalog, path, root->options->index, &expected);
	return r < 0 ? r : 0;
}

/* ---- all of them ----------------------------------------------------------- */

static int read_diversions(struct catalog *catalog, const char *root,
			   struct diversions **ret_diversions)
{
	cleanup_free uint8_t *text = NULL;
	char path[CATALOG_PATH_MAX];
	size_t len, line;
	int r;

	snprintf(path, sizeof(path), "%s/var/lib/dpkg/diversions", root);
	r = file_read(path, STATUS_MAX, &text, &len);
	if (r == -ENOENT)
		return 0;
	if (r < 0)
		return say_errno(catalog->say, r, "%s", path);
	r = diversions_read(bytes_of(text, len), ret_diversions, &line);
	if (r == -EBADMSG)
		say(catalog->say, SAY_ERROR, "%s: line %zu: no diversion", path,
		    line);
	return r;
}

static int read_installed(struct root *root)
{
	struct catalog *catalog = root->catalog;
	const struct diversions *before = catalog->diversions;
	struct diversions *diversions = NULL;
	int r = read_diversions(catalog, root->options->root, &diversions);

	if (r < 0)
		return r;
	if (diversions)
		catalog->diversions = diversions;
	r = crew_run(catalog->nr_threads, root->nr, read_job, root);
	catalog->diversions = before;
	diversions_free(diversions);
	return r;
}

static int read_status(struct root *root)
{
	cleanup_free uint8_t *text = NULL;
	char path[CATALOG_PATH_MAX];
	size_t len;
	int r;

	if (snprintf(path, sizeof(path), "%s/var/lib/dpkg/status",
		     root->options->root) >= (int)sizeof(path))
		return -ENAMETOOLONG;
	r = file_read(path, STATUS_MAX, &text, &len);
	if (r < 0)
		return say_errno(root->catalog->say, r, "%s", path);
	r = parse_status(root, bytes_of(text, len));
	if (r == -EBADMSG)
		say(root->catalog->say, SAY_ERROR,
		    "%s: not a status of dpkg, or damaged", path);
	return r < 0 ? r : read_installed(root);
}

int dpkg_root_read(struct catalog *catalog, const struct dpkg_root *options,
		   struct dpkg_counts *ret_counts)
{
	struct root root = { .catalog = catalog, .options = options };
	int r = read_status(&root);

	free(root.of);
	if (r == 0)
		*ret_counts = root.counts;
	return r;
}
