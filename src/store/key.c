// SPDX-License-Identifier: MIT
/*
 * The verifier's key as a file.
 */
#include "store/key.h"
#include "base/file.h"
#include "base/util.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <sys/stat.h>

static int sync_folder_of(const char *path)
{
	cleanup_free char *copy = strdup(path);
	cleanup_close int fd = -1;

	if (!copy)
		return -ENOMEM;
	fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 || fsync(fd) < 0 ? -errno : 0;
}

static int write_all(int fd, struct imastage_bytes bytes)
{
	while (bytes.len > 0) {
		ssize_t n = write(fd, bytes.data, bytes.len);

		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0)
			bytes = bytes_skip(bytes, (size_t)n);
	}
	return fsync(fd) < 0 ? -errno : 0;
}

/* Whole under its name, or not there. Whoever was faster has made it. */
static int put_file(const char *path, struct imastage_bytes bytes)
{
	cleanup_free char *temp = NULL;
	cleanup_close int fd = -1;
	int r;

	if (asprintf(&temp, "%s.XXXXXX", path) < 0) {
		temp = NULL;
		return -ENOMEM;
	}
	fd = mkostemp(temp, O_CLOEXEC); /* 0600 */
	if (fd < 0)
		return -errno;
	r = write_all(fd, bytes);
	if (r == 0 && link(temp, path) < 0)
		r = errno == EEXIST ? 0 : -errno;
	unlink(temp);
	return r < 0 ? r : sync_folder_of(path);
}

int store_make_key(const char *path, const struct say *say_to)
{
	struct imastage_buffer pem = { 0 };
	struct dsse_key *key;
	int r = dsse_key_new(&key);

	if (r < 0)
		return say_errno(say_to, r, "a new key");
	r = dsse_key_write(key, true, &pem);
	if (r == 0)
		r = put_file(path, bytes_of(pem.data, pem.len));
	if (pem.data)
		explicit_bzero(pem.data, pem.len);
	free(pem.data);
	dsse_key_free(key);
	return r < 0 ? say_errno(say_to, r, "%s", path) : 0;
}

/* Nobody else may have a key that signs. */
static int check_rights(const char *path, const struct dsse_key *key,
			const struct say *say_to)
{
	struct stat attr;

	if (!dsse_key_signs(key) || stat(path, &attr) < 0 ||
	    !(attr.st_mode & 077))
		return 0;
	say(say_to, SAY_ERROR,
	    "%s: others may read this private key; chmod 600 it, or make a new one if they have",
	    path);
	return -EACCES;
}

int store_read_key(const char *path, const struct say *say_to,
		   struct dsse_key **ret_key)
{
	uint8_t *data = NULL;
	size_t len = 0;
	int r = file_read(path, DSSE_PEM_MAX, &data, &len);

	if (r < 0)
		return say_errno(say_to, r, "%s", path);
	r = dsse_key_read(bytes_of(data, len), ret_key);
	explicit_bzero(data, len);
	free(data);
	if (r == -EBADMSG)
		say(say_to, SAY_ERROR,
		    "%s: is no P-256 key in PEM without a password", path);
	if (r == 0)
		r = check_rights(path, *ret_key, say_to);
	else
		return r;
	if (r < 0)
		dsse_key_free(*ret_key);
	return r;
}
