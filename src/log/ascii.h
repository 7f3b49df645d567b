/* SPDX-License-Identifier: MIT */
/*
 * The kernel's ASCII format: one record shown, one read back. It is drawn in
 * imastage/writer.h; what it does not tell is in imastage/reader.h.
 */
#ifndef LOG_ASCII_H
#define LOG_ASCII_H

#include "log/out.h"
#include "log/template.h"

#include <imastage/record.h>

/*
 * Writes the line of @record, with @digest for the record's own. -EBADMSG,
 * before anything is written, when the kernel could not show it. -ENOMEM: it is a
 * long one.
 */
int ascii_write(struct out *out, const struct imastage_record *record,
		struct imastage_bytes digest);

/* The same without fields, which can be shown of any record. */
int ascii_write_bare(struct out *out, const struct imastage_record *record,
		     struct imastage_bytes digest);

/*
 * Puts the field that @text shows behind *data: its length, and the bytes that it
 * stands for. -EINVAL when it is no such field; -ENOMEM.
 */
int ascii_put_field(struct imastage_buffer *data, struct imastage_bytes text,
		    const struct log_field *field, enum imastage_endian endian);

/*
 * How long its line is with a digest of @digest_len bytes: of the one that is
 * written, with fields if they can be shown, else without. Nothing is rendered.
 */
uint64_t ascii_len(const struct imastage_record *record, size_t digest_len);

#endif
