// SPDX-License-Identifier: MIT
/*
 * Fuzz target: a Debian package. What is found has a name within the root and a package; of a
 * package that is refused nothing is found.
 */
#include "catalog/deb.h"
#include "catalog/names.h"
#include "fuzz/promises.h"

#include <string.h>

struct reading {
	struct imastage_bytes left;
	size_t nr_found;
};

static ssize_t read_bytes(void *context, void *data, size_t len)
{
	struct reading *reading = context;

	len = len < reading->left.len ? len : reading->left.len;
	len = len < 1000 ? len : 1000;
	if (len)
		memcpy(data, reading->left.data, len);
	reading->left.data += len;
	reading->left.len -= len;
	return (ssize_t)len;
}

static int found(void *context, const struct catalog_entry *entry)
{
	struct reading *reading = context;
	char path[CATALOG_PATH_MAX];

	reading->nr_found++;
	must(entry->path.data[0] == '/');
	must(name_clean(entry->path, true, path) == 0);
	must(!name_is_harmful(path));
	must(entry->package && strchr(entry->package->name, ':') &&
	     entry->package->version[0]);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct reading reading = { .left = { data, size } };
	struct catalog catalog = { .bank = IMASTAGE_SHA256,
				   .nr_threads = 1,
				   .merged = true,
				   .found = found,
				   .context = &reading };
	int r;

	must(catalog_init(&catalog) == 0);
	r = deb_read_source(&catalog, "fuzzed",
			    (struct imastage_source){ read_bytes, &reading },
			    size, NULL, NULL);
	must(r == 0 || r == DEB_REFUSED);
	must(r == 0 || reading.nr_found == 0);
	must(r != 0 || reading.left.len == 0);
	must(catalog.counts.nr_refused == (r == DEB_REFUSED));
	catalog_fini(&catalog);
	return 0;
}
