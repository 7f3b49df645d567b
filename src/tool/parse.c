// SPDX-License-Identifier: MIT
/*
 * Values of options.
 */
#include "tool/parse.h"
#include "base/bytes.h"

#include <errno.h>
#include <stdlib.h>

int parse_number(const char *text, uint64_t max, uint64_t *ret_number)
{
	unsigned long long number;
	char *end;

	if (*text < '0' || *text > '9')
		return -EINVAL;
	errno = 0;
	number = strtoull(text, &end, 10);
	if (errno || *end || number > max)
		return -EINVAL;
	*ret_number = number;
	return 0;
}

/* Cuts the part before the next comma off. False when there is none left. */
static bool next_item(struct imastage_bytes *text, struct imastage_bytes *item)
{
	size_t comma = bytes_find(*text, ',');

	if (!text->data)
		return false;
	*item = bytes_first(*text, comma);
	*text = comma < text->len ? bytes_of(text->data + comma + 1,
					     text->len - comma - 1) :
				    bytes_of(NULL, 0);
	return true;
}

int parse_banks(const char *text, unsigned int *banks)
{
	struct imastage_bytes rest = bytes_of_text(text), item;
	unsigned int mask = 0;
	enum imastage_bank bank;

	if (!strcmp(text, "all")) {
		*banks |= imastage_banks_available();
		return 0;
	}
	while (next_item(&rest, &item)) {
		if (imastage_bank_by_name(item, &bank) < 0)
			return -EINVAL;
		mask |= 1u << bank;
	}
	*banks |= mask;
	return 0;
}

int parse_bank(const char *text, enum imastage_bank *ret_bank)
{
	return imastage_bank_by_name(bytes_of_text(text), ret_bank);
}

static int parse_pcr(struct imastage_bytes text, unsigned int *ret_pcr)
{
	unsigned int pcr = 0;

	if (text.len < 1 || text.len > 2)
		return -EINVAL;
	for (size_t i = 0; i < text.len; i++) {
		if (text.data[i] < '0' || text.data[i] > '9')
			return -EINVAL;
		pcr = 10 * pcr + text.data[i] - '0';
	}
	*ret_pcr = pcr;
	return pcr < IMASTAGE_NR_PCRS ? 0 : -EINVAL;
}

static int parse_pcr_range(struct imastage_bytes item, uint32_t *mask)
{
	size_t dash = bytes_find(item, '-');
	unsigned int first, last;
	int r = parse_pcr(bytes_first(item, dash), &first);

	last = first;
	if (r == 0 && dash < item.len)
		r = parse_pcr(bytes_skip(item, dash + 1), &last);
	if (r < 0 || last < first)
		return -EINVAL;
	for (unsigned int pcr = first; pcr <= last; pcr++)
		*mask |= 1u << pcr;
	return 0;
}

int parse_pcrs(struct imastage_bytes text, uint32_t *pcrs)
{
	struct imastage_bytes item;
	uint32_t mask = 0;

	while (next_item(&text, &item))
		if (parse_pcr_range(item, &mask) < 0)
			return -EINVAL;
	*pcrs |= mask;
	return mask ? 0 : -EINVAL;
}

int parse_endian(const char *text, enum imastage_endian *ret_endian)
{
	if (!strcmp(text, "little"))
		*ret_endian = IMASTAGE_LITTLE;
	else if (!strcmp(text, "big"))
		*ret_endian = IMASTAGE_BIG;
	else if (!strcmp(text, "host"))
		*ret_endian = IMASTAGE_HOST;
	else
		return -EINVAL;
	return 0;
}

int parse_range(const char *text, uint64_t *ret_first, uint64_t *ret_last)
{
	const char *dots = strstr(text, "..");
	char first[24] = "";
	uint64_t from = 0, to = UINT64_MAX;

	if (!dots) {
		if (parse_number(text, UINT64_MAX, &from) < 0)
			return -EINVAL;
		*ret_first = *ret_last = from;
		return 0;
	}
	if ((size_t)(dots - text) >= sizeof(first) || !strcmp(text, ".."))
		return -EINVAL;
	memcpy(first, text, (size_t)(dots - text));
	if (*first && parse_number(first, UINT64_MAX, &from) < 0)
		return -EINVAL;
	if (dots[2] && parse_number(dots + 2, UINT64_MAX, &to) < 0)
		return -EINVAL;
	if (from > to)
		return -EINVAL;
	*ret_first = from;
	*ret_last = to;
	return 0;
}
