/* SPDX-License-Identifier: MIT */
/*
 * The outer archive of a Debian package (deb(5)), read as dpkg reads it:
 *
 *	"!<arch>\n"
 *	16 name, spaces behind it	12 date   6 owner   6 group   8 mode
 *	10 size, decimal		 2 "`\n"
 *	the bytes, and "\n" when they are odd
 *
 * There are no long names. What comes after the last member that is asked for is read, too, so
 * that every byte of the package went through the source.
 */
#ifndef CATALOG_AR_H
#define CATALOG_AR_H

#include <imastage/bytes.h>

#define AR_NAME_MAX 16

struct ar {
	struct imastage_source source;
	bool begun;
	uint64_t offset; /* bytes that were read */
	uint64_t left; /* of the member */
	bool odd; /* a byte follows it */
	const char *reason; /* what was wrong, a sentence without full stop */
};

struct ar_member {
	char name[AR_NAME_MAX + 1];
	uint64_t size;
};

void ar_init(struct ar *ar, struct imastage_source source);

#define AR_END 1

/* What was not read of the one before is passed over. -EBADMSG, or the error of the source. */
int ar_next(struct ar *ar, struct ar_member *ret_member);

/* Of the member: 1 to @len bytes, 0 at its end. As struct imastage_source's read. */
ssize_t ar_read(void *ar, void *data, size_t len);

#endif
