// SPDX-License-Identifier: MIT
/*
 * PCR values as text, line by line.
 */
#include "log/pcr_file.h"
#include "base/bytes.h"
#include "base/hex.h"

#include <errno.h>

#define NO_BANK IMASTAGE_NR_BANKS
/* Under the heading of a bank that is not known. */
#define OTHER_BANK (IMASTAGE_NR_BANKS + 1)

static bool is_space(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static struct imastage_bytes trim(struct imastage_bytes text)
{
	while (text.len > 0 && is_space(text.data[0]))
		text = bytes_skip(text, 1);
	while (text.len > 0 && is_space(text.data[text.len - 1]))
		text.len--;
	return text;
}

int pcr_values_set(struct pcr_values *values, enum imastage_bank bank,
		   unsigned int pcr, struct imastage_bytes value)
{
	if (bank >= IMASTAGE_NR_BANKS || pcr >= IMASTAGE_NR_PCRS ||
	    value.len != imastage_bank_digest_len(bank))
		return -EINVAL;
	values->set[bank] |= 1u << pcr;
	memcpy(values->of[bank][pcr], value.data, value.len);
	return 0;
}

/* "PCR-10", "PCR10" or "10" */
static bool parse_pcr(struct imastage_bytes key, unsigned int *ret_pcr)
{
	unsigned int pcr = 0;

	if (bytes_equal_text(bytes_first(key, 3), "PCR"))
		key = bytes_skip(key, 3);
	if (key.len > 0 && key.data[0] == '-')
		key = bytes_skip(key, 1);
	if (key.len < 1 || key.len > 2)
		return false;
	for (size_t i = 0; i < key.len; i++) {
		if (key.data[i] < '0' || key.data[i] > '9')
			return false;
		pcr = 10 * pcr + key.data[i] - '0';
	}
	*ret_pcr = pcr;
	return pcr < IMASTAGE_NR_PCRS;
}

/* Hex digits after an optional 0x, with spaces between bytes. */
static int parse_value(struct imastage_bytes text, size_t capacity,
		       uint8_t *ret_value, size_t *ret_len)
{
	uint8_t digits[2 * IMASTAGE_DIGEST_MAX];
	size_t len = 0;

	if (text.len > 1 && text.data[0] == '0' && (text.data[1] | 0x20) == 'x')
		text = bytes_skip(text, 2);
	for (size_t i = 0; i < text.len; i++) {
		if (is_space(text.data[i]))
			continue;
		if (len == sizeof(digits))
			return -EINVAL;
		digits[len++] = text.data[i];
	}
	return hex_decode(bytes_of(digits, len), capacity, ret_value, ret_len);
}

/* sm3 values, which are as long as those of sha256, need a name. */
static enum imastage_bank bank_by_len(size_t len)
{
	enum imastage_bank bank = 0;

	while (bank < NO_BANK && imastage_bank_digest_len(bank) != len)
		bank++;
	return bank;
}

static int add_value(struct imastage_bytes key, struct imastage_bytes text,
		     unsigned int bank, struct pcr_values *values)
{
	uint8_t value[IMASTAGE_DIGEST_MAX];
	unsigned int pcr;
	size_t len;

	if (!parse_pcr(key, &pcr))
		return -EINVAL;
	if (bank == OTHER_BANK)
		return 0;
	if (parse_value(text, sizeof(value), value, &len) < 0)
		return -EINVAL;
	if (bank == NO_BANK)
		bank = bank_by_len(len);
	return pcr_values_set(values, bank, pcr, bytes_of(value, len));
}

/* A bank's name and nothing behind it. */
static bool is_heading(struct imastage_bytes key, struct imastage_bytes text,
		       unsigned int *bank)
{
	enum imastage_bank found;
	unsigned int pcr;

	if (text.len > 0 || key.len == 0 || parse_pcr(key, &pcr))
		return false;
	*bank = imastage_bank_by_name(key, &found) < 0 ? OTHER_BANK :
							 (unsigned int)found;
	return true;
}

static int parse_line(struct imastage_bytes line, unsigned int *bank,
		      struct pcr_values *values)
{
	size_t colon;
	struct imastage_bytes key, text;

	line = trim(line);
	if (line.len == 0 || line.data[0] == '#')
		return 0;
	colon = bytes_find(line, ':');
	if (colon == line.len)
		return -EINVAL;
	key = trim(bytes_first(line, colon));
	text = trim(bytes_skip(line, colon + 1));
	if (is_heading(key, text, bank))
		return 0;
	return add_value(key, text, *bank, values);
}

static bool have_any(const struct pcr_values *values)
{
	for (size_t i = 0; i < IMASTAGE_NR_BANKS; i++)
		if (values->set[i])
			return true;
	return false;
}

int pcr_file_parse(struct imastage_bytes text, enum imastage_bank bank,
		   struct pcr_values *values, size_t *ret_line)
{
	unsigned int current = bank;

	for (size_t line = 1; text.len > 0; line++) {
		size_t len = bytes_find(text, '\n');

		if (parse_line(bytes_first(text, len), &current, values) < 0) {
			*ret_line = line;
			return -EBADMSG;
		}
		text = bytes_skip(text, len + 1);
	}
	return have_any(values) ? 0 : -ENODATA;
}
