// SPDX-License-Identifier: MIT
/*
 * Fuzz target for what reads bytes from outside: commands from user space, the
 * trailer from the kernel before. The answer, and that nothing is touched on
 * failure, is compared with another understanding of the same formats.
 *
 * The first byte of the input says which:
 *	0	a command to a file of the current list
 *	1	a command to a file of the staged list
 *	2	a trailer
 *	3	a trailer whose checksum is made right, to get behind it
 */

#include <linux/limits.h>
#include <linux/string.h>
#include <linux/unaligned.h>
#include <zlib.h>

#include "fixture.h"
#include "reference.h"
#include "tap.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t len);

static void fuzz_parse(const char *text, size_t len, bool staged)
{
	struct ima_staging_cmd cmd, expected;
	int ret;

	memset(&cmd, 0xa5, sizeof(cmd));
	memset(&expected, 0xa5, sizeof(expected));
	ret = ima_staging_parse(text, len, staged, &cmd);
	must(ret == reference_parse(text, len, staged, &expected), "%d", ret);
	must(cmd.verb == expected.verb, "verb");
	must(cmd.nr == expected.nr, "nr");
	must(cmd.nr_deleted == expected.nr_deleted, "nr_deleted");
}

static void fuzz_trailer(const u8 *buf, size_t len)
{
	struct fixture fx;
	s64 expected = 77;
	int ret;

	fixture_init(&fx, NULL);
	atomic64_set(&fx.s.nr_deleted, expected);
	ret = ima_staging_get_trailer(&fx.s, buf, len);
	must(ret == reference_get_trailer(buf, len, &expected), "%d", ret);
	must(atomic64_read(&fx.s.nr_deleted) == expected, "nr_deleted");
	must(expected >= 0, "negative");
	fixture_fini(&fx);
}

static void seal(u8 *buf, size_t len)
{
	u32 trailer_len;

	if (len < IMA_STAGING_TRAILER_LEN)
		return;

	trailer_len = get_unaligned_le32(buf + 12);
	if (trailer_len < IMA_STAGING_TRAILER_LEN || trailer_len > len)
		return;
	put_unaligned_le32(0, buf + 16);
	put_unaligned_le32(crc32(0, buf, trailer_len), buf + 16);
}

/* A copy of just that size, so that reading past its end is seen. */
int LLVMFuzzerTestOneInput(const u8 *data, size_t len)
{
	u8 *copy;

	if (!len)
		return 0;

	copy = malloc(len - 1);
	must(copy || len == 1, "no memory");
	if (len > 1)
		memcpy(copy, data + 1, len - 1);
	if (data[0] % 4 == 3)
		seal(copy, len - 1);
	if (data[0] % 4 < 2)
		fuzz_parse((char *)copy, len - 1, data[0] % 4);
	else
		fuzz_trailer(copy, len - 1);
	free(copy);
	return 0;
}
