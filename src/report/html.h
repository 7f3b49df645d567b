/* SPDX-License-Identifier: MIT */
/*
 * Text on its way into a page. All that does not come from this program's own source goes
 * through html_bytes(), whatever the place: between tags or in a quoted attribute.
 */
#ifndef REPORT_HTML_H
#define REPORT_HTML_H

#include <imastage/bytes.h>

/*
 * Printable ASCII, but for the backslash and what means something to HTML, is as it is; those
 * are references, and all else is \xNN, as text_print() has it.
 */
void html_bytes(FILE *file, struct imastage_bytes bytes);
void html_text(FILE *file, const char *text);

/* A line to be copied: backslashes are as they are. It has no byte that is not printable. */
void html_line(FILE *file, struct imastage_bytes line);

/* The same as html_bytes(), cut off behind @max bytes with a mark that it was. */
void html_bytes_cut(FILE *file, struct imastage_bytes bytes, size_t max);

/* Digits in groups of three, for people. */
void html_number(FILE *file, uint64_t number);

/* "2026-12-01 03:00 UTC"; nothing readable is made of a time that is none. */
void html_time(FILE *file, uint64_t seconds);

#endif
