/* SPDX-License-Identifier: MIT */
/*
 * The evidence file, version 1: what a machine hands to a verifier, in one tar. The tar is
 * drawn in tar.h, and may be in one frame of zstd (frame.h). Its members, in this order:
 *
 *	imastage-evidence-1	nothing; its name says what the file is
 *	manifest.json		hints (manifest.h)
 *	quote.msg		TPMS_ATTEST
 *	quote.sig		TPMT_SIGNATURE
 *	quote.pcrs		values of the quoted PCRs
 *	ak.pub			TPM2B_PUBLIC
 *	boot.log		firmware's event log; may be left out
 *	records.ima		the measurement list, binary, little-endian, bank sha1
 *
 * This is the container only: what is in it is for others to judge, the manifest against
 * the records and the quote included; only that its "bytes" are the length of records.ima is seen
 * to here.
 *
 *	container_new(source, 0, &container);
 *	r = container_small(container, &small);
 *	while (r == 0 && (r = container_next(container, &part, &len)) == 0)
 *		use(part, container_source(container));
 *	if (r != CONTAINER_END)
 *		complain(container_error(container));
 *	container_free(container);
 *
 * Nothing of a file has been taken before CONTAINER_END has come: what is behind records.ima
 * is part of it.
 *
 * Costs: memory below CONTAINER_MEMORY_MAX, and below CONTAINER_PLAIN_MEMORY_MAX when the
 * file is in no frame, whatever it says; each byte is looked at once, and a frame of @n bytes has
 * FRAME_SLACK + FRAME_RATIO * @n of them at most.
 */
#ifndef EVIDENCE_CONTAINER_H
#define EVIDENCE_CONTAINER_H

#include "evidence/manifest.h"

#define CONTAINER_MEMORY_MAX ((size_t)9 << 20)
#define CONTAINER_PLAIN_MEMORY_MAX ((size_t)64 << 10)

/* Bytes of a member. */
#define CONTAINER_MSG_MAX ((size_t)4 << 10)
#define CONTAINER_SIG_MAX ((size_t)2 << 10)
#define CONTAINER_PCRS_MAX ((size_t)32 << 10)
#define CONTAINER_AK_MAX ((size_t)2 << 10)
#define CONTAINER_BOOT_LOG_MAX ((uint64_t)16 << 20)
#define CONTAINER_RECORDS_MAX (((uint64_t)8 << 30) - 1)

enum container_part {
	CONTAINER_BOOT_LOG,
	CONTAINER_RECORDS,
};

/* What is small. Views of the container's memory, or of the writer's caller. */
struct container_small {
	struct manifest manifest;
	struct imastage_bytes msg, sig, pcrs, ak;
};

struct container_error {
	uint64_t offset; /* byte of the tar */
	bool in_frame; /* of the frame instead, or up to 64 KiB before it */
	const char *member; /* NULL: of none */
	const char *reason; /* a sentence without full stop, static */
};

/* ---- reading ---------------------------------------------------------------- */

struct container;

/* @records_max: bytes that records.ima may have; 0: CONTAINER_RECORDS_MAX. -ENOMEM */
int container_new(struct imastage_source source, uint64_t records_max,
		  struct container **ret_container);
void container_free(struct container *container);

/*
 * These three return -EBADMSG when the file is refused, with place and reason in
 * container_error(); or -ENOMEM, or the error of the source, without a reason there. What has
 * failed stays so.
 */

/* What comes before the streams. Once, before the others. */
int container_small(struct container *container,
		    struct container_small *ret_small);

#define CONTAINER_END 1

/* The next stream and its bytes. What was not read of the one before is read and forgotten. */
int container_next(struct container *container, enum container_part *ret_part,
		   uint64_t *ret_len);

/* The bytes of that stream. It ends where the next begins. */
struct imastage_source container_source(struct container *container);

const struct container_error *
container_error(const struct container *container);

/* ---- writing ---------------------------------------------------------------- */

/* Writes the same bytes to @sink each time that it is called, or fails. */
struct container_stream {
	int (*write)(void *context, struct imastage_sink sink);
	void *context;
};

/*
 * Writes an evidence file, in a frame if @pack. Each stream is written twice, the first time
 * to find its length. manifest.bytes is set by that. @boot_log: NULL for none.
 *
 * -EFBIG: a member is longer than above. -EINVAL: see manifest_write(). -ESTALE: a stream
 * was of another length the second time. -ENOMEM, -EIO of zstd, or what a stream or the sink says.
 */
int container_write(struct imastage_sink sink, bool pack,
		    const struct container_small *small,
		    const struct container_stream *boot_log,
		    const struct container_stream *records);

#endif
