// SPDX-License-Identifier: MIT
/*
 * See ascii_guess.h. No field holds a space: the kernel writes '_' for those of
 * texts. Which ones end where is so not in question, but what each was.
 */
#include "log/ascii_guess.h"
#include "base/util.h"
#include "log/ascii.h"
#include "log/buffer.h"
#include "log/template.h"

#include <errno.h>

#define GUESSES_MAX 32
#define GUESSED_LEN_MAX 4096 /* of a line that is hashed so often */
#define WAYS_MAX 4

/* What one field may have been, the likeliest first. */
struct ways {
	unsigned int nr;
	struct log_field of[WAYS_MAX];
};

static void add_way(struct ways *ways, enum field_kind kind,
		    unsigned int number_len)
{
	ways->of[ways->nr++] =
		(struct log_field){ { NULL, 0 }, kind, number_len };
}

static bool has_only(struct imastage_bytes text, const char *characters)
{
	for (size_t i = 0; i < text.len; i++)
		if (text.data[i] == '\0' || !strchr(characters, text.data[i]))
			return false;
	return true;
}

static bool is_hex(struct imastage_bytes text)
{
	return text.len % 2 == 0 && has_only(text, "0123456789abcdef");
}

/* "sha256:" and hex */
static bool is_named_digest(struct imastage_bytes text)
{
	size_t colon = bytes_find_last(text, ':');

	return colon < text.len && colon > 0 &&
	       is_hex(bytes_skip(text, colon + 1));
}

static struct ways find_ways(struct imastage_bytes text)
{
	struct ways ways = { .nr = 0 };

	if (is_named_digest(text))
		add_way(&ways, FIELD_NAMED_DIGEST, 0);
	if (is_hex(text))
		add_way(&ways, FIELD_HEX, 0);
	if (text.len > 0 && has_only(text, "0123456789")) {
		add_way(&ways, FIELD_NUMBER, 4);
		add_way(&ways, FIELD_NUMBER, 2);
	}
	add_way(&ways, FIELD_TEXT, 0);
	return ways;
}

/* Takes the next field off *rest. */
static bool next_text(struct imastage_bytes *rest,
		      struct imastage_bytes *ret_text)
{
	if (rest->len == 0 || rest->data[0] != ' ')
		return false;
	*rest = bytes_skip(*rest, 1);
	*ret_text = bytes_first(*rest, bytes_find(*rest, ' '));
	*rest = bytes_skip(*rest, ret_text->len);
	return true;
}

unsigned int ascii_nr_guesses(struct imastage_bytes rest)
{
	unsigned int guesses = 1, nr = 0;
	struct imastage_bytes text;

	if (rest.len > GUESSED_LEN_MAX)
		return 0;
	for (; next_text(&rest, &text); nr++)
		if (guesses < GUESSES_MAX)
			guesses *= find_ways(text).nr;
	if (nr == 0 || nr > LOG_FIELDS_MAX)
		return 0;
	return guesses < GUESSES_MAX ? guesses : GUESSES_MAX;
}

int ascii_guess(struct imastage_buffer *data, struct imastage_bytes rest,
		unsigned int guess, int absent, enum imastage_endian endian)
{
	struct imastage_bytes text;
	int r = 0;

	data->len = 0;
	while (r == 0 && next_text(&rest, &text)) {
		struct ways ways = find_ways(text);

		r = ascii_put_field(data, text, &ways.of[guess % ways.nr],
				    endian);
		guess /= ways.nr;
	}
	while (r == 0 && absent-- > 0)
		r = buffer_put_u32(data, 0, endian);
	return r;
}
