/* SPDX-License-Identifier: MIT */
/* Exact, on top of what rcupdate.h says. */
#ifndef USHIM_LINUX_RCULIST_H
#define USHIM_LINUX_RCULIST_H

#include <linux/list.h>
#include <linux/rcupdate.h>

#define list_next_rcu(node) ((node)->next)
#define hlist_first_rcu(head) ((head)->first)
#define hlist_next_rcu(node) ((node)->next)

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

static inline void hlist_add_head_rcu(struct hlist_node *node,
				      struct hlist_head *head)
{
	struct hlist_node *first = head->first;

	node->next = first;
	WRITE_ONCE(node->pprev, &head->first);
	rcu_assign_pointer(hlist_first_rcu(head), node);
	if (first)
		WRITE_ONCE(first->pprev, &node->next);
}

/* Readers on @node can still go on from it. */
static inline void hlist_del_init_rcu(struct hlist_node *node)
{
	if (hlist_unhashed(node))
		return;

	__hlist_del(node);
	WRITE_ONCE(node->pprev, NULL);
}

#define hlist_for_each_entry_rcu(pos, head, member)                             \
	for (pos = hlist_entry_safe(rcu_dereference_raw(hlist_first_rcu(head)), \
				    typeof(*pos), member);                      \
	     pos; pos = hlist_entry_safe(                                       \
			  rcu_dereference_raw(hlist_next_rcu(&pos->member)),    \
			  typeof(*pos), member))

#endif
