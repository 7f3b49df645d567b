// SPDX-License-Identifier: MIT
/*
 * The version, from meson.build.
 */
#include <imastage/imastage.h>

const char *imastage_version(void)
{
	return IMASTAGE_VERSION;
}
