/* SPDX-License-Identifier: MIT */
/*
 * What a mistyped word was meant to be: "did you mean".
 *
 *	struct suggest suggest = { .word = bytes_of_text("statsu") };
 *
 *	for each name: suggest_try(&suggest, name);
 *	printf("there is no '%s'%s", word, suggest_text(&suggest));
 */
#ifndef BASE_SUGGEST_H
#define BASE_SUGGEST_H

#include <imastage/bytes.h>

#define SUGGEST_WORD_MAX 32 /* longer words are like no other */

struct suggest {
	struct imastage_bytes word;
	const char *dashes; /* what @text has before the name; NULL: nothing */
	const char *best; /* borrowed from suggest_try(); NULL: none is near */
	unsigned int distance; /* of that */
	char text[SUGGEST_WORD_MAX + 32];
};

void suggest_try(struct suggest *suggest, const char *name);

/* "; did you mean 'NAME'?", or "". Valid as long as @suggest. */
const char *suggest_text(struct suggest *suggest);

#endif
