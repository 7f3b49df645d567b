// SPDX-License-Identifier: MIT
/*
 * When a drain is due, and when the kernel is looked at.
 */
#include "agent/schedule.h"
#include "lib/testing.h"

static struct config config;
static struct schedule schedule;

/* A schedule at time 1000 that has looked once, with nothing there. */
static void begin(void)
{
	config_defaults(&config);
	config.interval = 0;
	schedule_init(&schedule, &config, 1000);
	schedule_look(&schedule, &config, 0, 100, 1000);
}

TEST(drains_at_a_number_of_records)
{
	begin();
	config.drain_bytes = 0;
	schedule_look(&schedule, &config, config.drain_records - 1, 100, 2000);
	assert_null(schedule_due(&schedule, 2000));
	schedule_look(&schedule, &config, config.drain_records, 100, 3000);
	assert_string_equal(schedule_due(&schedule, 3000), "records");
	schedule_drained(&schedule, &config, false, 0, 3000);
	assert_null(schedule_due(&schedule, 3000));
}

TEST(drains_at_a_number_of_bytes)
{
	begin();
	config.drain_records = 0;
	config.drain_bytes = 1000;
	schedule_look(&schedule, &config, 9, 100, 2000);
	assert_null(schedule_due(&schedule, 2000));
	schedule_look(&schedule, &config, 11, 100, 3000);
	assert_string_equal(schedule_due(&schedule, 3000), "bytes");
}

TEST(drains_by_time_when_there_is_something)
{
	begin();
	config.interval = 5000;
	config.leave = 10;
	schedule_drained(&schedule, &config, false, 0, 2000);
	schedule_look(&schedule, &config, 11, 100, 6999);
	assert_null(schedule_due(&schedule, 6999));
	schedule_look(&schedule, &config, 10, 100, 7000);
	assert_null(schedule_due(&schedule, 7000));
	schedule_look(&schedule, &config, 11, 100, 12000);
	assert_string_equal(schedule_due(&schedule, 12000), "interval");
}

TEST(looks_more_often_the_faster_it_grows)
{
	begin();
	config.drain_bytes = 0;
	config.drain_records = 10000;
	schedule_look(&schedule, &config, 0, 100, 2000);
	assert_int_equal(schedule.look_at, 2000 + config.poll);
	/* 1000 a second, 8000 left: half of 8 s */
	schedule_look(&schedule, &config, 2000, 100, 4000);
	assert_int_equal(schedule.look_at, 4000 + 4000);
	/* 4000 in 10 ms: at once would be too often */
	schedule_look(&schedule, &config, 6000, 100, 4010);
	assert_int_equal(schedule.look_at, 4010 + SCHEDULE_LOOK_MIN);
	/* it has shrunk: nothing is known */
	schedule_look(&schedule, &config, 10, 100, 5000);
	assert_int_equal(schedule.look_at, 5000 + config.poll);
}

TEST(numbers_out_of_this_world_do_no_harm)
{
	begin();
	config.drain_records = UINT32_MAX;
	config.drain_bytes = UINT64_MAX;
	schedule_look(&schedule, &config, UINT64_MAX, 1, 2000);
	schedule_look(&schedule, &config, 0, 0, 3000);
	schedule_look(&schedule, &config, 1, UINT64_MAX, 4000);
	config.drain_records = 0;
	config.drain_bytes = 0;
	schedule_look(&schedule, &config, UINT64_MAX, 1, 5000);
	assert_int_equal(schedule.look_at, 5000 + config.poll);
}

TEST(what_fails_is_tried_later_and_later)
{
	uint64_t now = 2000, wait = SCHEDULE_RETRY_MIN;

	begin();
	schedule_want(&schedule, "records");
	for (int i = 0; i < 12; i++) {
		schedule_drained(&schedule, &config, true, 0, now);
		assert_null(schedule_due(&schedule, now + wait - 1));
		assert_string_equal(schedule_due(&schedule, now + wait),
				    "records");
		now += wait;
		wait = 2 * wait < SCHEDULE_RETRY_MAX ? 2 * wait :
						       SCHEDULE_RETRY_MAX;
	}
	/* Somebody asks for it: at once, and for the first reason. */
	schedule_drained(&schedule, &config, true, 0, now);
	schedule_want(&schedule, "SIGHUP");
	assert_string_equal(schedule_due(&schedule, now), "records");
	schedule_drained(&schedule, &config, false, 0, now);
	assert_int_equal(schedule.retry_ms, 0);
}

TEST(nothing_is_due_that_is_switched_off)
{
	begin();
	config.check_interval = 0;
	schedule_init(&schedule, &config, 1000);
	assert_int_equal(schedule.check_at, SCHEDULE_NEVER);
	schedule_adapt(&schedule, &config, 2000);
	assert_int_equal(schedule.check_at, SCHEDULE_NEVER);
	assert_int_equal(schedule.drain_at, SCHEDULE_NEVER);
	config.check_interval = 60000;
	schedule_adapt(&schedule, &config, 2000);
	assert_int_equal(schedule.check_at, 62000);
}

TEST_MAIN(cmocka_unit_test(drains_at_a_number_of_records),
	  cmocka_unit_test(drains_at_a_number_of_bytes),
	  cmocka_unit_test(drains_by_time_when_there_is_something),
	  cmocka_unit_test(looks_more_often_the_faster_it_grows),
	  cmocka_unit_test(numbers_out_of_this_world_do_no_harm),
	  cmocka_unit_test(what_fails_is_tried_later_and_later),
	  cmocka_unit_test(nothing_is_due_that_is_switched_off))
