// SPDX-License-Identifier: MIT
/* Reports with one text in all places. See reporting.h. */
#include "lib/reporting.h"
#include "base/bytes.h"

#include <errno.h>
#include <string.h>

#define MADE 1796095395
#define NR_ROUNDS 70

static const char *const outcomes[REPORT_NR_KINDS] = {
	[REPORT_REFUSED] = "not listed",
	[REPORT_DOUBTFUL] = "violation",
	[REPORT_UNJUDGED] = "not judged",
	[REPORT_ALLOWED] = "allowed",
};

static int add_records(struct report *report, struct imastage_bytes text,
		       struct imastage_bytes line)
{
	static const uint8_t digest[32] = { 0xab, 0xcd };
	int r = 0;

	for (uint64_t i = 0; i < REPORTING_RECORDS && r == 0; i++)
		r = report_add(report,
			       &(struct report_record){
				       .index = i,
				       .kind = i % REPORT_NR_KINDS,
				       .outcome = outcomes[i % REPORT_NR_KINDS],
				       .template_name = text,
				       .path = text,
				       .algorithm = "sha256",
				       .digest = bytes_of(digest, 32),
				       .package = text,
				       .remedies = { line, text },
			       });
	return r;
}

static void add_reasons(struct verify_verdict *verdict,
			struct imastage_bytes text)
{
	char cut[VERIFY_TEXT_MAX];
	struct verify_reason *reason;

	snprintf(cut, sizeof(cut), "%.*s", (int)text.len,
		 (const char *)text.data);
	verify_add(verdict, VERIFY_FILE_UNLISTED, NULL, "%s", cut);
	verify_add(verdict, VERIFY_FILE_POLICY, NULL, "%s", cut);
	verify_add(verdict, VERIFY_AK_UNQUALIFIED, NULL, "%s", cut);
	reason = &verdict->reasons[0];
	text = bytes_first(text, VERIFY_PATH_MAX);
	reason->path_len = text.len;
	memcpy(reason->path, text.data, text.len);
	reason->has_index = reason->has_byte = true;
	verify_conclude(verdict);
}

static void fill_rounds(struct report_round *rounds)
{
	for (uint64_t i = 0; i < NR_ROUNDS; i++)
		rounds[i] = (struct report_round){
			.made = MADE - (NR_ROUNDS - i) * 3600,
			.result = 1 + i % 3,
			.proved = i % 5 > 0,
			.first = i * i * 10,
			.next = (i + 1) * (i + 1) * 10,
			.resets = 3,
		};
}

static int write_page(struct report *report, struct imastage_bytes text,
		      FILE *file)
{
	static struct verify_verdict verdict;
	static struct report_round rounds[NR_ROUNDS];
	char name[VERIFY_PATH_MAX + 1];
	char *const names[] = { name };
	const struct report_event events[] = { { 4, "EV_EFI_ACTION", text } };
	const struct report_basis basis[] = { { "record policy", text } };
	struct report_about about = {
		.machine = text,
		.made = MADE,
		.result = VERIFY_REJECTED,
		.verdicts = &verdict,
		.names = names,
		.nr_verdicts = 1,
		.rounds = rounds,
		.nr_rounds = NR_ROUNDS,
		.events = events,
		.nr_events = 1,
		.basis = basis,
		.nr_basis = 1,
	};

	memset(&verdict, 0, sizeof(verdict));
	snprintf(name, sizeof(name), "%.*s", (int)text.len,
		 (const char *)text.data);
	add_reasons(&verdict, text);
	verdict.proved = verdict.has_quote = true;
	verdict.next_index = REPORTING_RECORDS;
	verdict.pcrs.set[IMASTAGE_SHA256] = 0x7ff;
	fill_rounds(rounds);
	return report_write(report, &about, file);
}

int reporting_write(struct imastage_bytes text, FILE *file)
{
	return reporting_write_line(text, text, file);
}

int reporting_write_line(struct imastage_bytes text, struct imastage_bytes line,
			 FILE *file)
{
	struct report *report;
	int r = report_new(&report);

	if (r < 0)
		return r;
	r = add_records(report, text, line);
	if (r == 0)
		r = write_page(report, text, file);
	report_free(report);
	return r;
}
