/* SPDX-License-Identifier: MIT */
/*
 * What must hold for any input, whatever its format; shared by the fuzz
 * targets. Whoever breaks a promise aborts.
 */
#ifndef FUZZ_PROMISES_H
#define FUZZ_PROMISES_H

#include <imastage/imastage.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

void must(bool holds);

/*
 * Reads @bytes as @options say, from memory and again in pieces from a source.
 * Both must find the same records, each as imastage/record.h promises, and end
 * the same way; the error has its place in the list. Each record is replayed,
 * and written as @options->format: what was written must be read back as the
 * same record.
 */
void check_list(struct imastage_bytes bytes,
		const struct imastage_reader_options *options);

/* @text, in @format, is the record @expected and nothing else. */
void must_read_as(struct imastage_bytes text, enum imastage_format format,
		  const struct imastage_record *expected);

/* One record: fields, names, ASCII, the other byte order and back. */
void check_record(const struct imastage_record *record);

#endif
