// SPDX-License-Identifier: MIT
/*
 * Headers of RPM packages.
 *
 * librpm checks the signatures that a package has, and is content with one that has none. So
 * whether there is one over the header is looked at here, in the signature part itself:
 *
 *	96 lead
 *	16 head: 8e ad e8 01, 4 zeros, number of entries, bytes of their values; big-endian
 *	16 each entry: tag, type, offset, count
 */
#include "catalog/rpm.h"
#include "base/bytes.h"
#include "base/cursor.h"
#include "base/util.h"
#include "catalog/names.h"
#include "catalog/package.h"

#include <errno.h>
#include <rpm/header.h>
#include <rpm/rpmfiles.h>
#include <rpm/rpmio.h>
#include <rpm/rpmkeyring.h>
#include <rpm/rpmlib.h>
#include <rpm/rpmlog.h>
#include <rpm/rpmts.h>

#define LEAD_LEN 96
#define HEAD_LEN 16
#define ENTRY_LEN 16
#define ENTRIES_MAX 4096
#define TAG_DSA_HEADER 267
#define TAG_RSA_HEADER 268
#define SIGNATURE_HEAD_LEN 9 /* of IMA's signatures, version 2 */

struct rpm_reader {
	rpmts ts;
	rpmKeyring keyring;
	bool signatures; /* are asked for */
	struct rpm_report report;
};

/* ---- keys ------------------------------------------------------------------ */

static int add_key(struct rpm_reader *reader, const char *path,
		   const struct say *say_to)
{
	rpmPubkey key = rpmPubkeyRead(path);
	rpmPubkey *subkeys;
	int nr = 0;

	if (!key) {
		say(say_to, SAY_ERROR, "%s: no public key of OpenPGP", path);
		return -EBADMSG;
	}
	(void)rpmKeyringAddKey(reader->keyring, key);
	subkeys = rpmGetSubkeys(key, &nr);
	for (int i = 0; i < nr; i++) {
		(void)rpmKeyringAddKey(reader->keyring, subkeys[i]);
		rpmPubkeyFree(subkeys[i]);
	}
	free(subkeys);
	rpmPubkeyFree(key);
	return 0;
}

int rpm_reader_new(const char *const *keys, const struct say *say_to,
		   struct rpm_reader **ret_reader)
{
	struct rpm_reader *reader = calloc(1, sizeof(*reader));
	int r = 0;

	if (!reader)
		return -ENOMEM;
	/* Whatever is wrong comes back as a result. */
	rpmlogSetMask(RPMLOG_UPTO(RPMLOG_EMERG));
	reader->ts = rpmtsCreate();
	reader->keyring = rpmKeyringNew();
	reader->signatures = keys;
	for (size_t i = 0; keys && keys[i] && r == 0; i++)
		r = add_key(reader, keys[i], say_to);
	if (r == 0 && rpmtsSetKeyring(reader->ts, reader->keyring))
		r = -ENOMEM;
	if (!keys)
		rpmtsSetVSFlags(reader->ts, RPMVSF_MASK_NOSIGNATURES);
	if (r < 0)
		rpm_reader_free(reader);
	else
		*ret_reader = reader;
	return r;
}

void rpm_reader_free(struct rpm_reader *reader)
{
	if (!reader)
		return;
	rpmKeyringFree(reader->keyring);
	rpmtsFree(reader->ts);
	free(reader);
}

const struct rpm_report *rpm_reader_report(const struct rpm_reader *reader)
{
	return &reader->report;
}

/* ---- is the header signed? ------------------------------------------------- */

static bool has_signature(struct cursor *cursor, uint32_t nr)
{
	struct imastage_bytes rest;
	uint32_t tag;

	for (uint32_t i = 0; i < nr; i++) {
		if (cursor_read_u32(cursor, &tag) < 0 ||
		    cursor_read_bytes(cursor, ENTRY_LEN - 4, &rest) < 0)
			return false;
		if (tag == TAG_DSA_HEADER || tag == TAG_RSA_HEADER)
			return true;
	}
	return false;
}

static bool is_signed(FD_t fd)
{
	uint8_t room[LEAD_LEN + HEAD_LEN + ENTRIES_MAX * ENTRY_LEN];
	struct imastage_bytes skipped;
	struct cursor cursor;
	ssize_t n = Fread(room, 1, sizeof(room), fd);
	uint32_t nr;

	if (n <= 0 || Fseek(fd, 0, SEEK_SET) < 0)
		return false;
	cursor_init(&cursor, bytes_of(room, (size_t)n), IMASTAGE_BIG);
	if (cursor_read_bytes(&cursor, LEAD_LEN + 8, &skipped) < 0 ||
	    cursor_read_u32(&cursor, &nr) < 0 || nr > ENTRIES_MAX ||
	    cursor_read_bytes(&cursor, 4, &skipped) < 0)
		return false;
	return has_signature(&cursor, nr);
}

/* ---- files ----------------------------------------------------------------- */

static int bank_of(int algorithm, enum imastage_bank *ret_bank)
{
	switch (algorithm) {
	case 2:
		*ret_bank = IMASTAGE_SHA1;
		return 0;
	case 8:
		*ret_bank = IMASTAGE_SHA256;
		return 0;
	case 9:
		*ret_bank = IMASTAGE_SHA384;
		return 0;
	case 10:
		*ret_bank = IMASTAGE_SHA512;
		return 0;
	default:
		return -ENOENT;
	}
}

static void note_key(struct rpm_report *report, const unsigned char *signature,
		     size_t len)
{
	const unsigned char *id = signature + 3;

	report->nr_signed++;
	if (len < SIGNATURE_HEAD_LEN || signature[0] != 3 || signature[1] != 2)
		return;
	for (size_t i = 0; i < report->nr_keys; i++)
		if (!memcmp(report->keys[i], id, RPM_KEY_ID_LEN))
			return;
	if (report->nr_keys < RPM_KEYS_SHOWN)
		memcpy(report->keys[report->nr_keys++], id, RPM_KEY_ID_LEN);
}

struct reading {
	struct rpm_reader *reader;
	struct catalog *catalog;
	const char *path;
	struct catalog_package package;
	struct catalog_counts counts;
};

static int refuse(const struct reading *reading, const char *reason)
{
	const struct catalog_counts refused = { .nr_refused = 1 };
	int r;

	say(reading->catalog->say, SAY_ERROR, "%s: %s; the package is refused",
	    reading->path, reason);
	r = catalog_count(reading->catalog, &refused);
	return r < 0 ? r : RPM_REFUSED;
}

/* A "ghost" belongs to the package and is not in it. */
static bool is_shipped(rpmfiles files, int i)
{
	return S_ISREG(rpmfilesFMode(files, i)) &&
	       !(rpmfilesFFlags(files, i) & RPMFILE_GHOST);
}

static int give_file(struct reading *reading, rpmfiles files, int i,
		     const char *name)
{
	struct catalog_entry entry = { .kind = CATALOG_FILE,
				       .path = bytes_of_text(name),
				       .package = &reading->package };
	const unsigned char *signature;
	size_t len, signature_len = 0;
	int algorithm;

	entry.digest = rpmfilesFDigest(files, i, &algorithm, &len);
	if (!entry.digest || bank_of(algorithm, &entry.bank) < 0 ||
	    len != imastage_bank_digest_len(entry.bank)) {
		reading->reader->report.nr_weak++;
		return 0;
	}
	signature = rpmfilesFSignature(files, i, &signature_len);
	if (signature && signature_len)
		note_key(&reading->reader->report, signature, signature_len);
	reading->counts.nr_files++;
	return catalog_add(reading->catalog, &entry);
}

/* All names are looked at before the first file is given. */
static bool are_good(rpmfiles files)
{
	char path[CATALOG_PATH_MAX];
	int nr = (int)rpmfilesFC(files);
	bool good = true;

	for (int i = 0; i < nr && good; i++) {
		char *name = rpmfilesFN(files, i);

		good = name && name[0] == '/' && !name_is_harmful(name) &&
		       (!is_shipped(files, i) ||
			name_clean(bytes_of_text(name), true, path) == 0);
		free(name);
	}
	return good;
}

static int give_files(struct reading *reading, rpmfiles files)
{
	int nr = (int)rpmfilesFC(files);
	int r = 0;

	for (int i = 0; i < nr && r == 0; i++) {
		char *name = is_shipped(files, i) ? rpmfilesFN(files, i) : NULL;

		if (name)
			r = give_file(reading, files, i, name);
		free(name);
	}
	if (r < 0)
		return r;
	reading->counts.nr_packages = 1;
	return catalog_count(reading->catalog, &reading->counts);
}

static bool is_word(const char *text)
{
	return text && text[0] && strlen(text) <= CATALOG_WORD_MAX &&
	       !name_is_harmful(text);
}

static int give_header(struct reading *reading, Header header)
{
	cleanup_free char *name = headerGetAsString(header, RPMTAG_NAME);
	cleanup_free char *arch = headerGetAsString(header, RPMTAG_ARCH);
	cleanup_free char *version = headerGetAsString(header, RPMTAG_EVR);
	char full[2 * CATALOG_WORD_MAX + 2];
	rpmfiles files;
	int r;

	if (!is_word(name) || !is_word(arch) || !is_word(version))
		return refuse(reading,
			      "it has no name, architecture or version");
	snprintf(full, sizeof(full), "%s.%s", name, arch);
	if (!is_word(full))
		return refuse(reading, "its name is too long");
	reading->package = (struct catalog_package){ full, version };
	files = rpmfilesNew(NULL, header, RPMTAG_BASENAMES, RPMFI_FLAGS_QUERY);
	if (!files && headerIsEntry(header, RPMTAG_BASENAMES))
		return refuse(reading, "its list of files is damaged");
	r = are_good(files) ? give_files(reading, files) :
			      refuse(reading, "a name of a file is none");
	rpmfilesFree(files);
	return r;
}

static const char *reason_of(rpmRC rc)
{
	switch (rc) {
	case RPMRC_NOTFOUND:
		return "it is no RPM package";
	case RPMRC_NOKEY:
	case RPMRC_NOTTRUSTED:
		return "no key that was named has signed it";
	default:
		return "its header is damaged, or a signature is wrong";
	}
}

static int read_fd(struct reading *reading, FD_t fd)
{
	struct rpm_reader *reader = reading->reader;
	Header header = NULL;
	rpmRC rc;
	int r;

	if (reader->signatures && !is_signed(fd))
		return refuse(reading, "its header has no signature");
	rc = rpmReadPackageFile(reader->ts, fd, reading->path, &header);
	if (rc == RPMRC_OK)
		r = give_header(reading, header);
	else
		r = refuse(reading, reason_of(rc));
	headerFree(header);
	return r;
}

int rpm_read(struct rpm_reader *reader, struct catalog *catalog,
	     const char *path)
{
	struct reading reading = { .reader = reader,
				   .catalog = catalog,
				   .path = path };
	FD_t fd = Fopen(path, "r.ufdio");
	int r;

	if (!fd || Ferror(fd))
		r = refuse(&reading, "it could not be opened");
	else
		r = read_fd(&reading, fd);
	if (fd)
		Fclose(fd);
	return r;
}
