// SPDX-License-Identifier: MIT
#include "verify/table.h"
#include "base/file.h"
#include "base/util.h"
#include "lib/hexfile.h"

#define FILE_LEN_MAX ((size_t)1 << 20)

_Noreturn void table_bail_out(const char *what, const char *why)
{
	printf("Bail out! %s: %s\n", what, why);
	exit(1);
}

static void split(char *line, char **ret_parts)
{
	size_t nr = 0;

	line[strcspn(line, "\n")] = '\0';
	memset(ret_parts, 0, TABLE_COLUMNS_MAX * sizeof(*ret_parts));
	while (line && nr < TABLE_COLUMNS_MAX)
		ret_parts[nr++] = strsep(&line, "\t");
}

void table_open(struct table *table, const char *dir)
{
	cleanup_free char *path = NULL;

	table->dir = dir;
	if (asprintf(&path, "%s/cases.tsv", dir) < 0)
		table_bail_out(dir, "no memory");
	table->file = fopen(path, "re");
	if (!table->file ||
	    !fgets(table->header, sizeof(table->header), table->file))
		table_bail_out(path, "cannot be read");
	split(table->header, table->names);
}

void table_close(struct table *table)
{
	fclose(table->file);
}

bool table_next(struct table *table)
{
	if (!fgets(table->line, sizeof(table->line), table->file))
		return false;
	split(table->line, table->values);
	return true;
}

const char *table_column(const struct table *table, const char *name)
{
	for (size_t i = 0; i < TABLE_COLUMNS_MAX && table->names[i]; i++)
		if (!strcmp(table->names[i], name) && table->values[i])
			return table->values[i];
	table_bail_out(name, "there is no such column");
}

bool table_is_given(const char *value)
{
	return strcmp(value, "-") != 0;
}

void table_load(const struct table *table, const char *folder, const char *name,
		struct table_file *ret_file)
{
	cleanup_free char *path = NULL;

	if (asprintf(&path, "%s/%s/%s.hex", table->dir, folder, name) < 0 ||
	    hexfile_read(path, &ret_file->data, &ret_file->len) < 0)
		table_bail_out(name, "cannot be read");
}

void table_load_plain(const struct table *table, const char *name,
		      struct table_file *ret_file)
{
	cleanup_free char *path = NULL;
	cleanup_free uint8_t *data = NULL;
	size_t len = 0;

	if (asprintf(&path, "%s/%s", table->dir, name) < 0 ||
	    file_read(path, FILE_LEN_MAX, &data, &len) < 0)
		table_bail_out(name, "cannot be read");
	ret_file->data = calloc(1, len + 1);
	if (!ret_file->data)
		table_bail_out(name, "no memory");
	memcpy(ret_file->data, data, len);
	ret_file->len = len;
}
