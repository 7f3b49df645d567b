// SPDX-License-Identifier: MIT
/* A file with all records since hard boot. See twin.h. */

#include "emu/twin.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/path.h"
#include "emu/show.h"

/**
 * struct twin - the file
 * @fd: it
 * @len: bytes of the records in it
 * @record: the one that is written, kept for its memory
 * @torn: something could not be written (atomic)
 */
struct twin {
	int fd;
	off_t len;
	struct out record;
	bool torn;
};

int twin_open(const char *path, struct twin **ret_twin)
{
	struct twin *twin = calloc(1, sizeof(*twin));

	if (!twin)
		return -ENOMEM;
	twin->fd = path_open_empty(path, 0600);
	if (twin->fd < 0) {
		int ret = twin->fd;

		free(twin);
		return ret;
	}
	*ret_twin = twin;
	return 0;
}

void twin_close(struct twin *twin)
{
	if (!twin)
		return;
	close(twin->fd);
	emu_out_fini(&twin->record);
	free(twin);
}

static void set_torn(struct twin *twin, bool torn)
{
	__atomic_store_n(&twin->torn, torn, __ATOMIC_RELAXED);
}

void twin_restart(struct twin *twin)
{
	if (!twin)
		return;
	twin->len = 0;
	set_torn(twin, ftruncate(twin->fd, 0) != 0);
}

/* All of it, or the file is as it was. */
static int append(struct twin *twin)
{
	const struct out *record = &twin->record;
	size_t done = 0;

	while (done < record->len) {
		ssize_t len = pwrite(twin->fd, record->data + done,
				     record->len - done, twin->len + done);

		if (len < 0 && errno == EINTR)
			continue;
		if (len <= 0) {
			int ret = len ? -errno : -EIO;

			(void)!ftruncate(twin->fd, twin->len);
			return ret;
		}
		done += len;
	}
	twin->len += record->len;
	return 0;
}

void twin_add(struct twin *twin, const struct ima_queue_entry *qe)
{
	const struct tpm_bank sha1 = {
		.digest_len = ALGO_SHA1_LEN,
		.algo = algo_sha1(),
	};
	int ret;

	if (!twin || twin->torn)
		return;
	twin->record.len = 0;
	ret = show_binary(qe, &sha1, &twin->record);
	if (!ret)
		ret = append(twin);
	if (!ret)
		return;
	set_torn(twin, true);
	fprintf(stderr, "imasim: the twin ends here: %s\n", strerror(-ret));
}

bool twin_is_empty(const struct twin *twin)
{
	return !twin || !twin->len;
}

bool twin_is_whole(const struct twin *twin)
{
	return !twin || !__atomic_load_n(&twin->torn, __ATOMIC_RELAXED);
}
