/* SPDX-License-Identifier: MIT */
/*
 * Writes records in any format: what was read comes out byte for byte in the
 * format, bank and byte order it came in, and as the kernel would have written
 * it in any other.
 *
 * BINARY
 *	u32	PCR
 *	digest	of the template data: 20 bytes in the sha1 file, the bank's
 *		size in the others; all zeros in a record of a violation
 *	u32	length of the template's name
 *	bytes	template name, no NUL
 *	u32	length of the template data	} absent for template "ima"
 *	data	template data
 * Source: ima_measurements_show() in Linux' security/integrity/ima/ima_fs.c.
 * In another byte order than the record's the lengths of fields and the fields
 * that are numbers change, too. The digests stay, and are no longer those of
 * the data: the TPM saw the data in the first order. Going back restores it.
 *
 * ASCII
 *	"%2d" PCR, ' ', digest in hex, ' ', template name; for each field ' '
 *	and its text; '\n'
 * Texts: "d-ng" and the like "sha256:" and hex; "d", "sig" and the like hex;
 * "n-ng" and the like the bytes before the first NUL; numbers decimal; an
 * empty field nothing. Source: the same file and ima_template_lib.c.
 *
 * CEL_TLV, each of u8 type, u32 length, value, all numbers big-endian:
 *	0	record number, u32, or u64 from 2^32 on
 *	1	PCR, u32
 *	3	digests: for each bank one TLV, its type the TPM_ALG of the bank
 *	7	content of IMA_TEMPLATE: TLV 0 template name, TLV 1 template data
 * CEL_JSON, an array with one object on a line:
 *	{"recnum":0,"pcr":10,"digests":[{"hashAlg":"sha256","digest":"<hex>"}],
 *	"content_type":"ima_template","content":{"template_name":"ima-ng",
 *	"template_data":"<hex>"}}
 * Bytes of a template name outside printable ASCII are written \u00XX.
 * Template data is that of the binary list; a digest of zeros says violation,
 * as there. Also read are the older "template_value" for "template_data",
 * numbers of TPM_ALG for names, and a digest of ones for a violation, which is
 * what a PCR is extended with. Source: TCG Canonical Event Log Format 1.0,
 * sections on TLV, JSON and IMA_TEMPLATE. Others who write "template_data":
 * tpm2-tss (ifapi_ima_eventlog.c, which reads "template_value", too, and writes
 * ones) and libcel (cel_json.c).
 */
#ifndef IMASTAGE_WRITER_H
#define IMASTAGE_WRITER_H

#include <imastage/reader.h>

#ifdef __cplusplus
extern "C" {
#endif

struct imastage_writer_options {
	enum imastage_format format; /* DETECT is not one */
	unsigned int banks; /* CEL: the digests to write, a mask */
	enum imastage_bank bank; /* BINARY, ASCII: of the digests */
	enum imastage_endian endian; /* BINARY */
	uint64_t first_index; /* CEL: record number of the first */
	bool bare; /* ASCII: what cannot be shown is a line without fields */
};

struct imastage_writer;

/*
 * -EINVAL for options that make no sense, -ENOTSUP when OpenSSL lacks an
 * algorithm, -ENOMEM. The sink must stay until the writer is freed.
 */
IMASTAGE_API int
imastage_writer_new(struct imastage_sink sink,
		    const struct imastage_writer_options *options,
		    struct imastage_writer **ret_writer);

/*
 * Writes @record. The digest of the record's own bank is written as it is,
 * those of others are computed; violations stay violations. -EBADMSG with
 * nothing written when ASCII cannot show the record: see
 * imastage_record_is_known(); a digest field without its colon; or when the record is
 * opaque, unless its line is written as it was, to ASCII of the same bank. With options.bare
 * such a line ends behind the template's name. The same when the digest is all
 * ones, which CEL would take for a violation. -ENOMEM for a line of ASCII of some
 * thousand bytes and more, which is made in memory; -EIO when OpenSSL fails, or the
 * error of the sink.
 */
IMASTAGE_API int imastage_writer_put(struct imastage_writer *writer,
				     const struct imastage_record *record);

/*
 * As imastage_writer_put(), but to @data instead of the sink: returns how many bytes
 * of it that took. -ENOBUFS: @capacity is not enough, as it may be by a byte or two when it
 * just would be; then @data has changed, and the record counts as not written.
 */
IMASTAGE_API ssize_t imastage_writer_put_to(struct imastage_writer *writer,
					    const struct imastage_record *record,
					    void *data, size_t capacity);

/* Writes what belongs behind the last record: the end of CEL_JSON's array. */
IMASTAGE_API int imastage_writer_finish(struct imastage_writer *writer);

IMASTAGE_API void imastage_writer_free(struct imastage_writer *writer);

#ifdef __cplusplus
}
#endif

#endif
