/* SPDX-License-Identifier: MIT */
/*
 * The list that a verb works on: one or more parts in order, each a file of any
 * kind, standard input, or a folder of parts, such as a boot's in an archive. Each
 * part begins and ends between two records, and may be of another format, and
 * compressed by zstd.
 *
 * Whatever fails is complained about here, with the part and the place.
 */
#ifndef LIST_INPUT_H
#define LIST_INPUT_H

#include "tool/opts.h"
#include "tool/progress.h"

#include <imastage/imastage.h>

/* Formats as users name them. */
enum list_format {
	LIST_DETECT,
	LIST_BINARY, /* in the byte order of this machine */
	LIST_CANONICAL, /* little-endian */
	LIST_ASCII,
	LIST_JSON, /* CEL_JSON, a line for each record, with all decoded */
	LIST_CEL_JSON,
	LIST_CEL_TLV,
};

#define WANTED_TEMPLATE                                                        \
	"NAME=FIELD|FIELD..., with up to 15 fields, each with :hex, :digest, " \
	":u8 to :u64 or :text behind it where Linux does not know it"
#define LIST_FORMATS "binary, canonical, ascii, json, cel-json or cel-tlv"

int list_format_parse(const char *text, enum list_format *ret_format);
const char *list_format_name(enum list_format format);
enum imastage_format list_format_library(enum list_format format);

struct input_options {
	enum list_format format;
	enum imastage_bank bank;
	enum imastage_endian endian;
	bool bank_set; /* else it is detected */
	bool endian_set;
	uint64_t first_index;
	size_t max_record_len;
	enum progress_mode progress;
};

/* Their context is a struct input_options, at first all zeros. */
extern const struct opt input_opts[];

/*
 * Of NAME=FORMAT, for all lists of the command. 0, -EINVAL when it is none, or
 * positive after a complaint, as struct opt's set().
 */
int input_add_template(const char *text);

/* Those that were added, or NULL. */
const struct imastage_templates *input_templates(void);

struct inflate;

struct input_part {
	char *path; /* owned; "-" is standard input */
	int spool_fd; /* the copy of what cannot be read again, or -1 */
	off_t start; /* of standard input, if it is a file */
};

struct input {
	const struct input_options *options;
	struct input_part *parts;
	size_t nr_parts;
	size_t next; /* part that is opened next */
	bool spool; /* keep copies, for input_rewind() */
	bool keep_pipes; /* the same for pipes alone, as far as there is room */
	bool read_once; /* a part could be read once only */
	bool again; /* it was rewound */
	struct imastage_source source; /* of the only part; or none */

	struct imastage_reader *reader; /* of the part at hand */
	int fd;
	struct inflate *inflate; /* between it and who reads */
	enum imastage_bank bank; /* of the part before, */
	enum imastage_endian endian; /* should the part at hand not tell */
	int read_error; /* negative errno of the source */

	uint64_t nr_records; /* of the parts that were finished */
	uint64_t nr_left_out; /* which were no records of IMA, */
	uint32_t pcrs_left_out; /* and a mask of the PCRs they are for */
	uint64_t offset; /* of the last record in its part */
	_Atomic uint64_t
		nr_read; /* bytes of all parts; whoever reads adds, others look */
	uint64_t nr_total; /* the same, as far as known before */
};

/*
 * One part that comes from @source instead, in the kernel's binary format with
 * sha1 digests; complaints call it @name.
 */
int input_init_source(struct input *input, const struct input_options *options,
		      struct imastage_source source, const char *name);

/* @args: names, until NULL; none is standard input. Returns enum cli_status. */
int input_init(struct input *input, const struct input_options *options,
	       char **args);
void input_fini(struct input *input);

/* 0, IMASTAGE_END, or negative after a complaint. */
int input_next(struct input *input, struct imastage_record *ret_record);

/* Opens the next part instead, for imastage_check(). Returns as above. */
int input_next_part(struct input *input);
/* Is the part an ordinary file, of which no read waits for anybody? */
bool input_reads_at_once(const struct input *input);
/* To be called with what failed on the part's reader. Returns @r. */
int input_complain(struct input *input, int r);

/*
 * Starts again with the first part, as often as wanted. With input->spool from the
 * start all is as it was. Without it files are opened again, and those of the kernel
 * may have changed; pipes can be read again with input->keep_pipes only, and if
 * input_can_rewind() says so.
 */
int input_rewind(struct input *input);
bool input_can_rewind(const struct input *input);

/* Shows progress. -EINTR once the process is to end. */
int input_tick(const struct input *input);

/* The part that the last record is in, the record's index in the whole list. */
const char *input_path(const struct input *input);
uint64_t input_index(const struct input *input);

#endif
