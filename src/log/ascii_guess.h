/* SPDX-License-Identifier: MIT */
/*
 * Lines of templates that nobody has told us the fields of. What the fields hold is
 * guessed by how they look, and the record's digest tells whether that was right.
 */
#ifndef LOG_ASCII_GUESS_H
#define LOG_ASCII_GUESS_H

#include "base/bytes.h"

/*
 * In how many ways @rest, " a b c", may be meant. Bounded; 0 when it is too long to
 * be tried, or no fields at all.
 */
unsigned int ascii_nr_guesses(struct imastage_bytes rest);

/*
 * Puts together what it would be in the one called @guess, with @absent empty fields
 * more. -EINVAL when it cannot be; -ENOMEM.
 */
int ascii_guess(struct imastage_buffer *data, struct imastage_bytes rest,
		unsigned int guess, int absent, enum imastage_endian endian);

#endif
