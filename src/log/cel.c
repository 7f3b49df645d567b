// SPDX-License-Identifier: MIT
/*
 * What both encodings of a Canonical Event Log share.
 */
#include "log/cel.h"
#include "base/bytes.h"
#include "base/util.h"
#include "log/reader.h"

#include <errno.h>

struct imastage_bytes cel_read_digest(struct imastage_bytes digest)
{
	static const uint8_t zeros[IMASTAGE_DIGEST_MAX];

	return bytes_are_all(digest, 0xff) ? bytes_of(zeros, digest.len) :
					     digest;
}

bool cel_can_hold(const struct imastage_record *record)
{
	return !bytes_are_all(record->digest, 0xff);
}

/* ---- content that is not IMA's ------------------------------------------------ */

static const struct {
	const char *name, *reason;
	uint8_t type;
} contents[] = {
	{ "cel", "content of type cel, in a PCR that IMA extends",
	  CEL_MANAGEMENT },
	{ "pcclient_std",
	  "content of type pcclient_std, in a PCR that IMA extends",
	  CEL_PCCLIENT_STD },
	{ "ima_template", "", CEL_IMA_TEMPLATE },
	{ "ima_tlv", "content of type ima_tlv, in a PCR that IMA extends",
	  CEL_IMA_TLV },
};

const char *cel_content_name(uint64_t type)
{
	for (size_t i = 0; i < ARRAY_SIZE(contents); i++)
		if (contents[i].type == type)
			return contents[i].name;
	return "unknown";
}

static const char *reason_of(struct imastage_bytes content)
{
	for (size_t i = 0; i < ARRAY_SIZE(contents); i++)
		if (bytes_equal_text(content, contents[i].name))
			return contents[i].reason;
	return "content other than ima_template, in a PCR that IMA extends";
}

static uint32_t mask_of(uint64_t pcr)
{
	return pcr < IMASTAGE_NR_PCRS ? 1u << pcr : 0;
}

int cel_take_ima(struct imastage_reader *reader, uint32_t pcr, size_t at,
		 struct imastage_error *error)
{
	uint32_t mask = mask_of(pcr);

	if (reader->left_out.pcrs & mask)
		return reader_fail(error, at, -EBADMSG,
				   "content of IMA, in a PCR that other "
				   "content has extended");
	reader->ima_pcrs |= mask;
	return 0;
}

/* What is printed of a name that anybody may have made. */
static void keep_name(char *to, size_t size, struct imastage_bytes name)
{
	size_t len = name.len < size - 1 ? name.len : size - 1;

	for (size_t i = 0; i < len; i++) {
		uint8_t c = name.data[i];

		to[i] = c > ' ' && c < 0x7f ? (char)c : '?';
	}
	to[len] = '\0';
}

int cel_leave_out(struct imastage_reader *reader, uint64_t pcr,
		  struct imastage_bytes content, size_t at,
		  struct imastage_error *error)
{
	struct imastage_left_out *left_out = &reader->left_out;
	uint32_t mask = mask_of(pcr);

	if (reader->ima_pcrs & mask)
		return reader_fail(error, at, -EBADMSG, reason_of(content));
	if (left_out->nr++ == 0) {
		left_out->offset = reader->offset + at;
		keep_name(left_out->content, sizeof(left_out->content),
			  content);
	}
	left_out->pcrs |= mask;
	return READER_LEFT_OUT;
}
