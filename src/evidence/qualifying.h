/* SPDX-License-Identifier: MIT */
/*
 * What a quote carries to show whom it answers.
 *
 * Raw: the verifier's nonce itself. Another verifier's nonce can be passed on in it.
 * Bound: SHA-256 of "imastage-quote-1", a byte 0, nonce, id of the verifier and id of the
 * machine, each of the three with its length before it as u16, little-endian. So the same
 * nonce is another question of another verifier or to another machine.
 *
 * Of the keeper's own quotes: SHA-256 of "imastage-archive-1", a byte 0, the 32 bytes of the
 * archive's chain and the number of records that it is over, as u64, little-endian.
 *
 * A test vector: nonce 000102030405060708090a0b0c0d0e0f, verifier "v", machine "m":
 *	6b3a743717d181515935dfd475afb54d3961ecc162179100abd9321752e4029d
 * Another: chain of bytes 00 to 1f, 114106 records:
 *	1dafe3e853607b10efc825d647601e8c82fc4dec661d765c86b75ae2ffd679b0
 */
#ifndef EVIDENCE_QUALIFYING_H
#define EVIDENCE_QUALIFYING_H

#include <imastage/bytes.h>

#define EVIDENCE_BOUND_LEN 32
#define EVIDENCE_NONCE_MIN 16
#define EVIDENCE_NONCE_MAX 64
#define EVIDENCE_ID_MAX 255

/* -EINVAL for a nonce or an id of another length than above, or no id; -EIO. */
int evidence_bind(struct imastage_bytes nonce, struct imastage_bytes verifier,
		  struct imastage_bytes machine,
		  uint8_t ret_data[EVIDENCE_BOUND_LEN]);

#define EVIDENCE_CHAIN_LEN 32

/* -EIO */
int evidence_bind_chain(const uint8_t chain[EVIDENCE_CHAIN_LEN],
			uint64_t chained, uint8_t ret_data[EVIDENCE_BOUND_LEN]);

#endif
