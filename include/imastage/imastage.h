/* SPDX-License-Identifier: MIT */
/*
 * libimastage: parse, convert, digest, replay and align the measurement list
 * of Linux IMA. This header has all of it; the manual are those it includes:
 *
 *	bytes.h		views, byte orders, sources and sinks
 *	bank.h		PCR banks
 *	record.h	one record and its fields
 *	template.h	templates that Linux does not have
 *	reader.h	lists of every format, record by record
 *	writer.h	the same, written
 *	digest.h	template digests
 *	replay.h	PCR values; saving and resuming
 *	snapshot.h	records that hold PCR values, to start a replay from
 *	align.h		the records that lead to a TPM's values or quote
 *	check.h		all of that in one call, on several threads
 *
 * Results: 0 is success; a negative errno means "could not do it"; positive
 * values are answers, each named. Outputs come last and are untouched on
 * failure. Nothing is printed, no global state is kept, and no input crashes
 * it, makes it loop or lets its memory grow beyond what is documented.
 *
 *	cc program.c $(pkg-config --cflags --libs imastage)
 */
#ifndef IMASTAGE_IMASTAGE_H
#define IMASTAGE_IMASTAGE_H

#include <imastage/align.h>
#include <imastage/bank.h>
#include <imastage/bytes.h>
#include <imastage/check.h>
#include <imastage/digest.h>
#include <imastage/reader.h>
#include <imastage/record.h>
#include <imastage/replay.h>
#include <imastage/snapshot.h>
#include <imastage/template.h>
#include <imastage/writer.h>

#ifdef __cplusplus
extern "C" {
#endif

/* "0.1.0": the version of the library that is running. */
IMASTAGE_API const char *imastage_version(void);

#ifdef __cplusplus
}
#endif

#endif
