// SPDX-License-Identifier: MIT
/*
 * Thresholds, intervals, backoff.
 */
#include "agent/schedule.h"

#include <stddef.h>

#define TIDY_MS (60 * 60 * 1000) /* retention, when nothing else happens */

static uint64_t later(uint64_t now, uint64_t ms)
{
	return ms ? now + ms : SCHEDULE_NEVER;
}

static uint64_t min_of(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

void schedule_init(struct schedule *schedule, const struct config *config,
		   uint64_t now)
{
	*schedule = (struct schedule){
		.look_at = now,
		.drain_at = now,
		.check_at = config->check_interval ? now : SCHEDULE_NEVER,
		.tidy_at = now,
		.retry_at = now,
	};
}

void schedule_adapt(struct schedule *schedule, const struct config *config,
		    uint64_t now)
{
	schedule->look_at = now;
	schedule->drain_at =
		min_of(schedule->drain_at, later(now, config->interval));
	if (!config->interval)
		schedule->drain_at = SCHEDULE_NEVER;
	schedule->check_at =
		min_of(schedule->check_at, later(now, config->check_interval));
	if (!config->check_interval)
		schedule->check_at = SCHEDULE_NEVER;
	schedule->tidy_at = now;
}

void schedule_want(struct schedule *schedule, const char *reason)
{
	if (!schedule->wanted)
		schedule->wanted = reason;
	schedule->retry_at = 0;
}

/* How many more records until a threshold. 0: it is reached; or never. */
static uint64_t records_left(const struct config *config, uint64_t nr_records,
			     uint64_t mean_len)
{
	uint64_t by_records = config->drain_records ? config->drain_records :
						      SCHEDULE_NEVER;
	uint64_t by_bytes = config->drain_bytes ?
				    config->drain_bytes / mean_len + 1 :
				    SCHEDULE_NEVER;
	uint64_t limit = min_of(by_records, by_bytes);

	if (limit == SCHEDULE_NEVER)
		return SCHEDULE_NEVER;
	return nr_records < limit ? limit - nr_records : 0;
}

/* Half the time that is left at the rate seen last, within bounds. */
static uint64_t look_in(const struct schedule *schedule,
			const struct config *config, uint64_t nr_records,
			uint64_t left, uint64_t now)
{
	uint64_t elapsed = now - schedule->seen_at;
	uint64_t grown = nr_records - schedule->nr_seen;
	uint64_t ms = config->poll;

	if (schedule->seen && nr_records > schedule->nr_seen &&
	    left != SCHEDULE_NEVER && elapsed > 0)
		ms = left < UINT64_MAX / elapsed ? left * elapsed / grown / 2 :
						   ms;
	if (ms > config->poll)
		ms = config->poll;
	return ms < SCHEDULE_LOOK_MIN ? SCHEDULE_LOOK_MIN : ms;
}

void schedule_look(struct schedule *schedule, const struct config *config,
		   uint64_t nr_records, uint64_t mean_len, uint64_t now)
{
	uint64_t left =
		records_left(config, nr_records, mean_len ? mean_len : 1);

	if (left == 0 && !schedule->wanted)
		schedule->wanted =
			config->drain_records &&
					nr_records >= config->drain_records ?
				"records" :
				"bytes";
	if (now >= schedule->drain_at) {
		if (!schedule->wanted && nr_records > config->leave)
			schedule->wanted = "interval";
		schedule->drain_at = later(now, config->interval);
	}
	schedule->look_at =
		now + look_in(schedule, config, nr_records, left, now);
	schedule->nr_seen = nr_records;
	schedule->seen_at = now;
	schedule->seen = true;
}

void schedule_blind(struct schedule *schedule, const struct config *config,
		    uint64_t now)
{
	schedule->look_at = now + config->poll;
	schedule->seen = false;
}

void schedule_drained(struct schedule *schedule, const struct config *config,
		      bool failed, uint64_t nr_left, uint64_t now)
{
	if (failed) {
		schedule->retry_ms = schedule->retry_ms ?
					     min_of(schedule->retry_ms * 2,
						    SCHEDULE_RETRY_MAX) :
					     SCHEDULE_RETRY_MIN;
		schedule->retry_at = now + schedule->retry_ms;
		return;
	}
	schedule->wanted = NULL;
	schedule->retry_ms = 0;
	schedule->retry_at = 0;
	schedule->drain_at = later(now, config->interval);
	schedule->nr_seen = nr_left;
	schedule->seen_at = now;
}

const char *schedule_due(const struct schedule *schedule, uint64_t now)
{
	return schedule->wanted && now >= schedule->retry_at ?
		       schedule->wanted :
		       NULL;
}

uint64_t schedule_next(const struct schedule *schedule)
{
	uint64_t next = min_of(schedule->look_at, schedule->check_at);

	next = min_of(next, schedule->tidy_at);
	if (schedule->wanted)
		next = min_of(next, schedule->retry_at);
	return next;
}
