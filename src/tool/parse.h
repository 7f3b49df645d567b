/* SPDX-License-Identifier: MIT */
/*
 * Values of options. Each returns 0, or -EINVAL, -ERANGE, -ENOENT when the text
 * is none; then *ret_* is as it was.
 */
#ifndef TOOL_PARSE_H
#define TOOL_PARSE_H

#include <imastage/imastage.h>

/* Decimal digits and nothing else, @max at most. */
int parse_number(const char *text, uint64_t max, uint64_t *ret_number);

/* Adds "sha1,sha256" or "all" to the mask. */
int parse_banks(const char *text, unsigned int *banks);

/* Adds "0-7,10" to the mask. */
int parse_pcrs(struct imastage_bytes text, uint32_t *pcrs);

int parse_bank(const char *text, enum imastage_bank *ret_bank);

/* "little", "big", "host" */
int parse_endian(const char *text, enum imastage_endian *ret_endian);

/* "A..B" with either left out, or "A": both included. */
int parse_range(const char *text, uint64_t *ret_first, uint64_t *ret_last);

#define WANTED_PCRS "PCRs like 10 or 0-7,10"
#define WANTED_BANKS "banks: sha1, sha256, sha384, sha512, sm3 or all"
#define WANTED_RANGE "a range like 5..9, 5.., ..9 or 5, not from its end"
#define WANTED_BANK "a bank: sha1, sha256, sha384, sha512 or sm3"

#endif
