// SPDX-License-Identifier: MIT
/* See withheld.h. */
#include "evidence/withheld.h"
#include "base/bytes.h"
#include "log/record.h"

#include <endian.h>
#include <errno.h>

#define NAME "withheld"
#define ALGORITHM_LEN_MAX 16
/* A length, the algorithm with ":" and NUL, and the digest, of each bank. */
#define DATA_LEN_MAX \
	(IMASTAGE_NR_BANKS * (4 + ALGORITHM_LEN_MAX + IMASTAGE_DIGEST_MAX))

bool withheld_is(const struct imastage_record *record)
{
	return bytes_equal_text(record->name, NAME) &&
	       !imastage_record_is_violation(record);
}

/* ---- paths ------------------------------------------------------------------- */

/* A name between two slashes. */
static bool is_name(const char *name, size_t len)
{
	return len > 0 && !(len == 1 && name[0] == '.') &&
	       !(len == 2 && name[0] == '.' && name[1] == '.');
}

/* "/", or "/home/x", or "/home/x/". */
static bool is_prefix(const char *prefix)
{
	if (*prefix != '/')
		return false;
	while (prefix[0] && prefix[1]) {
		size_t len = strcspn(++prefix, "/");

		if (!is_name(prefix, len))
			return false;
		prefix += len;
	}
	return true;
}

int withheld_prefixes_add(struct withheld_prefixes *prefixes,
			  const char *prefix)
{
	if (!is_prefix(prefix))
		return -EINVAL;
	if (prefixes->nr == WITHHELD_PREFIXES_MAX)
		return -E2BIG;
	prefixes->of[prefixes->nr++] = prefix;
	return 0;
}

/* Kernels write _ for a blank. */
static bool begins_with(struct imastage_bytes path, const char *prefix,
			size_t len)
{
	if (path.len < len)
		return false;
	for (size_t i = 0; i < len; i++)
		if (path.data[i] != (uint8_t)prefix[i] &&
		    !(prefix[i] == ' ' && path.data[i] == '_'))
			return false;
	return true;
}

static bool is_below(const char *prefix, struct imastage_bytes path)
{
	size_t len = strlen(prefix);

	while (len > 0 && prefix[len - 1] == '/')
		len--;
	return path.len > 0 && path.data[0] == '/' &&
	       begins_with(path, prefix, len) &&
	       (path.len == len || path.data[len] == '/');
}

bool withheld_path(const struct withheld_prefixes *prefixes,
		   struct imastage_bytes path)
{
	for (size_t i = 0; i < prefixes->nr; i++)
		if (is_below(prefixes->of[i], path))
			return true;
	return false;
}

bool withheld_wants(const struct withheld_prefixes *prefixes,
		    const struct imastage_record *record)
{
	struct imastage_bytes path;

	if (prefixes->nr == 0)
		return false;
	return imastage_record_event_name(record, &path) == 0 ?
		       withheld_path(prefixes, path) :
		       !imastage_record_is_known(record);
}

/* ---- writing ----------------------------------------------------------------- */

struct made {
	size_t len;
	uint8_t bytes[DATA_LEN_MAX];
};

static void put(struct made *made, const void *data, size_t len)
{
	memcpy(made->bytes + made->len, data, len);
	made->len += len;
}

static void put_u32(struct made *made, size_t value)
{
	uint32_t number = htole32((uint32_t)value);

	put(made, &number, sizeof(number));
}

/* As the field d-ng has it: "sha256:" NUL digest. */
static void put_digest(struct made *made, enum imastage_bank bank,
		       const uint8_t *digest)
{
	char label[ALGORITHM_LEN_MAX];
	size_t len = imastage_bank_digest_len(bank);
	int label_len =
		snprintf(label, sizeof(label), "%s:", imastage_bank_name(bank));

	put_u32(made, (size_t)label_len + 1 + len);
	put(made, label, (size_t)label_len + 1);
	put(made, digest, len);
}

static int write_with(const struct imastage_record *record,
		      const uint8_t *digest, const struct made *data,
		      struct imastage_sink sink)
{
	struct made head = { 0 };
	int r;

	put_u32(&head, record->pcr);
	put(&head, digest, imastage_bank_digest_len(IMASTAGE_SHA1));
	put_u32(&head, strlen(NAME));
	put(&head, NAME, strlen(NAME));
	put_u32(&head, data->len);
	r = sink.write(sink.context, head.bytes, head.len);
	return r < 0 ? r : sink.write(sink.context, data->bytes, data->len);
}

int withheld_write(struct imastage_hasher *hasher, unsigned int banks,
		   const struct imastage_record *record,
		   struct imastage_sink sink)
{
	static const uint8_t zeros[IMASTAGE_DIGEST_MAX];
	struct imastage_digests digests;
	struct made data = { 0 };
	int r;

	if (imastage_record_is_violation(record))
		return write_with(record, zeros, &data, sink);
	r = imastage_hasher_template(hasher, record, &digests);
	if (r < 0)
		return r;
	banks &= ~(1u << IMASTAGE_SHA1);
	for (; banks; banks &= banks - 1) {
		enum imastage_bank bank =
			(enum imastage_bank)__builtin_ctz(banks);

		put_digest(&data, bank, digests.of[bank]);
	}
	return write_with(record, digests.of[IMASTAGE_SHA1], &data, sink);
}

/* ---- reading ----------------------------------------------------------------- */

/* Zeros are a violation's in the list, ones in the PCR: no record's own are either. */
static bool is_of_violation(struct imastage_bytes digest)
{
	return bytes_are_all(digest, 0) || bytes_are_all(digest, 0xff);
}

static int read_digest(struct imastage_bytes field,
		       struct imastage_digests *digests, unsigned int *known)
{
	struct imastage_bytes label, digest;
	enum imastage_bank bank;

	if (record_split_digest(field, &label, &digest) < 0 || label.len < 2 ||
	    imastage_bank_by_name(bytes_first(label, label.len - 1), &bank) < 0)
		return -EBADMSG;
	if (bank == IMASTAGE_SHA1 || *known >> bank ||
	    digest.len != imastage_bank_digest_len(bank) ||
	    is_of_violation(digest))
		return -EBADMSG;
	memcpy(digests->of[bank], digest.data, digest.len);
	*known |= 1u << bank;
	return 0;
}

int withheld_read(const struct imastage_record *record, unsigned int banks,
		  struct imastage_digests *ret_digests, const char **ret_reason)
{
	unsigned int known = 1u << IMASTAGE_SHA1;
	struct imastage_fields fields;
	struct imastage_bytes field;

	*ret_reason = "a withheld record with a digest that no record has";
	if (record->bank != IMASTAGE_SHA1 || is_of_violation(record->digest))
		return -EBADMSG;
	memcpy(ret_digests->of[IMASTAGE_SHA1], record->digest.data,
	       record->digest.len);
	imastage_fields_init(&fields, record);
	while (imastage_fields_next(&fields, &field) == 0)
		if (read_digest(field, ret_digests, &known) < 0)
			return -EBADMSG;
	*ret_reason = "a withheld record without the digest of a bank that is "
		      "quoted";
	return banks & ~known ? -EBADMSG : 0;
}
