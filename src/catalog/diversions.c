// SPDX-License-Identifier: MIT
/*
 * Diversions of dpkg: in order of the names, so that one is found by halving.
 */
#include "base/bytes.h"
#include "base/util.h"
#include "catalog/names.h"

#include <errno.h>

#define DIVERSIONS_MAX 65536

struct diversion {
	const char *from, *to, *by;
};

struct diversions {
	char *text; /* owned: the lines, each ended by a NUL */
	size_t nr;
	struct diversion of[];
};

static int compare(const void *a, const void *b)
{
	return strcmp(((const struct diversion *)a)->from,
		      ((const struct diversion *)b)->from);
}

/* Ends every line with a NUL. -EBADMSG: the last one has no end, or there is a NUL. */
static int split(char *text, size_t len, size_t *ret_lines)
{
	size_t nr = 0;

	if (len && text[len - 1] != '\n')
		return -EBADMSG;
	for (size_t i = 0; i < len; i++) {
		if (text[i] == '\0')
			return -EBADMSG;
		if (text[i] == '\n') {
			text[i] = '\0';
			nr++;
		}
	}
	*ret_lines = nr;
	return 0;
}

static const char *take_line(const char **at)
{
	const char *line = *at;

	*at += strlen(line) + 1;
	return line;
}

/* Both names are absolute paths of files. */
static bool is_good(const struct diversion *diversion)
{
	char path[CATALOG_PATH_MAX];

	return diversion->from[0] == '/' && diversion->to[0] == '/' &&
	       diversion->by[0] &&
	       name_clean(bytes_of_text(diversion->from), true, path) == 0 &&
	       name_clean(bytes_of_text(diversion->to), true, path) == 0;
}

static int fill(struct diversions *diversions, size_t *ret_line)
{
	const char *at = diversions->text;

	for (size_t i = 0; i < diversions->nr; i++) {
		struct diversion *diversion = &diversions->of[i];

		diversion->from = take_line(&at);
		diversion->to = take_line(&at);
		diversion->by = take_line(&at);
		if (!is_good(diversion)) {
			*ret_line = 3 * i + 1;
			return -EBADMSG;
		}
	}
	if (diversions->nr)
		qsort(diversions->of, diversions->nr, sizeof(diversions->of[0]),
		      compare);
	return 0;
}

int diversions_read(struct imastage_bytes text,
		    struct diversions **ret_diversions, size_t *ret_line)
{
	cleanup_free char *copy = malloc(text.len + 1);
	struct diversions *diversions;
	size_t nr_lines;
	int r;

	*ret_line = 0;
	if (!copy)
		return -ENOMEM;
	if (text.len)
		memcpy(copy, text.data, text.len);
	r = split(copy, text.len, &nr_lines);
	if (r < 0 || nr_lines % 3 || nr_lines / 3 > DIVERSIONS_MAX)
		return -EBADMSG;
	diversions = malloc(sizeof(*diversions) +
			    nr_lines / 3 * sizeof(diversions->of[0]));
	if (!diversions)
		return -ENOMEM;
	diversions->text = copy;
	copy = NULL;
	diversions->nr = nr_lines / 3;
	r = fill(diversions, ret_line);
	if (r < 0)
		diversions_free(diversions);
	else
		*ret_diversions = diversions;
	return r;
}

void diversions_free(struct diversions *diversions)
{
	if (!diversions)
		return;
	free(diversions->text);
	free(diversions);
}

size_t diversions_nr(const struct diversions *diversions)
{
	return diversions->nr;
}

/* "bash:amd64" is package "bash". */
static bool is_package(const char *name, const char *package)
{
	size_t len = strcspn(package, ":");

	return strlen(name) == len && !strncmp(name, package, len);
}

const char *diversions_find(const struct diversions *diversions,
			    const char *path, const char *package)
{
	const struct diversion key = { .from = path };
	const struct diversion *found =
		bsearch(&key, diversions->of, diversions->nr,
			sizeof(diversions->of[0]), compare);

	if (!found || (package && is_package(found->by, package)))
		return NULL;
	return found->to;
}
