/* SPDX-License-Identifier: MIT */
/*
 * The reader from the inside: a window on the list, and for each format a
 * parser that finds the next record in it.
 *
 * Invariant: the window holds the list from byte `offset` on, as far as it was
 * read; it begins with the record that comes next. It is the reader's own
 * buffer, or the caller's memory.
 */
#ifndef LOG_READER_H
#define LOG_READER_H

#include "log/digest.h"

#include <imastage/reader.h>

/* How far an object of CEL_JSON was looked through that is not whole yet. */
struct json_scan {
	size_t len; /* bytes of it */
	int depth;
	bool in_string, escaped;
};

struct imastage_reader {
	struct imastage_reader_options options;
	struct imastage_source source; /* read is NULL for memory */
	struct imastage_buffer buffer; /* owned; holds the window's bytes */
	struct imastage_bytes window;
	size_t used; /* bytes of the window that the last record took */
	bool eof; /* nothing follows the window */

	uint64_t offset; /* of the window in the list */
	uint64_t index; /* of the next record */
	int failed; /* the error, once there is one */
	struct imastage_error error;

	/* What parsers keep between records. */
	struct imastage_hasher hasher; /* of the list's bank, for ASCII */
	struct imastage_buffer data; /* template data put together */
	struct imastage_buffer text; /* a digest, a name put together */
	bool crlf; /* ASCII: so the last line that was proven ended */
	bool begun; /* its first byte was looked at */
	bool parsed; /* a record was, which may have been left out */
	bool in_array; /* CEL_JSON: inside of [ ] */
	struct json_scan scan; /* CEL_JSON */
	uint32_t ima_pcrs; /* CEL: mask of those that IMA's records are for */
	struct imastage_left_out left_out; /* CEL */
};

#define CEL_JSON_SEPARATOR 0x1e /* before each object, by RFC 7464 */

/* A record of CEL was read that is not IMA's. */
#define READER_LEFT_OUT 2

#define READER_DETECT_ALL \
	(IMASTAGE_DETECT_FORMAT | IMASTAGE_DETECT_BANK | IMASTAGE_DETECT_ENDIAN)

/*
 * Parses the record at the start of the window. Returns 0 with the record and
 * its length in the window in reader->used; -ENODATA when it needs more than
 * there is, the end of the list included; IMASTAGE_END when only padding
 * follows; READER_LEFT_OUT, with its length, for a record that is not IMA's;
 * another error. On failure *error has the offset in the window and
 * the reason.
 */
int reader_parse_binary(struct imastage_reader *reader,
			struct imastage_error *error,
			struct imastage_record *ret_record);
int reader_parse_ascii(struct imastage_reader *reader,
		       struct imastage_error *error,
		       struct imastage_record *ret_record);
int reader_parse_cel_tlv(struct imastage_reader *reader,
			 struct imastage_error *error,
			 struct imastage_record *ret_record);
int reader_parse_cel_json(struct imastage_reader *reader,
			  struct imastage_error *error,
			  struct imastage_record *ret_record);

/* Sets *error and returns @r. */
static inline int reader_fail(struct imastage_error *error, size_t offset,
			      int r, const char *reason)
{
	error->offset = offset;
	error->reason = reason;
	return r;
}

/* What detection has found beside the options. */
struct detected {
	bool crlf; /* as in the reader */
	struct imastage_error error; /* why it is no list */
};

/* options->detect, with what goes without saying. */
unsigned int what_to_detect(const struct imastage_reader_options *options);

/*
 * imastage_detect(), of what options->detect names; or -ENODATA when more bytes than
 * @head would tell more; there are none with @eof.
 */
int detect(struct imastage_bytes head, bool eof,
	   struct imastage_reader_options *options,
	   struct detected *ret_detected);

#endif
