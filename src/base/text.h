/* SPDX-License-Identifier: MIT */
/*
 * Untrusted bytes on the way to people and to JSON.
 */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include <imastage/bytes.h>
#include <stdio.h>

/*
 * Length of the valid UTF-8 character that @text starts with, 1 to 4; 0 when
 * there is none (overlong forms, surrogates and the like are not valid).
 */
size_t text_utf8_len(struct imastage_bytes text);
bool text_is_utf8(struct imastage_bytes text);

/*
 * Would the character that @text starts with change what a terminal shows of others? Controls
 * (C0 with the newline, DEL, C1), marks of direction (U+061C, U+200E, U+200F, U+202A to
 * U+202E, U+2066 to U+2069) and separators of lines (U+2028, U+2029), and what is no UTF-8.
 * *ret_code: its number, U+FFFD for what is no UTF-8; *ret_len: its bytes.
 */
bool text_is_harmful(struct imastage_bytes text, uint32_t *ret_code,
		     size_t *ret_len);

/* Puts '?' in the place of each byte of such characters. */
void text_defuse(char *text);

/* A line for people: nothing of what @format puts together ends it, or moves a cursor. */
void text_print_line(FILE *file, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/*
 * @json on one line, or a part of it, with such characters as \uNNNN: all are in strings, and
 * whoever reads it gets the same strings. What is no UTF-8 becomes U+FFFD.
 */
void text_print_json(FILE *file, struct imastage_bytes json);

/*
 * For a terminal: printable ASCII as it is, but for the backslash; all else as
 * \xNN, so that no byte of a list can move a cursor or look like another.
 */
void text_print(FILE *file, struct imastage_bytes bytes);

void text_print_hex(FILE *file, struct imastage_bytes bytes);

#endif
