// SPDX-License-Identifier: MIT
/*
 * Days, by the C library's calendar.
 */
#include "policy/time.h"
#include "base/bytes.h"

#include <errno.h>
#include <stdio.h>
#include <time.h>

#define LAST_DAY UINT64_C(253402214400) /* 9999-12-31 */

void policy_time_write(uint64_t seconds, char ret_text[POLICY_TIME_LEN + 1])
{
	time_t time = (time_t)(seconds < LAST_DAY ? seconds : LAST_DAY);
	struct tm tm;

	(void)gmtime_r(&time, &tm);
	(void)strftime(ret_text, POLICY_TIME_LEN + 1, "%Y-%m-%d", &tm);
}

static int number(struct imastage_bytes text, size_t at, size_t len)
{
	int value = 0;

	for (size_t i = at; i < at + len; i++) {
		if (text.data[i] < '0' || text.data[i] > '9')
			return -1;
		value = 10 * value + text.data[i] - '0';
	}
	return value;
}

/* A day that does not exist, as 02-30, comes back as another one. */
int policy_time_read(struct imastage_bytes text, uint64_t *ret_seconds)
{
	char again[POLICY_TIME_LEN + 1];
	struct tm tm = { 0 };
	time_t time;

	if (text.len != POLICY_TIME_LEN)
		return -EBADMSG;
	tm.tm_year = number(text, 0, 4) - 1900;
	tm.tm_mon = number(text, 5, 2) - 1;
	tm.tm_mday = number(text, 8, 2);
	time = timegm(&tm);
	if (time <= 0)
		return -EBADMSG;
	policy_time_write((uint64_t)time, again);
	if (!bytes_equal_text(text, again))
		return -EBADMSG;
	*ret_seconds = (uint64_t)time;
	return 0;
}
