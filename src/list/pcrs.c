// SPDX-License-Identifier: MIT
/*
 * PCR values as users give them.
 */
#include "list/pcrs.h"
#include "base/bytes.h"
#include "base/file.h"
#include "base/hex.h"
#include "base/util.h"
#include "tool/cli.h"
#include "tool/parse.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>

#define FILE_LEN_MAX ((size_t)1 << 20)
#define LIVE_TRIES 100

static struct imastage_bytes without_space_behind(struct imastage_bytes text)
{
	while (text.len > 0 && isspace(text.data[text.len - 1]))
		text.len--;
	return text;
}

static int set_hex(struct pcr_values *values, enum imastage_bank bank,
		   unsigned int pcr, struct imastage_bytes hex)
{
	uint8_t value[IMASTAGE_DIGEST_MAX];
	size_t len;

	hex = without_space_behind(hex);
	if (hex.len > 2 && hex.data[0] == '0' && (hex.data[1] | 32) == 'x')
		hex = bytes_skip(hex, 2);
	if (hex_decode(hex, sizeof(value), value, &len) < 0)
		return -EINVAL;
	return pcr_values_set(values, bank, pcr, bytes_of(value, len));
}

static int complain(const char *path, int r)
{
	cli_error("%s: %s", path, strerror(-r));
	return CLI_USAGE;
}

/* ---- selections ------------------------------------------------------------ */

static int parse_selection(struct imastage_bytes text, unsigned int default_pcr,
			   struct imastage_selection *ret_selection)
{
	size_t colon = bytes_find(text, ':');

	ret_selection->pcrs = 0;
	if (imastage_bank_by_name(bytes_first(text, colon),
				  &ret_selection->bank) < 0)
		return -EINVAL;
	if (colon < text.len)
		return parse_pcrs(bytes_skip(text, colon + 1),
				  &ret_selection->pcrs);
	ret_selection->pcrs = 1u << default_pcr;
	return 0;
}

static int parse_selections(struct imastage_bytes text,
			    unsigned int default_pcr,
			    struct imastage_selection *ret_selections,
			    size_t *ret_nr)
{
	size_t nr = 0;

	for (;;) {
		size_t plus = bytes_find(text, '+');

		if (nr == IMASTAGE_SELECTIONS_MAX ||
		    parse_selection(bytes_first(text, plus), default_pcr,
				    &ret_selections[nr]) < 0)
			return -EINVAL;
		nr++;
		if (plus == text.len)
			break;
		text = bytes_skip(text, plus + 1);
	}
	*ret_nr = nr;
	return 0;
}

int pcrs_parse_selection(const char *text, unsigned int default_pcr,
			 struct imastage_selection *ret_selections,
			 size_t *ret_nr)
{
	return parse_selections(bytes_of_text(text), default_pcr,
				ret_selections, ret_nr);
}

/* ---- files ----------------------------------------------------------------- */

static size_t selected_len(const struct imastage_selection *selections,
			   size_t nr)
{
	size_t len = 0;

	for (size_t i = 0; i < nr; i++)
		len += (size_t)__builtin_popcount(selections[i].pcrs) *
		       imastage_bank_digest_len(selections[i].bank);
	return len;
}

/* The values as bytes, in the order in which they are selected. */
static void take_raw(struct imastage_bytes raw,
		     const struct imastage_selection *selections, size_t nr,
		     struct pcr_values *values)
{
	for (size_t i = 0; i < nr; i++) {
		size_t len = imastage_bank_digest_len(selections[i].bank);

		for (unsigned int pcr = 0; pcr < IMASTAGE_NR_PCRS; pcr++) {
			if (!(selections[i].pcrs & 1u << pcr))
				continue;
			(void)pcr_values_set(values, selections[i].bank, pcr,
					     bytes_first(raw, len));
			raw = bytes_skip(raw, len);
		}
	}
}

int pcrs_take_bytes(struct imastage_bytes bytes,
		    const struct imastage_selection *selections, size_t nr,
		    struct pcr_values *values)
{
	if (nr == 1 && __builtin_popcount(selections->pcrs) == 1 &&
	    set_hex(values, selections->bank,
		    (unsigned int)__builtin_ctz(selections->pcrs), bytes) == 0)
		return 0;
	if (bytes.len != selected_len(selections, nr))
		return -EINVAL;
	take_raw(bytes, selections, nr, values);
	return 0;
}

static int take_file(const char *path,
		     const struct imastage_selection *selections, size_t nr,
		     struct pcr_values *values)
{
	cleanup_free uint8_t *data = NULL;
	size_t len;
	int r = file_read(path, FILE_LEN_MAX, &data, &len);

	if (r < 0)
		return complain(path, r);
	if (pcrs_take_bytes(bytes_of(data, len), selections, nr, values) == 0)
		return 0;
	cli_error("%s: neither hex digits nor the %zu bytes of the PCRs named",
		  path, selected_len(selections, nr));
	return CLI_USAGE;
}

int pcrs_parse_file(const char *text, unsigned int default_pcr,
		    struct pcr_values *values)
{
	struct imastage_selection selections[IMASTAGE_SELECTIONS_MAX];
	const char *equals = strchr(text, '=');
	size_t nr;

	if (!equals || parse_selections(bytes_of(text, (size_t)(equals - text)),
					default_pcr, selections, &nr) < 0)
		return -EINVAL;
	return take_file(equals + 1, selections, nr, values);
}

static int take_text_file(const char *path, enum imastage_bank bank,
			  struct pcr_values *values)
{
	cleanup_free uint8_t *data = NULL;
	size_t len, line = 0;
	int r = file_read(path, FILE_LEN_MAX, &data, &len);

	if (r < 0)
		return complain(path, r);
	r = pcr_file_parse(bytes_of(data, len), bank, values, &line);
	if (r == -ENODATA)
		cli_error("%s: has no PCR values", path);
	else if (r < 0)
		cli_error("%s: line %zu is no PCR value as evmctl or "
			  "tpm2_pcrread have it; for others there is "
			  "BANK:PCR=FILE",
			  path, line);
	return r < 0 ? CLI_USAGE : 0;
}

/* "FILE" or "sha256,FILE" */
static int parse_text_file(const char *text, struct pcr_values *values)
{
	const char *comma = strchr(text, ',');
	enum imastage_bank bank;

	if (comma &&
	    imastage_bank_by_name(bytes_of(text, (size_t)(comma - text)),
				  &bank) == 0)
		return take_text_file(comma + 1, bank, values);
	return take_text_file(text, IMASTAGE_NR_BANKS, values);
}

int pcrs_parse(const char *text, unsigned int default_pcr,
	       struct pcr_values *values)
{
	struct imastage_selection selection;
	const char *equals = strchr(text, '=');

	if (!equals || parse_selection(bytes_of(text, (size_t)(equals - text)),
				       default_pcr, &selection) < 0)
		return equals ? -EINVAL : parse_text_file(text, values);
	if (__builtin_popcount(selection.pcrs) != 1)
		return -EINVAL;
	return set_hex(values, selection.bank,
		       (unsigned int)__builtin_ctz(selection.pcrs),
		       bytes_of_text(equals + 1));
}

/* ---- the TPM of this machine ----------------------------------------------- */

/* The kernel calls it sm3. A bank that the TPM has not is no error. */
static int read_live_pcr(const char *folder, enum imastage_bank bank,
			 unsigned int pcr, struct pcr_values *values)
{
	char path[PATH_MAX];
	cleanup_free uint8_t *data = NULL;
	size_t len;
	int r;

	snprintf(path, sizeof(path), "%s/pcr-%s/%u", folder,
		 imastage_bank_name(bank), pcr);
	r = file_read(path, FILE_LEN_MAX, &data, &len);
	if (r == -ENOENT)
		return 0;
	if (r == 0)
		r = set_hex(values, bank, pcr, bytes_of(data, len));
	if (r < 0)
		cli_error("%s: %s", path, strerror(-r));
	return r;
}

/* The only file of a TPM 1.2: all PCRs, in lines like "PCR-10: CC 06 ...". */
static int read_old_live(const char *folder, const char *name,
			 unsigned int banks, uint32_t pcrs,
			 struct pcr_values *values)
{
	cleanup_free uint8_t *data = NULL;
	char path[PATH_MAX];
	size_t len, line = 0;
	int r;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	r = file_read(path, FILE_LEN_MAX, &data, &len);
	if (r == -ENOENT || r == -ENOTDIR)
		return 0;
	if (r < 0) {
		cli_error("%s: %s", path, strerror(-r));
		return r;
	}
	r = pcr_file_parse(bytes_of(data, len), IMASTAGE_SHA1, values, &line);
	if (r < 0) {
		cli_error("%s: line %zu is no PCR value as a TPM 1.2 has them",
			  path, line);
		return r;
	}
	values->set[IMASTAGE_SHA1] &= banks & 1u << IMASTAGE_SHA1 ? pcrs : 0;
	return 0;
}

/* Where it is in kernels of today, and in those before 4.12 or so. */
static int read_old_tpm(const char *folder, unsigned int banks, uint32_t pcrs,
			struct pcr_values *values)
{
	int r = read_old_live(folder, "pcrs", banks, pcrs, values);

	if (r == 0 && !pcrs_banks(values))
		r = read_old_live(folder, "device/pcrs", banks, pcrs, values);
	return r;
}

static int read_live_once(const char *folder, unsigned int banks, uint32_t pcrs,
			  struct pcr_values *values)
{
	memset(values, 0, sizeof(*values));
	for (enum imastage_bank bank = 0; bank < IMASTAGE_NR_BANKS; bank++) {
		for (unsigned int pcr = 0; pcr < IMASTAGE_NR_PCRS; pcr++) {
			int r = 0;

			if (banks & 1u << bank && pcrs & 1u << pcr)
				r = read_live_pcr(folder, bank, pcr, values);
			if (r < 0)
				return r;
		}
	}
	return pcrs_banks(values) ? 0 :
				    read_old_tpm(folder, banks, pcrs, values);
}

int pcrs_read_live(const char *folder, unsigned int banks, uint32_t pcrs,
		   struct pcr_values *values)
{
	struct pcr_values before;
	int r = read_live_once(folder, banks, pcrs, &before);

	for (int i = 0; r == 0 && i < LIVE_TRIES; i++) {
		r = read_live_once(folder, banks, pcrs, values);
		if (r < 0)
			return r;
		if (!pcrs_banks(values)) {
			cli_error("%s: no values of these PCRs and banks "
				  "there; is there a TPM, and is it a TPM 1.2 "
				  "(sha1 only) or a kernel from 5.12 on?",
				  folder);
			return -ENOENT;
		}
		if (!memcmp(values, &before, sizeof(before)))
			return 0;
		before = *values;
	}
	if (r == 0)
		cli_error("%s: the PCRs change faster than they can be read",
			  folder);
	return r < 0 ? r : -EAGAIN;
}

/* ---- masks ----------------------------------------------------------------- */

unsigned int pcrs_banks(const struct pcr_values *values)
{
	unsigned int banks = 0;

	for (unsigned int bank = 0; bank < IMASTAGE_NR_BANKS; bank++)
		banks |= values->set[bank] ? 1u << bank : 0;
	return banks;
}

uint32_t pcrs_pcrs(const struct pcr_values *values)
{
	uint32_t pcrs = 0;

	for (unsigned int bank = 0; bank < IMASTAGE_NR_BANKS; bank++)
		pcrs |= values->set[bank];
	return pcrs;
}

void pcrs_restrict(struct pcr_values *values, unsigned int banks, uint32_t pcrs)
{
	for (unsigned int bank = 0; bank < IMASTAGE_NR_BANKS; bank++) {
		if (banks && !(banks & 1u << bank))
			values->set[bank] = 0;
		if (pcrs)
			values->set[bank] &= pcrs;
	}
}
