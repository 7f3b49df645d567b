// SPDX-License-Identifier: MIT
/*
 * Fuzz target: an initramfs. Of one that is refused nothing is found.
 */
#include "catalog/initramfs.h"
#include "catalog/names.h"
#include "fuzz/promises.h"

#include <sys/mman.h>
#include <unistd.h>

static int found(void *context, const struct catalog_entry *entry)
{
	char path[CATALOG_PATH_MAX];

	*(size_t *)context += 1;
	must(name_clean(entry->path, true, path) == 0);
	must(!name_is_harmful(path));
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static int fd = -1;
	size_t nr_found = 0;
	struct catalog catalog = { .bank = IMASTAGE_SHA256,
				   .nr_threads = 1,
				   .found = found,
				   .context = &nr_found };
	int r;

	if (fd < 0)
		fd = memfd_create("fuzzed", MFD_CLOEXEC);
	must(fd >= 0 && ftruncate(fd, 0) == 0);
	must(pwrite(fd, data, size, 0) == (ssize_t)size);
	must(lseek(fd, 0, SEEK_SET) == 0);
	must(catalog_init(&catalog) == 0);
	r = initramfs_read_fd(&catalog, "fuzzed", fd);
	must(r == 0 || r == INITRAMFS_REFUSED);
	must(r == 0 || nr_found == 0);
	catalog_fini(&catalog);
	return 0;
}
