// SPDX-License-Identifier: MIT
/*
 * See enrolled.h.
 */
#include "attest/enrolled.h"
#include "base/file.h"
#include "base/output.h"
#include "base/util.h"

#define MEMBER(kind, name, min, max) \
	MESSAGE_MEMBER(struct enrolled, kind, name, min, max)

static const struct message_member members[] = {
	MEMBER(MESSAGE_TEXT, machine, 1, EVIDENCE_ID_MAX),
	MEMBER(MESSAGE_TEXT, verifier, 1, EVIDENCE_ID_MAX),
	MEMBER(MESSAGE_HEX, ak_name, 1, EVIDENCE_NAME_MAX),
};

static const struct message_form form = {
	"enrolled-1",
	members,
	ARRAY_SIZE(members),
};

int enrolled_read(const char *path, struct enrolled *ret_enrolled,
		  struct evidence_error *ret_error)
{
	struct enrolled enrolled = { 0 };
	cleanup_free uint8_t *data = NULL;
	size_t len;
	int r = file_read(path, MESSAGE_LEN_MAX, &data, &len);

	if (r == 0)
		r = message_parse(&form, bytes_of(data, len), &enrolled,
				  ret_error);
	if (r == 0)
		*ret_enrolled = enrolled;
	return r;
}

static int write_text(const char *path, const struct imastage_buffer *text)
{
	struct output output;
	int r = output_open_regular(&output, path, 0600);

	if (r < 0)
		return r;
	fwrite(text->data, 1, text->len, output.file);
	r = output_commit(&output);
	output_fini(&output);
	return r;
}

int enrolled_write(const char *path, const struct enrolled *enrolled)
{
	struct imastage_buffer text = { 0 };
	int r = message_write(&form, enrolled, &text);

	if (r == 0)
		r = write_text(path, &text);
	free(text.data);
	return r;
}
