/* SPDX-License-Identifier: MIT */
/*
 * The files of the directory: names, modes, what each is. They stay the same for
 * as long as the emulator runs.
 */
#ifndef EMU_TREE_H
#define EMU_TREE_H

#include <stdbool.h>
#include <sys/stat.h>

#include "emu/banks.h"

/* Which kernel's directory. */
enum profile {
	PROFILE_IMASTAGE, /* with staging as here */
	PROFILE_LINUX_7_2, /* with staging as in Linux 7.2 */
	PROFILE_UNPATCHED, /* without staging */
};

enum node_kind {
	NODE_DIR,
	NODE_LIST,
	NODE_LINK,
	NODE_CURRENT_COUNT,
	NODE_STAGED_COUNT,
	NODE_DELETED_COUNT,
	NODE_VIOLATIONS,
	NODE_SNAPSHOT,
};

#define NODE_NAME_MAX 72
#define NODES_MAX 64
#define NODE_ROOT_INO 1

/**
 * struct node - a file, or the directory itself
 * @kind: what it is
 * @name: its name
 * @target: of a link
 * @attr: what stat() tells; owner and mode can be changed
 * @bank: which of the banks a list shows
 * @staged: the staged list
 * @ascii: as text
 */
struct node {
	enum node_kind kind;
	char name[NODE_NAME_MAX];
	char target[NODE_NAME_MAX];
	struct stat attr;
	unsigned int bank;
	bool staged;
	bool ascii;
};

/* Numbers of nodes are their places, counted from NODE_ROOT_INO. */
struct tree {
	unsigned int nr;
	struct node nodes[NODES_MAX];
};

void tree_init(struct tree *tree, enum profile profile,
	       const struct banks *banks);

/* Both return NULL if there is none. */
struct node *tree_node(struct tree *tree, unsigned long ino);
struct node *tree_find(struct tree *tree, const char *name);

#endif
