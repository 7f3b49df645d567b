// SPDX-License-Identifier: MIT
/* An open file's position. See position.h. */

#include "emu/position.h"

static bool goes_on_plainly(const struct position *position, uint64_t offset)
{
	return !position->skew || offset != position->command_next ||
	       (position->plain && offset == position->plain_next);
}

uint64_t position_begin_read(struct position *position, uint64_t offset)
{
	position->plain = goes_on_plainly(position, offset);
	if (!position->plain)
		return offset - position->skew;

	position->plain_next = offset;
	return offset;
}

void position_end_read(struct position *position, size_t len)
{
	if (position->plain)
		position->plain_next += len;
	else
		position->command_next += len;
}

void position_command(struct position *position, uint64_t offset, size_t len)
{
	if (goes_on_plainly(position, offset))
		position->skew = 0;
	position->skew += len;
	position->command_next = offset + len;
	position->plain = false;
}
