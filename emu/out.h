/* SPDX-License-Identifier: MIT */
/*
 * Bytes that are being written, in memory that grows. Without memory the program
 * ends: an emulator that cannot show a record has nothing better to do.
 */
#ifndef EMU_OUT_H
#define EMU_OUT_H

#include <stddef.h>
#include <stdint.h>

struct out {
	uint8_t *data; /* owned; NULL: nothing was ever written */
	size_t len;
	size_t room;
};

void emu_out_fini(struct out *out);
void emu_out_bytes(struct out *out, const void *data, size_t len);
void emu_out_u32(struct out *out, uint32_t value); /* in host order */
void emu_out_hex(struct out *out, const void *data, size_t len);
__attribute__((__format__(printf, 2, 3))) void
emu_out_text(struct out *out, const char *fmt, ...);

#endif
