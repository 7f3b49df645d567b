/* SPDX-License-Identifier: MIT */
/*
 * What a quote carries to show whom it answers.
 *
 * Raw: the verifier's nonce itself. Another verifier's nonce can be passed on in it.
 * Bound: SHA-256 of "imastage-quote-1", a byte 0, nonce, id of the verifier and id of the
 * machine, each of the three with its length before it as u16, little-endian. So the same
 * nonce is another question of another verifier or to another machine.
 *
 * A test vector: nonce 000102030405060708090a0b0c0d0e0f, verifier "v", machine "m":
 *	6b3a743717d181515935dfd475afb54d3961ecc162179100abd9321752e4029d
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

#endif
