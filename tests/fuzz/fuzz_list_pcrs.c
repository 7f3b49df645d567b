// SPDX-License-Identifier: MIT
/*
 * Fuzz target: PCRs and their values as they are given to the command. The
 * input is the value of an option, which every parser of these is given, and
 * behind a NUL a file of the PCRs that it selects.
 */
#include "base/bytes.h"
#include "list/input.h"
#include "tool/parse.h"
#include "list/pcrs.h"
#include "fuzz/promises.h"

#include <errno.h>
#include <stdlib.h>

static void must_be_valid(const struct pcr_values *values)
{
	must(pcrs_pcrs(values) >> IMASTAGE_NR_PCRS == 0);
	must(pcrs_banks(values) >> IMASTAGE_NR_BANKS == 0);
}

static void check_numbers(const char *text)
{
	uint64_t number, first, last;
	enum list_format format;
	enum imastage_endian endian;

	if (parse_number(text, 1000, &number) == 0)
		must(number <= 1000);
	if (parse_range(text, &first, &last) == 0)
		must(first <= last);
	if (list_format_parse(text, &format) == 0)
		must(!strcmp(text, list_format_name(format)));
	if (parse_endian(text, &endian) == 0)
		must(endian == IMASTAGE_LITTLE || endian == IMASTAGE_BIG);
}

static void check_masks(const char *text)
{
	unsigned int banks = 0;
	uint32_t pcrs = 0;

	if (parse_banks(text, &banks) == 0)
		must(banks && banks >> IMASTAGE_NR_BANKS == 0);
	else
		must(banks == 0);
	if (parse_pcrs(bytes_of_text(text), &pcrs) == 0)
		must(pcrs && pcrs >> IMASTAGE_NR_PCRS == 0);
	else
		must(pcrs == 0);
}

/* One without '=' names a file, which is no business of this. */
static void check_value(const char *text)
{
	struct pcr_values values = { 0 };

	if (!strchr(text, '='))
		return;
	if (pcrs_parse(text, IMASTAGE_PCR_IMA, &values) == 0) {
		unsigned int banks = pcrs_banks(&values);

		must(__builtin_popcount(banks) == 1);
		must(__builtin_popcount(pcrs_pcrs(&values)) == 1);
	}
	must_be_valid(&values);
}

static void check_file(const char *text, struct imastage_bytes file)
{
	struct imastage_selection selections[IMASTAGE_SELECTIONS_MAX];
	struct pcr_values values = { 0 };
	size_t nr;

	if (pcrs_parse_selection(text, IMASTAGE_PCR_IMA, selections, &nr) < 0)
		return;
	must(nr >= 1 && nr <= IMASTAGE_SELECTIONS_MAX);
	if (pcrs_take_bytes(file, selections, nr, &values) < 0) {
		must(pcrs_banks(&values) == 0);
		return;
	}
	must_be_valid(&values);
	for (size_t i = 0; i < nr; i++)
		must((selections[i].pcrs & ~values.set[selections[i].bank]) ==
		     0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct imastage_bytes input = bytes_of(data, size);
	size_t nul = bytes_find(input, '\0');
	char *text = malloc(nul + 1);

	must(text != NULL);
	if (nul > 0)
		memcpy(text, data, nul);
	text[nul] = '\0';
	check_numbers(text);
	check_masks(text);
	check_value(text);
	check_file(text, bytes_skip(input, nul + 1));
	free(text);
	return 0;
}
