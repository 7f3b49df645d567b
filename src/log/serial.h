/* SPDX-License-Identifier: MIT */
/*
 * A whole list, checked and replayed on the caller's thread.
 */
#ifndef LOG_SERIAL_H
#define LOG_SERIAL_H

#include <imastage/check.h>

/* As imastage_check() with one thread. */
int check_serially(struct imastage_reader *reader,
		   struct imastage_replay *replay, struct imastage_align *align,
		   const struct imastage_check_options *options,
		   struct imastage_summary *ret_summary);

/* What @align has found in the end. */
int check_finish_align(struct imastage_align *align,
		       struct imastage_summary *summary);

#endif
