// SPDX-License-Identifier: MIT
/*
 * policies DIR
 *
 * Runs the policies and lists of a table, DIR/cases.tsv, through the verifier and prints TAP:
 *	list ascii	names of hex text in DIR/list and DIR/ascii: one list in two forms
 *	bank		of the list's own digests
 *	policy key	DIR/policy/NAME.json; it has to be signed by DIR/KEY.pem, unless "-"
 *	switch		"violations=fail", "violations=warn" or "-"
 *	pcr10		what the TPM's PCR has in the sha256 bank
 *	expected	accept, warn, reject, accept-or-warn, warn-or-reject, policy-refused; "a|b"
 *	per_record	for each record what is right, "a|b,c"
 *	ours, ours_ascii	"RESULT RECORD,RECORD": what we have chosen of these, and stay with
 * The PCR is quoted by a key of the test, alone: what a verdict says of the boot is left out of the
 * result. Each case is run on both forms; with the policy as it was read, as it is written and read
 * again, and compiled. All have to say the same.
 */
#include "base/hex.h"
#include "base/util.h"
#include "lib/quotemaker.h"
#include "policy/read.h"
#include "verify/table.h"
#include "verify/verify.h"

#include <errno.h>

#define RECORDS_MAX 16
#define WORD_MAX 24
#define SAID_MAX 512

struct run {
	struct table table;
	struct maker_key ak; /* owned */
	struct policy *policy; /* owned, of the case at hand */
	unsigned int nr; /* records that were judged or passed over */
	char records[RECORDS_MAX][WORD_MAX];
};

/* ---- what was said ----------------------------------------------------------- */

static const char *const words[POLICY_NR_OUTCOMES] = {
	[POLICY_BY_DIGEST] = "allow",
	[POLICY_BY_SIGNATURE] = "signed",
	[POLICY_BY_BOTH] = "allow",
	[POLICY_BY_REPLAY] = "aggregate",
	[POLICY_KEY_LEARNT] = "key",
	[POLICY_KEY_IGNORED] = "keyignored",
	[POLICY_EXCLUDED] = "excluded",
	[POLICY_IS_DENIED] = "denied",
	[POLICY_RETIRED] = "retired",
	[POLICY_UNLISTED] = "notlisted",
	[POLICY_DIFFERS] = "hash",
	[POLICY_UNSIGNED] = "unsigned",
	[POLICY_IS_WEAK] = "weakalg",
	[POLICY_IS_VIOLATION] = "violation",
	[POLICY_UNPROVED] = "pcr",
	[POLICY_MALFORMED] = "entry",
	[POLICY_NO_TPM] = "noTPM",
	[POLICY_OTHER_AGGREGATE] = "aggregate-mismatch",
};

static void set_word(struct run *run, uint64_t index, const char *word)
{
	if (index < RECORDS_MAX)
		snprintf(run->records[index], WORD_MAX, "%s", word);
	else
		table_bail_out("a case", "has too many records");
	if (index >= run->nr)
		run->nr = (unsigned int)index + 1;
}

static void begin(void *context, const struct verify_request *request)
{
	struct run *run = context;

	(void)request;
	run->nr = 0;
	memset(run->records, 0, sizeof(run->records));
}

static void note(void *context, const struct verify_where *where,
		 const struct policy_reading *reading,
		 const struct policy_judgement *judgement)
{
	(void)reading;
	set_word(context, where->index, words[judgement->outcome]);
}

/* What is wrong before a policy is asked is the word for the record. */
static void note_reasons(struct run *run, const struct verify_verdict *verdict)
{
	for (size_t i = 0; i < verdict->nr_reasons; i++) {
		const struct verify_reason *reason = &verdict->reasons[i];

		if (reason->id == VERIFY_LOG_DIGEST)
			set_word(run, reason->index, "tdigest");
		/* Also of a record behind the quote, which nobody is told of. */
		if (reason->id == VERIFY_FILE_UNPROVED)
			set_word(run, reason->index, words[POLICY_UNPROVED]);
		if (reason->id == VERIFY_LOG_FORM)
			set_word(run, reason->index, "entry");
	}
}

/* Quotes of one PCR say nothing of the boot. */
static bool counts(enum verify_id id)
{
	return id != VERIFY_BOOT_POLICY && id != VERIFY_BOOT_UNQUOTED;
}

static const char *result_of(const struct verify_verdict *verdict)
{
	const char *result = "accept";

	for (enum verify_id id = 0; id < VERIFY_NR_IDS; id++) {
		if (!verify_has(verdict, id) || !counts(id))
			continue;
		if (verify_id_level(id) == VERIFY_FAILURE)
			return "reject";
		if (verify_id_level(id) == VERIFY_WARNING)
			result = "warn";
	}
	return result;
}

static void put_said(const struct run *run, const char *result,
		     char said[SAID_MAX])
{
	int len = snprintf(said, SAID_MAX, "%s ", result);

	for (unsigned int i = 0; i < run->nr; i++)
		len += snprintf(said + len, SAID_MAX - (size_t)len, "%s%s",
				i > 0 ? "," : "", run->records[i]);
}

/* ---- a run ------------------------------------------------------------------- */

static void make_quote(const struct run *run, struct made_quote *ret_made)
{
	static const uint8_t nonce[20] = { 1 };
	struct maker_quote quote = {
		.qualifying = bytes_of(nonce, sizeof(nonce)),
		.clock = { .clock = 1, .safe = true },
		.ima_alone = true,
	};
	const char *text = table_column(&run->table, "pcr10");
	size_t len;

	if (hex_decode(bytes_of_text(text), 32, quote.values[10], &len) < 0)
		table_bail_out(text, "is no PCR value");
	maker_make(&run->ak, &quote, ret_made);
}

static void make_request(const struct run *run, const struct policy *policy,
			 const struct verify_watch *watch,
			 struct verify_request *ret_request)
{
	static const uint8_t nonce[20] = { 1 };
	const char *text = table_column(&run->table, "switch");

	*ret_request = (struct verify_request){
		.ak = bytes_of(run->ak.area, run->ak.len),
		.nonce = bytes_of(nonce, sizeof(nonce)),
		.asked = { .nr = 1, .of = { { 11, 1u << 10 } } },
		.list_pcrs = 1u << IMASTAGE_PCR_IMA,
		.policy = policy,
		.violations = VERIFY_VIOLATIONS_POLICY,
		.watch = watch,
	};
	if (!strcmp(text, "violations=warn"))
		ret_request->violations = VERIFY_VIOLATIONS_WARN;
}

static int verify(struct run *run, const struct policy *policy,
		  struct imastage_bytes list, enum imastage_format format,
		  struct verify_verdict *ret_verdict)
{
	const struct verify_watch watch = { begin, note, run };
	struct imastage_reader_options options = { .format = format };
	struct verify_request request;
	struct imastage_reader *reader;
	struct made_quote made;
	struct verify_evidence evidence;
	int r = imastage_bank_by_name(
		bytes_of_text(table_column(&run->table, "bank")),
		&options.bank);

	make_quote(run, &made);
	make_request(run, policy, &watch, &request);
	evidence = (struct verify_evidence){
		.msg = bytes_of(made.msg, made.msg_len),
		.sig = bytes_of(made.sig, made.sig_len),
		.pcrs = bytes_of(made.pcrs, made.pcrs_len),
	};
	if (r == 0)
		r = imastage_reader_new_memory(list, &options, &reader);
	if (r < 0)
		return r;
	r = verify_quote(&request, &evidence, verify_list_of(reader),
			 ret_verdict);
	imastage_reader_free(reader);
	return r;
}

/* Appends to @said what comes of one policy and one form. */
static void say(struct run *run, const struct policy *policy,
		const char *folder, enum imastage_format format,
		char said[SAID_MAX])
{
	static struct verify_verdict verdict;
	const char *name = table_column(&run->table, folder);
	struct table_file list;

	said[0] = '\0';
	if (!table_is_given(name))
		return;
	table_load(&run->table, folder, name, &list);
	if (verify(run, policy, bytes_of(list.data, list.len), format,
		   &verdict) < 0)
		snprintf(said, SAID_MAX, "none");
	else {
		note_reasons(run, &verdict);
		put_said(run, result_of(&verdict), said);
	}
	if (getenv("CASES_TALK"))
		for (size_t i = 0; i < verdict.nr_reasons; i++)
			printf("# %s %s: %s\n", folder,
			       verify_id_name(verdict.reasons[i].id),
			       verdict.reasons[i].text);
	free(list.data);
}

/* ---- policies ---------------------------------------------------------------- */

static int load_policy(struct run *run)
{
	const char *key_name = table_column(&run->table, "key");
	char path[WORD_MAX + 256];
	struct table_file text, pem;
	struct dsse_keys keys = { 0 };
	struct dsse_key *key = NULL;
	struct policy_error error;
	int r;

	snprintf(path, sizeof(path), "policy/%s.json",
		 table_column(&run->table, "policy"));
	table_load_plain(&run->table, path, &text);
	if (table_is_given(key_name)) {
		snprintf(path, sizeof(path), "%s.pem", key_name);
		table_load_plain(&run->table, path, &pem);
		if (dsse_key_read(bytes_of(pem.data, pem.len), &key) < 0)
			table_bail_out(path, "is no key");
		keys = (struct dsse_keys){ 1, { key } };
		free(pem.data);
	}
	r = policy_read(bytes_of(text.data, text.len), &keys, &run->policy,
			&error);
	if (r == -EBADMSG && getenv("CASES_TALK"))
		printf("# at %zu: %s\n", error.offset, error.reason);
	dsse_key_free(key);
	free(text.data);
	return r;
}

static struct policy *written_again(const struct policy *policy)
{
	struct policy *again = NULL;
	struct policy_error error;
	char *text = NULL;
	size_t len = 0;
	FILE *file = open_memstream(&text, &len);

	if (!file || policy_write(policy, NULL, file) < 0 || fclose(file) != 0)
		table_bail_out("a policy", "cannot be written");
	if (policy_read(bytes_of(text, len), NULL, &again, &error) < 0)
		printf("# what is written is refused: %s\n", error.reason);
	free(text);
	return again;
}

/* As `imastage policy compile` does it. */
static struct policy *compiled(const struct policy *policy)
{
	struct policy *again = NULL;
	struct policy_error error;

	if (policy_open_image(policy_image(policy), &again, &error) < 0)
		printf("# the image is refused: %s\n", error.reason);
	else if (policy_note_excluded(again) < 0)
		printf("# its excludes cannot be asked\n");
	return again;
}

/* ---- a case ------------------------------------------------------------------ */

/* Is @word one of "a|b"? */
static bool is_one_of(const char *word, size_t len, const char *choices)
{
	while (*choices) {
		size_t choice = strcspn(choices, "|");

		if (choice == len && !strncmp(word, choices, len))
			return true;
		choices += choice + (choices[choice] == '|');
	}
	return false;
}

/* "accept-or-warn" is two. */
static bool is_result(const char *said, const char *expected)
{
	size_t len = strcspn(said, " ");
	char both[64];

	if (is_one_of(said, len, expected))
		return true;
	snprintf(both, sizeof(both), "%s",
		 strstr(expected, "accept-or-warn") ? "accept|warn" :
		 strstr(expected, "warn-or-reject") ? "warn|reject" :
						      "");
	return is_one_of(said, len, both);
}

/*
 * Of each record. A list that cannot be read further ends with "entry"; in ASCII, a record with other fields
 * than its template has may have a digest that is not of its data instead.
 */
static bool are_records(const char *said, const char *expected)
{
	char copy[SAID_MAX], *rest = copy, *choices;
	const char *word = strchr(said, ' ');

	snprintf(copy, sizeof(copy), "%s", expected);
	for (word += *word == ' '; (choices = strsep(&rest, ","));) {
		size_t len = strcspn(word, ",");

		if (!is_one_of(word, len, choices) &&
		    !(is_one_of("entry", 5, choices) && len == 7 &&
		      !strncmp(word, "tdigest", 7)))
			return false;
		if (!word[len] && !strcmp(word, "entry"))
			return true;
		word += len + (word[len] == ',');
	}
	return !*word;
}

static bool is_right(const struct run *run, const char *said, const char *ours)
{
	const char *expected = table_column(&run->table, "expected");
	const char *records = table_column(&run->table, "per_record");

	return is_result(said, expected) &&
	       (!strchr(said, ' ') || are_records(said, records)) &&
	       !strcmp(said, table_column(&run->table, ours));
}

static bool run_form(struct run *run, const char *folder,
		     enum imastage_format format)
{
	struct policy *written = written_again(run->policy);
	struct policy *image = compiled(run->policy);
	char said[SAID_MAX], other[SAID_MAX];
	bool good;

	say(run, run->policy, folder, format, said);
	good = !said[0] ||
	       is_right(run, said,
			format == IMASTAGE_FORMAT_ASCII ? "ours_ascii" :
							  "ours");
	if (!good || getenv("CASES_TALK"))
		printf("# %s: %s\n", folder, said);
	say(run, written, folder, format, other);
	good = good && !strcmp(said, other);
	say(run, image, folder, format, other);
	good = good && !strcmp(said, other);
	policy_free(written);
	policy_free(image);
	return good;
}

static bool run_case(struct run *run)
{
	int r = load_policy(run);
	bool good;

	if (r < 0) {
		printf("# policy-refused\n");
		return r == -EBADMSG && is_right(run, "policy-refused", "ours");
	}
	good = run_form(run, "list", IMASTAGE_FORMAT_BINARY);
	good = run_form(run, "ascii", IMASTAGE_FORMAT_ASCII) && good;
	policy_free(run->policy);
	return good;
}

int main(int argc, char **argv)
{
	static struct run run;
	unsigned int nr = 0, failed = 0;

	table_open(&run.table, argc == 2 ? argv[1] : "");
	maker_key_new(MAKER_P256, &run.ak);
	while (table_next(&run.table)) {
		bool good = run_case(&run);

		failed += !good;
		printf("%s %u - %s\n", good ? "ok" : "not ok", ++nr,
		       table_column(&run.table, "case"));
	}
	printf("1..%u\n", nr);
	maker_key_free(&run.ak);
	table_close(&run.table);
	return failed > 0;
}
