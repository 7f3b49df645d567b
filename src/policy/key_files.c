// SPDX-License-Identifier: MIT
/*
 * Keys in files and folders of the verifier's own.
 */
#include "base/file.h"
#include "base/util.h"
#include "policy/keys.h"

#include <dirent.h>
#include <errno.h>
#include <sys/stat.h>

static int add_file(struct policy_keys *keys, const char *path)
{
	cleanup_free uint8_t *data = NULL;
	size_t len;
	int r = file_read(path, POLICY_KEYS_LEN_MAX, &data, &len);

	return r < 0 ? r : policy_keys_add(keys, bytes_of(data, len));
}

/* On failure the name is the caller's, if it wants it. */
static int add_named(struct policy_keys *keys, char *path, char **ret_name)
{
	int r = add_file(keys, path);

	if (r < 0 && ret_name)
		*ret_name = path;
	else
		free(path);
	return r;
}

static int is_key_file(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static int add_entry(struct policy_keys *keys, const char *folder,
		     const char *name, char **ret_name)
{
	struct stat is;
	char *path;

	if (asprintf(&path, "%s/%s", folder, name) < 0)
		return -ENOMEM;
	if (stat(path, &is) == 0 && S_ISDIR(is.st_mode)) {
		free(path);
		return 0;
	}
	return add_named(keys, path, ret_name);
}

/* In the order of their names, so that the same one is complained about each time. */
static int add_folder(struct policy_keys *keys, const char *folder,
		      char **ret_name)
{
	size_t before = policy_keys_count(keys);
	struct dirent **entries;
	int nr = scandir(folder, &entries, is_key_file, alphasort);
	int r = nr < 0 ? -errno : 0;

	for (int i = 0; i < nr; i++) {
		if (r == 0)
			r = add_entry(keys, folder, entries[i]->d_name,
				      ret_name);
		free(entries[i]);
	}
	if (nr >= 0)
		free(entries);
	return r == 0 && policy_keys_count(keys) == before ? -ENOKEY : r;
}

int policy_keys_add_path(struct policy_keys *keys, const char *path,
			 char **ret_name)
{
	struct stat is;
	char *name;

	if (ret_name)
		*ret_name = NULL;
	if (stat(path, &is) == 0 && S_ISDIR(is.st_mode))
		return add_folder(keys, path, ret_name);
	name = strdup(path);
	return name ? add_named(keys, name, ret_name) : -ENOMEM;
}
