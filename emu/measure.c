// SPDX-License-Identifier: MIT
/* Measuring. See measure.h. */

#include "emu/measure.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/util.h"
#include "emu/event.h"

#define BUFFER_MAX (1024 * 1024)
#define LOOK_MS 100
#define NS_PER_S 1000000000ULL

static int measure(struct machine *machine, const struct event *event,
		   const struct template *template)
{
	struct kernel *kernel = machine_kernel(machine);
	int ret = kernel_measure(kernel, event, template);

	kernel_put(kernel);
	/* Linux 7.2's word for it; to a client, that would be a TPM. */
	return ret == -ENODEV ? -EACCES : ret;
}

int measure_name(int fd, char ret_name[PATH_MAX])
{
	char link[64];
	ssize_t len;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	len = readlink(link, ret_name, PATH_MAX - 1);
	if (len < 0)
		return -errno;
	ret_name[len] = '\0';
	return 0;
}

int measure_file(struct machine *machine, int fd, bool violation)
{
	const struct algo *algo = machine->config.hash;
	uint8_t digest[ALGO_DIGEST_MAX];
	char name[PATH_MAX];
	struct event event = {
		.name = name,
		.fd = fd,
		.algo = algo,
		.digest = digest,
		.violation = violation,
	};
	struct stat st;
	int ret;

	if (fstat(fd, &st))
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EINVAL;

	ret = measure_name(fd, name);
	if (!ret && !violation)
		ret = algo_hash_file(algo, fd, digest);
	return ret ? ret : measure(machine, &event, NULL);
}

/* A pipe may have nothing to read for ever. */
static int wait_for_bytes(int fd, const struct measure_end *end)
{
	struct pollfd poll_fd = { .fd = fd, .events = POLLIN };

	while (poll(&poll_fd, 1, LOOK_MS) == 0) {
		if (end->is_over(end->context))
			return -EINTR;
	}
	return 0;
}

static int read_all(int fd, const struct measure_end *end, char *buf,
		    size_t *ret_len)
{
	size_t done = 0;
	ssize_t len = 1;

	while (len > 0) {
		int ret = wait_for_bytes(fd, end);

		if (ret)
			return ret;
		len = read(fd, buf + done, BUFFER_MAX + 1 - done);
		if (len < 0 && errno != EAGAIN && errno != EINTR)
			return -errno;
		if (len < 0)
			len = 1;
		else
			done += len;
	}
	*ret_len = done;
	return done > BUFFER_MAX ? -EFBIG : 0;
}

int measure_buffer(struct machine *machine, const char *name, int fd,
		   const struct measure_end *end)
{
	const struct algo *algo = machine->config.hash;
	cleanup_free char *buf = malloc(BUFFER_MAX + 1);
	uint8_t digest[ALGO_DIGEST_MAX];
	struct event event = {
		.name = name,
		.fd = -1,
		.algo = algo,
		.digest = digest,
		.buf = buf,
	};
	int ret = buf ? read_all(fd, end, buf, &event.buf_len) : -ENOMEM;

	if (!ret)
		ret = algo_hash(algo, &(struct algo_part){ buf, event.buf_len },
				1, digest);
	return ret ? ret :
		     measure(machine, &event, machine->config.buf_template);
}

/* ---- load ---------------------------------------------------------------- */

/* SplitMix64: each state, a number that looks random. */
static uint64_t next_random(uint64_t *state)
{
	uint64_t x = *state += 0x9e3779b97f4a7c15ULL;

	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9ULL;
	x = (x ^ x >> 27) * 0x94d049bb133111ebULL;
	return x ^ x >> 31;
}

static int load_one(struct machine *machine, uint64_t *state)
{
	uint64_t digest[ALGO_DIGEST_MAX / sizeof(uint64_t)];
	char name[64];
	struct event event = {
		.name = name,
		.fd = -1,
		.algo = machine->config.hash,
		.digest = (uint8_t *)digest,
		.sha1 = (uint8_t *)digest,
	};

	for (size_t i = 0; i < ARRAY_SIZE(digest); i++)
		digest[i] = next_random(state);
	snprintf(name, sizeof(name), "/usr/lib/load/%016llx.so",
		 (unsigned long long)next_random(state));
	return measure(machine, &event, NULL);
}

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * NS_PER_S + ts.tv_nsec;
}

static void wait_for(uint64_t ns)
{
	struct timespec until = {
		.tv_sec = ns / NS_PER_S,
		.tv_nsec = ns % NS_PER_S,
	};

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) ==
	       EINTR)
		;
}

int measure_load(struct machine *machine, const struct load *load,
		 uint64_t *ret_nr, double *ret_seconds)
{
	uint64_t start = now_ns(), state = load->seed, nr = 0;
	int ret = 0;

	for (uint64_t i = 0; i < load->nr; i++) {
		if (i % 64 == 0 && load->end.is_over(load->end.context)) {
			ret = -EINTR;
			break;
		}
		if (load->rate)
			wait_for(start + i * NS_PER_S / load->rate);
		ret = load_one(machine, &state);
		if (ret && ret != -EEXIST)
			break;
		nr += !ret;
		ret = 0;
	}
	*ret_nr = nr;
	*ret_seconds = (double)(now_ns() - start) / NS_PER_S;
	return ret;
}
