/* SPDX-License-Identifier: MIT */
/*
 * Archives for tests: a folder that comes and goes, lists to put into one, and what
 * must hold of one whatever happened.
 */
#ifndef LIB_KEEPING_H
#define LIB_KEEPING_H

#include "archive/archive.h"

/* Makes a folder; @path ends in XXXXXX, as for mkdtemp(). */
void keeping_make_dir(char *path);

/* Removes it and all that is in it. */
void keeping_remove_dir(const char *path);

/* A list of records, and where each begins. */
struct kept_list {
	struct imastage_buffer bytes; /* owned */
	uint64_t *offsets; /* owned; nr + 1 of them */
	struct imastage_record *records; /* owned; views of the bytes */
	uint64_t nr;
};

/* @nr records of many kinds, made from *seed. */
void kept_list_random(struct kept_list *list, unsigned int nr, uint32_t seed);
/* What is in the file: hex text of a sha1 binary list. */
void kept_list_read(struct kept_list *list, const char *path);
void kept_list_fini(struct kept_list *list);

/* Puts records @from to @to - 1. Returns the first error. */
int kept_list_put(const struct kept_list *list, struct archive *archive,
		  uint64_t from, uint64_t to);

/*
 * Every record of a boot that is kept is that of the list with its index, byte
 * for byte; else the test fails. Returns the index behind the last one.
 */
uint64_t kept_list_check(const struct kept_list *list, struct archive *archive,
			 int64_t boot);

/*
 * Nothing is found by archive_verify(). Prints what is.
 */
void keeping_verify(struct archive *archive);

/*
 * What is found: the texts, one on a line; NULL when the check could not be done,
 * as with a damaged index. free() it.
 */
char *keeping_try_findings(struct archive *archive);

/* What was said, the last lines of it; with $KEEPING_VERBOSE it is printed, too. */
struct kept_said {
	char text[8192];
	size_t len;
	unsigned int nr_errors;
	struct say say;
};

void kept_said_init(struct kept_said *said);

/* An archive of one boot in a folder of its own, with short segments; and records for it. */
struct kept_archive {
	char dir[64];
	struct kept_said said;
	struct archive_options options;
	struct archive *archive; /* a writer */
	struct archive_boot boot;
	struct kept_list list;
};

/* As cmocka has them: *state is a struct kept_archive. */
int kept_archive_setup(void **state);
int kept_archive_teardown(void **state);

/* Another writer. */
void kept_archive_open_again(struct kept_archive *kept);

/* Puts and commits records @from to @to - 1. */
void kept_archive_add(struct kept_archive *kept, uint64_t from, uint64_t to);

#endif
