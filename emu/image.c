// SPDX-License-Identifier: MIT
/* A machine in a file. See image.h. */

#include "emu/image.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/util.h"

static const char magic[] = "imasim1\n";
#define MAGIC_LEN (sizeof(magic) - 1)

static int write_all(int fd, const void *data, size_t len)
{
	const uint8_t *from = data;

	while (len) {
		ssize_t done = write(fd, from, len);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return -errno;
		from += done;
		len -= done;
	}
	return 0;
}

static int write_part(int fd, const struct out *part)
{
	uint64_t len = part->len;
	int ret = write_all(fd, &len, sizeof(len));

	return ret ? ret : write_all(fd, part->data, part->len);
}

static int write_image(int fd, const struct image *image)
{
	int ret = write_all(fd, magic, MAGIC_LEN);

	if (!ret)
		ret = write_part(fd, &image->list);
	if (!ret)
		ret = write_part(fd, &image->tpm.permanent);
	if (!ret)
		ret = write_part(fd, &image->tpm.changing);
	/* Not all that can be written to can be synced. */
	return !ret && fsync(fd) && errno != EINVAL ? -errno : ret;
}

int image_save_tpm(struct tpm *tpm, int fd)
{
	struct image image = { 0 };
	int ret = tpm_save(tpm, &image.tpm);

	if (!ret)
		ret = image.tpm.permanent.len ? write_image(fd, &image) :
						-EOPNOTSUPP;
	image_fini(&image);
	return ret;
}

int image_save(struct machine *machine, int fd)
{
	struct image image = { 0 };
	int ret = machine_save(machine, &image.list, &image.tpm);

	if (!ret)
		ret = write_image(fd, &image);
	image_fini(&image);
	return ret;
}

static int read_all(int fd, struct out *ret_all)
{
	char piece[65536];
	ssize_t len;

	while ((len = read(fd, piece, sizeof(piece))) > 0)
		emu_out_bytes(ret_all, piece, len);
	return len < 0 ? -errno : 0;
}

/* Takes the next part from @all, of which *@at bytes were taken. */
static int take_part(const struct out *all, size_t *at, struct out *ret_part)
{
	uint64_t len;

	if (all->len - *at < sizeof(len))
		return -EINVAL;
	memcpy(&len, all->data + *at, sizeof(len));
	*at += sizeof(len);
	if (all->len - *at < len)
		return -EINVAL;
	emu_out_bytes(ret_part, all->data + *at, len);
	*at += len;
	return 0;
}

static int split(const struct out *all, struct image *ret_image)
{
	size_t at = MAGIC_LEN;
	int ret;

	if (all->len < MAGIC_LEN || memcmp(all->data, magic, MAGIC_LEN) != 0) {
		emu_out_bytes(&ret_image->list, all->data, all->len);
		return 0;
	}
	ret = take_part(all, &at, &ret_image->list);
	if (!ret)
		ret = take_part(all, &at, &ret_image->tpm.permanent);
	if (!ret)
		ret = take_part(all, &at, &ret_image->tpm.changing);
	return ret || at == all->len ? ret : -EINVAL;
}

int image_read(int fd, struct image *ret_image)
{
	struct image image = { 0 };
	struct out all = { 0 };
	int ret = read_all(fd, &all);

	if (!ret)
		ret = split(&all, &image);
	emu_out_fini(&all);
	if (ret)
		image_fini(&image);
	else
		*ret_image = image;
	return ret;
}

int image_load(const char *path, struct image *ret_image)
{
	cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC);

	return fd < 0 ? -errno : image_read(fd, ret_image);
}

void image_fini(struct image *image)
{
	emu_out_fini(&image->list);
	tpm_state_fini(&image->tpm);
}
