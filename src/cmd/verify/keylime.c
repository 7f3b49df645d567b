// SPDX-License-Identifier: MIT
/*
 * imastage verify --keylime FILE: the body of a request to Keylime's verify/evidence
 * (evidence/keylime_body.h), answered with the members of Keylime's answer. Its runtime policy
 * judges the records, if there is none given by --policy; other policies cannot be judged, and
 * what cannot be judged is not valid.
 */
#include "base/bytes.h"
#include "base/util.h"
#include "cmd/verify/print.h"
#include "cmd/verify/verify.h"
#include "evidence/keylime_body.h"
#include "tool/cli.h"
#include "tool/given.h"
#include "tool/json.h"

#include <errno.h>

struct request {
	struct verify_options *options;
	uint8_t *text; /* owned */
	size_t len;
	struct evidence_keylime_body body; /* owned */
	struct evidence_error error; /* what is wrong with it */
	struct verify_boot_log boot_log;
	struct verify_request asked;
	struct policy *policy; /* owned */
	struct policy_error policy_error; /* why it is refused */
	bool policy_refused, policy_unchecked;
};

/* ---- what is in it --------------------------------------------------------- */

static int read_policy(struct request *request)
{
	const struct dsse_keys *keys = &request->options->policy_keys.keys;
	struct imastage_bytes text = request->body.runtime_policy;
	int r;

	if (text.len == 0 || request->options->request.policy)
		return 0;
	r = policy_read_sent(text, keys, &request->policy,
			     &request->policy_unchecked,
			     &request->policy_error);
	request->policy_refused = r == -EBADMSG;
	return r;
}

static int read_body(struct request *request)
{
	return evidence_keylime_body_parse(bytes_of(request->text,
						    request->len),
					   &request->body, &request->error);
}

/* ---- the work --------------------------------------------------------------- */

struct bytes_left {
	struct imastage_bytes rest;
};

static ssize_t read_bytes(void *context, void *data, size_t len)
{
	struct bytes_left *left = context;
	struct imastage_bytes piece = bytes_first(left->rest, len);

	if (piece.len > 0)
		memcpy(data, piece.data, piece.len);
	left->rest = bytes_skip(left->rest, piece.len);
	return (ssize_t)piece.len;
}

/* What Keylime asks for is not in its request: IMA's PCR, unless we are told. */
static void ask(struct request *request)
{
	const struct verify_options *options = request->options;
	struct verify_request *asked = &request->asked;

	*asked = options->request;
	if (request->policy)
		asked->policy = request->policy;
	asked->ak = options->ak.path ? part_bytes(&options->ak) :
				       request->body.ak;
	asked->trusted = options->ak.path ? "it is the file given by --ak" :
					    "it is the tpm_ak of the request";
	asked->nonce = request->body.nonce;
	asked->explain = true;
	if (options->asked_set)
		return;
	asked->asked.nr = 1;
	asked->asked.of[0].alg = imastage_bank_tpm_alg(request->body.bank);
	asked->asked.of[0].pcrs = 1u << IMASTAGE_PCR_IMA;
}

static int read_boot_log(struct request *request)
{
	static const struct verify_request none;
	struct bytes_left left = { request->body.boot_log };
	const struct imastage_source source = { read_bytes, &left };

	return left.rest.len > 0 ?
		       verify_read_boot_log(source, &none, &request->boot_log) :
		       0;
}

/* A warning that only we can give: whose policy it is. */
static void add_unchecked(struct request *request)
{
	struct verify_verdict *verdict = &request->options->verdict;

	if (!request->policy_unchecked)
		return;
	verify_say(verdict, VERIFY_POLICY_UNCHECKED, NULL);
	verify_conclude(verdict);
}

static int verify_body(struct request *request)
{
	const struct imastage_reader_options options = {
		.format = IMASTAGE_FORMAT_ASCII,
		.bank = IMASTAGE_SHA1,
	};
	const struct evidence_keylime_body *body = &request->body;
	const struct verify_evidence evidence = {
		.msg = body->quote.msg,
		.sig = body->quote.sig,
		.pcrs = body->quote.pcrs,
		.ak = body->ak,
		.boot_log = body->boot_log.len > 0 ? &request->boot_log : NULL,
	};
	struct imastage_reader *reader;
	int r = imastage_reader_new_memory(body->list, &options, &reader);

	if (r < 0)
		return r;
	r = verify_quote(&request->asked, &evidence, verify_list_of(reader),
			 &request->options->verdict);
	imastage_reader_free(reader);
	if (r == 0)
		add_unchecked(request);
	if (r != -EINVAL)
		return r;
	request->error.reason = "the nonce is shorter than 16 bytes or too "
				"long, or PCR 10 is not asked for";
	return -EBADMSG;
}

/* 0, EVIDENCE_BODY_MISSING, or negative. */
static int judge_body(struct request *request)
{
	int r = read_body(request);

	if (r == 0)
		r = read_policy(request);
	if (r != 0)
		return r;
	ask(request);
	r = read_boot_log(request);
	return r < 0 ? r : verify_body(request);
}

/* ---- the answer ------------------------------------------------------------- */

/* Keylime's own names where it has one for the same. */
static const char *type_of(enum verify_id id, char own[64])
{
	switch (id) {
	case VERIFY_LOG_REPLAY:
		return "ima.pcr_mismatch";
	case VERIFY_LOG_DIGEST:
		return "ima.validation.ima_hash";
	case VERIFY_LOG_PCR:
		return "ima.validation.ima_pcr";
	case VERIFY_FILE_UNLISTED:
		return "ima.validation.ima-ng.not_in_allowlist";
	case VERIFY_FILE_DIGEST:
		return "ima.validation.ima-ng.runtime_policy_hash";
	case VERIFY_BUFFER_UNLISTED:
	case VERIFY_KEY_UNLISTED:
		return "ima.validation.ima-buf.not_in_allowlist";
	case VERIFY_BUFFER_DIGEST:
	case VERIFY_KEY_DIGEST:
		return "ima.validation.ima-buf.runtime_policy_hash";
	case VERIFY_FILE_UNPROVED:
		return "ima.validation.ima_pcr";
	case VERIFY_LOG_VIOLATION:
	case VERIFY_FILE_VIOLATION:
		return "ima.validation.tomtou";
	case VERIFY_LOG_FORM:
		return "ima.parser.entry";
	default:
		snprintf(own, 64, "imastage.%s", verify_id_name(id));
		return own;
	}
}

static void put_failure(struct json *json, const struct verify_reason *reason)
{
	char own[64], index[24];

	json_open(json, NULL, '{');
	json_text(json, "type", type_of(reason->id, own));
	json_open(json, "context", '{');
	json_text(json, "message", verify_id_meaning(reason->id));
	if (reason->text[0])
		json_text(json, "text", reason->text);
	if (reason->has_index) {
		snprintf(index, sizeof(index), "%llu",
			 (unsigned long long)reason->index);
		json_text(json, "index", index);
	}
	if (reason->path_len > 0)
		json_bytes(json, "path",
			   bytes_of(reason->path, reason->path_len));
	json_close(json, '}');
	json_close(json, '}');
}

static void put_other(struct json *json, const char *type, const char *name,
		      const char *value)
{
	json_open(json, NULL, '{');
	json_text(json, "type", type);
	json_open(json, "context", '{');
	json_text(json, name, value);
	json_close(json, '}');
	json_close(json, '}');
}

static void put_wrong(struct json *json, const char *type, size_t offset,
		      const char *reason)
{
	char byte[24];

	snprintf(byte, sizeof(byte), "%zu", offset);
	json_open(json, NULL, '{');
	json_text(json, "type", type);
	json_open(json, "context", '{');
	json_text(json, "message", reason);
	json_text(json, "byte", byte);
	json_close(json, '}');
	json_close(json, '}');
}

/* With --strict a warning is worth noting, too. */
static bool counts(const struct request *request, enum verify_id id)
{
	return verify_id_level(id) == VERIFY_FAILURE ||
	       (request->options->strict &&
		verify_id_level(id) == VERIFY_WARNING);
}

static void put_failures(struct json *json, const struct request *request,
			 int r)
{
	const struct verify_verdict *verdict = &request->options->verdict;

	json_open(json, "failures", '[');
	if (r == EVIDENCE_BODY_MISSING)
		put_other(json, "imastage.missing_param", "member",
			  request->error.reason);
	else if (request->policy_refused)
		put_wrong(json, "imastage.policy_refused",
			  request->policy_error.offset,
			  request->policy_error.reason);
	else if (r == -EBADMSG)
		put_wrong(json, "imastage.malformed", request->error.offset,
			  request->error.reason);
	else if (r < 0)
		put_other(json, "imastage.not_judged", "message", strerror(-r));
	if (request->body.other_policy)
		put_other(json, "imastage.policy_not_judged", "member",
			  request->body.other_policy);
	for (size_t i = 0; r == 0 && i < verdict->nr_reasons; i++)
		if (counts(request, verdict->reasons[i].id))
			put_failure(json, &verdict->reasons[i]);
	json_close(json, ']');
}

static bool is_bad(int r)
{
	return r == -EBADMSG || r == EVIDENCE_BODY_MISSING;
}

static enum cli_status status_of(const struct request *request, int r)
{
	enum cli_status status = verify_status(
		request->options, request->options->verdict.result);

	if (is_bad(r))
		return CLI_REJECTED;
	if (r < 0)
		return CLI_FAILED;
	return request->body.other_policy && status == CLI_OK ? CLI_FAILED :
								status;
}

static enum cli_status answer(const struct request *request, int r)
{
	enum cli_status status = status_of(request, r);
	struct json json;

	json_start(&json, stdout, '{');
	json_number(&json, "code", is_bad(r) ? 400 : r < 0 ? 500 : 200);
	json_text(&json, "status",
		  is_bad(r) ? "Bad Request" :
		  r < 0	    ? "Internal Server Error" :
			      "Success");
	json_open(&json, "results", '{');
	json_boolean(&json, "valid", status == CLI_OK);
	json_open(&json, "claims", '{');
	json_close(&json, '}');
	put_failures(&json, request, r);
	if (r == 0)
		verdict_put_json(&json, "imastage", &request->options->verdict);
	json_close(&json, '}');
	json_end(&json, '}');
	return status;
}

static void fini(struct request *request)
{
	evidence_keylime_body_fini(&request->body);
	policy_free(request->policy);
	free(request->text);
}

int verify_keylime(struct verify_options *options, char **args)
{
	struct request request = { .options = options };
	int status = CLI_OK;
	int r;

	if (*args || options->request.nonce.len > 0 ||
	    options->checkpoint_out || options->checkpoint.path ||
	    options->challenge.path)
		return cli_usage("--keylime: the request has quote, nonce and "
				 "list, and Keylime has no checkpoints");
	if (options->ak.path)
		status = part_load(&options->ak, "ak");
	if (status != CLI_OK)
		return status;
	status = given_read(options->keylime.path, "request",
			    EVIDENCE_BODY_LEN_MAX, &request.text, &request.len);
	if (status != CLI_OK)
		return status;
	r = judge_body(&request);
	status = answer(&request, r);
	fini(&request);
	return status;
}
