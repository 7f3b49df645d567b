// SPDX-License-Identifier: MIT
/*
 * From the options about PCRs to a replay and what it should arrive at.
 */
#include "list/target.h"
#include "base/bytes.h"
#include "base/hex.h"
#include "base/util.h"
#include "tool/cli.h"

#include <errno.h>

#define WINDOW_DEFAULT ((uint64_t)1 << 17) /* 5 MB with one PCR of sha256 */

void target_init(struct target *target)
{
	*target = (struct target){ .quote_hash = IMASTAGE_NR_BANKS,
				   .window = WINDOW_DEFAULT };
}

static unsigned int first_pcr(const struct target *target)
{
	return target->pcrs ? (unsigned int)__builtin_ctz(target->pcrs) :
			      IMASTAGE_PCR_IMA;
}

static int parse_text(const struct target_text *text, unsigned int pcr,
		      struct pcr_values *values)
{
	int r = text->is_file ? pcrs_parse_file(text->text, pcr, values) :
				pcrs_parse(text->text, pcr, values);

	if (r < 0)
		return cli_usage("'%s' is not of the form %s", text->text,
				 text->is_file ? WANTED_VALUE_FILE :
						 WANTED_VALUE);
	return r;
}

/* What is given twice has to be the same both times: only one can hold. */
static int merge(struct pcr_values *values, enum imastage_bank bank,
		 unsigned int pcr, const uint8_t *value)
{
	size_t len = imastage_bank_digest_len(bank);

	if (values->set[bank] & 1u << pcr &&
	    memcmp(values->of[bank][pcr], value, len))
		return cli_usage("PCR %u of %s is given twice, with different "
				 "values",
				 pcr, imastage_bank_name(bank));
	(void)pcr_values_set(values, bank, pcr, bytes_of(value, len));
	return CLI_OK;
}

static int merge_all(struct pcr_values *values, const struct pcr_values *more)
{
	int r = CLI_OK;

	for (enum imastage_bank bank = 0; bank < IMASTAGE_NR_BANKS; bank++)
		for (unsigned int pcr = 0;
		     pcr < IMASTAGE_NR_PCRS && r == CLI_OK; pcr++)
			if (more->set[bank] & 1u << pcr)
				r = merge(values, bank, pcr,
					  more->of[bank][pcr]);
	return r;
}

/*
 * A file has all PCRs; those that are replayed are meant. What is named one by
 * one is meant as it is. @all: take all that files have.
 */
static int parse_texts(const struct target *target,
		       const struct target_texts *texts, bool all,
		       struct pcr_values *values)
{
	unsigned int pcr = first_pcr(target);
	uint32_t pcrs = target->pcrs ? target->pcrs : 1u << pcr;

	for (size_t i = 0; i < texts->nr; i++) {
		struct pcr_values some = { 0 };
		int r = parse_text(&texts->of[i], pcr, &some);

		if (r)
			return r;
		if (!all && !texts->of[i].is_file &&
		    !strchr(texts->of[i].text, '=')) {
			pcrs_restrict(&some, target->banks, pcrs);
			if (!pcrs_banks(&some))
				return cli_usage("%s: has no value of the PCRs "
						 "that are replayed",
						 texts->of[i].text);
		}
		r = merge_all(values, &some);
		if (r)
			return r;
	}
	return CLI_OK;
}

static int read_live(struct target *target)
{
	struct pcr_values live;
	unsigned int banks = target->banks ? target->banks :
					     imastage_banks_available();
	int r;

	if (!target->live)
		return CLI_OK;
	r = pcrs_read_live(target->live, banks,
			   target->pcrs ? target->pcrs : 1u << IMASTAGE_PCR_IMA,
			   &live);
	if (r < 0)
		return CLI_FAILED;
	target->until = true;
	return merge_all(&target->expected, &live);
}

static unsigned int quoted_banks(const struct target *target)
{
	struct imastage_selection selections[IMASTAGE_SELECTIONS_MAX];
	unsigned int banks = 0;
	size_t nr = 0;

	if (target->quote_pcrs)
		(void)pcrs_parse_selection(target->quote_pcrs, IMASTAGE_PCR_IMA,
					   selections, &nr);
	for (size_t i = 0; i < nr; i++)
		banks |= 1u << selections[i].bank;
	return banks;
}

bool target_quotes(const struct target *target, enum imastage_bank bank)
{
	return quoted_banks(target) & 1u << bank;
}

static int check_resumed(struct target *target,
			 const struct imastage_replay *resumed)
{
	unsigned int banks = imastage_replay_banks(resumed);
	uint32_t pcrs = imastage_replay_pcrs(resumed);

	if (target->banks & ~banks || target->pcrs & ~pcrs)
		return cli_usage("the saved replay has not all of the banks "
				 "and PCRs wanted");
	target->banks = banks;
	target->pcrs = pcrs;
	return CLI_OK;
}

static void complete_masks(struct target *target)
{
	const struct pcr_values *expected = &target->expected;
	const struct pcr_values *start = &target->start;

	target->banks |= pcrs_banks(expected) | pcrs_banks(start) |
			 quoted_banks(target);
	target->pcrs |= pcrs_pcrs(expected) | pcrs_pcrs(start);
	if (!target->banks)
		target->banks = 1u << IMASTAGE_SHA1 | 1u << IMASTAGE_SHA256;
	if (!target->pcrs)
		target->pcrs = 1u << IMASTAGE_PCR_IMA;
}

int target_complete(struct target *target,
		    const struct imastage_replay *resumed)
{
	int r = resumed ? check_resumed(target, resumed) : CLI_OK;

	if (r == CLI_OK && resumed && target->starts.nr)
		return cli_usage("--start and --resume exclude each other");
	if (!target->quote_pcrs != !target->quote_digest)
		return cli_usage("--quote-pcrs and --quote-digest need each "
				 "other");
	target->has_quote = target->quote_digest != NULL;
	if (r == CLI_OK)
		r = parse_texts(target, &target->starts, false, &target->start);
	if (r == CLI_OK)
		r = parse_texts(target, &target->expects, false,
				&target->expected);
	if (r == CLI_OK)
		r = read_live(target);
	if (r == CLI_OK && !resumed)
		complete_masks(target);
	if (r == CLI_OK && target->until && !target_expects(target))
		return cli_usage("nothing to look for: give --expect VALUE, "
				 "--live or --quote-digest");
	return r;
}

bool target_expects(const struct target *target)
{
	return target->has_quote || pcrs_banks(&target->expected);
}

/* ---- making ---------------------------------------------------------------- */

/* Calls @use for each value; negative results end it. */
static int for_each(const struct pcr_values *values,
		    int (*use)(void *context, enum imastage_bank bank,
			       unsigned int pcr, struct imastage_bytes value),
		    void *context)
{
	for (enum imastage_bank bank = 0; bank < IMASTAGE_NR_BANKS; bank++) {
		size_t len = imastage_bank_digest_len(bank);

		for (unsigned int pcr = 0; pcr < IMASTAGE_NR_PCRS; pcr++) {
			int r = 0;

			if (values->set[bank] & 1u << pcr)
				r = use(context, bank, pcr,
					bytes_of(values->of[bank][pcr], len));
			if (r < 0)
				return r;
		}
	}
	return 0;
}

static int start_from(void *replay, enum imastage_bank bank, unsigned int pcr,
		      struct imastage_bytes value)
{
	return imastage_replay_set_value(replay, bank, pcr, value);
}

static int expect(void *align, enum imastage_bank bank, unsigned int pcr,
		  struct imastage_bytes value)
{
	return imastage_align_expect_value(align, bank, pcr, value);
}

static int set_other(void *align, enum imastage_bank bank, unsigned int pcr,
		     struct imastage_bytes value)
{
	return imastage_align_set_other(align, bank, pcr, value);
}

static enum imastage_bank hash_by_len(size_t len)
{
	enum imastage_bank bank = 0;

	while (bank < IMASTAGE_NR_BANKS &&
	       imastage_bank_digest_len(bank) != len)
		bank++;
	return bank;
}

/* All that was quoted is replayed or given. */
static int check_quoted(const struct target *target,
			const struct imastage_selection *selection,
			const struct pcr_values *others)
{
	uint32_t missing = selection->pcrs & ~others->set[selection->bank];

	if (target->banks & 1u << selection->bank)
		missing &= ~target->pcrs;
	if (!missing)
		return 0;
	cli_usage("PCR %d of %s was quoted and is not replayed: give its value "
		  "by --other",
		  __builtin_ctz(missing), imastage_bank_name(selection->bank));
	return -EINVAL;
}

static int use_quote(const struct target *target, struct imastage_align *align)
{
	struct imastage_selection selections[IMASTAGE_SELECTIONS_MAX];
	struct pcr_values others = { 0 };
	uint8_t digest[IMASTAGE_DIGEST_MAX];
	enum imastage_bank hash = target->quote_hash;
	size_t nr, len;

	if (pcrs_parse_selection(target->quote_pcrs, IMASTAGE_PCR_IMA,
				 selections, &nr) < 0 ||
	    hex_decode(bytes_of_text(target->quote_digest), sizeof(digest),
		       digest, &len) < 0)
		return -EINVAL;
	if (hash == IMASTAGE_NR_BANKS)
		hash = hash_by_len(len);
	if (hash == IMASTAGE_NR_BANKS)
		return -EINVAL;
	if (parse_texts(target, &target->others, true, &others))
		return -EALREADY;
	for (size_t i = 0; i < nr; i++)
		if (check_quoted(target, &selections[i], &others) < 0)
			return -EALREADY;
	if (for_each(&others, set_other, align) < 0)
		return -EINVAL;
	return imastage_align_expect_quote(align, hash, selections, nr,
					   bytes_of(digest, len),
					   (size_t)target->window);
}

static int make_align(const struct target *target,
		      struct imastage_align **ret_align)
{
	int r = imastage_align_new(ret_align);

	if (r == 0)
		r = for_each(&target->expected, expect, *ret_align);
	if (r == -EINVAL || r == -E2BIG)
		cli_usage("there are more values than can be looked for");
	if (r < 0 || !target->has_quote)
		return r;
	r = use_quote(target, *ret_align);
	if (r == -EINVAL)
		cli_usage("--quote-pcrs, --quote-digest and --quote-hash do "
			  "not go together");
	return r;
}

int target_make(const struct target *target, struct imastage_replay **replay,
		struct imastage_align **ret_align)
{
	int r = 0;

	*ret_align = NULL;
	if (!*replay)
		r = imastage_replay_new(target->banks, target->pcrs, replay);
	if (r == -ENOTSUP)
		cli_error("OpenSSL has no hash for one of the banks");
	else if (r < 0)
		cli_error("%s", strerror(-r));
	if (r == 0)
		r = for_each(&target->start, start_from, *replay);
	if (r == 0 && target_expects(target))
		r = make_align(target, ret_align);
	return r;
}
