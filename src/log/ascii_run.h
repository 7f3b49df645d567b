/* SPDX-License-Identifier: MIT */
/*
 * Many records of a binary list as lines of the kernel's ASCII format.
 */
#ifndef LOG_ASCII_RUN_H
#define LOG_ASCII_RUN_H

#include <imastage/reader.h>

struct ascii_run {
	uint64_t nr; /* records */
	size_t used; /* bytes of the list that they are */
	size_t len; /* bytes of their lines */
};

/*
 * Puts the lines of the records that @list begins with into @data, as ascii_write()
 * would with their own digests: at most @nr_max. @of tells bank, byte order and the
 * length of a record. Returns why it did not go on, and in *ret_run how far it came:
 *	0		@nr_max, or there may be no room for the next one's line
 *	-ENODATA	the list ends inside the next one, or is at its end
 *	-EBADMSG	the next one is not known here, or wrong
 */
int ascii_run(const struct imastage_reader_options *of,
	      struct imastage_bytes list, uint64_t nr_max, void *data,
	      size_t capacity, struct ascii_run *ret_run);

#endif
