// SPDX-License-Identifier: MIT
#include "verify/entry.h"
#include "base/bytes.h"
#include "base/hex.h"
#include "base/util.h"
#include "verify/checkpoint.h"
#include "verify/file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define ARGS_MAX 64

extern char **environ;

/* What is compared: of a verdict, or read from JSON. */
struct said {
	enum verify_result result;
	bool proved;
	uint64_t next;
	uint64_t nr_of[VERIFY_NR_IDS];
};

/* ---- the library ------------------------------------------------------------- */

static ssize_t read_left(void *context, void *data, size_t len)
{
	struct imastage_bytes *left = context;
	struct imastage_bytes piece = bytes_first(*left, len);

	if (piece.len > 0)
		memcpy(data, piece.data, piece.len);
	*left = bytes_skip(*left, piece.len);
	return (ssize_t)piece.len;
}

static int on_bytes(const struct verify_request *request,
		    const struct entry_evidence *evidence,
		    struct verify_verdict *ret_verdict)
{
	const struct imastage_reader_options options = {
		.format = IMASTAGE_FORMAT_BINARY,
		.first_index = request->first_index,
	};
	struct imastage_bytes log = evidence->boot_log;
	const struct imastage_source source = { read_left, &log };
	struct verify_boot_log boot_log;
	struct verify_evidence is = { .msg = evidence->msg,
				      .sig = evidence->sig,
				      .pcrs = evidence->pcrs };
	struct imastage_reader *reader;
	int r;

	if (log.len > 0) {
		r = verify_read_boot_log(source, request, &boot_log);
		if (r < 0)
			return r;
		is.boot_log = &boot_log;
	}
	r = imastage_reader_new_memory(evidence->list, &options, &reader);
	if (r < 0)
		return r;
	r = verify_quote(request, &is, verify_list_of(reader), ret_verdict);
	imastage_reader_free(reader);
	return r;
}

static int on_file(const struct verify_request *request,
		   struct imastage_bytes file,
		   struct verify_verdict *ret_verdict)
{
	const struct imastage_source source = { read_left, &file };
	const struct container_small *small;
	struct verify_file *opened;
	int r = verify_file_new(source, 0, &opened);

	if (r < 0)
		return r;
	r = verify_file_open(opened, &small);
	if (r == 0)
		r = verify_file_run(opened, request, ret_verdict);
	else if (r == VERIFY_FILE_REFUSED)
		verify_file_refuse(opened, ret_verdict);
	verify_file_free(opened);
	return r < 0 ? r : 0;
}

static struct said said_of(const struct verify_verdict *verdict)
{
	struct said said = {
		verdict->result, verdict->proved, verdict->next_index, { 0 }
	};

	memcpy(said.nr_of, verdict->nr_of, sizeof(said.nr_of));
	return said;
}

/* ---- files --------------------------------------------------------------------- */

static unsigned int banks_of(const struct evidence_selections *selections)
{
	unsigned int banks = 0;
	enum imastage_bank bank;

	for (size_t i = 0; i < selections->nr; i++)
		if (imastage_bank_by_tpm_alg(selections->of[i].alg, &bank) == 0)
			banks |= 1u << bank;
	return banks;
}

static struct manifest describe(const struct verify_request *request,
				const struct entry_evidence *evidence,
				const struct verify_verdict *verdict)
{
	struct manifest manifest = { .first = request->first_index,
				     .kernel = "6.12" };
	struct evidence_attest attest;
	struct evidence_error error;

	if (evidence_attest_parse(evidence->msg, &attest, &error) == 0)
		manifest.banks = banks_of(&attest.selections);
	if (manifest.banks == 0)
		manifest.banks = banks_of(&request->asked);
	if (verdict->proved) {
		manifest.records = verdict->next_index - verdict->first_index;
		manifest.excess = verdict->nr_excess;
	}
	return manifest;
}

static int put_view(void *context, struct imastage_sink sink)
{
	const struct imastage_bytes *bytes = context;

	return bytes->len ? sink.write(sink.context, bytes->data, bytes->len) :
			    0;
}

static int pack(const struct verify_request *request,
		const struct entry_evidence *evidence,
		const struct verify_verdict *verdict,
		struct imastage_buffer *file)
{
	const struct container_small small = {
		.manifest = evidence->manifest ?
				    *evidence->manifest :
				    describe(request, evidence, verdict),
		.msg = evidence->msg,
		.sig = evidence->sig,
		.pcrs = evidence->pcrs,
		.ak = evidence->ak,
	};
	struct imastage_bytes list = evidence->list, log = evidence->boot_log;
	const struct container_stream records = { put_view, &list };
	const struct container_stream boot_log = { put_view, &log };

	return container_write(imastage_sink_buffer(file), false, &small,
			       log.len > 0 ? &boot_log : NULL, &records);
}

static void path_of(const struct entry *entry, const char *name, char path[128])
{
	snprintf(path, 128, "%s/%s", entry->folder, name);
}

static bool put_file(const struct entry *entry, const char *name,
		     struct imastage_bytes bytes)
{
	char path[128];
	FILE *file;
	bool good;

	path_of(entry, name, path);
	file = fopen(path, "we");
	if (!file)
		return false;
	good = bytes.len == 0 ||
	       fwrite(bytes.data, 1, bytes.len, file) == bytes.len;
	return fclose(file) == 0 && good;
}

/* What was approved, as tpm2_pcrread prints it. */
static bool put_boot(const struct entry *entry, const struct pcr_values *boot)
{
	char text[8192], hex[HEX_TEXT_LEN(IMASTAGE_DIGEST_MAX)];
	size_t len = 0;

	for (enum imastage_bank bank = 0; bank < IMASTAGE_NR_BANKS; bank++) {
		if (!boot->set[bank])
			continue;
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s:\n",
					imastage_bank_name(bank));
		for (unsigned int pcr = 0; pcr < 10; pcr++) {
			hex_encode(bytes_of(boot->of[bank][pcr],
					    imastage_bank_digest_len(bank)),
				   hex);
			len += (size_t)snprintf(text + len, sizeof(text) - len,
						"  %u : 0x%s\n", pcr, hex);
		}
	}
	return put_file(entry, "boot", bytes_of(text, len));
}

static struct checkpoint checkpoint_of(const struct verify_request *request)
{
	struct checkpoint checkpoint = {
		.sequence = 1,
		.clock = request->last,
		.firmware = request->firmware,
		.has_first_record = request->has_first_record,
		.next = request->start ? request->first_index :
					 request->known_next,
		.verdict = VERIFY_WARNED,
	};
	struct evidence_public key;
	struct evidence_error error;

	if (request->carried)
		checkpoint.carried = *request->carried;
	snprintf(checkpoint.machine, sizeof(checkpoint.machine), "%.*s",
		 (int)request->machine.len,
		 request->machine.len ? (const char *)request->machine.data :
					"");
	memcpy(checkpoint.first_record, request->first_record,
	       VERIFY_RECORD_LEN);
	checkpoint.pcrs.set[IMASTAGE_SHA256] = 1u << IMASTAGE_PCR_IMA;
	if (request->start)
		checkpoint.pcrs = *request->start;
	if (evidence_public_parse(request->ak, &key, &error) == 0)
		(void)evidence_public_name(&key, &checkpoint.ak_name);
	if (request->machine.len == 0)
		hex_encode(bytes_of(checkpoint.ak_name.bytes,
				    checkpoint.ak_name.len),
			   checkpoint.machine);
	return checkpoint;
}

static bool put_checkpoint(const struct entry *entry,
			   const struct verify_request *request)
{
	const struct checkpoint checkpoint = checkpoint_of(request);
	struct imastage_buffer envelope = { 0 }, pem = { 0 };
	struct dsse_key *key = NULL;
	bool good = dsse_key_new(&key) == 0 &&
		    dsse_key_write(key, true, &pem) == 0 &&
		    checkpoint_sign(&checkpoint, key, &envelope) == 0 &&
		    put_file(entry, "key", bytes_of(pem.data, pem.len)) &&
		    put_file(entry, "checkpoint",
			     bytes_of(envelope.data, envelope.len));

	dsse_key_free(key);
	free(envelope.data);
	free(pem.data);
	return good;
}

static bool put_all(const struct entry *entry,
		    const struct verify_request *request,
		    const struct entry_evidence *evidence,
		    const struct imastage_buffer *file)
{
	return put_file(entry, "msg", evidence->msg) &&
	       put_file(entry, "sig", evidence->sig) &&
	       put_file(entry, "pcrs", evidence->pcrs) &&
	       put_file(entry, "list", evidence->list) &&
	       put_file(entry, "log", evidence->boot_log) &&
	       put_file(entry, "policy", evidence->boot_policy) &&
	       put_file(entry, "ak", request->ak) &&
	       put_file(entry, "evidence", bytes_of(file->data, file->len)) &&
	       (request->nr_boots == 0 || put_boot(entry, request->boots)) &&
	       (!request->has_last || put_checkpoint(entry, request));
}

/* ---- the command ----------------------------------------------------------------- */

struct line {
	const struct entry *entry;
	char *args[ARGS_MAX];
	size_t nr;
};

static void add(struct line *line, const char *arg)
{
	line->args[line->nr++] = strdup(arg);
}

static void add_file(struct line *line, const char *option, const char *name)
{
	char path[128];

	path_of(line->entry, name, path);
	if (option)
		add(line, option);
	add(line, path);
}

static void add_hex(struct line *line, const char *option,
		    struct imastage_bytes bytes)
{
	char hex[HEX_TEXT_LEN(256)];

	if (bytes.len == 0)
		return;
	hex_encode(bytes, hex);
	add(line, option);
	add(line, hex);
}

static void add_id(struct line *line, const char *option,
		   struct imastage_bytes id)
{
	char text[256];

	if (id.len == 0)
		return;
	snprintf(text, sizeof(text), "%.*s", (int)id.len,
		 (const char *)id.data);
	add(line, option);
	add(line, text);
}

/* sha256:0,1,10+sha1:10 */
static void add_asked(struct line *line,
		      const struct evidence_selections *asked)
{
	char text[512] = "";
	size_t len = 0;

	for (size_t i = 0; i < asked->nr; i++) {
		enum imastage_bank bank = IMASTAGE_SHA1;
		char sign = ':';

		(void)imastage_bank_by_tpm_alg(asked->of[i].alg, &bank);
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%s",
					i ? "+" : "", imastage_bank_name(bank));
		for (unsigned int pcr = 0; pcr < 24; pcr++)
			if (asked->of[i].pcrs & 1u << pcr) {
				len += (size_t)snprintf(text + len,
							sizeof(text) - len,
							"%c%u", sign, pcr);
				sign = ',';
			}
	}
	add(line, "--asked");
	add(line, text);
}

static void add_request(struct line *line, const struct verify_request *request)
{
	add(line, line->entry->command);
	add(line, "verify");
	add(line, "--json");
	add_file(line, "--ak", "ak");
	add_hex(line, "--nonce", request->nonce);
	add_hex(line, "--qualified-name", request->qualified_name);
	add_id(line, "--verifier", request->verifier);
	add_id(line, "--machine", request->machine);
	add_asked(line, &request->asked);
	if (request->raw_32)
		add(line, "--raw-32");
	if (request->nr_boots > 0)
		add_file(line, "--boot-pcrs", "boot");
	if (request->boot_policy)
		add_file(line, "--boot-policy", "policy");
	if (!request->has_last)
		return;
	add_file(line, "--checkpoint", "checkpoint");
	add_file(line, "--verifier-key", "key");
}

static void add_parts(struct line *line, const struct verify_request *request,
		      const struct entry_evidence *evidence)
{
	char first[24];

	add_file(line, "--quote", "msg");
	add_file(line, "--signature", "sig");
	add_file(line, "--pcrs", "pcrs");
	if (evidence->boot_log.len > 0)
		add_file(line, "--boot-log", "log");
	add(line, "--from");
	add(line, "canonical");
	add(line, "--list-bank");
	add(line, "sha1");
	snprintf(first, sizeof(first), "%" PRIu64, request->first_index);
	add(line, "--first-index");
	add(line, first);
	add_file(line, NULL, "list");
}

static int run(struct line *line)
{
	posix_spawn_file_actions_t actions;
	char path[128];
	int status = -1;
	pid_t pid;

	path_of(line->entry, "out", path);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, path,
					 O_WRONLY | O_CREAT | O_TRUNC, 0600);
	posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null",
					 O_WRONLY, 0);
	if (posix_spawn(&pid, line->args[0], &actions, NULL, line->args,
			environ) == 0)
		waitpid(pid, &status, 0);
	posix_spawn_file_actions_destroy(&actions);
	for (size_t i = 0; i < line->nr; i++)
		free(line->args[i]);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* "name":"N" behind @text; 0 if it is not there. */
static uint64_t number_in(const char *text, const char *name)
{
	char key[80];
	const char *at;

	snprintf(key, sizeof(key), "\"%s\":\"", name);
	at = strstr(text, key);
	return at ? strtoull(at + strlen(key), NULL, 10) : 0;
}

static bool is_verdict(const char *text, enum verify_result result)
{
	char key[80];

	snprintf(key, sizeof(key), "\"verdict\":\"%s\"",
		 verify_result_name(result));
	return strstr(text, key) != NULL;
}

/* Nothing that a terminal or a browser would obey: in JSON all of it is in strings. */
static bool is_harmless(const char *text)
{
	for (const char *at = text; *at; at++)
		if (((unsigned char)*at < ' ' && *at != '\n') || *at == 0x7f)
			return false;
	return !strstr(text, "\xe2\x80");
}

static bool read_said(const struct entry *entry, struct said *ret_said)
{
	static char text[1 << 18];
	const char *counts;
	char path[128];
	FILE *file;

	path_of(entry, "out", path);
	file = fopen(path, "re");
	if (!file)
		return false;
	text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
	fclose(file);
	counts = strstr(text, "\"counts\":{");
	if (!counts || !is_harmless(text))
		return false;
	memset(ret_said, 0, sizeof(*ret_said));
	for (int i = VERIFY_NONE; i <= VERIFY_REJECTED; i++)
		if (is_verdict(text, (enum verify_result)i))
			ret_said->result = (enum verify_result)i;
	ret_said->proved = strstr(text, "\"proved\":true") != NULL;
	ret_said->next = number_in(text, "next");
	for (enum verify_id id = 0; id < VERIFY_NR_IDS; id++)
		ret_said->nr_of[id] = number_in(counts, verify_id_name(id));
	return true;
}

/* Does the exit status tell what the JSON does? */
static bool fits(int status, enum verify_result result)
{
	return status == (result == VERIFY_REJECTED ? 3 :
			  result == VERIFY_NONE	    ? 1 :
						      0);
}

/* ---- all of them -------------------------------------------------------------------- */

/* The manifest is a thing of evidence files. */
static bool is_compared(enum verify_id id)
{
	return id < VERIFY_MANIFEST_KIND || id > VERIFY_MANIFEST_BANKS;
}

static const char *compare(const struct said *a, const struct said *b,
			   const char *entry, char text[256])
{
	for (enum verify_id id = 0; id < VERIFY_NR_IDS; id++) {
		if (!is_compared(id) || a->nr_of[id] == b->nr_of[id])
			continue;
		snprintf(text, 256, "%s: %s %" PRIu64 " times and not %" PRIu64,
			 entry, verify_id_name(id), b->nr_of[id], a->nr_of[id]);
		return text;
	}
	if (a->result == b->result && a->proved == b->proved &&
	    a->next == b->next)
		return NULL;
	snprintf(text, 256, "%s: %s, proved %d, next %" PRIu64, entry,
		 verify_result_name(b->result), b->proved, b->next);
	return text;
}

static const char *ask_command(const struct entry *entry,
			       const struct verify_request *request,
			       const struct entry_evidence *evidence,
			       const struct said *wanted, char text[256])
{
	for (int as_file = 0; as_file < 2; as_file++) {
		const char *name = as_file ? "command on a file" :
					     "command on parts";
		struct line line = { .entry = entry };
		struct said said;
		int status;

		if (!as_file && evidence->manifest)
			continue;
		add_request(&line, request);
		if (as_file)
			add_file(&line, NULL, "evidence");
		else
			add_parts(&line, request, evidence);
		status = run(&line);
		if (!read_said(entry, &said) || !fits(status, said.result)) {
			snprintf(text, 256, "%s: status %d", name, status);
			return text;
		}
		if (compare(wanted, &said, name, text))
			return text;
	}
	return NULL;
}

static const char *verify_all(struct entry *entry,
			      const struct verify_request *request,
			      const struct entry_evidence *evidence,
			      struct imastage_buffer *file,
			      struct verify_verdict *verdict)
{
	static struct verify_verdict on_a_file;
	static char text[256];
	struct said wanted, said;

	if (on_bytes(request, evidence, verdict) < 0)
		return "the library on bytes: an error";
	if (pack(request, evidence, verdict, file) < 0)
		return "no evidence file can be made of it";
	if (on_file(request, bytes_of(file->data, file->len), &on_a_file) < 0)
		return "the library on a file: an error";
	if (evidence->manifest)
		*verdict = on_a_file;
	wanted = said_of(verdict);
	said = said_of(&on_a_file);
	if (compare(&wanted, &said, "library on a file", text))
		return text;
	if (!entry->command)
		return NULL;
	if (!put_all(entry, request, evidence, file))
		return "files cannot be written";
	return ask_command(entry, request, evidence, &wanted, text);
}

const char *entry_verify(struct entry *entry,
			 const struct verify_request *request,
			 const struct entry_evidence *evidence,
			 struct verify_verdict *ret_verdict)
{
	struct verify_request is = *request;
	struct imastage_buffer file = { 0 };
	const char *wrong;

	/* As the command has it. */
	is.from_file = is.has_last;
	is.has_firmware = is.has_last;
	is.trusted = "it is the file given by --ak";
	is.explain = true;
	if (is.has_last && !is.start && is.known_next == 0)
		is.known_next = 1;
	wrong = verify_all(entry, &is, evidence, &file, ret_verdict);
	free(file.data);
	return wrong;
}

bool entry_init(struct entry *entry, const char *command)
{
	entry->command = command;
	snprintf(entry->folder, sizeof(entry->folder),
		 "/tmp/imastage-entry-XXXXXX");
	return !command || mkdtemp(entry->folder);
}

void entry_fini(struct entry *entry)
{
	static const char *const names[] = {
		"msg",	"sig", "pcrs",	     "list", "log",	 "ak",
		"boot", "key", "checkpoint", "out",  "evidence",
	};
	char path[128];

	for (size_t i = 0; entry->command && i < ARRAY_SIZE(names); i++) {
		path_of(entry, names[i], path);
		unlink(path);
	}
	if (entry->command)
		rmdir(entry->folder);
}
