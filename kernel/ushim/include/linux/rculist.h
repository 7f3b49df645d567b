/* SPDX-License-Identifier: MIT */
/* Exact, on top of what rcupdate.h says. */
#ifndef USHIM_LINUX_RCULIST_H
#define USHIM_LINUX_RCULIST_H

#include <linux/list.h>
#include <linux/rcupdate.h>

#define list_next_rcu(node) ((node)->next)

static inline void list_add_tail_rcu(struct list_head *node,
				     struct list_head *head)
{
	struct list_head *prev = head->prev;

	BUG_ON(prev->next != head);
	node->next = head;
	node->prev = prev;
	rcu_assign_pointer(list_next_rcu(prev), node);
	head->prev = node;
}

#endif
