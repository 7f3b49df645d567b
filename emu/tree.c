// SPDX-License-Identifier: MIT
/* The files of the directory. See tree.h. */

#include "emu/tree.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static struct node *add(struct tree *tree, enum node_kind kind, mode_t mode,
			const char *name)
{
	struct node *node = &tree->nodes[tree->nr];

	if (tree->nr == NODES_MAX)
		abort();
	node->kind = kind;
	node->attr = (struct stat){
		.st_ino = NODE_ROOT_INO + tree->nr++,
		.st_mode = mode,
		.st_nlink = S_ISDIR(mode) ? 2 : 1,
		.st_uid = geteuid(),
		.st_gid = getegid(),
	};
	clock_gettime(CLOCK_REALTIME, &node->attr.st_mtim);
	node->attr.st_atim = node->attr.st_mtim;
	node->attr.st_ctim = node->attr.st_mtim;
	snprintf(node->name, sizeof(node->name), "%s", name);
	return node;
}

static void list_name(char *ret_name, bool ascii, const char *suffix,
		      bool staged)
{
	snprintf(ret_name, NODE_NAME_MAX, "%s_runtime_measurements%s%s%s",
		 ascii ? "ascii" : "binary", *suffix ? "_" : "", suffix,
		 staged ? "_staged" : "");
}

static void add_list(struct tree *tree, mode_t mode, const struct banks *banks,
		     unsigned int bank, bool ascii, bool staged)
{
	char suffix[24], name[NODE_NAME_MAX];
	struct node *node;

	bank_name(&banks->bank[bank], suffix, sizeof(suffix));
	list_name(name, ascii, suffix, staged);
	node = add(tree, NODE_LIST, S_IFREG | mode, name);
	node->bank = bank;
	node->ascii = ascii;
	node->staged = staged;
}

static void add_link(struct tree *tree, bool ascii, bool staged)
{
	char name[NODE_NAME_MAX];
	struct node *node;

	list_name(name, ascii, "", staged);
	node = add(tree, NODE_LINK, S_IFLNK | 0777, name);
	list_name(node->target, ascii, "sha1", staged);
	node->attr.st_size = strlen(node->target);
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
	memset(tree, 0, sizeof(*tree));
	add(tree, NODE_DIR, S_IFDIR | 0755, "");
	if (profile == PROFILE_UNPATCHED) {
		add_lists(tree, 0440, banks, false);
	} else {
		add_lists(tree, 0660, banks, false);
		add_lists(tree, 0660, banks, true);
	}
	add(tree, NODE_CURRENT_COUNT, S_IFREG | 0440,
	    "runtime_measurements_count");
	add(tree, NODE_VIOLATIONS, S_IFREG | 0440, "violations");
	if (profile != PROFILE_IMASTAGE)
		return;

	add(tree, NODE_STAGED_COUNT, S_IFREG | 0440,
	    "staged_measurements_count");
	add(tree, NODE_DELETED_COUNT, S_IFREG | 0440,
	    "deleted_measurements_count");
	add(tree, NODE_SNAPSHOT, S_IFREG | 0200, "snapshot");
}

struct node *tree_node(struct tree *tree, unsigned long ino)
{
	if (ino < NODE_ROOT_INO || ino - NODE_ROOT_INO >= tree->nr)
		return NULL;
	return &tree->nodes[ino - NODE_ROOT_INO];
}

struct node *tree_find(struct tree *tree, const char *name)
{
	for (unsigned int i = 1; i < tree->nr; i++) {
		if (!strcmp(tree->nodes[i].name, name))
			return &tree->nodes[i];
	}
	return NULL;
}
