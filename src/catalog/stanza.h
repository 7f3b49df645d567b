/* SPDX-License-Identifier: MIT */
/*
 * Files of fields, as Debian writes them (deb822(5)): "Name: value", lines of a value that begin
 * with a space or tab, and an empty line between two stanzas.
 */
#ifndef CATALOG_STANZA_H
#define CATALOG_STANZA_H

#include "base/bytes.h"

/*
 * Takes the next stanza off *text. 1 with it, 0 at the end.
 */
int stanza_next(struct imastage_bytes *text, struct imastage_bytes *ret_stanza);

/*
 * The values of fields @names, which are compared without case: views without white space around
 * them, of no length where there is no such field. -EBADMSG: a line that is neither field nor
 * continuation, or one of the fields is there twice.
 */
int stanza_fields(struct imastage_bytes stanza, const char *const *names,
		  size_t nr, struct imastage_bytes *ret_values);

/* Takes the next word off *line, up to white space. It is empty at the end. */
struct imastage_bytes stanza_word(struct imastage_bytes *line);

/* Takes the next line off *text, without its end. False at the end. */
bool stanza_line(struct imastage_bytes *text, struct imastage_bytes *ret_line);

#endif
