// SPDX-License-Identifier: MIT
/*
 * The file of an attestation key that the TPM makes again:
 *	"imastage-ak-1\n"
 *	TPM2B_PUBLIC of the template, whose member unique is random
 *	TPM2B_PUBLIC of the key, to see that it is this one
 * and nothing else, TPM2B_PUBLIC as evidence/public.h draws it.
 */
#include "base/cursor.h"
#include "base/file.h"
#include "base/output.h"
#include "base/util.h"
#include "tpm/private.h"

#include <tss2/tss2_mu.h>

#include <errno.h>

#define MAGIC "imastage-ak-1\n"
#define MAGIC_LEN (sizeof(MAGIC) - 1)
#define FILE_LEN_MAX (MAGIC_LEN + 2 * TPM_PUBLIC_MAX)

/* TSS takes areas that have another length than they say, which ours have not. */
static int parse_area(struct cursor *cursor, TPM2B_PUBLIC *ret_public)
{
	struct imastage_bytes area;
	uint16_t len;
	size_t at = 0;
	int r = cursor_read_u16(cursor, &len);

	if (r == 0)
		r = cursor_read_bytes(cursor, len, &area);
	if (r < 0 ||
	    Tss2_MU_TPMT_PUBLIC_Unmarshal(area.data, area.len, &at,
					  &ret_public->publicArea) ||
	    at != area.len)
		return -EBADMSG;
	ret_public->size = len;
	return 0;
}

static int parse(struct imastage_bytes text, struct tpm_ak_file *file)
{
	struct cursor cursor;
	int r;

	if (!bytes_equal_text(bytes_first(text, MAGIC_LEN), MAGIC))
		return -EBADMSG;
	cursor_init(&cursor, bytes_skip(text, MAGIC_LEN), IMASTAGE_BIG);
	r = parse_area(&cursor, &file->template);
	if (r == 0)
		r = parse_area(&cursor, &file->key);
	return r == 0 && cursor_remaining(&cursor) ? -EBADMSG : r;
}

int tpm_ak_file_read(struct tpm *tpm, const char *path,
		     struct tpm_ak_file *ret_file)
{
	struct tpm_ak_file file = { 0 };
	cleanup_free uint8_t *data = NULL;
	size_t len;
	int r = file_read(path, FILE_LEN_MAX, &data, &len);

	if (r == -ENOENT)
		return tpm_refuse(
			tpm, -ENOKEY,
			"%s: there is no such key; `imastage ak create` makes one",
			path);
	if (r < 0 && r != -EFBIG)
		return tpm_refuse(tpm, r, "%s: %s", path, strerror(-r));
	if (r == 0)
		r = parse(bytes_of(data, len), &file);
	if (r < 0)
		return tpm_refuse(
			tpm, -EBADMSG,
			"%s: it is no file of an attestation key, or is damaged; name another one, or make a new key",
			path);
	*ret_file = file;
	return 0;
}

static int put(FILE *file, const TPM2B_PUBLIC *public)
{
	uint8_t data[TPM_PUBLIC_MAX];
	size_t len = 0;

	if (Tss2_MU_TPM2B_PUBLIC_Marshal(public, data, sizeof(data), &len))
		return -EBADMSG;
	return fwrite(data, 1, len, file) == len ? 0 : -EIO;
}

static int write_it(const char *path, const struct tpm_ak_file *file)
{
	struct output output;
	int r = output_open_new(&output, path, 0600);

	if (r < 0)
		return r;
	fputs(MAGIC, output.file);
	r = put(output.file, &file->template);
	if (r == 0)
		r = put(output.file, &file->key);
	if (r == 0)
		r = output_commit(&output);
	output_fini(&output);
	return r;
}

int tpm_ak_file_write(struct tpm *tpm, const char *path,
		      const struct tpm_ak_file *file)
{
	int r = write_it(path, file);

	return r < 0 ? tpm_refuse(
			       tpm, r, "%s: %s%s", path, path_strerror(r),
			       r == -EEXIST ?
				       "; it stays as it is, name another one" :
				       "") :
		       0;
}
