// SPDX-License-Identifier: MIT
/*
 * imastage verify EVIDENCE...: evidence files in their order, each read once, as a stream.
 */
#include "base/util.h"
#include "cmd/verify/print.h"
#include "cmd/verify/show.h"
#include "cmd/verify/verify.h"
#include "tool/cli.h"

#include <errno.h>
#include <fcntl.h>

#define FILES_MAX 256

struct run {
	struct verify_options *options;
	char *const *paths;
	size_t nr;
	struct verify_verdict *verdicts; /* owned; of the first @nr_done */
	size_t nr_done;
};

static const char *name_of(const char *path)
{
	return strcmp(path, "-") ? path : "standard input";
}

/* ---- a file ---------------------------------------------------------------- */

static ssize_t read_fd(void *context, void *data, size_t len)
{
	const int *fd = context;
	ssize_t n;

	do
		n = read(*fd, data, len);
	while (n < 0 && errno == EINTR && !cli_interrupted());
	if (cli_interrupted())
		return -EINTR;
	return n < 0 ? -errno : n;
}

static int open_path(const char *path)
{
	int fd = strcmp(path, "-") ? open(path, O_RDONLY | O_CLOEXEC) :
				     dup(STDIN_FILENO);

	return fd < 0 ? -errno : fd;
}

static int begin_again(void *context)
{
	const int *fd = context;

	return lseek(*fd, 0, SEEK_SET) == 0 ? 0 : -errno;
}

static int verify_stored(struct run *run, int *fd,
			 struct verify_verdict *ret_verdict)
{
	struct verify_options *options = run->options;
	const struct imastage_source source = { read_fd, fd };
	const struct store_again again = { begin_again, fd };
	int r = -EAGAIN;

	for (int i = 0; i < VERIFY_STORE_TRIES && r == -EAGAIN; i++) {
		if (i > 0 && begin_again(fd) < 0)
			break;
		r = store_verify_file(options->store, source, &again,
				      &options->request, options->sequence.now,
				      ret_verdict);
	}
	return r;
}

/* What costs twice is looked for only where it may explain something. */
static int explain(struct run *run, int *fd, struct verify_verdict *ret_verdict)
{
	struct verify_sequence *sequence = &run->options->sequence;
	const struct imastage_source source = { read_fd, fd };
	int r;

	if (!verify_has(ret_verdict, VERIFY_LOG_REPLAY) ||
	    lseek(*fd, 0, SEEK_SET) != 0)
		return 0;
	sequence->request.explain = true;
	r = verify_sequence_next(sequence, source, ret_verdict);
	sequence->request.explain = false;
	return r;
}

static int verify_one(struct run *run, const char *path,
		      struct verify_verdict *ret_verdict)
{
	cleanup_close int fd = open_path(path);
	const struct imastage_source source = { read_fd, &fd };
	int r;

	if (fd < 0)
		return fd;
	if (run->options->store)
		return verify_stored(run, &fd, ret_verdict);
	r = verify_sequence_next(&run->options->sequence, source, ret_verdict);
	return r < 0 ? r : explain(run, &fd, ret_verdict);
}

/* ---- all of them ----------------------------------------------------------- */

static int verify_all(struct run *run)
{
	int r = 0;

	for (size_t i = 0; i < run->nr && r == 0; i++) {
		struct verify_verdict *verdict = &run->verdicts[i];

		r = verify_one(run, run->paths[i], verdict);
		if (r == -EINVAL)
			return cli_usage("%s: a live quote needs --nonce or "
					 "--challenge",
					 name_of(run->paths[i]));
		run->nr_done++;
		show_end_part(run->options->show);
		if (r < 0)
			verify_complain(name_of(run->paths[i]), r);
	}
	if (r == 0)
		verify_sequence_end(&run->options->sequence,
				    &run->verdicts[run->nr - 1]);
	return r;
}

/* Of what none could be judged, all of it cannot. */
static enum verify_result worst_of(const struct run *run)
{
	enum verify_result worst = VERIFY_ACCEPTED;

	for (size_t i = 0; i < run->nr_done; i++) {
		enum verify_result result = run->verdicts[i].result;

		if (result == VERIFY_REJECTED || worst == VERIFY_REJECTED)
			worst = VERIFY_REJECTED;
		else if (result == VERIFY_NONE || worst == VERIFY_NONE)
			worst = VERIFY_NONE;
		else if (result == VERIFY_WARNED)
			worst = VERIFY_WARNED;
	}
	return worst;
}

/* 0, or negative after a complaint. */
static int print_all(const struct run *run)
{
	const struct verdict_set set = {
		.verdicts = run->verdicts,
		.names = run->paths,
		.nr = run->nr_done,
		.result = worst_of(run),
		.is_one = run->nr == 1,
		.refused = &run->options->show->refused,
	};
	int looked_up = show_look_up(run->options->show, run->options);

	verdict_print_set(stdout, &set, run->options->json);
	return looked_up < 0 ?
		       looked_up :
		       show_write(run->options->show, run->options, &set);
}

static int judge(struct run *run)
{
	int r = verify_all(run);
	int written, shown;

	if (r == CLI_USAGE)
		return r;
	written = r < 0 ? 0 : verify_write_checkpoint(run->options);
	shown = print_all(run);
	return r < 0 || written < 0 || shown < 0 ?
		       CLI_FAILED :
		       verify_status(run->options, worst_of(run));
}

int verify_evidence(struct verify_options *options, char **args)
{
	static char standard_input[] = "-";
	static char *const none[] = { standard_input, NULL };
	struct run run = { .options = options, .paths = *args ? args : none };
	int status;

	while (run.paths[run.nr])
		run.nr++;
	if (run.nr > FILES_MAX)
		return cli_usage("more than %d files", FILES_MAX);
	if (!*args && isatty(STDIN_FILENO))
		return cli_usage("no evidence file is given");
	run.verdicts = calloc(run.nr, sizeof(*run.verdicts));
	if (!run.verdicts)
		return verify_complain("verdicts", -ENOMEM);
	status = judge(&run);
	free(run.verdicts);
	return status;
}
