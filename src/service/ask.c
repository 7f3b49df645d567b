// SPDX-License-Identifier: MIT
/*
 * One question, one answer.
 */
#include "service/ask.h"
#include "base/bytes.h"
#include "base/json_text.h"
#include "base/util.h"

#include <json-c/json.h>
#include <errno.h>
#include <sys/socket.h>
#include <sys/un.h>

/* Of objects in each other; what json_text.h takes is less deep. */
#define DEPTH_MAX 32
#define WEIGHT_MAX ((size_t)16 << 10) /* and one for each four bytes */

static int connect_to(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd;

	if (strlen(path) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	strcpy(address.sun_path, path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) <
	    0) {
		int r = -errno;

		close(fd);
		return r;
	}
	return fd;
}

static int send_all(int fd, const char *data, size_t len, bool (*stop)(void))
{
	while (len) {
		ssize_t n = send(fd, data, len, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR && !(stop && stop()))
			continue;
		if (n < 0)
			return -errno;
		data += n;
		len -= (size_t)n;
	}
	return 0;
}

static int send_request(int fd, struct json_object *request, bool (*stop)(void))
{
	size_t len;
	const char *text = json_object_to_json_string_length(
		request,
		JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE, &len);
	int r = send_all(fd, text, len, stop);

	return r < 0 ? r : send_all(fd, "\n", 1, stop);
}

/* Reads to the end of the line, which is not part of it. */
static int receive_line(int fd, char *line, size_t size, bool (*stop)(void),
			size_t *ret_len)
{
	size_t len = 0;

	while (len < size) {
		ssize_t n = recv(fd, line + len, size - len, 0);
		const char *end;

		if (n < 0 && errno == EINTR && !(stop && stop()))
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			return -EPROTO;
		end = memchr(line + len, '\n', (size_t)n);
		if (end) {
			*ret_len = (size_t)(end - line);
			return 0;
		}
		len += (size_t)n;
	}
	return -EPROTO;
}

/*
 * Whether it is JSON is not left to json-c, which takes more than that unless it is
 * JSON_TOKENER_STRICT, and then, in 0.18, no string with a character above U+007F.
 */
static bool may_be_parsed(struct imastage_bytes text)
{
	return text.len <= ASK_REPLY_MAX &&
	       json_text_members(text, NULL, 0, NULL) == 0 &&
	       json_text_weight(text) <= WEIGHT_MAX + text.len / 4;
}

struct json_object *ask_parse(const char *text, size_t len)
{
	struct json_tokener *tokener = json_tokener_new_ex(DEPTH_MAX);
	struct json_object *object = NULL;

	if (!tokener)
		return NULL;
	json_tokener_set_flags(tokener, JSON_TOKENER_VALIDATE_UTF8);
	if (may_be_parsed(bytes_of(text, len)))
		object = json_tokener_parse_ex(tokener, text, (int)len);
	json_tokener_free(tokener);
	return object;
}

int ask(const char *path, struct json_object *request, bool (*stop)(void),
	struct json_object **ret_reply)
{
	cleanup_free char *line = malloc(ASK_REPLY_MAX);
	cleanup_close int fd = -1;
	size_t len = 0;
	int r;

	if (!line)
		return -ENOMEM;
	fd = connect_to(path);
	r = fd < 0 ? fd : send_request(fd, request, stop);
	if (r == 0)
		r = receive_line(fd, line, ASK_REPLY_MAX, stop, &len);
	if (r < 0)
		return r;
	*ret_reply = ask_parse(line, len);
	return *ret_reply ? 0 : -EPROTO;
}

bool ask_is_nobody(int r)
{
	return r == -ENOENT || r == -ECONNREFUSED || r == -ENOTDIR;
}

int ask_result(struct json_object *reply, const char **ret_error)
{
	struct json_object *ok = NULL, *name = NULL, *error = NULL;

	if (json_object_object_get_ex(reply, "ok", &ok) &&
	    json_object_get_boolean(ok))
		return 0;
	json_object_object_get_ex(reply, "errno", &name);
	json_object_object_get_ex(reply, "error", &error);
	*ret_error = error ? json_object_get_string(error) : "no reason given";
	return -ask_errno_number(name ? json_object_get_string(name) : "");
}

/* ---- names of errors ------------------------------------------------------- */

const char *ask_errno_name(int error)
{
	const char *name = strerrorname_np(error < 0 ? -error : error);

	return name ? name : "EIO";
}

/* There is no function for this way; no Linux has an errno of 4 digits. */
int ask_errno_number(const char *name)
{
	for (int error = 1; error < 200; error++) {
		const char *known = strerrorname_np(error);

		if (known && !strcmp(known, name))
			return error;
	}
	return EIO;
}
