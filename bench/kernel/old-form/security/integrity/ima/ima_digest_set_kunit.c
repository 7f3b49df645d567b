// SPDX-License-Identifier: MIT
/*
 * For comparison only: takes the place of the tests of ima_digest_set.c, which
 * look into the set, and so cannot be those of another form.
 */
#include <linux/module.h>
