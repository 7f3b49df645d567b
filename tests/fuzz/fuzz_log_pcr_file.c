// SPDX-License-Identifier: MIT
/*
 * Fuzz target: a text of PCR values, read as that of each bank and of none
 * that is named. What it says is written as tpm2_pcrread would, and read again.
 */
#include "base/bytes.h"
#include "base/hex.h"
#include "fuzz/promises.h"
#include "log/buffer.h"
#include "log/pcr_file.h"

#include <errno.h>
#include <stdlib.h>

static void put_text(struct imastage_buffer *text, const char *more)
{
	must(buffer_put(text, bytes_of_text(more)) == 0);
}

static void put_value(struct imastage_buffer *text, unsigned int pcr,
		      struct imastage_bytes value)
{
	char hex[HEX_TEXT_LEN(IMASTAGE_DIGEST_MAX)], line[200];

	hex_encode(value, hex);
	snprintf(line, sizeof(line), "  %-2u: 0x%s\n", pcr, hex);
	put_text(text, line);
}

static void put_values(struct imastage_buffer *text,
		       const struct pcr_values *values)
{
	for (enum imastage_bank bank = 0; bank < IMASTAGE_NR_BANKS; bank++) {
		size_t len = imastage_bank_digest_len(bank);

		must(values->set[bank] >> IMASTAGE_NR_PCRS == 0);
		put_text(text, imastage_bank_name(bank));
		put_text(text, ":\n");
		for (unsigned int pcr = 0; pcr < IMASTAGE_NR_PCRS; pcr++)
			if (values->set[bank] & 1u << pcr)
				put_value(text, pcr,
					  bytes_of(values->of[bank][pcr], len));
	}
}

static void must_say(const struct imastage_buffer *text,
		     const struct pcr_values *values)
{
	struct pcr_values again = { 0 };
	size_t line;

	must(pcr_file_parse(bytes_of(text->data, text->len), IMASTAGE_NR_BANKS,
			    &again, &line) == 0);
	must(memcmp(&again, values, sizeof(again)) == 0);
}

static size_t nr_lines(struct imastage_bytes text)
{
	size_t nr = 1;

	for (size_t i = 0; i < text.len; i++)
		nr += text.data[i] == '\n';
	return nr;
}

static void check(struct imastage_bytes text, enum imastage_bank bank)
{
	struct pcr_values values = { 0 };
	struct imastage_buffer written = { 0 };
	size_t line = 0;
	int r = pcr_file_parse(text, bank, &values, &line);

	must(r == 0 || r == -ENODATA || r == -EBADMSG);
	must(r == -EBADMSG ? line >= 1 && line <= nr_lines(text) : line == 0);
	if (r < 0)
		return;
	put_values(&written, &values);
	must_say(&written, &values);
	free(written.data);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	for (int bank = 0; bank <= IMASTAGE_NR_BANKS; bank++)
		check(bytes_of(data, size), (enum imastage_bank)bank);
	return 0;
}
