/* SPDX-License-Identifier: MIT */
/*
 * The one header that a member of an evidence file has, byte by byte. Only name and size
 * differ from member to member, so the same contents always give the same file.
 *
 *	0	u8[100]	name, NULs behind it
 *	100	u8[8]	mode	"0000644" NUL
 *	108	u8[8]	uid	"0000000" NUL
 *	116	u8[8]	gid	"0000000" NUL
 *	124	u8[12]	size	11 octal digits, NUL
 *	136	u8[12]	mtime	"00000000000" NUL
 *	148	u8[8]	chksum	6 octal digits, NUL, space: sum of all bytes of the header,
 *				these eight counted as spaces
 *	156	u8	typeflag	'0', a regular file
 *	157	u8[100]	linkname	NULs
 *	257	u8[6]	magic	"ustar" NUL
 *	263	u8[2]	version	"00"
 *	265	u8[32]	uname	NULs
 *	297	u8[32]	gname	NULs
 *	329	u8[8]	devmajor	"0000000" NUL, or NULs in both
 *	337	u8[8]	devminor	"0000000" NUL
 *	345	u8[155]	prefix	NULs
 *	500	u8[12]		NULs
 *
 * Source: POSIX.1-2017, pax, "ustar Interchange Format". GNU tar writes the same bytes up to
 * version 1.34, and NULs for the numbers of a device from 1.35 on; both are read.
 */
#ifndef EVIDENCE_TAR_H
#define EVIDENCE_TAR_H

#include <imastage/bytes.h>

#define TAR_BLOCK_LEN ((size_t)512)
#define TAR_NAME_MAX ((size_t)99)
#define TAR_SIZE_MAX (((uint64_t)8 << 30) - 1) /* 11 octal digits */

struct tar_field {
	size_t offset, len;
	const char *otherwise; /* what is wrong when it is not as drawn above */
};

#define TAR_DEVICE 329 /* both numbers */
#define TAR_DEVICE_LEN 16

#define TAR_MAGIC \
	"ustar\0" \
	"00" /* with the version */

extern const struct tar_field tar_name, tar_size, tar_checksum, tar_type,
	tar_magic;

/* All fields but those above. */
extern const struct tar_field tar_fields[];
extern const size_t tar_nr_fields;

/* @name: at most TAR_NAME_MAX characters. @size: at most TAR_SIZE_MAX. */
void tar_header_make(const char *name, uint64_t size,
		     uint8_t ret_header[TAR_BLOCK_LEN]);

/* Sets the checksum to that of all other fields. */
void tar_header_sum(uint8_t header[TAR_BLOCK_LEN]);

/* Bytes of zeros behind a member of @size bytes. */
static inline size_t tar_padding(uint64_t size)
{
	return (size_t)(-size & (TAR_BLOCK_LEN - 1));
}

#endif
