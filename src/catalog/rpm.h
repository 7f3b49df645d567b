/* SPDX-License-Identifier: MIT */
/*
 * RPM packages: names and digests of their files, from the header alone. Nothing is unpacked. The only
 * place that knows librpm, which is for one thread at a time.
 */
#ifndef CATALOG_RPM_H
#define CATALOG_RPM_H

#include "catalog/catalog.h"

#define RPM_KEYS_SHOWN 16
#define RPM_KEY_ID_LEN 4

struct rpm_report {
	uint64_t nr_signed; /* files with a signature of IMA's */
	uint8_t keys[RPM_KEYS_SHOWN][RPM_KEY_ID_LEN]; /* that made them */
	size_t nr_keys;
	uint64_t nr_weak; /* files whose digests are too weak, and not given */
};

struct rpm_reader;

/* @keys: files of public keys, until NULL; NULL itself: no signature is asked for. All said. */
int rpm_reader_new(const char *const *keys, const struct say *say,
		   struct rpm_reader **ret_reader);
void rpm_reader_free(struct rpm_reader *reader);

#define RPM_REFUSED 1 /* said why; nothing of it was found */

/* The header has to be signed by one of the keys. What found() and tick() returned; -ENOMEM. */
int rpm_read(struct rpm_reader *reader, struct catalog *catalog,
	     const char *path);

const struct rpm_report *rpm_reader_report(const struct rpm_reader *reader);

#endif
