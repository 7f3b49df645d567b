/* SPDX-License-Identifier: MIT */
/*
 * Reads a measurement list record by record, from memory, a file, a pipe or
 * anything that gives bytes, in any of its formats.
 *
 *	struct imastage_reader_options options = { 0 }; // detect everything
 *	struct imastage_reader *reader;
 *	struct imastage_record record;
 *	int r = imastage_reader_new_fd(0, &options, &reader);
 *
 *	if (r < 0)
 *		return r; // there is no reader then
 *	while ((r = imastage_reader_next(reader, &record)) == 0)
 *		use(&record);
 *	if (r < 0)
 *		complain(imastage_reader_error(reader));
 *	imastage_reader_free(reader);
 *
 * What it costs. Memory is constant for lists of any length: 256 KiB, and four
 * bytes for each of the longest record so far, or of the first MiB where no record of it
 * tells what the list is. From memory (which may be a mapped file) binary records are not
 * copied at all. Each byte of a list, whoever made it, is looked at, decoded or hashed
 * 600 times at most, which only lines of ASCII come near to that no digest proves; of
 * good lists, once or twice.
 *
 * Formats
 *   BINARY    binary_runtime_measurements*: u32 PCR, digest, u32 length and
 *             template name, u32 length and template data (no length for
 *             template "ima").
 *   ASCII     ascii_runtime_measurements*: one line for each record.
 *   CEL_JSON  TCG Canonical Event Log, content type "ima_template": an array
 *             of objects, or objects one after the other.
 *   CEL_TLV   the same as type, length, value.
 * imastage/writer.h draws them.
 *
 * Records of CEL with other content are left out, and counted, as long as they are for
 * other PCRs than IMA's. In one of IMA's they are an error, for a record could be
 * hidden by calling it something else, and so is a log of nothing else.
 *
 * Text that went through editors and pipes is read where nothing is lost: a byte order
 * mark before it, carriage returns, empty lines at the end of ASCII, record
 * separators (RFC 7464) before objects. Of ASCII the digest proves what was lost: blanks
 * at the end of a line, with the empty fields that they stood before, and the
 * last newline.
 *
 * What ASCII does not tell. Names are printed as they are. Records whose name
 * holds newlines, or even text that looks like a record, are told apart by
 * their digest: a record ends at the first newline where its digest is that of
 * its data, or else at the first where a record seems to follow. 64 newlines
 * are tried, 16 after the first of the second kind.
 * Only violations, which have no digest, and tampered records are left to that
 * second rule; they never reach over a line that its own digest proves. Spaces in a name are fine when the template has one text field
 * only; the kernel writes '_' for them.
 * The fields of a template that is not known, and not given in the options, are
 * guessed by how they look, in 64 ways at most, of lines up to 4 KiB. Where the
 * digest proves one, the record has data and fields as any; else it is opaque, see
 * imastage/record.h, and ends with its line.
 */
#ifndef IMASTAGE_READER_H
#define IMASTAGE_READER_H

#include <imastage/record.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Longest record that is read unless the options say otherwise. */
#define IMASTAGE_RECORD_LEN_MAX ((size_t)16 << 20)

enum imastage_format {
	IMASTAGE_FORMAT_DETECT,
	IMASTAGE_FORMAT_BINARY,
	IMASTAGE_FORMAT_ASCII,
	IMASTAGE_FORMAT_CEL_JSON,
	IMASTAGE_FORMAT_CEL_TLV,
};

/* What is to be found out. */
#define IMASTAGE_DETECT_FORMAT 1u
#define IMASTAGE_DETECT_BANK 2u
#define IMASTAGE_DETECT_ENDIAN 4u

struct imastage_reader_options {
	enum imastage_format format;
	enum imastage_bank bank; /* of the digests in the list */
	enum imastage_endian endian; /* of its numbers, or of template data */
	uint64_t first_index; /* of the first record, for lists in pieces */
	size_t max_record_len; /* 0 for IMASTAGE_RECORD_LEN_MAX */
	/*
	 * A mask; 0 is nothing, or all of it with IMASTAGE_FORMAT_DETECT. Bank and order
	 * above are then what is taken where no record tells.
	 */
	unsigned int detect;
	/* Beside those of Linux; NULL: none. They must outlive the records. */
	const struct imastage_templates *templates;
};

struct imastage_reader;

/*
 * Each makes a reader; options may be NULL for all zeros. -EINVAL for options
 * that make no sense, -ENOMEM. Detection takes place at the first record.
 */
IMASTAGE_API int
imastage_reader_new(struct imastage_source source,
		    const struct imastage_reader_options *options,
		    struct imastage_reader **ret_reader);

/* @fd stays the caller's, and must outlive the reader. */
IMASTAGE_API int
imastage_reader_new_fd(int fd, const struct imastage_reader_options *options,
		       struct imastage_reader **ret_reader);

/* @bytes must outlive the reader and the records. */
IMASTAGE_API int
imastage_reader_new_memory(struct imastage_bytes bytes,
			   const struct imastage_reader_options *options,
			   struct imastage_reader **ret_reader);

IMASTAGE_API void imastage_reader_free(struct imastage_reader *reader);

#define IMASTAGE_END 1 /* there is no further record */

/*
 * The next record, valid until the next call; *ret_record is of no use on failure.
 * Returns 0, IMASTAGE_END, or, again at every further call:
 *	-ENODATA	the list ends inside a record
 *	-EBADMSG	what is there could not be a record whatever followed
 *	-EMSGSIZE	a record is longer than max_record_len
 *	-ENOTSUP	OpenSSL lacks the bank's algorithm, which ASCII needs
 *	-ENOMEM, or the error of the source
 */
IMASTAGE_API int imastage_reader_next(struct imastage_reader *reader,
				      struct imastage_record *ret_record);

/*
 * Of a binary list (of no other): the next records as lines of IMASTAGE_FORMAT_ASCII in
 * @data, with their own digests, up to the one with the index @end, as far as there
 * surely is room for their lines. Returns how many bytes that was, whole lines, much
 * faster than one after the other. 0: it is for imastage_reader_next() to go on, for
 * one of a template that is not built in, what is wrong, or the end.
 */
IMASTAGE_API size_t imastage_reader_show(struct imastage_reader *reader,
					 uint64_t end, void *data,
					 size_t capacity);

/* The place and the reason, once imastage_reader_next() has failed. */
IMASTAGE_API const struct imastage_error *
imastage_reader_error(const struct imastage_reader *reader);

/* Byte offset and index of the record that the next call will return. */
IMASTAGE_API uint64_t
imastage_reader_offset(const struct imastage_reader *reader);
IMASTAGE_API uint64_t
imastage_reader_index(const struct imastage_reader *reader);

/* The options in use; what was to be detected is set after the first record. */
IMASTAGE_API const struct imastage_reader_options *
imastage_reader_get_options(const struct imastage_reader *reader);

/*
 * Records of a Canonical Event Log that were left out so far, because their content
 * is not ima_template. They have no index.
 */
struct imastage_left_out {
	uint64_t nr;
	uint64_t offset; /* of the first */
	uint32_t pcrs; /* that they are for: a mask, of none that IMA's are for */
	char content[32]; /* type of the first, "pcclient_std", in printable ASCII */
};

IMASTAGE_API const struct imastage_left_out *
imastage_reader_left_out(const struct imastage_reader *reader);

/*
 * What a list is, told by its first bytes (64 KiB are plenty): format, bank
 * and byte order in *options, as far as options->detect says so; other members
 * stay. The first record of which the digest is right decides, for it cannot be right
 * by accident. Where there is none (violations, records that are not what they were),
 * those are taken as which most can be read, of several the ones that *options has.
 * -EBADMSG when it is no list.
 */
IMASTAGE_API int imastage_detect(struct imastage_bytes head,
				 struct imastage_reader_options *options);

#ifdef __cplusplus
}
#endif

#endif
