/* SPDX-License-Identifier: MIT */
/*
 * A list in memory as renderers read it, with its places as an archive keeps
 * them, and what goes wrong when told to.
 */
#ifndef LIB_MEMORY_LIST_H
#define LIB_MEMORY_LIST_H

#include "view/render.h"

struct memory_list {
	struct imastage_bytes bytes; /* binary, sha1, of this machine's order */
	struct form_place *places; /* of each record, and of the end */
	uint64_t nr; /* records there are */
	uint64_t shown; /* records to be seen now: a list grows */
	uint64_t mark_every; /* a place is known for every so many */
	uint64_t copy_every; /* so many can be copied or shown behind each first; 0: none */
	uint64_t gap; /* index of the record before which some are missing */
	uint64_t generation; /* cursors of an older one are -ESTALE */
	unsigned int nr_open;
	unsigned int nr_located;
	unsigned int nr_next; /* records given so far */
};

/* @bytes must outlive it. NULL when it is no list, or memory is short. */
struct memory_list *memory_list_new(struct imastage_bytes bytes);
void memory_list_free(struct memory_list *list);

struct view_list memory_list_view(struct memory_list *list);

#endif
