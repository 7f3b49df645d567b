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
#include <time.h>

/* Of objects in each other; what json_text.h takes is less deep. */
#define DEPTH_MAX 32
#define WEIGHT_MAX ((size_t)16 << 10) /* and one for each four bytes */

/* A question under way. */
struct asking {
	const struct ask *ask;
	uint64_t deadline; /* ms; 0: none */
	int fd;
};

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* What comes next takes no longer than to the deadline. */
static int limit(const struct asking *asking)
{
	uint64_t now = now_ms();
	struct timeval left = { 0 };

	if (!asking->deadline)
		return 0;
	if (now >= asking->deadline)
		return -ETIMEDOUT;
	left.tv_sec = (time_t)((asking->deadline - now) / 1000);
	left.tv_usec = (suseconds_t)((asking->deadline - now) % 1000 * 1000);
	if (setsockopt(asking->fd, SOL_SOCKET, SO_RCVTIMEO, &left,
		       sizeof(left)) < 0 ||
	    setsockopt(asking->fd, SOL_SOCKET, SO_SNDTIMEO, &left,
		       sizeof(left)) < 0)
		return -errno;
	return 0;
}

/* Of a call that failed: 0, if it is to be made again. */
static int failed(const struct asking *asking)
{
	int r = errno == EAGAIN ? -ETIMEDOUT : -errno;

	return r == -EINTR && !(asking->ask->stop && asking->ask->stop()) ? 0 :
									    r;
}

static int connect_to(struct asking *asking)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int r;

	if (strlen(asking->ask->path) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	strcpy(address.sun_path, asking->ask->path);
	asking->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (asking->fd < 0)
		return -errno;
	r = limit(asking);
	if (r == 0 && connect(asking->fd, (const struct sockaddr *)&address,
			      sizeof(address)) < 0)
		r = errno == EAGAIN ? -ETIMEDOUT : -errno;
	return r;
}

static int send_all(const struct asking *asking, const char *data, size_t len)
{
	int r = 0;

	while (r == 0 && len) {
		ssize_t n = send(asking->fd, data, len, MSG_NOSIGNAL);

		if (n < 0) {
			r = failed(asking);
			continue;
		}
		data += n;
		len -= (size_t)n;
	}
	return r;
}

static int send_request(const struct asking *asking,
			struct json_object *request)
{
	size_t len;
	const char *text = json_object_to_json_string_length(
		request,
		JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE, &len);
	int r = send_all(asking, text, len);

	return r < 0 ? r : send_all(asking, "\n", 1);
}

/* Reads to the end of the line, which is not part of it. */
static int receive_line(const struct asking *asking, char *line, size_t size,
			size_t *ret_len)
{
	size_t len = 0;
	int r = 0;

	while (r == 0 && len < size) {
		const char *end;
		ssize_t n;

		r = limit(asking);
		if (r < 0)
			break;
		n = recv(asking->fd, line + len, size - len, 0);
		if (n < 0) {
			r = failed(asking);
			continue;
		}
		if (n == 0)
			return -EPROTO;
		end = memchr(line + len, '\n', (size_t)n);
		if (end) {
			*ret_len = (size_t)(end - line);
			return 0;
		}
		len += (size_t)n;
	}
	return r < 0 ? r : -EPROTO;
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

static int receive(const struct asking *asking, struct json_object **ret_reply)
{
	cleanup_free char *line = malloc(ASK_REPLY_MAX);
	size_t len;
	int r;

	if (!line)
		return -ENOMEM;
	r = receive_line(asking, line, ASK_REPLY_MAX, &len);
	if (r < 0)
		return r;
	*ret_reply = ask_parse(line, len);
	return *ret_reply ? 0 : -EPROTO;
}

static struct asking begin(const struct ask *ask, int fd)
{
	struct asking asking = { .ask = ask, .fd = fd };

	if (ask->timeout_ms)
		asking.deadline = now_ms() + ask->timeout_ms;
	return asking;
}

int ask(const struct ask *ask, struct json_object *request,
	struct json_object **ret_reply)
{
	struct asking asking = begin(ask, -1);
	int r = connect_to(&asking);

	if (r == 0)
		r = send_request(&asking, request);
	if (r == 0)
		r = receive(&asking, ret_reply);
	if (asking.fd >= 0)
		close(asking.fd);
	return r;
}

int ask_receive(const struct ask *ask, int fd, struct json_object **ret_reply)
{
	struct asking asking = begin(ask, fd);

	return receive(&asking, ret_reply);
}

bool ask_is_nobody(int r)
{
	return r == -ENOENT || r == -ECONNREFUSED || r == -ENOTDIR;
}

int ask_result(struct json_object *reply, const char **ret_error)
{
	struct json_object *ok = NULL, *name = NULL, *error = NULL;

	if (!json_object_object_get_ex(reply, "errno", &name) &&
	    json_object_object_get_ex(reply, "ok", &ok))
		return 0;
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
