// SPDX-License-Identifier: MIT
/* Runs the KUnit suites that are linked in. */

#include <kunit/test.h>
#include <linux/sched.h>

int main(void)
{
	/* Be a task before anyone counts them. */
	(void)current;

	return ushim_kunit_run() ? 1 : 0;
}
