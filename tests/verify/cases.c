// SPDX-License-Identifier: MIT
/*
 * cases DIR [COMMAND]
 *
 * Runs the quotes of a table, DIR/cases.tsv, through the verifier and prints TAP. The
 * table is separated by tabs, its first line names the columns:
 *	msg sig pcrs ak list	name of a file in DIR/<column>, as hex text
 *	qualified	"ak": the key's qualified name is in DIR/ak.qualified.hex
 *	verifier machine	"-": the nonce is raw
 *	asked		BANK:FIRST[-LAST][+...]: the PCRs asked for
 *	last		RESETS:RESTARTS:CLOCK of the last quote, or "-"
 *	expected	accept, warn, reject, accept-or-warn or warn-or-reject
 *	ids		of reasons that must be among those given, joined by ','
 * Each case is verified without policies, which accepts nothing; with DIR/files.txt and
 * DIR/boot-pcrs.txt approved, which must come to what is expected; the same in pieces, as a
 * file is read; and without a policy for files on every way in (entry.h), by COMMAND as well.
 */
#include "base/file.h"
#include "base/hex.h"
#include "base/util.h"
#include "lib/hexfile.h"
#include "verify/entry.h"
#include "verify/verify.h"

#include <errno.h>
#include <inttypes.h>

#define LINE_MAX_LEN 4096
#define COLUMNS_MAX 32
#define FILES_MAX 64
#define FILE_LEN_MAX ((size_t)1 << 20)

struct file {
	uint8_t *data; /* owned */
	size_t len;
};

enum {
	MSG,
	SIG,
	PCRS,
	AK,
	LIST,
	NR_FILES
};

struct table {
	struct entry entry;
	const char *dir;
	char header[LINE_MAX_LEN];
	char *names[COLUMNS_MAX];
	char *values[COLUMNS_MAX]; /* of the line at hand */
	char *files_text; /* owned */
	struct pcr_values boot;
	struct file qualified;
};

static _Noreturn void bail_out(const char *what, const char *why)
{
	printf("Bail out! %s: %s\n", what, why);
	exit(1);
}

/* ---- the table ------------------------------------------------------------- */

static void split(char *line, char **ret_parts)
{
	size_t nr = 0;

	line[strcspn(line, "\n")] = '\0';
	memset(ret_parts, 0, COLUMNS_MAX * sizeof(*ret_parts));
	while (line && nr < COLUMNS_MAX)
		ret_parts[nr++] = strsep(&line, "\t");
}

static const char *column(const struct table *table, const char *name)
{
	for (size_t i = 0; i < COLUMNS_MAX && table->names[i]; i++)
		if (!strcmp(table->names[i], name) && table->values[i])
			return table->values[i];
	bail_out(name, "there is no such column");
}

static bool is_given(const char *value)
{
	return strcmp(value, "-") != 0;
}

/* DIR/folder/name.hex */
static void load(const struct table *table, const char *folder,
		 const char *name, struct file *ret_file)
{
	cleanup_free char *path = NULL;

	if (asprintf(&path, "%s/%s/%s.hex", table->dir, folder, name) < 0 ||
	    hexfile_read(path, &ret_file->data, &ret_file->len) < 0)
		bail_out(name, "cannot be read");
}

static void load_case(const struct table *table, struct file files[NR_FILES])
{
	static const char *const kinds[NR_FILES] = { "msg", "sig", "pcrs", "ak",
						     "list" };

	for (size_t i = 0; i < NR_FILES; i++)
		load(table, kinds[i], column(table, kinds[i]), &files[i]);
}

/* ---- policies -------------------------------------------------------------- */

/* Lines of hex digits, a space and a path. */
static int judge(void *context, struct imastage_bytes path,
		 struct imastage_bytes algorithm, struct imastage_bytes digest)
{
	char text[HEX_TEXT_LEN(IMASTAGE_DIGEST_MAX)] = "";
	int r = VERIFY_UNLISTED;

	if (digest.len <= IMASTAGE_DIGEST_MAX)
		hex_encode(digest, text);
	for (const char *line = context; *line;
	     line += strcspn(line, "\n") + 1) {
		size_t len = strcspn(line, "\n"), at = strcspn(line, " ");

		if (line[0] == '#' ||
		    !bytes_equal(bytes_of(line + at + 1, len - at - 1), path))
			continue;
		r = VERIFY_DIFFERS;
		if (bytes_equal_text(algorithm, "sha256") &&
		    bytes_equal_text(bytes_of(line, at), text))
			return 0;
	}
	return r;
}

static char *read_text(const struct table *table, const char *name)
{
	cleanup_free char *path = NULL;
	cleanup_free uint8_t *data = NULL;
	char *text;
	size_t len;

	if (asprintf(&path, "%s/%s", table->dir, name) < 0 ||
	    file_read(path, FILE_LEN_MAX, &data, &len) < 0)
		bail_out(name, "cannot be read");
	text = calloc(
		1, len + 2); /* an end behind a last line without a newline */
	if (!text)
		bail_out(name, "no memory");
	memcpy(text, data, len);
	return text;
}

static void load_policies(struct table *table)
{
	char *boot = read_text(table, "boot-pcrs.txt");
	size_t line;

	table->files_text = read_text(table, "files.txt");
	if (pcr_file_parse(bytes_of_text(boot), IMASTAGE_NR_BANKS, &table->boot,
			   &line) < 0)
		bail_out("boot-pcrs.txt", "has no PCR values");
	free(boot);
	load(table, ".", "ak.qualified", &table->qualified);
}

/* ---- requests -------------------------------------------------------------- */

static uint32_t parse_pcrs(char *text)
{
	char *last = strchr(text, '-');
	uint32_t first = (uint32_t)atoi(text);
	uint32_t end = last ? (uint32_t)atoi(last + 1) : first;

	return (uint32_t)((UINT64_C(1) << (end + 1)) - (UINT64_C(1) << first));
}

static void parse_asked(const char *text, struct evidence_selections *ret)
{
	char copy[LINE_MAX_LEN], *rest = copy, *part;

	snprintf(copy, sizeof(copy), "%s", text);
	ret->nr = 0;
	while ((part = strsep(&rest, "+"))) {
		char *pcrs = strchr(part, ':');
		enum imastage_bank bank;

		if (!pcrs ||
		    imastage_bank_by_name(bytes_of(part, (size_t)(pcrs - part)),
					  &bank) < 0)
			bail_out(text, "is no selection");
		ret->of[ret->nr].alg = imastage_bank_tpm_alg(bank);
		ret->of[ret->nr++].pcrs = parse_pcrs(pcrs + 1);
	}
}

static void parse_last(const char *text, struct verify_request *request)
{
	struct evidence_clock *last = &request->last;

	if (!is_given(text))
		return;
	request->has_last = sscanf(text, "%" SCNu32 ":%" SCNu32 ":%" SCNu64,
				   &last->resets, &last->restarts,
				   &last->clock) == 3;
	if (!request->has_last)
		bail_out(text, "is no clock");
}

static struct imastage_bytes id_of(const struct table *table, const char *name)
{
	const char *value = column(table, name);

	return is_given(value) ? bytes_of_text(value) : bytes_of(NULL, 0);
}

static void make_request(const struct table *table, const struct file *files,
			 uint8_t nonce[EVIDENCE_NAME_MAX],
			 struct verify_request *ret_request)
{
	const char *text = column(table, "nonce");
	size_t len;

	if (hex_decode(bytes_of_text(text), EVIDENCE_NAME_MAX, nonce, &len) < 0)
		bail_out(text, "is no nonce");
	*ret_request = (struct verify_request){
		.ak = bytes_of(files[AK].data, files[AK].len),
		.nonce = bytes_of(nonce, len),
		.verifier = id_of(table, "verifier"),
		.machine = id_of(table, "machine"),
		.list_pcrs = 1u << IMASTAGE_PCR_IMA,
		.explain = true,
	};
	if (is_given(column(table, "qualified")))
		ret_request->qualified_name =
			bytes_of(table->qualified.data, table->qualified.len);
	parse_asked(column(table, "asked"), &ret_request->asked);
	parse_last(column(table, "last"), ret_request);
}

/* ---- a case ---------------------------------------------------------------- */

/* Gives a list in pieces of a prime number of bytes. */
struct pieces {
	struct imastage_bytes rest;
};

static ssize_t read_piece(void *context, void *data, size_t len)
{
	struct pieces *pieces = context;
	struct imastage_bytes piece =
		bytes_first(pieces->rest, len < 7 ? len : 7);

	if (piece.len > 0)
		memcpy(data, piece.data, piece.len);
	pieces->rest = bytes_skip(pieces->rest, piece.len);
	return (ssize_t)piece.len;
}

static int verify(const struct verify_request *request,
		  const struct file *files, bool in_pieces,
		  struct verify_verdict *ret_verdict)
{
	const struct imastage_reader_options options = {
		.format = IMASTAGE_FORMAT_BINARY
	};
	struct pieces pieces = { bytes_of(files[LIST].data, files[LIST].len) };
	const struct imastage_source source = { read_piece, &pieces };
	const struct verify_evidence evidence = {
		.msg = bytes_of(files[MSG].data, files[MSG].len),
		.sig = bytes_of(files[SIG].data, files[SIG].len),
		.pcrs = bytes_of(files[PCRS].data, files[PCRS].len),
	};
	struct imastage_reader *reader;
	int r = in_pieces ? imastage_reader_new(source, &options, &reader) :
			    imastage_reader_new_memory(pieces.rest, &options,
						       &reader);

	if (r < 0)
		return r;
	r = verify_quote(request, &evidence, verify_list_of(reader),
			 ret_verdict);
	imastage_reader_free(reader);
	return r;
}

static bool is_expected(const char *expected, enum verify_result result)
{
	switch (result) {
	case VERIFY_ACCEPTED:
		return !strcmp(expected, "accept") ||
		       !strcmp(expected, "accept-or-warn");
	case VERIFY_WARNED:
		return !strncmp(expected, "warn", 4) ||
		       !strcmp(expected, "accept-or-warn");
	case VERIFY_REJECTED:
		return !strcmp(expected, "reject") ||
		       !strcmp(expected, "warn-or-reject");
	default:
		return false;
	}
}

static bool has_id(const struct verify_verdict *verdict, const char *name)
{
	for (enum verify_id id = 0; id < VERIFY_NR_IDS; id++)
		if (!strcmp(verify_id_name(id), name))
			return verify_has(verdict, id);
	return false;
}

static bool has_ids(const struct verify_verdict *verdict, const char *ids)
{
	char copy[LINE_MAX_LEN], *rest = copy, *id;

	if (!is_given(ids))
		return true;
	snprintf(copy, sizeof(copy), "%s", ids);
	while ((id = strsep(&rest, ",")))
		if (!has_id(verdict, id))
			return false;
	return true;
}

static void print_reasons(const struct verify_verdict *verdict)
{
	printf("# %s, %s\n", verify_result_name(verdict->result),
	       verdict->proved ? "proved" : "not proved");
	for (size_t i = 0; i < verdict->nr_reasons; i++) {
		const struct verify_reason *reason = &verdict->reasons[i];

		printf("# %s: %s; %s (record %" PRIu64 ", byte %" PRIu64 ")\n",
		       verify_id_name(reason->id),
		       verify_id_meaning(reason->id), reason->text,
		       reason->index, reason->byte);
	}
}

/* Nothing of the two may differ. */
static bool same_verdicts(const struct verify_verdict *a,
			  const struct verify_verdict *b)
{
	return a->result == b->result && a->proved == b->proved &&
	       a->next_index == b->next_index && a->nr_excess == b->nr_excess &&
	       !memcmp(a->nr_of, b->nr_of, sizeof(a->nr_of));
}

/* A checkpoint has the firmware, which the table has not: it is not to differ. */
static void add_firmware(struct verify_request *request,
			 const struct file *files)
{
	struct evidence_attest attest;
	struct evidence_error error;

	if (evidence_attest_parse(bytes_of(files[MSG].data, files[MSG].len),
				  &attest, &error) == 0)
		request->firmware = attest.firmware;
}

/* What the whole verdict rejects for a file, this one cannot. */
static bool run_entries(struct table *table, struct verify_request request,
			const struct file *files)
{
	static struct verify_verdict verdict;
	const struct entry_evidence evidence = {
		.msg = bytes_of(files[MSG].data, files[MSG].len),
		.sig = bytes_of(files[SIG].data, files[SIG].len),
		.pcrs = bytes_of(files[PCRS].data, files[PCRS].len),
		.ak = bytes_of(files[AK].data, files[AK].len),
		.list = bytes_of(files[LIST].data, files[LIST].len),
	};
	const char *wrong;

	request.files = NULL;
	add_firmware(&request, files);
	wrong = entry_verify(&table->entry, &request, &evidence, &verdict);
	if (wrong)
		printf("# %s\n", wrong);
	return !wrong && verdict.result != VERIFY_ACCEPTED;
}

static bool run_case(struct table *table)
{
	static struct verify_verdict bare, whole, pieces;
	const struct verify_files policy = { judge, table->files_text };
	struct file files[NR_FILES];
	uint8_t nonce[EVIDENCE_NAME_MAX];
	struct verify_request request;
	bool good;

	load_case(table, files);
	make_request(table, files, nonce, &request);
	good = verify(&request, files, false, &bare) == 0 &&
	       bare.result != VERIFY_ACCEPTED;
	request.files = &policy;
	request.boots = &table->boot;
	request.nr_boots = 1;
	good = verify(&request, files, false, &whole) == 0 && good;
	good = verify(&request, files, true, &pieces) == 0 && good;
	good = good && same_verdicts(&whole, &pieces) &&
	       is_expected(column(table, "expected"), whole.result) &&
	       has_ids(&whole, column(table, "ids"));
	good = run_entries(table, request, files) && good;
	if (!good || getenv("CASES_TALK"))
		print_reasons(&whole);
	for (size_t i = 0; i < NR_FILES; i++)
		free(files[i].data);
	return good;
}

int main(int argc, char **argv)
{
	struct table table = { .dir = argc >= 2 ? argv[1] : "" };
	char path[LINE_MAX_LEN], line[LINE_MAX_LEN];
	unsigned int nr = 0, failed = 0;
	FILE *file;

	snprintf(path, sizeof(path), "%s/cases.tsv", table.dir);
	file = fopen(path, "re");
	if (!file || !fgets(table.header, sizeof(table.header), file))
		bail_out(path, "cannot be read");
	if (!entry_init(&table.entry, argc > 2 ? argv[2] : NULL))
		bail_out("/tmp", "no folder can be made");
	split(table.header, table.names);
	load_policies(&table);
	while (fgets(line, sizeof(line), file)) {
		bool good;

		split(line, table.values);
		good = run_case(&table);
		failed += !good;
		printf("%s %u - %s\n", good ? "ok" : "not ok", ++nr,
		       column(&table, "case"));
	}
	printf("1..%u\n", nr);
	fclose(file);
	entry_fini(&table.entry);
	free(table.files_text);
	free(table.qualified.data);
	return failed > 0;
}
