// SPDX-License-Identifier: MIT
/*
 * imastage verify --quote ... LIST: what tpm2_quote wrote or a quote as Keylime's agents
 * send it, and a list in any form.
 */
#include "base/util.h"
#include "cmd/verify/print.h"
#include "cmd/verify/verify.h"
#include "evidence/keylime.h"
#include "tool/cli.h"

#include <errno.h>
#include <fcntl.h>

/* ---- the list -------------------------------------------------------------- */

static int next_record(void *context, struct imastage_record *ret_record,
		       struct imastage_error *ret_place)
{
	struct input *input = context;
	int r = input_next(input, ret_record);

	ret_place->offset = input->offset;
	if (r < 0 && input->read_error)
		return -EIO; /* the part is, not what is in it */
	if (r < 0 && input->reader)
		*ret_place = *imastage_reader_error(input->reader);
	return r;
}

/* What costs twice is looked for only where it may explain something. */
static int explain(struct verify_options *options, struct input *input,
		   struct verify_request *request,
		   const struct verify_evidence *evidence)
{
	const struct verify_list list = { next_record, input };
	int r;

	if (!verify_has(&options->verdict, VERIFY_LOG_REPLAY) ||
	    verify_has(&options->verdict, VERIFY_LOG_FORM) ||
	    !input_can_rewind(input))
		return 0;
	r = input_rewind(input);
	request->explain = true;
	return r < 0 ? r :
		       verify_quote(request, evidence, list, &options->verdict);
}

/* Where the list begins is for the verifier to say: at a checkpoint, or at the boot. */
static int make_request(struct verify_options *options,
			struct verify_request *ret_request)
{
	const struct verify_sequence *sequence = &options->sequence;
	uint64_t first = options->input_options.first_index;
	bool goes_on = verify_sequence_goes_on(sequence, first);

	*ret_request = options->request;
	ret_request->from_snapshot =
		verify_sequence_from_snapshot(sequence, first);
	if (ret_request->from_snapshot) {
		ret_request->first_index = first;
		return CLI_OK;
	}
	if (first > 0 &&
	    (!goes_on || !checkpoint_covers(&sequence->checkpoint,
					    &options->request.asked)))
		return cli_usage("--first-index: the list must begin at record "
				 "0, or where a checkpoint of this boot ends");
	if (sequence->has_checkpoint)
		checkpoint_apply(&sequence->checkpoint, goes_on, ret_request);
	return CLI_OK;
}

static int begin_again(void *context)
{
	struct input *input = context;

	return input_can_rewind(input) ? input_rewind(input) : -ESPIPE;
}

/* The store knows what was asked for, and is told what came of it. */
static int verify_stored(struct verify_options *options,
			 const struct verify_evidence *evidence,
			 struct input *input)
{
	const struct store_parts parts = {
		.evidence = evidence,
		.list = { next_record, input },
		.first = options->input_options.first_index,
	};
	const struct store_again again = { begin_again, input };
	int r = -EAGAIN;

	for (int i = 0; i < VERIFY_STORE_TRIES && r == -EAGAIN; i++) {
		if (i > 0 && begin_again(input) < 0)
			break;
		r = store_verify_parts(options->store, &parts, &again,
				       &options->request, options->sequence.now,
				       &options->verdict);
	}
	return r;
}

int verify_list_of_parts(struct verify_options *options,
			 const struct verify_evidence *evidence,
			 struct input *input)
{
	const struct verify_list list = { next_record, input };
	struct verify_request request;
	int r;

	if (options->store)
		return verify_stored(options, evidence, input);
	r = make_request(options, &request);
	if (r != CLI_OK)
		return r;
	r = verify_quote(&request, evidence, list, &options->verdict);
	if (r == 0)
		r = explain(options, input, &request, evidence);
	if (r == 0)
		r = verify_sequence_advance(&options->sequence,
					    &options->verdict);
	return r;
}

/* ---- the parts -------------------------------------------------------------- */

static ssize_t read_fd(void *context, void *data, size_t len)
{
	ssize_t n = read(*(const int *)context, data, len);

	return n < 0 ? -errno : n;
}

static int read_boot_log(const struct verify_options *options,
			 struct verify_boot_log *ret_log)
{
	const char *path = options->boot_log;

	cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC);
	const struct imastage_source source = { read_fd, &fd };
	int r = fd < 0 ? -errno :
			 verify_read_boot_log(source, &options->request,
					      ret_log);

	return r < 0 ? verify_complain(path, r) : CLI_OK;
}

static int judge(struct verify_options *options,
		 struct verify_evidence evidence, char **args)
{
	struct verify_boot_log boot_log;
	struct input input = { .fd = -1 };
	int status = CLI_OK;

	if (options->boot_log) {
		status = read_boot_log(options, &boot_log);
		evidence.boot_log = &boot_log;
	}
	if (status == CLI_OK)
		status = input_init(&input, &options->input_options, args);
	if (status == CLI_OK) {
		status = verify_list_of_parts(options, &evidence, &input);
		progress_clear();
		status = verify_finish(options, status);
	}
	input_fini(&input);
	return status;
}

static int judge_files(struct verify_options *options, char **args)
{
	struct verify_evidence evidence;
	int status = part_load(&options->quote, "quote");

	if (status == CLI_OK)
		status = part_load(&options->signature, "signature");
	if (status == CLI_OK)
		status = part_load(&options->pcrs, "pcrs");
	if (status != CLI_OK)
		return status;
	evidence = (struct verify_evidence){
		.msg = part_bytes(&options->quote),
		.sig = part_bytes(&options->signature),
		.pcrs = part_bytes(&options->pcrs),
	};
	return judge(options, evidence, args);
}

/* A line may end in a newline. */
static struct imastage_bytes line_of(const struct part *part)
{
	struct imastage_bytes line = part_bytes(part);

	return line.len > 0 && line.data[line.len - 1] == '\n' ?
		       bytes_first(line, line.len - 1) :
		       line;
}

static int judge_keylime_quote(struct verify_options *options, char **args)
{
	struct evidence_keylime quote = { 0 };
	struct evidence_error error;
	int status = part_load(&options->keylime_quote, "keylime-quote");
	int r;

	if (status != CLI_OK)
		return status;
	r = evidence_keylime_parse(line_of(&options->keylime_quote), &quote,
				   &error);
	if (r == -EBADMSG) {
		verify_add_error(&options->verdict, VERIFY_QUOTE_FORM, &error);
		verify_reject(&options->verdict);
		return verify_finish(options, 0);
	}
	if (r == 0) {
		struct verify_evidence evidence = { .msg = quote.msg,
						    .sig = quote.sig,
						    .pcrs = quote.pcrs };

		status = judge(options, evidence, args);
	} else {
		status = verify_complain(options->keylime_quote.path, r);
	}
	evidence_keylime_fini(&quote);
	return status;
}

int verify_parts(struct verify_options *options, char **args)
{
	return options->keylime_quote.path ?
		       judge_keylime_quote(options, args) :
		       judge_files(options, args);
}
