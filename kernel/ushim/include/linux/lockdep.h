/* SPDX-License-Identifier: MIT */
/*
 * Custom: checks that this thread holds the lock (a rw_semaphore: for writing)
 * and ends the program if not. The order of locks is left to the thread
 * sanitizer.
 */
#ifndef USHIM_LINUX_LOCKDEP_H
#define USHIM_LINUX_LOCKDEP_H

#include "ushim.h"

#define lockdep_assert_held(l) \
	ushim_assert_held(&(l)->owner, __FILE__, __LINE__, #l)
#define lockdep_assert_held_write(l) lockdep_assert_held(l)

#endif
