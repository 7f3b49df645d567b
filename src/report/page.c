// SPDX-License-Identifier: MIT
/*
 * The page: the verdict in a sentence, why, what it rests on, the records, the boot.
 */
#include "base/base64.h"
#include "base/bytes.h"
#include "log/hash.h"
#include "report/chart.h"
#include "report/html.h"
#include "report/private.h"
#include "report/style.h"

#include <errno.h>
#include <inttypes.h>

#define DIGEST_LEN 32
#define NAMES_SHOWN 20
#define ROUNDS_SHOWN 60

static const char *heading_of(enum verify_result result)
{
	switch (result) {
	case VERIFY_ACCEPTED:
		return "Accepted";
	case VERIFY_WARNED:
		return "Warning";
	case VERIFY_REJECTED:
		return "Rejected";
	default:
		return "Not judged";
	}
}

/* ---- the head -------------------------------------------------------------- */

/* The policy names the style sheet by its digest: nothing else applies. */
static int put_policy(FILE *file)
{
	uint8_t digest[DIGEST_LEN];
	char text[BASE64_LEN(DIGEST_LEN)];
	struct hash hash;
	int r = hash_init(&hash, IMASTAGE_SHA256);

	if (r < 0)
		return r;
	r = hash_two(&hash, bytes_of_text(report_style), bytes_of(NULL, 0),
		     digest);
	hash_fini(&hash);
	if (r < 0)
		return r;
	base64_encode(bytes_of(digest, sizeof(digest)), text);
	fprintf(file,
		"<meta http-equiv=\"Content-Security-Policy\" "
		"content=\"default-src 'none'; style-src 'sha256-%.*s'; "
		"base-uri 'none'; form-action 'none'\">\n",
		(int)sizeof(text), text);
	return 0;
}

static int put_head(FILE *file, const struct report_about *about)
{
	int r;

	fputs("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n"
	      "<meta charset=\"utf-8\">\n",
	      file);
	r = put_policy(file);
	fprintf(file,
		"<meta name=\"viewport\" "
		"content=\"width=device-width, initial-scale=1\">\n"
		"<meta name=\"referrer\" content=\"no-referrer\">\n"
		"<title>%s: ",
		heading_of(about->result));
	html_bytes_cut(file, about->machine, SHOWN_LEN_MAX);
	fprintf(file, "</title>\n<style>%s</style>\n</head>\n<body>\n",
		report_style);
	return r;
}

/* ---- the verdict ------------------------------------------------------------ */

/* The first reason of @level, and how many other ids of that level there are. */
static const struct verify_reason *first_of(const struct report_about *about,
					    enum verify_level level,
					    size_t *ret_nr_others)
{
	bool seen[VERIFY_NR_IDS] = { false };
	const struct verify_reason *first = NULL;

	*ret_nr_others = 0;
	for (size_t i = 0; i < about->nr_verdicts; i++) {
		const struct verify_verdict *verdict = &about->verdicts[i];

		for (size_t j = 0; j < verdict->nr_reasons; j++) {
			const struct verify_reason *reason =
				&verdict->reasons[j];

			if (verify_id_level(reason->id) != level ||
			    seen[reason->id])
				continue;
			seen[reason->id] = true;
			if (first)
				++*ret_nr_others;
			else
				first = reason;
		}
	}
	return first;
}

static uint64_t nr_proved(const struct report_about *about)
{
	uint64_t nr = 0;

	for (size_t i = 0; i < about->nr_verdicts; i++)
		if (about->verdicts[i].proved)
			nr += about->verdicts[i].next_index -
			      about->verdicts[i].first_index;
	return nr;
}

static void put_reason_sentence(FILE *file, const struct report_about *about,
				enum verify_level level)
{
	size_t nr_others;
	const struct verify_reason *reason = first_of(about, level, &nr_others);

	if (reason)
		html_text(file, verify_id_meaning(reason->id));
	if (nr_others == 1)
		fputs("; and one reason more", file);
	else if (nr_others > 1)
		fprintf(file, "; and %zu reasons more", nr_others);
}

static void put_sentence(FILE *file, const struct report_about *about)
{
	fprintf(file, "%s: ", heading_of(about->result));
	switch (about->result) {
	case VERIFY_ACCEPTED:
		html_number(file, nr_proved(about));
		fputs(" new records are proved, and policies allow all of them",
		      file);
		break;
	case VERIFY_WARNED:
		put_reason_sentence(file, about, VERIFY_WARNING);
		break;
	case VERIFY_REJECTED:
		put_reason_sentence(file, about, VERIFY_FAILURE);
		break;
	default:
		fputs("the evidence could not be verified; this says nothing "
		      "good about the machine",
		      file);
	}
	putc('.', file);
}

static void put_verdict(FILE *file, const struct report_about *about)
{
	fprintf(file, "<header class=\"verdict %s\">\n<h1>",
		chart_result_class(about->result));
	put_sentence(file, about);
	fputs("</h1>\n<p>Machine <code>", file);
	html_bytes_cut(file, about->machine, SHOWN_LEN_MAX);
	fputs("</code><br><span class=\"soft\">verified ", file);
	html_time(file, about->made);
	fputs("</span></p>\n</header>\n", file);
}

static void put_contents(FILE *file, const struct report_about *about)
{
	fputs("<nav><a href=\"#why\">Why</a> &middot; "
	      "<a href=\"#basis\">What it rests on</a> &middot; "
	      "<a href=\"#records\">Records</a>",
	      file);
	if (about->nr_rounds > 0)
		fputs(" &middot; <a href=\"#rounds\">Earlier rounds</a>", file);
	fputs(" &middot; <a href=\"#boot\">Boot</a></nav>\n<main>\n", file);
}

/* ---- why ------------------------------------------------------------------- */

static void put_level(FILE *file, enum verify_level level)
{
	static const struct {
		const char *class, *name;
	} tags[] = {
		[VERIFY_NOTE] = { "none", "note" },
		[VERIFY_WARNING] = { "doubt", "warning" },
		[VERIFY_FAILURE] = { "bad", "failure" },
	};

	fprintf(file, "<span class=\"tag %s\">%s</span> ", tags[level].class,
		tags[level].name);
}

static void put_place(FILE *file, const struct verify_reason *reason)
{
	if (reason->earlier)
		fputs(", in an earlier round of this boot", file);
	if (reason->has_index) {
		fputs(", record ", file);
		html_number(file, reason->index);
	}
	if (reason->has_byte) {
		fputs(", byte ", file);
		html_number(file, reason->byte);
	}
	if (reason->path_len > 0) {
		fputs("<br><code>", file);
		html_bytes(file, bytes_of(reason->path, reason->path_len));
		fputs("</code>", file);
	}
}

static void put_reason(FILE *file, const struct verify_reason *reason)
{
	fputs("<li>", file);
	put_level(file, verify_id_level(reason->id));
	html_text(file, verify_id_meaning(reason->id));
	if (reason->text[0]) {
		fputs(" (", file);
		html_text(file, reason->text);
		putc(')', file);
	}
	put_place(file, reason);
	fprintf(file, " <code class=\"soft\">%s</code></li>\n",
		verify_id_name(reason->id));
}

static void put_more(FILE *file, const struct verify_verdict *verdict,
		     enum verify_level level)
{
	uint64_t shown[VERIFY_NR_IDS] = { 0 };

	for (size_t i = 0; i < verdict->nr_reasons; i++)
		shown[verdict->reasons[i].id]++;
	for (enum verify_id id = 0; id < VERIFY_NR_IDS; id++) {
		if (verify_id_level(id) != level ||
		    verdict->nr_of[id] <= shown[id])
			continue;
		fputs("<li>", file);
		put_level(file, level);
		html_number(file, verdict->nr_of[id] - shown[id]);
		fprintf(file, " more of <code>%s</code></li>\n",
			verify_id_name(id));
	}
}

static void put_reasons(FILE *file, const struct verify_verdict *verdict)
{
	fputs("<ul>\n", file);
	for (int level = VERIFY_FAILURE; level >= VERIFY_NOTE; level--) {
		for (size_t i = 0; i < verdict->nr_reasons; i++) {
			const struct verify_reason *reason =
				&verdict->reasons[i];

			if ((int)verify_id_level(reason->id) == level)
				put_reason(file, reason);
		}
		put_more(file, verdict, (enum verify_level)level);
	}
	fputs("</ul>\n", file);
}

static void put_range(FILE *file, const struct verify_verdict *verdict)
{
	if (!verdict->proved) {
		fputs("No record is proved.", file);
	} else if (verdict->next_index == verdict->first_index) {
		fputs("No record is new; ", file);
		html_number(file, verdict->first_index);
		fputs(" were proved before.", file);
	} else {
		fputs("Records ", file);
		html_number(file, verdict->first_index);
		fputs(" to ", file);
		html_number(file, verdict->next_index - 1);
		fputs(" are proved.", file);
	}
	if (verdict->nr_excess > 0) {
		fputs(" The list goes on with ", file);
		html_number(file, verdict->nr_excess);
		fputs(" records that the quote does not prove.", file);
	}
}

static void put_why(FILE *file, const struct report_about *about)
{
	fputs("<section id=\"why\">\n<h2>Why</h2>\n", file);
	for (size_t i = 0; i < about->nr_verdicts; i++) {
		const struct verify_verdict *verdict = &about->verdicts[i];

		fputs("<p>", file);
		if (about->nr_verdicts > 1) {
			fputs("<code>", file);
			html_bytes_cut(file, bytes_of_text(about->names[i]),
				       SHOWN_LEN_MAX);
			fprintf(file,
				"</code>: <span class=\"tag %s\">%s</span> ",
				chart_result_class(verdict->result),
				verify_result_name(verdict->result));
		}
		put_range(file, verdict);
		fputs("</p>\n", file);
		put_reasons(file, verdict);
	}
	fputs("</section>\n", file);
}

/* ---- what it rests on --------------------------------------------------------- */

static void put_basis_row(FILE *file, const char *name,
			  struct imastage_bytes value)
{
	fprintf(file, "<tr><th scope=\"row\">%s</th><td><code>", name);
	html_bytes_cut(file, value, SHOWN_LEN_MAX);
	fputs("</code></td></tr>\n", file);
}

static void put_quote(FILE *file, const struct verify_verdict *verdict)
{
	char text[128];

	snprintf(text, sizeof(text),
		 "clock %" PRIu64 " ms, resets %" PRIu32 ", restarts %" PRIu32
		 "%s",
		 verdict->clock.clock, verdict->clock.resets,
		 verdict->clock.restarts,
		 verdict->clock.safe ? "" : ", not safe");
	put_basis_row(file, "TPM's clock", bytes_of_text(text));
	snprintf(text, sizeof(text), "%016" PRIx64, verdict->firmware);
	put_basis_row(file, "TPM's firmware", bytes_of_text(text));
}

static void put_basis(FILE *file, const struct report_about *about)
{
	fputs("<section id=\"basis\">\n<h2>What it rests on</h2>\n<table>\n",
	      file);
	for (size_t i = 0; i < about->nr_basis; i++)
		put_basis_row(file, about->basis[i].name,
			      about->basis[i].value);
	if (about->nr_verdicts > 0 &&
	    about->verdicts[about->nr_verdicts - 1].has_quote)
		put_quote(file, &about->verdicts[about->nr_verdicts - 1]);
	fputs("</table>\n</section>\n", file);
}

/* A table that may be wider than a phone: its frame is scrolled, by keys, too. */
static void begin_frame(FILE *file, const char *label)
{
	fprintf(file,
		"<div class=\"scroll\" tabindex=\"0\" role=\"region\" "
		"aria-label=\"%s\">",
		label);
}

static void end_frame(FILE *file)
{
	fputs("</div>\n", file);
}

/* ---- records ----------------------------------------------------------------- */

static void put_digest(FILE *file, const struct report_record *record)
{
	if (!record->algorithm)
		return;
	fputs("<code>", file);
	html_text(file, record->algorithm);
	putc(':', file);
	for (size_t i = 0; i < record->digest.len; i++)
		fprintf(file, "%02x", record->digest.data[i]);
	fputs("</code>", file);
}

static void put_package(FILE *file, const struct report_record *record)
{
	if (record->package.len == 0)
		return;
	fprintf(file, "<span class=\"soft\">%s ",
		record->guess ? "perhaps of package" : "package");
	html_bytes(file, record->package);
	if (record->guess)
		fprintf(file, ": %s", record->guess);
	fputs("</span>", file);
}

static void put_remedies(FILE *file, const struct report_record *record)
{
	if (record->remedies[0].len == 0 && !record->advice)
		return;
	fprintf(file, "<details><summary>%s</summary>",
		record->advice ? "What to do" : "How to approve it");
	if (record->advice)
		html_text(file, record->advice);
	else
		fputs("<p>Look at the file, then run this line:</p>", file);
	for (size_t i = 0; i < REPORT_REMEDIES_MAX; i++) {
		if (record->remedies[i].len == 0)
			break;
		fputs(i > 0 ? "<p>or</p><code class=\"line\">" :
			      "<code class=\"line\">",
		      file);
		html_line(file, record->remedies[i]);
		fputs("</code>", file);
	}
	fputs("</details>", file);
}

static void put_shown(FILE *file, const struct shown *shown)
{
	const struct report_record *record = &shown->record;

	fputs("<tr><td class=\"nr\">", file);
	html_number(file, record->index);
	fprintf(file, "</td><td><span class=\"tag %s\">%s</span></td><td>",
		chart_kind_class(record->kind), record->outcome);
	fputs("<code>", file);
	html_bytes(file, record->path);
	fputs(shown->path_is_cut ? "&hellip;</code>" : "</code>", file);
	put_digest(file, record);
	put_package(file, record);
	put_remedies(file, record);
	fputs("</td></tr>\n", file);
}

static void put_list(FILE *file, const char *caption,
		     const struct shown_list *list, uint64_t nr)
{
	if (nr == 0)
		return;
	begin_frame(file, caption);
	fprintf(file, "<table class=\"refused\"><caption>%s: ", caption);
	html_number(file, nr);
	if (nr > list->nr)
		fprintf(file, ", the first %zu of them", list->nr);
	fputs("</caption>\n<thead><tr><th class=\"nr\">Record</th>"
	      "<th>Outcome</th><th>File</th></tr></thead>\n<tbody>\n",
	      file);
	for (size_t i = 0; i < list->nr; i++)
		put_shown(file, list->of[i]);
	fputs("</tbody></table>", file);
	end_frame(file);
}

static bool is_proved(const struct report_about *about)
{
	for (size_t i = 0; i < about->nr_verdicts; i++)
		if (about->verdicts[i].proved)
			return true;
	return false;
}

static void put_records(FILE *file, struct report *report,
			const struct report_about *about)
{
	fputs("<section id=\"records\">\n<h2>Records</h2>\n", file);
	if (!is_proved(about) && report->outcomes.nr_rows > 0)
		fputs("<p>Nothing proves these records: the list may be made "
		      "up.</p>\n",
		      file);
	put_list(file, "Refused", &report->refused,
		 report->nr_of[REPORT_REFUSED]);
	put_list(file, "In doubt", &report->doubtful,
		 report->nr_of[REPORT_DOUBTFUL]);
	tally_sort(&report->outcomes);
	tally_sort(&report->templates);
	tally_sort(&report->packages);
	tally_sort(&report->blamed);
	if (report->outcomes.nr_rows == 0)
		fputs("<p>No record was judged.</p>\n", file);
	chart_shares(file, report->nr_of);
	if (report->outcomes.nr_rows > 0)
		chart_names(file, "By outcome", &report->outcomes, NAMES_SHOWN,
			    true);
	if (report->blamed.nr_rows > 0)
		chart_names(file, "Refused, by the package it may be of",
			    &report->blamed, NAMES_SHOWN, true);
	if (report->templates.nr_rows > 0)
		chart_names(file, "By template", &report->templates,
			    NAMES_SHOWN, false);
	if (report->packages.nr_rows > 0)
		chart_names(file, "By package", &report->packages, NAMES_SHOWN,
			    false);
	fputs("</section>\n", file);
}

/* ---- earlier rounds ----------------------------------------------------------- */

static void put_round(FILE *file, const struct report_round *round)
{
	fputs("<tr><td>", file);
	html_time(file, round->made);
	fprintf(file, "</td><td><span class=\"tag %s\">%s</span></td><td>",
		chart_result_class(round->result),
		verify_result_name(round->result));
	if (round->proved && round->next > round->first)
		fprintf(file, "%" PRIu64 "&ndash;%" PRIu64, round->first,
			round->next - 1);
	else
		fputs("none", file);
	fprintf(file, "</td><td class=\"nr\">%" PRIu32 "</td></tr>\n",
		round->resets);
}

static void put_rounds(FILE *file, const struct report_about *about)
{
	size_t nr = about->nr_rounds;
	size_t shown = nr < ROUNDS_SHOWN ? nr : ROUNDS_SHOWN;

	if (nr == 0)
		return;
	fputs("<section id=\"rounds\">\n<h2>Earlier rounds</h2>\n", file);
	chart_rounds(file, about->rounds, nr);
	fprintf(file, "<details><summary>The last %zu as a table</summary>\n",
		shown);
	begin_frame(file, "Earlier rounds");
	fputs("<table><thead><tr><th>Verified</th><th>Verdict</th>"
	      "<th>Records proved</th><th class=\"nr\">TPM's resets</th>"
	      "</tr></thead>\n<tbody>\n",
	      file);
	for (size_t i = 0; i < shown; i++)
		put_round(file, &about->rounds[nr - 1 - i]);
	fputs("</tbody></table>", file);
	end_frame(file);
	fputs("</details>\n</section>\n", file);
}

/* ---- the boot ----------------------------------------------------------------- */

static void put_pcr(FILE *file, const struct pcr_values *pcrs,
		    enum imastage_bank bank, unsigned int pcr)
{
	size_t len = imastage_bank_digest_len(bank);

	fprintf(file,
		"<tr><td class=\"nr\">%u</td><td class=\"key\">%s</td>"
		"<td><code>",
		pcr, imastage_bank_name(bank));
	for (size_t i = 0; i < len; i++)
		fprintf(file, "%02x", pcrs->of[bank][pcr][i]);
	fputs("</code></td></tr>\n", file);
}

static void put_pcrs(FILE *file, const struct pcr_values *pcrs)
{
	begin_frame(file, "PCRs");
	fputs("<table><caption>PCRs that were quoted</caption>\n"
	      "<thead><tr><th class=\"nr\">PCR</th><th>Bank</th>"
	      "<th>Value</th></tr></thead>\n<tbody>\n",
	      file);
	for (enum imastage_bank bank = 0; bank < IMASTAGE_NR_BANKS; bank++)
		for (unsigned int pcr = 0; pcr < IMASTAGE_NR_PCRS; pcr++)
			if (pcrs->set[bank] & 1u << pcr)
				put_pcr(file, pcrs, bank, pcr);
	fputs("</tbody></table>", file);
	end_frame(file);
}

static void put_event(FILE *file, const struct report_event *event)
{
	fprintf(file, "<tr><td class=\"nr\">%u</td><td>%s</td><td><code>",
		event->pcr, event->kind);
	html_bytes_cut(file, event->text, SHOWN_LEN_MAX);
	fputs("</code></td></tr>\n", file);
}

static void put_events(FILE *file, const struct report_about *about)
{
	if (about->nr_events == 0)
		return;
	begin_frame(file, "Events");
	fputs("<table><caption>Main events of the firmware's log</caption>\n"
	      "<thead><tr><th class=\"nr\">PCR</th><th>Event</th>"
	      "<th>What it says</th></tr></thead>\n<tbody>\n",
	      file);
	for (size_t i = 0; i < about->nr_events; i++)
		put_event(file, &about->events[i]);
	fputs("</tbody></table>", file);
	end_frame(file);
}

static void put_boot(FILE *file, const struct report_about *about)
{
	const struct verify_verdict *last =
		about->nr_verdicts > 0 ?
			&about->verdicts[about->nr_verdicts - 1] :
			NULL;

	fputs("<section id=\"boot\">\n<h2>Boot</h2>\n", file);
	if (last && last->proved)
		put_pcrs(file, &last->pcrs);
	else
		fputs("<p>No PCR value is proved.</p>\n", file);
	put_events(file, about);
	fputs("</section>\n", file);
}

int report_write(struct report *report, const struct report_about *about,
		 FILE *file)
{
	int r = put_head(file, about);

	if (r < 0)
		return r;
	put_verdict(file, about);
	put_contents(file, about);
	put_why(file, about);
	put_basis(file, about);
	put_records(file, report, about);
	put_rounds(file, about);
	put_boot(file, about);
	fputs("</main>\n<footer class=\"soft\"><p>Made by imastage. The file "
	      "needs no other, no network and no script.</p></footer>\n"
	      "</body>\n</html>\n",
	      file);
	return ferror(file) ? -EIO : 0;
}
