// SPDX-License-Identifier: MIT
/*
 * SHA-1 and SHA-256 (FIPS 180-4) by the SHA extensions of x86 processors.
 *
 * An instruction does several rounds: two of SHA-256, four of SHA-1. Code is written
 * for four rounds of one hash; loops over them are unrolled, so that places in arrays
 * are registers, and the rounds of two hashes follow each other in turns.
 *
 * Registers hold four words, the first one of a block lowest in SHA-256, highest in
 * SHA-1: so the instructions want it.
 */
#include "log/sha_ni.h"

#ifdef __x86_64__

#include <cpuid.h>
#include <immintrin.h>
#include <stdatomic.h>

#define BLOCK_LEN 64
#define LENGTH_LEN 8 /* of the message, in bits, which ends it */
#define SHA1_LEN 20
#define SHA256_LEN 32

/* Compiled for processors that have them, whatever the rest is compiled for. */
#define NI __attribute__((target("sha,sse4.1")))
#define NI_INLINE static inline __attribute__((always_inline)) NI

/* ---- are they there? ------------------------------------------------------- */

#define CPUID_1_ECX_SSSE3 (1u << 9)
#define CPUID_1_ECX_SSE4_1 (1u << 19)
#define CPUID_7_EBX_SHA (1u << 29)

enum answer {
	UNKNOWN,
	NO,
	YES
};

static enum answer ask_processor(void)
{
	const unsigned int sse = CPUID_1_ECX_SSSE3 | CPUID_1_ECX_SSE4_1;
	unsigned int a, b, c, d;

	if (!__get_cpuid(1, &a, &b, &c, &d) || (c & sse) != sse)
		return NO;
	if (!__get_cpuid_count(7, 0, &a, &b, &c, &d))
		return NO;
	return b & CPUID_7_EBX_SHA ? YES : NO;
}

/* Asked once: in a virtual machine the question takes longer than a thousand hashes. */
static atomic_int known;

bool sha_ni_is_there(void)
{
	int answer = atomic_load_explicit(&known, memory_order_relaxed);

	if (answer == UNKNOWN) {
		answer = (int)ask_processor();
		atomic_store_explicit(&known, answer, memory_order_relaxed);
	}
	return answer == YES;
}

void sha_ni_hide(bool hide)
{
	atomic_store_explicit(&known, hide ? NO : UNKNOWN,
			      memory_order_relaxed);
}

/* ---- SHA-256 --------------------------------------------------------------- */

static const uint32_t sha256_k[64] __attribute__((aligned(16))) = {
	0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1,
	0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3,
	0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786,
	0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
	0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147,
	0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13,
	0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b,
	0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
	0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a,
	0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208,
	0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2
};

/* The eight words of a hash, as the instructions want them. */
struct sha256 {
	__m128i abef, cdgh;
};

/* One whose rounds are under way. */
struct sha256_run {
	struct sha256 now;
	__m128i w[4]; /* the last sixteen words of the message schedule */
};

NI_INLINE __m128i load(const uint8_t *at)
{
	return _mm_loadu_si128((const __m128i *)(const void *)at);
}

NI_INLINE void store(uint8_t *at, __m128i value)
{
	_mm_storeu_si128((__m128i *)(void *)at, value);
}

/* The bytes of each word turned round. */
NI_INLINE __m128i swap_each(__m128i words)
{
	return _mm_shuffle_epi8(words, _mm_set_epi32(0x0c0d0e0f, 0x08090a0b,
						     0x04050607, 0x00010203));
}

/* All bytes turned round. */
NI_INLINE __m128i swap_all(__m128i words)
{
	return _mm_shuffle_epi8(words, _mm_set_epi32(0x00010203, 0x04050607,
						     0x08090a0b, 0x0c0d0e0f));
}

NI_INLINE struct sha256 sha256_begin(void)
{
	return (struct sha256){ _mm_set_epi32(0x6a09e667, (int)0xbb67ae85,
					      0x510e527f, (int)0x9b05688c),
				_mm_set_epi32(0x3c6ef372, (int)0xa54ff53a,
					      0x1f83d9ab, 0x5be0cd19) };
}

/* Words 4 * @i and on of the schedule; each needs those 2, 7, 15 and 16 before it. */
NI_INLINE __m128i sha256_schedule(const __m128i *w, int i, const uint8_t *block)
{
	__m128i last = w[(i + 3) % 4], sum;

	if (i < 4)
		return swap_each(load(block + 16 * i));
	sum = _mm_add_epi32(_mm_sha256msg1_epu32(w[i % 4], w[(i + 1) % 4]),
			    _mm_alignr_epi8(last, w[(i + 2) % 4], 4));
	return _mm_sha256msg2_epu32(sum, last);
}

/* Rounds 4 * @i and on, of 64. */
NI_INLINE void sha256_four(struct sha256_run *run, int i, const uint8_t *block)
{
	struct sha256 *now = &run->now;
	__m128i k =
		_mm_load_si128((const __m128i *)(const void *)&sha256_k[4 * i]);
	__m128i wk;

	run->w[i % 4] = sha256_schedule(run->w, i, block);
	wk = _mm_add_epi32(run->w[i % 4], k);
	now->cdgh = _mm_sha256rnds2_epu32(now->cdgh, now->abef, wk);
	wk = _mm_shuffle_epi32(wk, 0x0e);
	now->abef = _mm_sha256rnds2_epu32(now->abef, now->cdgh, wk);
}

/* Adds what the rounds have led to. */
NI_INLINE void sha256_add(struct sha256 *sum, struct sha256_run *run)
{
	sum->abef = _mm_add_epi32(sum->abef, run->now.abef);
	sum->cdgh = _mm_add_epi32(sum->cdgh, run->now.cdgh);
	run->now = *sum;
}

NI static void sha256_blocks(struct sha256 *sum, const uint8_t *at, size_t nr)
{
	struct sha256_run run = { .now = *sum };

	for (; nr > 0; nr--, at += BLOCK_LEN) {
#pragma GCC unroll 16
		for (int i = 0; i < 16; i++)
			sha256_four(&run, i, at);
		sha256_add(sum, &run);
	}
}

NI static void sha256_end(const struct sha256 *sum, uint8_t *ret_digest)
{
	__m128i feba = _mm_shuffle_epi32(sum->abef, 0x1b);
	__m128i dchg = _mm_shuffle_epi32(sum->cdgh, 0xb1);

	store(ret_digest, swap_each(_mm_blend_epi16(feba, dchg, 0xf0)));
	store(ret_digest + 16, swap_each(_mm_alignr_epi8(dchg, feba, 8)));
}

/* ---- SHA-1 ----------------------------------------------------------------- */

struct sha1 {
	__m128i abcd;
	__m128i e; /* in the highest word */
};

struct sha1_run {
	__m128i abcd;
	__m128i before; /* what abcd was four rounds ago: it has what is e next */
	__m128i w[4];
};

NI_INLINE struct sha1 sha1_begin(void)
{
	return (struct sha1){ _mm_set_epi32(0x67452301, (int)0xefcdab89,
					    (int)0x98badcfe, 0x10325476),
			      _mm_set_epi32((int)0xc3d2e1f0, 0, 0, 0) };
}

/* Words 4 * @i and on; each needs those 3, 8, 14 and 16 before it. */
NI_INLINE __m128i sha1_schedule(const __m128i *w, int i, const uint8_t *block)
{
	__m128i sum;

	if (i < 4)
		return swap_all(load(block + 16 * i));
	sum = _mm_xor_si128(_mm_sha1msg1_epu32(w[i % 4], w[(i + 1) % 4]),
			    w[(i + 2) % 4]);
	return _mm_sha1msg2_epu32(sum, w[(i + 3) % 4]);
}

/* Which of its four functions SHA-1 uses is part of the instruction. */
NI_INLINE __m128i sha1_rounds(__m128i abcd, __m128i e, int i)
{
	switch (i / 5) {
	case 0:
		return _mm_sha1rnds4_epu32(abcd, e, 0);
	case 1:
		return _mm_sha1rnds4_epu32(abcd, e, 1);
	case 2:
		return _mm_sha1rnds4_epu32(abcd, e, 2);
	default:
		return _mm_sha1rnds4_epu32(abcd, e, 3);
	}
}

/* Rounds 4 * @i and on, of 80. */
NI_INLINE void sha1_four(struct sha1_run *run, int i, const uint8_t *block)
{
	__m128i now = run->abcd, e;

	run->w[i % 4] = sha1_schedule(run->w, i, block);
	e = i == 0 ? _mm_add_epi32(run->before, run->w[0]) :
		     _mm_sha1nexte_epu32(run->before, run->w[i % 4]);
	run->abcd = sha1_rounds(now, e, i);
	run->before = now;
}

NI_INLINE void sha1_add(struct sha1 *sum, struct sha1_run *run)
{
	sum->e = _mm_sha1nexte_epu32(run->before, sum->e);
	sum->abcd = _mm_add_epi32(sum->abcd, run->abcd);
	run->abcd = sum->abcd;
	run->before = sum->e;
}

NI static void sha1_blocks(struct sha1 *sum, const uint8_t *at, size_t nr)
{
	struct sha1_run run = { .abcd = sum->abcd, .before = sum->e };

	for (; nr > 0; nr--, at += BLOCK_LEN) {
#pragma GCC unroll 20
		for (int i = 0; i < 20; i++)
			sha1_four(&run, i, at);
		sha1_add(sum, &run);
	}
}

NI static void sha1_end(const struct sha1 *sum, uint8_t *ret_digest)
{
	uint32_t e = (uint32_t)_mm_extract_epi32(sum->e, 3);

	store(ret_digest, swap_all(sum->abcd));
	e = __builtin_bswap32(e);
	memcpy(ret_digest + 16, &e, sizeof(e));
}

/* ---- both ------------------------------------------------------------------ */

struct both {
	struct sha1 sha1;
	struct sha256 sha256;
};

/* Side by side, of the same message or of two. */
NI static void both_blocks(struct both *sum, const uint8_t *at1,
			   const uint8_t *at256, size_t nr)
{
	struct sha1_run run1 = { .abcd = sum->sha1.abcd,
				 .before = sum->sha1.e };
	struct sha256_run run256 = { .now = sum->sha256 };

	for (; nr > 0; nr--, at1 += BLOCK_LEN, at256 += BLOCK_LEN) {
#pragma GCC unroll 20
		for (int i = 0; i < 20; i++) {
			if (i < 16)
				sha256_four(&run256, i, at256);
			sha1_four(&run1, i, at1);
		}
		sha256_add(&sum->sha256, &run256);
		sha1_add(&sum->sha1, &run1);
	}
}

/* ---- messages -------------------------------------------------------------- */

/* The last byte of the message, and how many bits it has. */
static void put_length(uint8_t *end, uint64_t len)
{
	uint64_t bits = __builtin_bswap64(len * 8);

	memcpy(end - sizeof(bits), &bits, sizeof(bits));
}

/* A message under way. */
struct message {
	struct both sum;
	bool sha1, sha256; /* wanted */
	uint64_t len;
	size_t nr_kept; /* bytes below, of a block that is not whole */
	uint8_t kept[2 * BLOCK_LEN]; /* with room for the padding */
};

static void take_blocks(struct message *message, const uint8_t *at, size_t nr)
{
	if (message->sha1 && message->sha256)
		both_blocks(&message->sum, at, at, nr);
	else if (message->sha256)
		sha256_blocks(&message->sum.sha256, at, nr);
	else
		sha1_blocks(&message->sum.sha1, at, nr);
}

static void keep(struct message *message, struct imastage_bytes bytes)
{
	if (bytes.len > 0)
		memcpy(message->kept + message->nr_kept, bytes.data, bytes.len);
	message->nr_kept += bytes.len;
}

static void take(struct message *message, struct imastage_bytes bytes)
{
	size_t room = BLOCK_LEN - message->nr_kept, nr;

	message->len += bytes.len;
	if (message->nr_kept > 0 && bytes.len >= room) {
		keep(message, bytes_first(bytes, room));
		bytes = bytes_skip(bytes, room);
		take_blocks(message, message->kept, 1);
		message->nr_kept = 0;
	}
	nr = message->nr_kept > 0 ? 0 : bytes.len / BLOCK_LEN;
	if (nr > 0)
		take_blocks(message, bytes.data, nr);
	keep(message, bytes_skip(bytes, nr * BLOCK_LEN));
}

/* A bit, zeros, and the length. */
static void take_padding(struct message *message)
{
	size_t nr = message->nr_kept + 1 + LENGTH_LEN > BLOCK_LEN ? 2 : 1;
	uint8_t *at = message->kept + message->nr_kept;

	memset(at, 0, nr * BLOCK_LEN - message->nr_kept);
	*at = 0x80;
	put_length(message->kept + nr * BLOCK_LEN, message->len);
	take_blocks(message, message->kept, nr);
}

NI void sha_ni_hash(struct imastage_bytes first, struct imastage_bytes second,
		    uint8_t *ret_sha1, uint8_t *ret_sha256)
{
	struct message message;

	message.sum.sha1 = sha1_begin();
	message.sum.sha256 = sha256_begin();
	message.sha1 = ret_sha1;
	message.sha256 = ret_sha256;
	message.len = 0;
	message.nr_kept = 0;
	take(&message, first);
	take(&message, second);
	take_padding(&message);
	if (ret_sha1)
		sha1_end(&message.sum.sha1, ret_sha1);
	if (ret_sha256)
		sha256_end(&message.sum.sha256, ret_sha256);
}

/*
 * A value of 20 bytes, a digest, the padding. Whole registers are stored, for the processor
 * waits when it loads one that was stored in pieces.
 */
NI_INLINE void put_sha1_extend(uint8_t block[BLOCK_LEN], const uint8_t *value,
			       const uint8_t *digest)
{
	uint32_t value_end;
	uint64_t digest_end;

	memcpy(&value_end, value + 16, sizeof(value_end));
	memcpy(&digest_end, digest + 12, sizeof(digest_end));
	store(block, load(value));
	store(block + 16, _mm_insert_epi32(_mm_slli_si128(load(digest), 4),
					   (int)value_end, 0));
	store(block + 32, _mm_set_epi64x(0x80, (long long)digest_end));
	store(block + 48, _mm_setzero_si128());
	put_length(block + BLOCK_LEN, 2 * SHA1_LEN);
}

/* Two blocks; the second one is always the same. */
NI_INLINE void put_sha256_extend(uint8_t blocks[2 * BLOCK_LEN],
				 const uint8_t *value, const uint8_t *digest)
{
	memcpy(blocks, value, SHA256_LEN);
	memcpy(blocks + SHA256_LEN, digest, SHA256_LEN);
	memset(blocks + BLOCK_LEN, 0, BLOCK_LEN);
	blocks[BLOCK_LEN] = 0x80;
	put_length(blocks + 2 * BLOCK_LEN, 2 * SHA256_LEN);
}

/* One block for sha1 beside two for sha256: 20 steps spread over 32. */
NI static void extend_blocks(struct both *sum, const uint8_t *at1,
			     const uint8_t *at256)
{
	struct sha1_run run1 = { .abcd = sum->sha1.abcd,
				 .before = sum->sha1.e };
	struct sha256_run run256 = { .now = sum->sha256 };

#pragma GCC unroll 32
	for (int i = 0; i < 32; i++) {
		int step = i * 5 / 8;

		if (i == 16)
			sha256_add(&sum->sha256, &run256);
		sha256_four(&run256, i % 16, at256 + i / 16 * BLOCK_LEN);
		if (i == 0 || step > (i - 1) * 5 / 8)
			sha1_four(&run1, step, at1);
	}
	sha256_add(&sum->sha256, &run256);
	sha1_add(&sum->sha1, &run1);
}

NI static void extend_both(uint8_t *sha1_value, const uint8_t *sha1_digest,
			   uint8_t *sha256_value, const uint8_t *sha256_digest)
{
	uint8_t for_sha1[BLOCK_LEN], for_sha256[2 * BLOCK_LEN];
	struct both sum = { sha1_begin(), sha256_begin() };

	put_sha1_extend(for_sha1, sha1_value, sha1_digest);
	put_sha256_extend(for_sha256, sha256_value, sha256_digest);
	extend_blocks(&sum, for_sha1, for_sha256);
	sha1_end(&sum.sha1, sha1_value);
	sha256_end(&sum.sha256, sha256_value);
}

NI static void extend_sha256(uint8_t *value, const uint8_t *digest)
{
	struct sha256 sum = sha256_begin();
	uint8_t blocks[2 * BLOCK_LEN];

	put_sha256_extend(blocks, value, digest);
	sha256_blocks(&sum, blocks, 2);
	sha256_end(&sum, value);
}

NI static void extend_sha1(uint8_t *value, const uint8_t *digest)
{
	struct sha1 sum = sha1_begin();
	uint8_t block[BLOCK_LEN];

	put_sha1_extend(block, value, digest);
	sha1_blocks(&sum, block, 1);
	sha1_end(&sum, value);
}

void sha_ni_extend(uint8_t *sha1_value, const uint8_t *sha1_digest,
		   uint8_t *sha256_value, const uint8_t *sha256_digest)
{
	if (sha1_value && sha256_value)
		extend_both(sha1_value, sha1_digest, sha256_value,
			    sha256_digest);
	else if (sha256_value)
		extend_sha256(sha256_value, sha256_digest);
	else
		extend_sha1(sha1_value, sha1_digest);
}

#endif
