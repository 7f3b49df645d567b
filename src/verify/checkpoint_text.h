/* SPDX-License-Identifier: MIT */
/*
 * The text of a checkpoint, and of the reasons in it, without an envelope.
 */
#ifndef VERIFY_CHECKPOINT_TEXT_H
#define VERIFY_CHECKPOINT_TEXT_H

#include "verify/checkpoint.h"

/* Appends. -EINVAL for what could not be read again; -ENOMEM. */
int checkpoint_write(const struct checkpoint *checkpoint,
		     struct imastage_buffer *text);

/* -EBADMSG. No memory is allocated. */
int checkpoint_parse(struct imastage_bytes text,
		     struct checkpoint *ret_checkpoint,
		     struct evidence_error *ret_error);

/* The reasons alone, an array. */
int carried_write(const struct verify_carried *carried,
		  struct imastage_buffer *text);
/* -EBADMSG. Sets all of it but the resets. */
int carried_parse(struct imastage_bytes text,
		  struct verify_carried *ret_carried);

#endif
