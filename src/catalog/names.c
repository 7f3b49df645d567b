// SPDX-License-Identifier: MIT
/*
 * Names of files. A name that could mean two files is refused, not mended.
 */
#include "catalog/names.h"
#include "base/bytes.h"
#include "base/text.h"
#include "base/util.h"

#include <errno.h>
#include <stdio.h>

static bool is_part(struct imastage_bytes part)
{
	return part.len && !bytes_equal_text(part, ".") &&
	       !bytes_equal_text(part, "..");
}

/* Every part between two slashes is a name. */
static bool is_plain(struct imastage_bytes name)
{
	size_t len;

	do {
		len = bytes_find(name, '/');
		if (!is_part(bytes_first(name, len)))
			return false;
		name = bytes_skip(name, len + 1);
	} while (name.len);
	return true;
}

static struct imastage_bytes without_start(struct imastage_bytes name,
					   bool absolute)
{
	if (name.len >= 2 && name.data[0] == '.' && name.data[1] == '/')
		return bytes_skip(name, 2);
	if (absolute && name.len && name.data[0] == '/')
		return bytes_skip(name, 1);
	return name;
}

int name_clean(struct imastage_bytes name, bool absolute,
	       char ret_path[CATALOG_PATH_MAX])
{
	name = without_start(name, absolute);
	if (name.len == 0 || name.len > CATALOG_PATH_MAX - 2 ||
	    name.data[name.len - 1] == '/' || bytes_contain(name, 0) ||
	    !is_plain(name))
		return -EINVAL;
	ret_path[0] = '/';
	memcpy(ret_path + 1, name.data, name.len);
	ret_path[1 + name.len] = '\0';
	return 0;
}

bool name_is_harmful(const char *path)
{
	struct imastage_bytes left = bytes_of_text(path);
	uint32_t code;
	size_t len;

	while (left.len) {
		if (text_is_harmful(left, &code, &len))
			return true;
		left = bytes_skip(left, len);
	}
	return false;
}

/* ---- folders merged into /usr ---------------------------------------------- */

static const char *const merged_folders[] = { "/bin/",	 "/sbin/",  "/lib/",
					      "/lib32/", "/lib64/", "/libx32/",
					      "/libo32/" };

static bool begins(const char *path, const char *with)
{
	return !strncmp(path, with, strlen(with));
}

bool name_merged(const char *path, char ret_path[CATALOG_PATH_MAX])
{
	bool in_usr = begins(path, "/usr/");
	const char *rest = in_usr ? path + strlen("/usr") : path;
	int len;

	for (size_t i = 0; i < ARRAY_SIZE(merged_folders); i++) {
		if (!begins(rest, merged_folders[i]))
			continue;
		len = snprintf(ret_path, CATALOG_PATH_MAX, "%s%s",
			       in_usr ? "" : "/usr", rest);
		return len < CATALOG_PATH_MAX;
	}
	return false;
}
