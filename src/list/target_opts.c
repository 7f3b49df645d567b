// SPDX-License-Identifier: MIT
/*
 * The options that say what is replayed, and where it should arrive.
 */
#include "base/bytes.h"
#include "tool/parse.h"
#include "list/target.h"

#include <errno.h>

#define DEFAULT_TPM "/sys/class/tpm/tpm0"
#define WINDOW_MAX ((uint64_t)1 << 24)

static int keep(struct target_texts *texts, const char *text, bool is_file)
{
	if (texts->nr == TARGET_TEXTS_MAX)
		return -E2BIG;
	texts->of[texts->nr++] = (struct target_text){ text, is_file };
	return 0;
}

static int set_pcr(void *context, const char *value)
{
	return parse_pcrs(bytes_of_text(value),
			  &((struct target *)context)->pcrs);
}

static int set_bank(void *context, const char *value)
{
	return parse_banks(value, &((struct target *)context)->banks);
}

static int set_start(void *context, const char *value)
{
	return keep(&((struct target *)context)->starts, value, false);
}

static int set_start_file(void *context, const char *value)
{
	return keep(&((struct target *)context)->starts, value, true);
}

static int set_expect(void *context, const char *value)
{
	return keep(&((struct target *)context)->expects, value, false);
}

static int set_expect_file(void *context, const char *value)
{
	return keep(&((struct target *)context)->expects, value, true);
}

static int set_until(void *context, const char *value)
{
	struct target *target = context;

	target->until = true;
	return keep(&target->expects, value, false);
}

static int set_until_match(void *context, const char *value)
{
	(void)value;
	((struct target *)context)->until = true;
	return 0;
}

static int set_live(void *context, const char *value)
{
	struct target *target = context;

	target->live = value ? value : DEFAULT_TPM;
	return 0;
}

static int set_quote_pcrs(void *context, const char *value)
{
	((struct target *)context)->quote_pcrs = value;
	return 0;
}

static int set_quote_digest(void *context, const char *value)
{
	((struct target *)context)->quote_digest = value;
	return 0;
}

static int set_quote_hash(void *context, const char *value)
{
	return parse_bank(value, &((struct target *)context)->quote_hash);
}

static int set_other(void *context, const char *value)
{
	return keep(&((struct target *)context)->others, value, false);
}

static int set_window(void *context, const char *value)
{
	return parse_number(value, WINDOW_MAX,
			    &((struct target *)context)->window);
}

const struct opt target_opts[] = {
	{ .text = "What is replayed:" },
	{ "pcr", 'p', "PCRS", "PCRs like 10 or 10,11; may be repeated (10)",
	  set_pcr, WANTED_PCRS },
	{ "bank", 'b', "BANKS",
	  "banks like sha1,sha256, or all; may be repeated\n"
	  "(those of the values given, else sha1 and sha256)",
	  set_bank, WANTED_BANKS },
	{ "start", 0, "VALUE", "start from this value instead of zeros",
	  set_start, WANTED_VALUE },
	{ "start-file", 0, "BANK[:PCRS]=FILE", "the same, from a file",
	  set_start_file, WANTED_VALUE_FILE },
	{ .text = "Values that the PCRs should have (a VALUE is "
		  "BANK[:PCR]=HEX, or [BANK,]FILE\nwhere FILE has PCRs as "
		  "evmctl --pcrs wants them or tpm2_pcrread prints them):" },
	{ "expect", 'e', "VALUE",
	  "a value, or those in a file; may be repeated", set_expect,
	  WANTED_VALUE },
	{ "expect-file", 'E', "BANK[:PCRS]=FILE",
	  "from a file of hex digits, as in sysfs, or of bytes,\n"
	  "as of tpm2_pcrread -o",
	  set_expect_file, WANTED_VALUE_FILE },
	{ "live", 0, NULL,
	  "what this machine's TPM has; the list may go further", set_live,
	  NULL },
	{ "tpm", 0, "DIR", "the same for the TPM at DIR (" DEFAULT_TPM ")",
	  set_live, "a folder" },
	{ 0 },
};

const struct opt target_quote_opts[] = {
	{ .text = "Or a quote's PCR digest:" },
	{ "quote-digest", 0, "HEX", "the digest in the quote", set_quote_digest,
	  "hex digits" },
	{ "quote-pcrs", 0, "BANK:PCRS[+...]",
	  "the PCRs quoted, like sha256:0-7,10", set_quote_pcrs,
	  "PCRs like sha1:10+sha256:10" },
	{ "quote-hash", 0, "BANK",
	  "hash of the quote (told by the digest's length)", set_quote_hash,
	  WANTED_BANK },
	{ "other", 0, "VALUE",
	  "value of a PCR that was quoted but is not replayed", set_other,
	  WANTED_VALUE },
	{ "window", 0, "N",
	  "how many records back it may be (131072); 0: any,\n"
	  "checked at each record",
	  set_window, "a number up to 16777216" },
	{ 0 },
};

const struct opt target_until_opts[] = {
	{ "until", 0, "VALUE", "as --expect and --until-match", set_until,
	  WANTED_VALUE },
	{ "until-match", 'u', NULL,
	  "the PCRs may be behind the list: look for the records\n"
	  "that lead to the values, report the rest as excess",
	  set_until_match, NULL },
	{ 0 },
};
