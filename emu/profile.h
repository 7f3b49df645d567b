/* SPDX-License-Identifier: MIT */
/*
 * Which kernel it is that is emulated. linux_7_2.h says what the two of Linux 7.2
 * (and 7.3) do in their own way.
 */
#ifndef EMU_PROFILE_H
#define EMU_PROFILE_H

#include <stdbool.h>

enum profile {
	PROFILE_IMASTAGE, /* with staging as here */
	PROFILE_LINUX_7_2, /* with CONFIG_IMA_STAGING */
	PROFILE_LINUX_7_2_OFF, /* without: lists can be written to all the same */
	PROFILE_UNPATCHED, /* without staging, as before Linux 7.2 */
};

static inline bool profile_is_linux_7_2(enum profile profile)
{
	return profile == PROFILE_LINUX_7_2 || profile == PROFILE_LINUX_7_2_OFF;
}

static inline bool profile_stages(enum profile profile)
{
	return profile == PROFILE_IMASTAGE || profile == PROFILE_LINUX_7_2;
}

static inline bool profile_takes_commands(enum profile profile)
{
	return profile != PROFILE_UNPATCHED;
}

#endif
