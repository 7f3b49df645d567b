// SPDX-License-Identifier: MIT
/*
 * What was counted, for people and as JSON.
 */
#include "base/util.h"
#include "base/bytes.h"
#include "tool/json.h"
#include "list/stat.h"
#include "base/text.h"

#include <errno.h>
#include <inttypes.h>

#define NAMES_SHOWN 64 /* templates and PCRs */

static const unsigned int percents[] = { 50, 90, 99, 100 };

/* ---- for people ------------------------------------------------------------ */

static void print_line(const char *what, uint64_t number)
{
	printf("%-15s %" PRIu64 "\n", what, number);
}

static void print_positions(const char *what,
			    const struct stat_positions *positions)
{
	if (positions->nr == 0)
		return;
	printf("%-15s %" PRIu64 ", at", what, positions->nr);
	for (uint64_t i = 0; i < positions->nr && i < STAT_POSITIONS_MAX; i++)
		printf(" %" PRIu64, positions->index[i]);
	puts(positions->nr > STAT_POSITIONS_MAX ? " ..." : "");
}

static int print_tally(const char *title, const struct tally *tally,
		       bool (*less)(const struct tally_entry *a,
				    const struct tally_entry *b),
		       size_t max)
{
	cleanup_free const struct tally_entry **top =
		calloc(max + 1, sizeof(*top));
	size_t nr;

	if (!top)
		return -ENOMEM;
	nr = tally_top(tally, less, max, top);
	if (nr > 0)
		printf("\n%10s %12s  %s\n", "RECORDS", "BYTES", title);
	for (size_t i = 0; i < nr; i++) {
		printf("%10" PRIu64 " %12" PRIu64 "  ", top[i]->nr_records,
		       top[i]->nr_bytes);
		text_print(stdout, top[i]->name);
		putchar('\n');
	}
	return 0;
}

static void print_large(const struct stats *stat)
{
	if (stat->nr_large > 0)
		printf("\n%10s %12s  %s\n", "INDEX", "BYTES",
		       "LONGEST RECORDS");
	for (size_t i = 0; i < stat->nr_large; i++) {
		const struct stat_large *large = &stat->large[i];

		printf("%10" PRIu64 " %12" PRIu64 "  ", large->index,
		       large->len);
		text_print(stdout, bytes_of(large->name.data, large->name.len));
		putchar('\n');
	}
}

static void print_lengths(const struct stats *stat)
{
	if (stat->nr_records == 0)
		return;
	printf("%-15s", "record length");
	for (size_t i = 0; i < ARRAY_SIZE(percents); i++)
		printf(" %" PRIu64 "%s", stat_percentile(stat, percents[i]),
		       i + 1 < ARRAY_SIZE(percents) ? "," : "");
	puts("  (half, 90 %, 99 %, all are not longer)");
}

static void print_cuts(const struct stats *stat)
{
	if (stat->paths.nr_left_out)
		printf("\n%" PRIu64 " records of further paths are not "
		       "counted by path, and %" PRIu64
		       "\nrecords were not looked for again: raise --memory\n",
		       stat->paths.nr_left_out, stat->seen.nr_left_out);
	else if (stat->seen.nr_left_out)
		printf("\n%" PRIu64 " records were not looked for again as "
		       "duplicates: raise --memory\n",
		       stat->seen.nr_left_out);
}

static void print_counts(const struct stats *stat)
{
	if (stat->format)
		printf("%-15s %s, digests of %s\n", "list", stat->format,
		       stat->bank);
	print_line("records", stat->nr_records);
	print_line("bytes", stat->nr_bytes);
	print_line("violations", stat->nr_violations);
	print_line("duplicates", stat->nr_duplicates);
	print_line("paths", stat->paths.nr);
	if (stat->nr_unknown)
		print_line("unknown", stat->nr_unknown);
	print_positions("boot_aggregate", &stat->boots);
	print_positions("snapshot", &stat->snapshots);
	print_lengths(stat);
}

static int report_text(const struct stats *stat)
{
	int r;

	print_counts(stat);
	r = print_tally("TEMPLATE", &stat->templates, tally_fewer_records,
			NAMES_SHOWN);
	if (r == 0)
		r = print_tally("PCR", &stat->pcrs, tally_fewer_records,
				NAMES_SHOWN);
	if (r == 0)
		r = print_tally("PATH, BY RECORDS", &stat->paths,
				tally_fewer_records, stat->top);
	if (r == 0)
		r = print_tally("PATH, BY BYTES", &stat->paths,
				tally_fewer_bytes, stat->top);
	print_large(stat);
	print_cuts(stat);
	return r;
}

/* ---- for programs ---------------------------------------------------------- */

/* PCRs are numbers. */
static void put_key(struct json *json, const char *key,
		    struct imastage_bytes name)
{
	uint64_t number = 0;

	if (strcmp(key, "pcr") != 0) {
		json_bytes(json, key, name);
		return;
	}
	for (size_t i = 0; i < name.len; i++)
		number = 10 * number + name.data[i] - '0';
	json_number(json, key, number);
}

static int put_tally(struct json *json, const char *name, const char *key,
		     const struct tally *tally,
		     bool (*less)(const struct tally_entry *a,
				  const struct tally_entry *b),
		     size_t max)
{
	cleanup_free const struct tally_entry **top =
		calloc(max + 1, sizeof(*top));
	size_t nr;

	if (!top)
		return -ENOMEM;
	nr = tally_top(tally, less, max, top);
	json_open(json, name, '[');
	for (size_t i = 0; i < nr; i++) {
		json_open(json, NULL, '{');
		put_key(json, key, top[i]->name);
		json_number(json, "records", top[i]->nr_records);
		json_number(json, "bytes", top[i]->nr_bytes);
		json_close(json, '}');
	}
	json_close(json, ']');
	return 0;
}

static void put_positions(struct json *json, const char *name,
			  const struct stat_positions *positions)
{
	json_open(json, name, '{');
	json_number(json, "records", positions->nr);
	json_open(json, "first_indices", '[');
	for (uint64_t i = 0; i < positions->nr && i < STAT_POSITIONS_MAX; i++)
		json_number(json, NULL, positions->index[i]);
	json_close(json, ']');
	json_close(json, '}');
}

static void put_large(struct json *json, const struct stats *stat)
{
	json_open(json, "longest", '[');
	for (size_t i = 0; i < stat->nr_large; i++) {
		const struct stat_large *large = &stat->large[i];

		json_open(json, NULL, '{');
		json_number(json, "index", large->index);
		json_number(json, "bytes", large->len);
		json_bytes(json, "event_name",
			   bytes_of(large->name.data, large->name.len));
		json_close(json, '}');
	}
	json_close(json, ']');
}

static void put_lengths(struct json *json, const struct stats *stat)
{
	char name[8];

	json_open(json, "record_length", '{');
	for (size_t i = 0; i < ARRAY_SIZE(percents) && stat->nr_records; i++) {
		snprintf(name, sizeof(name), "p%u", percents[i]);
		json_number(json, name, stat_percentile(stat, percents[i]));
	}
	json_close(json, '}');
}

static void put_counts(struct json *json, const struct stats *stat)
{
	if (stat->format) {
		json_text(json, "format", stat->format);
		json_text(json, "bank", stat->bank);
	}
	json_number(json, "records", stat->nr_records);
	json_number(json, "bytes", stat->nr_bytes);
	json_number(json, "violations", stat->nr_violations);
	json_number(json, "duplicates", stat->nr_duplicates);
	json_number(json, "duplicates_not_looked_for", stat->seen.nr_left_out);
	json_number(json, "paths", stat->paths.nr);
	json_number(json, "paths_not_counted", stat->paths.nr_left_out);
	json_number(json, "unknown", stat->nr_unknown);
	put_positions(json, "boot_aggregate", &stat->boots);
	put_positions(json, "snapshot_aggregate", &stat->snapshots);
	put_lengths(json, stat);
}

static int report_json(const struct stats *stat)
{
	struct json json;
	int r;

	json_start(&json, stdout, '{');
	put_counts(&json, stat);
	r = put_tally(&json, "templates", "template", &stat->templates,
		      tally_fewer_records, NAMES_SHOWN);
	if (r == 0)
		r = put_tally(&json, "pcrs", "pcr", &stat->pcrs,
			      tally_fewer_records, NAMES_SHOWN);
	if (r == 0)
		r = put_tally(&json, "paths_by_records", "event_name",
			      &stat->paths, tally_fewer_records, stat->top);
	if (r == 0)
		r = put_tally(&json, "paths_by_bytes", "event_name",
			      &stat->paths, tally_fewer_bytes, stat->top);
	put_large(&json, stat);
	json_end(&json, '}');
	return r;
}

int stat_report(const struct stats *stat, bool json)
{
	return json ? report_json(stat) : report_text(stat);
}
