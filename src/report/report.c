// SPDX-License-Identifier: MIT
/* What a report counts and keeps of the records that pass by. See report.h. */
#include "report/private.h"
#include "base/bytes.h"

#include <errno.h>
#include <stdlib.h>

int report_new(struct report **ret_report)
{
	struct report *report = calloc(1, sizeof(*report));

	if (!report)
		return -ENOMEM;
	*ret_report = report;
	return 0;
}

static void free_all(struct shown_list *list)
{
	for (size_t i = 0; i < list->nr; i++)
		free(list->of[i]);
}

void report_clear(struct report *report)
{
	free_all(&report->refused);
	free_all(&report->doubtful);
	memset(report, 0, sizeof(*report));
}

void report_free(struct report *report)
{
	if (!report)
		return;
	report_clear(report);
	free(report);
}

/* Copies @from behind what @shown has, and returns the view of it. */
static struct imastage_bytes keep(struct shown *shown,
				  struct imastage_bytes from)
{
	uint8_t *to = shown->bytes + shown->len;

	if (from.len > 0)
		memcpy(to, from.data, from.len);
	shown->len += from.len;
	return bytes_of(to, from.len);
}

/* What is kept of a record, which is not a longer name than that, and no part of a line. */
static void cut(struct report_record *record)
{
	record->path = bytes_first(record->path, SHOWN_LEN_MAX);
	record->package = bytes_first(record->package, SHOWN_LEN_MAX);
	record->digest = bytes_first(record->digest, SHOWN_LEN_MAX);
	for (size_t i = 0; i < REPORT_REMEDIES_MAX; i++)
		if (record->remedies[i].len > REMEDY_LEN_MAX)
			record->remedies[i] = bytes_of(NULL, 0);
}

static struct shown *shown_of(const struct report_record *record)
{
	struct report_record is = *record;
	struct shown *shown;
	size_t len = 0;

	cut(&is);
	for (size_t i = 0; i < REPORT_REMEDIES_MAX; i++)
		len += is.remedies[i].len;
	shown = calloc(1, sizeof(*shown) + is.path.len + is.package.len +
				  is.digest.len + len);
	if (!shown)
		return NULL;
	shown->record = is;
	shown->record.path = keep(shown, is.path);
	shown->record.package = keep(shown, is.package);
	shown->record.digest = keep(shown, is.digest);
	for (size_t i = 0; i < REPORT_REMEDIES_MAX; i++)
		shown->record.remedies[i] = keep(shown, is.remedies[i]);
	shown->path_is_cut = is.path.len < record->path.len;
	return shown;
}

static int show(struct shown_list *list, const struct report_record *record)
{
	struct shown *shown;

	if (list->nr == REPORT_SHOWN_MAX)
		return 0;
	shown = shown_of(record);
	if (!shown)
		return -ENOMEM;
	list->of[list->nr++] = shown;
	return 0;
}

int report_fill(struct report *report, report_fill_function fill, void *context)
{
	struct shown_list *list = &report->refused;

	for (size_t i = 0; i < list->nr; i++) {
		struct report_record record = list->of[i]->record;
		struct shown *shown;

		fill(context, i, &record);
		if (record.package.len > 0)
			tally_count(&report->blamed, record.package,
				    REPORT_REFUSED);
		shown = shown_of(&record);
		if (!shown)
			return -ENOMEM;
		shown->path_is_cut = list->of[i]->path_is_cut;
		free(list->of[i]);
		list->of[i] = shown;
	}
	return 0;
}

int report_add(struct report *report, const struct report_record *record)
{
	int r = 0;

	if (record->kind == REPORT_REFUSED)
		r = show(&report->refused, record);
	else if (record->kind == REPORT_DOUBTFUL)
		r = show(&report->doubtful, record);
	if (r < 0)
		return r;
	report->nr_of[record->kind]++;
	tally_count(&report->outcomes, bytes_of_text(record->outcome),
		    record->kind);
	tally_count(&report->templates, record->template_name, record->kind);
	if (record->package.len > 0)
		tally_count(&report->packages, record->package, record->kind);
	return 0;
}

static void move_shown(struct shown_list *to, struct shown_list *from)
{
	size_t nr = 0;

	while (nr < from->nr && to->nr < REPORT_SHOWN_MAX)
		to->of[to->nr++] = from->of[nr++];
	while (nr < from->nr)
		free(from->of[nr++]);
	from->nr = 0;
}

void report_merge(struct report *report, struct report *from)
{
	for (int kind = 0; kind < REPORT_NR_KINDS; kind++)
		report->nr_of[kind] += from->nr_of[kind];
	tally_merge(&report->outcomes, &from->outcomes);
	tally_merge(&report->templates, &from->templates);
	tally_merge(&report->packages, &from->packages);
	move_shown(&report->refused, &from->refused);
	move_shown(&report->doubtful, &from->doubtful);
	report_clear(from);
}
