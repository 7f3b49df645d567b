// SPDX-License-Identifier: MIT
/*
 * Policies in files: what begins with the magic is an image and mapped; all else is a text.
 */
#include "base/file.h"
#include "base/util.h"
#include "policy/image.h"
#include "policy/read.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#define IMAGE_LEN_MAX ((uint64_t)16 << 30)

static int say(struct policy_error *error, const char *reason)
{
	error->offset = 0;
	snprintf(error->reason, sizeof(error->reason), "%s", reason);
	return -EBADMSG;
}

static int adopt(struct imastage_bytes image, uint8_t *owned,
		 struct policy **ret_policy, struct policy_error *error)
{
	struct policy *policy = calloc(1, sizeof(*policy));
	int r;

	if (!policy)
		return -ENOMEM;
	policy->image = image;
	policy->owned = owned;
	r = policy_adopt(policy, error);
	if (r == 0) {
		*ret_policy = policy;
		return 0;
	}
	/* It stays the caller's. */
	policy->image = bytes_of(NULL, 0);
	policy->owned = NULL;
	policy_free(policy);
	return r;
}

int policy_open_image(struct imastage_bytes image, struct policy **ret_policy,
		      struct policy_error *ret_error)
{
	uint8_t *copy = malloc(image.len + 1);
	int r;

	if (!copy)
		return -ENOMEM;
	if (image.len > 0)
		memcpy(copy, image.data, image.len);
	r = adopt(bytes_of(copy, image.len), copy, ret_policy, ret_error);
	if (r < 0)
		free(copy);
	return r;
}

static int map(int fd, uint64_t len, struct policy **ret_policy,
	       struct policy_error *error)
{
	void *at;
	int r;

	if (len > IMAGE_LEN_MAX)
		return -EFBIG;
	at = mmap(NULL, (size_t)len, PROT_READ, MAP_PRIVATE, fd, 0);
	if (at == MAP_FAILED)
		return -errno;
	/* Names are looked up here and there: what lies beside them is not needed. */
	(void)madvise(at, (size_t)len, MADV_RANDOM);
	r = adopt(bytes_of(at, (size_t)len), NULL, ret_policy, error);
	if (r < 0)
		munmap(at, (size_t)len);
	return r;
}

/* 1: the regular file @fd is an image. */
static int is_image(int fd, uint64_t *ret_len)
{
	char magic[IMAGE_MAGIC_LEN];
	struct stat stat;

	if (fstat(fd, &stat) < 0)
		return -errno;
	if (!S_ISREG(stat.st_mode) ||
	    pread(fd, magic, sizeof(magic), 0) != sizeof(magic))
		return 0;
	*ret_len = (uint64_t)stat.st_size;
	return memcmp(magic, IMAGE_MAGIC, sizeof(magic)) == 0;
}

static int read_text(const char *path, const struct dsse_keys *keys,
		     struct policy **ret_policy, struct policy_error *error)
{
	cleanup_free uint8_t *text = NULL;
	size_t len;
	int r = file_read(path, POLICY_LEN_MAX, &text, &len);

	return r < 0 ? r :
		       policy_read(bytes_of(text, len), keys, ret_policy,
				   error);
}

int policy_open(const char *path, const struct dsse_keys *keys,
		struct policy **ret_policy, struct policy_error *ret_error)
{
	cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	uint64_t len;
	int r;

	if (fd < 0)
		return -errno;
	r = is_image(fd, &len);
	if (r < 0)
		return r;
	if (r == 0)
		return read_text(path, keys, ret_policy, ret_error);
	if (keys && keys->nr > 0)
		return say(ret_error, "a compiled policy has no signature: "
				      "leave out the key");
	return map(fd, len, ret_policy, ret_error);
}
