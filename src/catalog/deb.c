// SPDX-License-Identifier: MIT
/*
 * Debian packages: the three members in their order, everything gathered, then judged, then given.
 */
#include "catalog/deb.h"
#include "base/bytes.h"
#include "base/util.h"
#include "catalog/apt_index.h"
#include "catalog/ar.h"
#include "catalog/crew.h"
#include "catalog/names.h"
#include "catalog/package.h"
#include "catalog/stanza.h"
#include "catalog/unpack.h"
#include "log/buffer.h"
#include "log/hash.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>

#define CONTROL_MAX ((size_t)1 << 20) /* of control, of conffiles */

struct deb {
	struct catalog *catalog;
	const char *path; /* for messages */
	struct imastage_source source;
	const struct apt_index *index;
	struct hash hash; /* sha256 of all its bytes */
	uint64_t size;
	struct ar ar;
	struct unpack_bounds bounds;
	struct package package;
	char info[CATALOG_WORD_MAX + 1]; /* what dpkg calls its files */
	struct imastage_buffer control,
		conffiles; /* the files of these names */
	bool has_control;
};

/* Says why the package is refused. */
__attribute__((format(printf, 2, 3))) static int refuse(const struct deb *deb,
							const char *format, ...)
{
	char text[CATALOG_PATH_MAX + 256];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	say(deb->catalog->say, SAY_ERROR, "%s: %s; the package is refused",
	    deb->path, text);
	return DEB_REFUSED;
}

static int refuse_unpacked(const struct deb *deb, struct unpack *unpack, int r,
			   const char *member)
{
	if (r == -ENOMEM)
		return r;
	if (deb->ar.reason)
		return refuse(deb, "%s", deb->ar.reason);
	return refuse(deb, "%s: %s", member, unpack_reason(unpack));
}

/* ---- bytes ----------------------------------------------------------------- */

static ssize_t read_and_hash(void *context, void *data, size_t len)
{
	struct deb *deb = context;
	ssize_t n = deb->source.read(deb->source.context, data, len);
	int r;

	if (n <= 0)
		return n;
	deb->size += (uint64_t)n;
	r = hash_update(&deb->hash, bytes_of(data, (size_t)n));
	return r < 0 ? r : n;
}

static int next_member(struct deb *deb, struct ar_member *ret_member)
{
	int r = ar_next(&deb->ar, ret_member);

	if (r == -EBADMSG)
		return refuse(deb, "%s", deb->ar.reason);
	if (r < 0)
		return refuse(deb, "%s", strerror(-r));
	if (r == AR_END)
		return refuse(deb, "it ends before data.tar");
	return 0;
}

/* Extensions that dpkg knows; LZMA and bzip2 are of old. */
static int filter_of(const char *name, const char *tar,
		     enum unpack_filter *ret_filter)
{
	static const struct {
		const char *extension;
		enum unpack_filter filter;
	} known[] = { { "", UNPACK_PLAIN },	{ ".gz", UNPACK_GZIP },
		      { ".xz", UNPACK_XZ },	{ ".zst", UNPACK_ZSTD },
		      { ".bz2", UNPACK_BZIP2 }, { ".lzma", UNPACK_LZMA } };
	size_t len = strlen(tar);

	if (strncmp(name, tar, len))
		return -ENOENT;
	for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
		if (strcmp(name + len, known[i].extension))
			continue;
		*ret_filter = known[i].filter;
		return 0;
	}
	return -ENOENT;
}

/* ---- control.tar ----------------------------------------------------------- */

static bool is_one_of(const char *name, const char *const *names, size_t nr)
{
	for (size_t i = 0; i < nr; i++)
		if (!strcmp(name, names[i]))
			return true;
	return false;
}

/* Reads all of the member, and keeps it. */
static int keep_member(const struct deb *deb, struct unpack *unpack,
		       struct imastage_buffer *kept)
{
	struct imastage_bytes bytes;
	int r;

	for (;;) {
		r = unpack_read(unpack, &bytes);
		if (r < 0)
			return refuse_unpacked(deb, unpack, r, "control.tar");
		if (bytes.len == 0)
			return 0;
		if (kept->len + bytes.len > CONTROL_MAX)
			return refuse(deb, "control.tar: a file is too large");
		r = buffer_put(kept, bytes);
		if (r < 0)
			return r;
	}
}

static int hash_kept(const struct deb *deb, const struct imastage_buffer *kept,
		     uint8_t *ret_digest)
{
	struct hash hash;
	int r = hash_init(&hash, deb->catalog->bank);

	if (r < 0)
		return r;
	r = hash_two(&hash, bytes_of(kept->data, kept->len), bytes_of(NULL, 0),
		     ret_digest);
	hash_fini(&hash);
	return r;
}

/* Names are not known before all of control.tar was read: the package's is in it. */
static int add_control(struct deb *deb, const char *name, const uint8_t *digest)
{
	return package_add(&deb->package, CATALOG_SCRIPT, name, digest);
}

static int take_control_file(struct deb *deb, struct unpack *unpack,
			     const char *name)
{
	uint8_t digest[IMASTAGE_DIGEST_MAX];
	struct imastage_buffer *kept = NULL;
	int r;

	if (!strcmp(name, "control"))
		kept = &deb->control;
	if (!strcmp(name, "conffiles"))
		kept = &deb->conffiles;
	if (kept && kept->len)
		return refuse(deb, "control.tar: '%s' is there twice", name);
	if (kept) {
		r = keep_member(deb, unpack, kept);
		if (r == 0)
			r = hash_kept(deb, kept, digest);
	} else {
		r = package_hash(unpack, deb->catalog->bank,
				 &deb->package.nr_bytes, digest);
		if (r < 0)
			r = refuse_unpacked(deb, unpack, r, "control.tar");
	}
	return r ? r : add_control(deb, name, digest);
}

static int take_control_member(struct deb *deb, struct unpack *unpack,
			       const struct unpack_member *member)
{
	char path[CATALOG_PATH_MAX];
	const char *name = member->name;

	if (member->type == UNPACK_FOLDER)
		return 0;
	if (member->type != UNPACK_FILE ||
	    name_clean(bytes_of_text(name), false, path) < 0 ||
	    strchr(path + 1, '/') || name_is_harmful(path))
		return refuse(deb, "control.tar: '%s' is no plain file", name);
	return take_control_file(deb, unpack, path + 1);
}

static int read_tar(struct deb *deb, const char *tar, enum unpack_filter filter,
		    int (*take)(struct deb *deb, struct unpack *unpack,
				const struct unpack_member *member))
{
	const struct imastage_source source = { ar_read, &deb->ar };
	struct unpack_member member;
	struct unpack *unpack;
	int end, r = unpack_new_tar(source, filter, &deb->bounds, &unpack);

	if (r < 0)
		return r == -ENOMEM ? r :
				      refuse(deb, "%s: %s", tar, strerror(-r));
	while (r == 0) {
		end = unpack_next(unpack, &member);
		if (end == UNPACK_END)
			break;
		r = end < 0 ? refuse_unpacked(deb, unpack, end, tar) :
			      take(deb, unpack, &member);
	}
	unpack_free(unpack);
	return r;
}

/* ---- who it is ------------------------------------------------------------- */

static bool is_word(struct imastage_bytes text, const char *more)
{
	if (text.len == 0 || text.len > CATALOG_WORD_MAX)
		return false;
	for (size_t i = 0; i < text.len; i++) {
		char c = (char)text.data[i];

		if (!(c >= '0' && c <= '9') && !(c >= 'a' && c <= 'z') &&
		    !(c >= 'A' && c <= 'Z') && !(c && strchr(more, c)))
			return false;
	}
	return true;
}

enum {
	PACKAGE,
	VERSION,
	ARCHITECTURE,
	MULTI_ARCH,
	NR_FIELDS
};

static int name_package(struct deb *deb, const struct imastage_bytes *values)
{
	struct package *package = &deb->package;
	int len;

	if (!is_word(values[PACKAGE], "+-.") ||
	    !is_word(values[VERSION], "+-.~:") ||
	    !is_word(values[ARCHITECTURE], "-"))
		return refuse(
			deb,
			"control: package, version or architecture is none");
	len = snprintf(package->name, sizeof(package->name), "%.*s:%.*s",
		       (int)values[PACKAGE].len, values[PACKAGE].data,
		       (int)values[ARCHITECTURE].len,
		       values[ARCHITECTURE].data);
	if (len >= (int)sizeof(package->name))
		return refuse(deb, "control: the package's name is too long");
	memcpy(package->version, values[VERSION].data, values[VERSION].len);
	package->version[values[VERSION].len] = '\0';
	memcpy(deb->info, package->name, sizeof(deb->info));
	if (!bytes_equal_text(values[MULTI_ARCH], "same"))
		deb->info[values[PACKAGE].len] = '\0';
	return 0;
}

static int parse_control(struct deb *deb)
{
	static const char *const names[NR_FIELDS] = { "Package", "Version",
						      "Architecture",
						      "Multi-Arch" };
	struct imastage_bytes values[NR_FIELDS], stanza;
	struct imastage_bytes text =
		bytes_of(deb->control.data, deb->control.len);

	if (stanza_next(&text, &stanza) != 1 ||
	    stanza_fields(stanza, names, NR_FIELDS, values) < 0)
		return refuse(deb, "control: not of fields");
	return name_package(deb, values);
}

/* dpkg runs these before the package's files have their place. */
static bool runs_early(const char *name)
{
	static const char *const early[] = { "preinst", "prerm", "postrm" };

	return is_one_of(name, early, ARRAY_SIZE(early));
}

static int add_script(struct deb *deb, struct package *named, const char *name,
		      const uint8_t *digest)
{
	char path[CATALOG_PATH_MAX];
	int r = 0;

	if (!strcmp(name, "config"))
		named->nr_unnamed++;
	if (strcmp(name, "control")) {
		snprintf(path, sizeof(path), "/var/lib/dpkg/info/%s.%.2048s",
			 deb->info, name);
		r = package_add(named, CATALOG_SCRIPT, path, digest);
	}
	if (r == 0 && runs_early(name)) {
		snprintf(path, sizeof(path), "/var/lib/dpkg/tmp.ci/%s", name);
		r = package_add(named, CATALOG_SCRIPT, path, digest);
	}
	return r;
}

/* The files of control.tar get their names. */
static int name_scripts(struct deb *deb)
{
	struct package plain = deb->package, named = { 0 };
	int r = 0;

	named.nr_bytes = plain.nr_bytes;
	memcpy(named.name, plain.name, sizeof(named.name));
	memcpy(named.version, plain.version, sizeof(named.version));
	for (size_t i = 0; i < plain.nr && r == 0; i++)
		r = add_script(deb, &named,
			       package_name(&plain, plain.files[i].name),
			       plain.files[i].digest);
	deb->package = named;
	package_fini(&plain);
	return r;
}

/* ---- data.tar -------------------------------------------------------------- */

static int clean(const struct deb *deb, const char *name,
		 char ret_path[CATALOG_PATH_MAX])
{
	if (name_clean(bytes_of_text(name), false, ret_path) < 0)
		return refuse(deb, "data.tar: '%s' is no name within a root",
			      name);
	if (name_is_harmful(ret_path))
		return refuse(deb, "data.tar: '%s' has control characters",
			      name);
	return 0;
}

static int take_link(struct deb *deb, const char *path,
		     const struct unpack_member *member)
{
	char target[CATALOG_PATH_MAX];
	int r = clean(deb, member->target, target);

	return r ? r : package_add_link(&deb->package, path, target);
}

static int take_data_member(struct deb *deb, struct unpack *unpack,
			    const struct unpack_member *member)
{
	uint8_t digest[IMASTAGE_DIGEST_MAX];
	char path[CATALOG_PATH_MAX];
	int r;

	if (member->type != UNPACK_FILE && member->type != UNPACK_HARD_LINK)
		return 0;
	r = clean(deb, member->name, path);
	if (r)
		return r;
	if (member->type == UNPACK_HARD_LINK)
		return take_link(deb, path, member);
	r = package_hash(unpack, deb->catalog->bank, &deb->package.nr_bytes,
			 digest);
	if (r < 0)
		return refuse_unpacked(deb, unpack, r, "data.tar");
	return package_add(&deb->package, CATALOG_FILE, path, digest);
}

/* ---- configuration files --------------------------------------------------- */

static int add_config(struct deb *deb, struct package *more, const char *path)
{
	const struct package_file *file = package_find(&deb->package, path);
	char beside[CATALOG_PATH_MAX];

	if (!file || snprintf(beside, sizeof(beside), "%s.dpkg-new", path) >=
			     (int)sizeof(beside))
		return 0;
	return package_add(more, CATALOG_CONFIG, beside, file->digest);
}

/* A line is a path; of one with a flag before it nothing is in the package. */
static int find_configs(struct deb *deb, struct package *more)
{
	struct imastage_bytes line;
	struct imastage_bytes text =
		bytes_of(deb->conffiles.data, deb->conffiles.len);
	char path[CATALOG_PATH_MAX];
	int r = 0;

	while (r == 0 && stanza_line(&text, &line)) {
		line = stanza_word(&line);
		if (line.len && line.data[0] == '/' &&
		    name_clean(line, true, path) == 0)
			r = add_config(deb, more, path);
	}
	return r;
}

static int add_configs(struct deb *deb)
{
	struct package more = { 0 };
	int r = find_configs(deb, &more);

	for (size_t i = 0; i < more.nr && r == 0; i++)
		r = package_add(&deb->package, CATALOG_CONFIG,
				package_name(&more, more.files[i].name),
				more.files[i].digest);
	package_fini(&more);
	return r;
}

static int close_package(struct deb *deb)
{
	const char *path, *reason;
	int r = package_close(&deb->package, &path, &reason);

	if (r == 0 && deb->conffiles.len) {
		r = add_configs(deb);
		if (r == 0)
			r = package_close(&deb->package, &path, &reason);
	}
	if (r == -EBADMSG)
		return refuse(deb, "'%s' %s", path, reason);
	return r;
}

/* ---- all of it ------------------------------------------------------------- */

static int read_version(struct deb *deb)
{
	struct ar_member member;
	char text[16] = { 0 };
	int r = next_member(deb, &member);

	if (r)
		return r;
	if (strcmp(member.name, "debian-binary") ||
	    ar_read(&deb->ar, text, sizeof(text) - 1) < 2 ||
	    strncmp(text, "2.", 2))
		return refuse(deb, "it is no Debian package of format 2");
	return 0;
}

/* The next member whose name does not say that it may be passed over. */
static int read_member(struct deb *deb, const char *tar,
		       int (*take)(struct deb *deb, struct unpack *unpack,
				   const struct unpack_member *member))
{
	struct ar_member member;
	enum unpack_filter filter;
	int r;

	do {
		r = next_member(deb, &member);
	} while (r == 0 && member.name[0] == '_');
	if (r)
		return r;
	if (filter_of(member.name, tar, &filter) < 0)
		return refuse(deb, "'%s' is where %s has to be", member.name,
			      tar);
	return read_tar(deb, tar, filter, take);
}

/* To the last byte. Members behind data.tar are nobody's, but part of what was signed. */
static int read_rest(struct deb *deb)
{
	struct ar_member member;
	int r;

	do {
		r = ar_next(&deb->ar, &member);
	} while (r == 0);
	if (r == AR_END)
		return 0;
	return refuse(deb, "%s", r == -EBADMSG ? deb->ar.reason : strerror(-r));
}

static int read_members(struct deb *deb)
{
	int r = read_version(deb);

	if (r == 0)
		r = read_member(deb, "control.tar", take_control_member);
	if (r == 0)
		r = parse_control(deb);
	if (r == 0)
		r = name_scripts(deb);
	if (r == 0)
		r = read_member(deb, "data.tar", take_data_member);
	if (r == 0)
		r = read_rest(deb);
	return r ? r : close_package(deb);
}

static int check_signed(struct deb *deb)
{
	uint8_t digest[IMASTAGE_DIGEST_MAX];
	int r = hash_end(&deb->hash, digest);

	if (r < 0)
		return r;
	if (deb->index && !apt_index_has(deb->index, digest, deb->size))
		return refuse(deb, "no signed index has this package");
	return 0;
}

static int check_expected(const struct deb *deb,
			  const struct deb_expected *expected)
{
	if (!expected || (!strcmp(expected->package, deb->package.name) &&
			  !strcmp(expected->version, deb->package.version)))
		return 0;
	return refuse(deb, "it is %s %s, and not %s %s", deb->package.name,
		      deb->package.version, expected->package,
		      expected->version);
}

static void deb_fini(struct deb *deb)
{
	hash_fini(&deb->hash);
	package_fini(&deb->package);
	free(deb->control.data);
	free(deb->conffiles.data);
}

static int read_deb(struct deb *deb, const struct deb_expected *expected)
{
	int r = hash_start(&deb->hash);

	if (r == 0)
		r = read_members(deb);
	if (r == 0)
		r = check_signed(deb);
	if (r == 0)
		r = check_expected(deb, expected);
	return r ? r : package_give(&deb->package, deb->catalog);
}

int deb_read_source(struct catalog *catalog, const char *name,
		    struct imastage_source source, uint64_t size,
		    const struct apt_index *index,
		    const struct deb_expected *expected)
{
	const struct catalog_counts refused = { .nr_refused = 1 };
	struct deb deb = { .catalog = catalog,
			   .path = name,
			   .source = source,
			   .index = index,
			   .bounds = unpack_bounds_of(size) };
	int counted;
	int r = hash_init(&deb.hash, IMASTAGE_SHA256);

	if (r < 0)
		return r;
	ar_init(&deb.ar, (struct imastage_source){ read_and_hash, &deb });
	r = read_deb(&deb, expected);
	deb_fini(&deb);
	if (r != DEB_REFUSED)
		return r;
	counted = catalog_count(catalog, &refused);
	return counted < 0 ? counted : r;
}

static ssize_t read_file(void *context, void *data, size_t len)
{
	ssize_t n = read(*(const int *)context, data, len);

	return n < 0 ? -errno : n;
}

/* What cannot be opened is refused, too. */
static int refuse_file(struct catalog *catalog, const char *path, int error)
{
	const struct catalog_counts refused = { .nr_refused = 1 };
	int r;

	say_errno(catalog->say, error, "%s", path);
	r = catalog_count(catalog, &refused);
	return r < 0 ? r : DEB_REFUSED;
}

int deb_read(struct catalog *catalog, const char *path,
	     const struct apt_index *index, const struct deb_expected *expected)
{
	cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return refuse_file(catalog, path, -errno);
	if (!S_ISREG(st.st_mode))
		return refuse_file(catalog, path, -EINVAL);
	return deb_read_source(catalog, path,
			       (struct imastage_source){ read_file, &fd },
			       (uint64_t)st.st_size, index, expected);
}

/* ---- several --------------------------------------------------------------- */

struct deb_row {
	struct catalog *catalog;
	char *const *paths;
	const struct apt_index *index;
};

static int read_job(void *context, size_t job)
{
	const struct deb_row *row = context;
	int r = deb_read(row->catalog, row->paths[job], row->index, NULL);

	return r < 0 ? r : 0;
}

int deb_read_all(struct catalog *catalog, char *const *paths, size_t nr,
		 const struct apt_index *index)
{
	struct deb_row row = { catalog, paths, index };

	return crew_run(catalog->nr_threads, nr, read_job, &row);
}
