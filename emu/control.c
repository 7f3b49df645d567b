// SPDX-License-Identifier: MIT
/*
 * Doing what is asked. See control.h.
 *
 * One thread waits for connections, each of which has a thread. Threads begin with
 * all signals blocked: signals are for the one that serves FUSE.
 */

#include "emu/control.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/util.h"
#include "emu/measure.h"
#include "emu/message.h"
#include "emu/tpm_pipe.h"
#include "emu/twin.h"

/**
 * struct connection - somebody who asks
 * @next: another one
 * @control: whom
 * @sock: by which
 */
struct connection {
	struct connection *next;
	struct control *control;
	int sock;
};

/**
 * struct control - who answers
 * @machine: what it is about (borrowed)
 * @path: of @sock (owned)
 * @sock: where connections come in
 * @thread: waits for them
 * @stop: no more are wanted (atomic)
 * @lock: protects the one below
 * @first: those that there are
 * @changed: one is gone
 */
struct control {
	struct machine *machine;
	char *path;
	int sock;
	pthread_t thread;
	bool stop;
	pthread_mutex_t lock;
	struct connection *first;
	pthread_cond_t changed;
};

/* ---- what can be asked --------------------------------------------------- */

static int do_measure(struct control *control, const struct message *rq,
		      struct reply *reply)
{
	(void)reply;
	return rq->fd < 0 ? -EBADF :
			    measure_file(control->machine, rq->fd, false);
}

static int do_violation(struct control *control, const struct message *rq,
			struct reply *reply)
{
	(void)reply;
	return rq->fd < 0 ? -EBADF :
			    measure_file(control->machine, rq->fd, true);
}

static int do_buffer(struct control *control, const struct message *rq,
		     struct reply *reply)
{
	(void)reply;
	return rq->fd < 0 ?
		       -EBADF :
		       measure_buffer(control->machine, rq->words[1], rq->fd);
}

static int do_load(struct control *control, const struct message *rq,
		   struct reply *reply)
{
	struct load load = {
		.seed = strtoull(rq->words[1], NULL, 10),
		.nr = strtoull(rq->words[2], NULL, 10),
		.rate = strtoull(rq->words[3], NULL, 10),
		.stop = &control->stop,
	};
	double seconds;
	uint64_t nr;
	int ret = measure_load(control->machine, &load, &nr, &seconds);

	snprintf(reply->text, sizeof(reply->text),
		 "%llu records in %.3f s, %.0f/s\n", (unsigned long long)nr,
		 seconds, seconds > 0 ? nr / seconds : 0.0);
	return ret;
}

static int do_kexec(struct control *control, const struct message *rq,
		    struct reply *reply)
{
	(void)rq, (void)reply;
	return machine_kexec(control->machine);
}

static int do_reboot(struct control *control, const struct message *rq,
		     struct reply *reply)
{
	(void)rq, (void)reply;
	return machine_reboot(control->machine);
}

static int do_suspend(struct control *control, const struct message *rq,
		      struct reply *reply)
{
	struct kernel *kernel = machine_kernel(control->machine);

	(void)rq, (void)reply;
	kernel_suspend(kernel);
	kernel_put(kernel);
	return 0;
}

static int do_status(struct control *control, const struct message *rq,
		     struct reply *reply)
{
	struct kernel *kernel = machine_kernel(control->machine);
	struct kernel_counts counts;

	(void)rq;
	kernel_counts(kernel, &counts);
	kernel_put(kernel);
	snprintf(reply->text, sizeof(reply->text),
		 "current %lld\nstaged %lld\ndeleted %lld\nviolations %lld\n"
		 "tpm_errors %lld\nbytes %zu\ntwin_whole %d\n",
		 counts.current, counts.staged, counts.deleted,
		 counts.violations, counts.tpm_errors, counts.bytes,
		 twin_is_whole(control->machine->config.twin));
	return 0;
}

static int show_faults(struct control *control, struct reply *reply)
{
	struct faults *faults = &control->machine->faults;
	size_t len = 0;

	for (int i = 0; i < FAULT_PLACES; i++) {
		struct fault fault = faults_get(faults, i);

		if (fault.nr)
			len += snprintf(reply->text + len,
					sizeof(reply->text) - len,
					"%s %s %llu %llu\n",
					fault_place_name(i),
					fault_error_name(fault.error),
					(unsigned long long)fault.nr,
					(unsigned long long)fault.pass);
	}
	return 0;
}

static int set_fault(struct control *control, const struct message *rq)
{
	int place = fault_place_by_name(rq->words[1]);
	struct fault fault = {
		.error = fault_error_by_name(rq->words[2]),
		.nr = strtoull(rq->words[3], NULL, 10),
		.pass = strtoull(rq->words[4], NULL, 10),
	};

	if (place < 0 || !fault.error)
		return -EINVAL;
	faults_set(&control->machine->faults, place, &fault);
	return 0;
}

/* Without words: what there is. "none": no more. */
static int do_fault(struct control *control, const struct message *rq,
		    struct reply *reply)
{
	if (rq->nr_words == 1)
		return show_faults(control, reply);
	if (rq->nr_words == 2 && !strcmp(rq->words[1], "none"))
		faults_clear(&control->machine->faults);
	else if (rq->nr_words == 5)
		return set_fault(control, rq);
	else
		return -EINVAL;
	return 0;
}

/* PCR 10 of each bank. */
static int do_pcrs(struct control *control, const struct message *rq,
		   struct reply *reply)
{
	const struct banks *banks = &control->machine->config.banks;
	struct out out = { 0 };
	int ret = 0;

	(void)rq;
	for (unsigned int i = 0; !ret && i < banks->nr_tpm; i++) {
		uint8_t value[ALGO_DIGEST_MAX];
		char name[24];

		ret = tpm_read(control->machine->config.tpm, TPM_IMA_PCR, i,
			       value);
		bank_name(&banks->bank[i], name, sizeof(name));
		emu_out_text(&out, "%s:%d=", name, TPM_IMA_PCR);
		emu_out_hex(&out, value, ret ? 0 : banks->bank[i].digest_len);
		emu_out_text(&out, "\n");
	}
	emu_out_bytes(&out, "", 1);
	snprintf(reply->text, sizeof(reply->text), "%s", (char *)out.data);
	emu_out_fini(&out);
	return ret;
}

/* Until the client closes its end of the socket it has passed. */
static int do_tpm(struct control *control, const struct message *rq,
		  struct reply *reply)
{
	(void)reply;
	return rq->fd < 0 ? -EBADF :
			    tpm_pipe_serve(control->machine->config.tpm, rq->fd,
					   &control->stop);
}

static int do_stop(struct control *control, const struct message *rq,
		   struct reply *reply)
{
	(void)control, (void)rq, (void)reply;
	return kill(getpid(), SIGTERM) ? -errno : 0;
}

static int write_all(int fd, const uint8_t *data, size_t len)
{
	while (len) {
		ssize_t done = write(fd, data, len);

		if (done < 0)
			return -errno;
		data += done;
		len -= done;
	}
	return fsync(fd) ? -errno : 0;
}

/* The list leaves this machine for another one; this one ends. */
static int do_save(struct control *control, const struct message *rq,
		   struct reply *reply)
{
	struct kernel *kernel;
	struct out image;
	int ret;

	if (rq->fd < 0)
		return -EBADF;
	kernel = machine_kernel(control->machine);
	ret = kernel_dump(kernel, &image);
	kernel_put(kernel);
	if (ret)
		return ret;
	ret = write_all(rq->fd, image.data, image.len);
	emu_out_fini(&image);
	return ret ? ret : do_stop(control, rq, reply);
}

#define ANY_WORDS 0

static const struct verb {
	const char *name;
	int nr_words;
	int (*run)(struct control *control, const struct message *rq,
		   struct reply *reply);
} verbs[] = {
	{ "measure", 1, do_measure },	  { "violation", 1, do_violation },
	{ "buffer", 2, do_buffer },	  { "load", 4, do_load },
	{ "kexec", 1, do_kexec },	  { "reboot", 1, do_reboot },
	{ "suspend", 1, do_suspend },	  { "status", 1, do_status },
	{ "save", 1, do_save },		  { "stop", 1, do_stop },
	{ "pcrs", 1, do_pcrs },		  { "tpm", 1, do_tpm },
	{ "fault", ANY_WORDS, do_fault },
};

static int answer(struct control *control, const struct message *rq,
		  struct reply *reply)
{
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++) {
		if (!strcmp(verbs[i].name, rq->words[0]) &&
		    (verbs[i].nr_words == ANY_WORDS ||
		     verbs[i].nr_words == rq->nr_words))
			return verbs[i].run(control, rq, reply);
	}
	return -ENOTSUP;
}

/* ---- who asks ------------------------------------------------------------ */

static void forget(struct connection *connection)
{
	struct control *control = connection->control;
	struct connection **at = &control->first;

	pthread_mutex_lock(&control->lock);
	while (*at != connection)
		at = &(*at)->next;
	*at = connection->next;
	close(connection->sock);
	free(connection);
	pthread_cond_signal(&control->changed);
	pthread_mutex_unlock(&control->lock);
}

static void *run_connection(void *arg)
{
	struct connection *connection = arg;
	struct message rq;

	while (message_receive(connection->sock, &rq) > 0) {
		struct reply reply = { 0 };

		reply.status = answer(connection->control, &rq, &reply);
		if (rq.fd >= 0)
			close(rq.fd);
		if (message_reply(connection->sock, &reply))
			break;
	}
	forget(connection);
	return NULL;
}

static int start_detached(void *(*run)(void *arg), void *arg)
{
	pthread_t thread;
	int ret = pthread_create(&thread, NULL, run, arg);

	if (!ret)
		pthread_detach(thread);
	return ret;
}

static void add(struct control *control, int sock)
{
	struct connection *connection = calloc(1, sizeof(*connection));

	if (!connection)
		abort();
	connection->control = control;
	connection->sock = sock;
	pthread_mutex_lock(&control->lock);
	connection->next = control->first;
	control->first = connection;
	pthread_mutex_unlock(&control->lock);
	if (start_detached(run_connection, connection))
		forget(connection);
}

static bool stopping(struct control *control)
{
	return __atomic_load_n(&control->stop, __ATOMIC_RELAXED);
}

static void *run_control(void *arg)
{
	struct control *control = arg;
	int sock;

	while (!stopping(control)) {
		sock = accept4(control->sock, NULL, NULL, SOCK_CLOEXEC);
		if (sock >= 0)
			add(control, sock);
		else if (errno == EMFILE || errno == ENFILE)
			usleep(10000);
	}
	return NULL;
}

static int start_thread(struct control *control)
{
	sigset_t all, before;
	int ret;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	ret = pthread_create(&control->thread, NULL, run_control, control);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return -ret;
}

int control_start(const char *path, struct machine *machine,
		  struct control **ret_control)
{
	struct control *control = calloc(1, sizeof(*control));
	int ret;

	if (!control)
		return -ENOMEM;
	control->machine = machine;
	control->path = strdup(path);
	control->sock = message_listen(path);
	pthread_mutex_init(&control->lock, NULL);
	pthread_cond_init(&control->changed, NULL);
	ret = control->sock < 0 ? control->sock : start_thread(control);
	if (ret) {
		free(control->path);
		free(control);
		return ret;
	}
	*ret_control = control;
	return 0;
}

void control_stop(struct control *control)
{
	__atomic_store_n(&control->stop, true, __ATOMIC_RELAXED);
	shutdown(control->sock, SHUT_RDWR);
	pthread_join(control->thread, NULL);
	close(control->sock);
	unlink(control->path);

	pthread_mutex_lock(&control->lock);
	for (struct connection *c = control->first; c; c = c->next)
		shutdown(c->sock, SHUT_RD);
	while (control->first)
		pthread_cond_wait(&control->changed, &control->lock);
	pthread_mutex_unlock(&control->lock);
	pthread_cond_destroy(&control->changed);
	pthread_mutex_destroy(&control->lock);
	free(control->path);
	free(control);
}
