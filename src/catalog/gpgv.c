// SPDX-License-Identifier: MIT
/*
 * gpgv gets its input as files in memory, so what it has checked is what is used.
 */
#include "catalog/gpgv.h"
#include "base/bytes.h"
#include "base/util.h"
#include "log/buffer.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>

#define KEYRINGS_MAX 64
#define ARGUMENTS_MAX (2 * KEYRINGS_MAX + 16)
#define SIGNED_MAX ((size_t)64 << 20)
#define STATUS_MAX ((size_t)1 << 20)

extern char **environ;

/* Read to its end: 0 what was signed, 1 the status. */
struct outputs {
	int fd[2];
	struct imastage_buffer *to[2];
	size_t max[2];
};

struct gpgv {
	const char *arguments[ARGUMENTS_MAX + 1];
	size_t nr;
	char keyrings[KEYRINGS_MAX][PATH_MAX];
	char text[32], signature[32], status_fd[16];
};

static int in_memory(struct imastage_bytes bytes)
{
	int fd = memfd_create("imastage", 0);
	size_t done = 0;
	ssize_t n;

	while (fd >= 0 && done < bytes.len) {
		n = write(fd, bytes.data + done, bytes.len - done);
		if (n <= 0) {
			close(fd);
			return -EIO;
		}
		done += (size_t)n;
	}
	return fd < 0 ? -errno : fd;
}

static void add(struct gpgv *gpgv, const char *argument)
{
	if (gpgv->nr < ARGUMENTS_MAX)
		gpgv->arguments[gpgv->nr++] = argument;
}

/* gpgv looks for a name without a slash in a folder of its own. */
static int add_keyrings(struct gpgv *gpgv, const char *const *keyrings)
{
	int len;

	for (size_t i = 0; keyrings[i]; i++) {
		if (i == KEYRINGS_MAX)
			return -E2BIG;
		len = snprintf(gpgv->keyrings[i], PATH_MAX, "%s%s",
			       strchr(keyrings[i], '/') ? "" : "./",
			       keyrings[i]);
		if (len >= PATH_MAX)
			return -ENAMETOOLONG;
		add(gpgv, "--keyring");
		add(gpgv, gpgv->keyrings[i]);
	}
	return 0;
}

static int spawn(const struct gpgv *gpgv, const int out[2], const int status[2],
		 pid_t *ret_pid)
{
	posix_spawn_file_actions_t actions;
	int r = posix_spawn_file_actions_init(&actions);

	if (r)
		return -r;
	posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null",
					 O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&actions, out[1], STDOUT_FILENO);
	posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null",
					 O_WRONLY, 0);
	posix_spawn_file_actions_addclose(&actions, out[0]);
	posix_spawn_file_actions_addclose(&actions, status[0]);
	r = posix_spawnp(ret_pid, "gpgv", &actions, NULL,
			 (char *const *)(uintptr_t)gpgv->arguments, environ);
	posix_spawn_file_actions_destroy(&actions);
	return -r;
}

static int take_output(struct outputs *outputs, int i)
{
	uint8_t room[16384];
	ssize_t n = read(outputs->fd[i], room, sizeof(room));

	if (n < 0)
		return errno == EINTR ? 0 : -errno;
	if (n == 0) {
		outputs->fd[i] = -1; /* poll() passes over it */
		return 0;
	}
	if (outputs->to[i]->len + (size_t)n > outputs->max[i])
		return -EFBIG;
	return buffer_put(outputs->to[i], bytes_of(room, (size_t)n));
}

static int read_outputs(struct outputs *outputs)
{
	int r = 0;

	while (r == 0 && (outputs->fd[0] >= 0 || outputs->fd[1] >= 0)) {
		struct pollfd polled[2] = {
			{ .fd = outputs->fd[0], .events = POLLIN },
			{ .fd = outputs->fd[1], .events = POLLIN },
		};

		if (poll(polled, 2, -1) < 0 && errno != EINTR)
			return -errno;
		for (int i = 0; i < 2 && r == 0; i++)
			if (polled[i].revents)
				r = take_output(outputs, i);
	}
	return r;
}

static int run(struct gpgv *gpgv, int status[2], struct imastage_buffer *out,
	       struct imastage_buffer *status_text)
{
	struct outputs outputs = { .to = { out, status_text },
				   .max = { SIGNED_MAX, STATUS_MAX } };
	int pipe_out[2], r;
	pid_t pid;

	if (pipe2(pipe_out, O_CLOEXEC) < 0)
		return -errno;
	r = spawn(gpgv, pipe_out, status, &pid);
	close(pipe_out[1]);
	close(status[1]);
	status[1] = -1;
	if (r == 0) {
		outputs.fd[0] = pipe_out[0];
		outputs.fd[1] = status[0];
		r = read_outputs(&outputs);
		if (r < 0)
			kill(pid, SIGKILL);
		while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
			;
	}
	close(pipe_out[0]);
	return r;
}

/* ---- what it says ---------------------------------------------------------- */

static size_t count(struct imastage_bytes text, const char *word)
{
	char line[64];
	size_t nr = 0, len;

	snprintf(line, sizeof(line), "[GNUPG:] %s ", word);
	while (text.len) {
		len = bytes_find(text, '\n');
		nr += bytes_equal_text(bytes_first(bytes_first(text, len),
						   strlen(line)),
				       line);
		text = bytes_skip(text, len + 1);
	}
	return nr;
}

static int judge(const char *name, struct imastage_bytes status, bool within,
		 const struct say *say_to)
{
	if (count(status, "BADSIG") ||
	    (within && count(status, "PLAINTEXT") != 1)) {
		say(say_to, SAY_ERROR, "%s: the signature is wrong", name);
		return -EBADMSG;
	}
	if (count(status, "GOODSIG") && count(status, "VALIDSIG"))
		return 0;
	say(say_to, SAY_ERROR,
	    "%s: no signature by a key of the keyrings; name the one that has its key (binary, as "
	    "of gpg --export)",
	    name);
	return -EBADMSG;
}

static int check(struct gpgv *gpgv, const char *name, bool within,
		 const struct say *say_to, struct imastage_buffer *out)
{
	struct imastage_buffer status_text = { 0 };
	int status[2], r;

	/* Not close-on-exec: gpgv writes to one end by its number. */
	if (pipe(status) < 0)
		return -errno;
	snprintf(gpgv->status_fd, sizeof(gpgv->status_fd), "%d", status[1]);
	r = run(gpgv, status, out, &status_text);
	if (r == -ENOENT)
		say(say_to, SAY_ERROR,
		    "gpgv: there is no such program; install the package gpgv");
	else if (r < 0)
		say_errno(say_to, r, "gpgv");
	else
		r = judge(name, bytes_of(status_text.data, status_text.len),
			  within, say_to);
	close(status[0]);
	if (status[1] >= 0)
		close(status[1]);
	free(status_text.data);
	return r;
}

static int prepare(struct gpgv *gpgv, int text, int signature,
		   const char *const *keyrings)
{
	int r;

	add(gpgv, "gpgv");
	add(gpgv, "--quiet");
	add(gpgv, "--weak-digest");
	add(gpgv, "SHA1");
	add(gpgv, "--status-fd");
	add(gpgv, gpgv->status_fd);
	r = add_keyrings(gpgv, keyrings);
	if (r < 0)
		return r;
	snprintf(gpgv->text, sizeof(gpgv->text), "/proc/self/fd/%d", text);
	snprintf(gpgv->signature, sizeof(gpgv->signature), "/proc/self/fd/%d",
		 signature);
	if (signature < 0) {
		add(gpgv, "--output");
		add(gpgv, "-");
	} else {
		add(gpgv, gpgv->signature);
	}
	add(gpgv, gpgv->text);
	return 0;
}

static int check_files(const char *name, struct imastage_bytes text, int fd,
		       int signature, const char *const *keyrings,
		       const struct say *say_to, struct imastage_buffer *out)
{
	struct gpgv *gpgv = calloc(1, sizeof(*gpgv));
	int r;

	if (!gpgv)
		return -ENOMEM;
	r = prepare(gpgv, fd, signature, keyrings);
	if (r < 0)
		say_errno(say_to, r, "keyrings");
	else
		r = check(gpgv, name, signature < 0, say_to, out);
	if (r == 0 && signature >= 0)
		r = buffer_put(out, text);
	free(gpgv);
	return r;
}

int gpgv_check(const char *name, struct imastage_bytes text,
	       struct imastage_bytes signature, const char *const *keyrings,
	       const struct say *say_to, struct imastage_buffer *ret_signed)
{
	struct imastage_buffer out = { 0 };
	cleanup_close int fd = in_memory(text);
	cleanup_close int sig = signature.len ? in_memory(signature) : -1;
	int r = fd < 0 ? fd : 0;

	if (signature.len && sig < 0)
		r = sig;
	if (!keyrings[0]) {
		say(say_to, SAY_ERROR,
		    "%s: no keyring to check its signature with; name one",
		    name);
		return -ENOENT;
	}
	if (r == 0)
		r = check_files(name, text, fd, signature.len ? sig : -1,
				keyrings, say_to, &out);
	if (r < 0)
		free(out.data);
	else
		*ret_signed = out;
	return r;
}
