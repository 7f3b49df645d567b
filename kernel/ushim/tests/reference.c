// SPDX-License-Identifier: MIT
/*
 * The commands and the trailer, understood in another way than the core does:
 * by regular expressions, the C library's numbers and zlib's checksum.
 */

#include <errno.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "reference.h"
#include "tap.h"

static bool matches(const char *pattern, const char *text)
{
	regex_t regex;
	int ret;

	must(!regcomp(&regex, pattern, REG_EXTENDED | REG_NOSUB), "%s",
	     pattern);
	ret = regexec(&regex, text, 0, NULL, 0);
	regfree(&regex);
	return !ret;
}

static int number(const char *text, u64 *ret_nr)
{
	errno = 0;
	*ret_nr = strtoull(text, NULL, 10);
	return -errno;
}

static int parse_numbers(const char *text, struct ima_staging_cmd *cmd)
{
	const char *colon = strchr(text, ':');
	int ret = 0;

	if (colon) {
		cmd->verb = IMA_STAGING_TRIM_GUARDED;
		ret = number(text, &cmd->nr_deleted);
	}
	if (!ret)
		ret = number(colon ? colon + 1 : text, &cmd->nr);
	if (!ret && !cmd->nr)
		ret = -EINVAL;
	return ret;
}

int reference_parse(const char *text, size_t len, bool staged,
		    struct ima_staging_cmd *ret_cmd)
{
	struct ima_staging_cmd cmd = {};
	char copy[22] = "";
	int ret = 0;

	if (len < 2 || len > 21 || memchr(text, 0, len) ||
	    memchr(text, '\n', len) != text + len - 1)
		return -EINVAL;
	memcpy(copy, text, len - 1);

	if (staged && !strcmp(copy, "A")) {
		cmd.verb = IMA_STAGING_STAGE;
		cmd.nr = U64_MAX;
	} else if (staged && !strcmp(copy, "S")) {
		cmd.verb = IMA_STAGING_STAGE_SNAPSHOT;
	} else if (staged && !strcmp(copy, "D")) {
		cmd.verb = IMA_STAGING_DELETE;
	} else if (matches(staged ? "^[0-9]+$" : "^([0-9]+:)?[0-9]+$", copy)) {
		cmd.verb = staged ? IMA_STAGING_STAGE : IMA_STAGING_TRIM;
		ret = parse_numbers(copy, &cmd);
	} else {
		ret = -EINVAL;
	}

	if (!ret)
		*ret_cmd = cmd;
	return ret;
}

static u64 le(const u8 *buf, int bytes)
{
	return bytes ? buf[0] | le(buf + 1, bytes - 1) << 8 : 0;
}

static bool sum_is_right(const u8 *buf, size_t len)
{
	u8 *copy = malloc(len);
	bool right;

	must(copy, "no memory");
	memcpy(copy, buf, len);
	memset(copy + 12, 0, 4);
	right = crc32(0, copy, len) == le(buf + 12, 4);
	free(copy);
	return right;
}

/* The numbers behind the length, and whether they can be. */
static bool understand(const u8 *trailer, u64 len,
		       struct reference_trailer *ret)
{
	*ret = (struct reference_trailer){
		.nr_deleted = le(trailer + 24, 8),
		.nr_snapshots = le(trailer + 32, 8),
		.nr_left = le(trailer + 40, 8),
		.nr = le(trailer + 48, 8),
		.hash_algo = le(trailer + 56, 2),
		.digest_len = le(trailer + 58, 2),
		.digests = trailer + 64,
	};
	return le(trailer + 8, 4) && !(ret->nr_deleted >> 63) &&
	       !(ret->nr_left >> 63) &&
	       (unsigned __int128)ret->nr * (1 + ret->digest_len) <= len - 64;
}

int reference_get_trailer(const void *buf, size_t len,
			  struct reference_trailer *ret)
{
	struct reference_trailer all;
	const u8 *trailer = buf;
	u64 trailer_len;

	if (len < 8 || memcmp(trailer, "IMASTAGE", 8))
		return -ENOENT;
	if (len < 64)
		return -EINVAL;

	trailer_len = le(trailer + 16, 8);
	if (trailer_len < 64 || trailer_len > len ||
	    !sum_is_right(trailer, trailer_len) ||
	    !understand(trailer, trailer_len, &all))
		return -EINVAL;

	*ret = all;
	return 0;
}
