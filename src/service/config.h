/* SPDX-License-Identifier: MIT */
/*
 * The configuration of the keeper: one small file of `key = value` lines, which
 * imastaged(8) obeys and imastage(1) asks where things are. Every key is
 * explained in imastaged.conf(5) and in packaging/imastaged.conf, which sets
 * all of them to what they are without a file.
 *
 *	# a comment is a line of its own
 *	drain_records = 10000
 *	interval = 10min
 *
 * What is not understood is an error with its line, never skipped: an unknown
 * key, a key given twice, a number out of its bounds. A file is at most CONFIG_FILE_MAX bytes
 * long; parsing it allocates no memory.
 */
#ifndef SERVICE_CONFIG_H
#define SERVICE_CONFIG_H

#include <imastage/bytes.h>

#define CONFIG_PATH IMASTAGE_SYSCONFDIR "/imastage/imastaged.conf"
#define CONFIG_TEXT_MAX 256 /* characters of a value, with the NUL */
#define CONFIG_FILE_MAX ((size_t)64 << 10)

enum config_method {
	CONFIG_METHOD_STAGE, /* stage, save, delete */
	CONFIG_METHOD_TRIM, /* read, save, trim exactly that */
	CONFIG_METHOD_COPY, /* save, delete nothing */
};

/* Durations are milliseconds, sizes are bytes. Empty text: "none". */
struct config {
	/* where things are */
	char archive[CONFIG_TEXT_MAX];
	char source[CONFIG_TEXT_MAX];
	char tpm[CONFIG_TEXT_MAX]; /* "auto", a TCTI, or empty */
	char boot_id[CONFIG_TEXT_MAX];
	char ak[CONFIG_TEXT_MAX]; /* as tpm_ak_place_parse() has it */
	char ak_auth[CONFIG_TEXT_MAX]; /* file with its authorization value */
	char enrolled[CONFIG_TEXT_MAX]; /* what attest/enrolled.h has */

	/* when and how records are taken out of the kernel */
	uint64_t method; /* enum config_method */
	bool exclusive;
	uint64_t drain_records, drain_bytes; /* 0: not by this */
	uint64_t interval; /* 0: not by time */
	uint64_t poll; /* longest time between two looks at the counts */
	char pressure[CONFIG_TEXT_MAX]; /* "some 150ms/2s" */
	uint64_t leave; /* records that stay in the kernel */
	uint64_t wait; /* for others to close the list, each time */
	uint64_t stall_limit; /* a job without progress for so long is stalled */

	/* how they are kept, and for how long; 0: without end */
	uint64_t segment_size;
	bool compress;
	uint64_t retain_bytes, retain_age, retain_boots;

	/* how they are shown */
	char view[CONFIG_TEXT_MAX]; /* mount point */
	char view_group[CONFIG_TEXT_MAX]; /* of its folder and files */
	bool view_bind;

	/* who may ask, and what is told */
	char control[CONFIG_TEXT_MAX];
	char control_group[CONFIG_TEXT_MAX];
	char metrics_file[CONFIG_TEXT_MAX];
	char metrics_socket[CONFIG_TEXT_MAX];
	uint64_t check_interval; /* 0: never */
	uint64_t quote_interval; /* of our own quotes; 0: none */
};

struct config_error {
	unsigned int line; /* 0: it is about the file, or several lines */
	char text[2 * CONFIG_TEXT_MAX]; /* a sentence, without the place */
};

/* What holds without a file. */
void config_defaults(struct config *ret_config);

/*
 * Reads @text over the defaults. -EINVAL with *ret_error filled when something
 * in it is wrong; *ret_config is untouched then.
 */
int config_parse(struct imastage_bytes text, struct config *ret_config,
		 struct config_error *ret_error);

/*
 * The same for the file @path. NULL: CONFIG_PATH, and where there is none, the
 * defaults. Other errors than -EINVAL are those of reading the file;
 * *ret_error says all of them in words.
 */
int config_read(const char *path, struct config *ret_config,
		struct config_error *ret_error);

/* What config_read() reads: "FILE", or "FILE (not there: defaults)". */
void config_name_file(const char *path, char *ret_name, size_t size);

/* Writes all keys, so that config_parse() gives the same. */
void config_print(FILE *file, const struct config *config);

/*
 * The name of the first key whose value differs and that a running agent cannot
 * change, or NULL.
 */
const char *config_needs_restart(const struct config *now,
				 const struct config *wanted);

/* "150ms", "2s", "10min", "1h", "7d"; a number alone is seconds. */
int config_parse_duration(struct imastage_bytes text, uint64_t *ret_ms);

/* "512K", "16M", "1G"; a number alone is bytes. */
int config_parse_size(struct imastage_bytes text, uint64_t *ret_bytes);

/*
 * What @pressure means for /proc/pressure/memory: *ret_trigger is the line to be
 * written there. -EINVAL: it is none.
 */
int config_pressure_trigger(const char *pressure, char *ret_trigger,
			    size_t size);

#endif
