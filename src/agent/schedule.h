/* SPDX-License-Identifier: MIT */
/*
 * When the next look at the kernel is due, when a drain is, and why. Pure: time
 * is passed in, in milliseconds that only go forward.
 */
#ifndef AGENT_SCHEDULE_H
#define AGENT_SCHEDULE_H

#include "service/config.h"

#define SCHEDULE_NEVER UINT64_MAX
#define SCHEDULE_LOOK_MIN 250 /* between two looks, however fast it grows */
#define SCHEDULE_RETRY_MIN 500
#define SCHEDULE_RETRY_MAX 60000

struct schedule {
	uint64_t look_at, drain_at, check_at, tidy_at, retry_at;
	uint64_t retry_ms; /* how long the next failure waits; 0: none yet */
	const char *wanted; /* a drain is, for this reason; NULL: none */
	uint64_t nr_seen; /* records at the last look */
	uint64_t seen_at;
	bool seen;
};

void schedule_init(struct schedule *schedule, const struct config *config,
		   uint64_t now);

/* The configuration is another one. */
void schedule_adapt(struct schedule *schedule, const struct config *config,
		    uint64_t now);

/* A drain is wanted. The first reason stays; what failed before is tried at once. */
void schedule_want(struct schedule *schedule, const char *reason);

/*
 * The kernel holds @nr_records of about @mean_len bytes each: is that enough for a
 * drain, and when to look again?
 */
void schedule_look(struct schedule *schedule, const struct config *config,
		   uint64_t nr_records, uint64_t mean_len, uint64_t now);

/* A look failed. */
void schedule_blind(struct schedule *schedule, const struct config *config,
		    uint64_t now);

/* A drain was done, or failed: then it is tried again, later each time. */
void schedule_drained(struct schedule *schedule, const struct config *config,
		      bool failed, uint64_t nr_left, uint64_t now);

/* Is a drain due? Its reason, or NULL. */
const char *schedule_due(const struct schedule *schedule, uint64_t now);

/* The first time at which anything of the above changes by itself. */
uint64_t schedule_next(const struct schedule *schedule);

#endif
