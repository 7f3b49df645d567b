/* SPDX-License-Identifier: MIT */
/*
 * Writing to a sink in larger pieces. Errors stick: whoever writes asks once,
 * at the flush, and nothing more is written after the first.
 */
#ifndef LOG_OUT_H
#define LOG_OUT_H

#include <imastage/bytes.h>

struct out {
	struct imastage_sink sink;
	int error; /* of the sink, once there was one */
	size_t len;
	uint8_t data[4096];
};

void out_init(struct out *out, struct imastage_sink sink);

void out_bytes(struct out *out, struct imastage_bytes bytes);
void out_text(struct out *out, const char *text);
void out_byte(struct out *out, uint8_t byte);

/* In hexadecimal, lower case. */
void out_hex(struct out *out, struct imastage_bytes bytes);

/* The lowest @len bytes of @value; @len is 1, 2, 4 or 8. */
void out_number(struct out *out, uint64_t value, size_t len,
		enum imastage_endian endian);

/* In decimal. */
void out_decimal(struct out *out, uint64_t value);

/* Hands on what is there. Returns the first error since out_init(). */
int out_flush(struct out *out);

#endif
