// SPDX-License-Identifier: MIT
/* How much memory the kernel has taken. See account.h. */
#include "account.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "guest.h"

/* Until inodes and files are freed: RCU, and work that is put off. */
#define SETTLE_US 400000

#define NR_OF(array) (sizeof(array) / sizeof((array)[0]))

/* Ends of the names of caches that belong to files and programs. */
static const char *const of_files[] = {
	"dentry",
	"inode_cache",
	"iint_cache",
	"filp",
	"radix_tree_node",
	"file_cache",
	"files_cache",
	"vm_area_struct",
	"anon_vma",
	"anon_vma_chain",
	"mm_struct",
	"task_struct",
	"kernfs_node_cache",
	"maple_node",
	"names_cache",
	"lsm_file_cache",
	"pid",
	"cred_jar",
	"signal_cache",
	"sighand_cache",
};

/* Adds up the kB of those lines of /proc/meminfo, each with its sign. */
static double meminfo(const char *const *plus, const char *const *minus)
{
	FILE *f = fopen("/proc/meminfo", "re");
	char line[128], name[64];
	double sum = 0, kb;

	if (!f)
		die("/proc/meminfo");
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%63[^:]: %lf", name, &kb) != 2)
			continue;
		for (size_t i = 0; plus[i]; i++)
			sum += strcmp(name, plus[i]) ? 0 : kb;
		for (size_t i = 0; minus[i]; i++)
			sum -= strcmp(name, minus[i]) ? 0 : kb;
	}
	fclose(f);
	return sum * 1024;
}

/* Free pages that CPUs have put aside, which MemFree does not count. */
static double free_of_cpus(void)
{
	FILE *f = fopen("/proc/zoneinfo", "re");
	char line[128];
	double pages = 0, nr;

	if (!f)
		die("/proc/zoneinfo");
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, " count: %lf", &nr) == 1)
			pages += nr;
	fclose(f);
	return pages * sysconf(_SC_PAGESIZE);
}

static int is_of_files(const char *cache)
{
	if (!strncmp(cache, "kmalloc-rcl-", 12))
		return 1;
	for (size_t i = 0; i < NR_OF(of_files); i++) {
		size_t len = strlen(cache), end = strlen(of_files[i]);

		if (len >= end && !strcmp(cache + len - end, of_files[i]))
			return 1;
	}
	return 0;
}

/* Bytes of the pages of all slabs, and of those that belong to files. */
static void slabs(double *ret_all, double *ret_of_files)
{
	FILE *f = fopen("/proc/slabinfo", "re");
	unsigned long pages_per_slab, nr_slabs;
	char line[512], name[64];

	if (!f)
		die("/proc/slabinfo");
	*ret_all = *ret_of_files = 0;
	while (fgets(line, sizeof(line), f)) {
		double bytes;

		if (sscanf(line,
			   "%63s %*u %*u %*u %*u %lu : %*s %*u %*u %*u : %*s %*u %lu",
			   name, &pages_per_slab, &nr_slabs) != 3)
			continue;
		bytes = (double)pages_per_slab * nr_slabs *
			sysconf(_SC_PAGESIZE);
		*ret_all += bytes;
		*ret_of_files += is_of_files(name) ? bytes : 0;
	}
	fclose(f);
}

struct account account(void)
{
	static const char *const total[] = { "MemTotal", NULL };
	static const char *const elsewhere[] = {
		"MemFree",    "Cached",	     "Buffers", "AnonPages",
		"PageTables", "KernelStack", NULL,
	};
	static const char *const allocators[] = { "Slab", "VmallocUsed", NULL };
	static const char *const nothing[] = { NULL };
	struct account now;
	double slab, slab_of_files;

	for (int i = 0; i < 2; i++) {
		drop_caches();
		usleep(SETTLE_US);
	}

	slabs(&slab, &slab_of_files);
	now.all = meminfo(total, elsewhere) - free_of_cpus() - slab_of_files;
	/* What kmalloc() gets page-wise is in Slab, but in no slab. */
	now.slab_vmalloc = meminfo(allocators, nothing) - slab_of_files;
	return now;
}
