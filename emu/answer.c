// SPDX-License-Identifier: MIT
/* Doing what is asked. See answer.h. */

#include "emu/answer.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/util.h"
#include "emu/image.h"
#include "emu/measure.h"
#include "emu/template.h"
#include "emu/tpm_pipe.h"
#include "emu/twin.h"

/**
 * struct asked - a request that is being done
 * @self: by whom
 * @rq: it
 * @sock: who waits for the answer
 * @text: of the answer
 */
struct asked {
	struct answerer *self;
	const struct message *rq;
	int sock;
	struct out text;
};

/* Decimal digits and nothing else. */
static int number(const char *text, uint64_t *ret_number)
{
	char *end;

	if (!*text || strspn(text, "0123456789") != strlen(text))
		return -EINVAL;
	errno = 0;
	*ret_number = strtoull(text, &end, 10);
	return -errno;
}

/* ---- measuring ----------------------------------------------------------- */

static int do_measure(struct asked *asked)
{
	return measure_file(asked->self->machine, asked->rq->fd, false);
}

static int do_violation(struct asked *asked)
{
	return measure_file(asked->self->machine, asked->rq->fd, true);
}

static bool is_left(void *context)
{
	struct asked *asked = context;
	struct pollfd fd = { .fd = asked->sock, .events = POLLRDHUP };

	return __atomic_load_n(&asked->self->stop, __ATOMIC_RELAXED) ||
	       (poll(&fd, 1, 0) > 0 && fd.revents);
}

static int do_buffer(struct asked *asked)
{
	const struct measure_end end = { is_left, asked };

	return measure_buffer(asked->self->machine, asked->rq->words[1],
			      asked->rq->fd, &end);
}

static int do_load(struct asked *asked)
{
	const char *const *words = asked->rq->words;
	struct load load = { .end = { is_left, asked } };
	uint64_t nr = 0;
	double seconds = 0;
	int ret;

	if (number(words[1], &load.seed) || number(words[2], &load.nr) ||
	    number(words[3], &load.rate))
		return -EINVAL;
	ret = measure_load(asked->self->machine, &load, &nr, &seconds);
	emu_out_text(&asked->text, "%llu records in %.3f s, %.0f/s\n",
		     (unsigned long long)nr, seconds,
		     seconds > 0 ? nr / seconds : 0.0);
	return ret;
}

static int do_watch(struct asked *asked)
{
	struct watch_how how;

	if (asked->rq->fd < 0) {
		watch_show(asked->self->watch, &asked->text);
		return 0;
	}
	if (asked->rq->nr_words != 2 ||
	    watch_how_parse(asked->rq->words[1], &how))
		return -EINVAL;
	return watch_add(asked->self->watch, asked->rq->fd, &how);
}

static int do_unwatch(struct asked *asked)
{
	watch_stop(asked->self->watch);
	return 0;
}

/* ---- the machine --------------------------------------------------------- */

static int do_kexec(struct asked *asked)
{
	return machine_kexec(asked->self->machine);
}

static int do_reboot(struct asked *asked)
{
	int ret = machine_reboot(asked->self->machine);

	/* What was measured before it is to be measured again. */
	return ret ? ret : watch_forget(asked->self->watch);
}

static int do_suspend(struct asked *asked)
{
	struct kernel *kernel = machine_kernel(asked->self->machine);

	kernel_suspend(kernel);
	kernel_put(kernel);
	return 0;
}

static int do_hibernate(struct asked *asked)
{
	return machine_hibernate(asked->self->machine);
}

static int do_suspend_to_ram(struct asked *asked)
{
	return machine_sleep(asked->self->machine);
}

static int do_stop(struct asked *asked)
{
	(void)asked;
	return kill(getpid(), SIGTERM) ? -errno : 0;
}

/* The list leaves this machine for another one; this one ends. */
static int do_save(struct asked *asked)
{
	int ret = image_save(asked->self->machine, asked->rq->fd);

	return ret ? ret : do_stop(asked);
}

/* ---- what is to fail ----------------------------------------------------- */

static int show_faults(struct asked *asked)
{
	struct faults *faults = &asked->self->machine->faults;

	for (int i = 0; i < FAULT_PLACES; i++) {
		struct fault fault = faults_get(faults, i);

		if (fault.nr)
			emu_out_text(&asked->text, "%s %s %llu %llu\n",
				     fault_place_name(i),
				     fault_error_name(fault.error),
				     (unsigned long long)fault.nr,
				     (unsigned long long)fault.pass);
	}
	return 0;
}

static int set_fault(struct asked *asked)
{
	const char *const *words = asked->rq->words;
	int place = fault_place_by_name(words[1]);
	struct fault fault = { .error = fault_error_by_name(words[2]) };

	if (place < 0 || !fault.error || number(words[3], &fault.nr) ||
	    number(words[4], &fault.pass))
		return -EINVAL;
	faults_set(&asked->self->machine->faults, place, &fault);
	return 0;
}

/* Without words: what there is. "none": no more. */
static int do_fault(struct asked *asked)
{
	const struct message *rq = asked->rq;

	if (rq->nr_words == 1)
		return show_faults(asked);
	if (rq->nr_words == 5)
		return set_fault(asked);
	if (rq->nr_words != 2 || strcmp(rq->words[1], "none") != 0)
		return -EINVAL;
	faults_clear(&asked->self->machine->faults);
	return 0;
}

/* ---- how it is ----------------------------------------------------------- */

static void show_counts(struct asked *asked)
{
	struct kernel *kernel = machine_kernel(asked->self->machine);
	struct kernel_counts counts;
	bool suspended;

	kernel_counts(kernel, &counts);
	suspended = kernel_is_suspended(kernel);
	kernel_put(kernel);
	emu_out_text(&asked->text,
		     "current %lld\nstaged %lld\ndeleted %lld\n"
		     "violations %lld\ntpm_errors %lld\nbytes %zu\n"
		     "suspended %d\n",
		     counts.current, counts.staged, counts.deleted,
		     counts.violations, counts.tpm_errors, counts.bytes,
		     suspended);
}

static void show_setup(struct asked *asked)
{
	const struct setup *setup = asked->self->setup;
	struct out *text = &asked->text;

	emu_out_text(
		text, "kernels %llu\npid %d\nhash %s\n",
		(unsigned long long)machine_nr_kernels(asked->self->machine),
		(int)getpid(), setup->hash->name);
	emu_out_text(text, "template %s\n", template_name(setup->template));
	emu_out_text(text, "profile %s\n", setup_profile_name(setup->profile));
	emu_out_text(text, "tpm %s\n", setup->tpm_name);
	emu_out_text(text, "dir %s\n", setup->dir);
	if (setup->twin_path)
		emu_out_text(text, "twin %s\ntwin_whole %d\n", setup->twin_path,
			     twin_is_whole(setup->twin));
}

static int do_status(struct asked *asked)
{
	show_counts(asked);
	watch_show_counts(asked->self->watch, &asked->text);
	show_setup(asked);
	return 0;
}

/* PCR 10 of each bank. */
static int do_pcrs(struct asked *asked)
{
	const struct kernel_config *config = &asked->self->machine->config;
	int ret = 0;

	for (unsigned int i = 0; !ret && i < config->banks.nr_tpm; i++) {
		const struct tpm_bank *bank = &config->banks.bank[i];
		uint8_t value[ALGO_DIGEST_MAX];
		char name[24];

		ret = tpm_read(config->tpm, TPM_IMA_PCR, i, value);
		if (ret)
			break;
		bank_name(bank, name, sizeof(name));
		emu_out_text(&asked->text, "%s:%d=", name, TPM_IMA_PCR);
		emu_out_hex(&asked->text, value, bank->digest_len);
		emu_out_text(&asked->text, "\n");
	}
	return ret;
}

static int do_tpm_clear(struct asked *asked)
{
	struct tpm *tpm = asked->self->machine->config.tpm;

	return tpm ? tpm_clear(tpm) : -ENODEV;
}

static int do_tpm_new(struct asked *asked)
{
	struct tpm *tpm = asked->self->machine->config.tpm;

	return tpm ? tpm_replace(tpm) : -ENODEV;
}

static int do_tpm_save(struct asked *asked)
{
	struct tpm *tpm = asked->self->machine->config.tpm;

	return tpm ? image_save_tpm(tpm, asked->rq->fd) : -ENODEV;
}

static int do_tpm_load(struct asked *asked)
{
	struct tpm *tpm = asked->self->machine->config.tpm;
	struct image image = { 0 };
	int ret = tpm ? image_read(asked->rq->fd, &image) : -ENODEV;

	if (!ret)
		ret = tpm_load(tpm, &image.tpm);
	image_fini(&image);
	return ret;
}

/* Until the client closes its end of the socket it has passed. */
static int do_tpm(struct asked *asked)
{
	return tpm_pipe_serve(asked->self->machine->config.tpm, asked->rq->fd,
			      &asked->self->stop);
}

/* ---- all of it ----------------------------------------------------------- */

enum {
	ANY_WORDS = 0,
};

static const struct {
	const char *name;
	int nr_words;
	bool takes_file;
	int (*run)(struct asked *asked);
} verbs[] = {
	{ "measure", 1, true, do_measure },
	{ "violation", 1, true, do_violation },
	{ "buffer", 2, true, do_buffer },
	{ "load", 4, false, do_load },
	{ "watch", ANY_WORDS, false, do_watch },
	{ "unwatch", 1, false, do_unwatch },
	{ "kexec", 1, false, do_kexec },
	{ "reboot", 1, false, do_reboot },
	{ "suspend", 1, false, do_suspend },
	{ "suspend-to-ram", 1, false, do_suspend_to_ram },
	{ "hibernate", 1, false, do_hibernate },
	{ "fault", ANY_WORDS, false, do_fault },
	{ "status", 1, false, do_status },
	{ "pcrs", 1, false, do_pcrs },
	{ "tpm", 1, true, do_tpm },
	{ "tpm-clear", 1, false, do_tpm_clear },
	{ "tpm-new", 1, false, do_tpm_new },
	{ "tpm-save", 1, true, do_tpm_save },
	{ "tpm-load", 1, true, do_tpm_load },
	{ "save", 1, true, do_save },
	{ "stop", 1, false, do_stop },
};

static int run(struct asked *asked)
{
	const struct message *rq = asked->rq;

	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++) {
		if (strcmp(verbs[i].name, rq->words[0]) != 0)
			continue;
		if (verbs[i].takes_file && rq->fd < 0)
			return -EBADF;
		if (verbs[i].nr_words != ANY_WORDS &&
		    verbs[i].nr_words != rq->nr_words)
			return -EINVAL;
		return verbs[i].run(asked);
	}
	return -ENOSYS;
}

int answer(struct answerer *answerer, const struct message *rq, int sock,
	   struct reply *ret_reply)
{
	struct asked asked = { .self = answerer, .rq = rq, .sock = sock };

	ret_reply->status = run(&asked);
	emu_out_bytes(&asked.text, "", 1);
	snprintf(ret_reply->text, sizeof(ret_reply->text), "%s",
		 (const char *)asked.text.data);
	emu_out_fini(&asked.text);
	return ret_reply->status;
}
