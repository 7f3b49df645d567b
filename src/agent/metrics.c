// SPDX-License-Identifier: MIT
/*
 * A table of metrics, and what prints them.
 */
#include "agent/metrics.h"
#include "base/output.h"
#include "base/util.h"
#include "service/verdict.h"

#include <errno.h>
#include <time.h>

enum type {
	GAUGE,
	COUNTER
};

struct metric {
	const char *name; /* without the "imastage_" in front */
	enum type type;
	const char *help;
	double value;
};

static void print_head(FILE *file, const struct metric *metric)
{
	fprintf(file, "# HELP imastage_%s %s\n# TYPE imastage_%s %s\n",
		metric->name, metric->help, metric->name,
		metric->type == GAUGE ? "gauge" : "counter");
}

static void print(FILE *file, const struct metric *metric)
{
	print_head(file, metric);
	fprintf(file, "imastage_%s %.17g\n", metric->name, metric->value);
}

static void print_kernel(FILE *file, const struct survey *s)
{
	const struct metric metrics[] = {
		{ "kernel_records", GAUGE,
		  "Records of the current list in the kernel.",
		  (double)s->counts.current },
		{ "kernel_staged_records", GAUGE, "Records that are staged.",
		  (double)s->counts.staged },
		{ "kernel_freed_records", GAUGE,
		  "Archived records since hard boot that left the kernel.",
		  (double)s->nr_freed },
		{ "kernel_freed_bytes", GAUGE, "Bytes of list of those.",
		  (double)s->freed_bytes },
		{ "kernel_seen_timestamp_seconds", GAUGE,
		  "When the kernel was last looked at, 0: never.",
		  (double)s->counted },
	};

	for (size_t i = 0; i < ARRAY_SIZE(metrics); i++)
		print(file, &metrics[i]);
}

static void print_archive(FILE *file, const struct survey *s)
{
	const struct metric metrics[] = {
		{ "archive_boots", GAUGE, "Hard boots in the archive.",
		  (double)s->nr_boots },
		{ "archive_records", GAUGE, "Records in the archive.",
		  (double)s->nr_records },
		{ "archive_end", GAUGE,
		  "Index behind the last archived record of this boot.",
		  (double)s->boot.end },
		{ "archive_bytes", GAUGE, "Bytes of records in the archive.",
		  (double)s->bytes },
		{ "archive_stored_bytes", GAUGE, "The same as they are stored.",
		  (double)s->stored_bytes },
		{ "archive_segments", GAUGE, "Segments in the archive.",
		  (double)s->nr_segments },
		{ "archive_gaps", GAUGE,
		  "Places where records are missing that nobody has kept.",
		  (double)s->nr_gaps },
		{ "archive_missing_records", GAUGE,
		  "Records missing there, where their number is known.",
		  (double)s->nr_missing },
		{ "archive_holds", GAUGE, "Holds on records.",
		  (double)s->nr_holds },
	};

	for (size_t i = 0; i < ARRAY_SIZE(metrics); i++)
		print(file, &metrics[i]);
}

static void print_agent(FILE *file, const struct facts *f)
{
	const struct metric metrics[] = {
		{ "drains_total", COUNTER,
		  "Drains that were done since the agent started.",
		  (double)f->nr_drains },
		{ "drains_failed_total", COUNTER, "Drains that failed.",
		  (double)f->nr_failed },
		{ "drained_records_total", COUNTER, "Records saved by them.",
		  (double)f->nr_records },
		{ "drained_bytes_total", COUNTER, "Bytes saved by them.",
		  (double)f->nr_bytes },
		{ "drain_seconds_total", COUNTER, "How long they took.",
		  (double)f->drain_ms / 1000 },
		{ "last_drain_timestamp_seconds", GAUGE,
		  "When the last one was done, 0: not yet.",
		  (double)f->drain.time },
		{ "job_seconds", GAUGE,
		  "For how long the job at hand is being done, 0: none is.",
		  f->job.kind ? (double)f->job.age_ms / 1000 : 0 },
		{ "job_still_seconds", GAUGE,
		  "For how long it has made no progress.",
		  f->job.kind ? (double)f->job.still_ms / 1000 : 0 },
		{ "last_check_timestamp_seconds", GAUGE,
		  "When list and TPM were last compared, 0: never.",
		  (double)f->checked },
		{ "check_failed", GAUGE,
		  "1 when the list does not lead to the TPM's PCR.",
		  f->rejected },
	};

	for (size_t i = 0; i < ARRAY_SIZE(metrics); i++)
		print(file, &metrics[i]);
}

static void print_verdict(FILE *file, const struct facts *facts)
{
	const struct metric wrong = {
		"wrong", GAUGE, "1: this is wrong, see docs/agent-protocol.md.",
		0
	};
	struct metric all[] = {
		{ "up", GAUGE, "1 when nothing is wrong.", 0 },
		{ "written_timestamp_seconds", GAUGE,
		  "When this was written: if long ago, no keeper runs.",
		  (double)time(NULL) },
	};
	struct verdict verdict;

	verdict_of(facts, &verdict);
	all[0].value = verdict.nr == 0;
	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		print(file, &all[i]);
	print_head(file, &wrong);
	for (size_t i = 0; verdict_id(i); i++)
		fprintf(file, "imastage_wrong{id=\"%s\"} %d\n", verdict_id(i),
			verdict_has(&verdict, verdict_id(i)));
}

void metrics_print(FILE *file, const struct facts *facts)
{
	print_verdict(file, facts);
	print_kernel(file, &facts->survey);
	print_archive(file, &facts->survey);
	print_agent(file, facts);
}

int metrics_text(const struct facts *facts, char **ret_text, size_t *ret_len)
{
	char *text = NULL;
	size_t len;
	FILE *file = open_memstream(&text, &len);

	if (!file)
		return -ENOMEM;
	metrics_print(file, facts);
	if (fclose(file) == EOF) {
		free(text);
		return -ENOMEM;
	}
	*ret_text = text;
	*ret_len = len;
	return 0;
}

/* The collector is another user. */
int metrics_write(const char *path, const struct facts *facts)
{
	struct output output;
	int r = output_open_regular(&output, path, 0644);

	if (r < 0)
		return r;
	metrics_print(output.file, facts);
	r = output_commit(&output);
	output_fini(&output);
	return r;
}
