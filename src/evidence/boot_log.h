/* SPDX-License-Identifier: MIT */
/*
 * The firmware's event log, binary_bios_measurements of Linux: what was extended into
 * the PCRs of the boot. Two forms, both little-endian. The old one, SHA-1 alone:
 *
 *	u32	PCR
 *	u32	kind; 3 is EV_NO_ACTION, which extends nothing
 *	u8[20]	digest
 *	u32, n	data
 *
 * The crypto-agile one begins with such an event, whose data says so:
 *
 *	u8[16]	"Spec ID Event03" NUL
 *	u32	platform; u8 minor, u8 major, u8 errata, u8 size of an integer
 *	u32	number of algorithms, 1 to 16; for each, u16 TPM_ALG_ID, u16 length of a digest
 *	u8, n	the vendor's
 *
 * and goes on with events that have a digest of each of these algorithms:
 *
 *	u32	PCR
 *	u32	kind
 *	u32	number of digests; for each, u16 TPM_ALG_ID, the digest
 *	u32, n	data
 *
 * EV_NO_ACTION of PCR 0 with the data "StartupLocality" NUL u8 says which locality started
 * the TPM: PCR 0 begins with that number instead of zero.
 * Source: TCG PC Client Platform Firmware Profile, "Event Logging".
 *
 * Nothing of it is signed: it is worth something once it leads to the values quoted.
 */
#ifndef EVIDENCE_BOOT_LOG_H
#define EVIDENCE_BOOT_LOG_H

#include "evidence/wire.h"
#include "log/pcr_file.h"

#include <imastage/reader.h>

#define BOOT_LOG_LEN_MAX ((size_t)16 << 20)
#define BOOT_LOG_ALGORITHMS_MAX 16
#define BOOT_LOG_PCRS 0xffffu /* that begin with zeros, and are replayed */

struct boot_log {
	uint64_t nr_events; /* of all kinds, the first of the agile form included */
	bool agile;
	uint8_t locality;
	unsigned int
		banks; /* known ones that each event has a digest of, a mask */
	struct pcr_values values; /* where the log leads to, of BOOT_LOG_PCRS */
};

#define BOOT_LOG_DATA_MAX 4096 /* of an event's data that are shown */

/* An event that extends a PCR; views are valid for the call. */
struct boot_log_event {
	uint64_t number; /* of all kinds, from 0 */
	uint32_t pcr, kind;
	struct imastage_bytes digests[IMASTAGE_NR_BANKS]; /* or of no length */
	struct imastage_bytes data; /* its first bytes, */
	uint32_t data_len; /* of so many */
};

struct boot_log_watcher {
	void (*event)(void *context, const struct boot_log_event *event);
	void *context;
};

/*
 * Reads to the end. It is a stream: memory is constant, each byte is looked at once. -EBADMSG
 * with *ret_error set, also for more than BOOT_LOG_LEN_MAX bytes; -ENOMEM, -ENOTSUP, -EIO of
 * OpenSSL; or the error of the source.
 */
int boot_log_replay(struct imastage_source source, struct boot_log *ret_log,
		    struct evidence_error *ret_error);

/* The same, telling @watcher of each event. What it was told counts if the log is whole. */
int boot_log_watch(struct imastage_source source,
		   const struct boot_log_watcher *watcher,
		   struct boot_log *ret_log, struct evidence_error *ret_error);

#endif
