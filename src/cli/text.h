/* SPDX-License-Identifier: MIT */
/*
 * Untrusted bytes on the way to people and to JSON.
 */
#ifndef CLI_TEXT_H
#define CLI_TEXT_H

#include <imastage/bytes.h>
#include <stdio.h>

/*
 * Length of the valid UTF-8 character that @text starts with, 1 to 4; 0 when
 * there is none (overlong forms, surrogates and the like are not valid).
 */
size_t text_utf8_len(struct imastage_bytes text);
bool text_is_utf8(struct imastage_bytes text);

/*
 * For a terminal: printable ASCII as it is, but for the backslash; all else as
 * \xNN, so that no byte of a list can move a cursor or look like another.
 */
void text_print(FILE *file, struct imastage_bytes bytes);

void text_print_hex(FILE *file, struct imastage_bytes bytes);

#endif
