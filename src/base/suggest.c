// SPDX-License-Identifier: MIT
/*
 * Words that are near to each other: few letters were left out, added, exchanged with
 * another or with the next.
 */
#include "base/suggest.h"
#include "base/bytes.h"

#include <stdio.h>
#include <string.h>

static unsigned int min(unsigned int a, unsigned int b)
{
	return a < b ? a : b;
}

/* How many such mistakes make @b of @a; row i, column j: of their first i and j letters. */
static unsigned int distance(struct imastage_bytes a, struct imastage_bytes b)
{
	unsigned int d[SUGGEST_WORD_MAX + 1][SUGGEST_WORD_MAX + 1];

	for (unsigned int i = 0; i <= a.len; i++)
		for (unsigned int j = 0; j <= b.len; j++) {
			if (!i || !j) {
				d[i][j] = i + j;
				continue;
			}
			d[i][j] = min(d[i - 1][j], d[i][j - 1]) + 1;
			d[i][j] = min(d[i][j],
				      d[i - 1][j - 1] +
					      (a.data[i - 1] != b.data[j - 1]));
			if (i > 1 && j > 1 && a.data[i - 1] == b.data[j - 2] &&
			    a.data[i - 2] == b.data[j - 1])
				d[i][j] = min(d[i][j], d[i - 2][j - 2] + 1);
		}
	return d[a.len][b.len];
}

/* A third of its letters may be wrong, the rest of a name may be missing. */
static bool is_near(struct imastage_bytes word, struct imastage_bytes name,
		    unsigned int *ret_distance)
{
	if (word.len < 2 || word.len > SUGGEST_WORD_MAX ||
	    name.len > SUGGEST_WORD_MAX)
		return false;
	if (word.len < name.len && !memcmp(word.data, name.data, word.len)) {
		*ret_distance = 1;
		return true;
	}
	*ret_distance = distance(word, name);
	return *ret_distance <=
	       (word.len < 6 ? 1 + (word.len > 3) : word.len / 3);
}

void suggest_try(struct suggest *suggest, const char *name)
{
	unsigned int found;

	if (!is_near(suggest->word, bytes_of_text(name), &found) ||
	    (suggest->best && suggest->distance <= found))
		return;
	suggest->best = name;
	suggest->distance = found;
}

const char *suggest_text(struct suggest *suggest)
{
	if (!suggest->best)
		return "";
	snprintf(suggest->text, sizeof(suggest->text), "; did you mean '%s%s'?",
		 suggest->dashes ? suggest->dashes : "", suggest->best);
	return suggest->text;
}
