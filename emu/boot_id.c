// SPDX-License-Identifier: MIT
/* A kernel's boot id. See boot_id.h. */

#include "emu/boot_id.h"

#include <errno.h>
#include <stdint.h>
#include <sys/random.h>

#include "base/output.h"

/* Version 4, variant 1, as RFC 4122 has it. */
static int make_uuid(uint8_t ret_uuid[16])
{
	if (getrandom(ret_uuid, 16, 0) != 16)
		return -EIO;
	ret_uuid[6] = (ret_uuid[6] & 0x0f) | 0x40;
	ret_uuid[8] = (ret_uuid[8] & 0x3f) | 0x80;
	return 0;
}

static void print_uuid(FILE *file, const uint8_t uuid[16])
{
	for (int i = 0; i < 16; i++)
		fprintf(file, "%s%02x",
			i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "",
			uuid[i]);
	fputc('\n', file);
}

int boot_id_write(const char *path)
{
	struct output output;
	uint8_t uuid[16];
	int ret;

	if (!path)
		return 0;
	ret = make_uuid(uuid);
	if (!ret)
		ret = output_open(&output, path);
	if (ret)
		return ret;
	print_uuid(output.file, uuid);
	ret = output_commit(&output);
	output_fini(&output);
	return ret;
}
