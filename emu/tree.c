// SPDX-License-Identifier: MIT
/* The files of the directory. See tree.h. */

#include "emu/tree.h"

#include <stdio.h>

static struct node *add(struct tree *tree, enum node_kind kind, mode_t mode,
			const char *name, const char *target)
{
	struct node *node =
		&tree->nodes[flat_dir_add(&tree->dir, mode, name, target)];

	*node = (struct node){ .kind = kind };
	return node;
}

static void list_name(char *ret_name, bool ascii, const char *suffix,
		      bool staged)
{
	snprintf(ret_name, FLAT_NAME_MAX, "%s_runtime_measurements%s%s%s",
		 ascii ? "ascii" : "binary", *suffix ? "_" : "", suffix,
		 staged ? "_staged" : "");
}

static void add_list(struct tree *tree, mode_t mode, const struct banks *banks,
		     unsigned int bank, bool ascii, bool staged)
{
	char suffix[24], name[FLAT_NAME_MAX];
	struct node *node;

	bank_name(&banks->bank[bank], suffix, sizeof(suffix));
	list_name(name, ascii, suffix, staged);
	node = add(tree, NODE_LIST, S_IFREG | mode, name, NULL);
	node->bank = bank;
	node->ascii = ascii;
	node->staged = staged;
}

static void add_link(struct tree *tree, bool ascii, bool staged)
{
	char name[FLAT_NAME_MAX], target[FLAT_NAME_MAX];

	list_name(name, ascii, "", staged);
	list_name(target, ascii, "sha1", staged);
	add(tree, NODE_LINK, S_IFLNK | 0777, name, target);
}

static void add_file(struct tree *tree, enum node_kind kind, mode_t mode,
		     const char *name)
{
	add(tree, kind, S_IFREG | mode, name, NULL);
}

static void add_lists(struct tree *tree, mode_t mode, const struct banks *banks,
		      bool staged)
{
	for (unsigned int bank = 0; bank < banks->nr; bank++) {
		add_list(tree, mode, banks, bank, true, staged);
		add_list(tree, mode, banks, bank, false, staged);
	}
	add_link(tree, true, staged);
	add_link(tree, false, staged);
}

void tree_init(struct tree *tree, enum profile profile,
	       const struct banks *banks)
{
	flat_dir_init(&tree->dir, 0755, FLAT_FOREVER);
	tree->nodes[0].kind = NODE_DIR;
	add_lists(tree, profile_takes_commands(profile) ? 0660 : 0440, banks,
		  false);
	if (profile_stages(profile))
		add_lists(tree, 0660, banks, true);
	add_file(tree, NODE_CURRENT_COUNT, 0440, "runtime_measurements_count");
	add_file(tree, NODE_VIOLATIONS, 0440, "violations");
	if (profile != PROFILE_IMASTAGE)
		return;

	add_file(tree, NODE_STAGED_COUNT, 0440, "staged_measurements_count");
	add_file(tree, NODE_DELETED_COUNT, 0440, "deleted_measurements_count");
	add_file(tree, NODE_SNAPSHOT, 0200, "snapshot");
}

void tree_fini(struct tree *tree)
{
	flat_dir_fini(&tree->dir);
}

const struct node *tree_node(const struct tree *tree, fuse_ino_t ino)
{
	int place = flat_dir_place(&tree->dir, ino);

	return place < 0 ? NULL : &tree->nodes[place];
}
