/* SPDX-License-Identifier: MIT */
/*
 * The two byte orders that numbers in a file can have. ENDIAN_HOST is the one
 * of the machine this was compiled for.
 */
#ifndef BASE_ENDIAN_H
#define BASE_ENDIAN_H

enum endian {
	ENDIAN_LITTLE,
	ENDIAN_BIG,
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	ENDIAN_HOST = ENDIAN_LITTLE,
#else
	ENDIAN_HOST = ENDIAN_BIG,
#endif
};

#endif
