// SPDX-License-Identifier: MIT
/*
 * The command line of ima-replay.
 */
#include "tools/replay.h"
#include "base/file.h"
#include "base/hex.h"
#include "base/util.h"

#include <errno.h>
#include <getopt.h>

#define EXPECT_FILE_LEN_MAX 1024

static const char help[] =
	"Usage: ima-replay [OPTION]... FILE...\n"
	"Replays IMA measurement lists and says what the TPM's PCRs must hold.\n"
	"\n"
	"The FILEs are binary lists as the kernel writes them, in order: together\n"
	"they are one list. Each begins and ends between two records.\n"
	"\n"
	"What is replayed:\n"
	"  -p, --pcr N             PCR to replay, may be repeated (10)\n"
	"  -b, --bank BANK         bank to replay, may be repeated (sha1 and sha256):\n"
	"                          sha1, sha256, sha384, sha512 or sm3\n"
	"  -d, --drop K            leave out record K, as if it had been lost\n"
	"  -s, --from-snapshot     start at the first snapshot_aggregate, with the\n"
	"                          values of the PCRs that it holds\n"
	"\n"
	"How the files are read:\n"
	"  -t, --list-bank BANK    bank of the files' own template digests (sha1)\n"
	"  -o, --order ORDER       byte order of the files: little, big or host (host)\n"
	"\n"
	"What is compared:\n"
	"  -e, --expect BANK[:PCR]=HEX\n"
	"                          value that a PCR should have, may be repeated\n"
	"  -E, --expect-file BANK[:PCR]=FILE\n"
	"                          the same, read from FILE: the hex digits that the\n"
	"                          kernel shows in /sys/class/tpm/tpm0/pcr-BANK/PCR\n"
	"  -u, --until-match       the PCRs may be behind the list: look for the records\n"
	"                          that lead to the values, report the rest as excess\n"
	"\n"
	"What is printed:\n"
	"  -l, --list              one line for each record before the result\n"
	"  -j, --json              the result as one JSON object\n"
	"  -c, --count             the number of records and nothing else\n"
	"  -h, --help              this text\n"
	"\n"
	"The digest in each record is always compared with the record's data, and the\n"
	"values in a snapshot_aggregate with those replayed so far.\n"
	"Without :PCR an expected value is for the first PCR named by --pcr.\n"
	"\n"
	"Exit status: 0 all is as it should be, 1 a file could not be read or is not\n"
	"a list, 2 wrong usage, 3 the list is not what was expected.\n";

static const struct option long_options[] = {
	{ "pcr", required_argument, NULL, 'p' },
	{ "bank", required_argument, NULL, 'b' },
	{ "drop", required_argument, NULL, 'd' },
	{ "list-bank", required_argument, NULL, 't' },
	{ "order", required_argument, NULL, 'o' },
	{ "expect", required_argument, NULL, 'e' },
	{ "expect-file", required_argument, NULL, 'E' },
	{ "from-snapshot", no_argument, NULL, 's' },
	{ "until-match", no_argument, NULL, 'u' },
	{ "list", no_argument, NULL, 'l' },
	{ "json", no_argument, NULL, 'j' },
	{ "count", no_argument, NULL, 'c' },
	{ "help", no_argument, NULL, 'h' },
	{ 0 },
};

/* Expectations as given: they can be read once all PCRs are known. */
struct raw {
	struct {
		const char *text;
		bool is_file;
	} expect[EXPECT_MAX];
	unsigned int nr_expect;
	int first_pcr; /* -1 until one was named */
	bool help;
};

static int parse_number(const char *text, uint64_t max, uint64_t *ret_number)
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

static int parse_pcr(const char *text, struct options *options, struct raw *raw)
{
	uint64_t pcr;

	if (parse_number(text, IMASTAGE_NR_PCRS - 1, &pcr) < 0)
		return -EINVAL;
	options->pcrs |= 1u << pcr;
	if (raw->first_pcr < 0)
		raw->first_pcr = (int)pcr;
	return 0;
}

static int parse_bank(const char *text, struct options *options)
{
	enum imastage_bank bank;
	int r = imastage_bank_by_name(bytes_of_text(text), &bank);

	if (r == 0)
		options->banks |= 1u << bank;
	return r;
}

static int parse_order(const char *text, enum imastage_endian *ret_endian)
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

static int keep_expectation(const char *text, bool is_file, struct raw *raw)
{
	if (raw->nr_expect == EXPECT_MAX)
		return -E2BIG;
	raw->expect[raw->nr_expect].text = text;
	raw->expect[raw->nr_expect].is_file = is_file;
	raw->nr_expect++;
	return 0;
}

static int parse_flag(int option, struct options *options, struct raw *raw)
{
	switch (option) {
	case 's':
		options->from_snapshot = true;
		return 0;
	case 'u':
		options->until_match = true;
		return 0;
	case 'l':
		options->list = true;
		return 0;
	case 'j':
		options->json = true;
		return 0;
	case 'c':
		options->count = true;
		return 0;
	case 'h':
		raw->help = true;
		return 0;
	default:
		return -EINVAL;
	}
}

static int parse_option(int option, const char *argument,
			struct options *options, struct raw *raw)
{
	switch (option) {
	case 'p':
		return parse_pcr(argument, options, raw);
	case 'b':
		return parse_bank(argument, options);
	case 'd':
		return parse_number(argument, DROP_NONE - 1, &options->drop);
	case 't':
		return imastage_bank_by_name(bytes_of_text(argument),
					     &options->list_bank);
	case 'o':
		return parse_order(argument, &options->endian);
	case 'e':
	case 'E':
		return keep_expectation(argument, option == 'E', raw);
	default:
		return parse_flag(option, options, raw);
	}
}

/* @key: "sha256" or "sha256:10" */
static int parse_key(struct imastage_bytes key, unsigned int pcr,
		     struct expectation *expectation)
{
	const uint8_t *colon = key.len ? memchr(key.data, ':', key.len) : NULL;
	size_t name_len = colon ? (size_t)(colon - key.data) : key.len;
	uint64_t number = pcr;
	char text[4] = "";

	if (colon) {
		size_t len = key.len - name_len - 1;

		if (len >= sizeof(text))
			return -EINVAL;
		memcpy(text, colon + 1, len);
		if (parse_number(text, IMASTAGE_NR_PCRS - 1, &number) < 0)
			return -EINVAL;
	}
	expectation->pcr = (unsigned int)number;
	return imastage_bank_by_name(bytes_of(key.data, name_len),
				     &expectation->bank);
}

static bool is_space(uint8_t c)
{
	return c == ' ' || c == '\n' || c == '\t' || c == '\r';
}

static int parse_value(struct imastage_bytes text,
		       struct expectation *expectation)
{
	size_t len;
	int r;

	while (text.len > 0 && is_space(text.data[text.len - 1]))
		text.len--;
	r = hex_decode(text, sizeof(expectation->value), expectation->value,
		       &len);
	if (r < 0)
		return r;
	return len == imastage_bank_digest_len(expectation->bank) ? 0 : -EINVAL;
}

static int parse_value_file(const char *path, struct expectation *expectation)
{
	cleanup_free uint8_t *data = NULL;
	size_t len;
	int r;

	r = file_read(path, EXPECT_FILE_LEN_MAX, &data, &len);
	if (r < 0)
		return r;
	return parse_value(bytes_of(data, len), expectation);
}

static int parse_expectation(const char *text, bool is_file, unsigned int pcr,
			     struct options *options)
{
	struct expectation *e = &options->expected[options->nr_expected];
	const char *equals = strchr(text, '=');
	int r;

	if (!equals)
		return -EINVAL;
	r = parse_key(bytes_of(text, (size_t)(equals - text)), pcr, e);
	if (r < 0)
		return r;
	r = is_file ? parse_value_file(equals + 1, e) :
		      parse_value(bytes_of_text(equals + 1), e);
	if (r < 0)
		return r;
	options->nr_expected++;
	options->banks |= 1u << e->bank;
	options->pcrs |= 1u << e->pcr;
	return 0;
}

static int usage(const char *what, const char *text)
{
	fprintf(stderr, "ima-replay: %s%s%s\n", what, text ? ": " : "",
		text ? text : "");
	fprintf(stderr, "Try 'ima-replay --help'.\n");
	return EXIT_USAGE;
}

/* What was not given, and what does not go together. */
static int complete(struct options *options, const struct raw *raw)
{
	unsigned int pcr = raw->first_pcr < 0 ? IMASTAGE_PCR_IMA :
						(unsigned int)raw->first_pcr;

	for (unsigned int i = 0; i < raw->nr_expect; i++) {
		const char *text = raw->expect[i].text;
		int r = parse_expectation(text, raw->expect[i].is_file, pcr,
					  options);

		if (r == -EINVAL || r == -ENOENT || r == -ENOBUFS)
			return usage(
				"no expectation of the form BANK[:PCR]=VALUE",
				text);
		if (r < 0)
			return usage(strerror(-r), text);
	}
	if (options->pcrs == 0)
		options->pcrs = 1u << pcr;
	if (options->banks == 0)
		options->banks = 1u << IMASTAGE_SHA1 | 1u << IMASTAGE_SHA256;
	if (options->until_match && options->nr_expected == 0)
		return usage("--until-match needs --expect or --expect-file",
			     NULL);
	if (!options->files[0])
		return usage("no FILE given", NULL);
	return EXIT_OK;
}

int options_parse(int argc, char **argv, struct options *ret_options)
{
	struct options options = { .drop = DROP_NONE, .endian = IMASTAGE_HOST };
	struct raw raw = { .first_pcr = -1 };
	int option, r;

	while ((option = getopt_long(argc, argv, "p:b:d:t:o:e:E:suljch",
				     long_options, NULL)) != -1) {
		if (option == '?')
			return usage("unknown option or missing value", NULL);
		if (parse_option(option, optarg, &options, &raw) < 0)
			return usage("not a valid value", optarg);
	}
	if (raw.help) {
		fputs(help, stdout);
		return -1;
	}
	options.files = argv + optind;
	r = complete(&options, &raw);
	if (r == EXIT_OK)
		*ret_options = options;
	return r;
}
