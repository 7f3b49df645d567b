// SPDX-License-Identifier: MIT
/* SipHash-2-4, from its paper: two rounds a word, four at the end. */

#include <linux/siphash.h>
#include <linux/string.h>
#include <linux/unaligned.h>

#include "ushim.h"

static u64 rotate(u64 x, int by)
{
	return x << by | x >> (64 - by);
}

static void mix(u64 v[4], int rounds)
{
	while (rounds--) {
		v[0] += v[1];
		v[2] += v[3];
		v[1] = rotate(v[1], 13) ^ v[0];
		v[3] = rotate(v[3], 16) ^ v[2];
		v[0] = rotate(v[0], 32);
		v[2] += v[1];
		v[0] += v[3];
		v[1] = rotate(v[1], 17) ^ v[2];
		v[3] = rotate(v[3], 21) ^ v[0];
		v[2] = rotate(v[2], 32);
	}
}

static void absorb(u64 v[4], u64 word)
{
	v[3] ^= word;
	mix(v, 2);
	v[0] ^= word;
}

u64 siphash(const void *data, size_t len, const siphash_key_t *key)
{
	u64 v[4] = {
		key->key[0] ^ 0x736f6d6570736575ULL,
		key->key[1] ^ 0x646f72616e646f6dULL,
		key->key[0] ^ 0x6c7967656e657261ULL,
		key->key[1] ^ 0x7465646279746573ULL,
	};
	u8 last[8] = { [7] = len };
	size_t whole = len & ~7UL;

	ushim_hashed();
	for (size_t i = 0; i < whole; i += 8)
		absorb(v, get_unaligned_le64((const u8 *)data + i));
	memcpy(last, (const u8 *)data + whole, len - whole);
	absorb(v, get_unaligned_le64(last));
	v[2] ^= 0xff;
	mix(v, 4);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}
