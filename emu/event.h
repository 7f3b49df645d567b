/* SPDX-License-Identifier: MIT */
/*
 * What is measured, and the template entry that it becomes: the field of each kind
 * filled as IMA fills it, and the digest of the entry by any algorithm.
 */
#ifndef EMU_EVENT_H
#define EMU_EVENT_H

#include "emu/algo.h"
#include "emu/template.h"

/**
 * struct event - something to be measured
 * @name: of the file, or of the buffer
 * @fd: the file, for what else a field wants to know of it; -1: none
 * @algo: by which @digest is
 * @digest: of the contents; of no meaning for a violation
 * @sha1: the same by sha1, for the field "d"; NULL: of the file itself
 * @buf: what was measured, NULL: not a buffer
 * @buf_len: its bytes
 * @violation: there is no digest that could be told
 */
struct event {
	const char *name;
	int fd;
	const struct algo *algo;
	const uint8_t *digest;
	const uint8_t *sha1;
	const void *buf;
	size_t buf_len;
	bool violation;
};

/*
 * The entry has room for two digests, all zeros, and is to be freed with
 * ima_free_template_entry(). Returns -ENOMEM, -EINVAL if a field cannot be filled,
 * or the error of reading the file.
 */
int event_entry(const struct event *event, const struct template *template,
		struct ima_template_entry **ret_entry);

/* An entry with empty fields. NULL: no memory. */
struct ima_template_entry *event_entry_new(const struct template *template);

/* The template digest of an entry, or of a record's view. 0 or -EIO. */
int event_digest(const struct ima_template_entry *entry,
		 const struct algo *algo, uint8_t ret_digest[ALGO_DIGEST_MAX]);

#endif
