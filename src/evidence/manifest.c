// SPDX-License-Identifier: MIT
/*
 * The manifest: a table of members, each with what reads it.
 */
#include "evidence/manifest.h"
#include "base/bytes.h"
#include "base/hex.h"
#include "base/json_text.h"
#include "base/util.h"

#include <errno.h>
#include <inttypes.h>

static const char *const kinds[] = { "live", "history" };
static const char *const orders[] = { "little", "big" };

/* ---- reading ---------------------------------------------------------------- */

static int read_number(struct imastage_bytes value, uint64_t *ret_number)
{
	struct imastage_bytes digits;
	int r = json_text_string(value, &digits);

	return r < 0 ? r : json_text_number(digits, ret_number);
}

static int read_word(struct imastage_bytes value, const char *const *words,
		     unsigned int nr, unsigned int *ret_which)
{
	struct imastage_bytes string;

	if (json_text_string(value, &string) < 0)
		return -EBADMSG;
	for (unsigned int i = 0; i < nr; i++) {
		if (!json_text_is(string, words[i]))
			continue;
		*ret_which = i;
		return 0;
	}
	return -EBADMSG;
}

static int read_kind(struct imastage_bytes value, struct manifest *manifest)
{
	unsigned int which;

	if (read_word(value, kinds, ARRAY_SIZE(kinds), &which) < 0)
		return -EBADMSG;
	manifest->kind = (enum manifest_kind)which;
	return 0;
}

static int read_order(struct imastage_bytes value, struct manifest *manifest)
{
	unsigned int which;

	if (read_word(value, orders, ARRAY_SIZE(orders), &which) < 0)
		return -EBADMSG;
	manifest->order = (enum imastage_endian)which;
	return 0;
}

static int read_bank(struct imastage_bytes value, unsigned int *banks)
{
	struct imastage_bytes string;

	if (json_text_string(value, &string) < 0)
		return -EBADMSG;
	for (unsigned int i = 0; i < IMASTAGE_NR_BANKS; i++) {
		if (!json_text_is(string,
				  imastage_bank_name((enum imastage_bank)i)))
			continue;
		if (*banks & 1u << i)
			return -EBADMSG;
		*banks |= 1u << i;
		return 0;
	}
	return -EBADMSG;
}

static int read_banks(struct imastage_bytes value, struct manifest *manifest)
{
	struct imastage_bytes element;
	int r;

	while ((r = json_text_element(&value, &element)) == 1)
		if (read_bank(element, &manifest->banks) < 0)
			return -EBADMSG;
	return r < 0 || manifest->banks == 0 ? -EBADMSG : 0;
}

static bool is_printable(uint8_t c)
{
	return c >= ' ' && c <= '~';
}

static int read_kernel(struct imastage_bytes value, struct manifest *manifest)
{
	struct imastage_bytes string;
	size_t len = 0;
	uint8_t c;
	int r = json_text_string(value, &string);

	while (r == 0 && (r = json_text_character(&string, &c)) == 1) {
		if (len == MANIFEST_KERNEL_MAX || !is_printable(c))
			return -EBADMSG;
		manifest->kernel[len++] = (char)c;
		r = 0;
	}
	return r < 0 || len == 0 ? -EBADMSG : 0;
}

/* "first": where to, and what reads it. */
#define NUMBER(name)                                        \
	static int read_##name(struct imastage_bytes value, \
			       struct manifest *manifest)   \
	{                                                   \
		return read_number(value, &manifest->name); \
	}

NUMBER(first)
NUMBER(records)
NUMBER(excess)
NUMBER(bytes)
NUMBER(time)
NUMBER(chained)

/* Both of these or neither. */
static int read_chain(struct imastage_bytes chain,
		      struct imastage_bytes chained, struct manifest *manifest)
{
	struct imastage_bytes digits;
	size_t len;

	if (chain.len == 0 && chained.len == 0)
		return 0;
	if (json_text_string(chain, &digits) < 0 ||
	    hex_decode(digits, MANIFEST_CHAIN_LEN, manifest->chain, &len) < 0 ||
	    len != MANIFEST_CHAIN_LEN)
		return -EBADMSG;
	manifest->has_chain = true;
	return read_chained(chained, manifest);
}

#define MEMBERS(X) \
	X(kind)    \
	X(first)   \
	X(records) \
	X(excess)  \
	X(bytes)   \
	X(banks)   \
	X(order)   \
	X(kernel)  \
	X(time)

#define KEY(name) #name,
static const char *const keys[] = { MEMBERS(KEY) "chain", "chained" };

#define MEMBER(name) { read_##name, #name " is missing or not of its form" },
static const struct {
	int (*read)(struct imastage_bytes value, struct manifest *manifest);
	const char *reason;
} members[] = { MEMBERS(MEMBER) };

static bool in_range(const struct manifest *manifest)
{
	uint64_t room = UINT64_MAX - manifest->first;

	return manifest->records <= room &&
	       manifest->excess <= room - manifest->records;
}

int manifest_parse(struct imastage_bytes text, struct manifest *ret_manifest,
		   const char **ret_reason)
{
	struct imastage_bytes values[ARRAY_SIZE(keys)];
	struct manifest manifest = { 0 };

	*ret_reason = "it is not a JSON object, or has a member twice";
	if (json_text_members(text, keys, ARRAY_SIZE(keys), values) < 0)
		return -EBADMSG;
	for (size_t i = 0; i < ARRAY_SIZE(members); i++) {
		*ret_reason = members[i].reason;
		if (members[i].read(values[i], &manifest) < 0)
			return -EBADMSG;
	}
	*ret_reason = "chain or chained is missing or not of its form";
	if (read_chain(values[ARRAY_SIZE(members)],
		       values[ARRAY_SIZE(members) + 1], &manifest) < 0)
		return -EBADMSG;
	*ret_reason = "first, records and excess reach 2^64";
	if (!in_range(&manifest))
		return -EBADMSG;
	*ret_reason = NULL;
	*ret_manifest = manifest;
	return 0;
}

/* ---- writing ---------------------------------------------------------------- */

/* @ret_text: twice the characters of @name, and a NUL. */
static int escape(const char *name, char *ret_text)
{
	for (; *name; name++) {
		if (!is_printable((uint8_t)*name))
			return -EINVAL;
		if (*name == '"' || *name == '\\')
			*ret_text++ = '\\';
		*ret_text++ = *name;
	}
	*ret_text = '\0';
	return 0;
}

/* "sha1","sha256" */
static void put_banks(unsigned int banks, char ret_text[80])
{
	size_t len = 0;

	ret_text[0] = '\0';
	for (unsigned int i = 0; i < IMASTAGE_NR_BANKS; i++)
		if (banks & 1u << i)
			len += (size_t)snprintf(
				ret_text + len, 80 - len, "%s\"%s\"",
				len ? "," : "",
				imastage_bank_name((enum imastage_bank)i));
}

/* ,"chain":"...","chained":"..." */
static void put_chain(const struct manifest *manifest, char ret_text[128])
{
	char hex[HEX_TEXT_LEN(MANIFEST_CHAIN_LEN)];

	ret_text[0] = '\0';
	if (!manifest->has_chain)
		return;
	hex_encode(bytes_of(manifest->chain, MANIFEST_CHAIN_LEN), hex);
	snprintf(ret_text, 128, ",\"chain\":\"%s\",\"chained\":\"%" PRIu64 "\"",
		 hex, manifest->chained);
}

int manifest_write(const struct manifest *manifest,
		   char ret_text[MANIFEST_LEN_MAX], size_t *ret_len)
{
	char kernel[2 * MANIFEST_KERNEL_MAX + 1], banks[80], chain[128];

	if (escape(manifest->kernel, kernel) < 0 || kernel[0] == '\0' ||
	    manifest->banks == 0 || manifest->banks >> IMASTAGE_NR_BANKS != 0 ||
	    !in_range(manifest))
		return -EINVAL;
	put_banks(manifest->banks, banks);
	put_chain(manifest, chain);
	*ret_len = (size_t)snprintf(
		ret_text, MANIFEST_LEN_MAX,
		"{\"kind\":\"%s\",\"first\":\"%" PRIu64
		"\",\"records\":\"%" PRIu64 "\",\"excess\":\"%" PRIu64
		"\",\"bytes\":\"%" PRIu64 "\",\"banks\":[%s],"
		"\"order\":\"%s\",\"kernel\":\"%s\",\"time\":\"%" PRIu64
		"\"%s}\n",
		kinds[manifest->kind], manifest->first, manifest->records,
		manifest->excess, manifest->bytes, banks,
		orders[manifest->order], kernel, manifest->time, chain);
	return 0;
}
