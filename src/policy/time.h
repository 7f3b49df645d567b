/* SPDX-License-Identifier: MIT */
/*
 * Dates in policies: a day, "2026-12-24", which begins at midnight UTC.
 */
#ifndef POLICY_TIME_H
#define POLICY_TIME_H

#include <imastage/bytes.h>

#define POLICY_TIME_LEN 10
#define POLICY_DAY UINT64_C(86400)

/* @seconds since 1970, of which the day is written; up to the year 9999. */
void policy_time_write(uint64_t seconds, char ret_text[POLICY_TIME_LEN + 1]);

/* -EBADMSG: it is no day from 1970-01-02 on. */
int policy_time_read(struct imastage_bytes text, uint64_t *ret_seconds);

#endif
