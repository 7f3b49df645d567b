/* SPDX-License-Identifier: MIT */
/*
 * The list that renderers read: what is archived and what is live, keep/live.h.
 */
#ifndef VIEW_LIVE_LIST_H
#define VIEW_LIVE_LIST_H

#include "keep/live.h"
#include "view/render.h"

/* @live must outlive it, and all renderers of it. */
struct view_list live_list(struct live *live);

#endif
