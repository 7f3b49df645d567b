/* SPDX-License-Identifier: MIT */
/*
 * The keeper in numbers, in Prometheus' text format, for node_exporter's textfile
 * collector and for whoever scrapes the socket.
 */
#ifndef AGENT_METRICS_H
#define AGENT_METRICS_H

#include "service/job.h"

#include <stdio.h>

void metrics_print(FILE *file, const struct facts *facts);

/* As a new text of *ret_len bytes, which the caller frees. -ENOMEM. */
int metrics_text(const struct facts *facts, char **ret_text, size_t *ret_len);

/*
 * Whole or not at all, readable for all. What is there and no regular file, or a link that
 * somebody else may have put there, is left alone: what path_strerror() explains.
 */
int metrics_write(const char *path, const struct facts *facts);

#endif
