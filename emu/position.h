/* SPDX-License-Identifier: MIT */
/*
 * What an open file's position would be in the kernel's own file, where a command
 * does not move it. On FUSE it does: after write() of 2 bytes at 0, read() asks for
 * what is at 2. So that
 *
 *	echo A >&3; cat <&3
 *
 * shows the staged list from its first byte, the bytes of commands are taken off
 * again from where the next read() in a row begins.
 *
 * What cannot be seen from here: lseek(fd, 0, SEEK_CUR) still counts commands, and
 * a pread() of the very byte that the next read() would begin at is taken for that
 * read(), unless other reads led up to it.
 */
#ifndef EMU_POSITION_H
#define EMU_POSITION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * struct position - where reads of an open file go on
 * @command_next: where read() goes on after a command and reads that followed it
 * @skew: bytes of commands in that; 0: there was no command
 * @plain_next: where a row of reads that no command is in goes on
 * @plain: such a row was read last
 */
struct position {
	uint64_t command_next;
	uint64_t skew;
	uint64_t plain_next;
	bool plain;
};

/* From where to read when FUSE asks for @offset, and what came of it. */
uint64_t position_begin_read(struct position *position, uint64_t offset);
void position_end_read(struct position *position, size_t len);

/* A command was carried out. One that fails does not move the position. */
void position_command(struct position *position, uint64_t offset, size_t len);

#endif
