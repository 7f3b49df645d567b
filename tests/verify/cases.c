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
 * Each case is verified without policies, which accepts nothing; with DIR/files.policy.json
 * and DIR/boot-pcrs.txt approved, which must come to what is expected; the same in pieces, as a
 * file is read; and without a policy for files on every way in (entry.h), by COMMAND as well.
 */
#include "base/hex.h"
#include "base/util.h"
#include "policy/read.h"
#include "verify/entry.h"
#include "verify/table.h"
#include "verify/verify.h"

#include <errno.h>
#include <inttypes.h>

#define POLICY "files.policy.json"

enum {
	MSG,
	SIG,
	PCRS,
	AK,
	LIST,
	NR_FILES
};

struct run {
	struct table table;
	struct entry entry;
	struct policy *policy; /* owned */
	struct pcr_values boot;
	struct table_file qualified;
};

/* ---- what is loaded -------------------------------------------------------- */

static void load_case(const struct table *table,
		      struct table_file files[NR_FILES])
{
	static const char *const kinds[NR_FILES] = { "msg", "sig", "pcrs", "ak",
						     "list" };

	for (size_t i = 0; i < NR_FILES; i++)
		table_load(table, kinds[i], table_column(table, kinds[i]),
			   &files[i]);
}

/* ---- policies -------------------------------------------------------------- */

static void load_policies(struct run *run)
{
	struct table_file boot, policy;
	struct policy_error error;
	size_t line;

	table_load_plain(&run->table, "boot-pcrs.txt", &boot);
	table_load_plain(&run->table, POLICY, &policy);
	if (policy_read(bytes_of(policy.data, policy.len), NULL, &run->policy,
			&error) < 0)
		table_bail_out(POLICY, error.reason);
	if (pcr_file_parse(bytes_of(boot.data, boot.len), IMASTAGE_NR_BANKS,
			   &run->boot, &line) < 0)
		table_bail_out("boot-pcrs.txt", "has no PCR values");
	free(boot.data);
	free(policy.data);
	table_load(&run->table, ".", "ak.qualified", &run->qualified);
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
	char copy[TABLE_LINE_MAX], *rest = copy, *part;

	snprintf(copy, sizeof(copy), "%s", text);
	ret->nr = 0;
	while ((part = strsep(&rest, "+"))) {
		char *pcrs = strchr(part, ':');
		enum imastage_bank bank;

		if (!pcrs ||
		    imastage_bank_by_name(bytes_of(part, (size_t)(pcrs - part)),
					  &bank) < 0)
			table_bail_out(text, "is no selection");
		else
			ret->of[ret->nr].pcrs = parse_pcrs(pcrs + 1);
		ret->of[ret->nr++].alg = imastage_bank_tpm_alg(bank);
	}
}

static void parse_last(const char *text, struct verify_request *request)
{
	struct evidence_clock *last = &request->last;

	if (!table_is_given(text))
		return;
	request->has_last = sscanf(text, "%" SCNu32 ":%" SCNu32 ":%" SCNu64,
				   &last->resets, &last->restarts,
				   &last->clock) == 3;
	if (!request->has_last)
		table_bail_out(text, "is no clock");
}

static struct imastage_bytes id_of(const struct table *table, const char *name)
{
	const char *value = table_column(table, name);

	return table_is_given(value) ? bytes_of_text(value) : bytes_of(NULL, 0);
}

static void make_request(const struct run *run, const struct table_file *files,
			 uint8_t nonce[EVIDENCE_NAME_MAX],
			 struct verify_request *ret_request)
{
	const struct table *table = &run->table;
	const char *text = table_column(table, "nonce");
	size_t len;

	if (hex_decode(bytes_of_text(text), EVIDENCE_NAME_MAX, nonce, &len) < 0)
		table_bail_out(text, "is no nonce");
	*ret_request = (struct verify_request){
		.ak = bytes_of(files[AK].data, files[AK].len),
		.nonce = bytes_of(nonce, len),
		.verifier = id_of(table, "verifier"),
		.machine = id_of(table, "machine"),
		.list_pcrs = 1u << IMASTAGE_PCR_IMA,
		.explain = true,
	};
	if (table_is_given(table_column(table, "qualified")))
		ret_request->qualified_name =
			bytes_of(run->qualified.data, run->qualified.len);
	parse_asked(table_column(table, "asked"), &ret_request->asked);
	parse_last(table_column(table, "last"), ret_request);
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
		  const struct table_file *files, bool in_pieces,
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
	char copy[TABLE_LINE_MAX], *rest = copy, *id;

	if (!table_is_given(ids))
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
			 const struct table_file *files)
{
	struct evidence_attest attest;
	struct evidence_error error;

	if (evidence_attest_parse(bytes_of(files[MSG].data, files[MSG].len),
				  &attest, &error) == 0)
		request->firmware = attest.firmware;
}

/* What the whole verdict rejects for a file, this one cannot. */
static bool run_entries(struct run *run, struct verify_request request,
			const struct table_file *files)
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

	request.policy = NULL;
	add_firmware(&request, files);
	wrong = entry_verify(&run->entry, &request, &evidence, &verdict);
	if (wrong)
		printf("# %s\n", wrong);
	return !wrong && verdict.result != VERIFY_ACCEPTED;
}

static bool run_case(struct run *run)
{
	const struct table *table = &run->table;
	static struct verify_verdict bare, whole, pieces;
	struct table_file files[NR_FILES];
	uint8_t nonce[EVIDENCE_NAME_MAX];
	struct verify_request request;
	bool good;

	load_case(table, files);
	make_request(run, files, nonce, &request);
	good = verify(&request, files, false, &bare) == 0 &&
	       bare.result != VERIFY_ACCEPTED;
	request.policy = run->policy;
	request.violations = VERIFY_VIOLATIONS_WARN;
	request.boots = &run->boot;
	request.nr_boots = 1;
	good = verify(&request, files, false, &whole) == 0 && good;
	good = verify(&request, files, true, &pieces) == 0 && good;
	good = good && same_verdicts(&whole, &pieces) &&
	       is_expected(table_column(table, "expected"), whole.result) &&
	       has_ids(&whole, table_column(table, "ids"));
	good = run_entries(run, request, files) && good;
	if (!good || getenv("CASES_TALK"))
		print_reasons(&whole);
	for (size_t i = 0; i < NR_FILES; i++)
		free(files[i].data);
	return good;
}

int main(int argc, char **argv)
{
	static struct run run;
	unsigned int nr = 0, failed = 0;

	table_open(&run.table, argc >= 2 ? argv[1] : "");
	if (!entry_init(&run.entry, argc > 2 ? argv[2] : NULL))
		table_bail_out("/tmp", "no folder can be made");
	load_policies(&run);
	while (table_next(&run.table)) {
		bool good = run_case(&run);

		failed += !good;
		printf("%s %u - %s\n", good ? "ok" : "not ok", ++nr,
		       table_column(&run.table, "case"));
	}
	printf("1..%u\n", nr);
	table_close(&run.table);
	entry_fini(&run.entry);
	policy_free(run.policy);
	free(run.qualified.data);
	return failed > 0;
}
