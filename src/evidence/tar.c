// SPDX-License-Identifier: MIT
/*
 * The header of a member, as drawn in tar.h.
 */
#include "evidence/tar.h"
#include "base/util.h"

const struct tar_field tar_name = { 0, 100, "the name is no member's" };
const struct tar_field tar_size = { 124, 12,
				    "the size is not 11 octal digits" };
const struct tar_field tar_checksum = { 148, 8,
					"the checksum of the header is wrong" };
const struct tar_field tar_type = { 156, 1, "it is not a regular file" };
const struct tar_field tar_magic = { 257, 8, "it is not a ustar header" };

const struct tar_field tar_fields[] = {
	{ 100, 8, "the mode is not 0644" },
	{ 108, 8, "the uid is not 0" },
	{ 116, 8, "the gid is not 0" },
	{ 136, 12, "the mtime is not 0" },
	{ 157, 100, "it has a link name" },
	{ 265, 32, "it has a user name" },
	{ 297, 32, "it has a group name" },
	{ 329, 8, "the major number is not 0" },
	{ 337, 8, "the minor number is not 0" },
	{ 345, 155, "it has a name prefix" },
	{ 500, 12, "the end of the header is not zeros" },
};
const size_t tar_nr_fields = ARRAY_SIZE(tar_fields);

/* @len bytes: octal digits, and the NUL that ends them. */
static void put_octal(uint8_t *field, size_t len, uint64_t value)
{
	field[--len] = '\0';
	while (len > 0) {
		field[--len] = (uint8_t)('0' + (value & 7));
		value >>= 3;
	}
}

void tar_header_sum(uint8_t header[TAR_BLOCK_LEN])
{
	uint8_t *field = header + tar_checksum.offset;
	uint64_t sum = 0;

	memset(field, ' ', tar_checksum.len);
	for (size_t i = 0; i < TAR_BLOCK_LEN; i++)
		sum += header[i];
	put_octal(field, tar_checksum.len - 1, sum);
}

void tar_header_make(const char *name, uint64_t size,
		     uint8_t ret_header[TAR_BLOCK_LEN])
{
	memset(ret_header, 0, TAR_BLOCK_LEN);
	memcpy(ret_header, name, strlen(name));
	put_octal(ret_header + 100, 8, 0644);
	put_octal(ret_header + 108, 8, 0);
	put_octal(ret_header + 116, 8, 0);
	put_octal(ret_header + tar_size.offset, tar_size.len, size);
	put_octal(ret_header + 136, 12, 0);
	ret_header[tar_type.offset] = '0';
	memcpy(ret_header + tar_magic.offset, TAR_MAGIC, tar_magic.len);
	put_octal(ret_header + 329, 8, 0);
	put_octal(ret_header + 337, 8, 0);
	tar_header_sum(ret_header);
}
