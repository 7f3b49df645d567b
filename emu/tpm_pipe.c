// SPDX-License-Identifier: MIT
/* Commands of the TPM through a pipe. See tpm_pipe.h. */

#include "emu/tpm_pipe.h"

#include <errno.h>
#include <poll.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <unistd.h>

#include "emu/tpm.h"

#define HEADER_LEN 10
#define STOP_MS 100 /* how often @stop is looked at */

static bool stopping(const bool *stop)
{
	return stop && __atomic_load_n(stop, __ATOMIC_RELAXED);
}

/* 0 at the end of input, or when it is time to stop. */
static ssize_t read_some(int fd, uint8_t *data, size_t len, const bool *stop)
{
	struct pollfd input = { .fd = fd, .events = POLLIN };
	ssize_t done;

	while (!stopping(stop)) {
		if (poll(&input, 1, stop ? STOP_MS : -1) <= 0)
			continue;
		done = read(fd, data, len);
		if (done >= 0 || errno != EINTR)
			return done < 0 ? -errno : done;
	}
	return 0;
}

/* Returns how many bytes there were, fewer than @len at the end. */
static ssize_t read_bytes(int fd, uint8_t *data, size_t len, const bool *stop)
{
	size_t done = 0;

	while (done < len) {
		ssize_t some = read_some(fd, data + done, len - done, stop);

		if (some < 0)
			return some;
		if (!some)
			break;
		done += some;
	}
	return done;
}

/* 1: there is one of *ret_len bytes, 0: there is none any more. */
static int read_packet(int fd, uint8_t packet[TPM_PACKET_MAX], size_t *ret_len,
		       const bool *stop)
{
	ssize_t done = read_bytes(fd, packet, HEADER_LEN, stop);
	uint32_t len;

	if (done <= 0)
		return done;
	if (done < HEADER_LEN)
		return -EBADMSG;
	len = (uint32_t)packet[2] << 24 | (uint32_t)packet[3] << 16 |
	      (uint32_t)packet[4] << 8 | packet[5];
	if (len < HEADER_LEN || len > TPM_PACKET_MAX)
		return -EBADMSG;
	done = read_bytes(fd, packet + HEADER_LEN, len - HEADER_LEN, stop);
	if (done < 0)
		return done;
	if ((uint32_t)done < len - HEADER_LEN)
		return -EBADMSG;
	*ret_len = len;
	return 1;
}

static int write_packet(int fd, const uint8_t *data, size_t len)
{
	while (len) {
		ssize_t done = write(fd, data, len);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return -errno;
		data += done;
		len -= done;
	}
	return 0;
}

/* Somebody who is gone is no reason to end: no SIGPIPE. */
static int send_packet(int sock, const uint8_t *data, size_t len)
{
	while (len) {
		ssize_t done = send(sock, data, len, MSG_NOSIGNAL);

		if (done < 0)
			return -errno;
		data += done;
		len -= done;
	}
	return 0;
}

int tpm_pipe_serve(struct tpm *tpm, int sock, const bool *stop)
{
	uint8_t packet[TPM_PACKET_MAX], answer[TPM_PACKET_MAX];
	size_t len = 0;
	int ret;

	if (!tpm)
		return -ENODEV;
	while ((ret = read_packet(sock, packet, &len, stop)) > 0) {
		ret = tpm_exchange(tpm, packet, packet, len, answer, &len);
		if (!ret)
			ret = send_packet(sock, answer, len);
		if (ret)
			break;
	}
	tpm_client_end(tpm, packet);
	return ret;
}

int tpm_pipe_forward(int sock)
{
	uint8_t packet[TPM_PACKET_MAX];
	size_t len = 0;
	int ret;

	while ((ret = read_packet(STDIN_FILENO, packet, &len, NULL)) > 0) {
		ret = send_packet(sock, packet, len);
		if (!ret)
			ret = read_packet(sock, packet, &len, NULL);
		if (!ret)
			return -EIO;
		if (ret > 0)
			ret = write_packet(STDOUT_FILENO, packet, len);
		if (ret)
			break;
	}
	return ret;
}
