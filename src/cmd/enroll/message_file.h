/* SPDX-License-Identifier: MIT */
/*
 * Messages of enrolment as files; "-" is standard input, NULL standard output. Both
 * complain and return enum cli_status.
 */
#ifndef CMD_ENROLL_MESSAGE_FILE_H
#define CMD_ENROLL_MESSAGE_FILE_H

#include "evidence/message.h"

/* free() ret_text->data in the end, whatever is returned. */
int message_file_read(const char *path, struct imastage_buffer *ret_text);
int message_file_write(const char *path, const struct imastage_buffer *text);

/* Complains that what was read from @path is no message of the kind @what. */
int message_file_refuse(const char *path, const char *what,
			const struct evidence_error *error);

#endif
