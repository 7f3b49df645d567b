/* SPDX-License-Identifier: MIT */
/*
 * A policy that a verb is given.
 */
#ifndef CMD_POLICY_OPEN_H
#define CMD_POLICY_OPEN_H

#include "policy/policy.h"

/* Returns enum cli_status, after a complaint if it is not CLI_OK. */
int open_policy(const char *path, struct policy **ret_policy);

#endif
