/* SPDX-License-Identifier: MIT */
/*
 * Writing a list in another format, and saying what that loses. Nothing is lost
 * silently:
 *
 *   - where a digest is computed anew, one that was wrong would become right:
 *     such a list is refused;
 *   - a record is read back from the ASCII it became, and compared;
 *   - numbers in another byte order are no longer what was hashed.
 */
#ifndef LIST_CONVERT_H
#define LIST_CONVERT_H

#include "base/output.h"
#include "list/input.h"

/* At first CONVERT_INIT; the first part is for convert_opts. */
struct convert {
	struct input_options input_options;
	enum list_format to;
	enum imastage_endian endian;
	enum imastage_bank bank; /* of the result, IMASTAGE_NR_BANKS: as it is */
	unsigned int banks; /* CEL: of the result, 0: as it is */
	bool quiet;
	const char *path;

	struct input input;
	struct output output;
	struct imastage_writer *writer;
	unsigned int written; /* banks of the result */
	struct imastage_hasher *hasher; /* checks digests that are not kept */
	enum imastage_bank hasher_bank;

	struct imastage_writer *echo; /* to text */
	struct imastage_buffer text;
	uint64_t nr_lossy; /* records that ASCII does not carry whole */
	uint64_t first_lossy;
	bool reordered; /* some data is in another byte order than it was */
};

/* clang-format off */
#define CONVERT_INIT \
	{ .endian = IMASTAGE_HOST, .bank = IMASTAGE_NR_BANKS, .input = { .fd = -1 } }
/* clang-format on */

/* What FORMAT is, for a help. */
extern const char convert_formats[];

/* Their context is a struct convert. */
extern const struct opt convert_opts[];

/* Do the options go together? Returns enum cli_status. */
int convert_check_options(struct convert *c);

/* Writes all of c->input, which was begun. Returns enum cli_status. */
int convert_run(struct convert *c);
void convert_fini(struct convert *c);

#endif
