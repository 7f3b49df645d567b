/* SPDX-License-Identifier: MIT */
/*
 * The files of the directory: names, modes, what each is. They stay the same for
 * as long as the emulator runs.
 */
#ifndef EMU_TREE_H
#define EMU_TREE_H

#include "base/flat_dir.h"
#include "emu/banks.h"
#include "emu/profile.h"

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

/**
 * struct node - a file, or the directory itself
 * @kind: what it is
 * @bank: which of the banks a list shows
 * @staged: the staged list
 * @ascii: as text
 */
struct node {
	enum node_kind kind;
	unsigned int bank;
	bool staged;
	bool ascii;
};

/**
 * struct tree - the directory
 * @dir: names, and what stat() tells
 * @nodes: what is in the files, by their places in it
 */
struct tree {
	struct flat_dir dir;
	struct node nodes[FLAT_FILES_MAX];
};

void tree_init(struct tree *tree, enum profile profile,
	       const struct banks *banks);
void tree_fini(struct tree *tree);

/* NULL if there is none. */
const struct node *tree_node(const struct tree *tree, fuse_ino_t ino);

#endif
